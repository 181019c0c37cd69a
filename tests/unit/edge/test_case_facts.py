"""What a lead says of its vehicle: the facts of the second look, each with the shot that proves it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cameras import Frame
from detector.axles import Axles
from detector.estimates import Estimate, Measurement
from detector.facts import Fact, Facts, Panel, PlateRead, Proof
from detector.passage import Passage
from edge.evidence.facts import facts_of, write_shots
from edge.evidence.verify import verify_folder
from edge.readings import readings_of
from edge.second_look import SecondLookDesk
from leads import Lead
from tests.unit.detector.views import passage, shot
from tests.unit.edge.boxes import lead_of, make_box, manifest_of, run_until
from tests.unit.edge.offices import Office, wait_until
from tests.unit.edge.passages import NOON
from tests.world import convoy, write_site, write_video

BEST, OTHER = shot(1.0, (100, 100, 300, 300)), shot(2.0, (300, 100, 450, 250))
PLATE = PlateRead("闽H31782", "large_car", "yellow", "front")
FACTS = Facts(
    plates=(Fact(PLATE, 0.97, 3, Proof(OTHER, (20, 30, 60, 45))),),
    axles=Fact(Axles(4, "2+2", 1), 0.9, 2, Proof(BEST, (0, 150, 180, 200))),
    load=Fact("heaped", 0.6, 1, Proof(BEST, (5, 5, 150, 60)), "seen in one shot alone"),
)


class Looker:
    """Knows the facts of every vehicle, when it is let look."""

    def __init__(self, facts: Facts = FACTS) -> None:
        self.let = threading.Event()
        self.let.set()
        self.facts = facts

    def look(self, passage: Passage) -> Passage:
        """The same of every vehicle."""
        assert self.let.wait(20)
        return replace(passage, facts=self.facts)


class Bureau:
    """An office whose camera's worker has a second look."""

    def __init__(self, root: Path, depth: int = 8) -> None:
        self.looker = Looker()
        self.second_look = SecondLookDesk(self.looker, depth=depth)
        self.office = Office(root / "box", second_look=self.second_look)
        self.office.desk.start()
        self.second_look.start()

    def close(self) -> None:
        self.looker.let.set()
        self.second_look.stop()
        self.office.desk.stop()
        self.office.outbox.close()

    def find(self) -> float:
        """A vehicle with two shots breaks a rule; the time at which that is proven."""
        finding, passage = self.office.find(1)
        self.office.in_view[passage.id] = replace(passage, shots=(BEST, OTHER))
        return finding.proven_s

    def time_is(self, t_s: float) -> None:
        """A frame of this time is looked at, and what the second look has answered is handed on."""
        for answer in self.second_look.answers():
            self.office.worker.known(answer.passage)
        at = NOON + timedelta(seconds=t_s)
        self.office.worker.time_is(Frame("cam", 1, round(t_s * 10), t_s, at, np.zeros((4, 4, 3), np.uint8)))

    @property
    def leads(self) -> list[tuple[Path, Lead]]:
        """The sealed leads."""
        folders = [p.parent for p in self.office.evidence.glob("????????/*/manifest.json")]
        return [(folder, lead_of(folder)) for folder in folders]


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    bureau = Bureau(tmp_path)
    yield bureau
    bureau.close()


def test_a_lead_names_the_plate_and_every_fact_has_the_file_that_proves_it(bureau: Bureau) -> None:
    proven_s = bureau.find()
    bureau.time_is(proven_s + 5.0)
    wait_until(lambda: bureau.second_look.waiting == 0)
    bureau.time_is(proven_s + 5.1)
    wait_until(lambda: bureau.office.outbox.depth() == 1)
    ((folder, lead),) = bureau.leads
    plate = lead.vehicle.plate
    assert plate is not None
    assert (plate.text, plate.type, plate.colour, plate.score) == ("闽H31782", "01", "yellow", 0.97)
    told = {fact.name: fact for fact in lead.facts}
    assert (told["axle_count"].value, told["axle_count"].shots, told["axle_count"].proof) == (4, 2, "close-up.jpg")
    assert (told["axle_pattern"].value, told["lifted_axles"].value) == ("2+2", 1)
    assert (told["plate_front"].value, told["plate_front"].proof) == ("闽H31782", "shot-1.jpg")
    assert (told["load"].value, told["load_doubt"].value) == ("heaped", "seen in one shot alone")
    assert "body_colour" not in told, "nobody looked for it"
    assert "stood_still" in told, "what the rule itself says is still there"
    kinds = {f.name: f.kind for f in manifest_of(folder).files}
    assert (kinds["close-up.jpg"], kinds["shot-1.jpg"], kinds["shot-1.overlay.jpg"]) == ("close_up", "shot", "overlay")
    assert verify_folder(folder, bureau.office.public).problems == ()


def test_a_case_waits_for_the_facts_of_its_vehicle(bureau: Bureau) -> None:
    bureau.looker.let.clear()
    proven_s = bureau.find()
    wait_until(lambda: bureau.office.desk.counts.opened == 1)
    bureau.time_is(proven_s + 5.0)
    bureau.time_is(proven_s + 6.0)
    assert bureau.office.desk.waiting == 1
    bureau.looker.let.set()
    wait_until(lambda: bureau.second_look.waiting == 0)
    bureau.time_is(proven_s + 7.0)
    wait_until(lambda: bureau.office.outbox.depth() == 1)
    ((_, lead),) = bureau.leads
    assert lead.vehicle.plate is not None


