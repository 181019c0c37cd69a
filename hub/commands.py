"""The commands of `lushao hub`."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from hub.accounts.commands import add_user, list_users, reset_password
from hub.box_keys import BoxKeys
from hub.cases.commands import verify
from hub.command_line import OneLine, SettingsFile, fault, load, say, telling_faults
from hub.settings import HubSettings
from hub.sources.commands import add_source
from leads import KeyFileError, format_time, generate_key, key_id, load_public_key, write_public_key

app = typer.Typer(help="Receive leads, show them to people, follow what is decided.", no_args_is_help=True)
log = logging.getLogger("hub.commands")
_UMASK = 0o027
"""Database and evidence are for the hub's user and group: they hold secrets and pictures of people."""
Limit = Annotated[int, typer.Option(help="How many, newest first.", min=1)]


@app.command()
def serve(settings_file: SettingsFile) -> None:
    """Run the whole hub until stopped: the console, and the workers that take leads in."""
    settings = load(settings_file)
    os.umask(_UMASK)
    _log_as("hub")
    with telling_faults():
        from hub.serve import ServeError, serve_hub

        try:
            serve_hub(settings_file.resolve(), settings, say)
        except ServeError as error:
            raise fault(str(error)) from error


@app.command()
def receive(
    settings_file: SettingsFile,
    worker: Annotated[
        int, typer.Option(min=1, help="Which of several it is; each has its own name at the broker.")
    ] = 1,
    attached: Annotated[bool, typer.Option(hidden=True, help="End when standard input does.")] = False,
) -> None:
    """Take leads by MQTT until stopped: check, store, then answer with a receipt. `serve` does this too."""
    settings = load(settings_file)
    os.umask(_UMASK)
    _log_as(f"worker {worker}")
    stop = _stop_when_told()
    if attached:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    with telling_faults():
        run_receiver(settings, stop, worker)


def run_receiver(settings: HubSettings, stop: threading.Event, worker: int = 1) -> None:
    """Receive until `stop` is set.

    Raises StoreError, BrokerError, SettingsError or KeyFileError, and RuntimeError when a thread died.
    """
    from hub.intake.receive import Receiver
    from hub.parts import open_parts

    with open_parts(settings) as parts:
        receiver = Receiver(parts, worker=worker)
        receiver.start()
        log.info("hub %s receives into %s", settings.hub_id, settings.store.name)
        try:
            while not stop.wait(1.0):
                if not receiver.alive:
                    raise RuntimeError("a thread of the receiver died; see the log above")
        finally:
            receiver.stop()
            log.info("received: %s", receiver.counters())


def _stop_when_told() -> threading.Event:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def _stop_at_end_of_input(stop: threading.Event) -> None:
    """The parent holds the other end: it is closed when the parent ends, however that happens."""
    while os.read(0, 4096):  # not sys.stdin: its lock, held here, would abort the interpreter at its end
        pass
    stop.set()


@app.command()
def keygen(settings_file: SettingsFile) -> None:
    """Make the hub's signing key; boxes that are given its .pub believe no receipt but the hub's."""
    settings = load(settings_file)
    if settings.signing_key is None:
        raise fault(f"{settings_file}: signing_key: is not set: name the file the key shall be written to")
    public_file = settings.signing_key.with_suffix(".pub")
    try:
        public = generate_key(settings.signing_key).public_key()
        write_public_key(public_file, public)
    except KeyFileError as error:
        raise fault(str(error)) from error
    say(f"key {key_id(public)} written to {settings.signing_key}; give {public_file} to the boxes")


@app.command()
def add_box(
    settings_file: SettingsFile,
    box_id: Annotated[str, typer.Argument(help="Id of the box, unique within the hub.")],
    public_key: Annotated[Path, typer.Argument(help="The box's public key (.pub).")],
) -> None:
    """Register a box: from now on its leads are believed. A second key is added beside the first."""
    settings = load(settings_file)
    try:
        public = load_public_key(public_key)
        keys = BoxKeys(settings.box_keys)
        path = keys.path(box_id)
        if public in keys.of(box_id):
            say(f"box {box_id} has key {key_id(public)} already")
            return
    except (KeyFileError, ValueError) as error:
        raise fault(str(error)) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    # Replaced whole: a running hub must never read half a key and refuse the box's leads.
    part = path.with_name(f".{path.name}.part")
    part.write_bytes((path.read_bytes() if path.exists() else b"") + public_key.read_bytes().rstrip() + b"\n")
    part.replace(path)
    say(f"box {box_id}: key {key_id(public)} added to {path}")


@app.command()
def leads(settings_file: SettingsFile, limit: Limit = 20) -> None:
    """Show the leads that are held."""
    settings = load(settings_file)
    with telling_faults():
        from hub import read
        from hub.store.database import Database

        with Database(settings.store).open() as database:
            held = read.newest_leads(database, limit)
            repeats = {lead.lead_id: read.repeats(database, lead.lead_id) for lead in held}
            number = read.count(database)
    for lead in held:
        again = f" (seen again {repeats[lead.lead_id]} times)" if repeats[lead.lead_id] else ""
        say(
            f"{format_time(lead.occurred_at)} {lead.site_id}/{lead.box_id} {lead.camera.id} {lead.lead_id} "
            f"{lead.vehicle.vehicle_class} {lead.act.rule_id} {lead.act.summary}{again}"
        )
    say(f"{number} leads are held")


@app.command()
def refused(settings_file: SettingsFile, limit: Limit = 20) -> None:
    """Show the messages that were refused, and why."""
    settings = load(settings_file)
    with telling_faults():
        from hub import read
        from hub.intake.entry import to_datetime
        from hub.store.database import Database

        with Database(settings.store).open() as database:
            messages = read.refused_messages(database, limit)
    for message in messages:
        sender = f"{message.site_id}/{message.box_id}".lstrip("/")
        say(
            f"{format_time(to_datetime(message.received_ms))} {sender} {message.entry_id or 'no id'} "
            f"x{message.times_received} {message.reason}: {message.detail}"
        )
    if not messages:
        say("nothing was refused")


for command in (add_user, reset_password, list_users, add_source, verify):
    app.command()(command)


def _log_as(name: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(f"%(asctime)s %(levelname)s {name} %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for talkative in ("alembic", "uvicorn"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


if __name__ == "__main__":
    app()
