"""A case to take out, for tests: evidence with a vehicle and a bystander, sealed, sent in and decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.accounts.roles import Role
from hub.cases.machine import Action
from leads import Check, Fact, WeighRef, encode, sign
from tests.hub_worlds import BOX_KEY, HUB_KEY, HubWorld
from tests.unit.hub.casework import TO_CASE, Bureau
from tests.unit.hub.export_pictures import OTHER, OWN, film, jpeg, road
from tests.unit.hub.export_subjects import DRAFT, track_json
from tests.unit.hub.sealed import Box, SealedLead, arrive, seal
from tests.unit.leads.samples import NOON

SIZE = (640, 360)
ROWS = [[10.0 + i / 10, 100.0, 100.0, 300.0, 260.0, 0.9, 1] for i in range(11)]
"""The vehicle stands in one box from the clip's beginning to its end."""


@cache
def evidence() -> Mapping[str, bytes]:
    """A clip and a panorama with two plates, of which one is the vehicle's, and the box's notes."""
    scene = road((OWN, 120, (130, 150)), (OTHER, 120, (420, 150)), size=SIZE)
    with TemporaryDirectory() as folder:
        clip = film(Path(folder) / "clip.mp4", scene, tuple(range(0, 1000, 200))).path.read_bytes()
    return {
        "panorama-1.jpg": jpeg(scene),
        "clip.mp4": clip,
        "track.json": track_json(ROWS, size=SIZE),
        "draft.json": DRAFT,
    }


def with_key(world: HubWorld, folder: Path) -> HubWorld:
    """The hub with its key in a file, as in service."""
    path = folder / "hub.key"
    path.write_bytes(HUB_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    settings = world.parts.settings.model_copy(update={"signing_key": path})
    return dataclasses.replace(world, parts=dataclasses.replace(world.parts, settings=settings))


def sealed_lead(number: int = 1) -> SealedLead:
    """A lead with facts, checks and a weighing over that evidence."""
    facts = (
        Fact(name="mass_kg", value=39710.0, unit="kg"),
        Fact(name="plate_front", value=OWN.text, confidence=0.98, shots=3, proof="panorama-1.jpg"),
        Fact(name="plate_front_doubt", value="read in one shot alone"),
        Fact(name="speed_kmh", value=33.0, unit="km/h", confidence=0.95),
        Fact(name="speed_kmh_low", value=30.5, unit="km/h"),
        Fact(name="speed_kmh_high", value=35.5, unit="km/h"),
    )
    weigh = WeighRef(
        pass_id="20261123-001",
        device_id="scale-1",
        weighed_at=NOON,
        total_kg=39710.0,
        axle_count=4,
        match_confidence=0.99,
        scale_class="5",
        certified=True,
    )
    checks = (Check(what="mass", met=True, found="37724.5 kg: 39710 kg less 5 %", wanted="over 31000 kg"),)
    grading = (Check(what="clock error", met=None, found="unknown", wanted="at most 1000 ms"),)
    bare = seal(number, evidence())
    told = {"facts": facts, "weigh": weigh, "checks": checks, "grading": grading}
    lead = sign(bare.lead.model_copy(update=told), BOX_KEY)
    return SealedLead(lead, encode(lead), bare.contents)


def open_case(world: HubWorld, sealed: SealedLead | None = None, *, send: bool = True) -> tuple[Bureau, int]:
    """A lead comes with all its evidence and becomes a case; the people of the hub, and its number."""
    bureau = Bureau(world)
    lead = sealed or sealed_lead()
    (number,) = arrive(world, lead)
    if send:
        Box(world).send_all(lead)
    world.clock.go(60)
    bureau.do(Role.OPERATOR, number, Action.CONFIRM, note="画面清楚", axle_count=4)
    bureau.go(number, *TO_CASE[1:])
    return bureau, number
