"""Looking at files one after the other: every picture, and every frame of every video, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Generic, TypeVar

import cv2
import numpy as np

from cameras import CameraReader, CameraSettings, Frame, StreamError
from cameras.frame import Image
from detector.draw import DrawnVideo

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
"""Suffixes of files that are read as pictures; any other file is read as a video."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Found = TypeVar("Found")
"""What one look gives: boxes, or signs."""


class UnreadableError(Exception):
    """A file that holds no picture; the text says which."""


@dataclass(frozen=True, slots=True)
class Sight(Generic[Found]):
    """What was seen in one picture or frame."""

    path: Path
    number: int
    """Of the frame in its video, from 0; 0 for a picture."""
    t_s: float | None
    """Of the frame in its video; None for a picture."""
    width: int
    height: int
    found: Found
    copy: Image | None
    """The picture with boxes drawn in, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Drawing(Generic[Found]):
    """Copies with what was found drawn in."""

    folder: Path
    of: Callable[[Image, Found], Image]
    """A copy of a picture (BGR) with what was found in it."""


class Inspection(Generic[Found]):
    """Looks at files with several threads and tells what is in them in their order."""

    def __init__(
        self,
        look: Callable[[Frame | Image], Found],
        threads: int,
        *,
        tell: Callable[[Sight[Found]], None],
        fail: Callable[[Exception], None],
        drawing: Drawing[Found] | None = None,
    ) -> None:
        """`look` is called from `threads` threads, `tell` and `fail` (a file cannot be read) from that of `run`."""
        self._look = look
        self._threads = threads
        self._tell = tell
        self._fail = fail
        self._drawing = drawing
        self._sources: frozenset[Path] = frozenset()
        self._targets: set[str] = set()

    def run(self, paths: Sequence[Path]) -> None:
        """Look at all files."""
        self._sources = frozenset(path.resolve() for path in paths)
        with ThreadPoolExecutor(self._threads) as pool:
            for is_picture, group in groupby(paths, lambda path: path.suffix.lower() in PICTURES):
                if is_picture:
                    self._pictures(group, pool)
                else:
                    for path in group:
                        self._video(path, pool)

    def _pictures(self, paths: Iterable[Path], pool: Executor) -> None:
        for path, result in in_order(pool, self._see_picture, paths, 2 * self._threads):
            try:
                sight = result.result()
            except UnreadableError as error:
                self._fail(error)
                continue
            self._tell(sight)
            if self._drawing is not None and sight.copy is not None:
                write_picture(self._target(self._drawing.folder, path, path.suffix), sight.copy)

    def _video(self, path: Path, pool: Executor) -> None:
        faults: list[StreamError] = []

        def numbered() -> Iterator[tuple[Path, int, Frame]]:
            # A fault waits until the frames before it have been told.
            try:
                for number, frame in enumerate(frames_of(path)):
                    yield path, number, frame
            except StreamError as fault:
                faults.append(fault)

        drawing = self._drawing
        with nullcontext() if drawing is None else DrawnVideo(self._target(drawing.folder, path, ".mp4")) as video:
            for (_, _, frame), result in in_order(pool, self._see_frame, numbered(), 2 * self._threads):
                sight = result.result()
                self._tell(sight)
                if video is not None and sight.copy is not None:
                    video.add(sight.copy, frame.pts_s)
        for fault in faults:
            self._fail(fault)

    def _see_picture(self, path: Path) -> Sight[Found]:
        picture = read_picture(path)
        found = self._look(picture)
        copy = None if self._drawing is None else self._drawing.of(picture, found)
        return Sight(path, 0, None, picture.shape[1], picture.shape[0], found, copy)

    def _see_frame(self, item: tuple[Path, int, Frame]) -> Sight[Found]:
        path, number, frame = item
        found = self._look(frame)
        copy = None if self._drawing is None else self._drawing.of(frame.image, found)
        return Sight(path, number, frame.pts_s, frame.width, frame.height, found, copy)

    def _target(self, folder: Path, source: Path, suffix: str) -> Path:
        """A name in the folder that no other file of this run has, and that is not one of those looked at."""
        name, number = f"{source.stem}{suffix}", 2
        while name in self._targets or (folder / name).resolve() in self._sources:
            name, number = f"{source.stem}-{number}{suffix}", number + 1
        self._targets.add(name)
        return folder / name


def in_order(
    pool: Executor, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[tuple[Item, Future[Result]]]:
    """Hand items to a pool, at most `ahead` before the result of the first is taken; results come in their order."""
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(work, item)))
        if len(waiting) > ahead:
            yield waiting.popleft()
    yield from waiting


def frames_of(path: Path) -> Iterator[Frame]:
    """Every frame of a video in order. Raises StreamError when it cannot be read, or not to its end."""
    rung = threading.Event()
    reader = CameraReader(CameraSettings(id="inspect", url=str(path), mode="replay", ring_seconds=0), rung)
    reader.start()
    try:
        while True:
            rung.clear()
            ended = reader.ended
            frame = reader.take()
            if frame is not None:
                yield frame
            elif ended:
                break
            else:
                rung.wait()
    finally:
        reader.stop()
    error = reader.status().last_error
    if error is not None:
        raise error


def read_picture(path: Path) -> Image:
    """A picture, BGR. Raises UnreadableError."""
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error) as error:
        reason = error.strerror if isinstance(error, OSError) else "the file is empty"
        raise UnreadableError(f"{path}: cannot be read: {reason}.") from None
    if picture is None:
        raise UnreadableError(f"{path}: is not a picture, or was cut short. Copy it again.")
    return np.asarray(picture, np.uint8)


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture, BGR, as its suffix says."""
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path}: cannot be written")
