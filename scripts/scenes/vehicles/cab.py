"""The cab-over cab of Chinese trucks: flat front, large windscreen, grille, bumper, mirrors on arms."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.scenes import materials, mesh
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.shell import Shell

AMBER = (1.0, 0.32, 0.02)
LENS = (0.80, 0.83, 0.86)
SMOKY = (0.16, 0.17, 0.18)
RED = (0.65, 0.01, 0.012)


@dataclass(frozen=True, slots=True)
class CabPlan:
    """Where the cab stands and how large it is, metres."""

    front: float
    """X of the foremost point of the bumper."""
    back: float
    half: float
    """Half width of the body."""
    roof: float
    light: bool
    """Of a light truck."""
    deflector: float | None
    """Height of the wind deflector's upper edge; None without one."""
    overhang: float
    """From the front to the first axle."""
    wheel_radius: float

    @property
    def sill(self) -> float:
        """Lower edge of the painted cab."""
        return 0.86 if self.light else 1.12

    @property
    def glass(self) -> tuple[float, float]:
        """Lower and upper edge of the windscreen."""
        return (1.30, 1.97) if self.light else (1.62, 2.52)


def build_cab(kit: Assembly, plan: CabPlan) -> None:
    """The cab with all that belongs to it; the front plate and panel sit on it."""
    low, high = plan.glass
    tall = plan.roof - high
    depth = 0.10 + 0.35 * min(1.0, tall)
    rake = kit.between(0.10, 0.20)
    nose, half = plan.front - 0.03, plan.half
    shell = Shell(
        levels=(
            (plan.sill, nose, half),
            (low - 0.02, nose - 0.01, half),
            (high, nose - rake, half - 0.05),
            (high + 0.60 * tall, nose - rake - 0.35 * depth, half - 0.07),
            (high + 0.88 * tall, nose - rake - 0.70 * depth, half - 0.12),
            (plan.roof, nose - rake - 1.40 * depth, half - 0.32),
        ),
        back=plan.back,
        corner=kit.between(0.13, 0.22) * (0.8 if plan.light else 1.0),
        bulge=kit.between(0.03, 0.07),
    )
    kit.add(shell.skin(kit.paint))
    _glazing(kit, plan, shell)
    _doors(kit, plan, shell)
    _grille(kit, plan, shell)
    _bumper(kit, plan)
    _mirrors(kit, plan, shell)
    _roof(kit, plan, shell)
    kit.orange_panel((plan.front + 0.03, 0.0, low - 0.22), forward=True)


def _glazing(kit: Assembly, plan: CabPlan, shell: Shell) -> None:
    low, high = plan.glass
    wide = 0.955 * (plan.half - 0.05)
    kit.add(shell.patch((-wide, wide), (low - 0.02, high + 0.01), kit.black, 0.004))
    kit.add(shell.patch((-wide + 0.03, wide - 0.03), (low + 0.04, high - 0.03), materials.glass(), 0.010))
    for place in (-0.55, 0.0, 0.5) if not plan.light else (-0.45, 0.3):
        foot, tip = place * plan.half, (place + 0.42) * plan.half
        start = (shell.front(foot, low + 0.05) + 0.03, foot, low + 0.05)
        end = (shell.front(tip, low + 0.16) + 0.03, tip, low + 0.16)
        kit.add(mesh.bar("wiper", start, end, 0.012, kit.black, 4))


def _doors(kit: Assembly, plan: CabPlan, shell: Shell) -> None:
    low, high = plan.glass
    front, sill = plan.front, plan.sill
    rear = max(plan.back + 0.12, front - (1.12 if plan.light else 1.28))
    window = [
        (front - 0.33, low - 0.08),
        (rear + 0.10, low + 0.04),
        (rear + 0.10, high - 0.06),
        (front - 0.46, high - 0.06),
    ]
    seams = [
        [(rear, sill), (rear + 0.014, sill), (rear + 0.014, high), (rear, high)],
        [(front - 0.24, sill), (front - 0.226, sill), (front - 0.33, high), (front - 0.344, high)],
        [(rear, sill + 0.02), (front - 0.24, sill + 0.02), (front - 0.24, sill + 0.034), (rear, sill + 0.034)],
    ]
    for left in (True, False):
        sign = 1 if left else -1
        for seam in seams:
            kit.add(shell.side(seam, left, kit.black, 0.003))
        kit.add(shell.side(_grown(window, 0.035), left, kit.black, 0.004))
        kit.add(shell.side(window, left, materials.glass(), 0.008))
        kit.box((0.16, 0.035, 0.035), (rear + 0.18, sign * (plan.half + 0.015), low - 0.14), kit.black, 0.01)
        if plan.back < rear - 0.45:
            bunk = [(rear - 0.18, low + 0.22), (plan.back + 0.16, low + 0.22)]
            bunk += [(plan.back + 0.16, high - 0.16), (rear - 0.18, high - 0.16)]
            kit.add(shell.side(bunk[::-1], left, materials.glass(), 0.008))
        if kit.spec.limit_kg is not None:
            middle = (rear + 0.5, sign * (shell.half(sill) + 0.012), sill + 0.2)
            ink = (20, 20, 24) if sum(kit.spec.colour) > 0.9 else (235, 235, 235)
            text = f"总质量:{kit.spec.limit_kg:.0f}kg"
            kit.lettering(text, ink, middle, (-sign, 0.0, 0.0), (0.0, 0.0, 1.0), 0.075)


