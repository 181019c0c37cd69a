"""One act, one lead (一事不再罚): knows an act again when its vehicle comes back as another track."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from detector.geometry import iou_matrix
from detector.passage import Passage
from edge.outbox import KnownAct
from edge.rules import Finding

Box = tuple[float, float, float, float]

SAME_PLACE_IOU = 0.3
"""Overlap of the last box of the old track and the first of the new one."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    lead_id: str
    rule_id: str
    camera: str
    zone: str | None
    passage_id: str
    box: Box
    seen_at: datetime


class ActBook:
    """Acts a lead was made of, in memory and, over restarts, in the outbox."""

    def __init__(self, stored: Callable[[str, str, datetime], Iterable[KnownAct]]) -> None:
        """`stored(rule_id, camera, since)`: acts of earlier runs, see `Outbox.acts`."""
        self._stored = stored
        self._acts: list[_Remembered] = []

    def same_act(self, finding: Finding, passage: Passage) -> str | None:
        """Id of the lead that was already made of this act, or None."""
        since = passage.first_at - timedelta(seconds=finding.rule.same_act_within.value)
        for act in self._candidates(finding, passage, since):
            if act.passage_id == passage.id:
                return act.lead_id
            met = iou_matrix(np.array([act.box], np.float32), passage.boxes[:1])[0, 0] >= SAME_PLACE_IOU
            if act.zone == finding.zone and since <= act.seen_at <= passage.first_at and met:
                self._acts.append(replace(act, passage_id=passage.id))
                return act.lead_id
        return None

    def begin(self, lead_id: str, finding: Finding, passage: Passage) -> None:
        """A lead is made of this act."""
        self._acts.append(
            _Remembered(
                lead_id,
                finding.rule.id,
                passage.camera,
                finding.zone,
                passage.id,
                last_box(passage),
                passage.last_at,
            )
        )

    def seen(self, passage: Passage) -> list[tuple[str, datetime, Box]]:
        """A passage is over: where and when the vehicles of its leads were last seen."""
        news = []
        for i, act in enumerate(self._acts):
            if act.passage_id == passage.id:
                self._acts[i] = replace(act, box=last_box(passage), seen_at=passage.last_at)
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


def last_box(passage: Passage) -> Box:
    """Where the vehicle is, or was last."""
    x0, y0, x1, y1 = (float(v) for v in passage.boxes[-1])
    return (x0, y0, x1, y1)
