"""Topics: built and taken apart at one place, so that no id can reach another's topic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from leads.base import ID_PATTERN

ROOT: Final = "lushao/v1"
"""Prefix of all topics; the `v1` is the major version of the messages."""
_ID: Final = re.compile(ID_PATTERN.replace("$", r"\Z"))


class BoxTopic(Enum):
    """What a box says or hears under `lushao/v1/{site}/{box}/`."""

    STATUS = "status"
    LEADS = "leads"
    RECEIPTS = "receipts"
    TELEMETRY = "telemetry"
    MODELS_DESIRED = "models/desired"
    MODELS_REPORTED = "models/reported"
    SIGHTINGS = "sightings"


class UnitTopic(Enum):
    """What a unit hears or says under `lushao/v1/units/{unit}/`."""

    ORDERS = "orders"
    REPLIES = "replies"


_RESERVED_SITES: Final = frozenset({"units", "watchlist"})
"""Words that stand where a site would."""


@dataclass(frozen=True, slots=True)
class BoxAddress:
    """A topic of a box, taken apart."""

    site_id: str
    box_id: str
    kind: BoxTopic


def box_topic(site_id: str, box_id: str, kind: BoxTopic) -> str:
    """Topic of one box. Raises ValueError for an id that is none."""
    return f"{ROOT}/{check_site(site_id)}/{check_id(box_id)}/{kind.value}"


def all_boxes(kind: BoxTopic) -> str:
    """Filter for one kind of topic of all boxes of all sites."""
    return f"{ROOT}/+/+/{kind.value}"


def shared(group: str, topic_filter: str) -> str:
    """MQTT 5 shared subscription: the broker gives each message to one member of the group."""
    return f"$share/{check_id(group)}/{topic_filter}"


def parse_box_topic(topic: str) -> BoxAddress:
    """Take the topic of a box apart. Raises ValueError for any other topic."""
    parts = topic.removeprefix(f"{ROOT}/").split("/", maxsplit=2)
    if not topic.startswith(f"{ROOT}/") or len(parts) < 3:
        raise ValueError(f"{topic!r} is no topic of a box: expected {ROOT}/SITE/BOX/...")
    site_id, box_id, kind = parts
    return BoxAddress(check_site(site_id), check_id(box_id), BoxTopic(kind))


def weigh_topic(site_id: str) -> str:
    """Topic of a site's scales."""
    return f"{ROOT}/{check_site(site_id)}/weigh"


def watchlist_topic(shard: str) -> str:
    """Topic of one shard of the watch list."""
    return f"{ROOT}/watchlist/{check_id(shard)}"


def all_watchlists() -> str:
    """Filter for all shards of the watch list."""
    return f"{ROOT}/watchlist/+"


def unit_topic(unit_id: str, kind: UnitTopic) -> str:
    """Topic of one unit on the road."""
    return f"{ROOT}/units/{check_id(unit_id)}/{kind.value}"


def all_units(kind: UnitTopic) -> str:
    """Filter for one kind of topic of all units."""
    return f"{ROOT}/units/+/{kind.value}"


def check_id(value: str) -> str:
    """Give back an id that is safe in a topic; ValueError for `+`, `#`, `/` and all else that is not."""
    if not _ID.match(value):
        raise ValueError(
            f"{value!r} is no id: use 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"
        )
    return value


def check_site(value: str) -> str:
    """Give back a site's id; ValueError for a word that has its own meaning at its place in a topic."""
    if value in _RESERVED_SITES:
        raise ValueError(f"{value!r} cannot be a site: the word has its own topics; choose another id")
    return check_id(value)
