"""Who else is looking, and what changes: told to every open page as it happens."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from hub.accounts.roles import Role
from hub.accounts.sessions import close_session
from hub.accounts.user import User
from hub.cases.faults import StepError
from hub.cases.live import Change, Live, changes_since
from hub.cases.machine import Action
from hub.cases.presence import all_viewers, others, say_here, viewers_of
from hub.web.app import create_app
from hub.web.deps import cookie_name
from tests.hub_worlds import HubWorld
from tests.unit.hub.casework import Bureau

A, R = Action, Role


# ---- presence


def test_who_looks_is_seen_by_others_until_they_stop(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    number, other = bureau.lead(), bureau.lead()
    operator, reviewer = bureau.people[R.OPERATOR], bureau.people[R.REVIEWER]
    for user, entry in ((operator, number), (reviewer, number), (operator, number), (operator, other)):
        say_here(either_hub.parts, user, entry)
        either_hub.clock.go(1)

    def viewers(entry: int) -> list[str]:
        with either_hub.parts.database.read() as connection:
            seen = viewers_of(connection, [entry], either_hub.clock())
            assert seen.get(entry, ()) == all_viewers(connection, either_hub.clock()).get(entry, ())
        return others(seen.get(entry, ()), 0)

    assert viewers(number) == sorted([operator.display, reviewer.display])
    assert viewers(other) == [operator.display]
    either_hub.clock.go(12)
    assert viewers(number) == [operator.display]
    either_hub.clock.go(5)
    assert viewers(number) == viewers(other) == []


def test_one_is_not_told_of_oneself() -> None:
    assert others([(1, "甲"), (2, "乙"), (3, "甲")], 1) == ["乙", "甲"]


def test_nobody_looks_at_what_is_not_there(hub: HubWorld) -> None:
    with pytest.raises(StepError, match="not_found"):
        say_here(hub.parts, hub.user(R.OPERATOR), 5)


# ---- changes


def test_what_came_in_and_what_was_decided_are_changes(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    with either_hub.parts.database.read() as connection:
        before = changes_since(connection, 0).seq
    first, second = bureau.lead(), bureau.lead()
    bureau.go(first, A.CONFIRM)
    with either_hub.parts.database.read() as connection:
        found = changes_since(connection, before)
        assert (found.numbers, found.more) == ((first, second), False)
        last = changes_since(connection, found.seq - 1)
        assert (last.numbers, last.seq) == ((first,), found.seq)
        assert changes_since(connection, found.seq).numbers == ()


def test_a_page_that_missed_very_much_is_told_to_load_anew(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.cases.live._STEPS", 2)
    bureau = Bureau(hub)
    numbers = [bureau.lead() for _ in range(5)]
    with hub.parts.database.read() as connection:
        found = changes_since(connection, 0)
    assert (found.numbers, found.more) == (tuple(numbers[-2:]), True)


# ---- events, as the poller of one process tells them


@dataclass
class _Page:
    """An open page."""

    events: AsyncIterator[str]

    async def next(self) -> list[dict[str, Any]]:
        """The events of the next piece of text."""
        text = await asyncio.wait_for(anext(self.events), 5)
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def _page(live: Live, hub: HubWorld, user: User, last_seq: int | None = None) -> _Page:
    return _Page(live.listen(user, hub.session(user)[0], last_seq))


def test_pages_are_told_of_changes_and_of_who_looks(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    number = bureau.lead()
    operator, reviewer = bureau.people[R.OPERATOR], bureau.people[R.REVIEWER]

    async def watch() -> None:
        live = Live(either_hub.parts, poll_s=0.01)
        mine, theirs = _page(live, either_hub, operator), _page(live, either_hub, reviewer)
        assert (await mine.next(), await theirs.next()) == ([], [])
        await asyncio.to_thread(bureau.go, number, A.CONFIRM)
        changed = [{"type": "changed", "numbers": [number], "more": False}]
        assert (await mine.next(), await theirs.next()) == (changed, changed)
        await asyncio.to_thread(say_here, either_hub.parts, operator, number)
        assert await mine.next() == [{"type": "presence", "number": number, "viewers": []}]
        assert await theirs.next() == [{"type": "presence", "number": number, "viewers": [operator.display]}]
        either_hub.clock.go(16)
        assert await theirs.next() == [{"type": "presence", "number": number, "viewers": []}]
        for page in (mine, theirs):
            await page.events.aclose()  # type: ignore[attr-defined]

    asyncio.run(watch())


def test_a_page_that_comes_back_is_told_what_it_missed(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    bureau.lead()
    with hub.parts.database.read() as connection:
        seq = changes_since(connection, 0).seq
    missed = bureau.lead()

    async def come_back() -> list[dict[str, Any]]:
        return await _page(Live(hub.parts), hub, bureau.people[R.OPERATOR], seq).next()

    assert asyncio.run(come_back()) == [{"type": "changed", "numbers": [missed], "more": False}]


def test_events_end_with_the_session(hub: HubWorld) -> None:
    operator = hub.user(R.OPERATOR)

    async def watch() -> int:
        token, session = hub.session(operator)
        page = _Page(Live(hub.parts, heartbeat_s=0.01).listen(operator, token))
        assert await page.next() == await page.next() == []
        await asyncio.to_thread(close_session, hub.parts, session.token_sha256)
        return len([text async for text in page.events])

    assert asyncio.run(watch()) <= 1


def test_events_end_with_the_session_though_they_come_all_the_time(hub: HubWorld) -> None:
    operator = hub.user(R.OPERATOR)

    async def watch() -> int:
        token, session = hub.session(operator)
        live = Live(hub.parts, poll_s=60, heartbeat_s=0.05)
        page = _Page(live.listen(operator, token))
        await page.next()
        await asyncio.to_thread(close_session, hub.parts, session.token_sha256)
        for told in range(100):
            live._tell(Change(told, (told,)))
            if await anext(page.events, None) is None:
                return told
            await asyncio.sleep(0.01)
        return 100

    assert asyncio.run(watch()) < 20


def test_a_page_that_does_not_read_is_dropped_and_others_are_not(
    hub: HubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.cases.live._WAITING", 1)
    bureau = Bureau(hub)
    number = bureau.lead()

    async def watch() -> tuple[int, list[dict[str, Any]]]:
        live = Live(hub.parts, poll_s=0.01)
        slow, quick = (_page(live, hub, bureau.people[R.OPERATOR]) for _ in range(2))
        await slow.next(), await quick.next()
        heard: list[dict[str, Any]] = []
        for i in range(4):
            await asyncio.to_thread(bureau.do, R.OPERATOR, number, A.NOTE, note=f"{i}")
            heard += await quick.next()
        left = [text async for text in slow.events]
        return len(left), heard

    left, heard = asyncio.run(watch())
    assert (left, len(heard)) == (0, 4)


# ---- over a real connection


@pytest.fixture
def served(hub: HubWorld) -> Iterator[tuple[str, Live]]:
    """The application behind a real server: its address, and the poller."""
    app = create_app(hub.parts)
    app.state.live = Live(hub.parts, poll_s=0.02, heartbeat_s=0.1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.live
        server.should_exit = True
        thread.join(10)


def _until(what: Any) -> bool:
    end = time.monotonic() + 10
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(what())


def test_events_come_over_http_and_who_goes_is_noticed(hub: HubWorld, served: tuple[str, Live]) -> None:
    address, live = served
    bureau = Bureau(hub)
    cookies = {cookie_name(hub.parts): hub.session(bureau.people[R.OPERATOR])[0]}
    threads = threading.active_count()
    with httpx.Client(base_url=address, cookies=cookies, timeout=10) as client:
        with client.stream("GET", "/api/live") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = response.iter_lines()
            assert next(lines) == "retry: 2000"
            number = bureau.lead()
            told = next(line for line in lines if line.startswith("data: "))
            assert json.loads(told[6:])["numbers"] == [number]
            assert len(live._listeners) == 1
        assert _until(lambda: not live._listeners)
    assert httpx.get(f"{address}/api/live").status_code == 401
    assert threading.active_count() - threads < 45, "connections hold no thread each; the server's pool has forty"
