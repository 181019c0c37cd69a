"""A live box, a real broker and a scale on it: the heavy one of three trucks becomes a lead that names its weighing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import paho.mqtt.publish
import pytest
import yaml

from edge.weighing.store import WeighStore
from leads import Lead, Scale, WeighRecord, encode
from leads.topics import weigh_topic
from tests.integration.brokers import Mosquitto
from tests.integration.house import House
from tests.world import ROOT

SCALE = {
    "id": "scale-1",
    "lanes": {"1": {"camera": "gate", "line": "strips", "zone": "lower-lane"}},
    "certificates": [{"scale_class": "5", "cert_no": "JL-1", "valid_from": "2020-01-01", "valid_to": "2099-12-31"}],
}
TO_THE_STRIPS = timedelta(seconds=1.8)
"""From the moment a truck is first seen."""


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


def weigh(house: House, lead: Lead, name: str, total_kg: float) -> None:
    record = WeighRecord(
        pass_id=name,
        site_id="test",
        weighed_at=lead.passage.first_seen + TO_THE_STRIPS,
        scale=Scale(device_id="scale-1", scale_class="5", cert_no="JL-1"),
        lane="1",
        axle_count=2,
        total_kg=total_kg,
    )
    port = house.mosquitto.port
    paho.mqtt.publish.single(weigh_topic("test"), encode(record), qos=1, hostname="127.0.0.1", port=port)


def leads(house: House, rule: str) -> list[Lead]:
    return sorted(
        (lead for lead in house.held().values() if lead.act.rule_id == rule), key=lambda lead: lead.occurred_at
    )


def test_a_record_that_comes_over_the_broker_makes_a_lead_of_the_truck_it_belongs_to(house: House) -> None:
    house.build(trucks=3, every_s=5, rules=str(ROOT / "configs/rules"), scales=[SCALE])
    site = yaml.safe_load(house.site.read_text()) | house.live_camera()
    site["cameras"][0]["plan"]["lines"] = [{"id": "strips", "start": [0.7, 1.0], "end": [0.7, 0.5]}]
    house.site.write_text(yaml.safe_dump(site))
    house.start_hub()
    box = house.start_box()
    house.wait_for(lambda: len(leads(house, "TR-01")) == 1, 40)
    weigh(house, leads(house, "TR-01")[0], "light", 17_000)
    house.wait_for(lambda: len(leads(house, "TR-01")) == 2, 40)
    weigh(house, leads(house, "TR-01")[1], "heavy", 30_000)
    house.wait_for(lambda: len(leads(house, "OL-01")) > 0, 40)
    (lead,) = leads(house, "OL-01")
    closed = leads(house, "TR-01")
    assert lead.weigh is not None
    assert (lead.weigh.pass_id, lead.weigh.total_kg, lead.weigh.certified) == ("heavy", 30_000, True)
    assert lead.passage.id == closed[1].passage.id
    assert (lead.act.offence, lead.act.unit, lead.suspect_level) == ("overload", "transport", "medium")
    assert {fact.name: fact.value for fact in lead.facts}["limit_kg"] == 18_000
    graded = {check.what: (check.met, check.wanted) for check in lead.grading}
    assert graded["video"] == (False, "10 s")
    assert graded["weigh record is this vehicle's"][0]
    assert (lead.evidence_grade, closed[1].evidence_grade) == ("B", "A")
    house.wait_for(lambda: len(leads(house, "TR-01")) == 3, 40)
    assert box.stop() == 0
    with WeighStore(house.box_folder / "weighings.db") as store:
        assert {kept.record.pass_id: kept.state for kept in store.records()} == {"light": "matched", "heavy": "matched"}
