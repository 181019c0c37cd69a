"""A made-up county: its vehicles as they are, its register, and the ordinary traffic of one day, drawn by a seed.

Nothing of it is an offence. What is planted among it is in `day_acts_goods` and `day_acts_people`, what the box gets
to see of it in `day_eyes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from detector.plate_types import DIGITS, LETTERS
from edge.memory_file import Seen
from leads import WatchEntry

MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)
"""Beginning of Monday 23 November in Shanghai."""
TODAY = date(2026, 11, 23)
PASSES = {"gate": 9000, "tunnel": 3500, "hub": 3000, "motorway": 4500}
"""Vehicles before each camera: 20,000 in all, what is planted included."""
HOURS = (1, 1, 1, 1, 1.5, 2, 4, 7, 8, 7, 6, 6, 5, 5, 6, 6, 7, 8, 7, 5, 4, 3, 2, 1.5)
"""Traffic by hour of the day: assumed."""
PROVINCES = "浙赣粤沪"
OTHER_TOWNS = "ABCDEFGJK"
MIX: Mapping[str, Mapping[str, float]] = {
    "gate": {"car": 0.46, "van": 0.08, "light": 0.08, "truck2": 0.1, "truck3": 0.05, "tipper": 0.07, "semi": 0.13,
             "coach": 0.02, "tank": 0.01},
    "tunnel": {"car": 0.6, "van": 0.09, "light": 0.08, "truck2": 0.08, "tipper": 0.06, "semi": 0.06, "coach": 0.03},
    "hub": {"car": 0.62, "van": 0.12, "taxi": 0.12, "coach": 0.12, "light": 0.02},
    "motorway": {"car": 0.52, "van": 0.08, "light": 0.05, "truck2": 0.07, "semi": 0.2, "coach": 0.06, "tank": 0.02},
}  # fmt: skip
"""What drives where: assumed."""
GOODS = (("33/1203", "3"), ("30/1202", "3"), ("23/1972", "2.1"), ("33/1170", "3"), ("80/1824", "8"))
"""Panels and the diamonds that go with them."""
Row = dict[str, str]


@dataclass
class Drive:
    """One vehicle on one pass, as it truly is and drives."""

    kind: str
    """Class by the taxonomy."""
    camera: str
    at: datetime
    """UTC: first in view."""
    plate: str
    code: str
    colour: str
    row: Row | None
    """Its entry in the register; None where it has none."""
    permits: list[Row] = field(default_factory=list)
    trailer: Row | None = None
    trailer_permits: list[Row] = field(default_factory=list)
    body: str = ""
    axles: int = 2
    """On the ground."""
    lifted: int = 0
    load: str = ""
    """As in `Facts.load`; empty where nobody can see it."""
    raised: bool = False
    length_m: float = 4.6
    width_m: float = 1.8
    height_m: float = 1.5
    kg: float = 1500.0
    speed_kmh: float = 60.0
    way: str = "1"
    """Part of the plan it drives over, see `day_site.WAYS`."""
    back: bool = False
    """Whether it drives against its lane."""
    stands_s: float = 0.0
    boards: int = 0
    alights: int = 0
    strollers: int = 0
    """People who walk past it while it stands."""
    riders: int = 0
    """People in the load bed."""
    panel: str | None = None
    """Hazard and UN number, or `empty`."""
    diamonds: tuple[str, ...] = ()
    lamp: bool = False
    bare: bool = False
    """Whether its plates are covered or missing."""
    escapes: bool = False
    """Whether the scale sees it evade."""
    straddles: bool = False
    waybills: list[Row] = field(default_factory=list)
    history: list[Seen] = field(default_factory=list)
    watch: WatchEntry | None = None
    story: str = "traffic"
    """What it was planted for, or `traffic`."""
    broken: frozenset[str] = frozenset()
    """Rules that it truly breaks."""
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each of them: what has to be seen, see `day_eyes.Sight.right`."""

    def entry(self, **cells: object) -> Drive:
        """Change its entry in the register."""
        assert self.row is not None
        self.row |= {name: str(value) for name, value in cells.items()}
        return self

    def permit(self, kind: str, scope: str = "", *, to: int | None = 400, **cells: object) -> Drive:
        """Give it a permit; `to`: days from today to its last day."""
        row = {"permit_kind": kind, "permit_number": f"{kind}-{self.plate}", "permit_scope": scope}
        row |= {f"permit_{name}": str(value) for name, value in cells.items()}
        if to is not None:
            row["permit_valid_to"] = str(TODAY + timedelta(days=to))
        self.permits.append(row)
        return self

    def signed(self, panel: str, *diamonds: str) -> Drive:
        """Hang signs on it."""
        self.panel, self.diamonds = panel, diamonds
        return self

    def seen_before(self, days_ago: int, clock: str, **place: object) -> Drive:
        """Let it have passed before, at a local time; without a place at the hub of this site."""
        hour, minute = map(int, clock.split(":"))
        at = MIDNIGHT - timedelta(days=days_ago) + timedelta(hours=hour, minutes=minute, seconds=len(self.history) % 60)
        members: dict[str, object] = {"site": "day", "camera": "hub", "place": "客运枢纽", "hub": "客运枢纽"}
        members |= {"lon": 118.17, "lat": 26.64} | place
        self.history.append(Seen(self.plate, self.code, at, **members))  # type: ignore[arg-type]
        return self

    @property
    def clock(self) -> str:
        """Local time, HH:MM."""
        minutes = int((self.at - MIDNIGHT).total_seconds()) // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"


