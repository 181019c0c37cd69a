"""The bundled networks find and read signs laid into a picture, and say nothing of pictures without any."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from detector.commands import app
from detector.plate_types import type_of
from detector.sign_look import SignLook
from detector.sign_reader import SignReader
from detector.sign_session import SignSession
from models import ModelError
from models.bundled import WEIGHTS
from models.lab.signs.sheets import Sheet, SheetMaker
from tests.unit.detector.views import sign as made_up

Picture = np.ndarray


@pytest.fixture(scope="module")
def look() -> SignLook:
    return SignLook.load()


def sheets(kind: str, count: int) -> list[Sheet]:
    maker = SheetMaker(np.random.default_rng(11))
    found: list[Sheet] = []
    while len(found) < count:
        sheet = maker.sheet()
        if sheet.kind == kind and (kind != "diamond" or sheet.slots[0] in "2358"):
            found.append(sheet)
    return found


def bumper(sheet: Sheet, width: int = 180, size: tuple[int, int] = (720, 480)) -> tuple[Picture, np.ndarray]:
    """A dark vehicle's front with the sign on it, turned a little; BGR, and the sign's corners."""
    picture = np.full((size[1], size[0], 3), (96, 100, 104), np.uint8)
    cv2.rectangle(picture, (120, 60), (size[0] - 120, size[1] - 60), (58, 52, 48), cv2.FILLED)
    cv2.rectangle(picture, (160, 90), (size[0] - 160, 220), (30, 26, 24), cv2.FILLED)
    tall = width * sheet.pixels.shape[0] / sheet.pixels.shape[1]
    left, top = (size[0] - width) / 2, 300.0
    corners = np.array([[0, 0], [width, 6], [width - 2, tall + 6], [-2, tall]], np.float32) + np.array([left, top])
    warp = cv2.getPerspectiveTransform(sheet.corners, corners.astype(np.float32))
    cover = np.full(sheet.pixels.shape[:2], 255, np.uint8)
    if sheet.kind == "diamond":
        cover[(sheet.pixels == 128).all(axis=2)] = 0
    laid = cv2.warpPerspective(sheet.pixels[..., ::-1], warp, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(cover, warp, size) > 127
    picture[mask] = laid[mask]
    return cv2.GaussianBlur(picture, (3, 3), 0), corners


def told(sheet: Sheet) -> str:
    """What a perfect reader says."""
    if sheet.kind == "panel":
        return "".join(sheet.slots[:4]) + "/" + "".join(sheet.slots[4:])
    text = "".join(sheet.slots)
    return ".".join(text) if sheet.kind == "diamond" else text


@pytest.mark.parametrize("kind", ["blue", "yellow", "green", "yellow_green", "white", "black", "panel", "diamond"])
def test_signs_of_each_kind_are_found_and_read(look: SignLook, kind: str) -> None:
    right = 0
    for sheet in sheets(kind, 6):
        picture, corners = bumper(sheet, width=110 if kind == "diamond" else 180)
        signs = look.signs(picture)
        assert len(signs) == 1, [sign.text for sign in signs]
        sign = signs[0]
        assert sign.kind == (kind if kind in ("panel", "diamond") else "plate")
        assert np.abs(sign.corners.mean(axis=0) - corners.mean(axis=0)).max() < 8
        right += sign.text == told(sheet)
    assert right >= 5


def test_a_plate_has_its_colour_and_its_lines(look: SignLook) -> None:
    for sheet in sheets("yellow", 8):
        picture, _ = bumper(sheet)
        (sign,) = look.signs(picture)
        assert sign.colour == "yellow"
        assert sign.lines == (2 if sheet.pixels.shape[1] < 2.3 * sheet.pixels.shape[0] else 1)


def test_a_covered_character_is_not_guessed(look: SignLook) -> None:
    dashes = 0
    for sheet in sheets("blue", 8):
        x0, y0, x1, y1 = (int(v) for v in sheet.cells[4])
        sheet.pixels[y0 - 2 : y1 + 2, x0 - 1 : x1 + 1] = (90, 90, 92)
        picture, _ = bumper(sheet)
        (sign,) = look.signs(picture)
        dashes += sign.text[4] == "-"
    assert dashes >= 6


def crop_of(sheet: Sheet) -> Picture:
    return cv2.resize(sheet.pixels, (94, 24), interpolation=cv2.INTER_AREA)[..., ::-1].copy()


def test_a_cut_out_of_94_by_24_pixels_is_read(look: SignLook) -> None:
    right = sum([s.text for s in look.crop(crop_of(sheet))] == [told(sheet)] for sheet in sheets("blue", 20))
    assert right >= 19


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640, 3), 255, np.uint8),
        np.zeros((10, 10, 3), np.uint8),
        np.zeros((1, 900, 3), np.uint8),
        np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8),
        np.random.default_rng(1).integers(0, 255, (24, 94, 3), np.uint8),
    ],
    ids=["black", "white", "tiny", "line", "noise", "noise-crop"],
)
def test_where_nothing_is_nothing_is_read(look: SignLook, picture: Picture) -> None:
    assert look.signs(picture) == []
    assert look.crop(picture) == []


@pytest.mark.parametrize("down", [-58, -400, 479, 900])
def test_a_large_place_that_the_picture_hardly_holds_is_read_without_a_crash(down: int) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    place = np.array([[-900, 0], [1500, 0], [1500, 59], [-900, 59]], np.float32) + np.array([0, down], np.float32)
    assert SignReader(WEIGHTS / "sign_reader.onnx").read(picture, [place]) == [None]


def test_the_command_tells_plates_as_json_lines(tmp_path: Path) -> None:
    (sheet,) = sheets("yellow", 1)
    cv2.imwrite(str(tmp_path / "truck.png"), bumper(sheet)[0])
    result = CliRunner().invoke(app, ["plates", str(tmp_path / "truck.png"), "--json"])
    assert result.exit_code == 0
    line = json.loads(result.stdout)
    assert line["image"] == str(tmp_path / "truck.png")
    (plate,) = line["plates"]
    assert plate["text"] == told(sheet)
    assert plate["type"] == type_of(told(sheet), "yellow")
    assert plate["colour"] == "yellow"
    assert 0.5 < plate["score"] <= 1
    assert len(plate["box"]) == 4
    assert np.array(plate["corners"]).shape == (4, 2)


def test_the_command_reads_crops_and_names_a_picture_that_was_cut_short(tmp_path: Path) -> None:
    (sheet,) = sheets("blue", 1)
    cv2.imwrite(str(tmp_path / "a.png"), crop_of(sheet))
    whole = cv2.imencode(".jpg", bumper(sheet)[0])[1].tobytes()
    (tmp_path / "b.jpg").write_bytes(whole[:40])
    result = CliRunner().invoke(app, ["plates", str(tmp_path), "--crops", "--json"])
    assert result.exit_code == 1
    (line,) = result.stdout.splitlines()
    assert [plate["text"] for plate in json.loads(line)["plates"]] == [told(sheet)]
    assert "b.jpg" in result.stderr


def test_a_copy_has_the_plates_drawn_in(tmp_path: Path) -> None:
    (sheet,) = sheets("blue", 1)
    cv2.imwrite(str(tmp_path / "car.png"), bumper(sheet)[0])
    result = CliRunner().invoke(app, ["plates", str(tmp_path / "car.png"), "--draw", str(tmp_path / "drawn")])
    assert result.exit_code == 0
    assert told(sheet) in result.stdout
    before, after = (np.asarray(cv2.imread(str(tmp_path / name))) for name in ("car.png", "drawn/car.png"))
    assert not np.array_equal(before, after)


def test_a_file_is_no_folder_for_copies(tmp_path: Path) -> None:
    (sheet,) = sheets("blue", 1)
    cv2.imwrite(str(tmp_path / "car.png"), bumper(sheet)[0])
    (tmp_path / "notes.txt").write_text("here")
    result = CliRunner().invoke(app, ["plates", str(tmp_path / "car.png"), "--draw", str(tmp_path / "notes.txt")])
    assert result.exit_code == 1
    assert "Name a folder for the copies" in result.stderr


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="1 input and 3 outputs, found"):
        SignSession(WEIGHTS / "sign_finder.onnx", outputs=3)
    with pytest.raises(ModelError, match="there is no such file"):
        SignSession(tmp_path / "sign_reader.onnx", outputs=3)
    (tmp_path / "sign_reader.onnx").write_bytes(b"without a manifest")
    with pytest.raises(ModelError, match=r"sign_reader\.yaml: there is no such file"):
        SignSession(tmp_path / "sign_reader.onnx", outputs=3)


def test_a_sign_knows_its_box_and_whether_all_of_it_was_read() -> None:
    corners = np.array([[10, 20], [110, 24], [108, 56], [8, 52]], np.float32)
    sign = replace(made_up("闽H1-345"), corners=corners)
    assert sign.box == (8.0, 20.0, 110.0, 56.0)
    assert not sign.whole
