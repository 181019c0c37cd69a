"""Ed25519 keys and signatures (RFC 8032), over canonical JSON or over plain bytes.

Canonical JSON: members sorted by name (by code point) at every level, no white space, UTF-8, nothing escaped
but what JSON must escape, numbers in the shortest form that reads back the same, the member `signature` of the
top level left out. Such bytes and an evidence manifest can be checked without Lushao:
`openssl pkeyutl -verify -rawin -pubin -inkey box.pub -in FILE -sigfile SIGNATURE`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leads.base import Signature, SignedMessage
from leads.wire import WireDict, encode, parse_json

S = TypeVar("S", bound=SignedMessage)


class SignatureError(ValueError):
    """A message that is not signed, or not by this key, or not as it stands."""


def key_id(public: Ed25519PublicKey) -> str:
    """Short fingerprint of a key: the first 16 hexadecimal digits of the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def canonical_json(wire: WireDict) -> bytes:
    """Write a parsed message in the one form that is signed, without its `signature`."""
    members = {name: value for name, value in wire.items() if name != "signature"}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def sign(message: S, key: Ed25519PrivateKey) -> S:
    """Give back the message with its signature; an earlier one is replaced."""
    return message.model_copy(update={"signature": sign_bytes(canonical_json(parse_json(encode(message))), key)})


def verify(wire: WireDict, public: Ed25519PublicKey) -> None:
    """Check the signature of a message as parsed from the wire, not of a message written anew.

    Raises SignatureError, saying whether it is missing, malformed, of another key, or wrong.
    """
    verify_bytes(canonical_json(wire), signature_of(wire), public)


def verify_any(wire: WireDict, keys: Sequence[Ed25519PublicKey]) -> None:
    """Check that one of the keys signed a message; without keys anything goes. Raises SignatureError."""
    faults: list[SignatureError] = []
    for key in keys:
        try:
            verify(wire, key)
        except SignatureError as error:
            faults.append(error)
        else:
            return
    if faults:
        raise faults[0]


def signature_of(wire: WireDict) -> Signature:
    """Take the signature out of a parsed message. Raises SignatureError where there is none."""
    found = wire.get("signature")
    if found is None:
        raise SignatureError("the message is not signed")
    try:
        return Signature.model_validate(found, strict=True)
    except ValueError as error:
        raise SignatureError("the signature is malformed: it has a key_id and a value in base 64") from error


def sign_bytes(data: bytes, key: Ed25519PrivateKey) -> Signature:
    """Sign plain bytes, such as an evidence manifest."""
    return Signature(key_id=key_id(key.public_key()), value=base64.b64encode(key.sign(data)).decode())


def verify_bytes(data: bytes, signature: Signature, public: Ed25519PublicKey) -> None:
    """Check a signature over plain bytes. Raises SignatureError."""
    if signature.key_id != key_id(public):
        raise SignatureError(f"signed by key {signature.key_id}, not by {key_id(public)}")
    try:
        public.verify(_strict_base64(signature.value), data)
    except InvalidSignature as error:
        raise SignatureError("the signature does not fit: what was signed has been changed") from error


def _strict_base64(text: str) -> bytes:
    """Decode base 64, taking only the one spelling that encoding gives (unused bits are zero)."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SignatureError("the signature is not base 64") from error
    if base64.b64encode(raw).decode() != text:
        raise SignatureError("the signature is not in the one spelling of base 64 that encoding gives")
    return raw
