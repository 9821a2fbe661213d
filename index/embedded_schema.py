"""How a mention's document stands in tantivy: one column per field of `index.fields`, some of our own beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from sys import intern
from typing import Any

from pydantic_core import to_json

from index import analysis
from index.analysis import FORMS, chunks, words
from index.document import FIRST_YEAR, LAST_YEAR
from index.fields import DERIVED, FIELDS, MAX_KEYWORD, TEXT_FORMS, FieldSpec, column, is_searchable_keyword
from index.query.tantivy_target import BLANK, PRESENT
from index.times import milliseconds

# Raise it whenever the same document would be indexed otherwise: older indexes are then rebuilt.
INDEX_VERSION = 4

# Columns of our own: the record's row and the number of its last change, and what results are ordered by.
ROW = "_row"
SEQ = "_seq"
NEWEST = "_newest"
OLDEST = "_oldest"
ID_PREFIX = "_id_prefix"
# Where undated mentions stand in each order: after all others.
UNDATED_NEWEST = -(1 << 62)
UNDATED_OLDEST = 1 << 62

_PREFIX_BYTES = 7
_CACHED_CHUNKS = 1 << 15
# Longer ones hardly return.
_CACHED_LENGTH = 64
_SHORT_KEYWORD = MAX_KEYWORD // 2


def searchable() -> tuple[FieldSpec, ...]:
    """The fields that have columns."""
    return tuple(spec for spec in (*FIELDS, *DERIVED) if spec.kind != "stored")


def columns() -> dict[str, str]:
    """Column name to kind: `text`, `keyword`, `date`, `float`, `bool` or `number` (ours)."""
    found: dict[str, str] = dict.fromkeys((ROW, SEQ, NEWEST, OLDEST, ID_PREFIX), "number")
    found[PRESENT] = "keyword"
    for spec in searchable():
        forms = TEXT_FORMS if spec.kind == "text" else ("",)
        found |= {column(spec.name, form): spec.kind for form in forms}
    return found


def fingerprint() -> str:
    """Changes whenever an index on disk no longer fits this program."""
    words_are_made_by = Path(analysis.__file__).read_text(encoding="utf-8")
    description = json.dumps([INDEX_VERSION, version("tantivy"), sorted(columns().items()), words_are_made_by])
    return hashlib.sha256(description.encode()).hexdigest()[:12]


def create(folder: Path) -> Any:
    """A new, empty `tantivy.Index` in an existing, empty folder."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    for name, kind in columns().items():
        if kind == "text":
            builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
        elif kind == "keyword":
            builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
        elif kind == "bool":
            builder.add_boolean_field(name, indexed=True, fast=True)
        # Ranges are read from the fast column: who also lists each value as a term pays for it with every write.
        elif kind == "date":
            builder.add_date_field(name, fast=True)
        elif kind == "float":
            builder.add_float_field(name, fast=True)
        else:
            builder.add_integer_field(name, indexed=name == ROW, fast=True)
    # Questions are about periods: the mentions of one lie together, so that little else has to be read.
    tantivy.Index(builder.build(), path=str(folder), sort_by_field=OLDEST)
    _keep_milliseconds(folder / "meta.json")
    return tantivy.Index.open(str(folder))


def _keep_milliseconds(meta: Path) -> None:
    """The builder can't say it, but the index's own description can: times to the millisecond, not the second."""
    described = json.loads(meta.read_text(encoding="utf-8"))
    for entry in described["schema"]:
        if entry["type"] == "date":
            entry["options"]["precision"] = "milliseconds"
    meta.write_text(json.dumps(described), encoding="utf-8")


def id_prefix(id: str) -> int:
    """The first bytes of an id as a number: ids in order have prefixes in order."""
    return int.from_bytes(id.encode()[:_PREFIX_BYTES].ljust(_PREFIX_BYTES, b"\0"), "big")


def indexed(document: Mapping[str, Any], *, row: int, seq: int) -> str:
    """The document as tantivy's JSON: flat, only what the index can hold."""
    return numbered(flattened(document), row=row, seq=seq)


def numbered(flat: bytes, *, row: int, seq: int) -> str:
    """What `flattened` made, with the columns that only the record can fill."""
    return f'{{"{ROW}":{row},"{SEQ}":{seq},{flat[1:].decode()}'


def flattened(document: Mapping[str, Any]) -> bytes:
    """All columns of a document but `ROW` and `SEQ`, as JSON.

    The document as the record holds it, or a mention's attributes (`vars`) with its derived values: both give the same.
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
    _flatten(flat, document, _parts())
    return to_json(flat)


Convert = Callable[[dict[str, Any], str, Any], None]
# Per key of a document the field's name and how its value is converted (None: as it is); or the same one level down.
Parts = dict[str, Any]


def _flatten(flat: dict[str, Any], part: Mapping[str, Any], known: Parts) -> None:
    for key, value in part.items():
        if value is None or key not in known:
            continue
        field = known[key]
        if type(field) is dict:
            _flatten(flat, value if type(value) is dict else vars(value), field)
            continue
        name, convert = field
        # Most are keywords of one short value.
        if convert is None or (convert is _keyword and type(value) is str and 0 < len(value) <= _SHORT_KEYWORD):
            flat[name] = value
        else:
            convert(flat, name, value)


@cache
def _parts() -> Parts:
    kinds: dict[str, Convert | None] = {"text": _text, "keyword": _keyword, "date": _date, "float": None, "bool": None}
    parts: Parts = {}
    for spec in searchable():
        *parents, leaf = spec.name.split(".")
        level = parts
        for parent in parents:
            level = level.setdefault(parent, {})
        level[leaf] = (spec.name, kinds[spec.kind])
    return parts


@cache
def _text_columns() -> dict[str, tuple[str, ...]]:
    """Per text field its columns, in the order of `FORMS`."""
    return {spec.name: tuple(column(spec.name, form) for form in FORMS) for spec in searchable() if spec.kind == "text"}


def _text(flat: dict[str, Any], name: str, value: str) -> None:
    if value:
        flat[PRESENT].append(name)
    # The tokens hold no blanks, so that tantivy's whitespace tokenizer gives back exactly these.
    found = filter(None, map(_FORMS_OF.__getitem__, chunks(value)))
    flat.update(zip(_text_columns()[name], map(" ".join, zip(*found, strict=True)), strict=False))


class _FormsOf(dict[str, tuple[str, ...]]):
    """Per piece of text its words in each of `FORMS`; empty where it has none. Made when first asked for."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        found = words(chunk)
        # Most forms are those of other pieces too: kept once, they stay in the processor's memory.
        forms = tuple(intern(" ".join(map(change, found))) for change in FORMS.values()) if found else ()
        if len(chunk) <= _CACHED_LENGTH:
            # Emptied rather than kept in order of use: that would cost each of the many hits more than a miss does.
            if len(self) >= _CACHED_CHUNKS:
                self.clear()
            self[chunk] = forms
        return forms


_FORMS_OF = _FormsOf()


def _keyword(flat: dict[str, Any], name: str, value: str | Sequence[str]) -> None:
    kept = list(dict.fromkeys(filter(is_searchable_keyword, [value] if isinstance(value, str) else value)))
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
