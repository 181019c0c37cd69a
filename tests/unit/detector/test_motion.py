"""The motion gate opens for what moves on the road, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import av
import cv2
import numpy as np
import pytest

from cameras.frame import Frame, Image
from detector.motion import MotionGate
from detector.settings import MotionSettings
from tests.unit.detector.pictures import frame

FPS = 10
NEVER = 1e6
"""As `look_every_s`: only motion opens the gate."""
WIDTH, HEIGHT = 640, 360


def road() -> Image:
    """A grey road with markings between verges, a bright sky above; seen from a gantry."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[:80] = 190
    picture[:, :120] = picture[:, 520:] = (60, 110, 70)
    picture[80::40, 315:325] = 220
    return picture


def with_vehicle(picture: Image, x: int, y: int = 200, width: int = 60, height: int = 40, grey: int = 40) -> Image:
    picture = picture.copy()
    picture[y : y + height, max(0, x) : max(0, x + width)] = grey
    return picture


def watched(gate: MotionGate, pictures: list[Image], start_s: float = 0.0, session: int = 0) -> list[bool]:
    """What the gate says of pictures that follow each other at 10 frames per second."""
    return [gate.worth_a_look(frame(p, start_s + i / FPS, session=session)) for i, p in enumerate(pictures)]


def settled(settings: MotionSettings | None = None, seconds: float = 20.0) -> MotionGate:
    """A gate that has seen the empty road up to `seconds`."""
    gate = MotionGate(settings or MotionSettings(look_every_s=NEVER))
    watched(gate, [road()] * int(seconds * FPS))
    return gate


def noisy(picture: Image, rng: np.random.Generator, sigma: float) -> Image:
    return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def rainy(picture: Image, rng: np.random.Generator, streaks: int = 150) -> Image:
    picture = picture.copy()
    for x, y in rng.integers((0, 0), (WIDTH, HEIGHT), (streaks, 2)):
        picture[y : y + 14, x : x + 2] = 230
    return picture


def test_the_first_frame_is_looked_at_and_the_quiet_road_after_it_is_not() -> None:
    looks = watched(MotionGate(MotionSettings(hold_s=0.5, look_every_s=NEVER)), [road()] * 30)
    assert looks == [True] * 6 + [False] * 24


def test_a_look_is_taken_every_so_often_though_nothing_moves() -> None:
    looks = watched(MotionGate(MotionSettings(hold_s=0, look_every_s=2.0)), [road()] * 61)
    assert [i / FPS for i, look in enumerate(looks) if look] == [0, 2, 4, 6]


def test_the_gate_opens_on_the_first_frame_that_a_vehicle_is_in() -> None:
    gate = settled()
    assert watched(gate, [road(), with_vehicle(road(), 200)], 20.0) == [False, True]


def test_it_stays_open_for_the_hold_time_after_the_vehicle_has_gone() -> None:
    gate = settled(MotionSettings(hold_s=0.8, look_every_s=NEVER))
    passing = [with_vehicle(road(), x) for x in range(-60, WIDTH, 100)]
    looks = watched(gate, passing + [road()] * 20, 20.0)
    assert looks[1 : len(passing) + 8] == [True] * (len(passing) + 7)
    assert looks[len(passing) + 8 :] == [False] * 12


@pytest.mark.parametrize("grey", [20, 60, 120, 250], ids=["black", "dark", "like the road", "white"])
def test_vehicles_of_any_colour_open_it(grey: int) -> None:
    assert watched(settled(), [with_vehicle(road(), 200, grey=grey)], 20.0) == [True]


def test_a_speck_smaller_than_min_area_does_not_open_it() -> None:
    # 0.002 of 640x360 is 461 pixels.
    insect = with_vehicle(road(), 200, width=16, height=16)
    far_car = with_vehicle(road(), 200, width=28, height=24)
    assert watched(settled(), [insect], 20.0) == [False]
    assert watched(settled(), [far_car], 20.0) == [True]
    assert watched(settled(MotionSettings(min_area=0.01, look_every_s=NEVER)), [far_car], 20.0) == [False]


def test_dusk_does_not_open_it() -> None:
    gate = settled()
    dusk = [np.asarray(road() * (1 - 0.9 * i / 600), np.uint8) for i in range(600)]
    assert not any(watched(gate, dusk, 20.0))


@pytest.mark.parametrize("gain", [0.5, 0.7, 1.3, 1.6])
def test_a_step_of_the_exposure_does_not_open_it_but_a_vehicle_at_the_same_moment_does(gain: float) -> None:
    brighter = np.clip(road() * gain, 0, 255).astype(np.uint8)
    assert not any(watched(settled(), [brighter] * 50, 20.0))
    assert watched(settled(), [with_vehicle(brighter, 200, grey=200)], 20.0) == [True]


