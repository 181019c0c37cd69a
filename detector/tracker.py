"""Tracks: the same vehicle from frame to frame, for one camera.

Two-stage association as in ByteTrack (Zhang et al., ECCV 2022): sure boxes first, then the weak ones for
tracks that are still without a box, which keeps a vehicle in rain or half hidden. Some things differ, since a
roadside box runs anywhere from 5 to 30 frames per second and vehicles pass close to the camera:

- all ages are seconds;
- boxes are widened by how unsure the prediction is before their overlap is taken (after C-BIoU, Yang et al.,
  WACV 2023), so that a vehicle which moves a whole length between two frames is still found, while a
  well-known one is held to its place;
- a new track starts with the velocity that vehicles had at that place before (`FlowField`);
- a vehicle that a nearer one hid for seconds keeps its number when it comes out (`detector.hidden`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from detector.detections import Detections
from detector.flow import FlowField
from detector.geometry import share_inside
from detector.hidden import Edges, Sight, cut_by_border, cut_by_others, free_rate, likeness
from detector.kalman import BoxFilterBank, Noise
from detector.matching import match, similarity

_FRESH_VIEW_S = 0.1
"""Boxes closer together in time tell little that the one before did not."""


class TrackerSettings(BaseModel):
    """How boxes are joined into tracks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sure_score: float = Field(default=0.4, ge=0, le=1)
    """Boxes from this score on are matched first. Lower it for a network that scores timidly."""
    start_score: float = Field(default=0.2, ge=0, le=1)
    """A box that fits no track starts one from this score on; whether it is a vehicle, `confirm_belief` decides."""
    least_overlap: float = Field(default=0.35, gt=0, lt=1)
    """Widened overlap below which two boxes are never the same vehicle. Lower it below 5 frames/s."""
    part_inside: float = Field(default=0.6, gt=0, le=1)
    """A box with this share of itself inside a followed vehicle is a part of it: it starts no track, and a track just
    started becomes no vehicle while it lies there."""
    part_after_s: float = Field(default=0.6, gt=0)
    """Two tracks are one vehicle once the smaller has stood so long inside the larger, wheels on the same line."""
    lost_after_s: float = Field(default=1.2, gt=0)
    """A track without a box for so long has ended. Raise it where signs or trees hide vehicles."""
    hidden_after_s: float = Field(default=3.0, ge=0)
    """A track that went behind a nearer vehicle is waited for so long. 0 where none is to be joined again."""
    confirm_hits: int = Field(default=3, ge=1)
    """Boxes a track needs before it counts as a vehicle."""
    confirm_belief: float = Field(default=1.5, ge=0)
    """Sum of their scores that it needs: two or three sure boxes, or more weak ones. Looks closer together than 0.1 s
    count for less, for they see the same thing. Raise it if signs and shadows become tracks."""
    confirm_within_s: float = Field(default=1.0, gt=0)
    """A track not confirmed for so long is dropped."""

    @property
    def longest_gap_s(self) -> float:
        """Longest time that a vehicle may be without a box and still be followed: who comes out must first be sure."""
        return max(self.lost_after_s, self.hidden_after_s + self.confirm_within_s)


@dataclass(slots=True)
class Track:
    """One vehicle as far as it has been followed; the tracker owns and changes it."""

    number: int
    """Counts up from 1 in each tracker."""
    group: int
    """Kind of object, see `Tracker`: boxes of another group are never joined to it."""
    born_s: float
    seen_s: float
    """Stream time of the last matched box."""
    hits: int = 1
    belief: float = 0.0
    """Sum of the scores of its boxes, see `TrackerSettings.confirm_belief`."""
    confirmed: bool = False
    from_behind: bool = False
    """Whether a nearer vehicle cut its first box."""
    sight: Sight | None = None
    """How it was last seen."""
    part_since_s: float | None = None
    """Since when it has stood inside a larger track."""


@dataclass(frozen=True, slots=True)
class TrackerStep:
    """What one look changed: `matched` pairs a track with the row of its detection."""

    matched: tuple[tuple[Track, int], ...]
    ended: tuple[Track, ...]
    absorbed: tuple[Track, ...] = ()
    """Tracks that turned out to be a part of another vehicle (cab, trailer, load) or one that was hidden before.

    Not in `ended`.
    """


