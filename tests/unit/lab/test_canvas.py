"""Canvases the networks are trained on: every box stays on its vehicle."""

from __future__ import annotations

import numpy as np
import pytest

from models.lab.canvas import Labelled, Variation, compose

SIZE = (640, 384)
UNCHANGED = Variation(mosaic=0, scale=(1, 1), flip=0, colour=0)
MARK = 255


def marked(width: int = 416, height: int = 416, box: tuple[int, int, int, int] = (100, 120, 220, 200)) -> Labelled:
    """A dark picture with one bright thing and its box."""
    image = np.full((height, width, 3), 20, np.uint8)
    x0, y0, x1, y1 = box
    image[y0:y1, x0:x1] = MARK
    return Labelled(image, np.array([box], np.float32), np.array([3]))


def bright(canvas: Labelled) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(canvas.image[:, :, 0] > 200)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize("seed", range(20))
def test_a_lone_pictures_box_moves_with_it(seed: int) -> None:
    varied = Variation(mosaic=0, scale=(0.5, 1.4), flip=0.5, colour=0)
    canvas = compose(np.random.default_rng(seed), marked, SIZE, varied)
    assert canvas.image.shape == (384, 640, 3)
    for box in canvas.boxes:
        assert box == pytest.approx(bright(canvas), abs=2.5)


@pytest.mark.parametrize("seed", range(20))
def test_each_of_several_pictures_boxes_holds_its_thing(seed: int) -> None:
    varied = Variation(mosaic=1, flip=0.5, colour=0)
    canvas = compose(np.random.default_rng(seed), marked, SIZE, varied)
    inside = np.zeros(canvas.image.shape[:2], bool)
    for x0, y0, x1, y1 in canvas.boxes.round().astype(int):
        assert canvas.image[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].min(initial=MARK) > 150
        inside[y0:y1, x0:x1] = True
    assert (canvas.classes == 3).all()
    assert inside.any() or not len(canvas.boxes)


def test_a_thing_cut_off_by_the_edge_is_no_object() -> None:
    at_the_edge = marked(640, 384, (0, 100, 40, 200))
    found = 0
    for seed in range(60):
        canvas = compose(
            np.random.default_rng(seed), lambda: at_the_edge, SIZE, Variation(mosaic=0, scale=(2, 2), flip=0, colour=0)
        )
        for x0, _, x1, _ in canvas.boxes:
            found += 1
            assert x1 - x0 >= 0.24 * 80
    assert 0 < found < 60


def test_without_variation_a_picture_of_the_cameras_form_fills_the_canvas() -> None:
    canvas = compose(np.random.default_rng(0), lambda: marked(1280, 768), SIZE, UNCHANGED)
    assert canvas.boxes.tolist() == [[50, 60, 110, 100]]
    assert canvas.image[0, 0, 0] == canvas.image[-1, -1, 0] == 20


def test_light_changes_and_boxes_do_not() -> None:
    still, changed = (
        compose(np.random.default_rng(4), marked, SIZE, Variation(mosaic=0, scale=(1, 1), flip=0, colour=colour))
        for colour in (0.0, 1.0)
    )
    assert (still.boxes == changed.boxes).all()
    assert np.abs(still.image.astype(int) - changed.image).mean() > 2
