"""The same act has the same id, another act another, and ids sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import deterministic_ulid, ulid_time
from tests.unit.leads.samples import MOMENTS, NOON


def test_the_time_part_is_that_of_the_specification() -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1_469_918_176_385)
    assert deterministic_ulid(at, "x").startswith("01ARYZ6S41")
    assert ulid_time("01ARYZ6S41TSV4RRFFQ69G5FAV") == at


@given(MOMENTS, st.lists(st.text(max_size=9), min_size=1, max_size=3))
def test_the_same_act_has_the_same_id_and_its_time_is_in_it(at: datetime, parts: list[str]) -> None:
    ulid = deterministic_ulid(at, *parts)
    assert ulid == deterministic_ulid(at, *parts)
    assert ulid_time(ulid) == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(MOMENTS, MOMENTS)
def test_ids_sort_by_time(a: datetime, b: datetime) -> None:
    first, second = sorted([a, b])
    if second - first >= timedelta(milliseconds=1):
        assert deterministic_ulid(first, "z") < deterministic_ulid(second, "a")


def test_what_tells_acts_apart_is_not_run_together() -> None:
    assert deterministic_ulid(NOON, "a", "bc") != deterministic_ulid(NOON, "ab", "c")


@pytest.mark.parametrize(
    ("at", "parts", "why"),
    [
        (NOON, (), "key part"),
        (NOON.replace(tzinfo=None), ("x",), "ambiguous"),
        (datetime(1969, 12, 31, tzinfo=UTC), ("x",), "outside"),
    ],
)
def test_what_cannot_have_an_id(at: datetime, parts: tuple[str, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        deterministic_ulid(at, *parts)


@pytest.mark.parametrize("text", ["", "8" * 26, "0" * 25, "0" * 27, "0" * 25 + "U", "0" * 25 + "a"])
def test_what_is_no_ulid_has_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="no ULID"):
        ulid_time(text)
