"""A register asked over HTTP: answers are kept, and one that is dead costs next to nothing.

`GET {url}/vehicles/{plate}?type=01` is answered with 200 and the fields of `VehicleEntry` as JSON (see `codec.py`), or
with 404 and `{"absent": true}`. A 404 without that is no answer: a wrong address must not take every vehicle's permit
away. `GET {url}/waybills/{plate}?type=01&at=2026-11-23T08:00:00.000Z` likewise with the fields of `Waybill`.
"""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from edge.registry.codec import vehicle_from_json, waybill_from_json
from edge.registry.courier import Courier, NoAnswerError
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Complete, Lookup, VehicleEntry, Waybill
from edge.registry.protocol import RegistryError
from edge.registry.settings import HttpRegistrySettings
from edge.registry.words import vehicle_faults, waybill_faults
from leads.base import format_time
from leads.broker import BrokerError
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
Entry = TypeVar("Entry")
_REFUSALS: Final = 3
"""So many answers in a row that are none, and the register rests as if it had been silent."""
_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "it does not take the token; put a valid one into token_file",
    HTTPStatus.FORBIDDEN: "the token may not ask this; ask the register's owner",
    HTTPStatus.NOT_FOUND: 'without {"absent": true}; check url, it may be wrong',
}


@dataclass(frozen=True, slots=True)
class _Answer(Generic[Entry]):
    entry: Entry | None
    """None where there is none."""
    at: datetime
    at_s: float
    """The same moment on the monotonic clock."""


class _Kept(Generic[Entry]):
    """The last answers by vehicle."""

    def __init__(self, most: int) -> None:
        self._answers: OrderedDict[tuple[str, str], _Answer[Entry]] = OrderedDict()
        self._most = most

    def get(self, key: tuple[str, str]) -> _Answer[Entry] | None:
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def put(self, key: tuple[str, str], answer: _Answer[Entry]) -> None:
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)


class HttpRegistry:
    """A register on a server; a `Registry`."""

    def __init__(
        self,
        settings: HttpRegistrySettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; the server is not asked before the first look-up. Raises RegistryError with the remedy."""
        try:
            tls = settings.tls.context() if settings.tls else None
        except BrokerError as error:
            raise RegistryError(str(error)) from error
        self._courier = Courier(settings.url, tls, settings.token_file, settings.timeout_s)
        self._settings = settings
        self._clock = clock
        self._monotonic = monotonic
        self._vehicles = _Kept[VehicleEntry](settings.most_kept)
        self._waybills = _Kept[Waybill](settings.most_kept)
        self._rests_until_s = float("-inf")
        self._refusals = 0
        self._quiet = QuietLog(log, monotonic=monotonic)

    def vehicle(self, plate: str, plate_type: str) -> Lookup[VehicleEntry]:
        """The vehicle with its permits."""
        if "vehicles" not in self._settings.asks:
            return NOT_ASKED

        def read(body: bytes) -> VehicleEntry:
            entry = vehicle_from_json(body, plate, plate_type)
            if fault := next(vehicle_faults(entry), None):
                raise ValueError(fault)
            return entry

        key = plate, plate_type
        answer, stale = self._answer(self._vehicles, key, _target("vehicles", *key), read, lambda _: True)
        complete = frozenset[Complete](kind for kind in self._settings.complete_for if kind != "waybills")
        return self._lookup(answer, stale, complete)

    def waybill(self, plate: str, plate_type: str, at: datetime) -> Lookup[Waybill]:
        """The waybill of that moment. That there was none at another moment is not kept."""
        if "waybills" not in self._settings.asks:
            return NO_WAYBILL

        def read(body: bytes) -> Waybill:
            entry = waybill_from_json(body, plate, plate_type)
            if fault := next(waybill_faults(entry), None):
                raise ValueError(fault)
            if not _covers(entry, at):
                raise ValueError("starts_at, ends_at: is a waybill of another time than was asked for")
            return entry

        key = plate, plate_type
        answer, stale = self._answer(
            self._waybills,
            key,
            _target("waybills", *key, at=format_time(at)),
            read,
            lambda kept: kept.entry is not None and _covers(kept.entry, at),
        )
        declared = "waybills" in self._settings.complete_for
        return self._lookup(answer, stale, frozenset[Complete](["dangerous_goods"] if declared else []))

    def close(self) -> None:
        """Give the connection up."""
        self._courier.close()

    def _answer(
        self,
        kept: _Kept[Entry],
        key: tuple[str, str],
        target: str,
        read: Callable[[bytes], Entry],
        fits: Callable[[_Answer[Entry]], bool],
    ) -> tuple[_Answer[Entry] | None, bool]:
        """A fresh answer, else a kept one and True, else None."""
        held = kept.get(key)
        if held is not None and not fits(held):
            held = None
        now_s = self._monotonic()
        if held is not None and now_s - held.at_s < self._settings.fresh_s:
            return held, False
        if now_s >= self._rests_until_s:
            try:
                entry = self._asked(target, read)
            except (NoAnswerError, ValueError) as error:
                self._failed(error)
            else:
                self._refusals = 0
                answer = _Answer(entry, self._clock(), self._monotonic())
                kept.put(key, answer)
                return answer, False
        if held is not None and now_s - held.at_s < self._settings.keep_s:
            return held, True
        return None, False

    def _asked(self, target: str, read: Callable[[bytes], Entry]) -> Entry | None:
        """What the server says. Raises NoAnswerError, or ValueError for an answer that is none."""
        reply = self._courier.get(target)
        if reply.status == HTTPStatus.OK:
            return read(reply.body)
        if reply.status == HTTPStatus.NOT_FOUND:
            found = json.loads(reply.body)
            if isinstance(found, dict) and found.get("absent") is True:
                return None
        raise ValueError(f"status {reply.status}: {_REMEDIES.get(reply.status, 'look into its log')}")

    def _failed(self, error: Exception) -> None:
        self._refusals += 1
        if isinstance(error, NoAnswerError) or self._refusals >= _REFUSALS:
            self._rests_until_s = self._monotonic() + self._settings.rest_s
            self._refusals = 0
        self._quiet.warning(type(error).__name__, "registry %s gave no answer: %s", self._settings.name, error)

    def _lookup(self, answer: _Answer[Entry] | None, stale: bool, complete: frozenset[Complete]) -> Lookup[Entry]:
        name = self._settings.name
        if answer is None:
            return Lookup("unreachable", source=name)
        answered: Literal["found", "absent"] = "absent" if answer.entry is None else "found"
        return Lookup(answered, answer.entry, name, answer.at, stale, frozenset() if stale else complete)


def _target(what: str, plate: str, plate_type: str, **more: str) -> str:
    return f"/{what}/{quote(plate, safe='')}?{urlencode({'type': plate_type, **more})}"


def _covers(waybill: Waybill, at: datetime) -> bool:
    begun = waybill.starts_at is None or waybill.starts_at <= at
    return begun and (waybill.ends_at is None or at <= waybill.ends_at)
