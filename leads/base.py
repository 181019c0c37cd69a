"""What all messages share: frozen models, the time format, the kinds of id, the schema version."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

SCHEMA_VERSION: Final = "1.1"
"""Version of the messages written here. The major number is the `v1` of the topics.

1.1 adds lead updates, sightings and a watch entry's `prior_count`.
"""

UNKNOWN: Final = "unknown"
"""The word for a fact that was not seen. Nothing is invented."""

_TIME_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
_TIME: Final = re.compile(_TIME_PATTERN.replace("$", r"\Z"))


def parse_time(text: str) -> datetime:
    """Read a wire time, `2026-11-23T08:15:42.300Z`, as an aware UTC datetime.

    Raises ValueError for any other form: another offset or precision would make one instant two texts.
    """
    if not _TIME.match(text):
        raise ValueError(f"{text!r} is no UTC time with milliseconds such as 2026-11-23T08:15:42.300Z")
    return datetime.fromisoformat(text)


def format_time(moment: datetime) -> str:
    """Write an aware datetime as a wire time; what is finer than a millisecond is cut off."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def _read_time(value: object) -> object:
    return parse_time(value) if isinstance(value, str) else value


def utc_ms(moment: datetime) -> datetime:
    """That instant in UTC, cut to the millisecond. Raises ValueError for one without offset or beyond all bounds."""
    if moment.tzinfo is None:
        raise ValueError("a time without an offset is ambiguous: give an aware datetime, e.g. in UTC")
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time at the very end of the calendar stands for none: leave it out") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


UtcMs = Annotated[
    datetime,
    BeforeValidator(_read_time),
    AfterValidator(utc_ms),
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _TIME_PATTERN}),
]
"""An instant in UTC, cut to the millisecond so that a message read back equals the one written."""

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
FILE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
FOLDER_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,7}$"

Ident = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""Id of a site, box, camera, hub or unit: letters, digits, `.`, `_`, `-`; safe in a topic and a file name."""
UlidText = Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
"""A ULID: 26 characters of Crockford's base 32."""
Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hexadecimal."""
FileName = Annotated[str, StringConstraints(pattern=FILE_PATTERN)]
"""Name of one file, never a path, so that no reader can be led out of its folder."""
FolderName = Annotated[str, StringConstraints(pattern=FOLDER_PATTERN)]
"""A relative folder with `/` between its parts, which cannot climb out (`..`) or start at the root."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A short text for people or a machine word."""
Prose = Annotated[str, StringConstraints(max_length=2000)]
"""A longer text for people."""
Score = Annotated[float, Field(ge=0.0, le=1.0)]
"""A confidence between 0 and 1."""
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A count that any JSON reader holds exactly."""
SchemaVersion = Annotated[str, StringConstraints(pattern=r"^1\.(0|[1-9][0-9]{0,4})$")]
"""`1.N`: a higher N only adds optional members."""

Colour = Literal["red", "orange", "yellow", "blue"]
"""The four colours of risk, gravest first."""
COLOURS: Final[tuple[Colour, ...]] = get_args(Colour)


class Part(BaseModel):
    """A part of a message: frozen, and nothing may be in it that the schema does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Message(Part):
    """A whole message, as it crosses the wire."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    """Version of the message's schema."""


class Signature(Part):
    """An Ed25519 signature over the canonical JSON of the message without its `signature`."""

    key_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    """Fingerprint of the public key: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    value: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]
    """The 64 bytes of the signature in base 64."""


class SignedMessage(Message):
    """A message that its sender can sign."""

    signature: Signature | None = None
    """Signature of the sender, over all other members; null while unsigned."""
