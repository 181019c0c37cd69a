"""Copies of clips for viewing: what browsers do not play (H.265 above all) once more as H.264, beside the original.

The original stays as it is and is the evidence. Copies lie below the folder of the settings and may be deleted; they
are made anew. One is made at a time on one machine, whatever asks for more, the one that somebody waits for first.
"""

from __future__ import annotations

import fcntl
import itertools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from queue import PriorityQueue
from typing import Any, Final

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from hub.evidence.clips import FORMATS, ClipError, frames_of
from hub.evidence.vault import Vault, VaultError, checked, has_room, in_use, is_disk_fault, sync, vault_of
from hub.settings import EvidenceSettings

_CONTAINERS: Final = frozenset({"mp4", "mov", "webm"})
_CODECS: Final = frozenset({"h264", "vp8", "vp9", "av1"})
_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})
"""What every browser plays; H.264 with 10 bits or full colour is played by few."""
_WAITING: Final = 200
"""So many clips wait for their copies at most; who comes later gets one when somebody asks."""
log = logging.getLogger(__name__)


class UnplayableError(Exception):
    """A clip that no copy can be made of; the text says why."""


def viewing_copy(settings: EvidenceSettings, sha256: str) -> Path | None:
    """The copy of a clip, or None while it is made, which begins now.

    Raises UnplayableError for what cannot be decoded, VaultError.
    """
    place = _place(settings, sha256)
    if in_use(place):
        return place
    fault = place.with_suffix(".fault")
    if fault.exists():
        raise UnplayableError(fault.read_text(encoding="utf-8"))
    _workshop(settings).want(sha256, urgent=True)
    return None


def make_ready(settings: EvidenceSettings, sha256: str) -> None:
    """Have the copy of a clip that has just come made in the background, if it needs one."""
    _workshop(settings).want(sha256, urgent=False)


@lru_cache(maxsize=4096)
def browsers_play(settings: EvidenceSettings, sha256: str) -> bool:
    """Whether every browser plays a clip as it is. Raises UnplayableError for what is no clip, VaultError."""
    with _opened(vault_of(settings), sha256) as (container, stream):
        formats = set(container.format.name.split(","))
        context = stream.codec_context
        return bool(formats & _CONTAINERS) and context.name in _CODECS and context.pix_fmt in _PIXELS


@contextmanager
def _opened(vault: Vault, sha256: str) -> Iterator[tuple[Any, VideoStream]]:
    with vault.open(sha256) as file:
        try:
            with av.open(file, "r", options=FORMATS) as container:
                if not container.streams.video:
                    raise UnplayableError("it holds no video")
                yield container, container.streams.video[0]
        except ClipError as error:
            raise UnplayableError(str(error)) from error
        except FFmpegError as error:
            if is_disk_fault(error):
                raise
            raise UnplayableError(f"it cannot be decoded: {error.strerror}") from error


def _place(settings: EvidenceSettings, sha256: str) -> Path:
    return settings.folder / "viewing" / checked(sha256)[:2] / f"{sha256}.mp4"


@lru_cache(maxsize=8)
def _workshop(settings: EvidenceSettings) -> _Workshop:
    return _Workshop(settings)


class _Workshop:
    """One thread per process that makes copies; a lock on a file holds those of other processes back."""

    def __init__(self, settings: EvidenceSettings) -> None:
        self._settings = settings
        self._queue: PriorityQueue[tuple[int, int, str]] = PriorityQueue()
        self._count = itertools.count()
        self._mutex = threading.Lock()
        self._waiting: dict[str, bool] = {}
        self._thread: threading.Thread | None = None

    def want(self, sha256: str, *, urgent: bool) -> None:
        with self._mutex:
            known = self._waiting.get(sha256)
            if known or (known is False and not urgent) or (not urgent and len(self._waiting) >= _WAITING):
                return
            self._waiting[sha256] = urgent
            self._queue.put((0 if urgent else 1, next(self._count), sha256))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="viewing copies", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        folder = self._settings.folder / "viewing"
        while True:
            turn = self._queue.get()
            _, _, sha256 = turn
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with (folder / "busy.lock").open("w") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    self._queue.put(turn)  # while we waited, something more urgent may have come
                    later, _, sha256 = self._queue.get()
                    # While space is short, it is left to evidence: a copy is made when somebody waits for it.
                    if not later or has_room(self._settings):
                        self._make(sha256)
            except (VaultError, OSError) as error:
                log.warning("no copy for viewing of %s: %s", sha256, error)
            finally:
                with self._mutex:
                    self._waiting.pop(sha256, None)

    def _make(self, sha256: str) -> None:
        place = _place(self._settings, sha256)
        part = place.with_suffix(".part")
        try:
            if place.exists() or browsers_play(self._settings, sha256):
                return
            place.parent.mkdir(exist_ok=True)
            _write_copy(vault_of(self._settings), sha256, part)
            sync(part)
            part.replace(place)
            sync(place.parent)
        except (VaultError, OSError):
            raise
        except UnplayableError as error:
            _note_fault(place, error)
        except Exception as error:
            log.exception("no copy for viewing of %s", sha256)
            _note_fault(place, error)
        finally:
            part.unlink(missing_ok=True)


def _note_fault(place: Path, error: Exception) -> None:
    place.parent.mkdir(exist_ok=True)
    place.with_suffix(".fault").write_text(str(error), encoding="utf-8")


def _write_copy(vault: Vault, sha256: str, path: Path) -> None:
    """Write a clip's video as H.264, 8 bits, with its own times; each frame of the original is one of the copy."""
    with _opened(vault, sha256) as (source, stream), av.open(str(path), "w", "mp4", {"movflags": "faststart"}) as copy:
        stream.thread_type = "AUTO"
        rate = stream.average_rate or Fraction(25)
        output = copy.add_stream("libx264", rate, {"preset": "veryfast", "crf": "20", "bf": "0"})
        assert isinstance(output, VideoStream)
        output.width, output.height, output.pix_fmt = stream.width & ~1, stream.height & ~1, "yuv420p"
        time_base = stream.time_base or Fraction(1, 90_000)
        output.codec_context.time_base = time_base
        output.codec_context.gop_size = max(1, round(rate))  # a keyframe a second: stepping back is quick
        output.codec_context.thread_count = 1
        for frame in frames_of(source, stream):
            frame.pict_type = 0
            copy.mux(output.encode(frame.reformat(output.width, output.height, "yuv420p")))
        copy.mux(output.encode(None))
