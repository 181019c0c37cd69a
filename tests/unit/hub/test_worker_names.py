"""Each worker has a name of its own before the broker: two of one name would throw each other out for ever."""

from __future__ import annotations

from pathlib import Path

from hub.intake.receive import broker_of, client_id
from hub.settings import StoreSettings
from leads.broker import BrokerSettings
from tests.hub_worlds import make_settings


def test_workers_are_told_apart_also_where_the_name_is_set(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, StoreSettings(sqlite=tmp_path / "hub.db"))
    assert [client_id(settings, worker) for worker in (1, 2)] == ["lushao-hub-hub-1", "lushao-hub-hub-1:2"]
    assert broker_of(settings, 2).client_id is None
    named = settings.model_copy(update={"broker": BrokerSettings(client_id="centre")})
    assert [broker_of(named, worker).client_id for worker in (1, 2)] == ["centre", "centre:2"]
