"""Signs drawn for training: lawful texts, views of the right size, targets where the signs are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.plate_types import type_of
from detector.sign_alphabet import COLOURS, SIZE, SPAN, STRIDE, slot_ids
from models.lab.signs import glyphs
from models.lab.signs.finder_pictures import Painter, Scene
from models.lab.signs.glyphs import STROKES, stroked
from models.lab.signs.pool import Pool, drawn
from models.lab.signs.real import read_crops, read_scenes, upright
from models.lab.signs.sheets import SheetMaker
from models.lab.signs.views import Camera

ROAD = np.random.default_rng(1).integers(0, 255, (180, 320, 3), np.uint8)


def test_every_drawn_plate_bears_a_lawful_text_of_its_colour() -> None:
    maker = SheetMaker(np.random.default_rng(0))
    seen = set()
    for _ in range(400):
        sheet = maker.sheet()
        seen.add(sheet.kind)
        if sheet.kind not in ("panel", "diamond"):
            assert type_of("".join(sheet.slots), sheet.kind) != "unknown", sheet.slots
    assert seen == set(COLOURS) - {"none"}


def test_the_cells_of_a_sheet_hold_its_ink() -> None:
    sheet = SheetMaker(np.random.default_rng(3)).plate()
    assert len(sheet.cells) == len("".join(sheet.slots))
    for x0, y0, x1, y1 in sheet.cells:
        assert sheet.pixels[int(y0) : int(y1), int(x0) : int(x1)].std() > 20


@pytest.mark.parametrize("character", sorted(STROKES))
def test_a_stroked_character_fills_its_cell_from_edge_to_edge(character: str) -> None:
    mask = stroked(character, 36, 72, 11)
    assert mask.shape == (72, 36)
    assert mask[:6].max() == 255
    assert mask[-6:].max() == 255


def test_without_fonts_the_error_names_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "FONT_DIRECTORIES", (tmp_path,))
    glyphs.han_fonts.cache_clear()
    with pytest.raises(FileNotFoundError, match="apt-get install fonts-noto-cjk"):
        glyphs.han_fonts()


def test_a_view_shows_the_sign_within_its_corners() -> None:
    rng = np.random.default_rng(5)
    maker, camera = SheetMaker(rng), Camera(rng, [np.zeros((200, 300, 3), np.uint8)], SIZE)
    for _ in range(20):
        view = camera.view(maker.plate())
        assert view.pixels.shape == (SIZE[1], SIZE[0], 3)
        assert view.corners.shape == (4, 2)
        assert np.abs(view.corners - [[0, 0], [1, 0], [1, 1], [0, 1]]).max() < 1.2


def test_a_pool_is_the_same_for_the_same_seed_and_comes_back_from_disk(tmp_path: Path) -> None:
    one, other = drawn(12, 7, [ROAD]), drawn(12, 7, [ROAD])
    assert (one.pixels == other.pixels).all()
    one.save(tmp_path / "p")
    again = Pool.load(tmp_path / "p")
    assert len(again) == 12
    assert (again.slots == one.slots).all()
    nothing = one.kinds == 0
    assert (one.slots[nothing] == -1).all()
    assert np.isnan(one.corners[nothing]).all()


def test_the_target_has_its_peak_and_corners_where_the_plate_is() -> None:
    corners = np.array([[[100, 60], [180, 64], [180, 92], [100, 88]]], np.float32)
    scene = Scene(ROAD, (0,), corners, True, np.zeros((0, 4), np.float32))
    picture, target = Painter(np.random.default_rng(2), (320, 192)).paint(scene, 0)
    assert picture.shape == (192, 320, 3)
    kind, row, column = np.argwhere(target.heat > 0.999)[0]
    assert kind == 0
    offsets = target.corners[:, row, column].reshape(4, 2) * SPAN
    middle = (np.array([column, row]) + 0.5) * STRIDE + offsets.mean(axis=0)
    assert np.abs(middle - (np.array([column, row]) + 0.5) * STRIDE).max() <= STRIDE
    assert 2.0 < np.ptp(offsets[:, 0]) / np.ptp(offsets[:, 1]) < 3.2


def test_where_vehicles_bear_unmarked_plates_nothing_is_held_to_be_absent() -> None:
    scene = Scene(ROAD, (), np.zeros((0, 4, 2), np.float32), True, np.array([[0, 0, 320, 180]], np.float32))
    _, target = Painter(np.random.default_rng(2), (320, 192)).paint(scene, 0)
    assert target.weight.min() < 0.1
    assert target.heat.max() == 0


@pytest.mark.parametrize("rotation", [0, 12, -20, 90, -75])
def test_corners_are_in_reading_order_however_the_box_was_turned(rotation: float) -> None:
    size = (80, 25) if abs(rotation) < 45 else (25, 80)
    corners = upright(np.array(cv2.boxPoints(((100, 100), size, rotation))))
    along = corners[1] - corners[0]
    down = corners[3] - corners[0]
    assert np.linalg.norm(along) == pytest.approx(80, abs=0.1)
    assert along[0] > 0
    assert along[0] * down[1] - along[1] * down[0] > 0


def test_real_plates_are_read_from_their_tables(tmp_path: Path) -> None:
    (tmp_path / "crops").mkdir()
    cv2.imwrite(str(tmp_path / "crops/a.png"), ROAD)
    (tmp_path / "crops.csv").write_text("image,text\ncrops/a.png,闽H12345\n", encoding="utf-8")
    (plate,) = read_crops(tmp_path)
    assert plate.cut().shape == ROAD.shape
    assert (plate.slots == slot_ids("闽H12345")).all()
    assert plate.kind == -1
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images/b.png"), ROAD)
    (tmp_path / "plates.json").write_text(
        '[{"image": "b.png", "plates": [{"x_centre": 100, "y_centre": 90, "width": 90, "height": 30, "rotation": 0,'
        ' "colour": "yellow", "text": "闽H1234挂"}]}]',
        encoding="utf-8",
    )
    (marked,) = read_scenes(tmp_path)
    assert marked.cut().shape == (30, 90, 3)
    assert COLOURS[marked.kind] == "yellow"
