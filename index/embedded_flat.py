"""A mention as the search index takes it: one flat JSON object, a member per column of `index.embedded_schema`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import chain
from sys import intern
from typing import Any, NamedTuple

from pydantic_core import to_json

from index.analysis import FORMS, chunks, lower, mend, normalise, stem, words
from index.document import DERIVED_NAMES, FIRST_YEAR, LAST_YEAR
from index.embedded_schema import (
    ID_PREFIX,
    NEWEST,
    OLDEST,
    ROW,
    SEQ,
    UNDATED_NEWEST,
    UNDATED_OLDEST,
    id_prefix,
    searchable,
)
from index.fields import MAX_KEYWORD, FieldSpec, column, is_searchable_keyword
from index.query.tantivy_target import BLANK, PRESENT
from index.times import milliseconds

_CACHED_CHUNKS = 1 << 15
# Longer ones hardly return.
_CACHED_LENGTH = 64
_SHORT_KEYWORD = MAX_KEYWORD // 2


def indexed(document: Mapping[str, Any], *, row: int, seq: int) -> str:
    """The document as tantivy's JSON: flat, only what the index can hold."""
    return numbered(flattened(document, document), row=row, seq=seq)


def numbered(flat: bytes, *, row: int, seq: int) -> str:
    """What `flattened` made, with the columns that only the record can fill."""
    return f'{{"{ROW}":{row},"{SEQ}":{seq},{flat[1:].decode()}'


def flattened(document: Mapping[str, Any], derived: Mapping[str, Any]) -> bytes:
    """All columns of a document but `ROW` and `SEQ`, as JSON.

    The document as the record holds it, or a mention's attributes (`vars`), each with the derived values of
    `index.fields.DERIVED`: both give the same.
    """
    published = document.get("published_at")
    if isinstance(published, str):
        published = datetime.fromisoformat(published)
    time = None if published is None else milliseconds(published)
    flat: dict[str, Any] = {
        NEWEST: UNDATED_NEWEST if time is None else time,
        OLDEST: UNDATED_OLDEST if time is None else time,
        ID_PREFIX: id_prefix(document["id"]),
        PRESENT: [],
    }
    own, computed = _levels()
    _flatten(flat, document, own)
    _flatten(flat, derived, computed)
    return to_json(flat)


# Puts a value, which is not None, under its column names.
Convert = Callable[[dict[str, Any], str, Any], None]


class _Level(NamedTuple):
    """The searchable fields of one object within a document: key and dotted name of each, and what is below a key."""

    keywords: list[tuple[str, str]]
    others: list[tuple[str, str, Convert]]
    below: list[tuple[str, _Level]]


def _flatten(flat: dict[str, Any], part: Mapping[str, Any], level: _Level) -> None:
    get = part.get
    for key, name in level.keywords:
        value = get(key)
        # Most are one short value.
        if type(value) is str and 0 < len(value) <= _SHORT_KEYWORD:
            flat[name] = value
        elif value is not None:
            _keyword(flat, name, value)
    for key, name, convert in level.others:
        if (value := get(key)) is not None:
            convert(flat, name, value)
    for key, below in level.below:
        if (value := get(key)) is not None:
            _flatten(flat, value if type(value) is dict else vars(value), below)


@cache
def _levels() -> tuple[_Level, _Level]:
    """What is read of a document, and what of its derived values."""
    own = [spec for spec in searchable() if spec.name not in DERIVED_NAMES]
    computed = [spec for spec in searchable() if spec.name in DERIVED_NAMES]
    return _level(own), _level(computed)


