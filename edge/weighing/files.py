"""Files of weigh records: a table (CSV) in the published field names, or a list (JSON) in either naming."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.weighing.published import FIELDS, RecordError, is_own, read_record
from edge.weighing.settings import ScaleSettings
from leads import WeighRecord


def read_file(path: Path, scale: ScaleSettings, site_id: str, zone: ZoneInfo) -> tuple[list[WeighRecord], list[str]]:
    """The records of a file, and a line for whatever in it cannot be taken, with file, line and field."""
    records: list[WeighRecord] = []
    problems: list[str] = []
    strange: set[str] = set()
    try:
        for where, row in _rows(path):
            try:
                records.append(read_record(row, scale, site_id, zone))
            except RecordError as error:
                problems += [f"{where}: {problem}" for problem in error.problems]
            if not is_own(row):
                strange |= {str(name) for name in row} - FIELDS
    except RecordError as error:
        problems += [f"{path}: {problem}" for problem in error.problems]
    if strange:
        problems.append(f"{path}: no field is called {', '.join(sorted(strange))}: rename it, or take it out")
    return records, problems


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        text = _text(path.read_bytes())
    except OSError as error:
        raise RecordError([f"cannot be read: {error.strerror}"]) from None
    yield from _listed(path, text) if path.suffix.lower() == ".json" else _tabled(path, text)


def _text(data: bytes) -> str:
    """UTF-8, or what Chinese office programs write."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RecordError(["is neither UTF-8 nor GB 18030: save it as UTF-8"])


def _listed(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise RecordError([f"is no JSON: {error}"]) from None
    if not isinstance(rows, list):
        raise RecordError(["holds no list: put the records between [ and ]"])
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise RecordError([f"record {number} is no object with names and values"])
        yield f"{path}: record {number}", row


def _tabled(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    table = csv.DictReader(io.StringIO(text, newline=""), restkey="more than the heading has")
    missing = {"previewDate", "totalWeight", "laneNo"} - set(table.fieldnames or ())
    if missing:
        raise RecordError([f"the first line has no field {', '.join(sorted(missing))}: it must name the fields"])
    for row in table:
        yield f"{path}:{table.line_num}", row
