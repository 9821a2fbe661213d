"""Everything that the pages say, in German and English; both dictionaries have the same keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboard.state import Language
from dashboard.texts_de import GERMAN
from dashboard.texts_en import ENGLISH

TEXTS: Final[dict[Language, dict[str, str]]] = {"de": GERMAN, "en": ENGLISH}


@dataclass(frozen=True)
class Words:
    """The texts in one language: `words("key", name=value)`."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key` with its placeholders filled. Raises `KeyError` for a key that doesn't exist."""
        return TEXTS[self.language][key].format(**values)
