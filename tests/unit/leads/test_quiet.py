"""What goes wrong a thousand times is logged once per burst, and none of it is lost from the count."""

from __future__ import annotations

import logging

import pytest

from leads.quiet import QuietLog


def test_a_burst_is_one_line_and_the_next_one_tells_how_many_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    quiet = QuietLog(logging.getLogger("test"), every_s=60, monotonic=lambda: now[0])
    for _ in range(1000):
        quiet.warning("full", "disk %s is full", "a")
    quiet.warning("late", "no receipt")
    now[0] = 60.0
    quiet.warning("full", "disk %s is full", "a")
    assert [record.getMessage() for record in caplog.records] == [
        "disk a is full",
        "no receipt",
        "disk a is full (and 999 more of this kind before)",
    ]
