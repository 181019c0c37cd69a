"""What the demo shows: the leads, what was seen of each clip against its truth, and that the evidence is whole."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from detector.passage import Passage
from edge.evidence.verify import verify_tree
from edge.rules import RuleBook
from edge.settings import SiteSettings
from leads import Lead, load_private_key


def leads_table(leads: Sequence[Lead], book: RuleBook) -> Table:
    """A row per lead that the hub holds: what is suspected of whom, why, and what proves it."""
    titles = {rule.id: rule.title.en for rule in book.rules}
    table = Table(title=f"Leads that the hub holds: {len(leads)}", show_lines=True)
    for column in ("clip, time (UTC)", "vehicle", "what is suspected, for whom", "why", "what proves it"):
        table.add_column(column, overflow="fold")
    for lead in leads:
        plate, act = lead.vehicle.plate, lead.act
        table.add_row(
            f"{lead.camera.id}\n{lead.occurred_at:%H:%M:%S}.{lead.occurred_at.microsecond // 100_000}",
            f"{lead.vehicle.vehicle_class} {lead.vehicle.class_score:.2f}\n{plate.text if plate else 'plate unknown'}",
            f"{act.rule_id} v{act.rule_version} {titles[act.rule_id]}\n{act.unit}, {lead.suspect_level}",
            act.summary,
            _proof(lead),
        )
    return table


def _proof(lead: Lead) -> str:
    kinds = Counter(file.kind for file in lead.evidence.files)
    named = [f"{kinds[kind]} {word}" for kind, word in (("panorama", "panoramas"), ("shot", "shots")) if kinds[kind]]
    parts = ["clip", *named, "close-up"] if lead.evidence.complete else list(lead.evidence.missing)
    if lead.weigh is not None:
        parts.append(f"weigh record {lead.weigh.pass_id}")
    if lead.registry is not None and lead.registry.answered == "found":
        parts.append(f"register {lead.registry.source}")
    return f"grade {lead.evidence_grade}: {', '.join(parts)}"


def clips_table(site: SiteSettings, passages: Sequence[Passage], leads: Sequence[Lead]) -> Table:
    """A row per clip: what passed and what it broke in truth, what was seen, what became a lead."""
    table = Table(title="What was seen of each clip, against its truth")
    for column in ("clip", "passed in truth", "seen", "breaks in truth", "leads", ""):
        table.add_column(column)
    for camera in site.cameras:
        name, clip = camera.source.id, Path(camera.source.url)
        broken, found = broken_in(clip), sorted(lead.act.rule_id for lead in leads if lead.camera.id == name)
        table.add_row(
            name,
            _counted(truth_of(clip)),
            _counted([p.class_name for p in passages if p.camera == name]),
            ", ".join(broken),
            ", ".join(found),
            "[green]all, and none else[/]" if broken == found else "[red]not the same[/]",
        )
    return table


def truth_of(clip: Path) -> list[str]:
    """The class of each vehicle that passes in a rendered clip, from NAME.truth.json beside it."""
    return [str(vehicle["class"]) for vehicle in _truth(clip)["vehicles"].values()]


def broken_in(clip: Path) -> list[str]:
    """Rules that are broken in a rendered clip, each as often as it is, as a perfect observer would report them."""
    return sorted(str(violation["rule"]) for violation in _truth(clip)["violations"])


def _truth(clip: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(clip.with_suffix(".truth.json").read_text(encoding="utf-8"))
    return truth


def _counted(names: Sequence[str]) -> str:
    """For example: 5: 3 truck, 2 car."""
    kinds = ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())
    return f"{len(names)}: {kinds}" if names else "0"


def show_proof(site: SiteSettings, console: Console) -> None:
    """Verify the evidence and say where it lies."""
    public = load_private_key(site.keys.box).public_key()
    verdicts, chain = verify_tree(site.evidence.folder, public)
    whole = sum(not v.problems for v in verdicts)
    state = "broken" if chain else "unbroken"
    console.print(
        f"evidence {whole} of {len(verdicts)} folders whole, chain {state}; look at their pictures and clips:"
    )
    for verdict in verdicts:
        console.print(f"  {os.path.relpath(verdict.folder)}/", highlight=False, soft_wrap=True)
