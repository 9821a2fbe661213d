"""What of a mention may leave Brandmelder: exports, the REST API and other programs get this."""

from __future__ import annotations

from typing import Any

from index.document import to_document
from index.mention import Mention

# Colleagues' names and what they note for each other. Of the authors there is only the pseudonym anyway.
WITHHELD: frozenset[str] = frozenset({"work.owner", "work.correction.by", "work.note"})


def shared_document(mention: Mention) -> dict[str, Any]:
    """`index.document.to_document` without the `WITHHELD` fields."""
    document = to_document(mention)
    for name in WITHHELD:
        *parents, leaf = name.split(".")
        part: Any = document
        for parent in parents:
            part = part[parent] if part is not None else None
        if part is not None:
            del part[leaf]
    return document
