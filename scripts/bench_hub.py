"""How quick the console is with a million leads: fills a store, asks every page and call, tells p50 and p95.

    python -m scripts.bench_hub --folder var/bench                 # SQLite; the store is kept and used again
    python -m scripts.bench_hub --folder var/bench --postgres      # a PostgreSQL of its own in that folder

Leads are spread over two years, six sites of four cameras, 36 rules and 300,000 vehicles; nine of ten are decided.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import sqlalchemy as sa
import uvicorn
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hub.accounts.roles import Role
from hub.figures.sums import refresh
from hub.intake.entry import entry_row, to_datetime
from hub.intake.judge import Judged, judge
from hub.intake.take import INTAKE
from hub.settings import StoreSettings
from hub.store.days import local_day, mark_stale
from hub.store.tables import boxes, cameras, entries, payloads, refused, steps
from hub.web.app import create_app
from hub.web.deps import CSRF_HEADER, cookie_name
from leads import encode, sign
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import BOX_KEY, HubWorld, PostgresServer, make_world
from tests.unit.leads.samples import sample_lead

BATCH: Final = 5_000
SITES, CAMERAS, VEHICLES, SPAN_DAYS = 6, 4, 300_000, 730
OFFENCES: Final = ("overload", "illegal_operation", "dangerous_goods", "plates_and_papers", "modification", "traffic")
STATES: Final = ("clue", "technical_review", "legal_review", "opened", "filed", "false_alarm", "duplicate", "police")
SHARES: Final = (4, 3, 2, 1, 60, 22, 6, 2)
CLASSES: Final = ("truck", "tank_truck", "van", "bus", "car")
PLACES: Final = ("岭下超限检测点", "西芹卡口", "夏道收费站", "塔前治超站", "炉下桥头", "王台隧道口")
PROVINCES: Final = "闽赣浙粤皖"
WANTED_MS: Final = 300
Ask = Callable[[random.Random], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Times of one page, in milliseconds."""

    name: str
    times_ms: Sequence[float]

    @property
    def p95_ms(self) -> float:
        """What 95 of 100 took at most."""
        return statistics.quantiles(self.times_ms, n=20)[-1]


