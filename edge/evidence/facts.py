"""The facts of a passage as they go onto the wire, and the shots that prove them as they go into the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from detector import facts as seen
from detector.estimates import Measurement
from detector.passage import Passage
from detector.shots import Shot
from edge.evidence.pictures import write_picture
from edge.identity import type_code
from leads import Fact, Plate, PlateColour
from leads.base import UNKNOWN, UtcMs

CLOSE_UP = "close-up"
"""The best shot; it is there whether it proves a fact or not."""

_COLOURS: dict[str, PlateColour] = {
    "blue": "blue",
    "yellow": "yellow",
    "green": "gradient_green",
    "yellow_green": "yellow_green",
    "white": "white",
    "black": "black",
}


class ProofPicture(BaseModel):
    """A shot that proves something, as it lies in the draft folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Without `.jpg`."""
    taken_at: UtcMs
    boxes: tuple[tuple[float, float, float, float], ...]
    """What it proves, in its pixels."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a lead says of the vehicle."""

    plate: Plate | None
    facts: tuple[Fact, ...]
    pictures: tuple[ProofPicture, ...]


def write_shots(folder: Path, passage: Passage, quality: int) -> Told:
    """Write the best shot and those that prove a fact, and say what they prove."""
    album = _Album(passage.shots)
    facts = tuple(_told(passage.facts, album))
    for shot, name in album.names.items():
        write_picture(folder, name, shot.crop, quality)
    pictures = tuple(
        ProofPicture(name=name, taken_at=shot.taken_at, boxes=tuple(album.boxes[shot]))
        for shot, name in album.names.items()
    )
    return Told(_plate(passage.facts), facts, pictures)


def facts_of(facts: seen.Facts) -> tuple[Fact, ...]:
    """The facts as they go onto the wire, without files that prove them."""
    return tuple(fact.model_copy(update={"proof": None}) for fact in _told(facts, _Album(())))


class _Album:
    """Names the shots that are kept, and notes what is to be seen on each."""

    def __init__(self, shots: Sequence[Shot]) -> None:
        self.names: dict[Shot, str] = {}
        self.boxes: dict[Shot, list[tuple[float, float, float, float]]] = {}
        if shots:
            self._keep(shots[0], CLOSE_UP)

    def proof(self, proof: seen.Proof | None) -> str | None:
        """Name of the file with the shot."""
        if proof is None:
            return None
        if proof.shot not in self.names:
            self._keep(proof.shot, f"shot-{len(self.names)}")
        if proof.box is not None and proof.box not in self.boxes[proof.shot]:
            self.boxes[proof.shot].append(proof.box)
        return f"{self.names[proof.shot]}.jpg"

    def _keep(self, shot: Shot, name: str) -> None:
        self.names[shot], self.boxes[shot] = name, []


def _told(facts: seen.Facts, album: _Album) -> Iterator[Fact]:
    for plate in facts.plates:
        if plate.value is not None:
            name = "plate" if plate.value.end == "unknown" else f"plate_{plate.value.end}"
            yield from _fact(name, plate, plate.value.text, album)
    axles = facts.axles.value
    yield from _fact("axle_count", facts.axles, None if axles is None else axles.count, album)
    if axles is not None:
        yield from _fact("axle_pattern", facts.axles, axles.pattern or None, album, doubt=False)
        yield from _fact("lifted_axles", facts.axles, axles.lifted, album, doubt=False)
    yield from _fact("load", facts.load, facts.load.value, album)
    if facts.panel.proof is not None:
        yield from _fact("panel", facts.panel, _panel_text(facts.panel.value), album)
    for number, diamond in enumerate(facts.diamonds, start=1):
        yield from _fact(f"diamond_{number}", diamond, diamond.value, album)
    if facts.signs_agree.known:
        yield from _fact("signs_agree", facts.signs_agree, facts.signs_agree.value, album)
    yield from _fact("body_colour", facts.colour, facts.colour.value, album)
    for name, fact in (("body", facts.body), ("raised_boards", facts.raised_boards), ("taxi_lamp", facts.taxi_lamp)):
        if fact.known:
            yield from _fact(name, fact, fact.value, album)
    if facts.measured is not None:
        yield from _measured(facts.measured, certified=facts.speed_certified)


def _measured(found: Measurement, *, certified: bool) -> Iterator[Fact]:
    """Speed and size, each with the ends of its 95 % interval."""
    sizes = (("length_m", found.length_m), ("width_m", found.width_m), ("height_m", found.height_m))
    for name, estimate in (("speed_kmh", found.speed_kmh), *sizes):
        if estimate is None:
            yield Fact(name=name, value=UNKNOWN)
            continue
        unit = "km/h" if name == "speed_kmh" else "m"
        for word, value in ((name, estimate.value), (f"{name}_low", estimate.low), (f"{name}_high", estimate.high)):
            yield Fact(name=word, value=round(value, 2), unit=unit, confidence=0.95, shots=found.looks)
    yield Fact(name="speed_certified", value=certified)


def _panel_text(panel: seen.Panel | None) -> str | None:
    if panel is None:
        return None
    return f"{panel.hazard}/{panel.un}" if panel.un else "empty"


def _fact(
    name: str, fact: seen.Fact[Any], value: str | int | bool | None, album: _Album, *, doubt: bool = True
) -> Iterator[Fact]:
    """The fact as it is told, and beside it why it is doubtful; nothing where nobody looked."""
    if fact.doubt == seen.NOT_LOOKED:
        return
    proof = album.proof(fact.proof)
    if value is None:
        yield Fact(name=name, value=UNKNOWN, proof=proof)
    else:
        yield Fact(name=name, value=value, confidence=round(fact.confidence, 4), shots=fact.shots, proof=proof)
        if fact.doubt and doubt:
            yield Fact(name=f"{name}_doubt", value=fact.doubt, proof=proof)


def _plate(facts: seen.Facts) -> Plate | None:
    """The vehicle's plate; a doubtful one is told among the facts alone, for it would name somebody."""
    fact = facts.plate
    if fact is None or fact.value is None or not fact.sure:
        return None
    read = fact.value
    return Plate(
        text=read.text,
        type=type_code(read),
        colour=_COLOURS.get(read.colour, UNKNOWN),
        score=round(fact.confidence, 4),
    )