class Tracker:
    """Joins the detections of one camera into tracks.

    `groups`: group of each class id; a car may turn out a truck (one group), a person never a truck.
    Times are seconds of the stream's clock and must not go back; after a reconnect make a new tracker.
    """

    def __init__(self, settings: TrackerSettings, groups: Sequence[int], noise: Noise | None = None) -> None:
        self._settings = settings
        self._groups = np.asarray(groups, np.int64)
        self._bank = BoxFilterBank(noise or Noise())
        self._flow = FlowField()
        self._tracks: list[Track] = []
        self._now_s: float | None = None
        self._count = 0

    @property
    def alive(self) -> int:
        """Number of tracks that are being followed."""
        return len(self._tracks)

    def update(self, t_s: float, detections: Detections, size: tuple[int, int]) -> TrackerStep:
        """Take the detections of a frame at `t_s` seconds, of a picture of `size` (width, height)."""
        if self._now_s is not None:
            if t_s < self._now_s:
                raise ValueError(f"time goes back: {t_s:.3f} s after {self._now_s:.3f} s")
            self._bank.predict(t_s - self._now_s)
        self._now_s = t_s
        groups = self._groups[detections.class_ids]
        pairs = self._match(t_s, detections, groups)
        self._bank.correct(pairs[:, 0], detections.boxes[pairs[:, 1]])
        boxes = detections.boxes.astype(np.float64)
        hidden = cut_by_others(boxes, boxes[detections.scores >= self._settings.sure_score])
        cut = hidden | cut_by_border(boxes, size)
        part = self._part_of_a_track(t_s, detections, groups)
        columns: dict[int, int] = {}
        came_out = []
        for row, column in pairs.tolist():
            track = self._tracks[row]
            known = track.confirmed
            self._note(t_s, row, float(detections.scores[column]), hidden[column], cut[column])
            track.confirmed = known or (self._is_vehicle(track) and not part[column])
            if track.confirmed and not known and track.from_behind:
                came_out.append(row)
            columns[track.number] = column
        self._learn_flow(pairs[:, 0], size)
        absorbed = self._rejoin(came_out, columns) + self._absorb(t_s, columns)
        ended = self._drop(t_s)
        matched = [(t, columns[t.number]) for t in self._tracks if t.number in columns]
        fresh = (detections.scores >= self._settings.start_score) & ~part
        fresh[pairs[:, 1]] = False
        matched.extend(self._start(t_s, detections, groups, np.flatnonzero(fresh), size, hidden))
        return TrackerStep(tuple(matched), ended, absorbed)

    def finish(self) -> tuple[Track, ...]:
        """End every track: the stream has ended."""
        ended = tuple(t for t in self._tracks if t.confirmed)
        self._tracks.clear()
        self._bank.keep(np.zeros(len(self._bank), bool))
        return ended

    def _match(self, t_s: float, detections: Detections, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        similar = similarity(self._bank, detections.boxes.astype(np.float64))
        similar[np.array([t.group for t in self._tracks], int)[:, None] != groups[None, :]] = 0.0
        similar[~self._in_view(t_s)] = 0.0
        confirmed = np.array([t.confirmed for t in self._tracks], bool)
        sure = detections.scores >= self._settings.sure_score
        return match(similar, confirmed, sure, self._settings.least_overlap)

    def _in_view(self, t_s: float) -> NDArray[np.bool_]:
        """Which tracks (T,) had a box lately; the others wait behind a nearer vehicle."""
        return np.array([t_s - t.seen_s <= self._settings.lost_after_s for t in self._tracks], bool)

    def _note(self, t_s: float, row: int, score: float, hidden: Edges, cut: Edges) -> None:
        """Note a matched box: its score, and its edges (4,) that other vehicles hide and that anything cuts."""
        track, mean = self._tracks[row], self._bank.mean[row]
        track.belief += score * min((t_s - track.seen_s) / _FRESH_VIEW_S, 1.0)
        track.seen_s, track.hits = t_s, track.hits + 1
        rate = free_rate(mean, cut, track.sight)
        track.sight = Sight(t_s, mean[:2, 0].copy(), rate, float(self._bank.sizes[row]), bool(hidden.any()))

    def _start(
        self,
        t_s: float,
        detections: Detections,
        groups: NDArray[np.int64],
        fresh: NDArray[np.int64],
        size: tuple[int, int],
        hidden: Edges,
    ) -> list[tuple[Track, int]]:
        if not len(fresh):
            return []
        boxes = detections.boxes[fresh]
        rates, stds = self._flow.first_guess(boxes, size, self._bank.first_rate)
        self._bank.add(boxes, rates, stds)
        started = []
        for column in fresh.tolist():
            self._count += 1
            track = Track(self._count, int(groups[column]), t_s, t_s, belief=float(detections.scores[column]))
            track.from_behind = bool(hidden[column].any())
            track.confirmed = self._is_vehicle(track)
            self._tracks.append(track)
            started.append((track, column))
        return started

    def _is_vehicle(self, track: Track) -> bool:
        settings = self._settings
        return track.hits >= settings.confirm_hits and track.belief >= settings.confirm_belief

    def _part_of_a_track(self, t_s: float, detections: Detections, groups: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which boxes (D,) lie inside a confirmed track of their group: a cab, a trailer, a load, not a vehicle.

        A car that drives in front of a truck is hidden by this until it comes out, and then gets its track.
        """
        known = np.array([t.confirmed for t in self._tracks], bool) & self._in_view(t_s)
        if not known.any() or not len(detections):
            return np.zeros(len(detections), bool)
        inside = share_inside(detections.boxes.astype(np.float64), self._bank.boxes[known])
        same = groups[:, None] == np.array([t.group for t in self._tracks])[known][None, :]
        return np.asarray(((inside >= self._settings.part_inside) & same).any(axis=1), np.bool_)

    def _rejoin(self, out: Sequence[int], columns: dict[int, int]) -> tuple[Track, ...]:
        """Give rows `out`, vehicles that came out from behind a nearer one, the numbers they had before it.

        `columns` of detections by track number is changed.
        """
        waiting = [i for i, t in enumerate(self._tracks) if t.confirmed and t.sight is not None and t.sight.behind]
        like = np.array([[self._likeness(w, o) for o in out] for w in waiting]).reshape(len(waiting), len(out)) > 0
        joined = set()
        for w, o in np.argwhere(like).tolist():
            # Where two could be meant, neither is: two passages of one vehicle harm less than one of two.
            if like[w].sum() > 1 or like[:, o].sum() > 1:
                continue
            before, after = self._tracks[waiting[w]], self._tracks[out[o]]
            self._bank.copy(out[o], waiting[w])
            columns[before.number] = columns[after.number]
            before.seen_s, before.sight = after.seen_s, after.sight
            before.hits, before.belief = before.hits + after.hits, before.belief + after.belief
            joined.add(out[o])
        return self._remove(joined, columns)

    def _likeness(self, waiting: int, out: int) -> float:
        before, after = self._tracks[waiting], self._tracks[out]
        hidden_s = after.born_s - before.seen_s
        if before.group != after.group or not 0 < hidden_s <= self._settings.hidden_after_s:
            return 0.0
        if before.sight is None or after.sight is None:
            return 0.0
        return likeness(before.sight, after.sight)

    def _absorb(self, t_s: float, columns: dict[int, int]) -> tuple[Track, ...]:
        """Make one of two tracks that follow the same vehicle, one its whole and one its cab.

        The older keeps its identity, the larger its box. `columns` of detections by track number is changed.
        """
        gone: set[int] = set()
        for small, large in self._parts(t_s):
            if small in gone or large in gone:
                continue
            part, whole = self._tracks[small], self._tracks[large]
            if part.number < whole.number:
                self._bank.copy(large, small)
                columns[part.number] = columns[whole.number]
                part.part_since_s = None
            gone.add(large if part.number < whole.number else small)
        return self._remove(gone, columns)

    def _remove(self, rows: set[int], columns: dict[int, int]) -> tuple[Track, ...]:
        gone = tuple(self._tracks[i] for i in sorted(rows))
        for track in gone:
            del columns[track.number]
        if gone:
            self._bank.keep(np.array([i not in rows for i in range(len(self._tracks))], bool))
            self._tracks = [t for i, t in enumerate(self._tracks) if i not in rows]
        return gone

    def _parts(self, t_s: float) -> list[tuple[int, int]]:
        """Rows (small, large) of tracks where the small one has been a part of the large one for long enough."""
        rows = [i for i, t in enumerate(self._tracks) if t.confirmed and t.seen_s == t_s]
        boxes = self._bank.boxes[rows]
        area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        same_ground = np.abs(boxes[:, None, 3] - boxes[None, :, 3]) <= 0.15 * (boxes[:, 3] - boxes[:, 1])[None, :]
        groups = np.array([self._tracks[i].group for i in rows])
        part = share_inside(boxes, boxes) >= self._settings.part_inside
        part &= same_ground & (groups[:, None] == groups[None, :]) & (area[:, None] < area[None, :])
        found = []
        for i, row in enumerate(rows):
            track = self._tracks[row]
            if not part[i].any():
                track.part_since_s = None
                continue
            if track.part_since_s is None:
                track.part_since_s = t_s
            if t_s - track.part_since_s >= self._settings.part_after_s:
                found.append((row, rows[int(np.argmax(part[i]))]))
        return found

    def _learn_flow(self, rows: NDArray[np.int64], size: tuple[int, int]) -> None:
        settled = [r for r in rows.tolist() if self._tracks[r].hits >= 4]
        if settled:
            self._flow.learn(self._bank.boxes[settled], self._bank.mean[settled, :2, 1], size)

    def _drop(self, t_s: float) -> tuple[Track, ...]:
        keep = np.array([self._goes_on(t, t_s) for t in self._tracks], bool)
        if keep.all():
            return ()
        ended = tuple(t for t, k in zip(self._tracks, keep, strict=True) if not k and t.confirmed)
        self._tracks = [t for t, k in zip(self._tracks, keep, strict=True) if k]
        self._bank.keep(keep)
        return ended

    def _goes_on(self, track: Track, t_s: float) -> bool:
        settings = self._settings
        if not track.confirmed and t_s - track.born_s > settings.confirm_within_s:
            return False
        behind = track.confirmed and track.sight is not None and track.sight.behind
        return t_s - track.seen_s <= (settings.longest_gap_s if behind else settings.lost_after_s)
