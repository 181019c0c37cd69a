"""Where the subject vehicle is in each picture and each frame of the clip, by the evidence's own JSON.

Times are seconds of the box's stream. `track.json` holds the vehicle's box at the frames that were looked at,
`draft.json` when clip and pictures were taken. Nothing here looks at pixels: where the files do not tell, no place is
given, and nothing is left recognisable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from leads.base import UtcMs

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""

MARGIN: Final = 0.04
"""Left recognisable round the vehicle's box, as a share of its width and height.

Measured on 414 looks at five rendered vehicles with known truth: each side of the body ends within 4 % of the box's in
nine looks of ten, and every readable plate of the vehicle within 0.6 %. Wider would show more of who stands beside.
"""
_SAME_S: Final = 0.02
"""A frame so near to a look at the vehicle is that look."""
_GAP_S: Final = 0.6
"""Between two looks no further apart than this the vehicle is taken to have moved evenly."""
_CORRECTED_S: Final = 0.5
"""A box put right by a person stands for so long before and after."""
_OTHER_BELOW: Final = 0.3
"""Intersection over union below which a box put right is on another vehicle than the track's."""
_CROP_SLACK: Final = 2
"""Pixels by which the size of a crop may differ from the one worked out; boxes are stored rounded."""
_SEEN: Final = 6
_PANORAMA: Final = re.compile(r"panorama-([1-9][0-9]?)")


