"""The watch list over a real broker: retained, so that a box that was away has it with its next connection."""

from __future__ import annotations

from pathlib import Path

from edge.rules.known import Identity
from edge.watchlist import VehiclesUnderWatch
from leads import encode, sign
from leads.topics import watchlist_topic
from tests.integration.brokers import Bystander, Mosquitto, eventually
from tests.integration.ends import BoxEnd
from tests.unit.edge.watchlists import HUB_KEY, entry, shard_of
from tests.unit.leads.samples import NOON

CAR = Identity("闽H12345", "02")


def test_a_box_has_the_list_with_its_connection_and_keeps_it_without(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings()
    first, second = (shard_of(entry("闽H12345", prior_count=n), revision=n) for n in (1, 2))
    topic = watchlist_topic(first.shard)
    watch = VehiclesUnderWatch(tmp_path / "watchlist.db", (HUB_KEY.public_key(),))
    watch.start()
    with Bystander(broker) as hub:
        hub.say(topic, encode(sign(first, HUB_KEY)), retain=True)
        with BoxEnd(tmp_path, broker, listeners=watch.listeners()):
            eventually(lambda: [hit.entry.prior_count for hit in watch.hits(CAR, NOON)] == [1])
        hub.say(topic, encode(sign(second, HUB_KEY)), retain=True)
        with BoxEnd(tmp_path, broker, listeners=watch.listeners()):
            eventually(lambda: [hit.entry.prior_count for hit in watch.hits(CAR, NOON)] == [2])
            hub.say(topic, encode(first), retain=True)
            eventually(lambda: watch.counts.bad == 1)
    watch.stop()
    kept = VehiclesUnderWatch(tmp_path / "watchlist.db")
    assert [hit.entry.prior_count for hit in kept.hits(CAR, NOON)] == [2]
    kept.stop()
