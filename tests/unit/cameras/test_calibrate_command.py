"""`lushao cameras calibrate` and its page, as the site engineer uses them."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from cameras.calibration_file import as_yaml, read_settings
from cameras.calibration_page import serve
from cameras.calibration_settings import CalibrationSettings
from cameras.commands import app
from cameras.settings import CameraSettings
from tests.unit.cameras.roads import SIZE, by_lines, by_points, gantry, places


def calibrate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


def road(folder: Path) -> Path:
    path = folder / "road.png"
    cv2.imwrite(str(path), np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))
    return path


def one_wrong() -> CalibrationSettings:
    settings = by_points(gantry(), places())
    u, v, x, y = settings.points[6]
    points = (*settings.points[:6], (u, v, x, y + 1.5), *settings.points[7:])
    return settings.model_copy(update={"points": points})


def test_it_tells_the_error_of_each_mark_and_draws_the_grid(tmp_path: Path) -> None:
    marks, drawn = tmp_path / "marks.yaml", tmp_path / "drawn.png"
    marks.write_text(as_yaml(by_points(gantry(), places(), noise=1)))
    result = calibrate(road(tmp_path), "--marks", marks, "--draw", drawn)
    assert result.exit_code == 0, result.output
    assert sum(" px " in line and " cm" in line for line in result.stdout.splitlines()) == 12
    assert "reprojection error" in result.stdout
    picture = cv2.imread(str(drawn))
    assert picture is not None
    assert (np.ptp(picture, axis=2) > 50).mean() > 0.005


def test_what_it_prints_goes_into_the_site_file(tmp_path: Path) -> None:
    marks = tmp_path / "marks.yaml"
    marks.write_text(as_yaml(by_lines(gantry())))
    result = calibrate(road(tmp_path), "--marks", marks)
    assert result.exit_code == 0, result.output
    block = yaml.safe_load(result.stdout.split("source:\n\n")[1])
    camera = CameraSettings(id="gate", url="road.mp4", **block)
    assert camera.calibration == read_settings(marks)


def test_a_bad_fit_is_refused_and_drawn_all_the_same(tmp_path: Path) -> None:
    marks, drawn = tmp_path / "marks.yaml", tmp_path / "drawn.png"
    marks.write_text(as_yaml(one_wrong()))
    result = calibrate(road(tmp_path), "--marks", marks, "--draw", drawn)
    assert result.exit_code == 1
    assert "bad fit: points 7 at pixel" in result.stderr
    assert drawn.exists()


def test_a_site_with_a_bad_fit_does_not_load() -> None:
    with pytest.raises(ValidationError, match="bad fit: points 7"):
        CameraSettings(id="gate", url="road.mp4", calibration=one_wrong())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("calibration: {size: [1280, 720]}", "give either points or lines"),
        ("size: [1280, 720]\npoints: [[1, 2, 3]]", "points.0"),
        ("size: [", "is not YAML"),
        ("- 1", "dictionary"),
        ("size: [1280, 720]\nlens: 3", "lens"),
    ],
)
def test_a_wrong_file_of_marks_is_said(tmp_path: Path, text: str, says: str) -> None:
    marks = tmp_path / "marks.yaml"
    marks.write_text(text)
    result = calibrate(road(tmp_path), "--marks", marks)
    assert result.exit_code == 1
    assert "marks.yaml" in result.stderr
    assert says in result.stderr


def test_a_picture_that_is_none_or_of_another_size_is_said(tmp_path: Path) -> None:
    marks = tmp_path / "marks.yaml"
    marks.write_text(as_yaml(by_points(gantry(), places())))
    nothing = tmp_path / "nothing.png"
    nothing.write_bytes(b"no picture")
    assert "is no picture" in calibrate(nothing, "--marks", marks).stderr
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), np.zeros((72, 128, 3), np.uint8))
    result = calibrate(small, "--marks", marks, "--draw", tmp_path / "drawn.png")
    assert result.exit_code == 1
    assert "the picture is 128x72, the marks are of one of 1280x720" in result.stderr


@pytest.fixture
def page() -> Iterator[str]:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    with serve(picture, by_points(gantry(), places()), 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def ask(address: str, body: object, kind: str = "application/json") -> dict[str, object]:
    request = urllib.request.Request(f"{address}/fit", json.dumps(body).encode(), {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, object] = json.load(answer)
        return told


def test_the_page_begins_with_the_marks_it_was_given_and_fits_them(page: str) -> None:
    with urllib.request.urlopen(f"{page}/", timeout=10) as answer:
        assert b"Calibrate a camera" in answer.read()
    with urllib.request.urlopen(f"{page}/start.json", timeout=10) as answer:
        start = json.load(answer)
    told = ask(page, start)
    assert told["problem"] is None
    assert len(told["marks"]) == 12  # type: ignore[arg-type]
    assert CalibrationSettings.model_validate(yaml.safe_load(str(told["yaml"]))["calibration"]).size == SIZE


def test_the_page_names_what_is_wrong(page: str) -> None:
    assert "points 7" in str(ask(page, one_wrong().model_dump(mode="json"))["problem"])
    assert ask(page, {"size": [1280, 720]}) == {"problem": "give either points or lines"}
    assert "problem" in ask(page, [1, 2])


def test_the_page_takes_no_marks_from_other_sites(page: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(page, {}, kind="text/plain")
