"""A case file in a ZIP: all of it is there, others are veiled, and whatever is touched is named."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.accounts.roles import Role
from hub.export import check_export
from hub.export.casefile import read_records
from hub.export.check_export import signed_by
from hub.export.take_out import ExportError, Wanted, take_out
from hub.intake.judge import judge
from hub.intake.take import take
from hub.settings import StoreSettings
from hub.store.tables import audit
from leads import encode, sign
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import BOX_KEY, HUB_KEY, HubWorld, make_world
from tests.unit.hub.casework import Bureau
from tests.unit.hub.export_cases import open_case, sealed_lead, with_key
from tests.unit.hub.export_pictures import OTHER, OWN, decoded, frames_of, plates_in
from tests.unit.hub.sealed import Box, SealedLead, arrive, seal
from tests.unit.leads.samples import sample_update


@dataclass(frozen=True)
class Taken:
    """A case that was taken out once, with its originals, and unpacked."""

    world: HubWorld
    bureau: Bureau
    number: int
    archive: Path
    folder: Path


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Taken]:
    place = tmp_path_factory.mktemp("export")
    shutil.copy(sqlite_template, place / "hub.db")
    world = with_key(make_world(place, StoreSettings(sqlite=place / "hub.db")), place)
    bureau, number = open_case(world)
    archive = place / "out.zip"
    with take_out(world.parts, bureau.people[Role.LEGAL], Wanted(number, "zip", "appeal", "zh", True)) as made:
        assert made.name == "case-2026-00001.zip"
        assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256
        shutil.copy(made.path, archive)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(place / "unpacked")
    (folder,) = (place / "unpacked").iterdir()
    yield Taken(world, bureau, number, archive, folder)
    world.parts.database.close()


@pytest.fixture
def copy(taken: Taken, tmp_path: Path) -> Path:
    """The unpacked export, to be touched."""
    return Path(shutil.copytree(taken.folder, tmp_path / "copy"))


def check(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    ended = check_export.main(root)
    return ended, capsys.readouterr().out


def test_the_check_that_goes_along_finds_nothing_wrong(taken: Taken) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "check.py"], cwd=taken.folder, capture_output=True, timeout=60, check=False
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said
    assert "全部通过" in said
    assert "不符" not in said
    assert "[  --  ]" not in said


TOUCHED = (
    "case.pdf",
    "case.json",
    "evidence/panorama-1.blurred.jpg",
    "evidence/clip.blurred.mp4",
    "evidence/track.json",
    "originals/clip.mp4",
    "box/lead.json",
    "box/manifest.json",
    "audit/steps.jsonl",
    "README.txt",
    "check.py",
)


@pytest.mark.parametrize("name", TOUCHED)
def test_a_file_that_was_touched_is_named(name: str, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    ended, said = check(copy, capsys)
    assert ended == 1
    assert f"{name}: 已被改动" in said


def test_a_file_that_is_missing_and_one_put_there_are_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "evidence/clip.blurred.mp4").unlink()
    (copy / "evidence/more.jpg").write_bytes(b"picture")
    ended, said = check(copy, capsys)
    assert ended == 1
    assert "evidence/clip.blurred.mp4: 缺失" in said
    assert "evidence/more.jpg: 导出后加入" in said


def list_anew(root: Path) -> bytes:
    """Make SHA256SUMS fit what is there, as a forger would."""
    names = sorted(
        p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and "SHA256SUMS" not in p.name
    )
    listed = "".join(f"{hashlib.sha256((root / n).read_bytes()).hexdigest()}  {n}\n" for n in names).encode()
    (root / "SHA256SUMS").write_bytes(listed)
    return listed


def test_who_changes_a_file_and_the_list_lacks_the_hubs_signature(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "case.pdf").write_bytes(b"%PDF-1.7 another story")
    list_anew(copy)
    ended, said = check(copy, capsys)
    assert ended == 1
    assert "SHA256SUMS: 签名不符" in said


def test_who_signs_with_another_key_lacks_the_hubs_signatures_of_the_log(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = forger.public_key()
    (copy / "hub.pub").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (copy / "SHA256SUMS.sig").write_bytes(forger.sign(list_anew(copy)))
    ended, said = check(copy, capsys)
    assert ended == 1
    assert "is not signed by the hub" in said
    assert hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest() in said


def test_who_takes_the_signature_away_has_a_list_that_nobody_signed(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "SHA256SUMS.sig").unlink()
    ended, said = check(copy, capsys)
    assert ended == 2
    assert "没有签名" in said


def test_a_step_that_was_changed_does_not_link_and_a_lead_that_was_changed_is_not_signed(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = copy / "audit/steps.jsonl"
    steps.write_text(steps.read_text(encoding="utf-8").replace("operator", "somebody", 1), encoding="utf-8")
    lead = copy / "box/lead.json"
    lead.write_text(lead.read_text(encoding="utf-8").replace(OWN.text, OTHER.text), encoding="utf-8")
    list_anew(copy)
    ended, said = check(copy, capsys)
    assert ended == 1
    assert "was changed" in said
    assert "box/lead.json: 签名不符" in said
    assert "does not tell of its coming" in said


COMMANDS = (
    "sha256sum -c --quiet SHA256SUMS",
    "openssl pkeyutl -verify -rawin -pubin -inkey hub.pub -in SHA256SUMS -sigfile SHA256SUMS.sig",
    "openssl pkeyutl -verify -rawin -pubin -inkey box/box.pub -in box/lead.signed.json -sigfile box/lead.sig.raw",
    "openssl pkeyutl -verify -rawin -pubin -inkey box/box.pub -in box/manifest.json -sigfile box/manifest.sig.raw",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_on_the_check_page_hold(command: str, taken: Taken) -> None:
    done = subprocess.run(command.split(), cwd=taken.folder, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_came_is_in_the_export_byte_by_byte(taken: Taken) -> None:
    sealed = sealed_lead()
    assert (taken.folder / "box/lead.json").read_bytes() == sealed.payload
    for name in ("manifest.json", "manifest.sig"):
        assert (taken.folder / "box" / name).read_bytes() == sealed.contents[name]
    for name in ("clip.mp4", "panorama-1.jpg"):
        assert (taken.folder / "originals" / name).read_bytes() == sealed.contents[name]
    assert (taken.folder / "evidence/track.json").read_bytes() == sealed.contents["track.json"]


def test_of_two_plates_in_picture_and_clip_the_vehicles_own_alone_can_be_read(taken: Taken) -> None:
    both = {OWN.text, OTHER.text}
    assert plates_in(decoded((taken.folder / "originals/panorama-1.jpg").read_bytes())) == both
    assert plates_in(decoded((taken.folder / "evidence/panorama-1.blurred.jpg").read_bytes())) == {OWN.text}
    assert plates_in(frames_of(taken.folder / "originals/clip.mp4")[1][1]) == both
    assert plates_in(frames_of(taken.folder / "evidence/clip.blurred.mp4")[1][1]) == {OWN.text}


def test_all_that_is_known_of_the_case_is_in_its_data(taken: Taken) -> None:
    told = json.loads((taken.folder / "case.json").read_bytes())
    assert told["entry"]["case_number"] == "2026-00001"
    assert told["lead"] == json.loads(sealed_lead().payload)
    assert [step["action"] for step in told["steps"]] == ["confirm", "pass_technical", "pass_legal"]
    assert told["corrections"] == [{"seq": told["steps"][0]["seq"], "axle_count": 4}]
    assert told["seal"] == {
        "manifest_held": True,
        "signature_held": True,
        "box_key_id": sealed_lead().lead.signature.key_id,  # type: ignore[union-attr]
        "faults": [],
    }
    assert told["export"]["purpose"] == "appeal"
    clip = next(one for one in told["evidence"] if one["name"] == "clip.mp4")
    assert clip["sha256"] == hashlib.sha256(sealed_lead().contents["clip.mp4"]).hexdigest()
    copied = taken.folder / "evidence" / clip["copy"]
    assert clip["copy_sha256"] == hashlib.sha256(copied.read_bytes()).hexdigest()
    steps = [json.loads(line) for line in (taken.folder / "audit/steps.jsonl").read_text().splitlines()]
    assert [step["action"] for step in steps][:2] == ["intake", "evidence"]
    assert told["log_head"]["sha256"] == steps[-1]["sha256"]


def test_names_in_the_archive_stay_below_one_folder(taken: Taken) -> None:
    with zipfile.ZipFile(taken.archive) as packed:
        names = packed.namelist()
    assert all(name.startswith("case-2026-00001/") and name.isascii() and ".." not in name for name in names)
    assert len(set(names)) == len(names)


def test_without_originals_no_byte_of_them_is_in_the_export(taken: Taken) -> None:
    with (
        take_out(
            taken.world.parts, taken.bureau.people[Role.REVIEWER], Wanted(taken.number, "zip", "review", "en")
        ) as made,
        zipfile.ZipFile(made.path) as packed,
    ):
        hashes = {hashlib.sha256(packed.read(name)).hexdigest() for name in packed.namelist()}
    kept_back = {"clip.mp4", "panorama-1.jpg"}
    assert not hashes & {hashlib.sha256(sealed_lead().contents[name]).hexdigest() for name in kept_back}


def test_a_second_export_takes_the_copies_that_are_there(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    def made_anew(*_: object) -> None:
        raise AssertionError("a copy was made anew")

    monkeypatch.setattr("hub.export.exhibits.blur_clip", made_anew)
    monkeypatch.setattr("hub.export.exhibits.blur_picture", made_anew)
    monkeypatch.setattr("hub.export.take_out.make_paper", lambda *told: told[-1].write_bytes(b"paper"))
    with take_out(
        taken.world.parts, taken.bureau.people[Role.LEGAL], Wanted(taken.number, "zip", "review", "zh")
    ) as made:
        assert made.path.stat().st_size > 1000


def test_an_export_is_written_down_with_all_its_hashes(taken: Taken) -> None:
    with taken.world.parts.database.read() as connection:
        row = connection.execute(
            audit.select().where(audit.c.action == "export", audit.c.number == taken.number).order_by(audit.c.seq)
        ).first()
    assert row is not None
    told = json.loads(row.body)
    assert told["sha256"] == hashlib.sha256(taken.archive.read_bytes()).hexdigest()
    assert (told["purpose"], told["originals"], told["form"]) == ("appeal", True, "zip")
    assert told["files"]["case.pdf"] == hashlib.sha256((taken.folder / "case.pdf").read_bytes()).hexdigest()


def test_what_is_still_at_the_box_is_said_and_the_rest_goes(
    hub: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.export.take_out.make_paper", lambda *told: told[-1].write_bytes(b"paper"))
    world = with_key(hub, tmp_path)
    bureau = Bureau(world)
    sealed = sealed_lead()
    (number,) = arrive(world, sealed)
    Box(world).send(sealed.lead.lead_id, "panorama-1.jpg", sealed.contents["panorama-1.jpg"])
    with take_out(world.parts, bureau.people[Role.LEGAL], Wanted(number, "zip", "review", "zh")) as made:
        assert made.name == "entry-1.zip"
        with zipfile.ZipFile(made.path) as packed:
            told = json.loads(packed.read("entry-1/case.json"))
            picture = packed.read("entry-1/evidence/panorama-1.blurred.jpg")
    missing = {one["name"]: one["not_here"] for one in told["evidence"]}
    assert missing == {"panorama-1.jpg": None, "clip.mp4": "at_box", "track.json": "at_box", "draft.json": "at_box"}
    # Without the box's notes nobody knows where the vehicle is.
    assert plates_in(decoded(picture)) == set()


def test_a_manifest_that_is_none_is_said_and_the_rest_goes(
    hub: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.export.take_out.make_paper", lambda *told: told[-1].write_bytes(b"paper"))
    world = with_key(hub, tmp_path)
    sealed = seal()
    manifest = b"[1]"
    named = sealed.lead.evidence.model_copy(update={"manifest_sha256": hashlib.sha256(manifest).hexdigest()})
    lead = sign(sealed.lead.model_copy(update={"evidence": named}), BOX_KEY)
    (number,) = arrive(world, SealedLead(lead, encode(lead)))
    Box(world).send(lead.lead_id, "manifest.json", manifest)
    wanted = Wanted(number, "zip", "review", "zh")
    with take_out(world.parts, Bureau(world).people[Role.LEGAL], wanted) as made, zipfile.ZipFile(made.path) as packed:
        told = json.loads(packed.read("entry-1/case.json"))
    assert told["seal"]["faults"] == ["manifest.json is no JSON object"]


def test_updates_of_another_box_are_not_in_the_case_file(hub: HubWorld) -> None:
    sealed = seal()
    (number,) = arrive(hub, sealed)
    for time, box_id in enumerate(("box-1", "box-2"), start=1):
        update = sign(sample_update(sealed.lead, time, box_id=box_id), BOX_KEY)
        sender = BoxAddress(update.site_id, update.box_id, BoxTopic.LEADS)
        (held,) = take(hub.parts, [judge(sender, encode(update), lambda _: (BOX_KEY.public_key(),))])
        assert held.fault is None
    assert [update.box_id for update in read_records(hub.parts, number).updates] == ["box-1"]


def test_a_full_disk_is_no_unreadable_clip(hub: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.export.exhibits.secrets.token_hex", lambda _: "full")
    world = with_key(hub, tmp_path)
    bureau, number = open_case(world)
    blurred = world.parts.settings.evidence.folder / "blurred"
    for first in (f"{byte:02x}" for byte in range(256)):
        (blurred / first).mkdir(parents=True)
        (blurred / first / ".full.part").symlink_to("/dev/full")
    wanted = Wanted(number, "pdf", "review", "zh")
    with pytest.raises(ExportError, match="No space left"), take_out(world.parts, bureau.people[Role.LEGAL], wanted):
        pass


def test_an_original_that_was_changed_in_the_store_does_not_go_out(
    hub: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.export.take_out.make_paper", lambda *told: told[-1].write_bytes(b"paper"))
    world = with_key(hub, tmp_path)
    bureau, number = open_case(world)
    digest = hashlib.sha256(sealed_lead().contents["panorama-1.jpg"]).hexdigest()
    (held,) = world.parts.settings.evidence.folder.rglob(digest)
    held.chmod(0o600)
    held.write_bytes(b"another picture")
    wanted = Wanted(number, "zip", "review", "zh", True)
    with take_out(world.parts, bureau.people[Role.LEGAL], wanted) as made, zipfile.ZipFile(made.path) as packed:
        told = json.loads(packed.read("case-2026-00001/case.json"))
        names = packed.namelist()
    assert next(one for one in told["evidence"] if one["name"] == "panorama-1.jpg")["not_here"] == "changed"
    assert not [name for name in names if "panorama" in name]


@settings(max_examples=10)
@given(seed=st.binary(min_size=32, max_size=32), data=st.binary(max_size=200), flip=st.integers(0, 511))
def test_the_check_knows_a_signature_from_a_forgery(seed: bytes, data: bytes, flip: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = key.sign(data)
    forged = bytearray(signature)
    forged[flip // 8] ^= 1 << flip % 8
    assert signed_by(public, signature, data)
    assert not signed_by(public, bytes(forged), data)
    assert not signed_by(public, signature, data + b".")


def test_the_hubs_key_of_the_export_is_the_hubs(taken: Taken) -> None:
    raw = HUB_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert check_export.key_of(taken.folder / "hub.pub") == raw
    assert hashlib.sha256(raw).hexdigest() in (taken.folder / "README.txt").read_text(encoding="utf-8")
