"""`lushao edge replay`: every frame looked at, the same every time, and true."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.commands import app
from tests.unit.edge.evidence.test_seal import entered_s, truth_box
from tests.world import BLUE, CLOSED_LANE, HEIGHT, LENGTH, WIDTH, Drive, picture, write_network, write_site, write_video

NUMBER = {"type": "number"}
PASSAGE = {
    "type": "object",
    "required": ["kind", "id", "class", "score", "first_s", "last_s", "boxes"],
    "properties": {
        "kind": {"const": "passage"},
        "id": {"type": "string", "minLength": 1},
        "class": {"enum": ["truck", "car"]},
        "score": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "first_s": {"type": "number", "minimum": 0},
        "last_s": {"type": "number", "minimum": 0},
        "boxes": {
            "type": "array",
            "minItems": 2,
            "items": {"type": "array", "items": NUMBER, "minItems": 5, "maxItems": 5},
        },
        "entry": {"type": "string"},
        "exit": {"type": "string"},
        "direction": {"type": ["array", "null"], "items": NUMBER},
        "zones": {"type": "array", "items": {"type": "object", "required": ["zone", "entered_s", "dwell_s"]}},
        "crossings": {"type": "array", "items": {"type": "object", "required": ["line", "at_s", "forward"]}},
        "facts": {"type": "array", "items": {"type": "object", "required": ["name", "value"]}},
    },
    "additionalProperties": False,
}
LEAD = {
    "type": "object",
    "required": ["kind", "passage", "rule", "rule_version", "zone", "class", "from_s", "proven_s", "legal_basis"],
    "properties": {"kind": {"const": "lead"}, "from_s": NUMBER, "proven_s": NUMBER},
}
DRIVES = (
    Drive(1.0, 1),
    Drive(1.4, 0, BLUE),
    Drive(5.0, 1, BLUE, speed=90.0),
    Drive(5.5, 0, speed=60.0),
    Drive(12.0, 1, speed=160.0),
)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site and a video of five vehicles, two of them trucks in the closed lane."""
    root = tmp_path_factory.mktemp("replay")
    write_site(root, write_video(root / "road.mp4", DRIVES, 16))
    return root


