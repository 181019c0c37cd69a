"""ULIDs: ids that sort by time, made so that the same act always gets the same one."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BITS: Final = 48
_RANDOM_BITS: Final = 80


def deterministic_ulid(occurred_at: datetime, *key_parts: str) -> str:
    """Make the ULID of what happened at `occurred_at` (aware) and is told apart by `key_parts`.

    The time part is `occurred_at` in ms; the random part is the first 80 bits of the SHA-256 of the key
    parts as a JSON array (so that ("a", "bc") and ("ab", "c") differ). The same act found twice after a
    crash thus has the same id. Format: https://github.com/ulid/spec

    Raises ValueError without key parts, for a naive time, or for one outside 1970..10889.
    """
    if not key_parts:
        raise ValueError("an id needs at least one key part to be told apart from others of its time")
    digest = hashlib.sha256(json.dumps(key_parts, ensure_ascii=True).encode()).digest()
    return _encode(_milliseconds(occurred_at), int.from_bytes(digest[: _RANDOM_BITS // 8], "big"))


def ulid_time(ulid: str) -> datetime:
    """Tell the time, in UTC to the millisecond, that a ULID carries. Raises ValueError for a malformed one."""
    if len(ulid) != 26 or ulid[0] not in ALPHABET[:8] or any(char not in ALPHABET for char in ulid):
        raise ValueError(f"{ulid!r} is no ULID: it has 26 characters of {ALPHABET} and starts with 0 to 7")
    milliseconds = 0
    for char in ulid[:10]:
        milliseconds = milliseconds * 32 + ALPHABET.index(char)
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a time without an offset is ambiguous: give an aware datetime, e.g. in UTC")
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= milliseconds < 2**_TIME_BITS:
        raise ValueError(f"{moment.isoformat()} is outside the times a ULID can carry (1970 to 10889)")
    return milliseconds


def _encode(milliseconds: int, random: int) -> str:
    number = milliseconds << _RANDOM_BITS | random
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
