"""The way of evidence from a box to the hub, over HTTP: what the hub wants, and requests that the box signs.

The box asks (`GET /boxes/v1/wanted`), the hub answers with a `WantedList`, most wanted first. Of each file the box asks
how much of it is there (`HEAD /boxes/v1/files/{lead_id}/{name}`, header `Upload-Offset`), sends the rest (`PATCH` with
`Upload-Offset` and the bytes, as often as it takes), and the hub compares the SHA-256 that the lead names. Where it
holds more or less than the box thinks it answers 409 with its own `Upload-Offset`; a whole file that is wrong it drops
(422).
What the box has deleted to make room it says by `PUT /boxes/v1/files/{lead_id}/{name}/gone`, without content. The last
picture of a camera goes to `PUT /boxes/v1/frames/{camera_id}`.

Besides the files that a lead names, the hub wants its `manifest.json` and `manifest.sig`: the lead names the SHA-256 of
the manifest but not its size, and the signature is checked against the box's key. They are small and go whole, in one
`PATCH`. `lead.json` is not sent: it is the lead itself.

Each request bears `Authorization: Lushao SITE/BOX MILLISECONDS CONTENT_SHA256 KEY_ID SIGNATURE`: Ed25519, in base 64,
over the lines that `signed_text` gives. Sent again, each request does no harm.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field

from leads.base import Count, FileName, FolderName, Ident, Part, Sha256Hex, Signature, SignedMessage, UlidText
from leads.signing import SignatureError, sign_bytes, verify_bytes
from leads.topics import check_id, check_site

OFFSET_HEADER: Final = "Upload-Offset"
"""Bytes of the file that the hub holds; of a PATCH, where its content begins."""
SCHEME: Final = "Lushao"
"""Scheme of the Authorization header."""
TOLERANCE_MS: Final = 300_000
"""A request is believed for five minutes before and after the time it names."""
CHUNK_BYTES: Final = 1 << 20
"""Most bytes of one PATCH."""
FRAME_BYTES: Final = 256 << 10
"""Most bytes of a camera's last picture."""
_TIME: Final = re.compile(r"[0-9]{1,15}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class WantedFile(Part):
    """One evidence file that the hub lacks."""

    lead_id: UlidText
    """Lead it belongs to."""
    folder: FolderName
    """Evidence folder on the box."""
    name: FileName
    """Its name there."""
    sha256: Sha256Hex | None
    """SHA-256 that the lead names; null for `manifest.sig`."""
    bytes: Count | None
    """Size that the lead names; null where it names none: the file goes whole, in one PATCH."""
    urgent: bool = False
    """Whether somebody waits for it."""


class WantedList(SignedMessage):
    """What the hub wants of a box, most wanted first: `GET /boxes/v1/wanted`. Signed where the hub has a key."""

    files: tuple[WantedFile, ...] = ()
    """Files."""
    held: tuple[UlidText, ...] = ()
    """Leads whose evidence the hub holds in full, of those the box named in `?leads=`."""
    frames_every_s: Annotated[float, Field(ge=1)] = 60.0
    """How often a picture of each camera is wanted: often while somebody watches the wall."""
    ask_again_s: Annotated[float, Field(ge=0.5)] = 10.0
    """When to ask again, where nothing is left to send."""


@dataclass(frozen=True, slots=True)
class BoxRequest:
    """What a box's Authorization header says."""

    site_id: Ident
    box_id: Ident
    at_ms: int
    content_sha256: str
    signature: Signature


def signed_text(method: str, target: str, who: tuple[str, str], at_ms: int, content_sha256: str) -> bytes:
    """The lines that are signed: method, path with query, site/box, time, SHA-256 of the content."""
    return "\n".join((method.upper(), target, "/".join(who), str(at_ms), content_sha256)).encode()


def sign_request(
    method: str, target: str, content: bytes, who: tuple[str, str], at_ms: int, key: Ed25519PrivateKey
) -> str:
    """The Authorization header of a request; `who` is (site, box), `target` the path with its query."""
    digest = hashlib.sha256(content).hexdigest()
    signature = sign_bytes(signed_text(method, target, who, at_ms, digest), key)
    return f"{SCHEME} {who[0]}/{who[1]} {at_ms} {digest} {signature.key_id} {signature.value}"


def read_request(header: str) -> BoxRequest:
    """Take an Authorization header apart. Raises SignatureError for one that is none of ours."""
    parts = header.split(" ")
    if len(parts) != 6 or parts[0] != SCHEME:
        raise SignatureError(f"the Authorization header is not of the form {SCHEME} SITE/BOX TIME SHA256 KEY SIGNATURE")
    site, _, box = parts[1].partition("/")
    if not _TIME.fullmatch(parts[2]) or not _SHA256.fullmatch(parts[3]):
        raise SignatureError("the Authorization header is malformed: its time or its SHA-256 is none")
    try:
        signature = Signature(key_id=parts[4], value=parts[5])
        return BoxRequest(check_site(site), check_id(box), int(parts[2]), parts[3], signature)
    except ValueError as error:
        raise SignatureError(f"the Authorization header is malformed: {error}") from error


def verify_request(
    method: str, target: str, request: BoxRequest, keys: Sequence[Ed25519PublicKey], now_ms: int
) -> None:
    """Check who sent a request and when; its content is compared with `content_sha256` by who reads it.

    Raises SignatureError for a box without keys, a wrong signature, or a time more than `TOLERANCE_MS` off.
    """
    if abs(now_ms - request.at_ms) > TOLERANCE_MS:
        off_s = (request.at_ms - now_ms) / 1000
        raise SignatureError(f"the request's time is off by {off_s:.0f} s: set the clock of the box")
    text = signed_text(method, target, (request.site_id, request.box_id), request.at_ms, request.content_sha256)
    faults: list[SignatureError] = []
    for key in keys:
        try:
            verify_bytes(text, request.signature, key)
        except SignatureError as error:
            faults.append(error)
        else:
            return
    raise faults[0] if faults else SignatureError("the hub knows no key of this box: add it with lushao hub add-box")
