"""No id reaches another's topic."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from leads.topics import (
    BoxAddress,
    BoxTopic,
    UnitTopic,
    all_boxes,
    all_units,
    all_watchlists,
    box_topic,
    parse_box_topic,
    shared,
    unit_topic,
    watchlist_topic,
    weigh_topic,
)
from tests.unit.leads.samples import IDENTS

SITES = IDENTS.filter(lambda site: site not in ("units", "watchlist"))


@given(SITES, IDENTS, st.sampled_from(BoxTopic))
def test_a_topic_taken_apart_is_what_it_was_built_of(site: str, box: str, kind: BoxTopic) -> None:
    topic = box_topic(site, box, kind)
    assert parse_box_topic(topic) == BoxAddress(site, box, kind)
    heard = [other for other in BoxTopic if topic_matches_sub(all_boxes(other), topic)]
    assert heard == [kind]


@given(IDENTS, SITES, st.sampled_from(UnitTopic))
def test_the_filters_for_boxes_hear_nothing_else(unit: str, site: str, kind: UnitTopic) -> None:
    for topic in (unit_topic(unit, kind), watchlist_topic("a"), weigh_topic(site)):
        assert not any(topic_matches_sub(all_boxes(box), topic) for box in BoxTopic)
        with pytest.raises(ValueError, match=r"topic|site|BoxTopic"):
            parse_box_topic(topic)
    assert topic_matches_sub(all_units(kind), unit_topic(unit, kind))
    assert topic_matches_sub(all_watchlists(), watchlist_topic("f"))


@pytest.mark.parametrize("bad", ["", "+", "#", "a/b", "$share", "路", ".", "-a", "a b", "a\n", "a" * 65, "a\x00"])
def test_what_is_no_id_gets_no_topic(bad: str) -> None:
    builds: tuple[Callable[[], str], ...] = (
        lambda: box_topic(bad, "b", BoxTopic.LEADS),
        lambda: box_topic("s", bad, BoxTopic.LEADS),
        lambda: unit_topic(bad, UnitTopic.ORDERS),
        lambda: weigh_topic(bad),
        lambda: watchlist_topic(bad),
        lambda: shared(bad, all_boxes(BoxTopic.LEADS)),
    )
    for build in builds:
        with pytest.raises(ValueError, match="id"):
            build()


@pytest.mark.parametrize("word", ["units", "watchlist"])
def test_a_site_is_not_named_like_a_branch_of_its_own(word: str) -> None:
    with pytest.raises(ValueError, match="site"):
        box_topic(word, "b", BoxTopic.LEADS)


@pytest.mark.parametrize(
    "topic", ["", "lushao/v1", "lushao/v1/s/b", "lushao/v2/s/b/leads", "x/lushao/v1/s/b/leads", "lushao/v1/s/b/leads/x"]
)
def test_other_topics_are_no_box(topic: str) -> None:
    with pytest.raises(ValueError, match=r"topic|BoxTopic"):
        parse_box_topic(topic)


def test_a_shared_subscription_is_written_as_mqtt_5_wants_it() -> None:
    assert shared("hub", all_boxes(BoxTopic.LEADS)) == "$share/hub/lushao/v1/+/+/leads"
