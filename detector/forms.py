"""How vehicles are built, roughly: sizes to expect, and the few points that reach farthest out in a picture.

What touches the road are wheels, up to some metres behind the bumper, which hangs above it; a box ends below at
whichever the camera sees lower. Taking its lower edge for the place of the vehicle reads one speed in four more than
5 % wrong where these outlines read one in fifty (`make accuracy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Row = tuple[float, float, float, float, float, float]
"""Of a pair of points left and right: x as a share of the length from the middle and metres, half-width as a share of
the width and metres, z as a share of the height and metres. z never rises above the height."""

SHAPE = 6
"""Numbers that bend a form: length, width, height, clearance before and behind, height of the upper rear edge."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way of building vehicles. Expectation and standard deviation of each of the shape's numbers."""

    name: str
    share: float
    """How common it is among the forms that a class may have."""
    size_m: tuple[float, float, float]
    size_std_m: tuple[float, float, float]
    clearance_m: tuple[float, float]
    """Of the bumpers above the road, before and behind."""
    clearance_std_m: float
    back: tuple[float, float]
    """Height of the upper rear edge as a share of the height: expectation and deviation."""
    rows: tuple[Row, ...]
    """Wheels, sides, roof, mirrors."""
    square: float = 0.46
    """Half-width, as a share of the width, at which the ends still have the full length: cars have round corners."""

    @property
    def expected(self) -> Floats:
        """(6,): see `SHAPE`."""
        return np.array([*self.size_m, *self.clearance_m, self.back[0]])

    @property
    def deviation(self) -> Floats:
        """(6,): see `SHAPE`."""
        return np.array([*self.size_std_m, self.clearance_std_m, self.clearance_std_m, self.back[1]])

    def points(self, shape: Floats) -> Floats:
        """Points (K, P, 3) of vehicles of shapes (K, 6): x forward, y left, z up, from the ground below the middle."""
        length, width, height, front, rear, back = (column[:, None] for column in shape.T)
        xf, xo, yf, yo, zf, zo = np.array(self.rows).T
        x = xf * length + xo
        y = yf * width + yo
        z = np.minimum(zf * height + zo, height)
        half = length / 2
        wide = self.square * width
        bumpers = ((half, wide, front), (-half, wide, rear), (-half, wide, back * height))
        xs = np.concatenate([x, *(corner[0] for corner in bumpers)], axis=1)
        ys = np.concatenate([y, *(corner[1] for corner in bumpers)], axis=1)
        zs = np.concatenate([z, *(corner[2] for corner in bumpers)], axis=1)
        sides = [np.stack([xs, sign * ys, zs], axis=2) for sign in (1, -1)]
        return np.concatenate(sides, axis=1)


_SALOON = Form(
    "saloon",
    0.5,
    (4.65, 1.81, 1.47),
    (0.25, 0.06, 0.08),
    (0.19, 0.19),
    0.05,
    (0.70, 0.04),
    (
        (0.5, -0.72, 0.49, 0, 0, 0),
        (-0.5, 0.75, 0.49, 0, 0, 0),
        (0.47, 0, 0.42, 0, 0, 0.62),
        (0.47, 0, 0.40, 0, 0, 0.2),
        (-0.465, 0, 0.41, 0, 0, 0.2),
        (-0.465, 0, 0.41, 0, 0.68, 0),
        (0.3, 0, 0.5, 0, 0, 0.6),
        (-0.3, 0, 0.5, 0, 0, 0.7),
        (0.5, -1.9, 0.36, 0, 0.95, 0),
        (-0.5, 1.1, 0.36, 0, 0.95, 0),
        (0.0, -0.2, 0.15, 0, 0.98, 0),
        (0.5, -1.45, 0.5, 0.08, 0, 1.0),
    ),
    0.22,
)
_SUV = Form(
    "suv",
    0.3,
    (4.68, 1.88, 1.71),
    (0.25, 0.07, 0.1),
    (0.21, 0.21),
    0.05,
    (0.67, 0.05),
    (
        (0.5, -0.70, 0.49, 0, 0, 0),
        (-0.5, 0.72, 0.49, 0, 0, 0),
        (0.47, 0, 0.42, 0, 0, 0.9),
        (0.47, 0, 0.40, 0, 0, 0.22),
        (-0.465, 0, 0.41, 0, 0, 0.22),
        (-0.465, 0, 0.41, 0, 0.65, 0),
        (0.3, 0, 0.5, 0, 0, 0.7),
        (-0.3, 0, 0.5, 0, 0, 0.8),
        (0.5, -2.0, 0.31, 0, 0.99, 0),
        (-0.5, 0.45, 0.31, 0, 0.99, 0),
        (0.5, -1.5, 0.5, 0.09, 0, 1.15),
    ),
    0.22,
)
_VAN = Form(
    "van",
    0.2,
    (4.75, 1.75, 1.98),
    (0.45, 0.1, 0.16),
    (0.21, 0.21),
    0.05,
    (0.80, 0.1),
    (
        (0.5, -0.75, 0.49, 0, 0, 0),
        (-0.5, 0.75, 0.49, 0, 0, 0),
        (0.48, 0, 0.42, 0, 0, 0.85),
        (0.48, 0, 0.42, 0, 0, 0.22),
        (0.35, 0, 0.5, 0, 0, 0.9),
        (-0.4, 0, 0.5, 0, 0, 0.9),
        (0.5, -1.35, 0.41, 0, 0.955, 0),
        (-0.5, 0.28, 0.41, 0, 0.955, 0),
        (0.0, 0, 0.05, 0, 1, 0),
        (0.5, -0.9, 0.5, 0.16, 0, 1.15),
    ),
    0.30,
)
_BUS = Form(
    "bus",
    1.0,
    (10.2, 2.50, 3.45),
    (1.6, 0.08, 0.25),
    (0.30, 0.30),
    0.06,
    (0.82, 0.06),
    (
        (0.5, -2.4, 0.48, 0, 0, 0),
        (-0.5, 2.3, 0.48, 0, 0, 0),
        (0.5, 0.05, 0.47, 0, 0.74, 0),
        (0.5, -0.4, 0.48, 0, 0.92, 0),
        (-0.5, 0.4, 0.48, 0, 0.92, 0),
        (0.5, -3.0, 0.30, 0, 1, 0),
        (-0.5, 2.5, 0.30, 0, 1, 0),
        (0.5, -0.1, 0.5, 0.2, 0, 2.2),
    ),
)


