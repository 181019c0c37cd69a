"""What the box's eyes and its scale make of a vehicle: facts as good and as bad as docs/accuracy.md has measured them.

Where nothing was measured, the rate is assumed and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from detector.axles import Axles
from detector.dangerous_goods import GoodsTable, signs_fact
from detector.estimates import Estimate, Measurement
from detector.facts import Fact, Facts, Panel, PlateRead, PlateSought, Proof, Sides, unknown
from detector.passage import Passage
from detector.plate_types import DIGITS
from detector.shots import Shot
from edge.plate_codes import PLATE_CODES
from leads.settings_file import load_settings
from tests.accuracy.day_paths import driven, passage, people
from tests.accuracy.day_world import MIDNIGHT, Drive

Value = TypeVar("Value")
GOODS = load_settings(Path(__file__).resolve().parents[2] / "configs/un-numbers.yaml", GoodsTable)
TYPES = {code: word for word, code in PLATE_CODES.items()}
NO_BOXES = np.zeros((0, 4), np.float32)
NO_SHOT = Shot(0.0, MIDNIGHT, (0, 0, 1, 1), 1.0, np.zeros((1, 1, 3), np.uint8), (0, 0), NO_BOXES, cut=False)

PLATES = {"gate": (0.85, 0.08), "tunnel": (0.8, 0.1), "hub": (0.72, 0.13), "motorway": (0.65, 0.15)}
"""Share of plates read without doubt and with doubt: assumed; of wide plates in scenes of the road all were found."""
PLATE_RIGHT, DOUBTFUL_RIGHT = 0.987, 0.5
NIGHT_PLATES, NIGHT_COLOUR, DAY_COLOUR = 0.85, 0.03, 0.005
"""By night so many of the plates are read as by day, and share of colours taken for another: assumed."""
LOOKS_BARE = 0.01
"""Share of plates that were not read which nothing shows, though the end was well seen: assumed."""
VOTES: Mapping[str, Mapping[str, float]] = {
    "car": {"car": 0.99, "truck": 0.01},
    "van": {"car": 0.53, "van": 0.42, "bus": 0.05},
    "bus": {"bus": 0.88, "truck": 0.06, "car": 0.06},
    "light truck": {"truck": 0.85, "car": 0.14, "bus": 0.01},
    "truck": {"truck": 0.965, "car": 0.02, "bus": 0.015},
    "tank_truck": {"truck": 0.74, "tank_truck": 0.24, "bus": 0.02},
}
"""Class by the vote. On the two gantry videos, with the bundled network, 74 of 80 trucks that were followed are called
so, 6 mostly small ones car; of 90 cars 89 are. Minivans are called car in most samples, tank trucks truck; buses and
vans are assumed."""
TAKEN_FOR = {"van": "car", "tank_truck": "truck"}
"""What is so like another that the vote is as sure of it."""
SURE_OF_WRONG = 0.25
"""Share of wrong classes of which the vote is as sure as of right ones: of ten, three had 0.9 of it, the others 0.5 to
0.7. Of the right ones 97 of 100 had."""
NIGHT_TRUCKS = 0.9
"""By night, trucks that are called so, as a share of those by day: assumed after the networks' cards."""
AXLES_TOLD = {"gate": 0.75, "tunnel": 0.55, "hub": 0.3, "motorway": 0.5}
AXLES_RIGHT, LIFTED_SEEN, LIFTED_FALSE = 0.954, 0.65, 0.003
LOAD_TOLD: Mapping[str, Mapping[str, float]] = {
    "heaped": {"heaped": 0.62, "covered": 0.01},
    "covered": {"covered": 0.54, "heaped": 0.012},
    "empty": {"empty": 0.66},
    "level": {"level": 0.03},
    "": {"covered": 0.01},
}
"""What is told of a load, by what it is (models/weights/bodies.md); the rest is untold. One cover in 24 was told as a
heap by one picture; that two shots agree on it is taken for less."""
BODY_TOLD, BODY_RIGHT = 0.85, 0.98
RAISED_TOLD, RAISED_RIGHT, RAISED_FALSE = 0.85, 0.92, 0.012
SIGN_FOUND, SIGN_SURE, SIGN_RIGHT, DIAMOND_SURE, DIAMOND_RIGHT = 0.91, 0.7, 0.985, 0.75, 0.985
LAMP_SEEN, LAMP_FALSE = 0.8, 0.001
"""Assumed."""
SIZE_TOLD = {"length_m": 0.34, "width_m": 0.38, "height_m": 0.6}
SIZE_ERROR, SPEED_TOLD, SPEED_ERROR = 0.04, 0.92, 0.02
SIDES_SEEN = 0.6
"""Share of tank trucks of which two sides are seen well at the checkpoint: assumed."""


@dataclass
class Sight:
    """What the box got of one pass."""

    drive: Drive
    bare: Passage
    """Before the second look."""
    passage: Passage
    people: list[Passage]
    half: Passage
    """As it was when half of it was seen."""
    right: set[str] = field(default_factory=set)
    """What was seen without doubt, and right."""


