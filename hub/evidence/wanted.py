"""What the hub asks a box for: first what somebody waits for, then what people look at, then the gravest and newest."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.evidence.files import SIGNATURE, Evidence, EvidenceFile, evidences, mask_of, not_fetched, settle
from hub.evidence.vault import has_room
from hub.parts import HubParts
from hub.store.tables import entries, files
from hub.wall.view import wall_watched
from leads.quiet import QuietLog
from leads.uploads import WantedFile, WantedList

MOST_FILES: Final = 20
"""How many files are asked for at once."""
_ENTRIES: Final = 8
"""Of how many entries at once files are asked for: boxes ask every few seconds, and each entry must be read."""
MOST_NAMED: Final = 200
"""About how many leads a box may ask at once whether their evidence is here."""
_WATCHED_S, _UNWATCHED_S = 2.0, 60.0
"""Seconds between the pictures of a camera while somebody watches the wall, and else."""
_AGAIN_S, _FULL_S = 5.0, 60.0
"""Seconds until a box with nothing left to send asks again; and while the disk is full."""
_log = QuietLog(logging.getLogger(__name__))


def wanted(parts: HubParts, site_id: str, box_id: str, named: Sequence[str] = ()) -> WantedList:
    """The files wanted of a box, and which of the leads it names are held in full. Raises StoreError."""
    settings = parts.settings.evidence
    room = has_room(settings)
    if not room:
        _log.warning("room", "%s has less than %d MiB free: no more evidence is fetched", settings.folder,
                     settings.min_free_mib)  # fmt: skip
    with parts.database.read() as connection:
        asked = _asked_for(connection, site_id, box_id) if room else []
        fetched = _in_turn(parts, connection, site_id, box_id) if room else []
        held = _held(connection, site_id, box_id, named[:MOST_NAMED])
    found = [*asked]
    for evidence in fetched:
        lacking = [_wanted(evidence, file) for file in _to_fetch(parts, evidence)]
        if not lacking:  # a crash came between the file and the entry's row
            settle(parts, evidence.number)
        found += lacking
    return WantedList(
        files=_each_once(found)[:MOST_FILES],
        held=held,
        frames_every_s=_WATCHED_S if wall_watched(parts) else _UNWATCHED_S,
        ask_again_s=_AGAIN_S if room else _FULL_S,
    )


def _asked_for(connection: Connection, site_id: str, box_id: str) -> list[WantedFile]:
    """Files that somebody asked for, the first asked first; a signature brings its manifest along."""
    rows = connection.execute(
        sa.select(files.c.number, files.c.name)
        .join(entries, entries.c.number == files.c.number)
        .where(files.c.wanted_ms.is_not(None), entries.c.site_id == site_id, entries.c.box_id == box_id)
        .order_by(files.c.wanted_ms)
        .limit(MOST_FILES)
    ).all()
    known = {e.number: e for e in evidences(connection, entries.c.number.in_({row.number for row in rows}))}
    return [
        _wanted(known[row.number], file)
        for row in rows
        for file in known[row.number].files
        if file.name == row.name or (row.name == SIGNATURE and file.kind == "manifest" and file.held_ms is None)
    ]


def _in_turn(parts: HubParts, connection: Connection, site_id: str, box_id: str) -> list[Evidence]:
    """Entries of a box that lack something which is fetched without being asked for, the most wanted first."""
    numbers = connection.scalars(
        sa.select(entries.c.number)
        .where(
            entries.c.site_id == site_id,
            entries.c.box_id == box_id,
            entries.c.evidence == 1,
            entries.c.fetched.in_(not_fetched(parts.settings.evidence)),
        )
        .order_by(
            sa.func.coalesce(entries.c.looked_ms, 0).desc(),
            entries.c.level.desc(),
            entries.c.occurred_ms.desc(),
            entries.c.number.desc(),
        )
        .limit(_ENTRIES)
    ).all()
    known = {evidence.number: evidence for evidence in evidences(connection, entries.c.number.in_(numbers))}
    return [known[number] for number in numbers]


def _to_fetch(parts: HubParts, evidence: Evidence) -> Iterator[EvidenceFile]:
    settings = parts.settings.evidence
    mask = mask_of(settings.fetch)
    return (file for file in evidence.files if file.fetch & mask and file.lacking(settings))


def _wanted(evidence: Evidence, file: EvidenceFile) -> WantedFile:
    return WantedFile(
        lead_id=evidence.entry_id,
        folder=evidence.folder,
        name=file.name,
        sha256=file.sha256,
        bytes=file.bytes,
        urgent=file.wanted_ms is not None,
    )


def _each_once(found: Sequence[WantedFile]) -> tuple[WantedFile, ...]:
    first: dict[tuple[str, str], WantedFile] = {}
    for file in found:
        first.setdefault((file.lead_id, file.name), file)
    return tuple(first.values())


def _held(connection: Connection, site_id: str, box_id: str, named: Sequence[str]) -> tuple[str, ...]:
    """Of some leads those with nothing left at the box."""
    if not named:
        return ()
    rows = connection.scalars(
        sa.select(entries.c.entry_id).where(
            entries.c.entry_id.in_(named),
            entries.c.site_id == site_id,
            entries.c.box_id == box_id,
            entries.c.evidence != 1,
        )
    )
    return tuple(sorted(rows))
