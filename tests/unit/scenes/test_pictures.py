"""From the renderer's layers to the camera's picture."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts.scenes.exr import read_exr
from scripts.scenes.sensor import develop, exposure_for, sensor_of, stamp, through_air
from scripts.scenes.spec import LightSpec

DAY, NIGHT = LightSpec("day"), LightSpec("night")


def exr(channels: dict[str, NDArray[np.float32]], compression: int = 0) -> bytes:
    """An OpenEXR file by the published layout: header, offsets, then each line with its channels by name."""
    names = sorted(channels)
    height, width = channels[names[0]].shape

    def entry(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    listed: bytes = b"".join(name.encode() + b"\0" + struct.pack("<iiii", 2, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header: bytes = (
        entry("channels", "chlist", listed)
        + entry("compression", "compression", bytes([compression]))
        + entry("dataWindow", "box2i", window)
        + b"\0"
    )
    lines: list[bytes] = [
        struct.pack("<ii", y, 4 * width * len(names)) + b"".join(channels[name][y].tobytes() for name in names)
        for y in range(height)
    ]
    return b"".join([struct.pack("<II", 20000630, 2), header, b"\0" * 8 * height, *lines])


def test_channels_come_back_by_their_names(tmp_path: Path) -> None:
    depth = np.arange(15, dtype=np.float32).reshape(3, 5)
    (tmp_path / "a.exr").write_bytes(exr({"View.Depth.Z": depth, "View.Combined.R": depth * 2}))
    read = read_exr(tmp_path / "a.exr")
    np.testing.assert_array_equal(read["View.Depth.Z"], depth)
    np.testing.assert_array_equal(read["View.Combined.R"], depth * 2)


def test_a_compressed_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(exr({"R": np.zeros((2, 2), np.float32)}, compression=3))
    with pytest.raises(ValueError, match="exr_codec NONE"):
        read_exr(tmp_path / "a.exr")


def road(level: float) -> NDArray[np.float32]:
    """A picture of light with some texture."""
    rng = np.random.default_rng(1)
    return np.asarray(level * rng.uniform(0.6, 1.4, (90, 160, 3)), np.float32)


def test_the_automatic_exposure_makes_dim_and_bright_days_alike() -> None:
    dim, bright = road(0.1), road(0.4)
    means = [
        develop(light, exposure_for(light, DAY), DAY, sensor_of(DAY, 3, 160), np.random.default_rng(0)).mean()
        for light in (dim, bright)
    ]
    assert means[0] == pytest.approx(means[1], abs=2)


def test_a_night_stays_darker_than_a_day() -> None:
    light = road(0.2)
    day, night = (
        develop(light, exposure_for(light, spec), spec, sensor_of(spec, 3, 160), np.random.default_rng(0)).mean()
        for spec in (DAY, NIGHT)
    )
    assert night < day - 20


def test_haze_takes_the_contrast_of_what_is_far() -> None:
    light = road(0.2)
    near, far = (through_air(light, np.full((90, 160), metres, np.float32), (0.5,) * 3, 0.005) for metres in (5, 500))
    assert far.std() < 0.15 * near.std()


def test_the_sky_is_not_hazed_twice() -> None:
    light = road(0.2)
    np.testing.assert_array_equal(through_air(light, np.full((90, 160), 1e10, np.float32), (0.5,) * 3, 0.005), light)


def test_a_picture_has_grain_that_changes_from_frame_to_frame() -> None:
    light, sensor = road(0.2), sensor_of(NIGHT, 3, 160)
    one, two = (
        develop(light, exposure_for(light, NIGHT), NIGHT, sensor, np.random.default_rng(seed)) for seed in (1, 2)
    )
    assert one.dtype == np.uint8
    assert 0 < np.abs(one.astype(int) - two).mean() < 12


def test_a_burnt_in_time_leaves_the_given_picture_alone() -> None:
    picture = np.full((360, 640, 3), 90, np.uint8)
    marked = stamp(picture, "2026-11-23 14:22:00")
    assert (picture == 90).all()
    assert (marked[:60] != 90).any()
    assert (marked[60:] == 90).all()
