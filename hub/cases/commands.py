"""The command `lushao hub verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.command_line import SettingsFile, fault, load, say, telling_faults
from leads import format_time, load_public_keys


def verify(
    settings_file: SettingsFile,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="The hub's public key, also a former one; without any, that of `signing_key`."),
    ] = None,
    head: Annotated[
        list[str] | None, typer.Option(help="A link of the log that was noted elsewhere and must still be in it.")
    ] = None,
    evidence: Annotated[bool, typer.Option("--evidence", help="Hash every evidence file anew, too.")] = False,
) -> None:
    """Check that nothing the hub holds was changed: the log of steps, all that came in, all that was decided."""
    settings = load(settings_file)
    if settings.store.sqlite is not None and not settings.store.sqlite.exists():
        raise fault(f"there is no {settings.store.sqlite}: check `store` in {settings_file}")
    with telling_faults():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from hub.evidence.vault import VaultError
        from hub.intake.entry import to_datetime
        from hub.parts import open_parts, signing_key
        from hub.verify import verify as check

        keys = [public for path in key or () for public in load_public_keys(path)]
        own = None if keys else signing_key(settings)
        if own is not None:
            keys = [own.public_key()]
        with open_parts(settings) as parts:
            columns = (TextColumn("steps of the log"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, transient=True) as bar:
                task = bar.add_task("log", total=None)
                try:
                    found = check(
                        parts,
                        keys,
                        [link.strip().lower() for link in head or ()],
                        evidence=evidence,
                        progress=lambda done, total: bar.update(task, completed=done, total=total),
                    )
                except VaultError as error:
                    raise fault(str(error)) from error
            at = format_time(to_datetime(parts.clock()))
    for text in found.missing:
        say(f"missing, perhaps on its way: {text}")
    for box, count in sorted(found.unchecked.items()):
        say(f"not checked: {count} signatures of {box}, whose key is not in {settings.box_keys}")
    if not keys:
        say("not checked: the signatures of the log, for want of the hub's key: name it with --key")
    for text in found.faults:
        say(f"[touched] {text}")
    say(f"{found.steps} steps, {found.entries} entries, {found.updates} updates")
    say(f"head {found.head} at {at}: note it elsewhere, and later give it with --head")
    if found.faults:
        raise fault(f"{len(found.faults)} things are not as they were written")
    say("all of it is as it was written")
