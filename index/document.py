"""The JSON document that both stores hold: the mention's fields and the derived ones, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.fields import DERIVED, derived_values
from index.mention import Mention

DERIVED_NAMES = frozenset(spec.name for spec in DERIVED)


def to_document(mention: Mention) -> dict[str, Any]:
    """The mention as JSON values plus `index.fields.derived_values`; times are ISO strings, tuples lists."""
    return mention.model_dump(mode="json") | derived_values(mention)


def from_document(document: Mapping[str, Any]) -> Mention:
    """The mention of a stored document. The derived fields are dropped: they are computed anew on every write.

    Raises `pydantic.ValidationError` for a document that no mention made.
    """
    own = {name: value for name, value in document.items() if name not in DERIVED_NAMES}
    return Mention.model_validate(own)
