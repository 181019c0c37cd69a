"""Dead letters: what was refused, for a person to look at, to try again with today's keys, or to lay aside.

Each look at a message, each new try and each laying aside is a step of the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from hub.intake.judge import Fault, Judged, judge
from hub.intake.reports import judge_report
from hub.intake.take import Held, take
from hub.parts import HubParts
from hub.store.tables import refused
from leads.topics import BoxAddress, BoxTopic

READ: Final = "read_refused"
RETRY: Final = "retry_refused"
DROP: Final = "drop_refused"
MOST_AT_ONCE: Final = 500
"""So many are tried again in one go."""
_BATCH: Final = 50
_CUT: Final = Fault("too_large", "the hub kept only its beginning, so it cannot be tried again: let it be sent anew")
_R: Final = refused.c
_TOLD: Final = [column for column in _R if column.name != "payload"]


class GoneError(LookupError):
    """A dead letter that is not there, or waits no more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters are meant; what is None does not matter."""

    id: int | None = None
    reason: str | None = None
    site_id: str | None = None
    box_id: str | None = None
    up_to: int | None = None
    """None that came after this id: who decides about a list decides about what was on it."""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """As SQL."""
        given = {"id": self.id, "reason": self.reason, "site_id": self.site_id, "box_id": self.box_id}
        said = [_R[name] == value for name, value in given.items() if value is not None]
        return said if self.up_to is None else [*said, _R.id <= self.up_to]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused message, without its bytes."""

    id: int
    door: str
    """`mqtt` or `http`."""
    site_id: str
    box_id: str
    """The box, or the source that sent it."""
    entry_id: str | None
    reason: str
    detail: str
    payload_sha256: str
    received_ms: int
    times_received: int
    settled_ms: int | None
    settled_by: str
    settled_as: str
    """`taken`, `replaced` (by one with another reason), `dropped`; empty while it waits."""


@dataclass(frozen=True, slots=True)
class Group:
    """Open dead letters of one reason and sender."""

    reason: str
    site_id: str
    box_id: str
    count: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a new try."""

    taken: int = 0
    refused: int = 0


def groups(parts: HubParts) -> list[Group]:
    """Open dead letters by reason and sender, most first."""
    columns = (_R.reason, _R.site_id, _R.box_id)
    count = sa.func.count().label("count")
    query = sa.select(*columns, count, sa.func.max(_R.id)).where(_R.settled_ms.is_(None)).group_by(*columns)
    with parts.database.read() as connection:
        return [Group(*row) for row in connection.execute(query.order_by(count.desc(), *columns))]


def open_letters(parts: HubParts, wanted: Wanted, before: int | None, limit: int) -> list[DeadLetter]:
    """A page of open ones, newest first; `before` is the last id of the page before."""
    query = sa.select(*_TOLD).where(_R.settled_ms.is_(None), *wanted.conditions())
    if before is not None:
        query = query.where(_R.id < before)
    with parts.database.read() as connection:
        return [DeadLetter(*row) for row in connection.execute(query.order_by(_R.id.desc()).limit(limit))]


def settled_letters(parts: HubParts, before: tuple[int, int] | None, limit: int) -> list[DeadLetter]:
    """A page of those that wait no more, last settled first; `before`: time and id of the last of the page before."""
    query = sa.select(*_TOLD).where(_R.settled_ms.is_not(None))
    if before is not None:
        query = query.where(sa.tuple_(_R.settled_ms, _R.id) < sa.tuple_(*map(sa.literal, before)))
    order = (_R.settled_ms.desc(), _R.id.desc())
    with parts.database.read() as connection:
        return [DeadLetter(*row) for row in connection.execute(query.order_by(*order).limit(limit))]


def read_letter(parts: HubParts, by: str, letter_id: int) -> tuple[DeadLetter, bytes]:
    """One in full, with its bytes as far as they are kept; the look is written down. Raises GoneError."""
    with parts.audit.begin() as books:
        row = books.connection.execute(sa.select(*_TOLD, _R.payload).where(_R.id == letter_id)).one_or_none()
        if row is None:
            raise GoneError(f"there is no dead letter {letter_id}")
        *told, payload = row
        letter = DeadLetter(*told)
        books.add(by, READ, body={"id": letter.id, "payload_sha256": letter.payload_sha256})
    return letter, bytes(payload)


def judge_again(parts: HubParts, letter: DeadLetter, payload: bytes) -> Judged:
    """What would be said of it today. Raises KeyFileError where the box's key cannot be read."""
    if letter.door == "http":
        judged = judge_report(letter.box_id, payload)
    else:
        judged = judge(BoxAddress(letter.site_id, letter.box_id, BoxTopic.LEADS), payload, parts.box_keys.of)
    if hashlib.sha256(payload).hexdigest() == letter.payload_sha256:
        return judged
    return Judged(judged.sender, payload, letter.payload_sha256, judged.entry_id, None, _CUT)


