"""Small pictures for lists: one per entry, made once of the best picture that is here, kept below the folder.

They are evidence like all else, so that somebody saw them is written down; but they open nothing: who wants to see more
opens the entry, for a purpose.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Final

import cv2
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.accounts.user import User
from hub.evidence.pictures import PictureError, read_picture
from hub.evidence.vault import checked, in_use, vault_of
from hub.parts import HubParts
from hub.settings import EvidenceSettings
from hub.store.tables import access, files
from leads.quiet import QuietLog

WHAT: Final = "thumbnail"
"""What stands in the log of looks."""
_PURPOSE: Final = "queue"
_AGAIN_MS: Final = 12 * 3_600_000
"""Seen again within a shift, nothing is written down anew."""
_KINDS: Final = ("close_up", "panorama", "shot")
"""Kinds of pictures that stand for an entry, the best first."""
_WIDTH, _HEIGHT = 192, 128
_QUALITY: Final = 72
_LARGE_BYTES: Final = 200_000
_log = QuietLog(logging.getLogger(__name__))


def best_picture(connection: Connection, number: int) -> str | None:
    """SHA-256 of the picture that stands for an entry; None while none is here."""
    found = connection.execute(
        sa.select(files.c.kind, files.c.name, files.c.sha256).where(
            files.c.number == number, files.c.kind.in_(_KINDS), files.c.held_ms.is_not(None)
        )
    ).all()
    ranked = sorted((_KINDS.index(row.kind), row.name, row.sha256) for row in found)
    return ranked[0][2] if ranked else None


def with_pictures(connection: Connection, numbers: list[int]) -> set[int]:
    """Which of these entries have a picture here."""
    rows = connection.execute(
        sa.select(files.c.number)
        .distinct()
        .where(files.c.number.in_(numbers), files.c.kind.in_(_KINDS), files.c.held_ms.is_not(None))
    )
    return set(rows.scalars())


def thumbnail(settings: EvidenceSettings, sha256: str) -> bytes | None:
    """A picture made small, JPEG; None for one that cannot be read. Raises VaultError."""
    place = settings.folder / "thumbs" / checked(sha256)[:2] / f"{sha256}.jpg"
    if in_use(place):
        return place.read_bytes()
    with vault_of(settings).open(sha256) as file:
        data = file.read()
    try:
        # Read at a quarter of its size where it is large: quicker, and enough for this.
        image = read_picture(data, cv2.IMREAD_REDUCED_COLOR_4 if len(data) > _LARGE_BYTES else cv2.IMREAD_COLOR)
    except PictureError:
        return None
    height, width = image.shape[:2]
    scale = min(_WIDTH / width, _HEIGHT / height, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    try:
        _keep(place, jpeg)
    except OSError as error:  # it is seen all the same
        _log.warning("thumbs", "small pictures cannot be kept in %s: %s", place.parent, error)
    return jpeg


def _keep(place: Path, jpeg: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{secrets.token_hex(6)}")
    try:
        draft.write_bytes(jpeg)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def note_seen(parts: HubParts, user: User, number: int) -> None:
    """Write down that somebody saw the thumbnail of an entry, once in a while."""
    now = parts.clock()
    seen = sa.select(access.c.id).where(
        access.c.user_id == user.id, access.c.number == number, access.c.at_ms > now - _AGAIN_MS
    )
    with parts.database.read() as connection:
        if connection.execute(seen.limit(1)).first() is not None:
            return
    with parts.database.write() as connection:
        look = {"at_ms": now, "user_id": user.id, "number": number, "what": WHAT, "purpose": _PURPOSE}
        connection.execute(sa.insert(access).values(until_ms=now, **look))
