"""Records in the published field names of non-stop inspection (不停车检测, data table B.1), and in Lushao's own.

A row that cannot be taken is told with every field that is wrong; none is dropped, and nothing in it guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from math import isfinite, nan
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from detector.plate_types import type_of
from edge.plate_codes import PLATE_CODES, normal_plate
from edge.weighing.settings import ScaleSettings
from leads import SCHEMA_VERSION, UNKNOWN, Plate, PlateColour, WeighRecord, WireError, read

MOST_AXLES = 6
"""Axles whose mass the published table has a field for."""

JT415: Mapping[int, PlateColour] = {
    1: "blue",
    2: "yellow",
    3: "black",
    4: "white",
    5: "green",
    9: "other",
    91: "farm_yellow",
    92: "farm_green",
    93: "yellow_green",
    94: "gradient_green",
}
"""JT/T 415 and 809."""
GAT1400: Mapping[int, PlateColour] = {1: "black", 2: "white", 5: "blue", 6: "yellow", 9: "green", 99: "other"}
"""GA/T 1400.3 B.6."""
_CODES: Mapping[str, Mapping[int, PlateColour]] = {"jt415": JT415, "gat1400": GAT1400, "words": {}}
_WORDS: Mapping[str, PlateColour] = {
    "蓝": "blue",
    "黄": "yellow",
    "黑": "black",
    "白": "white",
    "绿": "green",
    "渐变绿": "gradient_green",
    "黄绿": "yellow_green",
    "黄绿双拼": "yellow_green",
    "农黄": "farm_yellow",
    "农绿": "farm_green",
    "蓝白": "blue_white",
    "红": "red",
    **{word: word for word in get_args(PlateColour)},
}
_SIGN_COLOURS = {"gradient_green": "green"}
"""Where detector.plate_types has another word."""
_NO_PLATE = ("", "无", "无牌", "无车牌", "未知", "未识别", "车牌", "unknown", "null", "none", "noplate", "no plate")
_UNREAD = str.maketrans({"?": "-", "*": "-", "_": "-"})
_OTHER_TIMES = ("%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S")
"""Besides ISO 8601."""
_LONG_NUMBER = 9
"""Digits of a number that is no code."""
_TRUTHS = {"1": True, "true": True, "是": True, "0": False, "false": False, "否": False}

_PUBLISHED = {
    "pass_id": "previewCode",
    "station_code": "previewStationCode",
    "weighed_at": "previewDate",
    "snapshot_at": "snapshotTime",
    "measure_type": "measureType",
    "lane": "laneNo",
    "speed_kmh": "speed",
    "vehicle_type": "vehicleType",
    "axle_count": "axisNum",
    "total_kg": "totalWeight",
    "over_kg": "overLimitWeight",
    "over_rate": "overLimitRate",
    "escape": "isEscape",
    "straddle": "straddle_flag",
    "scale": "device_id",
    "axle_kg": "axle1Weight",
}
"""By the names of WeighRecord."""

_PLATES = {"licenseCodeFront", "licenseCodeBack", "licensePlateColor"}
_OWN = {"pass_id", "scale_class", "cert_no", "axle_spacing_m", "match_confidence", "serial"}
_SIZES = {f"{side}_{what}" for side in ("len", "wid", "hei") for what in ("mm", "error_mm")}
_MASSES = {f"axle{n}Weight" for n in range(1, MOST_AXLES + 1)}
FIELDS = frozenset({*_PUBLISHED.values()} | _PLATES | _OWN | _SIZES | _MASSES)
"""All names that are read, of records in the published form."""


class RecordError(ValueError):
    """A record that cannot be taken; `problems` has a line for each field that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def is_own(row: Mapping[str, Any]) -> bool:
    """Whether a record has the names of WeighRecord and not the published ones."""
    return "weighed_at" in row and "scale" in row


def device_of(row: Mapping[str, Any]) -> str | None:
    """The scale that a record names."""
    scale = row.get("scale")
    found = scale.get("device_id") if isinstance(scale, Mapping) else row.get("device_id")
    return str(found) if found else None


def read_record(row: Mapping[str, Any], scale: ScaleSettings, site_id: str, zone: ZoneInfo) -> WeighRecord:
    """Make a record out of a row of a table or an object of JSON, in either naming. Raises RecordError."""
    if is_own(row):
        return _own(row)
    return _Row(row, scale, site_id, zone).record()


def _own(row: Mapping[str, Any]) -> WeighRecord:
    # Records beside a clip tell its seconds as well.
    members = {name: value for name, value in row.items() if name != "t_s"}
    try:
        return read(WeighRecord, {"schema_version": SCHEMA_VERSION, **members})
    except WireError as error:
        raise RecordError([str(error)]) from None


