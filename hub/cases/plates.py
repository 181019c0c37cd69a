"""What somebody types to find a plate by."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from hub.intake.entry import normal_plate
from hub.store.tables import entries

_LAST: Final = "\U0010ffff"
"""Comes after every other character in the order of bytes."""
_ESCAPE: Final = "\\"


def fits_plate(typed: str) -> sa.ColumnElement[bool] | None:
    """That a plate fits what was typed; None where nothing was.

    With `?` (one character) or `*` (any number) it is a pattern of the whole plate. Otherwise it is the beginning of
    one if it begins with a province, as 闽H12 does, and any part of it if not: 345 finds the tail of 闽H12345.
    """
    text = normal_plate(typed)
    column = entries.c.plate
    if not text:
        return None
    if "?" in text or "*" in text:
        known = text[: min(text.index(mark) for mark in "?*" if mark in text)]
        pattern = _escaped(text).replace("?", "_").replace("*", "%")
        return sa.and_(_begins(known), column.like(pattern, escape=_ESCAPE))
    if text[0].isascii():
        return column.like(f"%{_escaped(text)}%", escape=_ESCAPE)
    return _begins(text)


def _begins(text: str) -> sa.ColumnElement[bool]:
    """As a span, so that the index finds it."""
    return sa.true() if not text else sa.and_(entries.c.plate >= text, entries.c.plate < text + _LAST)


def _escaped(text: str) -> str:
    for mark in (_ESCAPE, "%", "_"):
        text = text.replace(mark, _ESCAPE + mark)
    return text
