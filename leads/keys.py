"""Key files: private keys in PKCS#8 PEM that only the owner may read, public keys in PEM that openssl reads too."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_PEM_END = b"-----END PUBLIC KEY-----"


class KeyFileError(ValueError):
    """A key file that cannot be used; the text names the file and the remedy."""


def generate_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key and write it to `path`, readable by its owner alone, whole or not at all.

    Raises KeyFileError when the file exists: an overwritten key would make all it signed unprovable.
    """
    key = Ed25519PrivateKey.generate()
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    return key


def write_public_key(path: Path, public: Ed25519PublicKey) -> None:
    """Write a public key as PEM (SubjectPublicKeyInfo). Raises KeyFileError when the file exists."""
    _write_new(path, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key. Raises KeyFileError when it is missing, open to others, or no Ed25519 key."""
    data = _read(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} is no private key in PEM without a password: make one anew") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds another kind of key: an Ed25519 key is needed")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read the one public key of a file. Raises KeyFileError."""
    keys = load_public_keys(path)
    if len(keys) != 1:
        raise KeyFileError(f"{path} holds {len(keys)} keys: one is expected here")
    return keys[0]


def load_public_keys(path: Path) -> tuple[Ed25519PublicKey, ...]:
    """Read all public keys of a file, one PEM block after the other (two while a key is being changed).

    Raises KeyFileError when it is missing or holds anything but Ed25519 keys.
    """
    blocks = [block + _PEM_END for block in _read(path).split(_PEM_END)[:-1]]
    if not blocks:
        raise KeyFileError(f"{path} holds no public key in PEM (-----BEGIN PUBLIC KEY-----)")
    return tuple(_parse_public(block, path) for block in blocks)


def _parse_public(block: bytes, path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} is no public key in PEM: copy the box's .pub file anew") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path} holds another kind of key: an Ed25519 key is needed")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"cannot read the key {path}: {error.strerror}") from error


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, and never over another: `link` fails where `path` exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError as error:
        raise KeyFileError(f"{path} exists and is not overwritten: move it away first if it is to go") from error
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
