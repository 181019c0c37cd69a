"""A picture reaches the network in the size, place, colour order and scale that its manifest says."""

from __future__ import annotations

from typing import Any, Literal

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from cameras.frame import Frame, Image
from detector.preprocess import Preprocessor, Tensor
from models.manifest import InputSpec
from tests.unit.detector.pictures import blank, frame


def laid(picture: Image, spec: InputSpec, dtype: str = "float32") -> Tensor:
    pixels = Preprocessor(spec, np.dtype(dtype))
    canvas = pixels.canvas(1)
    pixels.place(picture, canvas, 0)
    return np.asarray(canvas.tensor[0])


def scene(width: int, height: int) -> Image:
    """A smooth picture with colour: slopes to the right, downwards and across."""
    y, x = np.mgrid[:height, :width]
    planes = [255 * x / width, 255 * y / height, 255 * (x + y) / (width + height)]
    return np.stack(planes, axis=2).astype(np.uint8)


def test_padding_lies_around_a_centred_picture() -> None:
    tensor = laid(blank(128, 96, 255), InputSpec(width=64, height=64))
    grey = np.float32(114 / 255)
    assert tensor.shape == (3, 64, 64)
    assert np.allclose(tensor[:, 8:56], 1)
    assert np.allclose(tensor[:, :8], grey)
    assert np.allclose(tensor[:, 56:], grey)


def test_a_fresh_canvas_is_a_blank_picture() -> None:
    tensor = Preprocessor(InputSpec(width=64, height=32), np.dtype(np.float32)).canvas(2).tensor
    assert tensor.shape == (2, 3, 32, 64)
    assert np.allclose(tensor, 114 / 255)


def test_padding_lies_right_and_below_a_picture_at_the_top_left() -> None:
    tensor = laid(blank(96, 128, 255), InputSpec(width=64, height=64, placement="top_left", scale=1, pad=7))
    assert (tensor[:, :, :48] == 255).all()
    assert (tensor[:, :, 48:] == 7).all()


@pytest.mark.parametrize(("colour", "expected"), [("rgb", [30, 20, 10]), ("bgr", [10, 20, 30])])
def test_planes_come_in_the_networks_colour_order(colour: Literal["rgb", "bgr"], expected: list[int]) -> None:
    picture = np.full((64, 64, 3), (10, 20, 30), np.uint8)
    tensor = laid(picture, InputSpec(width=64, height=64, colour=colour, scale=1))
    assert tensor.mean(axis=(1, 2)).tolist() == expected


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("scale", [1.0, 1 / 255])
def test_values_are_scaled_in_the_networks_own_type(dtype: str, scale: float) -> None:
    picture = scene(64, 64)
    tensor = laid(picture, InputSpec(width=64, height=64, scale=scale), dtype)
    assert tensor.dtype == dtype
    expected = picture[..., ::-1].transpose(2, 0, 1) * scale
    assert np.allclose(tensor, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("size", [(200, 120), (33, 47), (64, 64), (20, 10)])
def test_it_is_what_scaling_and_padding_by_hand_gives(size: tuple[int, int]) -> None:
    picture = scene(*size)
    spec = InputSpec(width=64, height=64, scale=1)
    ratio = 64 / max(size)
    small = cv2.resize(picture, (round(size[0] * ratio), round(size[1] * ratio)))
    expected = np.full((64, 64, 3), 114, np.uint8)
    top, left = (64 - small.shape[0]) // 2, (64 - small.shape[1]) // 2
    expected[top : top + small.shape[0], left : left + small.shape[1]] = small
    assert (laid(picture, spec) == expected[..., ::-1].transpose(2, 0, 1)).all()


def test_nothing_of_the_picture_before_is_left_on_a_canvas() -> None:
    pixels = Preprocessor(InputSpec(width=64, height=64), np.dtype(np.float32))
    used = pixels.canvas(2)
    for picture in (blank(64, 64, 255), scene(100, 20), scene(20, 100), scene(101, 21)):
        fresh = pixels.canvas(2)
        for canvas in (used, fresh):
            pixels.place(picture, canvas, 1)
        assert np.array_equal(used.tensor, fresh.tensor)


@pytest.mark.parametrize("layout", ["yuv420p", "yuvj420p", "yuv444p", "nv12", "rgb24"])
@pytest.mark.parametrize("size", [(640, 360), (322, 182), (1280, 720), (48, 36)])
def test_a_decoded_frame_gives_the_same_input_as_its_picture(layout: str, size: tuple[int, int]) -> None:
    picture = scene(*size)
    decoded = frame(picture)
    decoded.picture = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=layout)
    spec = InputSpec(width=96, height=96, scale=1)
    pixels = Preprocessor(spec, np.dtype(np.float32))
    canvas = pixels.canvas(2)
    assert pixels.place(decoded, canvas, 0) == pixels.place(picture, canvas, 1)
    difference: Any = np.abs(canvas.tensor[0] - canvas.tensor[1])
    assert difference.mean() < 1.5
    assert difference.max() < 12


def test_a_frame_of_full_range_is_not_taken_for_limited_range() -> None:
    picture = blank(64, 64, 255)
    decoded = frame(picture)
    decoded.picture = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")
    decoded.picture.color_range = ColorRange.JPEG
    assert laid_frame(decoded).mean() == pytest.approx(128, abs=1)
    decoded = frame(picture)
    decoded.picture = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")
    assert laid_frame(decoded).mean() == pytest.approx((128 - 16) * 255 / 219, abs=1)


def laid_frame(picture: Frame) -> Tensor:
    pixels = Preprocessor(InputSpec(width=64, height=64, scale=1), np.dtype(np.float32))
    canvas = pixels.canvas(1)
    pixels.place(picture, canvas, 0)
    return np.asarray(canvas.tensor[0])


def test_a_frame_of_odd_sides_keeps_its_last_row_and_column() -> None:
    for side, expected in ((64, (64, 46)), (45, (45, 32)), (77, (77, 55))):
        picture = scene(77, 55)
        decoded = frame(picture)
        decoded.picture = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        spec = InputSpec(width=side, height=side, scale=1, placement="top_left")
        pixels = Preprocessor(spec, np.dtype(np.float32))
        canvas = pixels.canvas(2)
        box = pixels.place(decoded, canvas, 0)
        pixels.place(picture, canvas, 1)
        assert (box.inner_width, box.inner_height) == expected
        inner = np.abs(canvas.tensor[0] - canvas.tensor[1])[:, : box.inner_height, : box.inner_width]
        assert inner.max() < 16
