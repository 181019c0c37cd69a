"""`lushao demo`: the main job, from video to receipt, on this machine.

Starts a broker (unless LUSHAO_BROKER=host:port names one), a hub that receives, and a box that watches the cameras of
the sample clips; then shows what was flagged, what the hub holds, and that the evidence is whole.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import typer
from rich.console import Console
from rich.live import Live

from detector.passage import Passage
from edge.box import Box
from edge.rules import RuleBook, load_book
from edge.settings import SiteSettings, load_site
from hub.commands import run_receiver
from hub.embedded_broker import EmbeddedBroker
from hub.settings import HubSettings
from hub.store import HubStore
from leads import Lead, generate_key, write_public_key
from leads.broker import BrokerSettings
from scripts.demo_tables import clips_table, leads_table, show_proof

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "configs/sites/samples.yaml"
WORK = ROOT / "var/demo"
BROKER_PATIENCE_S = 15.0


def demo(record: Path | None = None, site_file: Path = SITE) -> None:
    """Video in, leads out: broker, hub and box on this machine, one camera for each clip.

    `record`: where to write what was shown, as an SVG picture.
    """
    console = Console(record=record is not None, width=122 if record else None)
    site = load_site(site_file)
    _need_material(site, console)
    shutil.rmtree(WORK, ignore_errors=True)
    book = load_book(site.rules)
    logging.basicConfig(level=logging.WARNING)
    with ExitStack() as undo:
        broker = _broker(undo, console)
        site = site.model_copy(update={"broker": broker})
        hub = _hub_settings(site, broker)
        site = site.model_copy(update={"keys": site.keys.model_copy(update={"hub": WORK / "hub/hub.pub"})})
        passages = _run(site, book, hub, console)
        leads = _received(hub)
    console.print(leads_table(leads, book))
    console.print(clips_table(site, passages, leads))
    show_proof(site, console)
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


def _hub_settings(site: SiteSettings, broker: BrokerSettings) -> HubSettings:
    """A hub that knows this box's key; the box in turn believes no other hub's receipts."""
    folder = WORK / "hub"
    settings = HubSettings(
        hub_id="demo-hub",
        broker=broker,
        store=folder / "leads.db",
        box_keys=folder / "keys",
        signing_key=folder / "hub.key",
    )
    write_public_key(folder / "hub.pub", generate_key(folder / "hub.key").public_key())
    write_public_key(settings.box_keys / f"{site.box}.pub", generate_key(site.keys.box).public_key())
    return settings


def _run(site: SiteSettings, book: RuleBook, hub: HubSettings, console: Console) -> list[Passage]:
    """Run hub and box until the clips have ended and every lead has its receipt."""
    console.print(f"hub      receives into {os.path.relpath(hub.store)}")
    console.print(f"box      looks with {os.path.relpath(site.detector.model)} at every frame of")
    for clip in _clips(site):
        console.print(f"         {os.path.relpath(clip)}", highlight=False)
    passages: list[Passage] = []
    box = Box(site, book, on_passage=passages.append)
    stop_hub, stop_box = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        receiving = pool.submit(run_receiver, hub, stop_hub)
        watching = pool.submit(box.run, stop_box)
        try:
            with Live(console=console, refresh_per_second=8, transient=True) as live:
                started = time.monotonic()
                while not wait([receiving, watching], 0.1, FIRST_COMPLETED).done:
                    live.update(_progress(box, passages, time.monotonic() - started))
                    sent = box.state.publisher.counters()
                    if not sent.connects and time.monotonic() - started > BROKER_PATIENCE_S:
                        console.print(f"[red]no broker:[/] {sent.last_error}", highlight=False)
                        raise typer.Exit(1)
        finally:
            stop_box.set()
            stop_hub.set()
        watching.result()
        receiving.result()
    console.print(_progress(box, passages, time.monotonic() - started))
    return passages


def _progress(box: Box, passages: list[Passage], elapsed_s: float) -> str:
    looked, received = sum(box.state.looks.values()), box.state.publisher.counters().accepted
    return f"box      {looked} frames ({looked / elapsed_s:.0f}/s), {len(passages)} passages, {received} leads received"


def _received(hub: HubSettings) -> list[Lead]:
    """The leads that the hub holds, oldest first."""
    with HubStore(hub.store) as store:
        leads = [lead for i in store.lead_ids() if (lead := store.lead(i)) is not None]
    return sorted(leads, key=lambda lead: lead.occurred_at)


if __name__ == "__main__":
    demo()
