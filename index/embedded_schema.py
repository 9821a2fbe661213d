"""How a mention's document stands in tantivy: one column per field of `index.fields`, some of our own beside them."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index import analysis
from index.fields import DERIVED, FIELDS, TEXT_FORMS, FieldSpec, column
from index.query.tantivy_target import PRESENT

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
