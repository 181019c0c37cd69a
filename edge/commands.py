"""Commands of the box: `lushao edge ...`."""

from __future__ import annotations

import json
import logging
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.padding import Padding

from cameras import StreamError
from detector.network import Network
from detector.passage import Passage
from detector.settings import DetectorSettings
from edge.box import Box
from edge.evidence.facts import facts_of
from edge.evidence.manifest import MANIFEST
from edge.evidence.verify import BOX_KEY, Verdict, key_beside, verify_folder, verify_tree
from edge.metrics import MetricsError
from edge.outbox import Outbox, OutboxError
from edge.registry.commands import app as registry_app
from edge.replay import Replay, finding_json, passage_json, replay_knowledge, replay_source, watch_settings
from edge.rules import Finding, load_book
from edge.rules import commands as rules_commands
from edge.second_look import SecondLookDesk, load_second_look
from edge.settings import SecondLookSettings, SiteCamera, SiteSettings, check_site, load_site
from edge.watchlist_commands import watchlist
from edge.weighing.commands import app as weigh_app
from edge.weighing.http_source import HttpSourceError
from edge.weighing.store import WeighStoreError
from leads import Fact, KeyFileError, generate_key, key_id, load_public_key, write_public_key
from leads.broker import BrokerError
from leads.settings_file import SettingsError
from models import ModelError

app = typer.Typer(help="The roadside box: check, run and replay, and prove its evidence.", no_args_is_help=True)
app.add_typer(rules_commands.app, name="rules")
app.add_typer(registry_app, name="registry")
app.command()(watchlist)
app.add_typer(weigh_app, name="weigh")
err = Console(stderr=True)

SitePath = Annotated[Path, typer.Argument(metavar="SITE.yaml", help="Settings of the site, see configs/sites.")]


def _fail(*lines: object) -> typer.Exit:
    for line in lines:
        err.print(str(line), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)


def _start_log(verbose: bool) -> None:
    """Colour for people; plain lines where a journal or a file takes them."""
    level = logging.DEBUG if verbose else logging.INFO
    if err.is_terminal:
        handler = RichHandler(console=err, show_path=False, markup=False, log_time_format="%H:%M:%S")
        logging.basicConfig(level=level, format="%(name)s: %(message)s", handlers=[handler])
    else:
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@app.command()
def check(site: SitePath) -> None:
    """Check a site's settings and all they point to; every problem with file, line, key and remedy."""
    try:
        settings, book = check_site(site)
        network = Network.load(settings.detector)
    except SettingsError as error:
        raise _fail(*error.problems) from None
    except ModelError as error:
        raise _fail(f"{site}: detector.model: {error}") from None
    try:
        second = load_second_look(settings.second_look) if settings.second_look else None
    except ModelError as error:
        raise _fail(f"{site}: {error}") from None
    err.print(f"[green]{site}: in order[/]")
    for camera in settings.cameras:
        zones = ", ".join(f"{z.id} ({z.purpose})" for z in camera.plan.zones) or "no zones"
        err.print(f"  camera {camera.source.id}: {camera.place.name}; {zones}", highlight=False)
    err.print(f"  network {network.manifest.name} on {network.provider}: {', '.join(network.class_names)}")
    if second is not None:
        what = ", ".join(second.network.class_names)
        err.print(f"  second look {', '.join(m.name for m in second.models)} on {second.network.provider}: {what}")
    today = datetime.now(settings.zone_info).date()
    for word, there in (("in force", True), ("not in force today", False)):
        rules = [f"{rule.id} v{rule.version}" for rule in book.rules if (rule in book.in_force(today)) is there]
        if rules:
            err.print(f"  rules {word}: {', '.join(rules)}", highlight=False)
    err.print("  cameras and broker were not tried: see lushao cameras probe, and the log of lushao edge run")