class County:
    """Makes vehicles by lot; no two bear the same number."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._given: set[str] = set()
        self.drives: list[Drive] = []

    def one(self, choices: Sequence[str], shares: Sequence[float] | None = None) -> str:
        """One of some words."""
        return str(choices[int(self.rng.choice(len(choices), p=shares))])

    def at(self, camera: str = "", hours: tuple[float, float] | None = None) -> datetime:
        """A moment of the day, as traffic goes, or evenly in a span of local hours."""
        if hours is not None:
            hour = float(self.rng.uniform(*hours))
        else:
            shares = np.array(HOURS) / sum(HOURS)
            hour = float(self.rng.choice(24, p=shares) + self.rng.random())
        ms = int(hour * 3_600_000)
        return MIDNIGHT + timedelta(milliseconds=ms)

    def number(self, code: str, begin: str = "") -> str:
        """A number that nobody has yet."""
        while True:
            first = begin or self._town()
            tail = {"15": "挂", "23": "警"}.get(code, "")
            signs = "".join(self.one(DIGITS if self.rng.random() < 0.85 else LETTERS) for _ in range(5 - len(tail)))
            signs = f"D{''.join(self.one(DIGITS) for _ in range(5))}" if code == "52" else signs + tail
            if first + signs not in self._given:
                self._given.add(first + signs)
                return first + signs

    def _town(self) -> str:
        draw = self.rng.random()
        if draw < 0.7:
            return "闽H"
        return "闽" + self.one(OTHER_TOWNS) if draw < 0.85 else self.one(PROVINCES) + self.one(OTHER_TOWNS)

    def make(self, model: str, camera: str, hours: tuple[float, float] | None = None, begin: str = "") -> Drive:
        """An ordinary vehicle of a model: registered, within its limits, on its lane."""
        kind, code, type_, use, length, width, height, axles, max_kg = MODELS[model]
        if code == "02" and self.rng.random() < 0.2:
            code = "52"
        colour = {"01": "yellow", "02": "blue", "52": "green", "51": "yellow_green"}[code]
        plate = self.number(code, begin)
        row = {"plate": plate, "plate_type": code, "vehicle_type": type_, "use_nature": use, "state": "A"}
        row |= {"axles": str(min(axles, 3) if model == "semi" else axles), "length_m": str(length)}
        row |= {"width_m": str(width), "height_m": str(height), "max_mass_kg": str(max_kg)}
        row["inspection_valid_to"] = str(TODAY + timedelta(days=int(self.rng.integers(20, 700))))
        lane = self.one(("1", "2"), (0.6, 0.4)) if camera in ("gate", "motorway") else "1"
        speed = float(self.rng.normal(*{"gate": (45, 7), "hub": (20, 4), "tunnel": (55, 7)}.get(camera, (88, 9))))
        if kind not in ("car", "van"):
            speed = min(speed, 78.0)
        drive = Drive(
            kind, camera, self.at(camera, hours), plate, code, colour, row, axles=axles, length_m=length,
            width_m=width, height_m=height, kg=max_kg * float(self.rng.uniform(0.55, 0.95)), speed_kmh=max(speed, 15.0),
            way=lane,
        )  # fmt: skip
        self._equip(drive, model)
        return drive

    def _equip(self, drive: Drive, model: str) -> None:
        rng, full = self.rng, self.rng.random() < 0.55
        if drive.kind in ("car", "van"):
            drive.entry(seats="5" if drive.kind == "car" else "7")
        if model in ("truck2", "truck3", "tipper", "semi", "light", "tank"):
            drive.kg = float(row_kg(drive, model)) * float(rng.uniform(0.7, 0.97) if full else rng.uniform(0.32, 0.45))
            drive.permit("goods" if model != "tank" else "dangerous_goods", "" if model != "tank" else "3;2;8")
            drive.body = {"tipper": "tipper", "tank": "tank"}.get(model) or self.one(
                ("box", "stake", "flat", "container"), (0.5, 0.3, 0.1, 0.1)
            )
            if drive.body in ("stake", "flat", "tipper"):
                drive.load = self.one(("level", "covered"), (0.35, 0.65)) if full else "empty"
            if drive.body in ("box", "container"):
                drive.height_m = min(3.99, float(rng.normal(3.88, 0.07))) if model != "light" else 2.9
        if model == "semi":
            drive.entry(axles=3, drive_axles=2, max_mass_kg=25000, train_mass_kg=49000)
            drive.trailer = {"plate": self.number("15", drive.plate[:2]), "plate_type": "15", "vehicle_type": "B11",
                             "use_nature": "F", "state": "A", "axles": "3", "max_mass_kg": "40000"}  # fmt: skip
        if model == "tank":
            panel, diamond = GOODS[int(rng.integers(len(GOODS)))]
            drive.signed(panel, diamond)
            drive.waybills = [waybill(drive)]
        if model == "taxi":
            drive.lamp = True
            drive.permit("taxi", "3507")
        if model == "coach":
            drive.entry(seats=45)
            drive.permit("scheduled", "接驳;南平-福州" if "01:50" < drive.clock < "05:10" else "南平-福州")
        if drive.camera == "hub":
            self._at_hub(drive, model)

    def _at_hub(self, drive: Drive, model: str) -> None:
        """Half of the cars and taxis set somebody down or fetch somebody; coaches stand in their bay."""
        rng = self.rng
        if model == "coach":
            drive.way, drive.stands_s = "bay", float(rng.uniform(20, 90))
            drive.boards, drive.alights = int(rng.integers(0, 4)), int(rng.integers(0, 2))
        elif rng.random() < 0.5:
            drive.stands_s = float(rng.choice([rng.uniform(6, 60), rng.uniform(60, 280)], p=[0.85, 0.15]))
            people = int(rng.choice([0, 1, 2, 3], p=[0.2, 0.5, 0.2, 0.1]))
            drive.boards, drive.alights = (people, 0) if rng.random() < 0.5 else (0, people)
        drive.strollers = int(rng.random() < 0.3) if drive.stands_s else 0


MODELS: Mapping[str, tuple[str, str, str, str, float, float, float, int, int]] = {
    "car": ("car", "02", "K33", "A", 4.6, 1.82, 1.5, 2, 1900),
    "van": ("van", "02", "K39", "A", 5.2, 1.9, 2.0, 2, 2800),
    "taxi": ("car", "02", "K33", "D", 4.6, 1.78, 1.48, 2, 1800),
    "light": ("truck", "02", "H31", "F", 6.0, 2.2, 2.9, 2, 4495),
    "truck2": ("truck", "01", "H11", "F", 9.0, 2.5, 3.6, 2, 18000),
    "truck3": ("truck", "01", "H11", "F", 9.6, 2.5, 3.7, 3, 25000),
    "tipper": ("truck", "01", "H17", "F", 9.2, 2.5, 3.3, 4, 31000),
    "semi": ("truck", "01", "Q11", "F", 16.9, 2.5, 3.7, 6, 25000),
    "tank": ("tank_truck", "01", "H14", "R", 10.5, 2.5, 3.4, 4, 31000),
    "coach": ("bus", "01", "K11", "B", 11.5, 2.5, 3.6, 2, 17500),
}
"""Class, plate type (GA/T 16.7), vehicle type (16.4), use (16.3), length, width, height in m, axles, registered kg."""


def row_kg(drive: Drive, model: str) -> int:
    """The most that it may weigh with its trailer."""
    assert drive.row is not None
    return 49000 if model == "semi" else int(drive.row["max_mass_kg"])


def waybill(drive: Drive, un: str | None = None) -> Row:
    """A waybill of this trip; `un`: of other goods than on the panel."""
    told = un or (drive.panel or "/1203").partition("/")[2]
    start, end = drive.at - timedelta(hours=2), drive.at + timedelta(hours=6)
    return {"number": f"W-{drive.plate}", "plate": drive.plate, "plate_type": drive.code, "un": told,
            "starts_at": start.isoformat(), "ends_at": end.isoformat()}  # fmt: skip


def traffic(county: County, planted: Sequence[Drive]) -> list[Drive]:
    """Everything that passes on the day, in no order: what is planted, and ordinary traffic round it."""
    drives = list(planted)
    for camera, passes in PASSES.items():
        mix = MIX[camera]
        for _ in range(passes - sum(d.camera == camera for d in planted)):
            model = county.one(list(mix), list(mix.values()))
            by_day = (6.1, 23.9) if model == "tank" and camera == "motorway" else None
            drive = county.make(model, camera, by_day)
            if model not in ("tank", "taxi", "coach") and county.rng.random() < 0.03:
                drive.row, drive.permits = None, []
            drives.append(drive)
    return drives
