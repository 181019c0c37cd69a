"""What others send is told in the hub's log as what it is, a line for each message."""

from __future__ import annotations

import logging

from hub.command_line import OneLine, printable


def test_a_message_is_one_line_whatever_a_sender_put_into_it() -> None:
    """By names of unknown members everybody who may publish, and by a failed log-in everybody, writes into the log."""
    odd = "闽H12345\n2026-11-25 INFO hub: all is well\x1b[2J\u202e\x00\ud800"
    record = logging.LogRecord("hub", logging.WARNING, "", 0, "refused: %s", (odd,), None)
    line = OneLine("%(levelname)s %(message)s").format(record)
    assert line == ("WARNING refused: 闽H12345\\n2026-11-25 INFO hub: all is well\\x1b[2J\\u202e\\x00\\ud800")


def test_the_trace_of_a_fault_keeps_its_lines() -> None:
    try:
        raise ValueError("x")
    except ValueError as error:
        record = logging.LogRecord("hub", logging.ERROR, "", 0, "put off", (), (ValueError, error, error.__traceback__))
    assert OneLine().format(record).count("\n") >= 2


def test_what_is_printable_stays() -> None:
    assert printable("岭下超限检测点 K12+300 «é» 🚚") == "岭下超限检测点 K12+300 «é» 🚚"
