"""The courses by which the bundled networks of signs were trained, and their way into ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from detector.plate_types import lawful
from detector.sign_alphabet import SIZE
from models.lab.signs.export import LARGEST_READER, to_onnx
from models.lab.signs.finder_network import FinderNetwork
from models.lab.signs.finder_pictures import Scene
from models.lab.signs.pool import Pool
from models.lab.signs.reader_network import SignNetwork
from models.lab.signs.real import RealPlate
from models.lab.signs.train_finder import INPUT, Mixture
from models.lab.signs.train_finder import train as train_finder
from models.lab.signs.train_reader import RealCuts
from models.lab.signs.train_reader import train as train_reader
from models.lab.signs.training import Course, Tell
from models.manifest import ModelError

Network = TypeVar("Network", bound=torch.nn.Module)

MARGIN = 0.04
"""Cut out round a real plate, as a share of its size."""


def read(
    pools: Sequence[Pool],
    plates: Sequence[RealPlate],
    out: Path,
    start: Path | None,
    minutes: float,
    rate: float,
    tell: Tell,
) -> None:
    """Train the reader on drawn views and real cut-outs."""
    known = [plate for plate in plates if lawful(plate.text)]
    slots, kinds = np.stack([plate.slots for plate in known]), np.array([plate.kind for plate in known])
    real = RealCuts([plate.cut(MARGIN) for plate in known], slots, kinds)
    network = _begun(SignNetwork(), start)
    train_reader(network, pools, real, out, Course(60 * minutes, 128, rate), tell)


def find(
    vehicles: Sequence[Sequence[Scene]],
    plates: Sequence[Scene],
    rendered: Sequence[Scene],
    out: Path,
    start: Path | None,
    minutes: float,
    rate: float,
    tell: Tell,
) -> None:
    """Train the finder on pictures of vehicles with signs laid in, real scenes of plates, and renderings."""
    shares = (0.33, 0.15, 0.10)
    laid_in = [Mixture(scenes, share, 3) for scenes, share in zip(vehicles, shares, strict=True)]
    mixtures = [*laid_in, Mixture(plates, 0.27, 1), Mixture(rendered, 0.15, 1)]
    train_finder(_begun(FinderNetwork(), start), mixtures, out, Course(60 * minutes, 16, rate), tell)


def export(which: str, checkpoint: Path, weights: Path) -> None:
    """Write the ONNX file. Raises `ModelError` when it is too large or answers otherwise than what was trained."""
    if which == "finder":
        to_onnx(_begun(FinderNetwork(), checkpoint), INPUT, ("heat", "corners"), weights, any_size=True)
        return
    to_onnx(_begun(SignNetwork(), checkpoint), SIZE, ("slots", "kinds", "corners"), weights, any_size=False)
    if weights.stat().st_size > LARGEST_READER:
        raise ModelError(f"{weights}: {weights.stat().st_size} bytes; at most {LARGEST_READER} can be sent to a box.")


def _begun(network: Network, start: Path | None) -> Network:
    if start is not None:
        network.load_state_dict(torch.load(start, weights_only=True))
    return network