def _level(specs: Sequence[FieldSpec], above: str = "") -> _Level:
    """The fields whose names begin with `above`."""
    kinds: dict[str, Convert] = {"text": _text, "date": _date, "float": dict.__setitem__, "bool": dict.__setitem__}
    level = _Level([], [], [])
    deeper: dict[str, list[FieldSpec]] = {}
    for spec in specs:
        key, dot, _ = spec.name.removeprefix(above).partition(".")
        if dot:
            deeper.setdefault(key, []).append(spec)
        elif spec.kind == "keyword":
            level.keywords.append((key, spec.name))
        else:
            level.others.append((key, spec.name, kinds[spec.kind]))
    level.below.extend((key, _level(found, f"{above}{key}.")) for key, found in deeper.items())
    return level


@cache
def _text_columns(name: str) -> tuple[str, ...]:
    """The columns of a text field, in the order of `FORMS`."""
    return tuple(column(name, form) for form in FORMS)


def _text(flat: dict[str, Any], name: str, value: str) -> None:
    if value:
        flat[PRESENT].append(name)
    # Of each piece its words in the first form, the second, and so on.
    found = list(chain.from_iterable(map(_FORMS_OF.__getitem__, chunks(value))))
    if found:
        # The tokens hold no blanks, so that tantivy's whitespace tokenizer gives back exactly these.
        for place, text_column in enumerate(_text_columns(name)):
            flat[text_column] = " ".join(found[place :: len(FORMS)])


# What the tokenizer (`words`) takes as one word without a closer look: nothing else in the piece is part of a word.
_ONE_WORD = re.compile(r"""[("„“»«]*([A-Za-zÄÖÜäöüß]+|[0-9]+(?:[.,][0-9]+)*)[.,:;!?)"“”«»…]*""")


class _FormsOf(dict[str, tuple[str, ...]]):
    """Per piece of text its words in each of `FORMS`; empty where it has none. Made when first asked for."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        if len(chunk) > _CACHED_LENGTH:
            return _forms(words(chunk))
        simple = _ONE_WORD.fullmatch(chunk)
        forms = _forms(words(chunk)) if simple is None else _forms_of_one(simple[1])
        # Emptied rather than kept in order of use: that would cost each of the many hits more than a miss does.
        if len(self) >= _CACHED_CHUNKS:
            self.clear()
        self[chunk] = forms
        return forms


# Most forms are those of other pieces too: kept once (`intern`), they stay in the processor's memory.


def _forms(found: Sequence[str]) -> tuple[str, ...]:
    return tuple(intern(" ".join(map(change, found))) for change in FORMS.values()) if found else ()


def _forms_of_one(word: str) -> tuple[str, ...]:
    """`_forms` of one word, each form made of the one before: several times faster, and new words are frequent."""
    exact = lower(word)
    folded = normalise(exact)
    return intern(mend(stem(folded))), intern(folded), intern(exact), intern(word)


_FORMS_OF = _FormsOf()


def _keyword(flat: dict[str, Any], name: str, value: str | Sequence[str]) -> None:
    values = [value] if isinstance(value, str) else value
    # Nearly always: no two alike, none empty, and together no longer than each may be.
    if all(values) and len(set(values)) == len(values) and sum(map(len, values)) <= _SHORT_KEYWORD:
        kept = values
    else:
        kept = list(dict.fromkeys(filter(is_searchable_keyword, values)))
    if kept:
        flat[name] = kept
        if not any(kept):
            flat[PRESENT].append(BLANK + name)


def _date(flat: dict[str, Any], name: str, value: str | date) -> None:
    """A time, or a plain date as its midnight in UTC (so Elasticsearch reads it).

    What tantivy can't hold becomes the nearest year that it can: queries ask of no year beyond.
    """
    if isinstance(value, str):
        year, is_day = int(value[:4]), len(value) == len("2026-03-01")
    else:
        year, is_day = value.year, not isinstance(value, datetime)
    if year < FIRST_YEAR:
        value, is_day = f"{FIRST_YEAR}-01-01", True
    elif year > LAST_YEAR:
        value, is_day = f"{LAST_YEAR}-12-31", True
    flat[name] = f"{value}T00:00:00Z" if is_day else value
