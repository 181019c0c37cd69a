"""A register over HTTP: found, absent, silent, broken; what is kept, and what a dead one costs."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from edge.registry.entries import Lookup, VehicleEntry
from edge.registry.http import HttpRegistry
from edge.registry.protocol import RegistryError
from edge.registry.settings import HttpRegistrySettings
from tests.unit.edge.registry.servers import TRUCK, WAYBILL, RegisterServer, serving

START = datetime(2026, 3, 1, tzinfo=UTC)
NOON = datetime(2026, 2, 27, 4, tzinfo=UTC)
ABSENT = {"absent": True}


class Time:
    """A clock that is put on by hand."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s


@pytest.fixture
def server() -> Iterator[RegisterServer]:
    with serving() as running:
        yield running


@pytest.fixture
def now() -> Time:
    return Time()


def asking(server: RegisterServer, now: Time, **settings: Any) -> HttpRegistry:
    wanted = HttpRegistrySettings.model_validate(
        {"kind": "http", "name": "省运政", "url": server.url, "timeout_s": 0.2, "complete_for": ("goods",)} | settings
    )
    return HttpRegistry(wanted, now.clock, now.monotonic)


def truck(registry: HttpRegistry) -> Lookup[VehicleEntry]:
    return registry.vehicle("闽H12345", "01")


def test_a_vehicle_is_found_with_its_permits(server: RegisterServer, now: Time) -> None:
    server.says(TRUCK)
    answer = truck(asking(server, now))
    assert (answer.answered, answer.source, answer.as_of, answer.stale) == ("found", "省运政", START, False)
    assert answer.entry is not None
    assert answer.entry.permits[0].valid_to == date(2027, 12, 31)
    assert server.asked == ["/api/vehicles/闽H12345?type=01"]


def test_a_vehicle_that_is_not_there_is_absent_and_that_means_something_where_declared(
    server: RegisterServer, now: Time
) -> None:
    server.says(ABSENT, 404)
    answer = truck(asking(server, now))
    assert (answer.answered, answer.entry, answer.complete_for) == ("absent", None, frozenset({"goods"}))
    assert truck(asking(server, now, complete_for=())).complete_for == frozenset()


@pytest.mark.parametrize("body", [b"", b"<h1>Not Found</h1>", b"{}", b"[]", b'{"absent": false}'])
def test_a_wrong_address_takes_no_permit_away(server: RegisterServer, now: Time, body: bytes) -> None:
    server.body, server.status = body, 404
    assert truck(asking(server, now)).answered == "unreachable"


@pytest.mark.parametrize(
    "body",
    [
        b"garbage",
        b"",
        b"\xff\xfe",
        b"null",
        b"[1]",
        b'{"plate": "\xe9\x97\xbdH12345"}',
        b"[" * 100_000,
        b" " * (1 << 21),
    ],
)
def test_garbage_is_no_answer(server: RegisterServer, now: Time, body: bytes) -> None:
    server.body = body
    assert truck(asking(server, now, timeout_s=1)).answered == "unreachable"


@pytest.mark.parametrize(
    "change",
    [
        {"plate": "闽H99999"},
        {"plate_type": "02"},
        {"axles": "4"},
        {"axles": 400},
        {"max_mass_kg": 31},
        {"use_nature": "货"},
        {"state": "AX"},
        {"inspection_valid_to": 20261123},
        {"permits": [{"kind": "普货"}]},
        {"permits": [{"kind": "oversize", "length_m": 18000}]},
    ],
)
def test_an_entry_that_cannot_be_meant_is_no_answer(
    server: RegisterServer, now: Time, change: dict[str, object]
) -> None:
    server.says(TRUCK | change)
    assert truck(asking(server, now)).answered == "unreachable"


def test_an_answer_is_fresh_for_a_while_and_then_asked_for_anew(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, fresh_s=600)
    server.says(TRUCK)
    truck(registry)
    now.passed_s = 599
    assert (truck(registry).as_of, len(server.asked)) == (START, 1)
    now.passed_s = 600
    assert truck(registry).as_of == now.clock()
    assert len(server.asked) == 2
    assert server.connections == 1, "the connection is kept alive"


def test_no_entry_is_kept_as_well(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now)
    server.says(ABSENT, 404)
    assert [truck(registry).answered for _ in range(3)] == ["absent"] * 3
    assert len(server.asked) == 1


def test_a_kept_answer_serves_as_stale_while_the_register_is_down(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, fresh_s=600, keep_s=86_400)
    server.says(TRUCK)
    truck(registry)
    server.status, now.passed_s = 500, 3600
    kept = truck(registry)
    assert (kept.answered, kept.stale, kept.as_of, kept.complete_for) == ("found", True, START, frozenset())
    assert kept.entry is not None
    now.passed_s = 86_400
    assert truck(registry) == Lookup("unreachable", source="省运政")


def test_the_vehicle_not_asked_for_longest_is_forgotten_first(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, most_kept=2)
    server.says(ABSENT, 404)
    for plate in ("闽H11111", "闽H22222", "闽H11111", "闽H33333", "闽H11111", "闽H22222"):
        registry.vehicle(plate, "01")
    asked = [path.split("?")[0].removeprefix("/api/vehicles/") for path in server.asked]
    assert asked == ["闽H11111", "闽H22222", "闽H33333", "闽H22222"]


