"""What a site knows besides its pictures: registers and scales, opened together and let go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from edge.lookups import Found, LookupDesk, Question
from edge.metrics import Reading
from edge.publisher import Listener
from edge.registry.chain import open_registries
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Lookup, VehicleEntry
from edge.registry.protocol import Registry
from edge.rules.known import Identity
from edge.settings import SiteSettings
from edge.weighing.desk import WeighDesk
from edge.weighing.http_source import HttpServer
from edge.weighing.intake import WeighIntake
from edge.weighing.settings import weighings_path
from edge.weighing.store import WeighStore


class Knowledge:
    """Registers and scales of a site."""

    def __init__(self, site: SiteSettings, folder: Path) -> None:
        """Open all. `folder`: where files of its own lie; a box's is that of its outbox.

        Raises SettingsError, KeyFileError, WeighStoreError or HttpSourceError, each saying what to do.
        """
        self._undo = ExitStack()
        self._listeners: dict[str, Listener] = {}
        self.scales: WeighDesk | None = None
        try:
            self._registry = open_registries(site.registries)
            self.lookups = LookupDesk(self._find, self._registry.close)
            if site.scales:
                self.scales = self._open_scales(site, folder)
        except BaseException:
            self._undo.close()
            raise

    def _open_scales(self, site: SiteSettings, folder: Path) -> WeighDesk:
        store = self._undo.enter_context(WeighStore(weighings_path(folder / site.outbox.name)))
        intake = WeighIntake(site.scales, site.site, site.zone_info, store)
        self._listeners.update(intake.listeners())
        for scale in site.scales:
            if scale.http is not None:
                self._undo.callback(HttpServer(scale.http, scale, intake).stop)
        return WeighDesk(site.scales, intake, store, site.zone_info)

    def listeners(self) -> Mapping[str, Listener]:
        """What the box listens to for it, by topic filter."""
        return self._listeners

    def readings(self) -> Iterator[Reading]:
        """Numbers for the metrics."""
        if self.scales is not None:
            yield from self.scales.readings()

    def problems(self) -> Iterator[str]:
        """What a person should see to."""
        if self.scales is not None:
            yield from self.scales.problems()

    def start(self) -> None:
        """Start the thread of the look-ups."""
        self.lookups.start()

    def stop(self) -> None:
        """End it, and close all."""
        self.lookups.stop()
        self._undo.close()

    def _find(self, question: Question) -> Found:
        """Answer a question, on the thread of the look-ups."""
        registry = _vehicle(self._registry, question.identity)
        entry = registry.entry
        waybill = NO_WAYBILL
        identity = question.identity
        if identity is not None and (question.waybill or (entry is not None and entry.dangerous_goods)):
            waybill = self._registry.waybill(identity.plate, identity.plate_type, question.at)
        return Found(question.passage_id, registry, _vehicle(self._registry, question.trailer), waybill)


def _vehicle(registry: Registry, identity: Identity | None) -> Lookup[VehicleEntry]:
    return NOT_ASKED if identity is None else registry.vehicle(identity.plate, identity.plate_type)