def replay(*arguments: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Passages and leads of `lushao edge replay ... --json`."""
    done = CliRunner().invoke(app, ["replay", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    passages = [x for x in lines if x["kind"] == "passage"]
    leads = [x for x in lines if x["kind"] == "lead"]
    assert len(passages) + len(leads) == len(lines)
    return passages, leads


def test_every_line_has_the_shape_that_was_promised(road: Path) -> None:
    passages, leads = replay(road / "road.mp4", "--site", road / "site.yaml")
    for passage in passages:
        jsonschema.validate(passage, PASSAGE)
    for lead in leads:
        jsonschema.validate(lead, LEAD)
    assert {lead["passage"] for lead in leads} <= {p["id"] for p in passages}
    assert len({p["id"] for p in passages}) == len(passages)


def test_passages_are_what_drove_there(road: Path) -> None:
    passages, _ = replay(road / "road.mp4", "--site", road / "site.yaml")
    ordered = sorted(passages, key=lambda p: p["first_s"])
    assert [p["class"] for p in ordered] == ["car" if d.colour == BLUE else "truck" for d in DRIVES]
    for passage, drive in zip(ordered, DRIVES, strict=True):
        rows = np.array(passage["boxes"])
        assert passage["first_s"] == rows[0, 0] == pytest.approx(drive.starts_s, abs=0.25)
        assert passage["last_s"] == rows[-1, 0]
        assert passage["last_s"] == pytest.approx(drive.starts_s + (WIDTH + LENGTH) / drive.speed, abs=0.25)
        assert np.diff(rows[:, 0]) == pytest.approx(0.1, abs=2e-3), "a box at every looked-at frame"
        truth = np.array([truth_box(drive, t_s) for t_s in rows[:, 0]])
        assert np.abs(rows[:, [1, 3]] - truth[:, [0, 2]]).max() <= 4
        assert (passage["entry"], passage["exit"]) == ("left", "right")
        assert passage["direction"] == pytest.approx([1.0, 0.0], abs=0.05)


def test_leads_are_the_trucks_in_the_closed_lane(road: Path) -> None:
    passages, leads = replay(road / "road.mp4", "--site", road / "site.yaml")
    began = {p["id"]: p["first_s"] for p in passages}
    assert [(lead["rule"], lead["zone"], lead["class"]) for lead in leads] == [("TR-01", "lower-lane", "truck")] * 2
    for lead, drive in zip(leads, (DRIVES[0], DRIVES[4]), strict=True):
        assert began[lead["passage"]] == pytest.approx(drive.starts_s, abs=0.25)
        assert lead["from_s"] == pytest.approx(entered_s(drive), abs=0.2)
        assert 0.7 < lead["proven_s"] - lead["from_s"] < 1.3


def test_twice_the_same_video_gives_twice_the_same_bytes(road: Path) -> None:
    runner = CliRunner()
    arguments = ["replay", str(road / "road.mp4"), "--site", str(road / "site.yaml"), "--json"]
    assert runner.invoke(app, arguments).stdout == runner.invoke(app, arguments).stdout != ""


def test_without_a_site_there_are_passages_and_no_leads(road: Path) -> None:
    passages, leads = replay(road / "road.mp4", "--model", road / "blocks.onnx")
    assert len(passages) == len(DRIVES)
    assert leads == []
    assert all(p["zones"] == [] for p in passages)


def test_a_site_that_spares_the_box_is_replayed_in_full(tmp_path: Path, road: Path) -> None:
    detector = {"model": str(road / "blocks.onnx"), "max_fps": 2, "threads": 1, "motion": {"enabled": True}}
    site = write_site(tmp_path, road / "road.mp4", detector=detector)
    passages, _ = replay(road / "road.mp4", "--site", site)
    assert min(np.diff(np.array(p["boxes"])[:, 0]).max() for p in passages) < 0.11


def test_a_scales_port_stays_the_boxs(tmp_path: Path, road: Path) -> None:
    (tmp_path / "token").write_text("0123456789abcdef")
    with socket.create_server(("127.0.0.1", 0)) as box:
        port = {"port": box.getsockname()[1], "token_file": str(tmp_path / "token")}
        lanes = {"1": {"camera": "gate", "zone": CLOSED_LANE["id"]}}
        site = write_site(tmp_path, road / "road.mp4", scales=[{"id": "scale-1", "lanes": lanes, "http": port}])
        passages, _ = replay(road / "road.mp4", "--site", site)
    assert len(passages) == len(DRIVES)


def test_another_network_may_look_than_the_sites(tmp_path: Path, road: Path) -> None:
    detector = {"model": str(tmp_path / "none.onnx"), "threads": 1}
    site = write_site(tmp_path, road / "road.mp4", detector=detector)
    other = write_network(tmp_path / "other.onnx")
    assert len(replay(road / "road.mp4", "--site", site, "--model", other)[0]) == len(DRIVES)


def test_a_camera_of_the_site_is_chosen_by_name(tmp_path: Path, road: Path) -> None:
    def camera(name: str, zones: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "source": {"id": name, "url": "x.mp4", "mode": "replay"},
            "place": {"name": name},
            "plan": {"zones": zones},
        }

    site = write_site(tmp_path, "x.mp4", cameras=[camera("empty", []), camera("lane", [CLOSED_LANE])])
    assert replay(road / "road.mp4", "--site", site)[1] == []
    passages, leads = replay(road / "road.mp4", "--site", site, "--camera", "lane")
    assert len(leads) == 2
    assert all(p["id"].startswith("lane-") for p in passages)


def test_a_folder_of_pictures_is_replayed_at_the_cameras_rate(tmp_path: Path, road: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    drive = Drive(0.0, 1)
    for index in range(40):
        cv2.imwrite(str(pictures / f"{index:03}.png"), picture([drive], index / 10)[:, :, ::-1])
    (passage,), _ = replay(pictures, "--model", road / "blocks.onnx")
    assert passage["last_s"] == pytest.approx((WIDTH + LENGTH) / drive.speed, abs=0.2)
    source = {"id": "gate", "url": "x", "mode": "replay", "picture_fps": 5}
    site = write_site(tmp_path, "x", cameras=[{"source": source, "place": {"name": "p"}}])
    (slow,), _ = replay(pictures, "--site", site)
    assert slow["last_s"] == pytest.approx(2 * passage["last_s"], abs=0.3)


def test_an_empty_road_says_nothing(tmp_path: Path, road: Path) -> None:
    empty = write_video(tmp_path / "empty.mp4", [], 2)
    assert replay(empty, "--model", road / "blocks.onnx") == ([], [])


def test_for_people_there_is_a_table(road: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(road / "road.mp4"), "--site", str(road / "site.yaml")])
    assert done.exit_code == 0
    assert done.stdout.count("TR-01") == 2
    assert "疑似货车驶入禁行区域" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.mp4", "--model", "blocks.onnx"], "gone.mp4"),
        (["road.mp4", "--model", "none.onnx"], "none.onnx"),
        (["road.mp4", "--site", "none.yaml"], "none.yaml: no such file"),
        (["road.mp4", "--site", "site.yaml", "--camera", "nobody"], "no camera 'nobody' in the site; it has gate"),
        (["site.yaml", "--model", "blocks.onnx"], "site.yaml"),
    ],
)
def test_what_cannot_be_replayed_is_named_in_one_line(
    road: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(road)
    done = CliRunner().invoke(app, ["replay", *arguments, "--json"])
    assert done.exit_code == 1
    assert told in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert isinstance(done.exception, SystemExit)


def test_a_video_of_another_size_gives_boxes_in_its_own_pixels(tmp_path: Path, road: Path) -> None:
    pictures = tmp_path / "large"
    pictures.mkdir()
    for index in range(40):
        image = picture([Drive(0.0, 1)], index / 10)[:, :, ::-1]
        cv2.imwrite(str(pictures / f"{index:03}.png"), cv2.resize(image, (2 * WIDTH, 2 * HEIGHT)))
    (passage,), _ = replay(pictures, "--model", road / "blocks.onnx")
    middle = np.array(passage["boxes"])[len(passage["boxes"]) // 2]
    assert middle[1:] == pytest.approx(2 * truth_box(Drive(0.0, 1), middle[0]), abs=8)
