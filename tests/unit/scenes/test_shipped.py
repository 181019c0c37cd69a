"""The sample clips as they are shipped: true to their form, to their truth and to the demo's site file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import av
import pytest

from edge.settings import load_site
from scripts.scenes.samples import SAMPLES
from scripts.scenes.truth import read_truth

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "samples"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_clip_is_what_a_camera_would_send_and_has_its_truth_frame_by_frame(name: str) -> None:
    truth = read_truth(FOLDER / f"{name}.truth.json")
    with av.open(str(FOLDER / f"{name}.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (truth.width, truth.height) == (1280, 720)
        assert stream.average_rate is not None
        assert 10 <= stream.average_rate <= 12.5
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
    assert len(packets) == len(truth.frames)
    assert 12 <= len(packets) / truth.fps <= 25
    assert all(packet.pts == packet.dts for packet in packets), "B-frames"
    assert sum(packet.is_keyframe for packet in packets) >= len(packets) / (2 * truth.fps)


def test_all_clips_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 12_000_000


@pytest.mark.parametrize("name", SAMPLES)
def test_the_truth_is_of_the_story_as_it_is_told_today(name: str) -> None:
    truth, sample = read_truth(FOLDER / f"{name}.truth.json"), SAMPLES[name]()
    assert truth.violations == sample.violations
    assert set(truth.vehicles) == {placed.vehicle.identity for placed in sample.scene.vehicles}
    assert {thing.identity for frame in truth.frames for thing in frame.objects} >= set(truth.vehicles)


@pytest.mark.parametrize("name", SAMPLES)
def test_who_breaks_a_rule_can_be_looked_up(name: str) -> None:
    truth = read_truth(FOLDER / f"{name}.truth.json")
    with (FOLDER / f"{name}.registry.csv").open(encoding="utf-8", newline="") as file:
        registered = {row["plate"] for row in csv.DictReader(file)}
    for violation in truth.violations:
        assert truth.vehicles[violation.vehicle]["front_plate"]["text"] in registered


def test_overloads_are_on_record_at_the_scale() -> None:
    records = json.loads((FOLDER / "overload-checkpoint.weigh.json").read_text(encoding="utf-8"))
    over = {record["plate_front"]["text"] for record in records if record["over_kg"] > 0}
    truth = read_truth(FOLDER / "overload-checkpoint.truth.json")
    weighed = {v.vehicle for v in truth.violations if v.rule == "OL-01"}
    assert over == {truth.vehicles[name]["front_plate"]["text"] for name in weighed}


def test_the_demos_cameras_are_the_clips() -> None:
    site = load_site(ROOT / "configs/sites/samples.yaml")
    assert {camera.source.id: camera.source.started_at for camera in site.cameras} == {
        name: sample().started_at for name, sample in SAMPLES.items()
    }
