"""The JSON document that both stores hold: the mention's fields and the derived ones, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import to_json

from index.fields import DERIVED, derived_values
from index.mention import Mention

DERIVED_NAMES = frozenset(spec.name for spec in DERIVED)

# Elasticsearch takes no longer ids, and tantivy's times hold the years 1678 to 2261.
MAX_ID_BYTES = 512
FIRST_YEAR = 1700
LAST_YEAR = 2200


class UnstorableError(ValueError):
    """No store can hold the mention; the message says why, in German."""


def to_document(mention: Mention) -> dict[str, Any]:
    """The mention as JSON values plus `index.fields.derived_values`; times are ISO strings, tuples lists."""
    return mention.model_dump(mode="json") | derived_values(mention)


def from_document(document: Mapping[str, Any]) -> Mention:
    """The mention of a stored document. The derived fields are dropped: they are computed anew on every write.

    Raises `pydantic.ValidationError` for a document that no mention made.
    """
    return Mention.model_validate({name: value for name, value in document.items() if name not in DERIVED_NAMES})


class Encoded(NamedTuple):
    """A mention, its `index.fields.derived_values`, and `to_document` of it as JSON (UTF-8)."""

    mention: Mention
    derived: dict[str, Any]
    json: bytes


# In bytes, since a text in Python would be made and read again; the same as `Mention.model_dump_json`.
_to_json = Mention.__pydantic_serializer__.to_json


def encoded(mention: Mention) -> bytes:
    """`to_document` as JSON (UTF-8). Raises `UnstorableError` where a store would refuse it."""
    return encode(mention).json


def encode(mention: Mention) -> Encoded:
    """The mention with all that the stores write of it. Raises `UnstorableError` where a store would refuse it."""
    try:
        if not 0 < len(mention.id.encode()) <= MAX_ID_BYTES:
            raise UnstorableError(f"Die Kennung ist leer oder länger als {MAX_ID_BYTES} Byte")
        check_times(mention)
        derived = derived_values(mention)
        written = _joined(_to_json(mention), derived)
        if b"NaN" in written or b"Infinity" in written:
            # Words of the text, or numbers that no store can hold: this raises for the latter.
            json.dumps(to_document(mention), allow_nan=False)
    except UnstorableError:
        raise
    except ValueError as error:
        raise UnstorableError(f"Ein Wert lässt sich nicht als JSON schreiben: {error}") from error
    return Encoded(mention, derived, written)


def _joined(document: bytes, more: Mapping[str, Any]) -> bytes:
    """A JSON object with more members. pydantic writes the first one, in a fraction of the time `json` takes."""
    return b"%b,%b" % (document[:-1], to_json(more)[1:]) if more else document


def check_times(mention: Mention) -> None:
    """Raises `UnstorableError` for a time that one of the stores can't hold."""
    for name in ("published_at", "crawled_at", "scored_at", "expires_at"):
        time = getattr(mention, name)
        if time is not None and not FIRST_YEAR <= time.year <= LAST_YEAR:
            raise UnstorableError(f"{name}: das Jahr {time.year} liegt nicht zwischen {FIRST_YEAR} und {LAST_YEAR}")
