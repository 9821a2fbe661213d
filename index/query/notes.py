"""What a readable query does that its author may not expect, said beside the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from luqum import tree as luqum

from index.fields import ALIASES
from index.query.resolve import SPECS
from index.query.syntax import Query

# code: (English, German)
MESSAGES: dict[str, tuple[str, str]] = {
    "small_operator": (
        "'{word}' is looked for as a word; as an operator it is written {capitals}.",
        "„{word}“ wird als Wort gesucht; als Operator schreibt man es groß: {capitals}.",
    ),
    "compared": (
        "'{word}' is looked for as words; a field is asked with a colon: {field}.",
        "„{word}“ wird als Wörter gesucht; nach einem Feld fragt man mit Doppelpunkt: {field}.",
    ),
    "near": (
        "'{word}' is looked for as a word; words near each other are written \"a b\"~5.",
        '„{word}“ wird als Wort gesucht; nahe Wörter schreibt man als "a b"~5.',
    ),
    "boost": (
        "'^' changes nothing: every match counts alike.",
        "„^“ ändert nichts: Alle Treffer zählen gleich.",
    ),
}
_SMALL = frozenset({"and", "or", "not", "und", "oder", "nicht"})
_COMPARED = re.compile(r"([\w.]+)(==?|[<>]=?)(.+)", re.DOTALL)
_NEAR = re.compile(r"(NEAR|WITHIN)(/\d+)?|[NW]/\d+")
_SHOWN = 40


@dataclass(frozen=True)
class Note:
    """One remark: `code` names its kind (a key of `MESSAGES`), `position` is the 0-based character that it is about."""

    code: str
    position: int
    word: str = ""
    instead: str = ""

    def message(self, lang: str = "de") -> str:
        """The sentence in German ("de") or English (any other)."""
        words = {"word": self.word[:_SHOWN], "capitals": self.instead, "field": self.instead[:_SHOWN]}
        return MESSAGES[self.code][int(lang == "de")].format(**words)


def notes(query: Query) -> list[Note]:
    """Remarks on a query in the order of its text, one per kind and word."""
    if query.tree is None:
        return []
    found = {(note.code, note.word): note for note in reversed(list(_walk(query.tree, in_field=False)))}
    return sorted(found.values(), key=lambda note: note.position)


def _walk(item: luqum.Item, *, in_field: bool) -> Iterator[Note]:
    if isinstance(item, luqum.Boost):
        yield Note("boost", item.pos or 0)
    if isinstance(item, luqum.Word) and not in_field:
        note = _of_word(item.value, item.pos or 0)
        if note is not None:
            yield note
    for child in item.children:
        yield from _walk(child, in_field=in_field or isinstance(item, luqum.SearchField))


def _of_word(word: str, position: int) -> Note | None:
    if word.casefold() in _SMALL and not word.isupper():
        return Note("small_operator", position, word, word.upper())
    if _NEAR.fullmatch(word):
        return Note("near", position, word)
    match = _COMPARED.fullmatch(word)
    if match is not None and (match[1].casefold() in SPECS or match[1].casefold() in ALIASES):
        sign = "" if match[2].startswith("=") else match[2]
        return Note("compared", position, word, f"{match[1]}:{sign}{match[3]}")
    return None
