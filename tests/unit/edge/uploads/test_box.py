"""A whole box before a hub's door: what it sends, and what it says of that."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from edge.box import Box
from edge.readings import health_of, readings_of, telemetry_of
from leads.uploads import WantedFile
from tests.unit.edge.boxes import Scene, make_box, run_until
from tests.unit.edge.uploads.hubs import ScriptedHub, serving
from tests.world import convoy, write_site, write_video


def wanted(folder: Path, name: str) -> WantedFile:
    """What the hub asks for by a lead."""
    content = (folder / name).read_bytes()
    return WantedFile(
        lead_id=folder.name,
        folder=f"{folder.parent.name}/{folder.name}",
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        urgent=True,
    )


def box_before(hub: ScriptedHub, root: Path, **uploads: Any) -> Box:
    """A box that watches one truck and knows no broker."""
    told = {"url": hub.url, **uploads}
    box = make_box(write_site(root, write_video(root / "road.mp4", convoy(1), 8), uploads=told))
    hub.keys = (Scene(root).key,)
    return box


def values(box: Box) -> dict[str, float]:
    """The metrics of uploads."""
    return {".".join((r.name, *r.labels.values())): r.value for r in readings_of(box.state) if "upload" in r.name}


def test_a_running_box_sends_evidence_and_pictures_and_tells_how_much(tmp_path: Path) -> None:
    with serving(ScriptedHub(())) as hub:
        box = box_before(hub, tmp_path)
        told: dict[str, float] = {}
        counters: dict[str, int] = {}
        problems: list[str] = []

        def clip_is_there() -> bool:
            if not hub.wanted and (folders := Scene(tmp_path).folders):
                hub.wanted.append(wanted(folders[0], "clip.mp4"))
            told.update(values(box))
            counters.update(telemetry_of(box.state).counters)
            problems[:] = health_of(box.state).problems
            return told["lushao_uploaded_files"] == 1 and told["lushao_uploaded_frames"] >= 1

        run_until(box, clip_is_there)
    assert hub.whole("clip.mp4")
    assert hub.frames[0][0] == "gate"
    assert told["lushao_uploaded_bytes"] == hub.wanted[0].bytes
    assert told["lushao_uploads_failed.broken"] == told["lushao_uploads_failed.refused"] == 0
    assert 0 <= told["lushao_uploads_last_success_seconds"] < 30
    assert counters["uploaded_files"] == 1
    assert problems == ["the broker is not connected"]


def test_a_hub_that_refuses_the_box_or_is_away_is_told_and_keeps_no_lead_back(tmp_path: Path) -> None:
    with serving(ScriptedHub(())) as hub:
        box = box_before(hub, tmp_path)
        hub.keys = ()
        problems: list[str] = []

        def one_lead_and_refused() -> bool:
            problems[:] = [p for p in health_of(box.state).problems if "evidence of this box" in p]
            return box.state.outbox.depth() == 1 and bool(problems)

        run_until(box, one_lead_and_refused)
        assert "the hub knows no key of this box: add it with lushao hub add-box" in problems[0]
    site = write_site(tmp_path / "second", tmp_path / "road.mp4", uploads={"url": hub.url})
    away = make_box(site)
    run_until(away, lambda: away.state.outbox.depth() == 1 and values(away)["lushao_uploads_failed.broken"] >= 1)


def test_without_uploads_a_box_tells_nothing_of_them(tmp_path: Path) -> None:
    box = make_box(write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1)))
    assert values(box) == {}
    assert telemetry_of(box.state).counters == {}
    box.state.outbox.close()
