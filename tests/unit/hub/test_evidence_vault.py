"""The vault keeps what it was given, whole, over a folder and over an S3 store alike."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from hub.evidence import s3 as s3_store
from hub.evidence.vault import FolderVault, NotHeldError, Vault, VaultError, has_room, sha256_of, vault_of
from hub.settings import EvidenceSettings, S3Settings


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def s3_settings(endpoint: str, folder: Path) -> S3Settings:
    credentials = folder / "s3.credentials"
    credentials.write_text("access\nsecret\n")
    plain = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="access",
        aws_secret_access_key="secret",
    )
    plain.create_bucket(Bucket="evidence")
    return S3Settings(endpoint=endpoint, bucket="evidence", prefix="hub-1/", credentials=credentials)


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceSettings:
    s3 = None
    if request.param == "s3":
        s3 = s3_settings(request.getfixturevalue("s3_endpoint"), tmp_path)
    return EvidenceSettings(folder=tmp_path / "evidence", s3=s3)


@pytest.fixture
def vault(settings: EvidenceSettings) -> Vault:
    return vault_of(settings)


def put(vault: Vault, folder: Path, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    folder.mkdir(exist_ok=True)
    path = folder / "draft"
    path.write_bytes(content)
    vault.put(path, sha256)
    assert not path.exists()
    return sha256


def test_what_goes_in_comes_out(vault: Vault, tmp_path: Path) -> None:
    content = os.urandom(300_000)
    sha256 = put(vault, tmp_path / "evidence", content)
    assert vault.size(sha256) == len(content)
    with vault.open(sha256) as file:
        assert sha256_of(file) == sha256


def test_any_part_of_a_file_can_be_read(vault: Vault, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    sha256 = put(vault, tmp_path / "evidence", content)
    with vault.open(sha256) as file:
        for start, count in ((0, 10), (2_999_990, 100), (1_048_570, 1_048_600), (5, 1), (3_000_000, 4)):
            file.seek(start)
            assert file.read(count) == content[start : start + count]
        file.seek(-7, os.SEEK_END)
        assert file.read() == content[-7:]


def test_the_same_file_twice_is_one(vault: Vault, tmp_path: Path) -> None:
    first = put(vault, tmp_path / "evidence", b"a picture")
    assert put(vault, tmp_path / "evidence", b"a picture") == first
    assert vault.size(first) == len(b"a picture")


def test_an_empty_file_is_a_file(vault: Vault, tmp_path: Path) -> None:
    sha256 = put(vault, tmp_path / "evidence", b"")
    assert vault.size(sha256) == 0
    with vault.open(sha256) as file:
        assert file.read() == b""


def test_what_is_not_there_is_said(vault: Vault) -> None:
    absent = "0" * 64
    assert vault.size(absent) is None
    with pytest.raises(NotHeldError, match="copy"):
        vault.open(absent)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63 + "/", "0" * 64 + "\n"])
def test_nothing_but_a_hash_is_a_name(vault: Vault, name: str) -> None:
    with pytest.raises(ValueError, match="no SHA-256"):
        vault.size(name)


def test_a_large_file_goes_to_s3_in_parts(s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_store, "_PART_BYTES", 5 << 20)
    vault = s3_store.S3Vault(s3_settings(s3_endpoint, tmp_path))
    content = os.urandom(11 << 20)
    sha256 = put(vault, tmp_path / "evidence", content)
    with vault.open(sha256) as file:
        assert sha256_of(file) == sha256


def test_a_store_that_is_away_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a\nb\n")
    settings = S3Settings(endpoint="http://127.0.0.1:9", bucket="evidence", credentials=tmp_path / "c")
    draft = tmp_path / "draft"
    draft.write_bytes(b"x")
    with pytest.raises(VaultError, match=r"127\.0\.0\.1:9"):
        s3_store.S3Vault(settings).put(draft, hashlib.sha256(b"x").hexdigest())
    assert draft.read_bytes() == b"x"


@pytest.mark.parametrize("text", ["", "only-one\n", "one two three"])
def test_credentials_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c").write_text(text)
    with pytest.raises(VaultError, match="first line"):
        s3_store.S3Vault(S3Settings(endpoint="http://127.0.0.1:9", bucket="evidence", credentials=tmp_path / "c"))


def test_a_kept_file_can_not_be_written_by_accident(tmp_path: Path) -> None:
    vault = FolderVault(tmp_path / "evidence")
    sha256 = put(vault, tmp_path / "evidence", b"x")
    (place,) = (tmp_path / "evidence/files").rglob(sha256)
    assert place.stat().st_mode & 0o222 == 0


def test_what_a_crash_left_on_its_way_into_the_vault_can_still_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"x")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "power cut")))
    with pytest.raises(VaultError, match="power cut"):
        FolderVault(tmp_path / "evidence").put(part, hashlib.sha256(b"x").hexdigest())
    assert part.stat().st_mode & 0o200


def test_room_is_what_is_free_beyond_what_stays_free(tmp_path: Path) -> None:
    assert has_room(EvidenceSettings(folder=tmp_path / "e", min_free_mib=0))
    assert not has_room(EvidenceSettings(folder=tmp_path / "e", min_free_mib=1 << 40))
    assert not has_room(EvidenceSettings(folder=tmp_path / "e", min_free_mib=0), more_bytes=1 << 60)
