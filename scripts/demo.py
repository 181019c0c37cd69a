"""`lushao demo`: the main job, from video to decision, on this machine.

Starts a broker (unless LUSHAO_BROKER=host:port names one), a hub with its console, and a box that watches the cameras
of the sample clips; shows what was flagged, what the hub holds, and that the evidence is whole; then the console stays
open until it is told to end.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import typer
import yaml
from rich.console import Console
from rich.live import Live
from rich.table import Table

from detector.passage import Passage
from edge.box import Box
from edge.rules import RuleBook, load_book
from edge.settings import SiteSettings, load_site
from edge.uploads.settings import UploadSettings
from hub.accounts.people import accounts, add_user, change, changing
from hub.accounts.roles import Role
from hub.embedded_broker import EmbeddedBroker
from hub.parts import open_parts
from hub.read import newest_leads
from hub.settings import HubSettings
from hub.store.tables import files
from leads import Lead, generate_key, write_public_key
from leads.broker import BrokerSettings
from leads.settings_file import load_settings
from scripts.demo_tables import clips_table, leads_table, show_proof

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "configs/sites/samples.yaml"
WORK = ROOT / "var/demo"
BROKER_PATIENCE_S = 15.0
HUB_PATIENCE_S = 60.0
PEOPLE: Final = (Role.OPERATOR, Role.REVIEWER, Role.LEGAL, Role.DISPATCHER, Role.UNIT, Role.ADMIN, Role.AUDITOR)


def demo(record: Path | None = None, site_file: Path = SITE, *, stay: bool = False) -> None:
    """Video in, leads out, people decide: broker, hub and box on this machine, one camera for each clip.

    `record`: where to write what was shown, as an SVG picture. `stay`: keep the console open until Ctrl-C.
    """
    console = Console(record=record is not None, width=122 if record else None)
    site = load_site(site_file)
    _need_material(site, console)
    shutil.rmtree(WORK, ignore_errors=True)
    book = load_book(site.rules)
    logging.basicConfig(level=logging.WARNING)
    with ExitStack() as undo:
        broker = _broker(undo, console)
        hub = _lay_out_hub(site, broker)
        people = _people(hub)
        url = undo.enter_context(_serving(hub))
        console.print(_log_ins(url, people))
        site = site.model_copy(
            update={
                "broker": broker,
                "keys": site.keys.model_copy(update={"hub": WORK / "hub/hub.pub"}),
                "uploads": UploadSettings(url=url),
            }
        )
        passages = _run(site, book, console)
        leads, sent = _received(hub)
        console.print(leads_table(leads, book))
        console.print(clips_table(site, passages, leads))
        show_proof(site, console)
        console.print(f"hub      holds {len(leads)} leads and {sent} files of evidence; open {url} to decide them")
        if stay:
            console.print(_log_ins(url, people))
            console.print("The console stays open until Ctrl-C.")
            _wait_for_the_end()
    if record is not None:
        # Without the fonts that the picture would fetch from elsewhere.
        picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="make demo"), flags=re.DOTALL)
        record.write_text(picture, encoding="utf-8")


def _need_material(site: SiteSettings, console: Console) -> None:
    missing = [p for p in (*_clips(site), site.detector.model) if not p.is_file()]
    if missing:
        console.print("[red]This copy of Lushao lacks what the demo runs on:[/]")
        for path in missing:
            console.print(f"  {os.path.relpath(path)}", highlight=False)
        console.print("Both come with the project: clone it again, or copy these files from another clone.")
        raise typer.Exit(1)


def _clips(site: SiteSettings) -> list[Path]:
    return [Path(camera.source.url) for camera in site.cameras]


def _broker(undo: ExitStack, console: Console) -> BrokerSettings:
    named = os.environ.get("LUSHAO_BROKER")
    if named:
        host, _, port = named.partition(":")
        console.print(f"broker   {named} (LUSHAO_BROKER)")
        return BrokerSettings(host=host, port=int(port or 1883))
    broker = undo.enter_context(EmbeddedBroker())
    console.print(f"broker   embedded, 127.0.0.1:{broker.port} (MQTT 3.1.1)")
    return BrokerSettings(host="127.0.0.1", port=broker.port, protocol="3.1.1")


def _lay_out_hub(site: SiteSettings, broker: BrokerSettings) -> Path:
    """A hub that knows this box's key; the box in turn believes no other hub's receipts. Its settings file."""
    folder = WORK / "hub"
    write_public_key(folder / "hub.pub", generate_key(folder / "hub.key").public_key())
    write_public_key(folder / "keys" / f"{site.box}.pub", generate_key(site.keys.box).public_key())
    settings = {
        "hub_id": "demo-hub",
        "broker": broker.model_dump(mode="json", exclude_defaults=True),
        "store": {"sqlite": "hub.db"},
        "evidence": {"folder": "evidence"},
        "web": {"port": int(os.environ.get("LUSHAO_DEMO_PORT", "0"))},
        "cases": str(ROOT / "configs/cases.yaml"),
        "box_keys": "keys",
        "signing_key": "hub.key",
    }
    file = folder / "hub.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def _people(hub: Path) -> dict[Role, str]:
    """A person of each role and their password; made by chance each time, like the keys."""
    passwords: dict[Role, str] = {}
    with open_parts(load_settings(hub, HubSettings)) as parts:
        for role in PEOPLE:
            passwords[role] = add_user(parts, "demo", role.value, role.value.title(), [role])
        for account in accounts(parts):
            with changing(parts, account.id) as (books, row):
                change(books, row, must_change=False)
    return passwords


def _log_ins(url: str, people: dict[Role, str]) -> Table:
    """Where the console is, and who can log in."""
    table = Table(title=f"Console: {url}", show_header=False)
    for role, password in people.items():
        table.add_row(role.value, password)
    return table


@contextmanager
def _serving(hub: Path) -> Iterator[str]:
    """`lushao hub serve` in a process of its own; the address of its console."""
    log = hub.with_name("hub.log")
    command = [sys.executable, "-c", "import lushao; lushao.main()", "hub", "serve", str(hub)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT)
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + HUB_PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        told = re.search(r"serves at (http://\S+)", log.read_text(encoding="utf-8"))
        if told is not None and _answers(told[1]):
            return told[1]
        time.sleep(0.1)
    raise RuntimeError(f"the hub does not answer; its log says: {log.read_text(encoding='utf-8')[-2000:]}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def _wait_for_the_end() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _run(site: SiteSettings, book: RuleBook, console: Console) -> list[Passage]:
    """Run the box until the clips have ended, every lead has its receipt, and the hub has its evidence."""
    console.print(f"box      looks with {os.path.relpath(site.detector.model)} at every frame of")
    for clip in _clips(site):
        console.print(f"         {os.path.relpath(clip)}", highlight=False)
    passages: list[Passage] = []
    box = Box(site, book, on_passage=passages.append)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(box.run, stop)
        try:
            with Live(console=console, refresh_per_second=8, transient=True) as live:
                started = time.monotonic()
                while not watching.done():
                    time.sleep(0.1)
                    live.update(_progress(box, passages, time.monotonic() - started))
                    sent = box.state.publisher.counters()
                    if not sent.connects and time.monotonic() - started > BROKER_PATIENCE_S:
                        console.print(f"[red]no broker:[/] {sent.last_error}", highlight=False)
                        raise typer.Exit(1)
        finally:
            stop.set()
        watching.result()
    console.print(_progress(box, passages, time.monotonic() - started))
    return passages


def _progress(box: Box, passages: list[Passage], elapsed_s: float) -> str:
    looked, received = sum(box.state.looks.values()), box.state.publisher.counters().accepted
    return f"box      {looked} frames ({looked / elapsed_s:.0f}/s), {len(passages)} passages, {received} leads received"


def _received(hub: Path) -> tuple[list[Lead], int]:
    """The leads that the hub holds, oldest first, and how many files of their evidence."""
    with open_parts(load_settings(hub, HubSettings)) as parts, parts.database.read() as connection:
        leads = newest_leads(parts.database, 10_000)
        held = sa.select(sa.func.count()).select_from(files).where(files.c.held_ms.is_not(None))
        sent = connection.execute(held).scalar_one()
    return sorted(leads, key=lambda found: found.occurred_at), sent


if __name__ == "__main__":
    demo()
