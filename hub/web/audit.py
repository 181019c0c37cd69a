"""The pages of the log of steps and of the log of looks at evidence."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from hub.accounts.logbook import Wanted, head_of, looks_page, steps_page
from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.cases.desk import LOGGED_AS
from hub.web.deps import Parts, language_of, need, page
from hub.web.words import Translator, all_words

router = APIRouter()
Auditor = Annotated[User, Depends(need(Permission.AUDIT))]
_WORDS: Final = (("action.", LOGGED_AS), ("audit.did_", ""))
"""Beginnings of the keys of words for steps, and what stands in their place in the log."""
_LARGEST: Final = 2**63 - 1


def _number(text: str) -> int | None:
    """A number that somebody typed; -1, which nothing has, for what is none."""
    digits = text.strip().removeprefix("#")
    if not digits:
        return None
    return int(digits) if _is_number(digits) else -1


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def what_was_looked_for(
    user: Annotated[str, Query(max_length=100)] = "",
    number: Annotated[str, Query(max_length=30)] = "",
    action: Annotated[str, Query(max_length=128)] = "",
    day: Annotated[str, Query(max_length=10)] = "",
) -> Wanted:
    """The filter of both pages; a form sends empty fields too."""
    return Wanted(user.strip(), _number(number), action.strip(), _day(day))


Filter = Annotated[Wanted, Depends(what_was_looked_for)]


@router.get("/audit")
def steps(request: Request, parts: Parts, user: Auditor, wanted: Filter, before: str = "") -> Response:
    """The log of steps, and its present end."""
    with parts.database.read() as connection:
        end = head_of(connection)
        rows, more = steps_page(connection, wanted, parts.settings.web.timezone, _number(before))
    t = Translator(language_of(request, user))
    return page(
        request,
        "audit.html",
        user,
        rows=rows,
        end=end,
        wanted=wanted,
        more=_link("/audit", wanted, str(more)) if more is not None else "",
        words=action_words(t),
    )


@router.get("/audit/looks")
def looks(request: Request, parts: Parts, user: Auditor, wanted: Filter, before: str = "") -> Response:
    """The log of looks at evidence."""
    at_ms, _, row_id = before.partition(".")
    where = (int(at_ms), int(row_id)) if _is_number(at_ms) and _is_number(row_id) else None
    with parts.database.read() as connection:
        rows, more = looks_page(connection, wanted, parts.settings.web.timezone, where)
    return page(
        request,
        "audit_looks.html",
        user,
        rows=rows,
        wanted=wanted,
        more=_link("/audit/looks", wanted, f"{more[0]}.{more[1]}") if more is not None else "",
    )


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 20 and int(text) <= _LARGEST


def action_words(t: Translator) -> dict[str, str]:
    """Steps that have words, as they stand in the log, to choose from; others can be typed."""
    return {
        logged + key.removeprefix(prefix): t(key)
        for prefix, logged in _WORDS
        for key in sorted(all_words())
        if key.startswith(prefix)
    }


def _link(path: str, wanted: Wanted, before: str) -> str:
    asked = {
        "user": wanted.user,
        "number": "" if wanted.number is None else wanted.number,
        "action": wanted.action,
        "day": "" if wanted.day is None else wanted.day.isoformat(),
        "before": before,
    }
    return f"{path}?{urlencode({name: value for name, value in asked.items() if value != ''})}"
