"""Reading a CSV file of a register: its encoding, its header, its rows, and what is wrong with them, by line."""

from __future__ import annotations

import codecs
import csv
import difflib
import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Final, Literal

from edge.registry.columns import Column, Value
from edge.registry.protocol import RegistryError

SHOWN: Final = 20
"""Problems that are told one by one."""
_CHUNK: Final = 1 << 20
_TICK_ROWS: Final = 4096


@dataclass(slots=True)
class Problems:
    """Bad rows: the first in words, all in number."""

    first: list[str] = field(default_factory=list)
    rows: int = 0

    def add(self, path: Path, line: int, faults: Sequence[str]) -> None:
        """Note a row with what is wrong in it."""
        self.rows += 1
        self.first.extend(f"{path.name}:{line}: {fault}" for fault in faults[: SHOWN - len(self.first)])


@dataclass(frozen=True, slots=True)
class Source:
    """A CSV file, looked over as a whole."""

    path: Path
    sha256: str
    encoding: Literal["utf-8-sig", "gb18030"]
    size: int
    """Bytes."""


def examine(path: Path) -> Source:
    """Hash a file and find its encoding: UTF-8 with or without byte order mark, or GBK. Raises RegistryError."""
    digest, size = hashlib.sha256(), 0
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if size == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise RegistryError(f"{path}: is UTF-16: save it as CSV in UTF-8 (in Excel: CSV UTF-8)")
                if size == 0 and chunk.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                    raise RegistryError(f"{path}: is a spreadsheet, not CSV: save it as CSV UTF-8")
                size += len(chunk)
                digest.update(chunk)
                is_utf8 = is_utf8 and _decodes(utf8, chunk)
    except FileNotFoundError:
        raise RegistryError(f"{path}: no such file; check the name") from None
    except OSError as error:
        raise RegistryError(f"{path}: cannot be read: {error.strerror}") from error
    is_utf8 = is_utf8 and _decodes(utf8, b"", final=True)
    if not is_utf8:
        _check_gbk(path)
    return Source(path, digest.hexdigest(), "utf-8-sig" if is_utf8 else "gb18030", size)


def _check_gbk(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("gb18030")()
    with path.open("rb") as file:
        whole = all(_decodes(decoder, chunk) for chunk in iter(lambda: file.read(_CHUNK), b""))
    if not whole or not _decodes(decoder, b"", final=True):
        raise RegistryError(f"{path}: is neither UTF-8 nor GBK: save it as CSV UTF-8")


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose cells are all right; empty ones are left away."""

    line: int
    values: dict[str, Value]


def read_rows(
    source: Source, columns: Sequence[Column], ignored: Collection[str], problems: Problems, tick: Callable[[int], None]
) -> Iterator[Row]:
    """The good rows of a file; the bad ones are noted. Raises RegistryError where its header or form is wrong."""
    with source.path.open("rb") as raw, TextIOWrapper(raw, source.encoding, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            chosen = _chosen(source.path, header, columns, ignored)
            for number, cells in enumerate(reader):
                if number % _TICK_ROWS == 0:
                    tick(raw.tell())
                values, faults = _values(cells, len(header), chosen)
                if faults:
                    problems.add(source.path, reader.line_num, faults)
                elif values:
                    yield Row(reader.line_num, values)
        except csv.Error as error:
            raise RegistryError(
                f"{source.path}:{reader.line_num}: is not CSV ({error}): check the quotes from there on"
            ) from error
    tick(source.size)


def _values(cells: list[str], width: int, chosen: Sequence[tuple[int, Column]]) -> tuple[dict[str, Value], list[str]]:
    """Values by column, and what is wrong; both empty for an empty row."""
    values: dict[str, Value] = {}
    if not any(cells):
        return values, []
    if len(cells) != width:
        return values, [f"has {len(cells)} cells, the header {width}: look for a missing or unquoted comma"]
    faults = []
    for place, column in chosen:
        text = cells[place].strip()
        if text:
            try:
                values[column.name] = column.parse(text)
            except ValueError as error:
                faults.append(f"{column.name}: {error}")
        elif column.needed:
            faults.append(f"{column.name}: is empty: {column.help}")
    return values, faults


def _chosen(
    path: Path, header: Sequence[str], columns: Sequence[Column], ignored: Collection[str]
) -> list[tuple[int, Column]]:
    """Places of the known columns. Raises RegistryError for unknown, doubled and missing ones."""
    by_name = {name: column for column in columns for name in (column.name, column.chinese)}
    chosen: dict[str, tuple[int, Column]] = {}
    faults = []
    for place, title in enumerate(header):
        name = title.strip()
        column = by_name.get(name) or by_name.get(name.lower())
        if name in ignored:
            continue
        if column is None:
            faults.append(_unknown(name, by_name))
        elif column.name in chosen:
            faults.append(f"column {name!r} stands twice: remove one")
        else:
            chosen[column.name] = (place, column)
    faults.extend(
        f"column {column.name} ({column.chinese}) is missing: add it"
        for column in columns
        if column.needed and column.name not in chosen
    )
    if faults:
        if len(header) == 1 and any(mark in header[0] for mark in ";\t；，"):
            faults = ["the columns are not parted by commas: save it as CSV with commas"]
        raise RegistryError("\n".join(f"{path.name}:1: {fault}" for fault in faults))
    return list(chosen.values())


def _unknown(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1)
    meant = f"did you mean {near[0]!r}? Else" if near else "see `lushao edge registry columns`, or"
    return f"column {name!r} is not known; {meant} leave it out with --ignore {name!r}"
