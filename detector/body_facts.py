"""What is known of a vehicle's body: its load, its kind, its colour, the lamp of a taxi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from detector.agreement import ENOUGH
from detector.body_colour import colour_of
from detector.body_look import BodySight
from detector.facts import Fact, Load, Proof, unknown
from detector.passage import Passage
from detector.shots import Shot
from detector.sights import Sight, as_box

SEEN = 0.4
"""A feature counts in a shot from this score on."""
Value = TypeVar("Value")

SURE_BODY = 0.85
SURE_LOAD = 0.95
SURE_RAISED = 0.9
"""Probabilities from which on the network of bodies is believed, so that 95 of 100 answers are right
(`lushao models bodies evaluate`)."""

LOADS: dict[str, Load] = {"heaped_load": "heaped", "covered_load": "covered"}
SHOWN: dict[str, Load] = {"empty": "empty", "level": "level", "heaped": "heaped", "covered": "covered"}
"""What the network of bodies says of a load that can be seen."""
TANK_SHARE = 0.6
"""Share of the vote by which a vehicle is a tank truck."""
AGREED = 0.6
"""Share of all shots' weight that those that say the same must have."""
Looks = Sequence[tuple[Shot, BodySight]]
"""Shots with what the network of bodies sees in them."""


def load_fact(sights: Sequence[Sight], looks: Looks = ()) -> Fact[Load]:
    """How it is loaded: by heaps and covers that were found, and by the look of the whole.

    A heap found in two shots is one, whatever the whole looks like; otherwise the two must not contradict each other.
    """
    seen: list[tuple[Load, float, Proof]] = [
        (load, float(found.scores[0]), Proof(sight.shot, as_box(found.boxes[0])))
        for sight in sights
        for word, load in LOADS.items()
        if len(found := sight.found(word, SEEN))
    ]
    differ = "the load looks heaped in some shots and covered in others"
    part = _voted(seen, "no heap and no cover is seen", differ)
    sure = [(shot, one.load) for shot, one in looks if one.load[1] >= SURE_LOAD]
    whole = _voted(
        [(SHOWN[word], share, Proof(shot)) for shot, (word, share) in sure if word in SHOWN],
        "no heap and no cover is seen, and the bed is not seen well enough",
        "the load looks different in different shots",
    )
    hidden = sum(word not in SHOWN for _, (word, _) in sure)
    if not looks or (part.sure and part.value in ("heaped", whole.value)):
        return part
    if not whole.known:
        if hidden > 0 and hidden >= part.shots:
            return unknown("nobody can see how it is loaded")
        return part if part.known else whole
    if part.known and part.value != whole.value:
        return unknown(f"a {part.value} load is found, but the vehicle looks {whole.value}")
    return part if part.known and not whole.sure else whole


def body_fact(passage: Passage, load: Fact[Load], looks: Looks = ()) -> Fact[str]:
    """The kind of body, as it looks; else a tank or one open at the top, as far as that follows from what was seen."""
    tank = passage.votes.get("tank_truck", 0.0)
    differ = "the body looks different in different shots"
    seen = [(one.body[0], one.body[1], Proof(shot)) for shot, one in looks if one.body[1] >= SURE_BODY]
    look = _voted(seen, "nothing that was seen tells the kind of body", differ)
    if tank >= TANK_SHARE and passage.shots:
        if look.known and look.value != "tank":
            return unknown(f"it is a tank truck by its shape, but its body looks like another: {look.value}")
        return Fact("tank", passage.class_score, int(passage.seen.sum()), Proof(passage.shots[0]))
    if look.value == "none":
        return unknown("it looks like no goods vehicle")
    if not look.known and load.value in LOADS.values() and load.sure and tank < 1 - TANK_SHARE:
        return Fact("open", load.confidence, load.shots, load.proof)
    return look


def raised_boards_fact(body: Fact[str], looks: Looks) -> Fact[bool]:
    """Whether a tipper's boards were built higher than they were made."""
    if body.value != "tipper":
        return unknown("raised boards are told of tippers alone")
    seen = [(one.raised[0], one.raised[1], Proof(shot)) for shot, one in looks if one.raised[1] >= SURE_RAISED]
    return _voted(seen, "the boards are not seen well enough", "the boards look raised in some shots and not in others")


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
