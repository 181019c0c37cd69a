"""What changes, told to every open page as it happens (server-sent events).

One poller per process reads the end of the log of steps, and who is looking at what; what is new goes to all
connections of the process. The poller rests while nobody listens. Each event bears its place in the log, so that a
page whose connection broke says on the next one where it was, and misses nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.accounts.sessions import session_of
from hub.accounts.user import User
from hub.cases.presence import Viewer, all_viewers, others
from hub.intake.take import INTAKE
from hub.parts import HubParts
from hub.store.audit import canonical
from hub.store.database import StoreError
from hub.store.tables import audit, head
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
_POLL_S: Final = 1.0
_HEARTBEAT_S: Final = 15.0
"""Within this a connection that is gone, or whose session is over, is noticed."""
_STEPS: Final = 500
"""Lines of the log that are read at once; a page that missed more is told to load anew."""
_NUMBERS: Final = 500
"""Entries named in one event; beyond that a list has to be loaded anew anyway."""
_WAITING: Final = 100
"""Events that a slow page may leave lying before it is dropped; it will connect again."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is new since the last look."""

    seq: int
    numbers: tuple[int, ...] = ()
    """Entries that came in or changed."""
    more: bool = False
    """Whether there are more of them than are named."""
    viewers: Mapping[int, tuple[Viewer, ...]] = field(default_factory=dict)
    """Who looks now, of entries where that has changed."""


@dataclass(eq=False)
class Listener:
    """One connection."""

    user: User
    queue: asyncio.Queue[Change | None] = field(default_factory=lambda: asyncio.Queue(_WAITING))


class Live:
    """The poller and the connections of one process; all of it runs on the event loop."""

    def __init__(self, parts: HubParts, poll_s: float = _POLL_S, heartbeat_s: float = _HEARTBEAT_S) -> None:
        """Nothing runs until somebody listens."""
        self._parts = parts
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._quiet = QuietLog(log)

    async def listen(self, user: User, token: str, last_seq: int | None = None) -> AsyncIterator[str]:
        """The events for one page, as text to be sent, until it is closed or its session is over.

        `last_seq`: the last event it got on an earlier connection.
        """
        listener = Listener(user)
        self._listeners.add(listener)  # before the first look, so that nothing falls in between
        try:
            first = await asyncio.to_thread(self._since, last_seq)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run(first.seq))
            yield f"retry: 2000\n\n{_told(first, user)}"
            checked_s = time.monotonic()
            while not self._task.done():
                told = ": still here\n\n"  # where nobody reads any more, this ends here
                try:
                    change = await asyncio.wait_for(listener.queue.get(), self._heartbeat_s)
                    if change is None:
                        return
                    told = _told(change, user)
                except TimeoutError:
                    pass
                if time.monotonic() - checked_s >= self._heartbeat_s:  # also while events come all the time
                    if await asyncio.to_thread(self._over, token):
                        return
                    checked_s = time.monotonic()
                yield told
        except StoreError as error:
            self._quiet.warning("store", "%s; pages are told nothing new until then", error)
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._task is not None:
                self._task.cancel()

    async def _run(self, seq: int) -> None:
        looking: Mapping[int, tuple[Viewer, ...]] = {}
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                change, looking = await asyncio.to_thread(self._look, seq, looking)
            except StoreError as error:
                self._quiet.warning("store", "%s; pages are told nothing new until then", error)
                continue
            seq = change.seq
            if change.numbers or change.viewers:
                self._tell(change)

    def _tell(self, change: Change) -> None:
        for listener in list(self._listeners):
            if listener.queue.full():  # it has not read for long: it is dropped and connects again
                self._listeners.discard(listener)
                listener.queue.get_nowait()
                listener.queue.put_nowait(None)
            else:
                listener.queue.put_nowait(change)

    # In a thread: the database may keep one waiting

    def _look(
        self, seq: int, looking: Mapping[int, tuple[Viewer, ...]]
    ) -> tuple[Change, Mapping[int, tuple[Viewer, ...]]]:
        with self._parts.database.read() as connection:
            found = changes_since(connection, seq)
            now = all_viewers(connection, self._parts.clock())
        moved = {number: now.get(number, ()) for number in now.keys() | looking.keys()}
        viewers = {number: seen for number, seen in moved.items() if seen != looking.get(number, ())}
        return Change(found.seq, found.numbers, found.more, viewers), now

    def _over(self, token: str) -> bool:
        """Whether a session is over; an open page alone does not keep it in use."""
        return session_of(self._parts, token, in_use=False) is None

    def _since(self, last_seq: int | None) -> Change:
        """What a new connection is told first."""
        with self._parts.database.read() as connection:
            end = int(connection.execute(sa.select(head.c.audit_seq)).scalar_one())
            found = Change(end) if last_seq is None or last_seq > end else changes_since(connection, last_seq)
            return Change(found.seq, found.numbers, found.more, all_viewers(connection, self._parts.clock()))


def changes_since(connection: Connection, seq: int) -> Change:
    """The entries that steps after this one are about."""
    end = int(connection.execute(sa.select(head.c.audit_seq)).scalar_one())
    if end <= seq:
        return Change(end)
    rows = connection.execute(
        sa.select(audit.c.number, audit.c.action, audit.c.body)
        .where(audit.c.seq > max(seq, end - _STEPS), audit.c.seq <= end)
        .order_by(audit.c.seq)
    )
    numbers = sorted(set(_numbers(rows)))
    missed = end - seq > _STEPS
    return Change(end, tuple(numbers[-_NUMBERS:]), missed or len(numbers) > _NUMBERS)


def _numbers(rows: Iterable[Any]) -> Iterable[int]:
    for row in rows:
        if row.number is not None:
            yield row.number
        elif row.action == INTAKE:
            yield from (entry[0] for entry in json.loads(row.body).get("entries", ()))


def _told(change: Change, user: User) -> str:
    """A change as events; nothing but its place where there is nothing to tell."""
    events: list[Mapping[str, Any]] = []
    if change.numbers or change.more:
        events.append({"type": "changed", "numbers": change.numbers, "more": change.more})
    events += [
        {"type": "presence", "number": number, "viewers": others(seen, user.id)}
        for number, seen in sorted(change.viewers.items())
    ]
    return "".join(f"id: {change.seq}\ndata: {canonical(event)}\n\n" for event in events) or f"id: {change.seq}\n\n"
