"""The strip below a picture: all of it readable, none of it in the picture."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from cameras import Image
from edge.evidence.pictures import Caption, write_overlay, write_picture
from leads import CameraRef

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONG = "延平区国道三一六线岭下超限检测点上行方向第一车道龙门架一号机位" * 2
AT = datetime(2026, 11, 23, 16, 5, 9, 960_000, tzinfo=UTC)


def caption(**more: str) -> Caption:
    return Caption(AT, CameraRef(id="gate", **{"place": "岭下", **more}), "box-1", SHANGHAI)


def overlay(folder: Path, width: int, place: str, box: tuple[float, ...] | None = None) -> tuple[Image, Image]:
    """The original as it is on disk, and its overlay."""
    original = write_picture(folder, "panorama-1", np.full((90, width, 3), 128, np.uint8), 95)
    before = original.read_bytes()
    path = write_overlay(folder, original, [box] if box else [], caption(place=place), 95)
    assert original.read_bytes() == before, "an original is never touched"
    assert path.name == "panorama-1.overlay.jpg"
    return read(original), read(path)


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def test_the_line_names_time_place_device_lane_and_hash() -> None:
    line = caption(road_code="G316", stake="K1+200", lane="2", direction="上行").text("0a1b2c3d")
    assert line == (
        "时间 2026-11-24 00:05:09.9 | 地点 G316 K1+200 岭下 上行 | 设备 box-1/gate | 车道 2 | 防伪 0a1b2c3d"
    )


def test_tenths_of_a_second_are_cut_and_not_rounded_into_the_next_second() -> None:
    assert "00:05:09.9" in caption().text("0")


@pytest.mark.parametrize("width", [200, 320, 1280, 3840])
@pytest.mark.parametrize("place", ["岭下", LONG], ids=["short", "long"])
def test_the_strip_stands_below_and_nothing_of_it_is_cut_off(tmp_path: Path, width: int, place: str) -> None:
    original, marked = overlay(tmp_path, width, place)
    assert marked.shape[1] == width
    picture, strip = marked[:90], marked[90:]
    assert np.abs(picture.astype(int) - original).max() < 60, "no text in the picture"
    written = strip.max(axis=2) > 128
    assert written.any()
    assert not written[:, -4:].any(), "text runs out at the right"
    assert not written[-2:].any(), "text runs out below"


def test_a_longer_place_takes_more_lines(tmp_path: Path) -> None:
    heights = [overlay(tmp_path, 320, "岭" * n)[1].shape[0] for n in (2, 40, 80)]
    assert heights == sorted(set(heights))


def test_the_strip_carries_the_hash_of_the_very_original(tmp_path: Path) -> None:
    strips = []
    for grey in (100, 100, 101):
        original = write_picture(tmp_path, "close-up", np.full((90, 320, 3), grey, np.uint8), 95)
        strips.append(read(write_overlay(tmp_path, original, [], caption(), 95))[100:])
    assert (strips[0] == strips[1]).all()
    assert (strips[0] != strips[2]).any()


def test_a_box_at_the_edge_is_drawn_as_far_as_the_picture_goes(tmp_path: Path) -> None:
    _, marked = overlay(tmp_path, 320, "岭下", (-20.0, 10.0, 400.0, 80.0))
    assert marked.shape[1] == 320
    assert (np.abs(marked[:90].astype(int) - 128).max(axis=2) > 60).any()


def test_what_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.jpg is no picture"):
        write_overlay(tmp_path, broken, [], caption(), 95)
