"""The model cards of the networks of signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from models.manifest import TrainingSet

_WHAT = {
    "finder": """Finds number plates, orange panels and diamonds of dangerous goods in a picture of any size, each with
its four corners: a heat map of their middles, looked at in 256 000 pixels whatever its size.""",
    "reader": """Reads a plate, a panel or a diamond cut out to 160 x 48 pixels: eight places, each of which attends to
where its character stands; what kind of sign it is; where its corners lie. Both lines of a plate are read at once.""",
}
_LEARNED = {
    "finder": """Trained from random weights on real pictures of vehicles with drawn signs laid in, on real scenes with
Chinese plates, and on scenes rendered by this project. Vehicles whose own plates nobody marked hardly count as
background.""",
    "reader": """Trained from random weights on 120 000 views of drawn signs (letters as strokes, and faces of Debian's
fonts; turned, blurred, dirty, dark, compressed, down to 34 pixels across) and, one in eight, on real plates.""",
}
_LIMITS = {
    "finder": (
        "Plates narrower than about ten pixels once the picture is brought to 256 000 pixels are missed.",
        "Real panels and diamonds were not among its pictures, only drawn and rendered ones.",
        "Of Chinese plates of two lines, of new energy, and of police, diplomats and border traffic, no real picture "
        "was at hand either.",
    ),
    "reader": (
        "The real plates it saw and was measured on are blue ones, nearly all of Anhui, and few yellow ones: the "
        "rarer provinces and all other types were learned from drawings alone.",
        "Below some 60 pixels across, the province is often not read. Its probabilities hold (measured on drawn "
        "signs): take them at their word, and what it gives as `-` for unread.",
        "Divisions 1.1 to 1.6 of explosives look alike but for small figures; trust the class, not the division.",
    ),
}


def card(
    which: Literal["finder", "reader"], name: str, sets: Sequence[TrainingSet], metrics: Mapping[str, float]
) -> str:
    """Markdown of a card; `metrics` as of `models.lab.signs.evaluation.measure`."""
    return "\n".join([f"# {name}\n", f"{_WHAT[which]} Licence AGPL-3.0-or-later.\n", *_body(which, sets, metrics)])


def _body(which: str, sets: Sequence[TrainingSet], metrics: Mapping[str, float]) -> Iterator[str]:
    yield f"## Where it comes from\n\n{_LEARNED[which]} The sets are not part of this project:\n"
    yield from (f"- {one.name}, {one.licence}" for one in sets)
    yield "\n## How good it is\n"
    yield "Real plates held out of training, both networks together:\n"
    yield "| plates | number | found | wholly right |\n| --- | ---: | ---: | ---: |"
    for kind in ("crops", "scenes"):
        found, right = (f"{100 * metrics[f'{kind}_{figure}']:.1f} %" for figure in ("found", "right"))
        yield f"| {kind} | {metrics[f'{kind}_plates']:.0f} | {found} | {right} |"
    yield "\n## What it cannot do\n"
    yield from (f"- {limit}" for limit in _LIMITS[which])
    yield ""