class _Row:
    """One row in the published names; notes what is wrong field by field."""

    def __init__(self, row: Mapping[str, Any], scale: ScaleSettings, site_id: str, zone: ZoneInfo) -> None:
        self._row, self._scale, self._site_id, self._zone = row, scale, site_id, zone
        self._problems: list[str] = []

    def record(self) -> WeighRecord:
        axles = self._number("axisNum", whole=True)
        total_kg = self._number("totalWeight", needed=True)
        over_kg = self._number("overLimitWeight")
        rate = self._number("overLimitRate")
        fields = {
            "pass_id": self._text("pass_id") or self._text("previewCode", needed=True),
            "site_id": self._site_id,
            "station_code": self._text("previewStationCode"),
            "weighed_at": self._time("previewDate", needed=True),
            "snapshot_at": self._time("snapshotTime"),
            "scale": {
                "device_id": self._text("device_id") or self._scale.id,
                "scale_class": self._text("scale_class"),
                "cert_no": self._text("cert_no"),
            },
            "measure_type": self._text("measureType"),
            "lane": self._text("laneNo", needed=True),
            "speed_kmh": self._number("speed"),
            "plate_front": self._plate("licenseCodeFront"),
            "plate_rear": self._plate("licenseCodeBack"),
            "vehicle_type": self._text("vehicleType"),
            "axle_count": axles,
            "total_kg": total_kg,
            "axle_kg": self._axle_masses(axles),
            "axle_spacing_m": self._numbers("axle_spacing_m"),
            "limit_kg": total_kg - over_kg if total_kg is not None and over_kg is not None and over_kg > 0 else None,
            # Below the limit some scales tell what is left of it, as a negative number.
            "over_kg": None if over_kg is None else max(over_kg, 0.0),
            "over_rate": None if rate is None else max(rate, 0.0) / self._rate_unit,
            "straddle": self._truth("straddle_flag"),
            "escape": self._truth("isEscape"),
            "match_confidence": self._number("match_confidence"),
            "length": self._measure("len"),
            "width": self._measure("wid"),
            "height": self._measure("hei"),
            "serial": self._number("serial", whole=True),
        }
        if self._problems:
            raise RecordError(self._problems)
        try:
            return WeighRecord.model_validate(fields)
        except ValidationError as error:
            raise RecordError([_explain(dict(fault)) for fault in error.errors(include_url=False)]) from None

    @property
    def _rate_unit(self) -> float:
        return 100.0 if self._scale.published.over_rate == "percent" else 1.0

    def _text(self, name: str, *, needed: bool = False) -> str | None:
        value = self._row.get(name)
        text = "" if value is None else str(value).strip()
        if not text and needed:
            self._problems.append(f"{name}: is missing")
        return text or None

    def _number(self, name: str, *, needed: bool = False, whole: bool = False) -> float | None:
        text = self._text(name, needed=needed)
        return None if text is None else self._as_number(name, text, whole=whole)

    def _as_number(self, name: str, text: str, *, whole: bool = False) -> float | None:
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not isfinite(value):
            self._problems.append(f"{name}: {text!r} is no number")
            return None
        if whole and value != int(value):
            self._problems.append(f"{name}: {text!r} is no whole number")
            return None
        return int(value) if whole else value

    def _numbers(self, name: str) -> tuple[float, ...]:
        """A list of JSON, or a text with `;`, `,` or blanks between the numbers."""
        value = self._row.get(name)
        if isinstance(value, Sequence) and not isinstance(value, str):
            parts = [str(part) for part in value]
        else:
            parts = (self._text(name) or "").replace(";", " ").replace(",", " ").split()
        found = [self._as_number(name, part) for part in parts]
        return tuple(number for number in found if number is not None)

    def _time(self, name: str, *, needed: bool = False) -> datetime | None:
        """Local time; one that names its offset is taken by that."""
        text = self._text(name, needed=needed)
        if text is None:
            return None
        moment = _read_time(text)
        if moment is None:
            self._problems.append(f"{name}: {text!r} is no time such as 2026-11-23 14:22:03")
            return None
        return moment.replace(tzinfo=self._zone) if moment.tzinfo is None else moment

    def _truth(self, name: str) -> bool | None:
        text = self._text(name)
        if text is not None and text.lower() not in _TRUTHS:
            self._problems.append(f"{name}: {text!r} is neither 0 nor 1")
        return None if text is None else _TRUTHS.get(text.lower())

    def _plate(self, name: str) -> Plate | None:
        text = normal_plate(self._text(name) or "").translate(_UNREAD)
        if text.lower() in _NO_PLATE:
            return None
        if len(text) > 16:
            self._problems.append(f"{name}: {text!r} is too long for a plate")
            return None
        colour = self._colour()
        if text.endswith("挂"):
            colour = "yellow"  # GA 36-2018: trailers have no other, and the field tells of the front plate
        kind = type_of(text, _SIGN_COLOURS.get(colour, colour))
        return Plate(
            text=text, type=PLATE_CODES.get(kind, UNKNOWN), colour=colour, score=self._scale.published.plate_score
        )

    def _colour(self) -> PlateColour:
        """A word, or a number of the site's code set; any other is unknown."""
        text = self._text("licensePlateColor") or ""
        if text.isascii() and text.isdigit() and len(text) < _LONG_NUMBER:
            return _CODES[self._scale.published.plate_colours].get(int(text), "unknown")
        return _WORDS.get(text.lower().removesuffix("牌").removesuffix("色"), "unknown")

    def _axle_masses(self, axles: float | None) -> tuple[float, ...]:
        """Mass per axle where every axle's is there; zeros behind the last axle are empty fields."""
        masses = [self._number(f"axle{n}Weight") or 0.0 for n in range(1, MOST_AXLES + 1)]
        while masses and masses[-1] == 0:
            masses.pop()
        if 0 in masses:
            self._problems.append(f"axle{masses.index(0) + 1}Weight: is missing, but one behind it is there")
        if axles is not None and masses and len(masses) != min(int(axles), MOST_AXLES):
            self._problems.append(f"axisNum: {axles:g} axles, but the masses of {len(masses)}")
        return tuple(masses) if axles is None or axles <= MOST_AXLES else ()

    def _measure(self, side: str) -> dict[str, float | None] | None:
        length_mm = self._number(f"{side}_mm")
        return None if length_mm is None else {"mm": length_mm, "error_mm": self._number(f"{side}_error_mm")}


def _read_time(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in _OTHER_TIMES:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller gives it the site's zone
    return None


def _explain(fault: dict[str, Any]) -> str:
    first, *rest = fault["loc"] or ("record",)
    name = ".".join([_PUBLISHED.get(str(first), str(first)), *map(str, rest)])
    return f"{name}: {fault['msg']} (found {fault.get('input')!r})"
