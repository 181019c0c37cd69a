"""The plates of a vehicle: agreed over its shots, kept apart by the end of the vehicle they are on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from detector.agreement import SAME_SIGN, Agreed, Read, agree, distance, unsure
from detector.facts import Fact, PlateEnd, PlateRead, Proof
from detector.heading import facing_end, heading_at
from detector.passage import Passage
from detector.plate_types import type_of
from detector.sights import Sight

NAMES = 0.9
"""Confidence that a plate needs, more than other signs do: a wrong one names somebody else."""
RIVAL = 0.5
"""Another number with this share of the weight on the same end makes both doubtful."""


def plate_facts(passage: Passage, sights: Sequence[Sight]) -> tuple[Fact[PlateRead], ...]:
    """One fact per end of the vehicle on which a plate was read, surest first."""
    reads: dict[PlateEnd, list[Read]] = {}
    for sight in sights:
        for read in sight.reads("plate"):
            reads.setdefault(_end(passage, read), []).append(read)
    found = (_fact(passage.class_name, end, agree(those)) for end, those in reads.items())
    facts = [fact for fact in found if fact is not None]
    return tuple(sorted((_held_against(f, facts) for f in facts), key=lambda f: (bool(f.doubt), -f.confidence)))


def _held_against(fact: Fact[PlateRead], facts: Sequence[Fact[PlateRead]]) -> Fact[PlateRead]:
    """The fact, doubtful where another end of the same motor vehicle surely bears another number."""
    own = fact.value
    if own is None or own.end == "trailer" or not fact.sure:
        return fact
    others = [o.value for o in facts if o.sure and o.value is not None and o.value.end != "trailer"]
    rival = next((o for o in others if o.text != own.text), None)
    return fact if rival is None else replace(fact, doubt=f"{rival.text} was read on another end ({rival.end})")


def _fact(vehicle: str, end: PlateEnd, found: list[Agreed]) -> Fact[PlateRead] | None:
    if not found:
        return None
    best = found[0]
    plate = PlateRead(best.text, type_of(best.text, best.colour, vehicle), best.colour, end)
    doubt = best.doubt or unsure(best.confidence, NAMES)
    doubts = [doubt] if doubt else []
    # The number painted large on a truck, read as one of another length, is no other number.
    rivals = (a for a in found if a.weight >= RIVAL * best.weight and distance(a.text, best.text) > SAME_SIGN)
    rival = next(rivals, None)
    if rival is not None:
        doubts.append(f"another number was read there too: {rival.text}")
    return Fact(plate, best.confidence, best.shots, Proof(best.best.shot, best.best.sign.box), "; ".join(doubts))


def _end(passage: Passage, read: Read) -> PlateEnd:
    if read.sign.text.endswith("挂"):
        return "trailer"
    facing = facing_end(passage, read.shot.t_s)
    if facing is not None:
        return facing
    heading = heading_at(passage, read.shot.t_s)
    if heading is None:
        return "unknown"
    x0, _, x1, _ = read.shot.own_box
    left = (read.sign.box[0] + read.sign.box[2]) < x0 + x1
    return "front" if left == (heading == "left") else "rear"