def _grown(shape: list[tuple[float, float]], by: float) -> list[tuple[float, float]]:
    """The shape with its corners moved away from its middle."""
    middle_x = sum(x for x, _ in shape) / len(shape)
    middle_z = sum(z for _, z in shape) / len(shape)
    return [(x + (by if x > middle_x else -by), z + (by if z > middle_z else -by)) for x, z in shape]


def _grille(kit: Assembly, plan: CabPlan, shell: Shell) -> None:
    """Bars before a black ground: a block, a wide band, or narrowing downwards; a badge and corner vanes."""
    low, top = plan.sill + 0.05, plan.glass[0] - 0.13
    share, foot = kit.one_of((0.60, 1.0), (0.72, 0.85), (0.86, 1.0), (0.84, 0.68))
    wide = plan.half * share
    kit.add(shell.patch((-wide, wide), (low, top), kit.black, 0.006, foot))
    bars = kit.one_of(2, 3, 4, 5)
    shine = kit.one_of(kit.chrome, kit.paint, materials.plastic((0.10, 0.10, 0.11)))
    for number in range(bars):
        rise = (number + 0.5) / bars
        z, reach = low + (top - low) * rise, 0.96 * wide * (foot + (1.0 - foot) * rise)
        kit.add(shell.patch((-reach, reach), (z - 0.016, z + 0.016), shine, 0.022))
    seam = plan.glass[0] - 0.09
    kit.add(shell.patch((-0.93 * plan.half, 0.93 * plan.half), (seam, seam + 0.008), kit.black, 0.004))
    if kit.rng.random() < 0.6:
        kit.rod(0.085, 0.03, "x", (shell.front(0.0, top) + 0.03, 0.0, (low + top) / 2 + 0.02), kit.chrome, 20)
    else:
        at = (shell.front(0.0, top) + 0.032, 0.0, top - 0.055)
        kit.lettering(
            kit.one_of("闽岭", "江汉重卡", "MINLING", "远山"),
            (215, 218, 222),
            at,
            (0.0, 1.0, 0.0),
            (0.0, 0.0, 1.0),
            0.10,
        )
    if kit.rng.random() < 0.5 and not plan.light:
        vane = kit.one_of(kit.black, kit.black, kit.paint)
        for sign in (-1, 1):
            y = sorted((sign * 0.90 * plan.half, sign * 0.985 * plan.half))
            kit.add(shell.patch((y[0], y[1]), (low, plan.glass[1] - 0.3), vane, 0.025))


def _bumper(kit: Assembly, plan: CabPlan) -> None:
    foot, top = (0.30, plan.sill + 0.01) if plan.light else (0.34, plan.sill + 0.02)
    middle = 0.6 * foot + 0.4 * top
    half = plan.half
    shell = Shell(
        levels=(
            (foot, plan.front - 0.06, half - 0.01),
            (foot + 0.08, plan.front - 0.01, half + 0.01),
            (top - 0.06, plan.front - 0.005, half + 0.01),
            (top, plan.front - 0.03, half),
        ),
        back=plan.front - plan.overhang + plan.wheel_radius + 0.12,
        corner=0.16,
        bulge=0.04,
    )
    grey = materials.plastic((0.07, 0.07, 0.075))
    kit.add(shell.skin(kit.one_of(kit.paint, kit.paint, grey)))
    kit.add(shell.patch((-0.52 * half, 0.52 * half), (middle + 0.10, top - 0.10), kit.black, 0.006))
    kit.add(shell.patch((-half, half), (foot + 0.02, foot + 0.09), kit.black, 0.006))
    eye = kit.one_of((0.60, 0.90, 0.30), (0.70, 0.90, 0.40), (0.56, 0.90, 0.24))
    for sign in (-1, 1):
        _headlamp(kit, shell, sign, top, eye)
        amber = materials.lamp(AMBER, 0.15 * kit.lamps)
        edge = (sign * 0.91 * half, sign * 0.985 * half)
        kit.add(shell.patch((min(edge), max(edge)), (top - 0.28, top - 0.09), amber, 0.012))
        kit.add(
            mesh.cylinder(
                "fog", 0.055, 0.03, "x", (plan.front - 0.02, sign * 0.72 * half, middle), materials.lamp(LENS), 14
            )
        )
        for number, z in enumerate((foot + 0.13, (foot + top) / 2 + 0.08)):
            step = (0.34, 0.03, 0.10)
            kit.box(step, (shell.back + 0.30 + 0.04 * number, sign * (half + 0.005), z), kit.black, 0.01)
    kit.plate(kit.spec.front_plate, (plan.front + 0.025, 0.0, middle - 0.02), forward=True)