def retry(parts: HubParts, by: str, wanted: Wanted) -> Tally:
    """Judge open ones again, and take what is good now; `MOST_AT_ONCE` of them, oldest first.

    Raises GoneError where none is open, KeyFileError, StoreError.
    """
    query = sa.select(_R.id).where(_R.settled_ms.is_(None), *wanted.conditions()).order_by(_R.id).limit(MOST_AT_ONCE)
    with parts.database.read() as connection:
        ids = connection.execute(query).scalars().all()
    if not ids:
        raise GoneError("no such dead letter waits any more")
    taken = sum(_retry_batch(parts, by, ids[start : start + _BATCH]) for start in range(0, len(ids), _BATCH))
    return Tally(taken, len(ids) - taken)


def _retry_batch(parts: HubParts, by: str, ids: Sequence[int]) -> int:
    """How many of these were taken."""
    with parts.database.read() as connection:
        rows = connection.execute(sa.select(*_TOLD, _R.payload).where(_R.id.in_(ids)).order_by(_R.id)).all()
    letters = [DeadLetter(*told) for *told, _ in rows]
    judged = [judge_again(parts, letter, bytes(row.payload)) for letter, row in zip(letters, rows, strict=True)]
    good = [(letter, one) for letter, one in zip(letters, judged, strict=True) if one.fault is None]
    held = take(parts, [one for _, one in good])
    fates = {letter.id: _fate(letter, one) for (letter, _), one in zip(good, held, strict=True)}
    with parts.audit.begin() as books:
        for letter_id, fate in fates.items():
            if fate:
                values = {"settled_ms": books.at_ms, "settled_by": by, "settled_as": fate}
                books.connection.execute(sa.update(refused).where(_R.id == letter_id).values(values))
        tried = [[letter.id, letter.payload_sha256, fates.get(letter.id, "")] for letter in letters]
        books.add(by, RETRY, body={"tried": tried})
    return sum(fate == "taken" for fate in fates.values())


def _fate(letter: DeadLetter, held: Held) -> str:
    """What becomes of the row of one that was judged good; empty where it waits on."""
    if held.fault is None:
        return "taken"
    return "" if held.fault.reason == letter.reason else "replaced"


def drop(parts: HubParts, by: str, wanted: Wanted, note: str) -> int:
    """Lay open ones aside, and say why; how many there were. They are kept, but wait for nobody.

    Raises GoneError where none is open, ValueError without a note.
    """
    if not note.strip():
        raise ValueError("say why it is laid aside")
    with parts.audit.begin() as books:
        values = {"settled_ms": books.at_ms, "settled_by": by, "settled_as": "dropped"}
        done = books.connection.execute(
            sa.update(refused).where(_R.settled_ms.is_(None), *wanted.conditions()).values(values)
        )
        if done.rowcount == 0:
            raise GoneError("no such dead letter waits any more")
        body: dict[str, Any] = {"note": note.strip(), "count": done.rowcount}
        body |= {name: value for name in Wanted.__slots__ if (value := getattr(wanted, name)) is not None}
        books.add(by, DROP, body=body)
        return done.rowcount
