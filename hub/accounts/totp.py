"""One-time codes from a person's telephone (TOTP, RFC 6238): six digits, a new one every 30 seconds."""

from __future__ import annotations

import hmac
from typing import Final

import pyotp
import segno
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import users

STEP_MS: Final = 30_000
_AROUND: Final = (0, -1, 1)
"""A telephone's clock may be one step off."""


def new_secret() -> str:
    """A random secret, in base 32: 160 bits."""
    return pyotp.random_base32()


def picture(secret: str, name: str, hub_id: str) -> str:
    """The secret as a QR code for the telephone: a `data:` address of an SVG."""
    uri = pyotp.TOTP(secret, name=name, issuer=f"Lushao {hub_id}").provisioning_uri()
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4)


def code_at(secret: str, at_ms: int) -> str:
    """The code of a moment."""
    return pyotp.HOTP(secret).at(at_ms // STEP_MS)


def take_code(connection: Connection, user_id: int, secret: str, code: str, now_ms: int) -> bool:
    """Whether a code is right, now or one step off; it is used up, and so are all earlier ones."""
    digits = "".join(code.split())
    for off in _AROUND:
        step = now_ms // STEP_MS + off
        if hmac.compare_digest(code_at(secret, step * STEP_MS).encode(), digits.encode()):
            taken = connection.execute(
                sa.update(users).where(users.c.id == user_id, users.c.totp_step < step).values(totp_step=step)
            )
            return taken.rowcount == 1
    return False
