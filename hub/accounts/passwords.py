"""Passwords: argon2id hashes, what a password must be, and random ones for the first log-in."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""Argon2id with 19 MiB, two passes and one lane: the OWASP Password Storage Cheat Sheet's second choice."""
SHORTEST: Final = 10
LONGEST: Final = 128
"""Longer ones would only cost time to hash."""
_LEAST_CHARACTERS: Final = 4
"""Different characters a password has at least."""
_COMMON: Final = frozenset(
    """
    0123456789 1234567890 12345678910 123456789a 1234567891 0987654321 9876543210 1122334455 1234554321 1qaz2wsx3edc
    1q2w3e4r5t 1q2w3e4r5t6y 1qazxsw23edc q1w2e3r4t5 qwertyuiop qwerty12345 qwerty123456 asdfghjkl123 zaq12wsxcde3
    password12 password123 password1234 passw0rd123 p@ssw0rd123 p@ssword123 admin12345 admin123456 administrator
    a123456789 abc123456789 abcd123456 abcdefghij abcdefg123 aa123456789 woaini1314 woaini520 woaini5201314
    5201314520 5201314521 1314520520 147258369a 1472583690 iloveyou123 letmein123 welcome123 changeme123
    lushao12345 lushao123456 zhifa123456 jiaotong123
    """.split()  # noqa: SIM905  a list of words reads better so
)
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Characters of one-time passwords: none looks like another."""


def _plain(password: str) -> str:
    """The same password however a keyboard composes its characters."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, name: str) -> str | None:
    """Why a password will not do, as a word (`short`, `long`, `name`, `common`); None for one that will."""
    plain = _plain(password)
    folded = plain.casefold()
    if len(plain) < SHORTEST:
        return "short"
    if len(plain) > LONGEST:
        return "long"
    if folded.strip("0123456789 ._-!@#") == name.casefold() or folded == name.casefold() * 2:
        return "name"
    if folded in _COMMON or len(set(folded)) < _LEAST_CHARACTERS:
        return "common"
    return None


def hashed(password: str) -> str:
    """What is stored of a password."""
    return _HASHER.hash(_plain(password))


def matches(held: str, given: str) -> bool:
    """Whether a password is the one whose hash is held. It takes as long where no hash is held (empty)."""
    try:
        return _HASHER.verify(held or _nobodys(), _plain(given[: LONGEST * 4])) and bool(held)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


def is_outdated(held: str) -> bool:
    """Whether a hash was made with other parameters than today's, and should be made anew at the log-in."""
    return _HASHER.check_needs_rehash(held)


def one_time() -> str:
    """A random password to be changed at the first log-in: 79 bits in four groups of four characters."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
