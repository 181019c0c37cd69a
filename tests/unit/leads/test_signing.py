"""A signature holds for the message as it stands, by this key, and for nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from leads import (
    Lead,
    SignatureError,
    WireError,
    canonical_json,
    encode,
    generate_key,
    key_id,
    parse_json,
    sign,
    signature_of,
    verify,
    verify_any,
    write_public_key,
)
from tests.unit.leads.samples import any_lead, sample_lead

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNED = encode(sign(sample_lead(), KEY))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list) and value:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _leaves(value[key], (*path, key))
    else:
        yield path


def _another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case _:
            return "x"


@settings(max_examples=60)
@given(any_lead())
def test_any_lead_signed_is_verified_as_it_comes_from_the_wire(lead: Lead) -> None:
    verify(parse_json(encode(sign(lead, KEY))), KEY.public_key())


@pytest.mark.parametrize("path", list(_leaves(json.loads(SIGNED))), ids=lambda path: ".".join(map(str, path)))
def test_every_changed_member_breaks_the_signature(path: tuple[Any, ...]) -> None:
    wire = json.loads(SIGNED)
    part = wire
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = _another(part[path[-1]])
    with pytest.raises(SignatureError):
        verify(wire, KEY.public_key())


def test_a_member_added_or_taken_away_breaks_the_signature() -> None:
    with pytest.raises(SignatureError, match="changed"):
        verify(json.loads(SIGNED) | {"added": None}, KEY.public_key())
    wire = json.loads(SIGNED)
    del wire["repeat_count"]
    with pytest.raises(SignatureError, match="changed"):
        verify(wire, KEY.public_key())


@settings(max_examples=300)
@given(st.data())
def test_a_mutated_message_is_verified_only_if_it_says_the_same(data: st.DataObject) -> None:
    payload = bytearray(SIGNED)
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3) | st.just(b" "))
    try:
        wire = parse_json(bytes(payload))
        verify(wire, KEY.public_key())
    except (WireError, SignatureError):
        return
    assert wire == json.loads(SIGNED)


def test_the_order_of_members_and_white_space_do_not_matter() -> None:
    wire = json.loads(SIGNED)
    turned = dict(reversed(wire.items()))
    verify(parse_json(json.dumps(turned, indent=2).encode()), KEY.public_key())


def test_canonical_json_is_sorted_dense_and_without_signature() -> None:
    assert canonical_json({"b": 1.0, "a": {"d": "路", "c": [True, None]}, "signature": {}}) == (
        '{"a":{"c":[true,null],"d":"路"},"b":1.0}'.encode()
    )


def test_another_key_is_named() -> None:
    with pytest.raises(SignatureError, match=f"{key_id(KEY.public_key())}, not by {key_id(OTHER.public_key())}"):
        verify(json.loads(SIGNED), OTHER.public_key())


def test_a_signature_passed_off_as_another_keys_does_not_fit() -> None:
    wire = json.loads(encode(sign(sample_lead(), OTHER)))
    wire["signature"]["key_id"] = key_id(KEY.public_key())
    with pytest.raises(SignatureError, match="does not fit"):
        verify(wire, KEY.public_key())


@pytest.mark.parametrize("signature", [None, {}, "x", {"key_id": "0" * 16}, {"key_id": "0" * 16, "value": "x"}])
def test_a_signature_that_is_none_is_told_apart(signature: object) -> None:
    with pytest.raises(SignatureError, match="not signed" if signature is None else "malformed"):
        signature_of({"signature": signature})


def test_a_signature_has_one_spelling() -> None:
    wire = json.loads(SIGNED)
    value = wire["signature"]["value"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(value[85])
    wire["signature"]["value"] = f"{value[:85]}{alphabet[last ^ 1]}=="
    with pytest.raises(SignatureError, match="one spelling"):
        verify(wire, KEY.public_key())


def test_signing_anew_replaces_the_signature() -> None:
    again = sign(sign(sample_lead(), OTHER), KEY)
    assert encode(again) == SIGNED


def test_openssl_verifies_a_lead_without_lushao(tmp_path: Path) -> None:
    key = generate_key(tmp_path / "box.key")
    write_public_key(tmp_path / "box.pub", key.public_key())
    wire = parse_json(encode(sign(sample_lead(), key)))
    (tmp_path / "lead").write_bytes(canonical_json(wire))
    subprocess.run(
        ["openssl", "base64", "-d", "-A", "-out", tmp_path / "signature"],
        input=signature_of(wire).value.encode(),
        check=True,
    )
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin"]
    files = ["-inkey", "box.pub", "-in", "lead", "-sigfile", "signature"]
    done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout


def test_one_of_several_keys_is_enough_and_without_keys_anything_goes() -> None:
    wire = parse_json(SIGNED)
    verify_any(wire, (OTHER.public_key(), KEY.public_key()))
    with pytest.raises(SignatureError, match="signed by key"):
        verify_any(wire, (OTHER.public_key(),))
    with pytest.raises(SignatureError, match="not signed"):
        verify_any(wire | {"signature": None}, (KEY.public_key(),))
    verify_any(wire | {"signature": None}, ())
