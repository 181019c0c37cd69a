"""Neighbours: what this box saw is told to them, and what they saw is taken into its memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.memory import PassageMemory
from edge.memory_file import Seen
from edge.memory_settings import MemorySettings
from edge.metrics import Reading
from edge.plate_codes import normal_plate
from edge.publisher import Listener
from leads import (
    UNKNOWN,
    Sighting,
    SignatureError,
    WireError,
    encode,
    load_public_keys,
    parse_json,
    read,
    sign,
    verify_any,
)
from leads.quiet import QuietLog
from leads.topics import BoxTopic, box_topic

log = logging.getLogger(__name__)


@dataclass(slots=True)
class NeighbourCounts:
    """Counters for the metrics."""

    told: int = 0
    """Passes handed to the broker."""
    untold: int = 0
    """Passes that could not be told: the broker was away."""
    heard: int = 0
    """Passes of neighbours."""
    bad: int = 0
    """Messages that were malformed, or not that neighbour's."""


class Neighbours:
    """Tells and hears sightings, with QoS 0: one that is lost makes a clue rarer and never wrong.

    More would let them compete with leads for the connection, and hand out a day's passes after an outage.
    """

    def __init__(
        self,
        settings: MemorySettings,
        site: str,
        box: str,
        memory: PassageMemory,
        publish: Callable[[str, bytes], bool],
        key: Ed25519PrivateKey | None = None,
    ) -> None:
        """`publish(topic, payload)` with QoS 0, not retained; `key`: the box's own, to sign with.

        Raises KeyFileError when a neighbour's key cannot be read.
        """
        self._share = settings.share
        self._site, self._box = site, box
        self._topic = box_topic(site, box, BoxTopic.SIGHTINGS)
        self._memory = memory
        self._publish = publish
        self._key = key
        self._known: dict[str, tuple[str, str, tuple[Ed25519PublicKey, ...]]] = {
            box_topic(n.site, n.box, BoxTopic.SIGHTINGS): (n.site, n.box, load_public_keys(n.key) if n.key else ())
            for n in settings.neighbours
        }
        self._quiet = QuietLog(log)
        self.counts = NeighbourCounts()

    def listeners(self) -> Mapping[str, Listener]:
        """What the box listens to, by topic."""
        return dict.fromkeys(self._known, self.heard)

    def tell(self, seen: Seen) -> None:
        """Tell the neighbours of a pass, if this box shares them."""
        if not self._share:
            return
        sighting = Sighting(
            site_id=self._site,
            box_id=self._box,
            camera=seen.camera,
            place=seen.place,
            hub=seen.hub,
            lon=seen.lon,
            lat=seen.lat,
            plate=seen.plate,
            plate_type=seen.plate_type,
            at=seen.at,
            vehicle_class=seen.vehicle_class or UNKNOWN,
        )
        if self._publish(self._topic, encode(sign(sighting, self._key) if self._key else sighting)):
            self.counts.told += 1
        else:
            self.counts.untold += 1

    def heard(self, topic: str, payload: bytes) -> None:
        """A message of a neighbour, on the network's thread."""
        site, box, keys = self._known[topic]
        try:
            wire = parse_json(payload)
            verify_any(wire, keys)
            sighting = read(Sighting, wire)
            if (sighting.site_id, sighting.box_id) != (site, box):
                raise WireError(f"it says it is from {sighting.site_id}/{sighting.box_id}")
        except (WireError, SignatureError) as error:
            self.counts.bad += 1
            self._quiet.warning("bad", "a sighting on the topic of %s/%s counts for nothing: %s", site, box, error)
            return
        self.counts.heard += 1
        self._memory.add(
            Seen(
                plate=normal_plate(sighting.plate),
                plate_type=sighting.plate_type,
                at=sighting.at,
                site=sighting.site_id,
                camera=sighting.camera,
                place=sighting.place,
                hub=sighting.hub,
                lon=sighting.lon,
                lat=sighting.lat,
                vehicle_class=sighting.vehicle_class,
            )
        )

    def readings(self) -> Iterator[Reading]:
        """Numbers for the metrics."""
        counts = self.counts
        states = (("told", counts.told), ("untold", counts.untold), ("heard", counts.heard), ("bad", counts.bad))
        for state, value in states:
            help_ = "Passes told to neighbours and heard of them"
            yield Reading("lushao_sightings", help_, value, {"state": state}, counts_up=True)
