"""`lushao inspect`: pictures and videos to JSON lines."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cameras.frame import Image
from detector.commands import app
from detector.detections import Detections
from detector.draw import drawn
from tests.unit.detector.networks import end2end, save_network, ultralytics_metadata, yolo11
from tests.unit.detector.pictures import blank

TRUCK = {"class": "truck", "score": 0.75, "box": [32.0, 32.0, 64.0, 64.0]}
"""What the network of these tests sees in any picture of 128x96."""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    table = end2end((16, 24, 32, 40, 0.75, 0), (40, 8, 56, 24, 0.3, 2))
    return save_network(tmp_path / "net.onnx", table, metadata=ultralytics_metadata())


def save_picture(path: Path, grey: int = 90) -> Path:
    assert cv2.imwrite(str(path), blank(128, 96, grey))
    return path


def save_video(path: Path, frames: int = 10, fps: int = 5, step: int = 20) -> Path:
    """Frames of one grey each, lighter by `step` from one to the next."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for i in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(blank(128, 96, step * i % 256), format="bgr24")))
        file.mux(stream.encode(None))
    return path


def inspect(*arguments: object, look: str = "vehicles") -> tuple[int, list[str], str]:
    """Exit code, lines of standard output, standard error on one line."""
    done = CliRunner().invoke(app, [look, *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stdout.splitlines(), done.stderr.replace("\n", " ")


def test_a_picture_gives_a_line_of_json(weights: Path, tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "road.png")
    code, lines, _ = inspect(picture, "--model", weights, "--json", "--min-score", 0.5)
    assert code == 0
    assert [json.loads(line) for line in lines] == [
        {"image": str(picture), "frame": 0, "width": 128, "height": 96, "detections": [TRUCK]}
    ]


def classes(line: str) -> list[tuple[str, float]]:
    return [(d["class"], d["score"]) for d in json.loads(line)["detections"]]


def test_programs_are_told_weak_boxes_that_people_are_not(tmp_path: Path) -> None:
    table = end2end((16, 24, 32, 40, 0.75, 0), (40, 8, 56, 24, 0.02, 2), (8, 8, 24, 24, 0.009, 2))
    weights = save_network(tmp_path / "net.onnx", table, metadata=ultralytics_metadata())
    picture = save_picture(tmp_path / "road.png")
    _, (told,), _ = inspect(picture, "--model", weights, "--json")
    _, (shown,), _ = inspect(picture, "--model", weights)
    _, (asked,), _ = inspect(picture, "--model", weights, "--json", "--min-score", 0.001)
    assert classes(told) == [("truck", 0.75), ("car", 0.02)]
    assert shown == f"{picture}: truck 0.75"
    assert classes(asked) == [("truck", 0.75), ("car", 0.02), ("car", 0.009)]


def test_programs_are_told_every_reading_of_a_vehicle_and_people_the_best(tmp_path: Path) -> None:
    table = yolo11((20, (24, 32, 16, 16), (0.5, 0.9, 0.3)))
    weights = save_network(tmp_path / "net.onnx", table, metadata=ultralytics_metadata())
    picture = save_picture(tmp_path / "road.png")
    _, (told,), _ = inspect(picture, "--model", weights, "--json")
    _, (shown,), _ = inspect(picture, "--model", weights)
    assert classes(told) == [("truck", 0.5), ("car", 0.3)]
    assert shown == f"{picture}: truck 0.50"


def test_three_hundred_boxes_of_a_crowd_are_told(tmp_path: Path) -> None:
    rows = [(x, y, x + 3, y + 3, 0.02 + 0.001 * x, 2) for x in range(0, 60, 3) for y in range(0, 45, 3)]
    weights = save_network(tmp_path / "net.onnx", end2end(*rows), metadata=ultralytics_metadata())
    _, (told,), _ = inspect(save_picture(tmp_path / "road.png"), "--model", weights, "--json")
    assert len(rows) == len(classes(told)) == 300


def test_a_video_gives_a_line_per_frame_in_order_with_its_time(weights: Path, tmp_path: Path) -> None:
    video = save_video(tmp_path / "road.mp4")
    code, lines, _ = inspect(video, "--model", weights, "--json", "--min-score", 0.5)
    found = [json.loads(line) for line in lines]
    assert code == 0
    assert [list(f) for f in found] == [["image", "frame", "t_s", "width", "height", "detections"]] * 10
    assert [f["frame"] for f in found] == list(range(10))
    assert [f["t_s"] for f in found] == [round(i / 5, 3) for i in range(10)]
    assert all(f["detections"] == [TRUCK] and (f["width"], f["height"]) == (128, 96) for f in found)


def test_a_video_in_which_nothing_moves_gives_a_line_per_frame_too(weights: Path, tmp_path: Path) -> None:
    video = save_video(tmp_path / "night.mp4", frames=40, step=0)
    _, lines, _ = inspect(video, "--model", weights, "--json")
    assert [json.loads(line)["frame"] for line in lines] == list(range(40))


def test_a_video_that_breaks_off_is_told_as_far_as_it_goes(weights: Path, tmp_path: Path) -> None:
    video = save_video(tmp_path / "road.mkv", frames=30)
    video.write_bytes(video.read_bytes()[:-2000])
    _, lines, _ = inspect(video, "--model", weights, "--json")
    frames = [json.loads(line)["frame"] for line in lines]
    assert 0 < len(frames) < 30
    assert frames == list(range(len(frames)))


def test_without_json_it_speaks_to_people(weights: Path, tmp_path: Path) -> None:
    picture, video = save_picture(tmp_path / "road.png"), save_video(tmp_path / "road.mp4", frames=2)
    _, lines, _ = inspect(picture, video, "--model", weights)
    assert lines == [
        f"{picture}: truck 0.75, car 0.30",
        f"{video}    0.000 s: truck 0.75, car 0.30",
        f"{video}    0.200 s: truck 0.75, car 0.30",
    ]


def test_a_folder_stands_for_the_pictures_in_it(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("b.jpg", "a.PNG", "c.jpeg"):
        save_picture(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    _, lines, _ = inspect(folder, "--model", weights, "--json")
    assert [Path(json.loads(line)["image"]).name for line in lines] == ["a.PNG", "b.jpg", "c.jpeg"]


def test_a_folder_without_pictures_is_refused(weights: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, said = inspect(empty, "--model", weights)
    assert (code, "empty: the folder holds no picture" in said) == (1, True)


def test_one_bad_file_is_named_and_the_others_are_looked_at(weights: Path, tmp_path: Path) -> None:
    empty, broken, gone = tmp_path / "empty.jpg", tmp_path / "broken.png", tmp_path / "gone.mp4"
    empty.touch()
    broken.write_bytes(b"no picture")
    good = save_picture(tmp_path / "good.png")
    code, lines, said = inspect(empty, broken, gone, good, "--model", weights, "--json")
    assert code == 1
    assert [json.loads(line)["image"] for line in lines] == [str(good)]
    assert "empty.jpg: cannot be read: the file is empty" in said
    assert "broken.png: is not a picture" in said
    assert "gone.mp4" in said


def test_weights_that_cannot_be_used_are_refused_before_any_picture(tmp_path: Path) -> None:
    code, lines, said = inspect(save_picture(tmp_path / "road.png"), "--model", tmp_path / "none.onnx")
    assert (code, lines) == (1, [])
    assert "none.onnx: there is no such file" in said


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the bundled networks lie; empty."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setattr("models.bundled.WEIGHTS", folder)
    return folder


def test_the_bundled_network_of_the_task_looks_where_none_is_named(shipped: Path, tmp_path: Path) -> None:
    save_network(shipped / "vehicles.onnx", end2end((16, 24, 32, 40, 0.75, 0)), metadata=ultralytics_metadata())
    save_features(shipped / "features.onnx", (16, 24, 32, 40, 0.5))
    picture = save_picture(tmp_path / "road.png")
    _, (seen,), _ = inspect(picture, "--json")
    _, (on_it,), _ = inspect(picture, "--json", "--whole", look="features")
    assert (classes(seen), classes(on_it)) == ([("truck", 0.75)], [("wheel", 0.5)])


@pytest.mark.parametrize("look", ["vehicles", "features"])
def test_a_copy_without_its_networks_says_what_to_do(shipped: Path, tmp_path: Path, look: str) -> None:
    code, lines, said = inspect(save_picture(tmp_path / "road.png"), look=look)
    assert (code, lines) == (1, [])
    assert f"{look}.onnx: this copy of Lushao lacks the network that comes with it" in said
    assert "name another network (--model" in said


def test_a_network_for_another_task_is_refused(weights: Path, tmp_path: Path) -> None:
    code, lines, said = inspect(save_picture(tmp_path / "road.png"), "--model", weights, look="features")
    assert (code, lines) == (1, [])
    assert "net.onnx: is a network for vehicles (car, truck), expected one for features" in said


def save_features(path: Path, *wheels: tuple[float, float, float, float, float]) -> Path:
    """A network that sees these wheels (x0, y0, x1, y1, score) in any picture of 64x64."""
    rows = [(*wheel, 0) for wheel in wheels]
    return save_network(path, end2end(*rows), metadata=ultralytics_metadata(["wheel", "plate"]))


def test_features_of_a_scene_are_told_in_its_pixels(tmp_path: Path) -> None:
    # A truck of 60x60 at (32, 24) in 128x96, cut out with its margin: 70x70 pixels from (27, 19).
    finder = save_network(tmp_path / "finder.onnx", end2end((16, 20, 46, 50, 0.75, 0)), metadata=ultralytics_metadata())
    net = save_features(tmp_path / "features.onnx", (16, 24, 32, 40, 0.5))
    picture = save_picture(tmp_path / "road.png")
    models = ("--model", net, "--vehicles-model", finder)
    _, (line,), _ = inspect(picture, *models, "--json", look="features")
    whole, near = [32.0, 32.0, 64.0, 64.0], [44.5, 45.25, 62.0, 62.75]
    assert [d["box"] for d in json.loads(line)["detections"]] == [whole, near]
    _, (line,), _ = inspect(picture, *models, "--json", "--whole", look="features")
    assert [d["box"] for d in json.loads(line)["detections"]] == [whole]
    _, lines, _ = inspect(save_video(tmp_path / "road.mp4", frames=3), *models, "--json", look="features")
    assert [[d["box"] for d in json.loads(line)["detections"]] for line in lines] == [[whole, near]] * 3


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def test_copies_are_drawn_and_the_originals_stay_as_they_are(weights: Path, tmp_path: Path) -> None:
    picture, folder = save_picture(tmp_path / "road.png"), tmp_path / "drawn"
    before = picture.read_bytes()
    inspect(picture, "--model", weights, "--draw", folder)
    changed = (read(folder / "road.png") != 90).any(axis=2)
    assert changed[64, 32:65].all()
    assert changed[32:65, 64].all()
    assert not changed[70:].any()
    assert picture.read_bytes() == before


def test_files_of_one_name_do_not_overwrite_each_other(weights: Path, tmp_path: Path) -> None:
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        save_picture(tmp_path / name / "road.png")
    inspect(tmp_path / "north", tmp_path / "south", "--model", weights, "--draw", tmp_path / "drawn")
    assert sorted(p.name for p in (tmp_path / "drawn").iterdir()) == ["road-2.png", "road.png"]


def test_a_copy_never_takes_the_place_of_an_original(weights: Path, tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "road.png")
    before = picture.read_bytes()
    inspect(picture, "--model", weights, "--draw", tmp_path)
    assert picture.read_bytes() == before
    assert (tmp_path / "road-2.png").is_file()


def test_a_drawn_video_has_every_frame_at_its_time(weights: Path, tmp_path: Path) -> None:
    video, folder = save_video(tmp_path / "road.mp4"), tmp_path / "drawn"
    inspect(video, "--model", weights, "--draw", folder)
    with av.open(str(folder / "road.mp4")) as file:
        frames = list(file.decode(video=0))
    assert [round(float(f.time or 0), 3) for f in frames] == [round(i / 5, 3) for i in range(10)]
    last = frames[-1].to_ndarray(format="bgr24").astype(int)
    assert np.ptp(last[64, 40:60].mean(axis=0)) > 40, "the edge of the box has no colour"


def test_a_video_that_is_not_there_leaves_no_drawn_file(weights: Path, tmp_path: Path) -> None:
    inspect(tmp_path / "gone.mp4", "--model", weights, "--draw", tmp_path / "drawn")
    assert list((tmp_path / "drawn").iterdir()) == []


def test_drawing_stays_inside_the_picture_and_leaves_it_alone() -> None:
    picture = blank(40, 30)
    edge = Detections(np.array([[0, 0, 40, 30]], np.float32), np.array([0.5], np.float32), np.array([9]))
    assert drawn(picture, edge, ["car"] * 10).shape == picture.shape
    assert not picture.any()