@app.command()
def keys(site: SitePath) -> None:
    """Make the box's key pair; the hub needs the public half."""
    try:
        settings = load_site(site)
        private = generate_key(settings.keys.box)
        public = settings.keys.box.with_suffix(".pub")
        write_public_key(public, private.public_key())
    except SettingsError as error:
        raise _fail(*error.problems) from None
    except KeyFileError as error:
        raise _fail(error) from None
    err.print(f"made {settings.keys.box} (keep it here) and {public}: copy it to the hub's keys as {settings.box}.pub")


@app.command()
def run(site: SitePath, verbose: Annotated[bool, typer.Option(help="Say more.")] = False) -> None:
    """Run the box until it is stopped; with files alone, until all leads are received."""
    _start_log(verbose)
    stop = _stop_on_signals()
    try:
        settings, book = check_site(site)
        Box(settings, book).run(stop)
    except SettingsError as error:
        raise _fail(*error.problems) from None
    except (
        ModelError,
        OutboxError,
        KeyFileError,
        BrokerError,
        MetricsError,
        WeighStoreError,
        HttpSourceError,
    ) as error:
        raise _fail(error) from None


@app.command()
def replay(
    video: Annotated[Path, typer.Argument(help="A video file or a folder of pictures.")],
    site: Annotated[Path | None, typer.Option(help="Site whose zones and rules hold; without it, no zones.")] = None,
    camera: Annotated[
        str | None, typer.Option(help="Camera of the site the video stands for, if not that of its name.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Network to look with, instead of the site's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
) -> None:
    """Look at every frame of a video and tell its passages and leads. Needs no broker."""
    try:
        settings = load_site(site) if site else None
        chosen = _choose_camera(settings, camera, video.stem)
        book = load_book(settings.rules) if settings else None
        network = Network.load(_replay_detector(settings, model))
        look = settings.second_look if settings else SecondLookSettings()
        source = replay_source(video, chosen)
        zone = settings.zone_info if settings else UTC
        second_look = SecondLookDesk(load_second_look(look, [source], zone).look) if look else None
    except SettingsError as error:
        raise _fail(*error.problems) from None
    except ModelError as error:
        raise _fail(error) from None
    report = _JsonLines() if as_json else _Report()
    watch = watch_settings(settings, chosen)
    # What scales say of a replayed video must not get into the files of a box that runs.
    with tempfile.TemporaryDirectory(prefix="lushao-replay-") as folder:
        try:
            knowledge = replay_knowledge(settings, Path(folder)) if settings else None
            work = Replay(source, network, watch, book, report.passage, report.finding, second_look, knowledge)
            work.run(_stop_on_signals())
        except SettingsError as error:
            raise _fail(*error.problems) from None
        except (StreamError, KeyFileError, WeighStoreError, HttpSourceError) as error:
            raise _fail(error) from None


def _choose_camera(settings: SiteSettings | None, name: str | None, video: str) -> SiteCamera | None:
    """The camera asked for, else the one that the video is named after, else the first."""
    if settings is None:
        return None
    if name is None:
        alike = [c for c in settings.cameras if c.source.id == video]
        chosen = (alike or list(settings.cameras))[0]
        err.print(f"taken for camera {chosen.source.id}; name another with --camera", highlight=False)
        return chosen
    found = [c for c in settings.cameras if c.source.id == name]
    if not found:
        known = ", ".join(c.source.id for c in settings.cameras)
        raise SettingsError([f"no camera {name!r} in the site; it has {known}"])
    return found[0]


def _replay_detector(settings: SiteSettings | None, model: Path | None) -> DetectorSettings:
    chosen = settings.detector if settings else DetectorSettings()
    return chosen.model_copy(update={"model": model or chosen.model})


class _JsonLines:
    """Passages and leads as lines on standard output."""

    def passage(self, passage: Passage) -> None:
        self._line(passage_json(passage))

    def finding(self, finding: Finding, passage: Passage) -> None:
        self._line(finding_json(finding, passage))

    def _line(self, value: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def _in_words(facts: Sequence[Fact]) -> Iterator[str]:
    """Each known fact with its interval, and what speaks against it."""
    known = {fact.name: fact for fact in facts if fact.known}
    for name, fact in known.items():
        if name.endswith(("_low", "_high", "_doubt")):
            continue
        said = f"{name} {fact.value}"
        if f"{name}_low" in known:
            said += f" ({known[f'{name}_low'].value} to {known[f'{name}_high'].value})"
        if f"{name}_doubt" in known:
            said += f", doubtful: {known[f'{name}_doubt'].value}"
        yield said


class _Report:
    """Passages for people: a line each, and below it what is known of the vehicle."""

    def __init__(self) -> None:
        self._out = Console(highlight=False)
        self._leads: dict[str, list[str]] = {}

    def passage(self, p: Passage) -> None:
        leads = "".join(f"  [yellow]{rule}[/]" for rule in self._leads.get(p.id, []))
        seen = f"{p.first_s:6.1f} to {p.last_s:5.1f} s, {p.entry} → {p.exit}"
        self._out.print(f"[bold]{p.number:3d} {p.class_name}[/] {p.class_score:.2f} {seen}{leads}")
        if facts := "; ".join(_in_words(facts_of(p.facts))):
            self._out.print(Padding(escape(facts), (0, 0, 0, 4)))

    def finding(self, finding: Finding, passage: Passage) -> None:
        self._leads.setdefault(passage.id, []).append(finding.rule.id)
        err.print(f"[yellow]{finding.rule.id}[/] {finding.summary}", highlight=False)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Evidence folder of one lead, or the root with all of them.")],
    key: Annotated[Path | None, typer.Option(help="Public key of the box, as the hub has it.")] = None,
) -> None:
    """Check hashes, signatures and the chain, and name what was touched.

    Without --key the copy of the key beside the evidence is taken, which who touched the one could have replaced.
    """
    path = key or key_beside(folder)
    if path is None:
        raise _fail(f"{folder}: no {BOX_KEY} in it or above: give the box's public key with --key")
    try:
        public = load_public_key(path)
    except KeyFileError as error:
        raise _fail(error) from None
    if key is None:
        err.print(f"signatures are held against {path} (key {key_id(public)}): is it the key the hub has of this box?")
    if (folder / MANIFEST).is_file():
        verdicts, chain = [verify_folder(folder, public)], list[str]()
    else:
        verdicts, chain = verify_tree(folder, public)
        if not verdicts:
            raise _fail(f"{folder}: no evidence here (no {MANIFEST} in it or below)")
    for verdict in verdicts:
        _show(verdict)
    for problem in chain:
        err.print(f"[red]chain: {problem}[/]", highlight=False)
    broken = sum(bool(v.problems) for v in verdicts)
    if broken or chain:
        raise _fail(f"{broken} of {len(verdicts)} folders touched, {len(chain)} breaks of the chain")
    err.print(f"[green]{len(verdicts)} of {len(verdicts)} folders whole[/]")


def _show(verdict: Verdict) -> None:
    for problem in verdict.problems:
        err.print(f"[red]{verdict.folder}: {problem}[/]", highlight=False, soft_wrap=True)
    for note in verdict.notes:
        err.print(f"{verdict.folder}: {note}", highlight=False, soft_wrap=True)


@app.command()
def refused(
    site: SitePath,
    requeue: Annotated[bool, typer.Option(help="Send them once more, when the cause is gone.")] = False,
) -> None:
    """List the leads that the hub refused, with its reasons. The box must be stopped."""
    try:
        settings = load_site(site)
        with Outbox(settings.outbox) as outbox:
            for lead in outbox.refused():
                err.print(f"{lead.lead_id}  {lead.refused_at:%Y-%m-%d %H:%M}  {lead.reason}: {lead.detail}")
            if requeue:
                err.print(f"{outbox.requeue_refused()} leads are in the queue again")
    except SettingsError as error:
        raise _fail(*error.problems) from None
    except OutboxError as error:
        raise _fail(error) from None
