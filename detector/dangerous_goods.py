"""Dangerous goods by the signs on a vehicle (GB 13392-2023): panel, diamonds and waybill held against each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from detector.agreement import agree, unsure
from detector.facts import Agreement, Fact, Panel, Proof, unknown
from detector.sights import Sight
from detector.sign import EMPTY_PANEL, UNREAD

UnNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
DangerClass = Annotated[str, StringConstraints(pattern=r"^(1\.[1-6]|2\.[1-3]|3|4\.[1-3]|5\.[12]|6\.[12]|7|8|9)$")]
HazardNumber = Annotated[str, StringConstraints(pattern=r"^X?[2-9][0-9]{1,2}$")]
_PANEL = re.compile(r"(X?[0-9]{2,3})/([0-9]{4})")
PANEL_APART = 1.5
"""`33/1203` and `30/1202` are two goods: reads of panels are put together more strictly than those of plates."""


class Goods(BaseModel):
    """One entry of the table: a UN number and how it is carried in tanks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Chinese name, after GB 12268."""
    danger: DangerClass
    """Class or division: that of the main diamond."""
    also: tuple[DangerClass, ...] = ()
    """Classes of the subsidiary hazards: further diamonds."""
    hazards: tuple[HazardNumber, ...] = ()
    """Hazard identification numbers it may be carried under; empty where it is not carried in tanks."""


class GoodsTable(BaseModel):
    """UN numbers and what they stand for: see configs/un-numbers.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: date
    """Day of the last change."""
    source: str
    """What it was made from."""
    confidence: Literal["verified", "unverified"] = "unverified"
    """verified once somebody has checked it against the official text."""
    goods: Mapping[UnNumber, Goods] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two or three tellings of the goods go together, and in words why not or why that is unknown."""

    result: Agreement | None
    """None is unknown."""
    why: str = field(default="")


def panel_fact(sights: Sequence[Sight]) -> Fact[Panel]:
    """What the orange panel says; an empty one is a fact as well."""
    reads = [read for sight in sights for read in sight.reads("panel")]
    # An empty panel has no character to vote on.
    empty = {id(r.shot): r for r in reads if r.sign.text == EMPTY_PANEL}
    found = agree((r for r in reads if r.sign.text != EMPTY_PANEL), PANEL_APART)
    if found and len({id(r.shot) for r in reads}) - len(empty) >= len(empty):
        best = found[0]
        match = _PANEL.fullmatch(best.text)
        proof = Proof(best.best.shot, best.best.sign.box)
        if match is None:
            return Fact(None, 0.0, 0, proof, f"there is a panel, but it was only read as {best.text}")
        return Fact(Panel(match[1], match[2]), best.confidence, best.shots, proof, best.doubt)
    if empty:
        first = max(empty.values(), key=lambda r: r.weight)
        doubt = "" if len(empty) > 1 else "seen in one shot alone"
        return Fact(Panel("", ""), first.sign.score, len(empty), Proof(first.shot, first.sign.box), doubt)
    return unknown("no panel was read")


def diamond_facts(sights: Sequence[Sight]) -> tuple[Fact[str], ...]:
    """The classes on the diamonds, surest first."""
    by_class: dict[str, dict[int, tuple[float, float, Proof]]] = {}
    for sight in sights:
        for read in sight.reads("diamond"):
            if UNREAD in read.sign.text or not read.sign.text:
                continue
            shots = by_class.setdefault(read.sign.text, {})
            score = read.sign.score
            shots[id(read.shot)] = max(
                shots.get(id(read.shot), (0.0, 0.0, Proof(read.shot))),
                (score, read.weight, Proof(read.shot, read.sign.box)),
                key=lambda entry: entry[0],
            )
    facts = []
    for danger, seen in by_class.items():
        best = max(seen.values(), key=lambda entry: entry[1])
        missed = 1.0
        for score, _, _ in seen.values():
            missed *= 1 - score
        confidence = min(1 - missed, 0.999)
        doubt = unsure(confidence) if len(seen) > 1 else "seen in one shot alone"
        facts.append(Fact(danger, confidence, len(seen), best[2], doubt))
    return tuple(sorted(facts, key=lambda f: (bool(f.doubt), -f.confidence)))


def compare(
    panel: Panel | None, diamonds: Sequence[str], table: GoodsTable, waybill_un: str | None = None
) -> Comparison:
    """Hold panel, diamonds and, where there is one, the waybill's UN number against each other.

    What is missing is no contradiction: the answer is then unknown. `panel`: as read, None where none was.
    """
    if panel is not None and not panel.un and waybill_un is not None:
        return Comparison("disagree", f"the panel is empty, the waybill says UN {waybill_un}")
    un = panel.un if panel is not None else ""
    if un and waybill_un is not None and un != waybill_un:
        return Comparison("disagree", f"the panel says UN {un}, the waybill UN {waybill_un}")
    told = un or waybill_un
    source = "panel" if un else "waybill"
    if not told:
        return Comparison(None, "no UN number is known")
    goods = table.goods.get(told)
    if goods is None:
        return Comparison(None, f"UN {told} is not in the table")
    if panel is not None and panel.hazard and goods.hazards and panel.hazard not in goods.hazards:
        wanted = " or ".join(goods.hazards)
        return Comparison("disagree", f"UN {told} ({goods.name}) is carried under {wanted}, not {panel.hazard}")
    foreign = [d for d in diamonds if not any(_covers(d, c) for c in (goods.danger, *goods.also))]
    if foreign:
        return Comparison(
            "disagree", f"UN {told} ({goods.name}) is of class {goods.danger}, a diamond says {foreign[0]}"
        )
    if any(_covers(d, goods.danger) for d in diamonds):
        return Comparison("agree", f"{source} and diamond tell of UN {told} ({goods.name}), class {goods.danger}")
    if un and waybill_un is not None:
        return Comparison("agree", f"panel and waybill tell of UN {told} ({goods.name})")
    return Comparison(
        None, f"UN {told} ({goods.name}) is known from the {source} alone: no diamond of its class was seen"
    )


def signs_fact(panel: Fact[Panel], diamonds: Sequence[Fact[str]], table: GoodsTable | None) -> Fact[Agreement]:
    """Whether panel and diamonds of one vehicle tell of the same goods, as far as both were read without doubt."""
    if table is None:
        return unknown("there is no table of UN numbers")
    if panel.value is None or not panel.sure:
        return unknown(panel.doubt or "no panel was read")
    sure = [d for d in diamonds if d.sure and d.value is not None]
    said = compare(panel.value, [d.value for d in sure if d.value is not None], table)
    if said.result is None:
        return unknown(said.why)
    confidence = min([panel.confidence, *(d.confidence for d in sure)])
    shots = min([panel.shots, *(d.shots for d in sure)])
    return Fact(said.result, confidence, shots, panel.proof)


def _covers(diamond: str, danger: str) -> bool:
    """Whether a diamond is that of a class; one that shows only `2` is of any division of it.

    Divisions of explosives differ by small figures alone, which are too often misread to contradict a panel.
    """
    return danger == diamond or danger.startswith(f"{diamond}.") or (danger[:2] == diamond[:2] == "1.")
