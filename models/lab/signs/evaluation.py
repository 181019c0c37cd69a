"""How many real plates are found and wholly right, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from detector.sign import Sign
from detector.sign_look import SignLook
from models.lab.signs.real import RealPlate, read_crops, read_scenes


@dataclass(slots=True)
class Score:
    """Of a set of plates."""

    plates: int = 0
    found: int = 0
    """Have a sign of kind plate on their middle."""
    right: int = 0
    """Found, with every character right."""
    wrong_reads: int = 0
    """Signs of which every character was read, and whose text stands on no plate of the picture."""
    milliseconds: list[float] = field(default_factory=list)
    """Per picture."""
    missed: list[str] = field(default_factory=list)
    """`picture: truth, what was read` of each that is not right."""

    def figures(self) -> dict[str, float]:
        """Shares in 0 to 1, and the time of the middle picture."""
        return {
            "plates": self.plates,
            "found": round(self.found / max(self.plates, 1), 4),
            "right": round(self.right / max(self.plates, 1), 4),
            "wrong_reads": self.wrong_reads,
            "ms_per_picture": round(float(np.median(self.milliseconds)), 1) if self.milliseconds else 0.0,
        }


def measure_crops(look: SignLook, plates: Iterable[RealPlate]) -> Score:
    """Plates that were cut out before."""
    score = Score()
    for plate in plates:
        crop = plate.cut()
        start = time.perf_counter()
        signs = look.crop(crop)
        score.milliseconds.append(1000 * (time.perf_counter() - start))
        _count(score, plate, signs[0] if signs else None)
        score.wrong_reads += sum(sign.whole and sign.text != plate.text for sign in signs)
    return score


def measure_scenes(look: SignLook, plates: Sequence[RealPlate]) -> Score:
    """Plates in whole pictures; all plates of a picture must be among `plates`."""
    score = Score()
    for path in dict.fromkeys(plate.path for plate in plates):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        own = [plate for plate in plates if plate.path == path]
        start = time.perf_counter()
        signs = [sign for sign in look.signs(picture) if sign.kind == "plate"]
        score.milliseconds.append(1000 * (time.perf_counter() - start))
        for plate in own:
            on = [sign for sign in signs if _on(sign, plate)]
            _count(score, plate, next((sign for sign in on if sign.text == plate.text), on[0] if on else None))
        texts = {plate.text for plate in own}
        score.wrong_reads += sum(sign.whole and sign.text not in texts for sign in signs)
    return score


def measure(look: SignLook, data: Path, every: bool = False) -> tuple[dict[str, float], list[str]]:
    """Figures on the plates of the data folder that were held out, or on `every` one, and what was missed."""
    crops = measure_crops(look, [p for p in read_crops(data / "plates") if every or p.held_out])
    scenes = measure_scenes(look, [p for p in read_scenes(data / "plates/scenes") if every or p.held_out])
    named = (("crops", crops), ("scenes", scenes))
    figures = {f"{name}_{key}": value for name, score in named for key, value in score.figures().items()}
    return figures, crops.missed + scenes.missed


def _count(score: Score, plate: RealPlate, sign: Sign | None) -> None:
    score.plates += 1
    score.found += sign is not None
    if sign is not None and sign.text == plate.text:
        score.right += 1
    else:
        score.missed.append(f"{plate.path.name}: {plate.text}, {sign.text if sign else 'not found'}")


def _on(sign: Sign, plate: RealPlate) -> bool:
    if plate.corners is None:
        return True
    x, y = plate.corners.mean(axis=0)
    x0, y0, x1, y1 = sign.box
    return bool(x0 <= x <= x1 and y0 <= y <= y1)
