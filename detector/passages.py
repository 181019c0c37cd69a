"""Builds the passages of one camera out of looked-at frames and their detections."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from cameras import Frame
from detector.detections import Box, Boxes, Detections
from detector.geometry import share_inside
from detector.passage import Passage
from detector.places import PlaceLog
from detector.plan import Plan, PlanSettings
from detector.shots import ShotKeeper, ShotSettings
from detector.tracker import Track, Tracker, TrackerSettings

OTHER_SCORE = 0.3
"""Boxes at least so sure may hide a part of another vehicle."""
ONE_VEHICLE = 0.8
"""Two boxes of which the smaller lies to so large a share in the larger are of one vehicle."""


_FAMILIES = {name: family for family in (("car", "van"), ("truck", "tank_truck")) for name in family}
"""Words that are taken for each other: they do not stand against each other in the vote."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one looked-at frame changed."""

    seen: tuple[int, ...]
    """Numbers of the vehicles (confirmed tracks) that have a box in this frame."""
    over: tuple[Passage, ...]
    """Passages that have ended."""
    absorbed: tuple[int, ...]
    """Numbers that turned out to belong to another vehicle's passage: there is no passage of them any more."""


class PassageBuilder:
    """Follows the vehicles of one camera; not thread-safe, fed in the order of the frames.

    `class_names` and `groups` belong to the class ids of the detections.
    """

    def __init__(
        self,
        camera: str,
        class_names: Sequence[str],
        groups: Sequence[int],
        tracker: TrackerSettings,
        plan: PlanSettings,
        shots: ShotSettings,
    ) -> None:
        self._camera = camera
        self._names = tuple(class_names)
        self._groups = groups
        self._tracker_settings = tracker
        self._plan_settings = plan
        self._shot_settings = shots
        self._session: int | None = None
        self._size = (0, 0)
        self._plan = Plan(plan, (1, 1))
        self._tracker = Tracker(tracker, groups)
        self._logs: dict[int, _TrackLog] = {}
        self._looks: deque[float] = deque()

    @property
    def alive(self) -> int:
        """Number of tracks being followed, confirmed or not."""
        return self._tracker.alive

    def look(self, frame: Frame, detections: Detections) -> Look:
        """Take one looked-at frame."""
        over = () if frame.session == self._session else self._begin(frame)
        t_s = frame.pts_s
        step = self._tracker.update(t_s, detections, self._size)
        self._looks.append(t_s)
        while self._looks[0] < t_s - self._tracker_settings.longest_gap_s - 1:
            self._looks.popleft()
        for track in step.absorbed:
            del self._logs[track.number]
        seen = []
        for track, row in step.matched:
            log = self._logs.get(track.number)
            if log is None:
                log = self._logs[track.number] = self._new_log(frame)
            box = _as_tuple(detections.boxes[row])
            score, class_id = float(detections.scores[row]), int(detections.class_ids[row])
            log.take(frame, box, score, class_id, self._looks)
            log.shots.offer(frame, box, score, partial(self._others, detections, row))
            if track.confirmed:
                seen.append(track.number)
        self._forget_unconfirmed(t_s)
        return Look(tuple(seen), over + self._close(step.ended), tuple(t.number for t in step.absorbed))

    def finish(self) -> tuple[Passage, ...]:
        """End what is still in view: the stream has ended or was lost."""
        over = self._close(self._tracker.finish())
        self._logs.clear()
        self._looks.clear()
        return over

    def passage(self, number: int) -> Passage:
        """The passage of a vehicle in view, as known now."""
        return self._build(number, self._logs[number], over=False)

    def now(self, passage: Passage) -> Passage | None:
        """The passage as known now; None when its vehicle is no longer followed."""
        followed = passage.session == self._session and passage.number in self._logs
        return self.passage(passage.number) if followed else None

    def has_been_somewhere(self, number: int) -> bool:
        """Whether the vehicle was in a zone or crossed a line: others cannot break a rule of place."""
        places = self._logs[number].places
        return bool(places.visits or places.crossings)

    def _begin(self, frame: Frame) -> tuple[Passage, ...]:
        over = self.finish()
        self._session = frame.session
        self._size = (frame.width, frame.height)
        self._plan = Plan(self._plan_settings, self._size)
        self._tracker = Tracker(self._tracker_settings, self._groups)
        return over

    def _others(self, detections: Detections, row: int) -> Boxes:
        """Boxes (N, 4) of other vehicles than that of the row, without those that are one with it, as its cab."""
        group = self._groups[int(detections.class_ids[row])]
        rival = np.array([self._groups[int(i)] == group for i in detections.class_ids], bool)
        rival &= detections.scores >= OTHER_SCORE
        own, boxes = detections.boxes[row : row + 1].astype(float), detections.boxes.astype(float)
        shared = np.maximum(share_inside(boxes, own)[:, 0], share_inside(own, boxes)[0])
        return detections[rival & (shared < ONE_VEHICLE)].boxes

    def _new_log(self, frame: Frame) -> _TrackLog:
        return _TrackLog(
            frame.captured_at,
            len(self._names),
            PlaceLog(self._plan),
            ShotKeeper(self._shot_settings, self._size),
        )

    def _close(self, tracks: Sequence[Track]) -> tuple[Passage, ...]:
        return tuple(self._build(t.number, self._logs.pop(t.number), over=True) for t in tracks)

    def _forget_unconfirmed(self, t_s: float) -> None:
        limit = t_s - max(self._tracker_settings.longest_gap_s, self._tracker_settings.confirm_within_s) - 1
        for number in [n for n, log in self._logs.items() if log.times[-1] < limit]:
            del self._logs[number]

    def _build(self, number: int, log: _TrackLog, *, over: bool) -> Passage:
        share = log.votes / log.votes.sum()
        best = self._names.index(elect(dict(zip(self._names, share.tolist(), strict=True))))
        score = float(share[best] * log.score_sums[best] / max(log.counts[best], 1))
        return Passage(
            id=f"{self._camera}-{log.first_at:%Y%m%dT%H%M%S}{log.first_at.microsecond // 1000:03d}-{number}",
            number=number,
            camera=self._camera,
            session=self._session or 0,
            size=self._size,
            class_name=self._names[best],
            class_score=score,
            votes={self._names[i]: float(s) for i, s in enumerate(share) if s > 0},
            times_s=np.array(log.times),
            boxes=np.array(log.boxes, np.float32).reshape(-1, 4),
            scores=np.array(log.scores, np.float32),
            seen=np.array(log.seen, bool),
            first_at=log.first_at,
            last_at=log.last_at,
            visits=log.places.visits,
            crossings=tuple(log.places.crossings),
            stops=log.places.stops,
            shots=log.shots.best,
            over=over,
        )


