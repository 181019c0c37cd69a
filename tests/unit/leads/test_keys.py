"""Key files are whole, private, never overwritten, and a wrong one says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from leads import (
    KeyFileError,
    generate_key,
    key_id,
    load_private_key,
    load_public_key,
    load_public_keys,
    write_public_key,
)


def test_a_key_is_read_back(tmp_path: Path) -> None:
    made = generate_key(tmp_path / "keys" / "box.key")
    write_public_key(tmp_path / "box.pub", made.public_key())
    assert load_private_key(tmp_path / "keys" / "box.key").public_key() == made.public_key()
    assert load_public_key(tmp_path / "box.pub") == made.public_key()
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["box.key"]


def test_only_the_owner_may_read_a_private_key(tmp_path: Path) -> None:
    path = tmp_path / "box.key"
    generate_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_private_key(path)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "box.key"
    key = generate_key(path)
    with pytest.raises(KeyFileError, match="not overwritten"):
        generate_key(path)
    assert load_private_key(path).public_key() == key.public_key()


def test_while_a_key_is_changed_a_file_holds_both(tmp_path: Path) -> None:
    both = tmp_path / "both.pub"
    ids = []
    for name in ("old", "new"):
        public = generate_key(tmp_path / f"{name}.key").public_key()
        write_public_key(tmp_path / f"{name}.pub", public)
        ids.append(key_id(public))
        both.write_bytes((both.read_bytes() if both.exists() else b"") + (tmp_path / f"{name}.pub").read_bytes())
    assert [key_id(public) for public in load_public_keys(both)] == ids
    with pytest.raises(KeyFileError, match="2 keys"):
        load_public_key(both)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "box.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"box\.key"):
        load_public_keys(path)
    with pytest.raises(KeyFileError, match=r"box\.key"):
        load_private_key(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"box\.key: No such file"):
        load_private_key(tmp_path / "box.key")


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "box.key", tmp_path / "box.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFileError, match="Ed25519"):
        load_private_key(private)
    with pytest.raises(KeyFileError, match="Ed25519"):
        load_public_key(public)
