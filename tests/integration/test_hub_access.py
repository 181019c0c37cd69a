"""The broker set up as configs/mosquitto shows: certificates say who is who, and each is held to its own topics."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.brokers import Bystander, Mosquitto, eventually
from tests.integration.certificates import Authority
from tests.integration.ends import BoxEnd, HubEnd, delivered

SHIPPED = Path(__file__).parents[2] / "configs" / "mosquitto"


class Shipped(Mosquitto):
    """mosquitto with the shipped files; only its port and its folders are others."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        """Put the files, with the broker's certificate, into `folder`."""
        super().__init__(folder)
        cert, key = authority.broker()
        for source, name in ((authority.ca, "ca.crt"), (cert, "broker.crt"), (key, "broker.key")):
            shutil.copy(source, folder / name)
        shutil.copy(SHIPPED / "access.list", folder)
        text = (SHIPPED / "mosquitto.conf").read_text(encoding="utf-8")
        text = text.replace("/etc/mosquitto/lushao/", f"{folder}/").replace("/var/lib/mosquitto/", f"{folder}/")
        lines = re.sub(r"^listener 8883$", f"listener {self.port} 127.0.0.1", text, flags=re.MULTILINE)
        self.configure(lines)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Shipped]:
    with Shipped(tmp_path / "mosquitto", authority) as broker:
        yield broker


def test_box_and_hub_work_with_the_shipped_set_up(tmp_path: Path, broker: Shipped, authority: Authority) -> None:
    hub_broker = broker.settings(tls=authority.client("hub-1"))
    box_broker = broker.settings(tls=authority.client("site-1.box-1"))
    with HubEnd(tmp_path, hub_broker) as hub, BoxEnd(tmp_path, box_broker) as box:
        delivered(box, hub, box.make(*range(10)))
        counters = box.publisher.counters()
        assert (counters.refused_by_broker, counters.connects) == (0, 1)


def test_a_box_neither_speaks_for_nor_hears_another(tmp_path: Path, broker: Shipped, authority: Authority) -> None:
    hub_broker = broker.settings(tls=authority.client("hub-1"))
    box_broker = broker.settings(tls=authority.client("site-1.box-1"))
    other = broker.settings(tls=authority.client("site-1.box-2"))
    with HubEnd(tmp_path, hub_broker) as hub, BoxEnd(tmp_path, box_broker) as box:
        with Bystander(other, "lushao/v1/#", name="box-2") as stranger:
            stranger.say("lushao/v1/site-1/box-1/leads", b"{}")
            stranger.say("lushao/v1/site-1/box-1/receipts", b"{}")
            delivered(box, hub, box.make(1, 2, 3))
            assert stranger.heard == []
        assert hub.receiver.counters().refused == 0
        assert box.publisher.counters().bad_receipts == 0


def test_a_box_that_the_list_does_not_know_is_told_so(tmp_path: Path, broker: Shipped, authority: Authority) -> None:
    with BoxEnd(tmp_path, broker.settings(tls=authority.client("site-9.box-9"))) as box:
        box.make(1)
        eventually(lambda: box.publisher.counters().refused_by_broker)
        assert box.outbox.depth() == 1
