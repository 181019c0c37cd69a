"""Of a simulated day's offences as many are found as when the baseline was stored, and as few others told."""

from __future__ import annotations

import pytest

from tests.accuracy.day_figures import Figures, baseline, figures, kept, near_misses, table
from tests.accuracy.day_run import Day, run

ALL, ONE = 0.015, 0.1
"""By so much figures may fall, of all rules and of one: another build of the arithmetic library tips some over."""
MOST_US, MOST_S = 1000.0, 90.0
"""Time of one rule for one vehicle, and of the whole day."""


@pytest.fixture(scope="module")
def day() -> Day:
    return run()


@pytest.fixture(scope="module")
def found(day: Day) -> dict[str, Figures]:
    told = figures(day)
    print(*table(told), sep="\n")
    return told


@pytest.mark.timeout(900)
def test_every_vehicle_is_judged_once_all_is_known_of_it(day: Day) -> None:
    assert len(day.known) == len(day.sights) == 20_000
    assert sum(day.took_s.values()) < MOST_S, day.took_s


def test_every_rule_in_force_has_offences_to_find_and_finds_some(day: Day, found: dict[str, Figures]) -> None:
    assert set(found) == {rule.id for rule in day.rules}
    assert {name for name, f in found.items() if not (f.planted and f.found)} == set()


def test_no_figure_is_worse_than_before(found: dict[str, Figures]) -> None:
    told = kept(found)
    fallen: dict[tuple[str, str], tuple[float, float]] = {}
    for name, stored in baseline().items():
        slack = ALL if name == "all" else ONE
        assert told[name]["planted"] == stored["planted"], f"{name}: what is planted has changed: store a new baseline"
        fallen |= {(name, key): (was, told[name][key]) for key, was in stored.items() if told[name][key] < was - slack}
    assert not fallen, f"fallen, from and to: {fallen}"


def test_what_the_eyes_tell_right_is_found(found: dict[str, Figures]) -> None:
    assert kept(found)["all"]["recall of seen"] >= 0.95


def test_hardly_a_near_miss_makes_a_lead(day: Day) -> None:
    planted, told = near_misses(day)
    assert told / planted < 0.1


def test_no_rule_takes_a_millisecond(found: dict[str, Figures]) -> None:
    assert {name: f.p99_us for name, f in found.items() if max(f.p99_us, f.mean_us) >= MOST_US} == {}
