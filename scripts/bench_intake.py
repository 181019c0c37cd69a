"""How many leads a second the hub commits with receipts, and how long one waits for its receipt.

python -m scripts.bench_intake [--leads 10000] [--rate 300] [--workers 1,2] [--stores sqlite,postgres]

On one machine, beside each other: a real mosquitto, PostgreSQL as it is set up by default (it syncs each commit) or a
SQLite file, the hub's workers as `lushao hub serve` starts them, and as many boxes as `--boxes` played by one process.
Leads are as large as real ones (about 8 kB) and signed beforehand. `most` is with always `--window` leads under way;
the times from publish to receipt are at a steady `--rate`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Annotated

import psutil
import typer
import yaml
from rich.console import Console
from rich.table import Table

from hub import read
from hub.settings import StoreSettings
from hub.store.database import Database
from hub.workers import Workers
from leads import Check, Fact, FileRef, Lead, RegistryRef, encode, sign, write_public_key
from leads.topics import BoxTopic, box_topic
from scripts.bench_mqtt import BoxesLine
from tests.hub_worlds import BOX_KEY, CASES, PostgresServer
from tests.integration.brokers import Mosquitto, eventually
from tests.unit.leads.samples import sample_lead

SITE = "site-1"
WARM_UP = 50
_USERS = ("broker", "database", "workers")
"""Who uses the processor, but for the boxes."""
_DEEP_QUEUES = ("max_inflight_messages 2000", "max_queued_messages 100000")
console = Console(highlight=False)


@dataclass(frozen=True)
class Signed:
    """A lead ready to be sent."""

    topic: str
    payload: bytes
    lead_id: str


@dataclass(frozen=True)
class Result:
    """What one set-up did."""

    store: str
    workers: int
    per_s: float
    ms: Sequence[float]
    """Times from publish to receipt at the steady rate, sorted."""
    cpu_ms: dict[str, float]
    """Processor time per lead at the most, by who used it."""

    def share_ms(self, per_cent: int) -> float:
        """The time within which so many per cent had their receipt."""
        return quantiles(self.ms, n=100)[per_cent - 1]


def large_lead(number: int, boxes: int) -> Lead:
    """A lead of about 8 kB, with as many facts, checks and files as a lead of an overload has."""
    files = tuple(
        FileRef(name=f"picture-{n}.jpg", kind="close_up", sha256=f"{n:064x}", bytes=200_000) for n in range(13)
    )
    facts = tuple(
        Fact(name=f"fact_{n}", value=12.5 * n, unit="m", confidence=0.8, shots=9, proof=f"picture-{n % 13}.jpg")
        for n in range(24)
    )
    checks = tuple(
        Check(
            what=f"第{n}项条件：轴数与总质量的限值",
            met=True,
            found=f"测得 {n} 轴，总质量 {n * 1000} kg",
            wanted="GB 1589 限值",
        )
        for n in range(8)
    )
    sample = sample_lead(number, site=SITE, box=f"box-{number % boxes}")
    return sample.model_copy(
        update={
            "facts": facts,
            "checks": checks,
            "grading": checks,
            "models": sample.models * 5,
            "registry": RegistryRef(plate="闽H12345", source="register", answered="found", permits=("普货",)),
            "evidence": sample.evidence.model_copy(update={"files": files}),
        }
    )


def signed_leads(first: int, number: int, boxes: int) -> list[Signed]:
    """Leads from `first` on, each another act, signed by the key of all boxes here."""
    made = []
    for n in range(first, first + number):
        lead = sign(large_lead(n, boxes), BOX_KEY)
        made.append(Signed(box_topic(lead.site_id, lead.box_id, BoxTopic.LEADS), encode(lead), lead.lead_id))
    return made


def as_fast_as_it_goes(line: BoxesLine, leads: Sequence[Signed], window: int) -> float:
    """Send all with `window` under way; leads receipted per second."""
    waiting, left = set[str](), deque(leads)
    began = time.perf_counter()
    while left or waiting:
        while left and len(waiting) < window:
            lead = left.popleft()
            waiting.add(lead.lead_id)
            line.publish(lead.topic, lead.payload)
        for lead_id in line.receipts(0.05):
            waiting.discard(lead_id)
        if time.perf_counter() - began > 300:
            raise RuntimeError(f"{len(waiting)} leads have no receipt after five minutes; see the workers' log")
    return len(leads) / (time.perf_counter() - began)


def at_a_rate(line: BoxesLine, leads: Sequence[Signed], rate: float) -> list[float]:
    """Send so many a second; milliseconds from publish to receipt of each, sorted."""
    sent: dict[str, float] = {}
    took: list[float] = []
    began = time.perf_counter()
    while len(took) < len(leads):
        due = min(len(leads), int((time.perf_counter() - began) * rate) + 1)
        for lead in leads[len(sent) + len(took) : due]:
            sent[lead.lead_id] = time.perf_counter()
            line.publish(lead.topic, lead.payload)
        came = line.receipts(0.5 / rate)
        took.extend((time.perf_counter() - sent.pop(lead_id)) * 1000 for lead_id in came)
        if time.perf_counter() - began > 120 + len(leads) / rate:
            raise RuntimeError(f"{len(sent)} leads have no receipt; see the workers' log")
    return sorted(took)


@dataclass(frozen=True)
class Bench:
    """What all set-ups have in common."""

    load: Sequence[Signed]
    """Leads to send as fast as it goes."""
    steady: Sequence[Signed]
    """Leads to send at `rate`."""
    rate: float
    window: int
    batch: int
    boxes: int

    def measure(self, folder: Path, kind: str, workers: int) -> Result:
        """Run one set-up in a folder of its own."""
        with ExitStack() as undo:
            broker = undo.enter_context(Mosquitto(folder / "mosquitto", config=_DEEP_QUEUES))
            store = StoreSettings(sqlite=folder / "hub.db")
            processes = {"broker": [p for p in psutil.Process().children() if p.name() == "mosquitto"]}
            if kind == "postgres":
                server = undo.enter_context(PostgresServer(folder / "postgres", durable=True))
                store = StoreSettings(postgres=server.settings())
                pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
                processes["database"] = [psutil.Process(pid)]
            running = undo.enter_context(self._workers(folder, store, broker, workers))
            processes["workers"] = [psutil.Process(pid) for pid in running.pids.values()]
            line = undo.enter_context(BoxesLine(broker.port, SITE))
            at_a_rate(line, self.steady[:WARM_UP], WARM_UP)  # all is loaded and connected then
            before = _cpu_s(processes)
            per_s = as_fast_as_it_goes(line, self.load, self.window)
            used = {who: 1000 * (s - before[who]) / len(self.load) for who, s in _cpu_s(processes).items()}
            took = at_a_rate(line, self.steady[WARM_UP:], self.rate)
            with Database(store).open() as database:
                held, sent = read.count(database), len(self.load) + len(self.steady)
                if held != sent:
                    raise RuntimeError(f"{sent} leads were sent, {held} are held")
        return Result(kind, workers, per_s, took, used)

    @contextmanager
    def _workers(self, folder: Path, store: StoreSettings, broker: Mosquitto, number: int) -> Iterator[Workers]:
        """The workers of a hub, once the broker knows them."""
        for box in range(self.boxes):
            write_public_key(folder / "boxes" / f"box-{box}.pub", BOX_KEY.public_key())
        settings = {
            "hub_id": "bench",
            "broker": {"host": "127.0.0.1", "port": broker.port},
            "store": store.model_dump(mode="json", exclude_none=True),
            "evidence": {"folder": "evidence"},
            "cases": str(CASES),
            "box_keys": "boxes",
            "workers": number,
            "batch": self.batch,
        }
        file = folder / "hub.yaml"
        file.write_text(yaml.safe_dump(settings))
        receive = [sys.executable, "-m", "hub.commands", "receive", str(file), "--attached", "--worker"]
        with Workers([[*receive, str(n + 1)] for n in range(number)]) as running:
            eventually(lambda: broker.log().count("lushao-hub-bench") >= number, 30, what="the workers' connection")
            yield running


def _cpu_s(processes: dict[str, list[psutil.Process]]) -> dict[str, float]:
    """Seconds of processor time that each group of processes has used so far."""

    def of(process: psutil.Process) -> float:
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    return {name: sum(map(of, group)) for name, group in processes.items()}


def show(results: Sequence[Result], bench: Bench) -> None:
    """Print the table."""
    table = Table(title=f"{len(bench.load)} leads of {len(bench.load[0].payload) / 1000:.1f} kB")
    columns = ("store", "workers", "most, leads/s", f"p50 at {bench.rate:g}/s, ms", "p99, ms", "longest, ms", *_USERS)
    for column in columns:
        table.add_column(column, justify="left" if column == "store" else "right")
    for result in results:
        cpu = [f"{result.cpu_ms[who]:.2f}" if who in result.cpu_ms else "" for who in _USERS]
        times = (result.share_ms(50), result.share_ms(99), result.ms[-1])
        row = [result.store, str(result.workers), f"{result.per_s:.0f}", *(f"{ms:.0f}" for ms in times), *cpu]
        table.add_row(*row)
    console.print(table)
    console.print("broker, database, workers: ms of processor time per lead at the most")


def main(
    leads: Annotated[int, typer.Option(help="Leads to send as fast as it goes.")] = 10_000,
    seconds: Annotated[int, typer.Option(help="Seconds at the steady rate.")] = 10,
    rate: Annotated[float, typer.Option(help="Leads a second at the steady rate.")] = 300.0,
    workers: Annotated[str, typer.Option(help="Numbers of workers.")] = "1,2",
    stores: Annotated[str, typer.Option(help="Databases.")] = "sqlite,postgres",
    window: Annotated[int, typer.Option(help="Leads under way at a time.")] = 1000,
    batch: Annotated[int, typer.Option(help="Largest batch of a commit.")] = 200,
    boxes: Annotated[int, typer.Option(help="Boxes that send.")] = 50,
) -> None:
    """Measure each store with each number of workers."""
    steady = round(rate * seconds) + WARM_UP
    bench = Bench(signed_leads(0, leads, boxes), signed_leads(leads, steady, boxes), rate, window, batch, boxes)
    results = []
    for kind in stores.split(","):
        for number in workers.split(","):
            with tempfile.TemporaryDirectory() as folder:
                results.append(bench.measure(Path(folder), kind, int(number)))
            show(results[-1:], bench)
    show(results, bench)


if __name__ == "__main__":
    typer.run(main)