class _TrackLog:
    """What was noted of one track, frame by frame."""

    def __init__(self, first_at: datetime, classes: int, places: PlaceLog, shots: ShotKeeper) -> None:
        self.first_at = self.last_at = first_at
        self.times: list[float] = []
        self.boxes: list[Box] = []
        self.scores: list[float] = []
        self.seen: list[bool] = []
        self.votes = np.zeros(classes)
        self.score_sums = np.zeros(classes)
        self.counts = np.zeros(classes, int)
        self.places = places
        self.shots = shots

    def take(self, frame: Frame, box: Box, score: float, class_id: int, looks: deque[float]) -> None:
        """Note a matched box; looks since the last one get boxes on the straight line between."""
        t_s = frame.pts_s
        if self.times:
            last_s, last = self.times[-1], np.array(self.boxes[-1])
            for missed in [t for t in looks if last_s < t < t_s]:
                share = (missed - last_s) / (t_s - last_s)
                self._note(missed, _as_tuple(last + share * (np.array(box) - last)), 0.0, seen=False)
        self._note(t_s, box, score, seen=True)
        self.last_at = frame.captured_at
        size = float(np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 1.0)))
        self.votes[class_id] += score * size
        self.score_sums[class_id] += score
        self.counts[class_id] += 1

    def _note(self, t_s: float, box: Box, score: float, *, seen: bool) -> None:
        self.times.append(t_s)
        self.boxes.append(box)
        self.scores.append(score)
        self.seen.append(seen)
        self.places.look(t_s, box)


def elect(shares: Mapping[str, float]) -> str:
    """The word for a vehicle with these shares of the vote: first the family with the most, then the word in it.

    A tank truck seen half as `truck` and half as `tank_truck` is no car, though `car` may have more than either.
    """
    families = {name: sum(shares.get(n, 0.0) for n in _FAMILIES.get(name, (name,))) for name in shares}
    return max(shares, key=lambda name: (families[name], shares[name]))


def _as_tuple(box: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Box:
    x0, y0, x1, y1 = (float(v) for v in box)
    return (x0, y0, x1, y1)
