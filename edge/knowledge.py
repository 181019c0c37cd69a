"""What a site knows besides its pictures: registers, scales, memory and watch list, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from edge.lookups import Found, LookupDesk, Question
from edge.memory import PassageMemory
from edge.memory_neighbours import Neighbours
from edge.memory_settings import MemorySettings
from edge.metrics import Reading
from edge.publisher import Listener
from edge.registry.chain import open_registries
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Lookup, VehicleEntry, Waybill
from edge.registry.protocol import Registry
from edge.rules.known import Identity, Known, PastPass
from edge.settings import SiteSettings
from edge.watchlist import VehiclesUnderWatch, watchlist_path
from edge.weighing.desk import WeighDesk
from edge.weighing.http_source import HttpServer
from edge.weighing.intake import WeighIntake
from edge.weighing.settings import weighings_path
from edge.weighing.store import WeighStore
from leads import load_private_key, load_public_keys

Publish = Callable[[str, bytes], bool]
TAKEN_FOR = {"01": "02", "02": "01", "51": "52", "52": "51"}
"""Types of plates of the same form that differ by their colour alone."""


class Knowledge:
    """All that a site knows besides its pictures."""

    def __init__(self, site: SiteSettings, folder: Path, publish: Publish | None = None) -> None:
        """Open all. `folder`: where files of its own lie, a box's beside its outbox.

        `publish(topic, payload)`: how neighbours are told, with QoS 0; without it, none are told or heard.
        Raises SettingsError, KeyFileError, WeighStoreError or HttpSourceError, each saying what to do.
        """
        self._site = site
        self._folder = folder
        self._undo = ExitStack()
        self._listeners: dict[str, Listener] = {}
        self._neighbours: Neighbours | None = None
        self.scales: WeighDesk | None = None
        self.memory: PassageMemory | None = None
        try:
            self._registry = open_registries(site.registries)
            self.lookups = LookupDesk(self._find, self._registry.close)
            if site.scales:
                self.scales = self._open_scales()
            if site.memory is not None:
                self.memory = self._open_memory(site.memory, publish)
            hub_keys = load_public_keys(site.keys.hub) if site.keys.hub else ()
            self.watched = VehiclesUnderWatch(watchlist_path(folder / site.outbox.name), hub_keys)
            self._listeners.update(self.watched.listeners())
        except BaseException:
            self._undo.close()
            raise

    def _open_scales(self) -> WeighDesk:
        site = self._site
        store = self._undo.enter_context(WeighStore(weighings_path(self._folder / site.outbox.name)))
        intake = WeighIntake(site.scales, site.site, site.zone_info, store)
        self._listeners.update(intake.listeners())
        for scale in site.scales:
            if scale.http is not None:
                self._undo.callback(HttpServer(scale.http, scale, intake).stop)
        return WeighDesk(site.scales, intake, store, site.zone_info)

    def _open_memory(self, settings: MemorySettings, publish: Publish | None) -> PassageMemory:
        site = self._site
        memory = PassageMemory(settings, site.site)
        if publish is not None:
            self._neighbours = Neighbours(
                settings, site.site, site.box, memory, publish, load_private_key(site.keys.box)
            )
            self._listeners.update(self._neighbours.listeners())
        return memory

    def listeners(self) -> Mapping[str, Listener]:
        """What the box listens to for it, by topic filter."""
        return self._listeners

    def remember(self, known: Known, passage_id: str) -> None:
        """A pass is over and judged."""
        seen = self.memory.seen(known, passage_id) if self.memory else None
        if seen is None or self.memory is None:
            return
        self.memory.add(seen)
        if self._neighbours is not None:
            self._neighbours.tell(seen)

    def readings(self) -> Iterator[Reading]:
        """Numbers for the metrics."""
        waiting, unasked = (
            "Vehicles that wait for registers and memory",
            "Vehicles judged without them: too many waited",
        )
        yield Reading("lushao_lookups_waiting", waiting, self.lookups.waiting, {}, counts_up=False)
        yield Reading("lushao_lookups_unasked", unasked, self.lookups.unasked, {}, counts_up=True)
        for part in (self.scales, self.memory, self._neighbours, self.watched):
            if part is not None:
                yield from part.readings()

    def problems(self) -> Iterator[str]:
        """What a person should see to."""
        for part in (self.scales, self.memory, self.watched):
            if part is not None:
                yield from part.problems()

    def start(self) -> None:
        """Start the threads."""
        self.lookups.start()
        self.watched.start()
        if self.memory is not None:
            self.memory.start()

    def stop(self) -> None:
        """End them, and close all."""
        self.lookups.stop()
        self.watched.stop()
        if self.memory is not None:
            self.memory.stop()
        self._undo.close()

    def _find(self, question: Question) -> Found:
        """Answer a question, on the thread of the look-ups."""
        identity, registry = question.identity, vehicle_of(self._registry, question.identity)
        entry, waybill = registry.entry, NO_WAYBILL
        history: tuple[PastPass, ...] = ()
        if identity is not None and (question.waybill or (entry is not None and entry.dangerous_goods)):
            waybill = waybill_of(self._registry, identity, question.at)
        if identity is not None and self.memory is not None and self._site.memory is not None:
            history = self.memory.history(identity, question.at, self._site.memory.keep_days)
        return Found(question.passage_id, registry, vehicle_of(self._registry, question.trailer), waybill, history)


def vehicle_of(registry: Registry, identity: Identity | None) -> Lookup[VehicleEntry]:
    """What a register says of a vehicle. That it has no entry counts only where the number is under no other type.

    The type goes by the plate's colour, and by night yellow is taken for blue: a licensed vehicle would be without
    permit.
    """
    if identity is None:
        return NOT_ASKED
    found, other = registry.vehicle(identity.plate, identity.plate_type), TAKEN_FOR.get(identity.plate_type)
    if found.answered != "absent" or other is None:
        return found
    return NOT_ASKED if registry.vehicle(identity.plate, other).answered == "found" else found


def waybill_of(registry: Registry, identity: Identity, at: datetime) -> Lookup[Waybill]:
    """What a register says of a trip; for that there is no waybill, the same holds."""
    found, other = registry.waybill(identity.plate, identity.plate_type, at), TAKEN_FOR.get(identity.plate_type)
    if found.answered != "absent" or other is None:
        return found
    return NO_WAYBILL if registry.waybill(identity.plate, other, at).answered == "found" else found