def test_but_not_for_ever(bureau: Bureau) -> None:
    bureau.looker.let.clear()
    proven_s = bureau.find()
    bureau.time_is(proven_s + 5.0)
    bureau.office.now += bureau.office.worker.FACTS_WAIT_S + 0.1
    bureau.time_is(proven_s + 10.0)
    wait_until(lambda: bureau.office.outbox.depth() == 1)
    ((_, lead),) = bureau.leads
    assert lead.vehicle.plate is None
    assert "axle_count" not in {f.name for f in lead.facts}, "nobody looked"


def test_where_the_second_look_is_overrun_a_lead_is_made_without_it(tmp_path: Path) -> None:
    bureau = Bureau(tmp_path, depth=1)
    bureau.looker.let.clear()
    proven_s = bureau.find()
    bureau.second_look.ask(replace(bureau.office.find(2)[1], number=9))
    bureau.time_is(proven_s + 5.0)
    wait_until(lambda: bureau.office.outbox.depth() >= 1)
    assert bureau.second_look.counts.overflows >= 1
    bureau.close()


def test_a_doubtful_plate_names_nobody(tmp_path: Path) -> None:
    (plate,) = FACTS.plates
    doubtful = replace(FACTS, plates=(replace(plate, doubt="read in one shot alone"),))
    told = write_shots(tmp_path, passage_of(doubtful), 90)
    assert told.plate is None
    assert {f.name: f.value for f in told.facts}["plate_front_doubt"] == "read in one shot alone"


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("粤ZA123港", "hk_macao", "26"),
        ("粤ZA123澳", "hk_macao", "27"),
        ("闽HD12345", "small_nev", "52"),
        ("?", "x", "unknown"),
    ],
)
def test_plate_types_cross_the_wire_by_their_code(tmp_path: Path, text: str, kind: str, code: str) -> None:
    (plate,) = FACTS.plates
    facts = replace(FACTS, plates=(replace(plate, value=replace(PLATE, text=text, type=kind)),))
    told = write_shots(tmp_path, passage_of(facts), 90)
    assert told.plate is not None
    assert told.plate.type == code


def test_panel_and_diamonds_are_told() -> None:
    facts = Facts(panel=Fact(Panel("33", "1203"), 0.9, 2, Proof(BEST)), diamonds=(Fact("3", 0.8, 2, Proof(BEST)),))
    told = {f.name: f.value for f in facts_of(facts)}
    assert (told["panel"], told["diamond_1"]) == ("33/1203", "3")
    empty = Facts(panel=Fact(Panel("", ""), 0.9, 2, Proof(BEST)))
    assert {f.name: f.value for f in facts_of(empty)}["panel"] == "empty"


def test_speed_and_size_are_told_with_their_intervals_and_whether_the_meter_is_certified() -> None:
    measured = Measurement(0.0, 2.0, 24, Estimate(61.25, 58.1, 64.4), None, Estimate(2.5, 2.4, 2.6), None)
    told = {f.name: (f.value, f.unit) for f in facts_of(Facts(measured=measured))}
    assert told["speed_kmh"] == (61.25, "km/h")
    assert (told["speed_kmh_low"][0], told["speed_kmh_high"][0]) == (58.1, 64.4)
    assert told["speed_certified"] == (False, None)
    assert told["length_m"][0] == "unknown"
    assert told["width_m"] == (2.5, "m")


def test_body_and_raised_boards_are_told_where_they_are_known() -> None:
    told = {
        f.name: f.value for f in facts_of(Facts(body=Fact("tipper", 0.9, 2, None), load=Fact("level", 0.9, 2, None)))
    }
    assert (told["body"], told["load"], "raised_boards" in told) == ("tipper", "level", False)
    told = {f.name: f.value for f in facts_of(Facts(raised_boards=Fact(True, 0.9, 2, None)))}
    assert told["raised_boards"] is True
    assert "body" not in told


def passage_of(facts: Facts) -> Passage:
    return replace(passage([BEST, OTHER]), facts=facts)


def test_a_box_takes_the_second_look_and_names_all_networks(tmp_path: Path) -> None:
    passages: list[Passage] = []
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), 7), second_look={})
    box = make_box(site, on_passage=passages.append)
    readings: dict[str, float] = {}

    def reached() -> bool:
        readings.update({r.name: r.value for r in readings_of(box.state)})
        return bool(passages) and box.state.outbox.depth() == 1

    run_until(box, reached)
    assert [len(p.facts.looked_at) > 0 for p in passages] == [True]
    (folder,) = [p.parent for p in (tmp_path / "evidence").glob("????????/*/manifest.json")]
    lead = lead_of(folder)
    assert [m.name.rsplit("-", 1)[0] for m in lead.models[1:]] == [
        "lushao-features",
        "lushao-sign-finder",
        "lushao-sign-reader",
        "lushao-bodies",
    ]
    told: dict[str, Any] = {f.name: f.value for f in lead.facts}
    assert (told["axle_count"], told["load"]) == ("unknown", "unknown"), "a red block has no wheels"
    assert told["body_colour"] == "red"
    assert readings["lushao_second_looks"] >= 1
    assert readings["lushao_second_looks_missed"] == 0
