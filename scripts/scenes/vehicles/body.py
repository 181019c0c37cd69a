"""The skin of a car, van or bus: curves given as numbers, lofted through many cross-sections, and what lies on it.

A hull is told by curves along the length (outline from the side and from above, belt line) and by one curve over the
height (how far the flank bulges). The lower body follows these up to the belt line; above it the greenhouse leans in.
Wheel arches are cut by lifting the flank's lower edge along a circle around each wheel. Lamps, grilles, handles, gaps
and lettering are patches: small grids laid on the hull's analytic surface, a few millimetres proud of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Table = tuple[tuple[float, float], ...]
Span = tuple[float, float]
Face = Literal["front", "rear", "left", "right"]

SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

PAINT, GLASS, TRIM, UNDER, ROOF = range(5)
"""Material slots of a hull."""

_FLANK_ROWS = np.array([0.0, 0.05, 0.12, 0.22, 0.34, 0.46, 0.58, 0.68, 0.76, 0.80, 0.84, 0.89, 0.95, 0.984, 1.0])
_GLASS_ROWS = np.array([0.0, 0.12, 0.5, 1.0])
_ROOF_ROWS = np.array([1.0, 0.94, 0.85, 0.7, 0.5, 0.25, 0.0])
_CAP_COLUMNS = np.array([-1.0, -0.93, -0.85, -0.72, -0.55, -0.35, -0.15, 0.0, 0.15, 0.35, 0.55, 0.72, 0.85, 0.93, 1.0])
_END_SHARES = np.array([0.0, 0.003, 0.008, 0.015, 0.025, 0.04, 0.06, 0.085])


@dataclass(frozen=True, slots=True)
class Shape:
    """A body as numbers. Shares of the length count from the front, shares of the height from the ground."""

    top: Table
    """(share of length, share of height) of the outline from the side: bonnet, windscreen, roof, boot."""
    belt: Table
    """(share of length, share of height) of the shoulder, below the side windows."""
    plan: Table
    """(share of length, share of half width) of the outline from above."""
    flank: Table
    """(share of height, share of half width): the bulge of the flank."""
    nose: Table
    """(share of height, metres set back) of the front."""
    tail: Table
    """(share of height, metres set back) of the rear."""
    crease: Table = ((0.0, 1.0), (1.0, 1.0))
    """(share of the height from sill to belt, factor of the half width): the edge that runs along the flank."""
    sill_m: float = 0.19
    tumble: float = 0.40
    """How far the greenhouse leans in per metre of height."""
    crown_m: float = 0.07
    """How much higher the roof is in its middle than at its edges."""
    ledge_m: float = 0.03
    reach_m: float = 0.8
    """How far from the ends `nose` and `tail` still pull."""
    bulge_m: tuple[float, float] = (0.10, 0.06)
    """How far the middle of front and rear stands before their corners."""
    bow_m: float = 0.0
    """How far the middle of the windscreen stands before its edges."""
    windscreen: Span | None = None
    """Shares of the length between which the top is glass; likewise the rear window."""
    rear_window: Span | None = None
    rear_glass: Span | None = None
    """Shares of the height between which an upright rear is glass."""
    side_windows: tuple[Span, ...] = ()
    roof: Span = (0.3, 0.8)
    """Shares of the length between which pillars and roof have the roof's material."""
    doorway: Span | None = None
    """Shares of the length between which the right side is open from the sill to the roof."""