def test_one_grey_level_more_at_night_does_not_scale_the_lamps() -> None:
    night = np.full((HEIGHT, WIDTH, 3), 4, np.uint8)
    night[40:140, 100:240] = night[40:140, 400:540] = 240
    flicker = night.copy()
    flicker[night == 4] = 5
    gate = MotionGate(MotionSettings(look_every_s=NEVER))
    watched(gate, [night] * 200)
    assert not any(watched(gate, [flicker, night] * 20, 20.0))


@pytest.mark.parametrize("weather", ["noise", "rain"])
def test_noise_and_rain_do_not_open_it_but_a_vehicle_in_them_does(weather: str) -> None:
    rng = np.random.default_rng(7)

    def seen(picture: Image) -> Image:
        return noisy(picture, rng, 12) if weather == "noise" else rainy(picture, rng)

    gate = MotionGate(MotionSettings(look_every_s=NEVER))
    looks = watched(gate, [seen(road()) for _ in range(100)])
    assert not any(looks[11:])
    assert watched(gate, [seen(with_vehicle(road(), 200))], 10.0) == [True]


def waving(seconds: float) -> Iterator[Image]:
    """A flag that waves in one corner, a second per wave."""
    for i in range(int(seconds * FPS)):
        yield with_vehicle(road(), 560, 20, 60, 60, grey=int(120 + 60 * np.sin(2 * np.pi * i / FPS)))


def test_what_always_moves_becomes_part_of_the_quiet_road() -> None:
    gate = MotionGate(MotionSettings(look_every_s=NEVER))
    looks = watched(gate, list(waving(60)))
    assert all(looks[:30])
    assert not any(looks[-100:])
    waves = list(waving(1))
    assert watched(gate, [with_vehicle(waves[0], 200)], 60.0) == [True]


def test_traffic_that_is_followed_does_not_make_the_lane_count_as_noisy() -> None:
    gate = settled()
    for i in range(600):
        picture = with_vehicle(road(), 200) if i % 2 else road()
        assert gate.worth_a_look(frame(picture, 20 + i / FPS), busy=True)
    watched(gate, [road()] * 300, 80.0)
    assert watched(gate, [with_vehicle(road(), 200, grey=60)], 110.0) == [True]


def test_a_vehicle_that_parks_is_taken_in_and_its_leaving_opens_it_again() -> None:
    gate = settled()
    looks = watched(gate, [with_vehicle(road(), 200)] * 300, 20.0)
    assert all(looks[:50])
    assert not any(looks[-50:])
    assert watched(gate, [road()], 50.0) == [True]


def test_a_vehicle_in_the_very_first_frame_is_soon_forgotten() -> None:
    gate = MotionGate(MotionSettings(look_every_s=NEVER))
    looks = watched(gate, [with_vehicle(road(), 200, grey=250), *[road()] * 50])
    assert not any(looks[30:])


def test_every_frame_is_looked_at_while_vehicles_are_followed() -> None:
    gate = settled()
    assert all(gate.worth_a_look(frame(road(), 20 + i / FPS), busy=True) for i in range(50))


def test_a_new_session_starts_afresh() -> None:
    gate = settled(MotionSettings(hold_s=0, look_every_s=NEVER))
    elsewhere = np.ascontiguousarray(road()[::-1])
    assert watched(gate, [elsewhere] * 5, session=1) == [True, False, False, False, False]


def test_a_change_of_the_picture_size_starts_afresh() -> None:
    gate = settled(MotionSettings(hold_s=0, look_every_s=NEVER))
    tall = np.zeros((640, 360, 3), np.uint8)
    assert watched(gate, [tall] * 3, 20.0) == [True, False, False]


def test_switched_off_it_lets_everything_through() -> None:
    assert all(watched(MotionGate(MotionSettings(enabled=False)), [road()] * 50))


def test_it_judges_by_the_streams_clock_alone() -> None:
    rng = np.random.default_rng(3)
    pictures = [noisy(with_vehicle(road(), 5 * i), rng, 8) if i % 70 < 20 else road() for i in range(200)]
    runs = [watched(MotionGate(MotionSettings()), pictures) for _ in range(2)]
    assert runs[0] == runs[1]
    assert 0 < sum(runs[0]) < 200


def decoded(picture: Image, t_s: float, layout: str) -> Frame:
    video = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=layout)
    made = frame(picture, t_s)
    made.picture = video
    return made


@pytest.mark.parametrize("layout", ["yuv420p", "nv12", "yuvj420p", "rgb24"])
def test_it_reads_frames_as_the_decoder_left_them(layout: str) -> None:
    gate = MotionGate(MotionSettings(hold_s=0, look_every_s=NEVER))
    quiet = [gate.worth_a_look(decoded(road(), i / FPS, layout)) for i in range(20)]
    assert quiet == [True] + [False] * 19
    assert gate.worth_a_look(decoded(with_vehicle(road(), 200), 2.0, layout))


def test_it_leaves_the_frame_as_it_was() -> None:
    picture = cv2.GaussianBlur(road(), (5, 5), 0)
    before = picture.copy()
    settled().worth_a_look(frame(np.asarray(picture, np.uint8), 20.0))
    assert np.array_equal(picture, before)
