"""Watch lists as a hub would send them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.watchlist import VehiclesUnderWatch
from leads import WatchEntry, WatchList, encode, sign, watch_shard
from leads.topics import watchlist_topic
from tests.unit.leads.samples import NOON

HUB_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def entry(plate: str, plate_type: str = "02", **changes: Any) -> WatchEntry:
    """A vehicle under watch."""
    members: dict[str, Any] = {
        "plate": plate,
        "plate_type": plate_type,
        "colour": "orange",
        "reason": "一年内三次超限运输",
        "kind": "overload",
        "since": NOON - timedelta(days=30),
        "prior_count": 3,
    }
    return WatchEntry(**(members | changes))


def shard_of(*entries: WatchEntry, revision: int = 1, shard: str | None = None) -> WatchList:
    """The shard of the first entry, with those entries that belong into it."""
    name = shard or watch_shard(*entries[0].identity)
    mine = tuple(e for e in entries if watch_shard(*e.identity) == name)
    return WatchList(shard=name, revision=revision, issued_at=NOON, entries=mine)


def say(watch: VehiclesUnderWatch, *messages: WatchList, key: Ed25519PrivateKey | None = HUB_KEY) -> None:
    """The broker says these shards, and all are dealt with."""
    for message in messages:
        signed = message if key is None else sign(message, key)
        watch.heard(watchlist_topic(message.shard), encode(signed))
    assert watch.wait(10)


def listed(watch: VehiclesUnderWatch, entries: Sequence[WatchEntry], revision: int = 1) -> None:
    """The whole list, shard by shard."""
    shards = sorted({watch_shard(*e.identity) for e in entries})
    say(watch, *(shard_of(*entries, revision=revision, shard=shard) for shard in shards))
