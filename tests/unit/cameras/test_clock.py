"""Capture time and the waits between tries."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from cameras.backoff import Backoff
from cameras.clock import FileClock, LiveClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clocks:
    """A monotonic and a wall clock that a test turns; the stream was at 0 at noon."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall_offset = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.now - 1000 + self.wall_offset)

    def live(self) -> LiveClock:
        return LiveClock(self.monotonic, self.wall)

    def error_s(self, clock: LiveClock, pts_s: float, true_s: float) -> float:
        return (clock.captured_at(pts_s) - NOON).total_seconds() - true_s


def test_a_file_counts_from_its_beginning() -> None:
    assert FileClock(NOON).captured_at(1.25) == NOON + timedelta(seconds=1.25)


def test_the_network_s_jitter_does_not_show() -> None:
    clocks, chance = Clocks(), random.Random(1)
    clock = clocks.live()
    errors = []
    for i in range(500):
        clocks.now = 1000 + i / 10 + 0.02 + max(0.0, chance.gauss(0, 0.05))
        errors.append(clocks.error_s(clock, i / 10, i / 10))
    steady = errors[50:]
    assert max(steady) - min(steady) <= 0.05
    assert all(0 <= e <= 0.1 for e in steady)


def test_a_burst_of_old_frames_at_the_start_is_set_right() -> None:
    # The server sends two seconds of the past at once; the first of them looks two seconds late.
    clocks = Clocks()
    clock = clocks.live()
    for i in range(20):
        clocks.now = 1002.0
        clock.captured_at(i / 10)
    clocks.now = 1002.1
    assert clocks.error_s(clock, 2.0, 2.0) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("drift", [-2e-4, 2e-4])
def test_a_camera_whose_clock_drifts_is_followed(drift: float) -> None:
    clocks = Clocks()
    clock = clocks.live()
    worst = 0.0
    for i in range(0, 36000, 5):
        true_s = i / 10
        clocks.now = 1000 + true_s + 0.02
        worst = max(worst, abs(clocks.error_s(clock, true_s * (1 + drift), true_s)))
    assert worst < 0.02 + LiveClock.HOLD_S + abs(drift) * LiveClock.WINDOW_S + 0.01


def test_a_step_of_wall_time_shows_at_once_and_bends_nothing() -> None:
    clocks = Clocks()
    clock = clocks.live()
    clock.captured_at(0.0)
    clocks.now = 1001
    clocks.wall_offset = -3600
    assert clock.captured_at(1.0) == NOON + timedelta(seconds=1 - 3600)
    clocks.now = 1002
    assert clock.captured_at(2.0) == NOON + timedelta(seconds=2 - 3600)


def test_waits_double_up_to_a_minute_and_differ_from_box_to_box() -> None:
    waits = [[Backoff(chance=random.Random(seed)).next_s() for _ in range(1)] for seed in range(5)]
    assert all(w == [1.0] for w in waits)
    series = []
    for seed in range(20):
        backoff = Backoff(chance=random.Random(seed))
        series.append([backoff.next_s() for _ in range(12)])
    for waits_of_one in series:
        assert all(1 <= w <= 60 for w in waits_of_one)
        assert all(w >= 30 for w in waits_of_one[7:])
    assert len({s[8] for s in series}) == 20


def test_after_a_good_connection_the_wait_is_short_again() -> None:
    backoff = Backoff(chance=random.Random(0))
    for _ in range(10):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1.0
