"""A box's request is believed when its box signed it, as it stands, a moment ago."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from leads import SignatureError, encode
from leads.uploads import TOLERANCE_MS, WantedFile, WantedList, read_request, sign_request, verify_request
from leads.wire import decode

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
WHO = ("site-1", "box-1")
NOW = 1_795_406_400_000
TARGET = "/boxes/v1/wanted?leads=A"


def test_what_a_box_signed_is_believed_with_any_of_its_keys() -> None:
    request = read_request(sign_request("get", TARGET, b"x", WHO, NOW, KEY))
    assert (request.site_id, request.box_id, request.at_ms) == (*WHO, NOW)
    verify_request("GET", TARGET, request, (OTHER.public_key(), KEY.public_key()), NOW)


@pytest.mark.parametrize(
    ("method", "target"),
    [("PUT", TARGET), ("GET", "/boxes/v1/wanted"), ("GET", TARGET + "B"), ("GET", TARGET + "\n")],
)
def test_a_signature_holds_for_one_method_and_path(method: str, target: str) -> None:
    request = read_request(sign_request("GET", TARGET, b"", WHO, NOW, KEY))
    with pytest.raises(SignatureError, match="changed"):
        verify_request(method, target, request, (KEY.public_key(),), NOW)


def test_a_signature_of_another_key_or_of_an_unknown_box_is_none() -> None:
    request = read_request(sign_request("GET", TARGET, b"", WHO, NOW, OTHER))
    with pytest.raises(SignatureError, match="not by"):
        verify_request("GET", TARGET, request, (KEY.public_key(),), NOW)
    with pytest.raises(SignatureError, match="add-box"):
        verify_request("GET", TARGET, request, (), NOW)


@pytest.mark.parametrize("off", [-TOLERANCE_MS, 0, TOLERANCE_MS])
def test_a_clock_may_be_five_minutes_off(off: int) -> None:
    request = read_request(sign_request("GET", TARGET, b"", WHO, NOW + off, KEY))
    verify_request("GET", TARGET, request, (KEY.public_key(),), NOW)
    with pytest.raises(SignatureError, match="set the clock"):
        verify_request("GET", TARGET, request, (KEY.public_key(),), NOW + (1 if off < 0 else -1) * (TOLERANCE_MS + 1))


@given(st.text(max_size=300))
def test_what_is_no_proof_is_refused_and_nothing_else_happens(header: str) -> None:
    with pytest.raises(SignatureError):
        read_request(header)


@given(st.data())
def test_a_proof_changed_anywhere_is_refused(data: st.DataObject) -> None:
    header = sign_request("GET", TARGET, b"", WHO, NOW, KEY)
    at = data.draw(st.integers(0, len(header) - 1))
    changed = header[:at] + data.draw(st.characters(max_codepoint=255)) + header[at + 1 :]
    if changed == header:
        return
    with pytest.raises(SignatureError):
        verify_request("GET", TARGET, read_request(changed), (KEY.public_key(),), NOW)


def test_a_list_of_wishes_comes_back_as_it_went() -> None:
    lead_id, digest = "01M83KTZA0TSDJW4QAW639V63P", "a" * 64
    files = (
        WantedFile(lead_id=lead_id, folder="20261123/x", name="clip.mp4", sha256=digest, bytes=5, urgent=True),
        WantedFile(lead_id=lead_id, folder="20261123/x", name="manifest.json", sha256=digest, bytes=None),
        WantedFile(lead_id=lead_id, folder="20261123/x", name="manifest.sig", sha256=None, bytes=None),
    )
    wishes = WantedList(files=files, held=(lead_id,), frames_every_s=2, ask_again_s=5)
    assert decode(WantedList, encode(wishes)) == wishes
