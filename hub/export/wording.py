"""What boxes and tables say, in the words and the local time of who reads: by the texts of words/fact.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from hub.cases.settings import CaseSettings
from hub.web.words import Translator, all_words
from leads import UNKNOWN, Fact

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIDES: Final = ("_doubt", "_low", "_high")
"""Facts that tell more of another: why it is doubtful, and the ends of its interval."""
Kind = Literal["doubt", "what", "said"]


@cache
def _patterns(kind: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """Texts with changing parts, `*`, and their keys."""
    prefix = f"fact.{kind}."
    keys = [key for key in all_words() if key.startswith(prefix) and "*" in key]
    return [
        (re.compile(re.escape(key.removeprefix(prefix)).replace(r"\*", "(.*?)"), re.DOTALL), key.removeprefix("fact."))
        for key in keys
    ]


@dataclass(frozen=True)
class Told:
    """One fact as it stands in a case file."""

    name: str
    value: str
    sure: str
    shots: int
    proof: str
    """File that shows it; empty where none does."""
    doubt: str


@dataclass(frozen=True)
class Wording:
    """Texts of one language and one local time."""

    t: Translator
    zone: ZoneInfo
    cases: CaseSettings

    def time(self, at: int | datetime | None, *, tenths: bool = False) -> str:
        """A moment in local time, of milliseconds or a datetime; `-` for none."""
        if at is None:
            return "-"
        moment = (_EPOCH + timedelta(milliseconds=at) if isinstance(at, int) else at).astimezone(self.zone)
        tail = f".{moment.microsecond // 100_000}" if tenths else ""
        return f"{moment:%Y-%m-%d %H:%M:%S}{tail}"

    def own(self, kind: str, value: str) -> str:
        """The text of words/export.yaml for a machine word of a kind; the word itself where there is none."""
        key = f"{kind}_{value}"
        text = self.t.word("export", key)
        return value if text == key else text

    def said(self, kind: Kind, text: str) -> str:
        """A box's text in our language; as it came where there are no words for it."""
        for tried in (kind, "doubt"):
            key = f"{tried}.{text}"
            exact = self.t.word("fact", key)
            if exact != key:
                return exact
            for pattern, words in _patterns(tried):
                found = pattern.fullmatch(text)
                if found is not None:
                    told = self.t.word("fact", words)
                    for changing in found.groups():
                        told = told.replace("*", self.values(changing), 1)
                    return told
        return self.values(text)

    def values(self, text: str) -> str:
        """Words between commas, each in our language."""
        comma = self.t("export.comma_list")
        return comma.join(self._known("value", part) for part in text.split(", ")) if text else ""

    def value(self, value: object, unit: str | None = None) -> str:
        """The value of a fact with its unit."""
        if isinstance(value, bool):
            return self.t("common.yes" if value else "common.no")
        if isinstance(value, int | float):
            return f"{value:,.10g} {self._known('unit', unit) if unit else ''}".strip()
        return self.t("common.unknown") if value == UNKNOWN else self.values(str(value))

    def facts(self, facts: Iterable[Fact]) -> list[Told]:
        """Facts, each with its interval and its doubt laid to it."""
        by_name = {fact.name: fact for fact in facts}
        return [self._told(fact, by_name) for fact in by_name.values() if not _is_side(fact.name, by_name)]

    def reason(self, code: str) -> str:
        """A reason code in words."""
        found = next((reason for reason in self.cases.reasons if reason.code == code), None)
        if found is None:
            return code
        return found.words.zh if self.t.language == "zh" else found.words.en

    def correction(self, correction: Mapping[str, Any]) -> str:
        """What was put right."""
        told = []
        for name, value in correction.items():
            if name == "box":
                told.append(self.t("export.box_put_right", at=f"{value[0]:.1f}"))
            else:
                told.append(f"{self._known('name', name)} → {self.value(value) or self.t('common.unknown')}")
        return self.t("export.semicolon").join(told)

    def action(self, action: str) -> str:
        """What the log calls a step."""
        kind, _, step = action.partition(".")
        return self.t.word("action", step) if kind == "case" and step else self.own("log", action)

    def size(self, size_bytes: int | None) -> str:
        """A number of bytes; `-` for none."""
        return "-" if size_bytes is None else f"{size_bytes:,}"

    def _known(self, kind: str, value: str) -> str:
        key = f"{kind}.{value}"
        text = self.t.word("fact", key)
        return value if text == key else text

    def _told(self, fact: Fact, by_name: Mapping[str, Fact]) -> Told:
        low, high, doubt = (by_name.get(f"{fact.name}{side}") for side in ("_low", "_high", "_doubt"))
        value = self.value(fact.value, fact.unit)
        if low is not None and high is not None and low.known and high.known:
            value += self.t("export.in_brackets", text=f"{low.value}–{high.value}")
        return Told(
            name=self._known("name", fact.name),
            value=value,
            sure="" if fact.confidence is None or not fact.known else f"{fact.confidence:.0%}",
            shots=fact.shots,
            proof=fact.proof or "",
            doubt=self.said("doubt", str(doubt.value)) if doubt is not None else "",
        )


def _is_side(name: str, by_name: Mapping[str, Fact]) -> bool:
    return any(name.endswith(side) and name.removesuffix(side) in by_name for side in _SIDES)