class Eyes:
    """Sees by lot."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def see(self, number: int, drive: Drive) -> Sight:
        """One vehicle on its way."""
        times, boxes = driven(self._rng, drive)
        name, votes = f"{drive.camera}-{number:05d}", self._votes(drive)
        bare = passage(name, drive.camera, times, boxes, votes)
        half = passage(name, drive.camera, times[: len(times) // 2], boxes[: len(times) // 2], votes)
        persons, followed = people(self._rng, drive, times, boxes)
        right = {"people", "riders"} if followed else set[str]()
        facts = self._facts(drive, bare, right)
        return Sight(drive, bare, replace(bare, facts=facts), persons, half, right)

    def _chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)

    def _one(self, shares: Mapping[str, float]) -> str:
        """A word by its share; empty for the rest."""
        draw, words = self._rng.random(), list(shares)
        found = int(np.searchsorted(np.cumsum(list(shares.values())), draw, side="right"))
        return words[found] if found < len(words) else ""

    def _votes(self, drive: Drive) -> dict[str, float]:
        kind = "light truck" if drive.kind == "truck" and drive.length_m < 7 else drive.kind
        shares = dict(VOTES[kind])
        if _dark(drive) and drive.kind == "truck":
            shares |= {
                "truck": NIGHT_TRUCKS * shares["truck"],
                "bus": 1 - NIGHT_TRUCKS * shares["truck"] - shares["car"],
            }
        best = self._one(shares) or drive.kind
        sure = best in (drive.kind, TAKEN_FOR.get(drive.kind)) or self._chance(SURE_OF_WRONG)
        rest = float(self._rng.beta(0.3, 8) if sure else self._rng.uniform(0.1, 0.48))
        other = str(self._rng.choice([word for word in shares if word != best]))
        return {best: 1 - rest, other: rest}

    def _facts(self, drive: Drive, bare: Passage, right: set[str]) -> Facts:
        panel, diamonds = self._signs(drive, right)
        load = self._load(drive, right)
        body, raised = self._body(drive, right)
        lamp = self._chance(LAMP_SEEN if drive.lamp else LAMP_FALSE)
        right |= {"lamp"} if lamp and drive.lamp else set()
        shots = tuple(float(t) for t in np.linspace(bare.first_s, bare.last_s, 5)[1:4])
        sides, plates = self._sides(drive, right), self._plates(drive, right)
        return Facts(
            looked_at=shots,
            plates=plates,
            plate_sought=self._sought(drive, plates, right),
            sides=sides,
            axles=self._axles(drive, right),
            load=load,
            panel=panel,
            diamonds=diamonds,
            signs_agree=signs_fact(panel, diamonds, GOODS),
            body=body,
            raised_boards=raised,
            taxi_lamp=_fact(True) if lamp else unknown("no lamp is seen"),
            measured=self._measured(drive, bare, right),
            speed_certified=drive.camera == "motorway",
        )

    def _plates(self, drive: Drive, right: set[str]) -> tuple[Fact[PlateRead], ...]:
        sure, doubtful = PLATES[drive.camera]
        if _dark(drive):
            sure, doubtful = sure * NIGHT_PLATES, doubtful * NIGHT_PLATES
        how = "" if drive.bare else self._one({"sure": sure, "doubtful": doubtful})
        found = []
        if how:
            text = drive.plate
            if not self._chance(PLATE_RIGHT if how == "sure" else DOUBTFUL_RIGHT):
                text = self._misread(text)
            colour = self._colour(drive)
            type_ = TYPES[drive.code] if colour == drive.colour else {"blue": "small_car"}.get(colour, "large_car")
            doubt = "" if how == "sure" else "it is read with little confidence"
            end = "rear" if drive.trailer is None and drive.camera == "gate" and self._chance(0.4) else "front"
            found.append(_fact(PlateRead(text, type_, colour, end), doubt))  # type: ignore[arg-type]
            if how == "sure" and text == drive.plate and type_ == TYPES[drive.code]:
                right.add("plate")
        if drive.trailer is not None and self._chance(0.45):
            found.append(_fact(PlateRead(drive.trailer["plate"], "trailer", "yellow", "trailer")))
            right.add("trailer")
        return tuple(found)

    def _misread(self, text: str) -> str:
        place = int(self._rng.integers(2, len(text)))
        other = "-" if self._chance(0.3) else str(self._rng.choice([d for d in DIGITS if d != text[place]]))
        return text[:place] + other + text[place + 1 :]

    def _colour(self, drive: Drive) -> str:
        other = {"blue": "yellow", "yellow": "blue"}.get(drive.colour, drive.colour)
        return other if self._chance(NIGHT_COLOUR if _dark(drive) else DAY_COLOUR) else drive.colour

    def _sought(self, drive: Drive, plates: Sequence[Fact[PlateRead]], right: set[str]) -> tuple[PlateSought, ...]:
        shots = int(self._rng.integers(1, 7))
        if not plates and (drive.bare or self._chance(LOOKS_BARE)):
            right |= {"bare"} if drive.bare and shots >= 3 else set()
            return (PlateSought("front", shots, 0, Proof(NO_SHOT)),)
        return (PlateSought("front", shots, max(1, shots - 1), Proof(NO_SHOT)),) if plates else ()

    def _sides(self, drive: Drive, right: set[str]) -> Sides:
        if drive.camera != "gate" or not self._chance(SIDES_SEEN):
            return Sides(front=int(self._rng.integers(1, 4)))
        right.add("sides")
        return Sides(front=3, right=2)

    def _axles(self, drive: Drive, right: set[str]) -> Fact[Axles]:
        if not self._chance(AXLES_TOLD[drive.camera]):
            return unknown("fewer than two wheels of one side are seen")
        lifted = drive.lifted if self._chance(LIFTED_SEEN) else 0
        if not drive.lifted and drive.kind != "car" and drive.axles > 3 and self._chance(LIFTED_FALSE):
            lifted = 1
        count = drive.axles
        if drive.kind not in ("car", "van") and not self._chance(AXLES_RIGHT):
            count = max(2, count + int(self._rng.choice([-1, 1])))
        right |= {"axles"} if count == drive.axles else set()
        right |= {"lifted"} if lifted == drive.lifted else set()
        return _fact(Axles(count, "", lifted))

    def _load(self, drive: Drive, right: set[str]) -> Fact[Any]:
        told = self._one(LOAD_TOLD[drive.load]) if "truck" in drive.kind and drive.body != "tank" else ""
        right |= {"load"} if told and told == drive.load else set()
        return _fact(told) if told else unknown("no heap and no cover is seen")

    def _body(self, drive: Drive, right: set[str]) -> tuple[Fact[str], Fact[bool]]:
        if not drive.body or not self._chance(BODY_TOLD):
            return unknown("nothing tells the kind of body"), unknown("raised boards are told of tippers alone")
        body = drive.body if self._chance(BODY_RIGHT) else "flat"
        if body != "tipper" or not self._chance(RAISED_TOLD):
            return _fact(body), unknown("the boards are not seen well enough")
        raised = self._chance(RAISED_RIGHT if drive.raised else RAISED_FALSE)
        right |= {"raised"} if raised == drive.raised else set()
        return _fact(body), _fact(raised)

    def _signs(self, drive: Drive, right: set[str]) -> tuple[Fact[Panel], tuple[Fact[str], ...]]:
        panel: Fact[Panel] = unknown("no panel is seen")
        if drive.panel is not None and self._chance(SIGN_FOUND):
            hazard, _, un = drive.panel.partition("/")
            true = self._chance(SIGN_RIGHT)
            un = un if true or not un else un[:3] + str((int(un[3]) + 1) % 10)
            read = Panel("", "") if drive.panel == "empty" else Panel(hazard, un)
            sure = self._chance(SIGN_SURE)
            panel = _fact(read, "" if sure else "seen in one shot alone")
            right |= {"panel"} if sure and true else set()
        diamonds = []
        for danger in drive.diamonds:
            if self._chance(SIGN_FOUND):
                true, sure = self._chance(DIAMOND_RIGHT), self._chance(DIAMOND_SURE)
                read_as = danger if true else "8" if danger == "3" else "3"
                diamonds.append(_fact(read_as, "" if sure else "seen in one shot alone"))
                right |= {"diamond"} if true and sure else set()
        right |= {"signs"} if {"panel", "diamond"} <= right else set()
        right |= {"sign"} if right & {"panel", "diamond"} else set()
        right |= {"dangerous"} if right & {"sign", "plate"} else set()
        return panel, tuple(diamonds)

    def _measured(self, drive: Drive, bare: Passage, right: set[str]) -> Measurement | None:
        """Calibrated are checkpoint and motorway. A 95 % interval as wide as it has to be."""
        if drive.camera not in ("gate", "motorway") or drive.stands_s:
            return None
        speed = self._estimate(drive.speed_kmh, SPEED_ERROR) if self._chance(SPEED_TOLD) else None
        sizes = {
            name: self._estimate(getattr(drive, name), SIZE_ERROR) if self._chance(share) else None
            for name, share in SIZE_TOLD.items()
        }
        right |= {"speed"} if speed else set()
        limits = {"height_m": 4.0, "width_m": 2.55}
        sure = [n for n, m in limits.items() if getattr(drive, n) > m and (e := sizes[n]) and e.surely_over(m)]
        right |= {"size"} if sure else set()
        return Measurement(bare.first_s, bare.last_s, 9, speed, sizes["length_m"], sizes["width_m"], sizes["height_m"])

    def _estimate(self, value: float, error: float) -> Estimate:
        found = value * (1 + float(self._rng.normal(0, error)))
        half = 1.96 * error * found * float(self._rng.uniform(0.9, 1.3))
        return Estimate(found, found - half, found + half)


def _dark(drive: Drive) -> bool:
    return not "06:00" < drive.clock < "18:30"


def _fact(value: Value, doubt: str = "") -> Fact[Value]:
    return Fact(value, 0.6 if doubt else 0.95, 1 if doubt else 3, None, doubt)


def names(sights: Sequence[Sight]) -> dict[str, Sight]:
    """By the id of the passage."""
    return {sight.bare.id: sight for sight in sights}