@dataclass(slots=True)
class Hull:
    """A shape at its true size, with wheel arches at the axles; all in the vehicle's frame, metres."""

    shape: Shape
    length_m: float
    width_m: float
    height_m: float
    axle_x_m: tuple[float, ...]
    arch_m: float
    """Radius of the wheel arches; 0 for none."""
    hub_m: float
    """Height of the wheels' middle."""
    _plan: Array = field(init=False)

    def __post_init__(self) -> None:
        self._plan = np.concatenate([_END_SHARES, np.linspace(0.11, 0.5, 14)])

    def x_of(self, share: float) -> float:
        """Place along X of a share of the length counted from the front."""
        return self.length_m * (0.5 - share)

    def drawn(self, table: Table, share: Array) -> Array:
        """Height in metres of a curve along the length."""
        return smooth(table, share) * self.height_m

    def half_width(self, share: Array, z: Array) -> Array:
        """Half width in metres at a share of the length and a height."""
        bulge = smooth(self.shape.flank, z / self.height_m)
        rise = (z - self.shape.sill_m) / (self.drawn(self.shape.belt, share) - self.shape.sill_m)
        crease = np.interp(rise, *np.array(self.shape.crease).T)
        return np.asarray(smooth(self.shape.plan, share) * bulge * crease * self.width_m / 2.0)

    def pulled(self, x: Array, z: Array) -> Array:
        """X after nose and tail are set back by their curves."""
        half, reach = self.length_m / 2.0, self.shape.reach_m
        front = _ease((x - half + reach) / reach) * smooth(self.shape.nose, z / self.height_m)
        rear = _ease((-x - half + reach) / reach) * smooth(self.shape.tail, z / self.height_m)
        return x - front + rear

    def lower_edge(self, x: Array) -> Array:
        """Height of the flank's lower edge: the sill, over wheels the arch."""
        edge = np.full_like(x, self.shape.sill_m)
        for axle in self.axle_x_m if self.arch_m > 0.0 else ():
            inside = np.abs(x - axle) <= self.arch_m
            rise = np.sqrt(np.maximum(0.0, self.arch_m**2 - (x - axle) ** 2))
            edge = np.where(inside, np.maximum(edge, self.hub_m + rise), edge)
        return edge

    def _stations(self) -> Array:
        """Shares of the length at which the hull is cut, front first."""
        shares = [_END_SHARES, 1.0 - _END_SHARES, np.linspace(0.11, 0.89, 27)]
        spans = (*self.shape.side_windows, self.shape.windscreen, self.shape.rear_window, self.shape.doorway)
        shares += [np.array(span) for span in spans if span is not None]
        if self.shape.windscreen is not None:
            shares.append(np.array([self.shape.windscreen[0] - 0.012]))
        for axle in self.axle_x_m if self.arch_m > 0.0 else ():
            cuts = np.cos(np.linspace(0.0, np.pi, 13)) * self.arch_m
            cuts = np.concatenate([cuts, (self.arch_m + 0.004, -self.arch_m - 0.004)])
            shares.append(0.5 - (axle + cuts) / self.length_m)
        every = np.unique(np.round(np.concatenate(shares), 5))
        return every[(every >= 0.0) & (every <= 1.0)]

    def _section(self, share: Array) -> tuple[Array, Array, Array]:
        """Half sections (stations, rows): x, y, z from below the middle, out, up the flank, to the roof's middle."""
        shape, x = self.shape, self.length_m * (0.5 - share)
        low, belt = self.lower_edge(x), self.drawn(shape.belt, share)
        top = np.maximum(self.drawn(shape.top, share), belt + 0.02)
        flank_z = low[:, None] + _FLANK_ROWS * (belt - low)[:, None]
        flank_y = self.half_width(np.repeat(share[:, None], len(_FLANK_ROWS), 1), flank_z)
        rise = top - belt
        crown, rail = np.minimum(shape.crown_m, 0.6 * rise), np.minimum(0.055, 0.2 * rise)
        ledge = np.minimum(0.02, 0.1 * rise)
        glass_h = ledge[:, None] + _GLASS_ROWS * (rise - crown - rail - ledge)[:, None]
        edge_h = np.stack([rise - crown - 0.35 * rail, rise - crown], axis=1)
        side_h = np.concatenate([glass_h, edge_h], axis=1)
        side_y = flank_y[:, -1:] - shape.ledge_m - shape.tumble * side_h
        side_y[:, -1] -= 0.5 * rail
        roof_y = side_y[:, -1:] * _ROOF_ROWS[1:]
        roof_h = (rise - crown)[:, None] + crown[:, None] * (1.0 - _ROOF_ROWS[1:] ** 2.2)
        under_y = flank_y[:, :1] * np.array([0.0, 0.55, 0.97])
        under_z = np.repeat(low[:, None], 3, 1)
        y = np.concatenate([under_y, flank_y, side_y, roof_y], axis=1)
        z = np.concatenate([under_z, flank_z, belt[:, None] + side_h, belt[:, None] + roof_h], axis=1)
        return self._bowed(self.pulled(np.repeat(x[:, None], y.shape[1], 1), z), y, share), y, z

    def _bowed(self, x: Array, y: Array, share: Array) -> Array:
        """The windscreen's middle stands forward; bonnet and roof share in it and let it fade."""
        if self.shape.windscreen is None or self.shape.bow_m == 0.0:
            return x
        first, last = self.shape.windscreen
        weight = np.interp(share, [first - 0.15, first, last, last + 0.12], [0.0, 1.0, 1.0, 0.0])
        roof = slice(-len(_ROOF_ROWS), None)
        edge = np.maximum(y[:, -len(_ROOF_ROWS)][:, None], 1e-6)
        bowed = x.copy()
        bowed[:, roof] += self.shape.bow_m * weight[:, None] * (1.0 - (y[:, roof] / edge) ** 2)
        return bowed

    def skin_grid(self) -> tuple[Array, list[tuple[int, ...]], list[int]]:
        """Points (N, 3), faces and the material slot of each face."""
        share = self._stations()
        x, y, z = self._section(share)
        half = np.stack([x, y, z], axis=2)
        mirrored = half[:, -2:0:-1] * np.array([1.0, -1.0, 1.0])
        ring = np.concatenate([half, mirrored], axis=1)
        count, rows = ring.shape[1], half.shape[1]
        points: list[Array] = [ring.reshape(-1, 3)]
        faces: list[tuple[int, ...]] = []
        slots: list[int] = []
        slot_of = self._slots(share, rows)
        for station in range(len(share) - 1):
            for column in range(count):
                if column >= rows - 1 and self._open(share[station : station + 2].mean(), count - 1 - column):
                    continue
                a, b = station * count + column, station * count + (column + 1) % count
                faces.append((a, b, b + count, a + count))
                slots.append(int(slot_of[station, column if column < rows - 1 else count - 1 - column]))
        start = len(points[0])
        for end, glass in ((0, None), (len(share) - 1, self.shape.rear_glass)):
            more, cap, cap_slots = self._cap(half[end], end * count, count, start, glass, front=end == 0)
            points.append(more)
            faces += cap
            slots += cap_slots
            start += len(more)
        return np.concatenate(points), faces, slots

    def _slots(self, share: Array, rows: int) -> Array:
        """Material of each face (station, half row) by where it lies."""
        shape, middle = self.shape, (share[:-1] + share[1:]) / 2.0
        slots = np.full((len(middle), rows - 1), PAINT)
        slots[:, :3] = UNDER
        first, last = shape.roof
        slots[(middle > first) & (middle < last), 3 + len(_FLANK_ROWS) :] = ROOF
        glass = 3 + len(_FLANK_ROWS)
        roof = rows - len(_ROOF_ROWS)
        panes = slice(glass, glass + len(_GLASS_ROWS) - 1)
        for number, span in enumerate(shape.side_windows):
            inside = (middle > span[0]) & (middle < span[1])
            slots[inside, panes] = GLASS
            slots[inside, glass - 1 : glass + 1] = TRIM
            if number > 0:
                pillar = (middle > shape.side_windows[number - 1][1]) & (middle < span[0])
                slots[pillar, glass - 1 : glass + len(_GLASS_ROWS) - 1] = TRIM
        for upper in (shape.windscreen, shape.rear_window):
            if upper is not None:
                slots[(middle > upper[0]) & (middle < upper[1]), roof:] = GLASS
        if shape.windscreen is not None:
            cowl = shape.windscreen[0]
            slots[(middle > cowl - 0.012) & (middle < cowl), roof:] = TRIM
            slots[(middle > 0.015) & (middle < cowl), glass - 2] = UNDER
        if shape.rear_window is not None:
            slots[(middle > shape.rear_window[1]) & (middle < 0.985), glass - 2] = UNDER
        return slots

    def _open(self, share: float, row: int) -> bool:
        """Whether this face of the right half is cut out for the open door."""
        span = self.shape.doorway
        return span is not None and span[0] < share < span[1] and 5 <= row < 3 + len(_FLANK_ROWS) + len(_GLASS_ROWS)

    def _cap(
        self, half: Array, ring_start: int, count: int, start: int, glass: Span | None, front: bool
    ) -> tuple[Array, list[tuple[int, ...]], list[int]]:
        """The hull's front or rear, a grid between the left and right points of its last section."""
        first, rows, inner = 3, len(half), len(_CAP_COLUMNS) - 2
        bulge = self.shape.bulge_m[0] if front else -self.shape.bulge_m[1]
        points: list[tuple[float, float, float]] = []
        numbers: list[list[int]] = []
        faces: list[tuple[int, ...]] = []
        slots: list[int] = []
        for row in range(first, rows):
            x, y, z = half[row]
            if row == rows - 1:
                numbers.append([ring_start + row] * len(_CAP_COLUMNS))
                continue
            inside = [(x + bulge * (1.0 - t * t), t * y, z) for t in _CAP_COLUMNS[1:-1]]
            left, right, begin = ring_start + row, ring_start + count - row, start + len(points)
            numbers.append([right, *range(begin, begin + inner), left])
            points += inside
        for row, (lower, upper) in enumerate(pairwise(numbers)):
            z = (half[first + row][2] + half[first + row + 1][2]) / 2.0 / self.height_m
            for column in range(len(_CAP_COLUMNS) - 1):
                corners = dict.fromkeys((lower[column], lower[column + 1], upper[column + 1], upper[column]))
                if len(corners) < 3:
                    continue
                faces.append(tuple(corners) if front else tuple(reversed(corners)))
                middle = abs(_CAP_COLUMNS[column] + _CAP_COLUMNS[column + 1]) / 2.0
                slots.append(GLASS if glass and glass[0] < z < glass[1] and middle < 0.9 else PAINT)
        return np.array(points), faces, slots

    def around(self, face: Face, along: Array, z: Array, proud_m: float = 0.0) -> Array:
        """Points (..., 3) on the lower body's surface, `proud_m` out of it.

        On front and rear `along` is the way in metres from the middle to the left, round the corner and on along the
        flank; on the sides it is X.
        """
        if face in ("left", "right"):
            y = self.half_width(0.5 - along / self.length_m, z) + proud_m
            return np.stack([self.pulled(along, z), y if face == "left" else -y, z], axis=-1)
        flat_s, flat_z = np.ravel(along), np.ravel(z)
        made = np.empty((flat_s.size, 3))
        for height in np.unique(flat_z):
            here = flat_z == height
            made[here] = self._end_points(face == "front", flat_s[here], float(height), proud_m)
        return made.reshape((*np.shape(along), 3))

    def _end_points(self, front: bool, s: Array, z: float, proud_m: float) -> Array:
        """Points (N, 3) at one height, `s` metres round from the middle of the front or rear."""
        share = self._plan if front else 1.0 - self._plan
        height = np.full_like(share, z)
        side_y = self.half_width(share, height)
        side_x = self.pulled(self.length_m * (0.5 - share), height)
        sign, t = (1.0 if front else -1.0), np.linspace(0.0, 1.0, 9)[:-1]
        cap_x = side_x[0] + sign * self.shape.bulge_m[0 if front else 1] * (1.0 - t * t)
        x, y = np.concatenate([cap_x, side_x]), np.concatenate([t * side_y[0], side_y])
        way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        far = np.abs(s)
        step_x = np.interp(far + 0.02, way, x) - np.interp(far - 0.02, way, x)
        step_y = np.interp(far + 0.02, way, y) - np.interp(far - 0.02, way, y)
        scale = sign * proud_m / np.maximum(1e-9, np.hypot(step_x, step_y))
        out_x, out_y = np.interp(far, way, x) + step_y * scale, np.interp(far, way, y) - step_x * scale
        return np.stack([out_x, np.where(s >= 0.0, out_y, -out_y), np.full_like(s, z)], axis=-1)

    def patch_grid(self, face: Face, along: Span, low: float | Span, high: float | Span, proud_m: float) -> Array:
        """Points (rows, columns, 3) of a patch from `along[0]` to `along[1]` (see `around`) between two heights.

        A pair of heights holds at the two ends of `along`, with a straight line between them. Rows go up, columns
        from the viewer's left to their right.
        """
        step = 0.05 * self.height_m
        columns = max(2, int(abs(along[1] - along[0]) / step) + 2)
        start, end = (np.array([np.broadcast_to(edge, 2)[side] for edge in (low, high)], float) for side in (0, 1))
        rows = max(2, int(max(start[1] - start[0], end[1] - end[0]) / (0.5 * step)) + 2)
        share = np.linspace(0.0, 1.0, columns)
        if (along[1] > along[0]) != (face in ("front", "right")):
            share = share[::-1]
        up = np.linspace(0.0, 1.0, rows)[:, None]
        edges = start[:, None] * (1.0 - share) + end[:, None] * share
        z = edges[0] * (1.0 - up) + edges[1] * up
        s = np.broadcast_to(along[0] + (along[1] - along[0]) * share, z.shape)
        return self.around(face, s, z, proud_m)

    def reach_x(self, face: Face, z: float) -> float:
        """X of the front's or rear's foremost point at a height."""
        return float(self.around(face, np.zeros(1), np.full(1, z))[0, 0])


def smooth(table: Table, at: Array) -> Array:
    """A table's curve that never overshoots its points (Fritsch and Carlson, monotone cubic), held at the ends."""
    x, y = np.array(table, float).T
    width, slope = np.diff(x), np.diff(y) / np.diff(x)
    before, after = slope[:-1], slope[1:]
    same = before * after > 0.0
    inner = np.where(same, 2.0 * before * after / np.where(same, before + after, 1.0), 0.0)
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    held = np.clip(at, x[0], x[-1])
    cell = np.clip(np.searchsorted(x, held, side="right") - 1, 0, len(x) - 2)
    t, h = (held - x[cell]) / width[cell], width[cell]
    cubic = (1 + 2 * t) * (1 - t) ** 2 * y[cell] + t**2 * (3 - 2 * t) * y[cell + 1]
    made: Array = cubic + h * (t * (1 - t) ** 2 * tangent[cell] - t**2 * (1 - t) * tangent[cell + 1])
    return made


def _ease(t: Array) -> Array:
    held = np.clip(t, 0.0, 1.0)
    eased: Array = held * held * (3.0 - 2.0 * held)
    return eased
