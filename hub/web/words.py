"""The texts of the console in Chinese and English: YAML files in `words/`, one per part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

LANGUAGES: Final = ("zh", "en")
_FOLDER: Final = Path(__file__).parent / "words"


@cache
def all_words() -> Mapping[str, Mapping[str, str]]:
    """Every text by its key, then by language. A file `queue.yaml` holds the keys that begin with `queue.`.

    Raises ValueError for a text that lacks a language.
    """
    words: dict[str, Mapping[str, str]] = {}
    for file in sorted(_FOLDER.glob("*.yaml")):
        for key, texts in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            if set(texts) != set(LANGUAGES):
                raise ValueError(f"{file}: {key} needs a text in each of {', '.join(LANGUAGES)}")
            words[f"{file.stem}.{key}"] = {language: str(text) for language, text in texts.items()}
    return words


class Translator:
    """Texts of one language: `t("queue.title")`, `t("cases.due_in", hours=3)`."""

    def __init__(self, language: str) -> None:
        """`language` is one of `LANGUAGES`."""
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key, with `{name}` filled in. Raises KeyError for a key that has none."""
        text = all_words()[key][self.language]
        return text.format(**values) if values else text

    def word(self, part: str, value: str) -> str:
        """The text for a machine word, e.g. `word("state", "clue")`; the word itself where there is none."""
        texts = all_words().get(f"{part}.{value}")
        return value if texts is None else texts[self.language]

    def starting(self, *prefixes: str) -> dict[str, str]:
        """All texts whose keys begin so, for scripts in the browser."""
        return {key: texts[self.language] for key, texts in all_words().items() if key.startswith(prefixes)}