def _truck(
    name: str,
    share: float,
    size: tuple[float, float, float],
    std: tuple[float, float, float],
    wheels: tuple[float, float],
    cab: tuple[float, float],
    mirror: tuple[float, float],
    clearance: tuple[float, float],
) -> Form:
    """`wheels`: from the ends to the outer axles; `cab`: length and height; `mirror`: how far out aside and before."""
    rows = (
        (0.5, -wheels[0], 0.49, 0, 0, 0),
        (-0.5, wheels[1], 0.49, 0, 0, 0),
        (0.5, 0, 0.48, 0, 0, 0.62 * cab[1]),
        (0.5, -0.4, 0.46, 0, 0, cab[1]),
        (0.5, -cab[0], 0.5, 0, 1, 0),
        (-0.2, 0, 0.5, 0, 0, 1.2),
        (0.5, mirror[1], 0.5, mirror[0], 0, 0.78 * cab[1]),
    )
    return Form(name, share, size, std, clearance, 0.08, (0.95, 0.15), rows)


_LIGHT = _truck(
    "light truck", 0.25, (5.8, 2.06, 2.55), (0.3, 0.1, 0.35), (0.95, 1.35), (1.5, 2.05), (0.16, 0.02), (0.30, 0.30)
)
_RIGID = _truck(
    "rigid truck", 0.45, (10.0, 2.51, 3.4), (1.5, 0.08, 0.4), (1.25, 2.2), (2.2, 2.95), (0.24, 0.22), (0.34, 0.44)
)
_SEMI = _truck(
    "semi-trailer", 0.3, (16.4, 2.51, 3.6), (1.0, 0.08, 0.4), (1.3, 1.75), (2.4, 2.95), (0.24, 0.22), (0.34, 0.48)
)
_THREE = Form(
    "three-wheeler",
    1.0,
    (3.3, 1.33, 1.65),
    (0.4, 0.12, 0.2),
    (0.3, 0.35),
    0.08,
    (0.62, 0.12),
    (
        (0.5, -0.3, 0.1, 0, 0, 0),
        (-0.5, 0.55, 0.47, 0, 0, 0),
        (0.5, -0.3, 0.4, 0, 0, 1.0),
        (0.5, -0.7, 0.35, 0, 1, 0),
        (0.0, -0.3, 0.35, 0, 1, 0),
    ),
)
_MOTORCYCLE = Form(
    "motorcycle",
    1.0,
    (2.0, 0.76, 1.70),
    (0.15, 0.06, 0.08),
    (0.15, 0.15),
    0.1,
    (0.55, 0.1),
    (
        (0.5, -0.3, 0.05, 0, 0, 0),
        (-0.5, 0.3, 0.05, 0, 0, 0),
        (0.5, -0.55, 0.5, 0, 0, 1.05),
        (-0.05, 0, 0.2, 0, 1, 0),
        (-0.2, 0, 0.2, 0, 1, 0),
    ),
)
_TRUCKS = (_LIGHT, _RIGID, _SEMI)

FORMS: Mapping[str, tuple[Form, ...]] = MappingProxyType(
    {
        "car": (_SALOON, _SUV, _VAN),
        "van": (_VAN, _SUV),
        "bus": (_BUS,),
        "truck": _TRUCKS,
        "tank_truck": (_RIGID, _SEMI),
        "three_wheeler": (_THREE,),
        "motorcycle": (_MOTORCYCLE,),
    }
)
"""Forms that what a network calls so may have: close classes are mistaken for each other."""
