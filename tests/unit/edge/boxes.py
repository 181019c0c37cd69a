"""Running a real box in a test, and reading what it left."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.box import Box
from edge.evidence.manifest import Manifest
from edge.settings import check_site
from leads import Lead, load_public_key
from tests.world import Drive

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Scene:
    """What a box left below `root`, and the vehicles that were there."""

    root: Path
    drives: tuple[Drive, ...] = ()

    @property
    def evidence(self) -> Path:
        """Root of the evidence."""
        return self.root / "evidence"

    @property
    def key(self) -> Ed25519PublicKey:
        """The box's public key."""
        return load_public_key(self.root / "hub/keys/box-1.pub")

    @property
    def folders(self) -> list[Path]:
        """The sealed folders in the order of the chain."""
        found = [p.parent for p in self.evidence.glob("????????/*/manifest.json")]
        return sorted(found, key=lambda folder: manifest_of(folder).chain_seq)


def manifest_of(folder: Path) -> Manifest:
    """The manifest of a sealed folder."""
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())


def lead_of(folder: Path) -> Lead:
    """The lead of a sealed folder."""
    return Lead.model_validate_json((folder / "lead.json").read_bytes())


def json_of(path: Path) -> Any:
    """Any JSON file."""
    return json.loads(path.read_bytes())


def make_box(site: Path, **more: Any) -> Box:
    """A box as `lushao edge run` makes it."""
    settings, table = check_site(site)
    return Box(settings, table, **more)


def watch(site: Path, leads: int, **more: Any) -> Box:
    """Run a box until its outbox holds so many leads."""
    box = make_box(site, **more)
    run_until(box, lambda: box.state.outbox.depth() >= leads)
    return box


def run_until(box: Box, reached: Callable[[], bool]) -> None:
    """Run a box in this thread; another one stops it once `reached`, or when it has taken far too long."""
    stop, over, came = threading.Event(), threading.Event(), threading.Event()

    def look() -> None:
        for _ in range(int(PATIENCE_S / 0.01)):
            if over.wait(0.01):
                return
            if reached():
                came.set()
                break
        stop.set()

    watcher = threading.Thread(target=look, name="watcher")
    watcher.start()
    try:
        box.run(stop)
    finally:
        over.set()
        watcher.join()
    assert came.is_set(), "what was waited for did not come"
