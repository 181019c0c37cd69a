"""Codes and words of registers, and between what numbers a value can be meant; for files and for answers alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from edge.registry.entries import PermitKind, PermitState, VehicleEntry, Waybill

USE_NATURES: Mapping[str, str] = {
    "A": "非营运",
    "B": "公路客运",
    "C": "公交客运",
    "D": "出租客运",
    "E": "旅游客运",
    "F": "货运",
    "G": "租赁",
    "H": "警用",
    "I": "消防",
    "J": "救护",
    "K": "工程救险",
    "L": "营转非",
    "M": "出租转非",
    "N": "教练",
    "O": "幼儿校车",
    "P": "小学生校车",
    "Q": "初中生校车",
    "R": "危化品运输",
    "S": "中小学生校车",
    "T": "预约出租客运",
    "U": "预约出租转非",
    "Z": "其他",
}
"""使用性质 by GA/T 16.3."""
VEHICLE_STATES: Mapping[str, str] = {
    "A": "正常",
    "B": "转出",
    "C": "被盗抢",
    "D": "停驶",
    "E": "注销",
    "G": "违法未处理",
    "H": "海关监管",
    "I": "事故未处理",
    "J": "嫌疑车",
    "K": "查封",
    "L": "暂扣",
    "M": "强制注销",
    "N": "事故逃逸",
    "O": "锁定",
    "P": "达到报废标准公告牌证作废",
    "Q": "逾期未检验",
    "Z": "其他",
}
"""机动车状态 as the vehicle register keeps it; a vehicle may have several letters at once."""
PERMIT_KINDS: Mapping[str, PermitKind] = {kind: kind for kind in get_args(PermitKind)} | {
    "普货": "goods",
    "普通货运": "goods",
    "危货": "dangerous_goods",
    "危险货物运输": "dangerous_goods",
    "客运班线": "scheduled",
    "班线": "scheduled",
    "包车": "charter",
    "旅游": "tourist",
    "巡游出租": "taxi",
    "出租": "taxi",
    "网约车": "ride_hailing",
    "超限运输": "oversize",
    "租赁": "rental",
}
PERMIT_STATES: Mapping[str, PermitState] = {state: state for state in get_args(PermitState)} | {
    "有效": "valid",
    "营运": "valid",
    "暂停": "suspended",
    "停运": "suspended",
    "吊销": "revoked",
    "撤销": "revoked",
    "注销": "revoked",
}
EXEMPTIONS: Mapping[str, str] = {
    "refrigerated": "refrigerated",
    "冷藏": "refrigerated",
    "air_suspension": "air_suspension",
    "空气悬架": "air_suspension",
    "special_work": "special_work",
    "专项作业": "special_work",
}
VEHICLE_TYPE = re.compile(r"[A-Z][1-9][0-9A-Z]")
"""GA/T 16.4: class, size, kind."""
UN_NUMBER = re.compile(r"[0-9]{4}")
HAZARD = re.compile(r"[1-9](\.[1-6])?[A-S]?")
"""Class or division of dangerous goods, of class 1 with its group: 3, 6.1, 1.1D."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a quantity may be; beyond it the unit is wrong, or a digit."""

    low: float
    high: float
    remedy: str
    whole: bool = False

    def fault(self, value: float) -> str | None:
        """What is wrong with a value, or None."""
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return f"{value:g} is outside {self.low:g} to {self.high:g}: {self.remedy}"
        return "a whole number is wanted" if self.whole and value != int(value) else None


_KILOGRAMS = "give kilograms, not tonnes"
_M = Range(0.1, 150, "give metres, not millimetres")
_ACROSS = Range(0.1, 15, "give metres, not millimetres")
RANGES: Mapping[str, Range] = {
    "axles": Range(1, 60, "count the axles", whole=True),
    "drive_axles": Range(0, 30, "count the driven axles", whole=True),
    "seats": Range(0, 300, "count the seats", whole=True),
    "max_mass_kg": Range(100, 1_000_000, _KILOGRAMS),
    "train_mass_kg": Range(1000, 1_000_000, _KILOGRAMS),
    "kerb_mass_kg": Range(30, 1_000_000, _KILOGRAMS),
    "length_m": _M,
    "width_m": _ACROSS,
    "height_m": _ACROSS,
    "board_height_m": Range(0, 5, "give metres, not millimetres"),
}


def vehicle_faults(entry: VehicleEntry) -> Iterator[str]:
    """What is wrong with an entry whose types are right: codes nobody knows, and quantities that cannot be meant."""
    if entry.use_nature and entry.use_nature not in USE_NATURES:
        yield f"use_nature: {entry.use_nature!r} is no code of GA/T 16.3"
    if unknown := set(entry.state) - set(VEHICLE_STATES):
        yield f"state: {''.join(sorted(unknown))!r} is no letter of a vehicle's state"
    if entry.vehicle_type and not VEHICLE_TYPE.fullmatch(entry.vehicle_type):
        yield f"vehicle_type: {entry.vehicle_type!r} is no code of GA/T 16.4"
    if unknown := set(entry.exempt) - set(EXEMPTIONS.values()):
        yield f"exempt: {sorted(unknown)} are no exemptions"
    for holder in (entry, *entry.permits):
        for name, allowed in RANGES.items():
            value = getattr(holder, name, None)
            fault = None if value is None else allowed.fault(value)
            if fault:
                yield f"{name}: {fault}"


def waybill_faults(entry: Waybill) -> Iterator[str]:
    """What is wrong with a waybill whose types are right."""
    if not UN_NUMBER.fullmatch(entry.un):
        yield f"un: {entry.un!r} is no UN number of four digits"
    if entry.danger and not HAZARD.fullmatch(entry.danger):
        yield f"danger: {entry.danger!r} is no class or division"
    for name, moment in (("starts_at", entry.starts_at), ("ends_at", entry.ends_at)):
        if moment is not None and moment.tzinfo is None:
            yield f"{name}: a time without an offset is ambiguous"
