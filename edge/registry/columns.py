"""The columns of the CSV files a register is made of: their names, what may stand in them, and how it is kept.

vehicles.csv has one row per vehicle and permit: several rows of one vehicle add permits, and what the later rows leave
empty is as in the first. waybills.csv has one row per waybill and kind of goods. An empty cell is "not known".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from edge.plate_codes import normal_plate, plate_code
from edge.registry.words import (
    EXEMPTIONS,
    HAZARD,
    PERMIT_KINDS,
    PERMIT_STATES,
    RANGES,
    UN_NUMBER,
    USE_NATURES,
    VEHICLE_STATES,
    VEHICLE_TYPE,
    Range,
)
from leads.base import format_time, utc_ms

Value: TypeAlias = "str | int | float | list[str]"
Parse = Callable[[str], Value]
"""Text of a cell, stripped and not empty, to the value in the entry's JSON. Raises ValueError with the remedy."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    """As the field of the entry; `permit_` before those of the permit."""
    chinese: str
    """The other name it may bear."""
    parse: Parse
    help: str
    needed: bool = False


_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|年(\d{1,2})月|(\d{2}))(\d{1,2})日?")
_TIME = re.compile(r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")


@lru_cache(maxsize=8192)
def parse_day(text: str) -> str:
    """A day as ISO 8601; a time behind it is left away."""
    found = _DATE.match(text)
    rest = text[found.end() :] if found else ""
    if found is None or (rest and not _TIME.fullmatch(rest)):
        raise ValueError(f"{text!r} is no day: write it like 2026-11-23")
    year, *months, day = found.groups()
    try:
        return date(int(year), int(next(m for m in months if m)), int(day)).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar") from None


def parse_moment(text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """A moment in UTC; without offset it is local, and a day alone means its beginning or its `end`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found = _TIME.search(text)
        day = date.fromisoformat(parse_day(text))
        hour, minute, second = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        try:
            moment = datetime.combine(day, time(hour, minute, second))
        except ValueError:
            raise ValueError(f"{text!r} is no time of day") from None
    if end and ":" not in text and moment.time() == time():
        moment += timedelta(days=1) - timedelta(milliseconds=1)
    return utc_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _quantity(allowed: Range) -> Parse:
    @lru_cache(maxsize=8192)
    def parse(text: str) -> Value:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is no number: write digits alone, with a point for decimals") from None
        if fault := allowed.fault(value):
            raise ValueError(fault)
        return int(value) if value == int(value) else value

    return parse


def _word(words: Mapping[str, str]) -> Parse:
    def parse(text: str) -> Value:
        found = words.get(text) or words.get(text.lower())
        if found is None:
            raise ValueError(f"{text!r} is not known; use one of {', '.join(words)}")
        return found

    return parse


def _code(codes: Mapping[str, str]) -> Parse:
    """A letter, or its Chinese meaning."""
    known = {code: code for code in codes} | {meaning: code for code, meaning in codes.items()}

    def parse(text: str) -> Value:
        found = known.get(text) or known.get(text.upper())
        if found is None:
            listed = ", ".join(f"{code} {meaning}" for code, meaning in codes.items())
            raise ValueError(f"{text!r} is not known; use one of {listed}")
        return found

    return parse


@lru_cache(maxsize=1024)
def _letters(text: str) -> Value:
    single = _code(VEHICLE_STATES)
    if text in VEHICLE_STATES.values():
        return single(text)
    return "".join(sorted({str(single(letter)) for letter in text if letter not in ";, "}))


def _form(form: re.Pattern[str], remedy: str) -> Parse:
    def parse(text: str) -> Value:
        if not form.fullmatch(text.upper()):
            raise ValueError(f"{text!r}: {remedy}")
        return text.upper()

    return parse


def _un(text: str) -> Value:
    digits = text.upper().removeprefix("UN").strip()
    if not digits.isdecimal() or not UN_NUMBER.fullmatch(digits.zfill(4)):
        raise ValueError(f"{text!r} is no UN number: write four digits, for example 1203")
    return digits.zfill(4)


def parts(text: str) -> list[str]:
    """What stands between semicolons, half-width or full-width."""
    return [part for part in (p.strip() for p in text.replace("；", ";").split(";")) if part]


def _exemptions(text: str) -> Value:
    single = _word(EXEMPTIONS)
    return sorted({str(single(part)) for part in parts(text)})


_PLATE = Column("plate", "号牌号码", normal_plate, "number, for example 闽H12345; dots and spaces are left away", True)
_TYPE = Column("plate_type", "号牌种类", lru_cache(plate_code), "code by GA/T 16.7, or 大型汽车...", True)


def _measure(name: str, chinese: str, words: str, field: str | None = None) -> Column:
    return Column(name, chinese, _quantity(RANGES[field or name]), words)


VEHICLE_COLUMNS = (
    _PLATE,
    _TYPE,
    Column("vehicle_type", "车辆类型", _form(VEHICLE_TYPE, "give a code like H17"), "code by GA/T 16.4, like H17"),
    Column("use_nature", "使用性质", _code(USE_NATURES), "letter by GA/T 16.3, or 货运, 非营运..."),
    Column("state", "机动车状态", _letters, "letters: A in order, C stolen, E deregistered, M due for scrap..."),
    Column("inspection_valid_to", "检验有效期止", parse_day, "day"),
    _measure("axles", "轴数", "count"),
    _measure("drive_axles", "驱动轴数", "driven axles of the motor vehicle"),
    _measure("max_mass_kg", "总质量", "最大允许总质量 of the vehicle alone"),
    _measure("train_mass_kg", "列车总质量", "of a tractor: its own mass and 准牵引总质量 together"),
    _measure("kerb_mass_kg", "整备质量", "kg"),
    _measure("seats", "核定载客", "count"),
    _measure("length_m", "车长", "m"),
    _measure("width_m", "车宽", "m"),
    _measure("height_m", "车高", "m"),
    _measure("board_height_m", "栏板高度", "registered height of the side boards, m"),
    Column("exempt", "轴限豁免", _exemptions, ", ".join(EXEMPTIONS) + "; by `;`"),
    Column(
        "permit_kind",
        "证件类型",
        _word(PERMIT_KINDS),
        ", ".join(PERMIT_KINDS),
    ),
    Column("permit_number", "证号", str, "number of the permit"),
    Column("permit_state", "证件状态", _word(PERMIT_STATES), ", ".join(PERMIT_STATES) + "; empty is valid"),
    Column("permit_valid_from", "有效期起", parse_day, "first day"),
    Column("permit_valid_to", "有效期止", parse_day, "last day"),
    Column("permit_sections", "准行路段", parts, "closed sections that it opens, by name; by `;`"),
    Column("permit_scope", "经营范围", parts, "classes of dangerous goods, ends of a line, region codes; by `;`"),
    _measure("permit_max_mass_kg", "许可总质量", "of an oversize permit, kg", "train_mass_kg"),
    _measure("permit_length_m", "许可车长", "of an oversize permit, m", "length_m"),
    _measure("permit_width_m", "许可车宽", "of an oversize permit, m", "width_m"),
    _measure("permit_height_m", "许可车高", "of an oversize permit, m", "height_m"),
)


def waybill_columns(zone: ZoneInfo) -> tuple[Column, ...]:
    """Columns of waybills.csv; times without an offset are of this zone."""
    return (
        Column("number", "运单编号", str, "number of the waybill", True),
        _PLATE,
        _TYPE,
        Column("un", "UN编号", _un, "UN number, four digits", True),
        Column("danger", "类别", _form(HAZARD, "give it like 3 or 2.1"), "class or division, like 3 or 2.1"),
        Column("goods", "货物名称", str, "name of the goods"),
        Column(
            "starts_at",
            "起运时间",
            lru_cache(maxsize=8192)(lambda text: format_time(parse_moment(text, zone))),
            "when the trip begins: 2026-11-23 08:00, local unless it has an offset",
            True,
        ),
        Column(
            "ends_at",
            "到达时间",
            lru_cache(maxsize=8192)(lambda text: format_time(parse_moment(text, zone, end=True))),
            "when it ends at the latest; a day alone means all of it",
            True,
        ),
    )
