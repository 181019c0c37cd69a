"""The demo shows the whole job: what passed, what was flagged, what the hub holds, and that the proof is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from scripts import demo as script
from tests.world import BLUE, Drive, write_site, write_video


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A truck through the closed lane and a car beside it, as a clip with its truth."""
    work = tmp_path / "demo"
    monkeypatch.setattr(script, "WORK", work)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("LUSHAO_BROKER", raising=False)
    clip = write_video(tmp_path / "gate.mp4", [Drive(2.5, 1), Drive(1.0, 0, BLUE)], 8)
    vehicles = {"tipper": {"class": "truck"}, "suv": {"class": "car"}}
    broken = [{"rule": "TR-01", "vehicle": "tipper"}, {"rule": "OL-01", "vehicle": "tipper"}]
    clip.with_suffix(".truth.json").write_text(json.dumps({"vehicles": vehicles, "violations": broken}))
    where = {"keys": {"box": str(work / "keys" / "box-1.key")}, "outbox": str(work / "outbox.db")}
    evidence = {"folder": str(work / "evidence"), "pre_s": 2, "post_s": 1, "min_free_mib": 1}
    return write_site(tmp_path, clip, evidence=evidence, **where)


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("│")[1:-1]]


def test_the_demo_shows_what_was_seen_flagged_received_and_proved(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.demo(site_file=site)
    shown = capsys.readouterr().out
    assert "Leads that the hub holds: 1" in shown
    lines = [cells(line) for line in shown.splitlines() if line.count("│") == 6]
    lead = [" ".join(filter(None, column)) for column in zip(*lines, strict=True)]
    camera_and_time, vehicle, what, why, proof = lead
    assert camera_and_time.startswith("gate 00:00:0")
    assert vehicle.startswith("truck")
    assert what == "TR-01 v1 Truck in a closed section police, medium"
    assert why.startswith("疑似货车驶入禁行区域")
    assert proof == "grade A: clip, 2 panoramas, close-up"
    (clip,) = (line for line in shown.splitlines() if "OL-01" in line)
    assert cells(clip) == ["gate", "2: 1 truck, 1 car", "2: 1 car, 1 truck", "OL-01, TR-01", "TR-01", "not the same"]
    assert "evidence 1 of 1 folders whole, chain unbroken" in shown


def test_a_copy_without_clips_or_network_says_which_files_are_missing(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gate.mp4").unlink()
    (tmp_path / "blocks.onnx").unlink()
    with pytest.raises(typer.Exit):
        script.demo(site_file=site)
    shown = capsys.readouterr().out
    assert "lacks what the demo runs on" in shown
    assert "gate.mp4" in shown
    assert "blocks.onnx" in shown
    assert not (tmp_path / "demo").exists()
