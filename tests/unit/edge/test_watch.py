"""Watching one camera: findings come while the vehicle is in view, once, and in time."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cameras import Frame
from detector.detections import Box, Detections
from detector.passage import Passage
from detector.plan import PlanSettings
from detector.shots import ShotSettings
from detector.tracker import TrackerSettings
from edge.rules import Finding, Place, RuleBook
from edge.watch import CameraWatch, WatchSettings
from tests.unit.edge.passages import NOON
from tests.unit.edge.test_rules import BOOK, CLOSED, NO_STOP

PICTURE = np.full((500, 1000, 3), 110, np.uint8)
BOTH = PlanSettings(zones=(*CLOSED.zones, *NO_STOP.zones))
CLASSES = ("truck", "car")


class Camera:
    """A watch that is fed boxes, ten frames a second, and notes what it says."""

    def __init__(self, plan: PlanSettings, book: RuleBook | None = BOOK) -> None:
        self.found: list[tuple[float, Finding, Passage]] = []
        self.over: list[Passage] = []
        self.t_s = 0.0
        settings = WatchSettings(
            TrackerSettings(), ShotSettings(), plan, ZoneInfo("Asia/Shanghai"), Place("test", "cam")
        )
        self.watch = CameraWatch("cam", CLASSES, book, settings, self._find, self.over.append)

    def _find(self, finding: Finding, passage: Passage) -> None:
        self.found.append((self.t_s, finding, passage))

    def look(self, *boxes: Box, session: int = 0, class_id: int = 0) -> None:
        """One frame with these boxes."""
        at = NOON + timedelta(seconds=self.t_s)
        frame = Frame("cam", session, round(self.t_s * 10), self.t_s, at, PICTURE)
        array = np.array(boxes, np.float32).reshape(-1, 4)
        self.watch.looked(
            frame, Detections(array, np.full(len(array), 0.9, np.float32), np.full(len(array), class_id, np.int64))
        )
        self.t_s = round(self.t_s + 0.1, 3)

    def drive(self, frames: int, speed: float = 12.0, at: float = 100.0, session: int = 0, class_id: int = 0) -> None:
        """A vehicle through the lower half."""
        for i in range(frames):
            x = at + speed * i
            self.look((x, 340, x + 80, 400), session=session, class_id=class_id)


def test_a_finding_comes_while_the_vehicle_is_in_view_and_once() -> None:
    camera = Camera(CLOSED)
    camera.drive(40)
    ((at_s, finding, passage),) = camera.found
    assert camera.over == []
    assert finding.rule.id == "TR-01"
    assert not passage.over
    proven = finding.from_s + finding.rule.least_inside.value  # type: ignore[attr-defined]
    assert proven <= at_s <= proven + CameraWatch.JUDGE_EVERY_S + 0.11
    now = camera.watch.now(passage)
    assert now is not None
    assert now.last_s == pytest.approx(3.9)


def test_a_passage_is_told_when_its_vehicle_has_left() -> None:
    camera = Camera(CLOSED)
    camera.drive(20)
    assert camera.watch.busy
    for _ in range(20):
        camera.look()
    (passage,) = camera.over
    assert passage.over
    assert passage.last_s == pytest.approx(1.9)
    assert not camera.watch.busy
    assert len(camera.found) == 1


def test_one_vehicle_may_break_two_rules() -> None:
    camera = Camera(BOTH)
    camera.drive(115, speed=0.0)
    assert [f.rule.id for _, f, _ in camera.found] == ["TR-01", "TR-02"]
    (_, _, first), (_, _, second) = camera.found
    assert first.id == second.id


def test_each_vehicle_has_its_own_findings() -> None:
    camera = Camera(CLOSED)
    for i in range(20):
        camera.look((100 + 12 * i, 340, 180 + 12 * i, 400), (500 + 12 * i, 340, 580 + 12 * i, 400))
    assert len({p.id for _, _, p in camera.found}) == len(camera.found) == 2


@pytest.mark.parametrize("plan", [PlanSettings(), NO_STOP])
def test_where_no_zone_forbids_it_nothing_is_found(plan: PlanSettings) -> None:
    camera = Camera(plan)
    camera.drive(40)
    camera.watch.finish()
    assert camera.found == []
    assert len(camera.over) == 1


def test_without_rules_there_are_passages_alone() -> None:
    camera = Camera(CLOSED, book=None)
    camera.drive(40)
    camera.watch.finish()
    assert (camera.found, len(camera.over)) == ([], 1)


def test_another_class_breaks_no_rule_of_trucks() -> None:
    camera = Camera(CLOSED)
    camera.drive(40, class_id=1)
    camera.watch.finish()
    assert (camera.found, [p.class_name for p in camera.over]) == ([], ["car"])


def test_what_is_in_view_at_the_end_is_judged_and_told() -> None:
    camera = Camera(CLOSED)
    camera.drive(10)
    assert camera.over == []
    camera.watch.finish()
    assert [p.over for p in camera.over] == [True]
    assert [f.rule.id for _, f, _ in camera.found] == ["TR-01"]


def test_a_lost_stream_ends_what_was_in_view_and_the_vehicle_is_another_passage_after_it() -> None:
    camera = Camera(CLOSED)
    camera.drive(20)
    camera.t_s = 0.0
    camera.drive(20, session=1)
    (before,) = camera.over
    assert before.session == 0
    assert [p.session for _, _, p in camera.found] == [0, 1]
    assert camera.watch.now(before) is None, "a passage of an earlier session is over"


def test_a_part_of_another_vehicle_leaves_nothing_that_delays_findings_after_the_stream_was_lost() -> None:
    camera = Camera(CLOSED)
    camera.t_s = 100.0
    for i in range(25):
        x = 100.0 + 5 * i
        cab = (x + 10, 340.0, x + 70, 400.0)
        camera.look(cab if i < 5 else (x - 150, 280.0, x + 75, 400.0), (x + 10, 330.0, x + 70, 400.0))
    for _ in range(20):
        camera.look()
    camera.t_s = 0.0
    for i in range(20):
        camera.look((100 + 12 * i, 340, 180 + 12 * i, 400), (500 + 12 * i, 340, 580 + 12 * i, 400), session=1)
    assert len(camera.over) < 3, "the part has no passage of its own"
    late = [at_s for at_s, _, p in camera.found if p.session == 1]
    assert len(late) == 2
    assert max(late) < 1.5
