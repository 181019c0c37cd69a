"""Tracks: the same vehicle from frame to frame, for one camera.

Two-stage association as in ByteTrack (Zhang et al., ECCV 2022): sure boxes first, then the weak ones for
tracks that are still without a box, which keeps a vehicle in rain or half hidden. Three things differ, since a
roadside box runs anywhere from 5 to 30 frames per second and vehicles pass close to the camera:

- all ages are seconds;
- boxes are widened by how unsure the prediction is before their overlap is taken (after C-BIoU, Yang et al.,
  WACV 2023), so that a vehicle which moves a whole length between two frames is still found, while a
  well-known one is held to its place;
- a new track starts with the velocity that vehicles had at that place before (`FlowField`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from detector.assignment import assign
from detector.detections import Detections
from detector.flow import FlowField
from detector.geometry import share_inside
from detector.kalman import BoxFilterBank, Noise

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
    """A box with this share of itself inside a followed vehicle is a part of it and starts no track."""
    part_after_s: float = Field(default=0.6, gt=0)
    """Two tracks are one vehicle once the smaller has stood so long inside the larger, wheels on the same line."""
    lost_after_s: float = Field(default=1.2, gt=0)
    """A track without a box for so long has ended. Raise it where signs or trees hide vehicles."""
    confirm_hits: int = Field(default=3, ge=1)
    """Boxes a track needs before it counts as a vehicle."""
    confirm_belief: float = Field(default=1.5, ge=0)
    """Sum of their scores that it needs: two or three sure boxes, or more weak ones. Looks closer together than 0.1 s
    count for less, for they see the same thing. Raise it if signs and shadows become tracks."""
    confirm_within_s: float = Field(default=1.0, gt=0)
    """A track not confirmed for so long is dropped."""


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
    part_since_s: float | None = None
    """Since when it has stood inside a larger track."""


@dataclass(frozen=True, slots=True)
class TrackerStep:
    """What one look changed: `matched` pairs a track with the row of its detection."""

    matched: tuple[tuple[Track, int], ...]
    ended: tuple[Track, ...]
    absorbed: tuple[Track, ...] = ()
    """Tracks that turned out to be a part of another vehicle: cab, trailer, load. Not in `ended`."""


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
        sure = detections.scores >= self._settings.sure_score
        pairs = self._match(detections, groups, sure)
        columns: dict[int, int] = {}
        if len(pairs):
            self._bank.correct(pairs[:, 0], detections.boxes[pairs[:, 1]])
        for row, column in pairs.tolist():
            track = self._tracks[row]
            fresh_view = min((t_s - track.seen_s) / _FRESH_VIEW_S, 1.0)
            track.belief += float(detections.scores[column]) * fresh_view
            track.seen_s, track.hits = t_s, track.hits + 1
            track.confirmed = track.confirmed or self._is_vehicle(track)
            columns[track.number] = column
        self._learn_flow(pairs[:, 0], size)
        absorbed = self._absorb(t_s, columns)
        ended = self._drop(t_s)
        matched = [(t, columns[t.number]) for t in self._tracks if t.number in columns]
        fresh = detections.scores >= self._settings.start_score
        fresh[pairs[:, 1]] = False
        fresh &= ~self._part_of_a_track(detections, groups)
        matched.extend(self._start(t_s, detections, groups, np.flatnonzero(fresh), size))
        return TrackerStep(tuple(matched), ended, absorbed)

    def finish(self) -> tuple[Track, ...]:
        """End every track: the stream has ended."""
        ended = tuple(t for t in self._tracks if t.confirmed)
        self._tracks.clear()
        self._bank.keep(np.zeros(len(self._bank), bool))
        return ended

    def _match(self, detections: Detections, groups: NDArray[np.int64], sure: NDArray[np.bool_]) -> NDArray[np.int64]:
        if not self._tracks or not len(detections):
            return np.zeros((0, 2), np.int64)
        similarity = self._similarity(detections)
        track_groups = np.array([t.group for t in self._tracks])
        similarity[track_groups[:, None] != groups[None, :]] = 0.0
        confirmed = np.array([t.confirmed for t in self._tracks])
        free_tracks = np.ones(len(self._tracks), bool)
        free_boxes = np.ones(len(detections), bool)
        found = []
        # Confirmed tracks choose first; then weak boxes keep them alive; the unconfirmed take what is left.
        for tracks, boxes in ((confirmed, sure), (confirmed, ~sure), (~confirmed, sure), (~confirmed, ~sure)):
            rows = np.flatnonzero(tracks & free_tracks)
            columns = np.flatnonzero(boxes & free_boxes)
            if not len(rows) or not len(columns):
                continue
            pairs = assign(similarity[np.ix_(rows, columns)], self._settings.least_overlap)
            found.append(np.stack([rows[pairs[:, 0]], columns[pairs[:, 1]]], axis=1))
            free_tracks[found[-1][:, 0]] = False
            free_boxes[found[-1][:, 1]] = False
        return np.concatenate(found) if found else np.zeros((0, 2), np.int64)

    def _similarity(self, detections: Detections) -> NDArray[np.float64]:
        """Overlap (T, D) of predicted and detected boxes, both widened by the prediction's uncertainty."""
        predicted = self._bank.boxes
        boxes = detections.boxes.astype(np.float64)
        widen = np.minimum(self._bank.position_std, 0.5 * self._bank.sizes[:, None])[:, None, :]
        low = np.maximum(predicted[:, None, :2], boxes[None, :, :2]) - widen
        high = np.minimum(predicted[:, None, 2:], boxes[None, :, 2:]) + widen
        inter = np.prod(np.clip(high - low, 0, None), axis=2)
        area_p = np.prod(predicted[:, None, 2:] - predicted[:, None, :2] + 2 * widen, axis=2)
        area_d = np.prod(boxes[None, :, 2:] - boxes[None, :, :2] + 2 * widen, axis=2)
        overlap = inter / np.maximum(area_p + area_d - inter, 1e-9)
        # A box of quite another size is another vehicle, however well it is placed.
        size_p = self._bank.sizes[:, None]
        size_d = np.sqrt(np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 1.0, None), axis=1))[None, :]
        ratio = np.minimum(size_p, size_d) / np.maximum(size_p, size_d)
        return np.asarray(overlap * np.where(ratio < 0.4, 0.0, np.sqrt(ratio)), np.float64)

    def _start(
        self,
        t_s: float,
        detections: Detections,
        groups: NDArray[np.int64],
        fresh: NDArray[np.int64],
        size: tuple[int, int],
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
            track.confirmed = self._is_vehicle(track)
            self._tracks.append(track)
            started.append((track, column))
        return started

    def _is_vehicle(self, track: Track) -> bool:
        settings = self._settings
        return track.hits >= settings.confirm_hits and track.belief >= settings.confirm_belief

    def _part_of_a_track(self, detections: Detections, groups: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which boxes (D,) lie inside a confirmed track of their group: a cab, a trailer, a load, not a vehicle.

        A car that drives in front of a truck is hidden by this until it comes out, and then gets its track.
        """
        known = np.array([t.confirmed for t in self._tracks], bool)
        if not known.any() or not len(detections):
            return np.zeros(len(detections), bool)
        inside = share_inside(detections.boxes.astype(np.float64), self._bank.boxes[known])
        same = groups[:, None] == np.array([t.group for t in self._tracks])[known][None, :]
        return np.asarray(((inside >= self._settings.part_inside) & same).any(axis=1), np.bool_)

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
        absorbed = tuple(self._tracks[i] for i in sorted(gone))
        for track in absorbed:
            del columns[track.number]
        if absorbed:
            self._bank.keep(np.array([i not in gone for i in range(len(self._tracks))], bool))
            self._tracks = [t for i, t in enumerate(self._tracks) if i not in gone]
        return absorbed

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
        keep = np.array(
            [
                t_s - t.seen_s <= self._settings.lost_after_s
                and (t.confirmed or t_s - t.born_s <= self._settings.confirm_within_s)
                for t in self._tracks
            ],
            bool,
        )
        if keep.all():
            return ()
        ended = tuple(t for t, k in zip(self._tracks, keep, strict=True) if not k and t.confirmed)
        self._tracks = [t for t, k in zip(self._tracks, keep, strict=True) if k]
        self._bank.keep(keep)
        return ended
