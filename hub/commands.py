"""The commands of `lushao hub`."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hub.box_keys import BoxKeys
from hub.receive import Receiver
from hub.settings import HubSettings
from hub.store import HubStore, StoreError
from leads import KeyFileError, format_time, generate_key, key_id, load_private_key, load_public_key, write_public_key
from leads.broker import BrokerError
from leads.settings_file import SettingsError, load_settings

app = typer.Typer(help="Receive leads, store them, answer with receipts.", no_args_is_help=True)
log = logging.getLogger(__name__)
SettingsFile = Annotated[Path, typer.Argument(metavar="HUB.yaml", help="Settings of the hub; see configs/hub.yaml.")]


@app.command()
def receive(settings_file: SettingsFile) -> None:
    """Take leads by MQTT until stopped: check, store, then answer with a receipt."""
    settings = _load(settings_file)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        run_receiver(settings, stop)
    except (StoreError, BrokerError, KeyFileError) as error:
        raise _fault(str(error)) from error


def run_receiver(settings: HubSettings, stop: threading.Event) -> None:
    """Receive until `stop` is set.

    Raises StoreError, BrokerError or KeyFileError, and RuntimeError when a thread died.
    """
    key = load_private_key(settings.signing_key) if settings.signing_key else None
    with HubStore(settings.store, refused_kept=settings.refused_kept) as store:
        receiver = Receiver(settings, store, BoxKeys(settings.box_keys).of, signing_key=key)
        receiver.start()
        log.info("hub %s receives into %s", settings.hub_id, settings.store)
        try:
            while not stop.wait(1.0):
                if not receiver.alive:
                    raise RuntimeError("a thread of the receiver died; see the log above")
        finally:
            receiver.stop()
            log.info("received: %s", receiver.counters())


@app.command()
def keygen(settings_file: SettingsFile) -> None:
    """Make the hub's signing key; boxes that are given its .pub believe no receipt but the hub's."""
    settings = _load(settings_file)
    if settings.signing_key is None:
        raise _fault(f"{settings_file}: signing_key: is not set: name the file the key shall be written to")
    public_file = settings.signing_key.with_suffix(".pub")
    try:
        public = generate_key(settings.signing_key).public_key()
        write_public_key(public_file, public)
    except KeyFileError as error:
        raise _fault(str(error)) from error
    _say(f"key {key_id(public)} written to {settings.signing_key}; give {public_file} to the boxes")


@app.command()
def add_box(
    settings_file: SettingsFile,
    box_id: Annotated[str, typer.Argument(help="Id of the box, unique within the hub.")],
    public_key: Annotated[Path, typer.Argument(help="The box's public key (.pub).")],
) -> None:
    """Register a box: from now on its leads are believed. A second key is added beside the first."""
    settings = _load(settings_file)
    try:
        public = load_public_key(public_key)
        keys = BoxKeys(settings.box_keys)
        path = keys.path(box_id)
        if public in keys.of(box_id):
            _say(f"box {box_id} has key {key_id(public)} already")
            return
    except (KeyFileError, ValueError) as error:
        raise _fault(str(error)) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    # Replaced whole: a running hub must never read half a key and refuse the box's leads.
    part = path.with_name(f".{path.name}.part")
    part.write_bytes((path.read_bytes() if path.exists() else b"") + public_key.read_bytes().rstrip() + b"\n")
    part.replace(path)
    _say(f"box {box_id}: key {key_id(public)} added to {path}")


@app.command()
def leads(
    settings_file: SettingsFile, limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20
) -> None:
    """Show the leads that are held."""
    settings = _load(settings_file)
    try:
        with HubStore(settings.store) as store:
            ids = store.lead_ids()
            held = [lead for i in reversed(ids[-limit:]) if (lead := store.lead(i)) is not None]
            repeats = {lead.lead_id: store.repeats(lead.lead_id) for lead in held}
    except StoreError as error:
        raise _fault(str(error)) from error
    for lead in held:
        again = f" (seen again {repeats[lead.lead_id]} times)" if repeats[lead.lead_id] else ""
        _say(
            f"{format_time(lead.occurred_at)} {lead.site_id}/{lead.box_id} {lead.camera.id} {lead.lead_id} "
            f"{lead.vehicle.vehicle_class} {lead.act.rule_id} {lead.act.summary}{again}"
        )
    _say(f"{len(ids)} leads are held")


@app.command()
def refused(
    settings_file: SettingsFile, limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20
) -> None:
    """Show the messages that were refused, and why."""
    settings = _load(settings_file)
    try:
        with HubStore(settings.store) as store:
            messages = store.refused(limit)
    except StoreError as error:
        raise _fault(str(error)) from error
    for message in messages:
        _say(
            f"{format_time(message.received_at)} {message.site_id}/{message.box_id} {message.lead_id or 'no id'} "
            f"x{message.times_received} {message.reason}: {message.detail}"
        )
    if not messages:
        _say("nothing was refused")


def _load(path: Path) -> HubSettings:
    try:
        return load_settings(path, HubSettings)
    except SettingsError as error:
        raise _fault(str(error)) from error


def _say(text: str) -> None:
    Console(soft_wrap=True).print(escape(text), highlight=False)


def _fault(text: str) -> typer.Exit:
    Console(stderr=True, soft_wrap=True).print(f"[red]error:[/red] {escape(text)}", highlight=False)
    return typer.Exit(1)
