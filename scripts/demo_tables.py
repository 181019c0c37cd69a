"""What the demo shows: the leads, what was seen of each clip against its truth, and that the evidence is whole."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from detector.passage import Passage
from edge.evidence.verify import verify_tree
from edge.rules import RuleTable
from edge.settings import SiteSettings
from leads import Lead, load_private_key


def leads_table(leads: Sequence[Lead], rules: RuleTable) -> Table:
    """A row per lead that the hub holds."""
    titles = {rule.id: rule.title.en for rule in rules.rules}
    table = Table(title=f"Leads that the hub holds: {len(leads)}")
    for column in ("camera", "when (UTC)", "vehicle", "what is suspected", "rule", "what proves it"):
        table.add_column(column)
    for lead in leads:
        table.add_row(
            lead.camera.id,
            f"{lead.occurred_at:%H:%M:%S}.{lead.occurred_at.microsecond // 100_000}",
            f"{lead.vehicle.vehicle_class} {lead.vehicle.class_score:.2f}",
            f"{titles[lead.act.rule_id]}: {lead.act.zone}",
            f"{lead.act.rule_id} v{lead.act.rule_version}",
            _proof(lead),
        )
    return table


def _proof(lead: Lead) -> str:
    kinds = [file.kind for file in lead.evidence.files]
    pictures = kinds.count("panorama")
    return f"clip, {pictures} panoramas, close-up" if lead.evidence.complete else "; ".join(lead.evidence.missing)


def clips_table(site: SiteSettings, passages: Sequence[Passage], leads: Sequence[Lead]) -> Table:
    """A row per clip: what passed in truth, what was seen, what became a lead, and what lies beside the clip."""
    table = Table(title="What was seen of each clip, against its truth")
    for column in ("clip", "passed in truth", "seen", "leads", "beside it, for rules to come"):
        table.add_column(column)
    for camera in site.cameras:
        name, clip = camera.source.id, Path(camera.source.url)
        table.add_row(
            name,
            _counted(truth_of(clip)),
            _counted([p.class_name for p in passages if p.camera == name]),
            str(sum(lead.camera.id == name for lead in leads)),
            _beside(clip),
        )
    return table


def truth_of(clip: Path) -> list[str]:
    """The class of each vehicle and person that passes in a rendered clip, from NAME.truth.json beside it."""
    truth = json.loads(clip.with_suffix(".truth.json").read_text(encoding="utf-8"))
    return [thing["class"] for thing in truth["vehicles"]]


def _counted(names: Sequence[str]) -> str:
    """For example: 5: 3 truck, 2 car."""
    kinds = ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())
    return f"{len(names)}: {kinds}" if names else "0"


def _beside(clip: Path) -> str:
    """How many records of other devices come with a clip."""
    weighings = json.loads(clip.with_suffix(".weigh.json").read_text(encoding="utf-8"))
    with clip.with_suffix(".registry.csv").open(encoding="utf-8", newline="") as file:
        entries = sum(1 for _ in csv.DictReader(file))
    return f"scale records: {len(weighings)}, registry entries: {entries}"


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
