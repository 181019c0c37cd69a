"""What is known of a vehicle's body: its load, its kind, its colour, the lamp of a taxi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from detector.agreement import ENOUGH
from detector.body_colour import colour_of
from detector.facts import Fact, Load, Proof, unknown
from detector.passage import Passage
from detector.sights import Sight, as_box

SEEN = 0.4
"""A feature counts in a shot from this score on."""
Value = TypeVar("Value")

LOADS: dict[str, Load] = {"heaped_load": "heaped", "covered_load": "covered"}
TANK_SHARE = 0.6
"""Share of the vote by which a vehicle is a tank truck."""
AGREED = 0.6
"""Share of all shots' weight that those that say the same must have."""


def load_fact(sights: Sequence[Sight]) -> Fact[Load]:
    """Whether the load is heaped above the boards or covered; nothing is concluded from seeing neither."""
    seen: list[tuple[Load, float, Proof]] = [
        (load, float(found.scores[0]), Proof(sight.shot, as_box(found.boxes[0])))
        for sight in sights
        for word, load in LOADS.items()
        if len(found := sight.found(word, SEEN))
    ]
    return _voted(seen, "no heap and no cover is seen", "the load looks heaped in some shots and covered in others")


def body_fact(passage: Passage, load: Fact[Load]) -> Fact[str]:
    """The kind of body, as far as it follows from what was seen: a tank, or one open at the top."""
    tank = passage.votes.get("tank_truck", 0.0)
    if tank >= TANK_SHARE and passage.shots:
        return Fact("tank", passage.class_score, int(passage.seen.sum()), Proof(passage.shots[0]))
    if load.sure and tank < 1 - TANK_SHARE:
        return Fact("open", load.confidence, load.shots, load.proof)
    return unknown("nothing that was seen tells the kind of body")


def taxi_lamp_fact(sights: Sequence[Sight]) -> Fact[bool]:
    """Whether a taxi's lamp is on the roof; that none is seen says nothing."""
    seen = [
        (True, float(found.scores[0]), Proof(sight.shot, as_box(found.boxes[0])))
        for sight in sights
        if len(found := sight.found("taxi_lamp", SEEN))
    ]
    return _voted(seen, "no lamp is seen", "")


def colour_fact(passage: Passage, sights: Sequence[Sight]) -> Fact[str]:
    """The body's colour by the vote of the shots; a truck's doubtful, for registers go by the cab."""
    seen = []
    for sight in sights:
        covered = [as_box(b) for b in sight.features.boxes[sight.features.scores >= SEEN]]
        colour = colour_of(sight.shot.crop, sight.shot.own_box, covered)
        if colour is not None:
            seen.append((colour.word, colour.share, Proof(sight.shot)))
    fact = _voted(seen, "it is too dark, or no colour prevails", "the shots disagree")
    truck = passage.class_name in ("truck", "tank_truck")
    if truck and fact.sure:
        return replace(fact, doubt="it is the colour of the largest part, which may not be that of the cab")
    return fact


def _voted(seen: Sequence[tuple[Value, float, Proof]], none: str, differ: str) -> Fact[Value]:
    """The value most shots' scores speak for; unknown where they disagree, doubtful where one shot alone saw it."""
    if not seen:
        return unknown(none)
    sums: dict[Value, float] = {}
    for value, score, _ in seen:
        sums[value] = sums.get(value, 0.0) + score
    best = max(sums, key=lambda v: sums[v])
    share = sums[best] / sum(sums.values())
    if share < AGREED:
        return unknown(differ)
    same = sorted((s for s in seen if s[0] == best), key=lambda s: -s[1])
    mean = sums[best] / len(same)
    enough = len(same) >= ENOUGH
    confidence = share * mean * (1.0 if enough else 0.5)
    return Fact(best, min(confidence, 1.0), len(same), same[0][2], "" if enough else "seen in one shot alone")