def main() -> None:
    """Fill, ask, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--times", type=int, default=60, help="how often each page is asked")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        store = _store(given.folder.resolve(), given.postgres, undo)
        world = make_world(given.folder.resolve(), store)
        undo.callback(world.parts.database.close)
        fill(world, given.leads)
        port = _free_port()
        served = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(given.folder.resolve(), store, port), daemon=True
        )
        served.start()
        undo.callback(served.kill)
        client = _client(world, port)
        results = [_time(client, name, ask, given.times) for name, ask in _questions(given.leads).items()]
    _tell(results, given)


def _store(folder: Path, postgres: bool, undo: ExitStack) -> StoreSettings:
    if not postgres:
        return StoreSettings(sqlite=folder / "hub.db")
    server = PostgresServer(folder / "postgres", durable=True)
    undo.enter_context(server)
    return StoreSettings(postgres=server.settings())


def fill(world: HubWorld, wanted: int) -> None:
    """Bring the store to so many leads, as the intake would have; then sum the figures."""
    with world.parts.database.read() as connection:
        there = connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one()
    if not there:
        _fill_around(world)
    rng = random.Random(there)
    with Progress() as progress:
        task = progress.add_task("leads", total=wanted, completed=there)
        template = _judged(0)
        for first in range(there, wanted, BATCH):
            count = min(BATCH, wanted - first)
            _fill_batch(world, rng, template, count)
            progress.advance(task, count)
        with world.parts.database.read() as connection:
            days = connection.execute(sa.text("SELECT count(*) FROM stale_days")).scalar_one()
        task = progress.add_task("sums of days", total=days)
        while made := refresh(world.parts, 10):
            progress.advance(task, made)
    if there < wanted:
        with world.parts.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _judged(number: int) -> Judged:
    payload = encode(sign(sample_lead(number), BOX_KEY))
    return judge(BoxAddress("site-1", "box-1", BoxTopic.LEADS), payload, lambda _: (BOX_KEY.public_key(),))


def _fill_batch(world: HubWorld, rng: random.Random, template: Judged, count: int) -> None:
    """So many leads in one commit; all but bytes and signature are made up, for signing a million takes minutes."""
    parts = world.parts
    with parts.audit.begin() as books:
        rows, bodies, done = [], [], []
        for _ in range(count):
            number = books.next_number()
            row = entry_row(template, number, books.at_ms, parts.cases)
            row |= _made_up(rng, number, books.at_ms)
            rows.append(row)
            bodies.append({"number": number, "payload": template.payload})
            if row["decided_ms"] is not None:
                done.append(row)
        books.connection.execute(sa.insert(entries), rows)
        books.connection.execute(sa.insert(payloads), bodies)
        books.add(
            "hub:bench", INTAKE, None, {"entries": [[r["number"], r["entry_id"], r["payload_sha256"]] for r in rows]}
        )
        taken = [_step(books.add("bench", "step", row["number"]), row) for row in done]
        if taken:
            books.connection.execute(sa.insert(steps), taken)
        zone = parts.settings.web.timezone
        mark_stale(books.connection, {local_day(row["occurred_ms"], zone) for row in rows}, books.at_ms)


def _made_up(rng: random.Random, number: int, now_ms: int) -> dict[str, Any]:
    site, camera, vehicle = rng.randrange(SITES), rng.randrange(CAMERAS), rng.randrange(VEHICLES)
    of_vehicle = random.Random(vehicle)
    plate = f"{of_vehicle.choice(PROVINCES)}{of_vehicle.choice('ABCDEFGH')}{of_vehicle.randrange(100_000):05d}"
    occurred = now_ms - rng.randrange(SPAN_DAYS * 86_400_000)
    state = rng.choices(STATES, SHARES)[0]
    rule = rng.randrange(36)
    return {
        "entry_id": f"0{number:025d}",
        "payload_sha256": f"{number:064x}",
        "site_id": f"site-{site}",
        "box_id": f"box-{site}",
        "camera_id": f"camera-{camera}",
        "place": f"{PLACES[site]} G316 K{100 + camera}+{rng.randrange(10)}00",
        "occurred_ms": occurred,
        "received_ms": occurred + int(rng.lognormvariate(9, 0.8)),
        "rule_id": f"R-{rule:02d}",
        "code": f"R-{rule:02d}",
        "offence": OFFENCES[rule % len(OFFENCES)],
        "level": rng.choices((1, 2, 3), (5, 3, 1))[0],
        "plate": plate,
        "plate_tail": plate[2:],
        "plate_type": of_vehicle.choice(("01", "02")),
        "vehicle_class": of_vehicle.choice(CLASSES),
        "act_key": f"{plate}|{number}",
        "state": state,
        "state_ms": occurred,
        "decided_ms": None if state == "clue" else occurred + int(rng.lognormvariate(13, 1.2)),
        "evidence": 2,
    }


def _step(seq: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "seq": seq,
        "number": row["number"],
        "at_ms": row["decided_ms"],
        "user_id": 1,
        "user_name": "bench",
        "action": "confirm",
        "from_state": "clue",
        "to_state": row["state"],
        "reason": "",
        "note": "",
        "correction": "",
    }


def _fill_around(world: HubWorld) -> None:
    """Boxes and cameras for the wall, and dead letters."""
    now = world.clock()
    with world.parts.database.write() as connection:
        connection.execute(
            sa.insert(boxes), [{"site_id": f"site-{s}", "box_id": f"box-{s}", "seen_ms": now} for s in range(SITES)]
        )
        connection.execute(
            sa.insert(cameras),
            [
                {"site_id": f"site-{s}", "box_id": f"box-{s}", "camera_id": f"camera-{c}", "seen_ms": now}
                for s in range(SITES)
                for c in range(CAMERAS)
            ],
        )
        connection.execute(
            sa.insert(refused),
            [
                {
                    "door": "mqtt",
                    "site_id": "site-1",
                    "box_id": f"box-{i % SITES}",
                    "entry_id": None,
                    "reason": "bad_signature",
                    "detail": "the signature does not fit",
                    "payload": b"{}",
                    "payload_sha256": f"{i:064x}",
                    "received_ms": now,
                }
                for i in range(20_000)
            ],
        )


def _questions(leads: int) -> dict[str, Ask]:
    def plate(rng: random.Random) -> str:
        return f"{rng.choice(PROVINCES)}{rng.choice('ABCDEFGH')}{rng.randrange(100_000):05d}"

    def day(rng: random.Random) -> str:
        return (to_datetime(time.time_ns() // 10**6) - timedelta(days=rng.randrange(700))).date().isoformat()

    def fixed(path: str) -> Ask:
        return lambda _: path

    search = "/api/search?limit=50&"
    return {
        "page: queue": fixed("/queue"),
        "page: search": fixed("/search"),
        "page: wall": fixed("/wall"),
        "page: figures, 30 days": fixed("/figures"),
        "page: figures, 2 years": fixed("/figures?from=2024-11-01"),
        "chart: leads per day": fixed("/figures/by_day.svg"),
        "page: dead letters": fixed("/dead-letters"),
        "page: audit log": fixed("/audit"),
        "page: accounts": fixed("/users"),
        "page: my account": fixed("/account"),
        "page: one entry": lambda rng: f"/entries/{rng.randrange(1, leads)}",
        "queue, own states": fixed("/api/queue"),
        "queue, clues": fixed("/api/queue?state=clue"),
        "queue, filed": fixed("/api/queue?state=filed"),
        "one entry": lambda rng: f"/api/entries/{rng.randrange(1, leads)}?purpose=review",
        "search: whole plate": lambda rng: f"{search}plate={plate(rng)}",
        "search: beginning of a plate": lambda rng: f"{search}plate={plate(rng)[:4]}",
        "search: end of a plate": lambda rng: f"{search}plate={plate(rng)[3:]}",
        "search: plate with ?": lambda rng: f"{search}plate={plate(rng)[:3]}%3F{plate(rng)[4:]}",
        "search: part of a place": lambda rng: f"{search}place={rng.choice(PLACES)[:2]}",
        "search: a place that is not there": fixed(f"{search}place=nowhere"),
        "search: class, state, day": lambda rng: f"{search}class=truck&state=filed&from={day(rng)}&to={day(rng)}",
        "search: rule and camera": lambda rng: f"{search}rule=R-07&camera=camera-1&from={day(rng)}",
        "search: level and offence": fixed(f"{search}level=3&offence=overload"),
        "search: number": lambda rng: f"{search}number={rng.randrange(1, leads)}",
        "wall": fixed("/api/wall"),
    }


def _serve(folder: Path, store: StoreSettings, port: int) -> None:
    world = make_world(folder, store)
    parts = replace(world.parts, clock=lambda: time.time_ns() // 10**6)
    uvicorn.run(create_app(parts), port=port, log_level="warning", access_log=False)


def _client(world: HubWorld, port: int) -> httpx.Client:
    world.clock.now_ms = time.time_ns() // 10**6
    user = world.user(*Role, name=f"bench-{time.time_ns()}")
    token, session = world.session(user)
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        cookies={cookie_name(world.parts): token},
        headers={CSRF_HEADER: session.csrf},
        timeout=60,
    )
    for _ in range(300):
        try:
            if client.get("/account").status_code == 200:
                return client
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the application does not answer")


def _time(client: httpx.Client, name: str, ask: Ask, times: int) -> Asked:
    rng = random.Random(name)
    taken = []
    for path in _paths(ask, rng, times):
        started = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")
    return Asked(name, taken)


def _paths(ask: Ask, rng: random.Random, times: int) -> Iterator[str]:
    for _ in range(times):
        yield ask(rng)


def _tell(results: Sequence[Asked], given: argparse.Namespace) -> None:
    kind = "PostgreSQL" if given.postgres else "SQLite"
    table = Table("what", "p50 ms", "p95 ms", "most ms", title=f"{given.leads:,} leads on {kind}")
    for result in results:
        style = "red" if result.p95_ms > WANTED_MS else ""
        numbers = (statistics.median(result.times_ms), result.p95_ms, max(result.times_ms))
        table.add_row(result.name, *(f"{value:.0f}" for value in numbers), style=style)
    Console().print(table)
    worst = max(results, key=lambda result: result.p95_ms)
    print(json.dumps({"store": kind, "leads": given.leads, "worst": worst.name, "p95_ms": round(worst.p95_ms)}))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
