"""One act, one lead (一事不再罚): knows an act again when its vehicle comes back as another track."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from detector.detections import Box
from detector.geometry import iou_matrix, share_inside
from detector.passage import Passage
from edge.outbox import KnownAct
from edge.rules import Finding

SAME_PLACE_IOU = 0.3
"""Overlap of the first box of the new track and where the vehicle of the old one should be by then."""
ONE_INSIDE = 0.7
"""Share of the smaller box inside the larger, of two tracks that are one vehicle."""
ONE_GROUND = 0.15
"""Their lower edges differ by less than this share of the height: one stands where the other does."""
STEADY_S = 1.0
"""The last so many seconds of a track say where its vehicle was heading."""
BROKEN_S = 3.0
"""A vehicle that is lost from sight is found again within this time."""
STANDING = 0.15
"""A vehicle that moved less than this share of its size in that time stands still."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    lead_id: str
    rule_id: str
    camera: str
    zone: str | None
    passage_id: str
    box: Box
    seen_at: datetime
    heading: tuple[float, float] = (0.0, 0.0)
    """Pixels per second, right and down."""

    def box_at(self, moment: datetime) -> Box:
        """Where the vehicle should be, if it went on as it was last seen."""
        gap_s = (moment - self.seen_at).total_seconds()
        dx, dy = self.heading[0] * gap_s, self.heading[1] * gap_s
        return (self.box[0] + dx, self.box[1] + dy, self.box[2] + dx, self.box[3] + dy)


class ActBook:
    """Acts a lead was made of, in memory and, over restarts, in the outbox."""

    def __init__(self, stored: Callable[[str, str, datetime], Iterable[KnownAct]]) -> None:
        """`stored(rule_id, camera, since)`: acts of earlier runs, see `Outbox.acts`."""
        self._stored = stored
        self._acts: list[_Remembered] = []

    def same_act(self, finding: Finding, passage: Passage) -> str | None:
        """Id of the lead that was already made of this act, or None."""
        # A vehicle known by its plate is looked up by that; by its place only where its track was broken.
        by_plate = finding.rule.one_act_per == "site"
        within_s = finding.rule.same_act_within.value
        since = passage.first_at - timedelta(seconds=min(within_s, BROKEN_S) if by_plate else within_s)
        for act in self._candidates(finding, passage, since):
            if act.passage_id == passage.id:
                return act.lead_id
            if act.zone == finding.zone and since <= act.seen_at and _meet(act, passage):
                self._acts.append(_look(replace(act, passage_id=passage.id), passage))
                return act.lead_id
        return None

    def begin(self, lead_id: str, finding: Finding, passage: Passage) -> None:
        """A lead is made of this act."""
        place = (finding.rule.id, passage.camera, finding.zone, passage.id)
        self._acts.append(_look(_Remembered(lead_id, *place, last_box(passage), passage.last_at), passage))

    def seen(self, passage: Passage) -> list[tuple[str, datetime, Box]]:
        """A passage as known now, or at its end; tells where and when the vehicle of each of its leads was seen."""
        news = []
        for i, act in enumerate(self._acts):
            if act.passage_id == passage.id:
                self._acts[i] = _look(act, passage)
                news.append((act.lead_id, passage.last_at, last_box(passage)))
        self._forget(passage.last_at)
        return news

    def _candidates(self, finding: Finding, passage: Passage, since: datetime) -> list[_Remembered]:
        rule_id, camera = finding.rule.id, passage.camera
        mine = [a for a in self._acts if a.rule_id == rule_id and a.camera == camera]
        known = {a.lead_id for a in mine}
        stored = [
            _Remembered(a.lead_id, rule_id, camera, a.zone, "", a.box, a.seen_at)
            for a in self._stored(rule_id, camera, since)
            if a.box is not None and a.lead_id not in known
        ]
        return mine + stored

    def _forget(self, now: datetime) -> None:
        """Acts of more than a day ago are only in the outbox."""
        if len(self._acts) > 1000:
            self._acts = [a for a in self._acts if now - a.seen_at < timedelta(days=1)]


def _meet(act: _Remembered, passage: Passage) -> bool:
    """Whether the passage is the vehicle of the act under another number.

    Either it begins where that one should be by then, or the two stood in one place at one time, as cab and truck.
    """
    if act.seen_at <= passage.first_at:
        expected = np.array([act.box_at(passage.first_at)], np.float32)
        return bool(iou_matrix(expected, passage.boxes[:1])[0, 0] >= SAME_PLACE_IOU)
    if act.seen_at > passage.last_at:
        return False
    then = passage.box_at(passage.first_s + (act.seen_at - passage.first_at).total_seconds())
    one, other = np.array([act.box], np.float64), then[None, :].astype(np.float64)
    height = max(one[0, 3] - one[0, 1], other[0, 3] - other[0, 1])
    same_ground = abs(one[0, 3] - other[0, 3]) <= ONE_GROUND * height
    inside = max(share_inside(one, other)[0, 0], share_inside(other, one)[0, 0])
    return bool(same_ground and inside >= ONE_INSIDE)


def _look(act: _Remembered, passage: Passage) -> _Remembered:
    return replace(act, box=last_box(passage), seen_at=passage.last_at, heading=_heading(passage))


def _heading(passage: Passage) -> tuple[float, float]:
    start = int(np.searchsorted(passage.times_s, passage.last_s - STEADY_S))
    (x0, y0, x1, y1), last = passage.boxes[start], passage.boxes[-1]
    way = ((last[0] + last[2] - x0 - x1) / 2, (last[1] + last[3] - y0 - y1) / 2)
    elapsed_s = passage.last_s - float(passage.times_s[start])
    if elapsed_s == 0 or np.hypot(*way) < STANDING * np.sqrt(max((x1 - x0) * (y1 - y0), 1.0)):
        return (0.0, 0.0)
    return (float(way[0] / elapsed_s), float(way[1] / elapsed_s))


def last_box(passage: Passage) -> Box:
    """Where the vehicle is, or was last."""
    x0, y0, x1, y1 = (float(v) for v in passage.boxes[-1])
    return (x0, y0, x1, y1)
