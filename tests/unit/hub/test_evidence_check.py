"""Evidence that was touched is found out; what is still at the box is no fault."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.evidence.arrivals import NotNowError, TooLargeError, WrongFileError, keep
from hub.evidence.check import check_chains, check_entry
from hub.evidence.files import evidence_of, note_held
from hub.evidence.vault import vault_of
from hub.intake.reports import judge_report
from hub.intake.take import take
from hub.store.database import StoreError
from hub.store.tables import entries, files
from leads import FileRef, Report, encode, sign, sign_bytes
from tests.hub_worlds import BOX_KEY, HubWorld
from tests.unit.hub.intakes import OTHER_KEY
from tests.unit.hub.sealed import Box, SealedLead, arrive, column, seal
from tests.unit.leads.samples import NOON


@pytest.fixture
def complete(either_hub: HubWorld) -> tuple[HubWorld, int, SealedLead]:
    sealed = seal()
    (number,) = arrive(either_hub, sealed)
    Box(either_hub).send_all(sealed)
    assert check_entry(either_hub.parts, number) == []
    return either_hub, number, sealed


def stored(world: HubWorld, content: bytes) -> Path:
    (path,) = (world.parts.settings.evidence.folder / "files").rglob(hashlib.sha256(content).hexdigest())
    path.chmod(0o640)
    return path


def test_a_changed_file_is_found_out(complete: tuple[HubWorld, int, SealedLead]) -> None:
    world, number, sealed = complete
    path = stored(world, sealed.contents["clip.mp4"])
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    (fault,) = check_entry(world.parts, number)
    assert "clip.mp4 was changed" in fault


def test_a_lost_file_is_found_out(complete: tuple[HubWorld, int, SealedLead]) -> None:
    world, number, sealed = complete
    stored(world, sealed.contents["panorama-1.jpg"]).unlink()
    (fault,) = check_entry(world.parts, number)
    assert "panorama-1.jpg is lost" in fault


def test_a_file_exchanged_in_table_and_vault_is_found_out(complete: tuple[HubWorld, int, SealedLead]) -> None:
    """Who owns both the database and the vault still cannot sign for the box."""
    world, number, sealed = complete
    forged = sealed.contents["manifest.json"].replace(b"site-1", b"site-9")
    path = world.parts.settings.evidence.folder / "forged"
    path.write_bytes(forged)
    digest = hashlib.sha256(forged).hexdigest()
    vault_of(world.parts.settings.evidence).put(path, digest)
    with world.parts.database.write() as connection:
        connection.execute(sa.update(files).where(files.c.name == "manifest.json").values(sha256=digest))
    assert check_entry(world.parts, number) == [], "the lead's word counts, not the table's"
    stored(world, sealed.contents["manifest.json"]).write_bytes(forged)
    faults = " ".join(check_entry(world.parts, number))
    assert "manifest.json was changed" in faults
    assert "manifest.sig" in faults
    assert "another site_id" in faults


def test_a_signature_by_another_key_is_found_out(complete: tuple[HubWorld, int, SealedLead]) -> None:
    world, number, sealed = complete
    other = sign_bytes(sealed.contents["manifest.json"], OTHER_KEY).model_dump_json().encode()
    path = world.parts.settings.evidence.folder / "forged"
    path.write_bytes(other)
    ref = FileRef(name="manifest.sig", kind="signature", sha256=hashlib.sha256(other).hexdigest(), bytes=len(other))
    vault_of(world.parts.settings.evidence).put(path, ref.sha256)
    with world.parts.database.read() as connection:
        evidence = evidence_of(connection, number)
    assert evidence is not None
    note_held(world.parts, number, evidence.files[-2], ref)
    (fault,) = check_entry(world.parts, number)
    assert "manifest.sig: signed by key" in fault


def test_a_manifest_that_says_otherwise_than_its_lead_is_found_out(either_hub: HubWorld) -> None:
    """A box with its key that signs two stories."""
    sealed = seal()
    evidence = sealed.lead.evidence.model_copy(update={"files": sealed.lead.evidence.files[:1], "chain_seq": 7})
    told = seal()
    told.lead = sign(sealed.lead.model_copy(update={"evidence": evidence}), BOX_KEY)
    told.payload = encode(told.lead)
    (number,) = arrive(either_hub, told)
    Box(either_hub).send_all(told)
    faults = check_entry(either_hub.parts, number)
    assert faults == [
        f"entry {number}: manifest.json says otherwise than the lead: chain_seq",
        f"entry {number}: manifest.json says otherwise than the lead: files",
    ]


def test_what_is_still_at_the_box_is_no_fault(either_hub: HubWorld) -> None:
    sealed = seal()
    (number,) = arrive(either_hub, sealed)
    assert check_entry(either_hub.parts, number) == []
    Box(either_hub).send(sealed.lead.lead_id, "track.json", b"{}")
    assert check_entry(either_hub.parts, number) == []
    with either_hub.parts.database.write() as connection:
        connection.execute(sa.update(entries).values(evidence=2))
    assert check_entry(either_hub.parts, number) == [f"entry {number}: it is said to be complete, but is not"]


def test_a_box_whose_key_is_gone_cannot_be_checked(hub: HubWorld) -> None:
    (number,) = arrive(hub, seal())
    (hub.parts.settings.box_keys / "box-1.pub").unlink()
    (fault,) = check_entry(hub.parts, number)
    assert "no key of box-1" in fault


def test_no_entry_no_proof(hub: HubWorld) -> None:
    assert check_entry(hub.parts, 99) == ["there is no entry 99"]


def test_a_chain_that_holds_has_no_faults_in_whatever_order_it_came(either_hub: HubWorld) -> None:
    first = seal(1)
    second = seal(2, prev=first)
    third = seal(3, prev=second)
    arrive(either_hub, third, first)
    assert check_chains(either_hub.parts) == ([], ["site-1/box-1: link 2 to 2"])
    arrive(either_hub, second)
    assert check_chains(either_hub.parts) == ([], [])


def test_a_lead_put_in_between_or_in_place_of_another_is_found_out(either_hub: HubWorld) -> None:
    first = seal(1)
    second = seal(2, prev=first)
    replaced = seal(5, prev=None)
    numbers = arrive(either_hub, first, second, replaced)
    faults, _ = check_chains(either_hub.parts)
    assert f"site-1/box-1: entries {numbers[0]} and {numbers[2]} have one place in the chain" in faults
    assert any("does not follow" in fault for fault in faults)


# ---- files of reports


def reported(world: HubWorld, content: bytes) -> tuple[int, FileRef]:
    ref = FileRef(name="photo.jpg", kind="picture", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    report = Report(
        report_id="01M83KTZA0TSDJW4QAW639V63P",
        occurred_at=NOON,
        offence="overload",
        title="超载",
        summary="群众举报",
        files=(ref,),
    )
    (held,) = take(world.parts, [judge_report("hotline", encode(report))])
    assert held.number is not None
    return held.number, ref


def test_a_reports_file_is_kept_and_completes_it(either_hub: HubWorld) -> None:
    number, ref = reported(either_hub, b"a photo")
    for _ in range(2):
        keep(either_hub.parts, number, ref, BytesIO(b"a photo"))
    assert column(either_hub, number, "evidence") == 2
    assert check_entry(either_hub.parts, number) == []


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"a phot", WrongFileError), (b"another", WrongFileError), (b"a photo of something", TooLargeError)],
)
def test_a_reports_file_must_be_the_one_announced(hub: HubWorld, content: bytes, error: type[Exception]) -> None:
    number, ref = reported(hub, b"a photo")
    with pytest.raises(error):
        keep(hub.parts, number, ref, BytesIO(content))
    assert column(hub, number, "evidence") == 1
    assert not list((hub.parts.settings.evidence.folder / "parts").iterdir())
    keep(hub.parts, number, ref, BytesIO(b"a photo"))
    assert column(hub, number, "evidence") == 2


def test_a_file_nobody_announced_is_not_kept(hub: HubWorld) -> None:
    number, ref = reported(hub, b"a photo")
    for other in (ref.model_copy(update={"name": "x.jpg"}), ref.model_copy(update={"sha256": "0" * 64})):
        with pytest.raises(WrongFileError, match="no file"):
            keep(hub.parts, number, other, BytesIO(b"a photo"))


def test_a_disk_that_refuses_is_told_and_nothing_is_lost(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal(files={"clip.mp4": b"0123456789"})
    arrive(hub, sealed)
    box = Box(hub)
    box.send(sealed.lead.lead_id, "clip.mp4", b"01234")

    def full(*_: object) -> None:
        raise NotNowError("the hub's disk for evidence cannot be written: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("hub.evidence.arrivals._grow", full)
        assert box.send(sealed.lead.lead_id, "clip.mp4", b"56789", 5).status_code == 503
    assert box.offset(sealed.lead.lead_id, "clip.mp4") == 5
    assert box.send(sealed.lead.lead_id, "clip.mp4", b"56789", 5).status_code == 204


def test_a_file_that_a_crash_kept_out_of_the_tables_comes_again(
    either_hub: HubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = seal()
    (number,) = arrive(either_hub, sealed)
    box = Box(either_hub)

    def away(*_: object) -> None:
        raise StoreError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr("hub.evidence.arrivals.note_held", away)
        assert box.send(sealed.lead.lead_id, "clip.mp4", sealed.contents["clip.mp4"]).status_code == 503
    assert box.offset(sealed.lead.lead_id, "clip.mp4") == 0
    box.send_all(sealed)
    assert column(either_hub, number, "evidence") == 2
    assert check_entry(either_hub.parts, number) == []


def test_a_piece_that_a_crash_cut_short_is_gone_on_with(hub: HubWorld) -> None:
    sealed = seal(files={"clip.mp4": b"0123456789"})
    (number,) = arrive(hub, sealed)
    folder = hub.parts.settings.evidence.folder / "parts"
    folder.mkdir(parents=True)
    (folder / f"{number}.clip.mp4").write_bytes(b"0123456")
    box = Box(hub)
    assert box.offset(sealed.lead.lead_id, "clip.mp4") == 7
    assert box.send(sealed.lead.lead_id, "clip.mp4", b"789", 7).status_code == 204
    assert check_entry(hub.parts, number) == []


def test_the_step_names_every_file_and_its_hash(hub: HubWorld) -> None:
    sealed = seal()
    arrive(hub, sealed)
    Box(hub).send_all(sealed)
    with hub.parts.database.read() as connection:
        body = connection.scalar(sa.text("SELECT body FROM audit WHERE action = 'evidence'"))
    told = dict(json.loads(body or "{}")["files"])
    assert told.pop("lead.json") == hashlib.sha256(sealed.payload).hexdigest()
    assert told == {name: hashlib.sha256(content).hexdigest() for name, content in sealed.contents.items()}