def test_a_silent_register_costs_one_time_out_per_rest(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, rest_s=30)
    server.says(TRUCK)
    server.wait_s = 0.6
    begun = time.monotonic()
    assert [truck(registry).answered for _ in range(200)] == ["unreachable"] * 200
    assert time.monotonic() - begun < 0.5
    assert len(server.asked) == 1
    server.wait_s, now.passed_s = 0, 30
    time.sleep(0.05)
    assert truck(registry).answered == "found"


def test_a_register_that_dribbles_holds_nobody_longer_than_the_time_out(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now)
    server.says(TRUCK)
    server.dribble, server.wait_s = True, 0.05
    begun = time.monotonic()
    assert truck(registry).answered == "unreachable"
    assert time.monotonic() - begun < 0.5
    registry.close()


def test_nobody_at_the_address_is_unreachable(now: Time) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        registry = asking(RegisterServer(port=free.getsockname()[1]), now)
        assert truck(registry).answered == "unreachable"


@pytest.mark.parametrize("status", [301, 401, 403, 429, 500, 503])
def test_a_register_that_refuses_is_asked_three_times_then_rests(
    server: RegisterServer, now: Time, status: int
) -> None:
    registry = asking(server, now, rest_s=30)
    server.status = status
    assert {truck(registry).answered for _ in range(10)} == {"unreachable"}
    assert len(server.asked) == 3
    now.passed_s = 30
    server.says(TRUCK)
    assert truck(registry).answered == "found"


def test_one_bad_entry_does_not_silence_the_register(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now)
    for plate in ("闽H11111", "闽H12345", "闽H22222", "闽H33333"):
        server.says(TRUCK if plate == "闽H12345" else {})
        registry.vehicle(plate, "01")
    assert len(server.asked) == 4


def test_an_idle_connection_that_the_server_closed_is_no_failure(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, fresh_s=0)
    server.says(TRUCK)
    server.hang_up = True
    assert truck(registry).answered == "found"
    time.sleep(0.05)
    assert truck(registry).answered == "found"
    assert server.connections == 2


def test_the_token_is_read_anew_for_each_question(server: RegisterServer, now: Time, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n", encoding="ascii")
    registry = asking(server, now, fresh_s=0, token_file=token)
    server.says(TRUCK)
    truck(registry)
    token.write_text("second\n", encoding="ascii")
    truck(registry)
    assert server.tokens == ["Bearer first", "Bearer second"]
    token.unlink()
    assert truck(registry).stale
    with pytest.raises(RegistryError, match="token"):
        asking(server, now, token_file=token)


def test_a_waybill_is_asked_for_by_moment_and_kept_for_its_trip(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now)
    server.says(WAYBILL)
    found = registry.waybill("闽H12345", "01", NOON)
    assert found.entry is not None
    assert (found.entry.un, found.complete_for) == ("1203", frozenset())
    assert registry.waybill("闽H12345", "01", NOON + timedelta(hours=1)) == found
    assert server.asked == ["/api/waybills/闽H12345?type=01&at=2026-02-27T04:00:00.000Z"]
    server.says(ABSENT, 404)
    assert registry.waybill("闽H12345", "01", NOON + timedelta(hours=7)).answered == "absent"


def test_that_there_was_no_waybill_at_one_moment_says_nothing_of_another(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, complete_for=("waybills",))
    server.says(ABSENT, 404)
    assert registry.waybill("闽H12345", "01", NOON).complete_for == {"dangerous_goods"}
    server.status = 500
    assert registry.waybill("闽H12345", "01", NOON).answered == "unreachable"


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at": "2026-02-27T03:00:00.000Z"},
        {"starts_at": "2026-02-27T00:00:00"},
        {"un": "12"},
        {"danger": "flammable"},
    ],
)
def test_a_waybill_that_cannot_be_meant_is_no_answer(
    server: RegisterServer, now: Time, change: dict[str, object]
) -> None:
    server.says(WAYBILL | change)
    assert asking(server, now).waybill("闽H12345", "01", NOON).answered == "unreachable"


def test_a_register_is_asked_only_for_what_it_holds(server: RegisterServer, now: Time) -> None:
    registry = asking(server, now, asks=("vehicles",))
    assert registry.waybill("闽H12345", "01", NOON).answered == "not_asked"
    assert asking(server, now, asks=("waybills",)).vehicle("闽H12345", "01").answered == "not_asked"
    assert server.asked == []


@pytest.mark.parametrize("status", [200, 404, 500])
def test_no_number_is_logged(server: RegisterServer, now: Time, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.says({"plate": "闽H54321", "un": "闽H12345"}, status)
    registry = asking(server, now)
    truck(registry)
    registry.waybill("闽H12345", "01", NOON)
    assert "省运政 gave no answer" in caplog.text
    assert "12345" not in caplog.text
    assert "54321" not in caplog.text


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"url": "ftp://registry"}, "is written like https://"),
        ({"url": "https://registry/api?key=1"}, "without a query"),
        ({"url": "https://me:secret@registry/api"}, "must hold no secret"),
        ({"tls": {}}, "needs an https"),
        ({"asks": ()}, "at least 1"),
        ({"complete_for": ("taxis",)}, "'goods'"),
    ],
)
def test_settings_that_cannot_be_used_say_the_remedy(change: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        HttpRegistrySettings.model_validate({"kind": "http", "name": "x", "url": "http://registry/api"} | change)