def _headlamp(kit: Assembly, shell: Shell, sign: int, top: float, eye: tuple[float, float, float]) -> None:
    """A smoky lens in a dark bezel, on it the bright beams; `eye` is inner and outer share of the width, height."""
    half, low = shell.half(top - 0.1), top - eye[2]
    for material, inset, proud in ((kit.black, 0.0, 0.006), (materials.lamp(SMOKY, 0.1 * kit.lamps), 0.018, 0.012)):
        y = sorted((sign * (eye[0] * half + inset), sign * (eye[1] * half - inset)))
        kit.add(shell.patch((y[0], y[1]), (low + inset, top - 0.07 - inset), material, proud))
    middle, tall = (low + top - 0.07) / 2, top - 0.07 - low
    upright = tall > (eye[1] - eye[0]) * half
    for part, radius in ((0.27, 0.40), (0.73, 0.40)):
        share = (eye[0] + eye[1]) / 2 if upright else eye[0] + part * (eye[1] - eye[0])
        y_at, z = sign * share * half, low + part * tall if upright else middle
        size = radius * min(tall, (eye[1] - eye[0]) * half) * (0.62 if upright else 0.70)
        at = (shell.front(y_at, z) + 0.006, y_at, z)
        kit.rod(size + 0.012, 0.022, "x", at, kit.chrome, 18)
        kit.rod(size, 0.034, "x", at, materials.lamp(LENS, kit.lamps), 18)


def _mirrors(kit: Assembly, plan: CabPlan, shell: Shell) -> None:
    low, high = plan.glass
    unit = 0.75 if plan.light else 1.0
    for sign in (-1, 1):
        y = sign * (plan.half + 0.17 * unit)
        x = plan.front - 0.08
        root = (plan.front - 0.35, sign * shell.half(high), high - 0.05)
        kit.add(mesh.bar("arm", root, (x, y, high - 0.10), 0.018, kit.black))
        kit.add(mesh.bar("arm", (x, y, high - 0.10), (x, y, low + 0.05), 0.016, kit.black))
        kit.add(mesh.bar("arm", (x, y, low + 0.05), (plan.front - 0.3, sign * plan.half, low + 0.02), 0.016, kit.black))
        kit.box((0.09, 0.21 * unit, 0.40 * unit), (x, y, high - 0.12 - 0.26 * unit), kit.black, 0.03)
        kit.box((0.01, 0.17 * unit, 0.35 * unit), (x - 0.047, y, high - 0.12 - 0.26 * unit), kit.chrome)
        if not plan.light:
            kit.box((0.09, 0.20, 0.19), (x, y, low + 0.15), kit.black, 0.03)
            kit.box((0.01, 0.16, 0.15), (x - 0.047, y, low + 0.15), kit.chrome)
    if not plan.light:
        y = -0.75 * plan.half
        tip = (plan.front + 0.20, y - 0.05, high - 0.02)
        kit.add(mesh.bar("arm", (shell.front(y, high + 0.1), y, high + 0.1), tip, 0.014, kit.black))
        kit.box((0.07, 0.22, 0.15), (tip[0], tip[1], tip[2] - 0.08), kit.black, 0.025)


def _roof(kit: Assembly, plan: CabPlan, shell: Shell) -> None:
    high = plan.glass[1]
    if not plan.light and kit.rng.random() < 0.7:
        wide = 0.93 * (plan.half - 0.06)
        rows = []
        for proud, z in ((0.005, high + 0.10), (0.16, high + 0.06), (0.20, high - 0.03)):
            ys = [wide * (number / 4.0 - 1.0) for number in range(9)]
            rows.append([(shell.front(y, high + 0.08) + proud, y, z) for y in ys])
        smoked = kit.one_of(materials.glass(), kit.paint, kit.black)
        kit.add(mesh.loft("visor", rows, smoked, closed=False))
    lamps = (-0.75, -0.35, 0.0, 0.35, 0.75) if not plan.light else ()
    top = plan.roof - 0.12 * (plan.roof - high)
    for share in lamps:
        y = share * (plan.half - 0.3)
        kit.lens((0.07, 0.11, 0.05), (shell.front(y, top) + 0.005, y, top), AMBER, 0.3)
    if plan.deflector is not None:
        _deflector(kit, plan, plan.deflector)


def _deflector(kit: Assembly, plan: CabPlan, top: float) -> None:
    start = plan.front - 0.75
    wide = plan.half - 0.22
    fairing = Shell(
        levels=(
            (plan.roof - 0.25, start, wide),
            (plan.roof + 0.1, start - 0.12, wide),
            (top - 0.06, plan.back + 0.28, wide - 0.05),
            (top, plan.back + 0.12, wide - 0.15),
        ),
        back=plan.back + 0.02,
        corner=0.2,
        bulge=0.1,
    )
    kit.add(fairing.skin(kit.paint))
