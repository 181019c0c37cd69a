"""From message to bytes and back; how an older reader takes a newer message.

The rule of versions: a newer minor version only adds optional members. A reader that meets a newer minor
version leaves out the members it does not know; in a message of its own version or an older one an unknown
member is a fault. Another major version is refused. The signature is checked over the members as they came,
known or not, and the hub keeps the bytes as they came, so nothing of a newer message is lost.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final, NoReturn, TypeVar

from pydantic import ValidationError

from leads.base import SCHEMA_VERSION, Message

WireDict = dict[str, Any]
"""A message as parsed from JSON, before any model has seen it."""
M = TypeVar("M", bound=Message)
_MAX_DEPTH: Final = 32


class WireError(ValueError):
    """A message that cannot be taken."""


class MalformedJsonError(WireError):
    """The bytes are not one JSON object in UTF-8."""


class UnsupportedVersionError(WireError):
    """The message has another major version."""


class SchemaViolationError(WireError):
    """The JSON is not the message it should be."""


def encode(message: Message) -> bytes:
    """Write a message as compact UTF-8 JSON."""
    return message.model_dump_json().encode()


def decode(kind: type[M], payload: bytes) -> M:
    """Read a message of the given kind. Raises WireError (one of its three kinds) with what is wrong."""
    return read(kind, parse_json(payload))


def parse_json(payload: bytes) -> WireDict:
    """Parse bytes as one JSON object, strictly: UTF-8, no member twice, no NaN, no deep nesting.

    Raises MalformedJsonError.
    """
    try:
        text = payload.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_no_member_twice, parse_constant=_no_constant)
    except RecursionError as error:
        raise MalformedJsonError(f"nested more than {_MAX_DEPTH} levels deep") from error
    except ValueError as error:
        raise MalformedJsonError(f"not JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise MalformedJsonError(f"a message is a JSON object, not {type(value).__name__}")
    _check_tree(value, 0)
    return value


def read(kind: type[M], wire: WireDict) -> M:
    """Make the message out of parsed JSON. Raises UnsupportedVersionError or SchemaViolationError."""
    newer = _is_newer(wire.get("schema_version"))
    try:
        return kind.model_validate_json(
            json.dumps(wire, ensure_ascii=False), strict=True, extra="ignore" if newer else "forbid"
        )
    except ValidationError as error:
        raise SchemaViolationError(_explain(kind, error)) from error


def _is_newer(version: object) -> bool:
    major, minor = _numbers(version)
    own_major, own_minor = _numbers(SCHEMA_VERSION)
    if major != own_major:
        raise UnsupportedVersionError(f"schema version {version!r}; this reader knows {own_major}.x: upgrade the older")
    return minor > own_minor


def _numbers(version: object) -> tuple[int, int]:
    major, dot, minor = version.partition(".") if isinstance(version, str) else ("", "", "")
    if not (dot and major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()):
        raise SchemaViolationError(f"schema_version is {version!r}; expected text such as {SCHEMA_VERSION!r}")
    return int(major[:9]), int(minor[:9])


def _explain(kind: type[Message], error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    told = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'message'}: {fault['msg']}" for fault in faults[:5])
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    return f"not a {kind.__name__}: {told}{more}"


def _no_member_twice(pairs: list[tuple[str, Any]]) -> WireDict:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("a member stands twice in one object: readers would disagree which one counts")
    return members


def _no_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"{name} is no JSON number")


def _check_tree(value: WireDict | list[Any], depth: int) -> None:
    """Look through what a message holds. Called for objects and lists alone: most of a message is neither."""
    if depth > _MAX_DEPTH:
        raise MalformedJsonError(f"nested more than {_MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        for name in value:
            if not name.isascii():
                _check_text(name)
        members: Iterable[Any] = value.values()
    else:
        members = value
    for member in members:
        if isinstance(member, str):
            if not member.isascii():
                _check_text(member)
        elif isinstance(member, dict | list):
            _check_tree(member, depth + 1)
        elif isinstance(member, float) and math.isinf(member):
            raise MalformedJsonError("a number is too large")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedJsonError("a text holds half a surrogate pair, which is no Unicode") from error