class _Told(BaseModel):
    """A part of a file of the box, of which only this is needed."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Clip(_Told):
    start_s: float
    end_s: float


class _Picture(_Told):
    name: str
    taken_at: UtcMs
    boxes: tuple[Box, ...] = ()


class _Draft(_Told):
    anchor_at: UtcMs
    anchor_s: float
    moments_s: tuple[float, ...] = ()
    pictures: tuple[_Picture, ...] = ()
    clip: _Clip | None = None

    def second(self, moment: UtcMs) -> float:
        """Second of the stream of a moment."""
        return (moment - self.anchor_at).total_seconds() + self.anchor_s

    def moment(self, t_s: float) -> datetime:
        """The moment of a second of the stream."""
        return self.anchor_at + timedelta(seconds=t_s - self.anchor_s)

    @property
    def in_clip(self) -> list[float]:
        """Seconds of the panoramas, as the box chose them: those of its moments that the clip covers."""
        if self.clip is None:
            return []
        low, high = self.clip.start_s - 0.05, self.clip.end_s + 0.05
        return [m for m in self.moments_s if low <= m <= high]


class _Track(_Told):
    width: int
    height: int
    boxes: tuple[tuple[float, float, float, float, float, float, float], ...]


@dataclass(frozen=True)
class Kept:
    """What stays recognisable of one picture."""

    boxes: tuple[Box, ...] = ()
    """In its pixels; none: nothing stays."""
    frame_px: int | None = None
    """Longer side of the whole frame that it shows or was cut out of; None: its own."""
    strip_from: int | None = None
    """First row of the text strip that the box put below the picture; the strip is no picture and stays."""


@dataclass(frozen=True)
class Subject:
    """The subject vehicle's way through the pictures. Without rows it is nowhere."""

    size: tuple[int, int] = (0, 0)
    """Width and height of the frames that the boxes are of, pixels."""
    rows: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 7)))
    """(N, 7): second, x0, y0, x1, y1, score, seen (1) or filled in (0); in order of time."""
    draft: _Draft | None = None
    tracked: NDArray[np.float64] | None = None
    """The rows as the box drew them, where people put some right: by those its crops were cut."""

    @classmethod
    def read(cls, draft: bytes | None, track: bytes | None, corrected: Sequence[tuple[float, Box]] = ()) -> Subject:
        """By the bytes of `draft.json` and `track.json`, None where one is not held.

        `corrected`: boxes that people put right, with their second of the clip. One that lies on another vehicle than
        the track's means that the box followed the wrong one: then its track counts no more.
        """
        if draft is None or track is None:
            return cls()
        try:
            told, way = _Draft.model_validate_json(draft), _Track.model_validate(json.loads(track))
        except (ValidationError, ValueError):
            return cls()
        rows = np.array(sorted(way.boxes), np.float64).reshape(-1, 7)
        subject = cls((way.width, way.height), rows, told)
        for clip_s, box in corrected:
            subject = subject._corrected(clip_s + (subject.clip_start_s or 0.0), box)
        return subject

    def at(self, t_s: float) -> Box | None:
        """Its box, with the margin, in a frame; None while it was not seen.

        A box that was filled in is not believed: what is there then may be what hides the vehicle.
        """
        box = _look(self.rows, t_s)
        return None if box is None else _widened(box)

    @property
    def clip_start_s(self) -> float | None:
        """Second of the stream at the clip's first frame."""
        return self.draft.clip.start_s if self.draft and self.draft.clip else None

    def taken_at(self, name: str) -> datetime | None:
        """When a picture was taken, or the clip begins; None where the notes do not tell."""
        draft, stem = self.draft, name.rsplit(".", 1)[0].removesuffix(".overlay")
        if draft is None:
            return None
        found = next((p.taken_at for p in draft.pictures if p.name == stem), None)
        if found is not None or draft.clip is None:
            return found
        if stem == "clip":
            return draft.moment(draft.clip.start_s)
        panorama = _PANORAMA.fullmatch(stem)
        moments = draft.in_clip
        if panorama is None or int(panorama[1]) > len(moments):
            return None
        return draft.moment(moments[int(panorama[1]) - 1])

    @property
    def fingerprint(self) -> list[object]:
        """All that the places hang on, as JSON."""
        return [self.size, self.rows.tolist(), self.draft.model_dump(mode="json") if self.draft else None]

    def in_picture(self, name: str, size: tuple[int, int], original: tuple[int, int] | None = None) -> Kept:
        """What stays of a picture of the evidence.

        `size`: its width and height; `original`: of an overlay, those of the picture that it was made of, None where
        that is not held.
        """
        stem = name.rsplit(".", 1)[0]
        bare = stem.removesuffix(".overlay")
        if bare != stem:
            if original is None or original[0] != size[0] or original[1] > size[1]:
                return Kept()
            kept = self.in_picture(f"{bare}.jpg", original)
            return Kept(kept.boxes, kept.frame_px, original[1]) if kept.boxes else Kept()
        if _PANORAMA.fullmatch(bare):
            return self._in_panorama(int(bare.rsplit("-", 1)[1]), size)
        return self._in_crop(bare, size)

    def _in_panorama(self, number: int, size: tuple[int, int]) -> Kept:
        moments = self.draft.in_clip if self.draft else []
        box = self.at(moments[number - 1]) if number <= len(moments) else None
        if box is None:
            return Kept()
        return Kept((self.scaled(box, size),), max(size))

    def _in_crop(self, stem: str, size: tuple[int, int]) -> Kept:
        picture = next((p for p in self.draft.pictures if p.name == stem), None) if self.draft else None
        if self.draft is None or picture is None:
            return Kept()
        t_s = self.draft.second(picture.taken_at)
        box, cut = self.at(t_s), _look(self.rows if self.tracked is None else self.tracked, t_s)
        corner = None if cut is None else self._corner(cut, size)
        if box is None or corner is None:
            return Kept()
        own = (box[0] - corner[0], box[1] - corner[1], box[2] - corner[0], box[3] - corner[1])
        # What the picture proves is on the vehicle, even where the box was drawn too tight.
        return Kept((own, *picture.boxes), max(self.size))

    def _corner(self, box: Box, size: tuple[int, int]) -> tuple[int, int] | None:
        """Where a crop round the box was cut out of the frame: its margin is the one that gives its size."""
        width, height = box[2] - box[0], box[3] - box[1]
        best: tuple[int, tuple[int, int]] | None = None
        for percent in range(101):
            mx, my = width * percent / 100, height * percent / 100
            left, top = max(int(box[0] - mx), 0), max(int(box[1] - my), 0)
            right, bottom = min(int(box[2] + mx) + 1, self.size[0]), min(int(box[3] + my) + 1, self.size[1])
            off = max(abs(right - left - size[0]), abs(bottom - top - size[1]))
            if best is None or off < best[0]:
                best = (off, (left, top))
        return best[1] if best is not None and best[0] <= _CROP_SLACK else None

    def scaled(self, box: Box, size: tuple[int, int]) -> Box:
        """A box of the track's frames in those of another size."""
        sx, sy = size[0] / self.size[0], size[1] / self.size[1]
        return (box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy)

    def _corrected(self, t_s: float, box: Box) -> Subject:
        mine = _look(self.rows, t_s)
        rows = self.rows
        if mine is None or _overlap(mine, box) < _OTHER_BELOW:
            rows = rows[:0]
        rows = rows[np.abs(rows[:, 0] - t_s) > _CORRECTED_S]
        right = [[t_s + off, *box, 1.0, 1.0] for off in (-_CORRECTED_S / 2, 0.0, _CORRECTED_S / 2)]
        rows = np.vstack([rows, np.array(right)])
        tracked = self.rows if self.tracked is None else self.tracked
        return Subject(self.size, rows[np.argsort(rows[:, 0], kind="stable")], self.draft, tracked)


def _look(rows: NDArray[np.float64], t_s: float) -> Box | None:
    """The bare box at a second: of the look at that frame, or between two looks; None where it was not seen."""
    times = rows[:, 0]
    after = int(np.searchsorted(times, t_s))
    near = [i for i in (after - 1, after) if 0 <= i < len(times)]
    for i in sorted(near, key=lambda i: abs(times[i] - t_s)):
        if abs(times[i] - t_s) <= _SAME_S:
            return _box(rows[i, 1:5]) if rows[i, _SEEN] else None
    if len(near) < 2:
        return None
    before = after - 1
    gap = times[after] - times[before]
    if gap > _GAP_S or not rows[before, _SEEN] or not rows[after, _SEEN]:
        return None
    share = (t_s - times[before]) / gap
    return _box(rows[before, 1:5] * (1 - share) + rows[after, 1:5] * share)


def _widened(box: Box) -> Box:
    mx, my = MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1])
    return (box[0] - mx, box[1] - my, box[2] + mx, box[3] + my)


def _box(row: NDArray[np.float64]) -> Box:
    return (float(row[0]), float(row[1]), float(row[2]), float(row[3]))


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    both = wide * tall
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
