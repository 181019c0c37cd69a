"""Letterbox and overlaps: properties that hold for every picture and every box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from detector.detections import Boxes
from detector.geometry import Letterbox, Placement, iou_matrix

sides = st.integers(1, 4096)
placements = st.sampled_from(["centre", "top_left"])
letterboxes = st.builds(Letterbox.fit, sides, sides, sides, sides, placements)


def boxes(low: float, high: float, most: int = 20) -> st.SearchStrategy[Boxes]:
    """Boxes (N, 4) x0 y0 x1 y1 with corners in order."""
    corners = st.floats(low, high, width=32)
    shapes = st.tuples(st.integers(0, most), st.just(2), st.just(2))
    return stnp.arrays(np.float32, shapes, elements=corners).map(lambda a: np.sort(a, axis=1).reshape(-1, 4))


shares = boxes(0, 1)
"""Boxes as shares of a picture."""


@given(sides, sides, sides, sides)
def test_the_picture_lies_inside_the_input_and_fills_it_one_way(
    picture_width: int, picture_height: int, width: int, height: int
) -> None:
    box = Letterbox.fit(picture_width, picture_height, width, height, "centre")
    assert 1 <= box.inner_width <= width
    assert 1 <= box.inner_height <= height
    assert box.inner_width == width or box.inner_height == height
    # What is left over is shared between both sides, to a pixel.
    assert 0 <= width - box.inner_width - 2 * box.left <= 1
    assert 0 <= height - box.inner_height - 2 * box.top <= 1


@given(letterboxes)
def test_proportions_are_kept_to_a_pixel(box: Letterbox) -> None:
    by_width, by_height = box.inner_width * box.height / box.width, box.inner_height * box.width / box.height
    assert abs(box.inner_height - by_width) <= 1 + by_width / box.inner_width
    assert abs(box.inner_width - by_height) <= 1 + by_height / box.inner_height


@given(sides, sides, sides, sides)
def test_top_left_puts_all_padding_right_and_below(width: int, height: int, to_width: int, to_height: int) -> None:
    box = Letterbox.fit(width, height, to_width, to_height, "top_left")
    assert (box.left, box.top) == (0, 0)


@given(letterboxes, shares)
def test_boxes_come_back_from_the_input_unharmed(box: Letterbox, share: Boxes) -> None:
    picture = share * np.array([box.width, box.height] * 2, np.float32)
    # float32 holds some seven digits of an input up to 4096 pixels, times the scale of the way back.
    scale = max(box.width / box.inner_width, box.height / box.inner_height, 1)
    ratio = [box.inner_width / box.width, box.inner_height / box.height] * 2
    laid = (picture * ratio + [box.left, box.top] * 2).astype(np.float32)
    assert np.allclose(box.to_picture(laid), picture, rtol=1e-5, atol=2e-3 * scale)


@given(letterboxes, boxes(-10_000, 10_000))
def test_whatever_the_network_says_the_boxes_lie_inside_the_picture_corners_in_order(
    box: Letterbox, wild: Boxes
) -> None:
    found = box.to_picture(wild)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= [box.width, box.height] * 2)).all()
    assert (found[:, :2] <= found[:, 2:]).all()


@pytest.mark.parametrize(
    ("picture", "placement", "expected"),
    [
        ((960, 540), "centre", (640, 360, 0, 140)),
        ((960, 540), "top_left", (640, 360, 0, 0)),
        ((1080, 1920), "centre", (360, 640, 140, 0)),
        ((100, 50), "centre", (640, 320, 0, 160)),
        ((640, 640), "centre", (640, 640, 0, 0)),
        ((4000, 1), "centre", (640, 1, 0, 319)),
    ],
)
def test_where_pictures_lie_in_640(
    picture: tuple[int, int], placement: Placement, expected: tuple[int, int, int, int]
) -> None:
    box = Letterbox.fit(*picture, 640, 640, placement)
    assert (box.inner_width, box.inner_height, box.left, box.top) == expected


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 pixel; found picture 0x540"):
        Letterbox.fit(0, 540, 640, 640, "centre")


def naive_iou(a: list[float], b: list[float]) -> float:
    """Overlap of two boxes, by the definition."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / both if both > 1e-6 else 0.0


@example(np.array([[0, 0, 1, 1], [3, 3, 3, 3]], np.float32), np.array([[0, 0, 1, 2], [3, 3, 3, 3]], np.float32))
@given(boxes(0, 1000, 8).map(np.round), boxes(0, 1000, 8).map(np.round))
def test_overlaps_agree_with_the_definition(a: Boxes, b: Boxes) -> None:
    expected = [[naive_iou(x, y) for y in b.tolist()] for x in a.tolist()]
    assert np.allclose(iou_matrix(a, b), np.reshape(expected, (len(a), len(b))), atol=1e-5)
