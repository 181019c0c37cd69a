"""Earlier passes out of a CSV file, for a memory that is to begin with some."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from detector.sign import UNREAD
from edge.memory_file import ANY_TYPE, Seen
from edge.plate_codes import masked, normal_plate, plate_code
from leads.base import utc_ms
from leads.settings_file import SettingsError

_NEEDED: Final = ("plate", "at", "place")
_MOST_TOLD: Final = 20


def read_passes(path: Path, site: str) -> list[Seen]:
    """Read the passes of a CSV file in UTF-8 as ones of a site. Raises SettingsError naming each wrong line.

    A plate type that is not given is no type at all: the pass is then one of every vehicle of that number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in _NEEDED if name not in (table.fieldnames or ())]
            if missing:
                raise SettingsError([f"{path}:1: no column {', '.join(missing)}: the first line names the columns"])
            return list(_passes(path, table, site))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError([f"{path}: cannot be read as CSV in UTF-8: {error}"]) from error


def _passes(path: Path, table: csv.DictReader[str], site: str) -> Iterator[Seen]:
    problems: list[str] = []
    for row in table:
        try:
            yield _pass(row, site)
        except ValueError as error:
            problems.append(f"{path}:{table.line_num}: {error}")
            if len(problems) == _MOST_TOLD:
                break
    if problems:
        raise SettingsError(problems)


def _pass(row: dict[str, str], site: str) -> Seen:
    cells = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    plate = normal_plate(cells["plate"])
    if not 1 <= len(plate) <= 16 or UNREAD in plate:
        raise ValueError(f"plate {masked(plate)} is no whole number: write it like 闽H12345")
    code = cells.get("plate_type", "")
    return Seen(
        plate=plate,
        plate_type=plate_code(code) if code else ANY_TYPE,
        at=_time(cells["at"]),
        site=site,
        camera="",
        place=cells["place"],
        hub=cells.get("hub") or None,
    )


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"at: {text!r} is no time: write it like 2026-11-23T08:15:00+08:00") from None
    if moment.tzinfo is None:
        raise ValueError(f"at: {text!r} says no offset: write it like {text}+08:00, or with Z for UTC")
    return utc_ms(moment)
