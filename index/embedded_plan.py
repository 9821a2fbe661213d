"""What a write changes in the record, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from index.document import Encoded, UnstorableError, encode
from index.embedded_rows import Rows
from index.mention import Mention
from index.merge import is_erased, last_of_each
from index.store import WriteResult

Merge: TypeAlias = Callable[[Mention, Mention], Mention | None]


class Plan(NamedTuple):
    """The answer to each mention of a call, what is to be inserted, and what is to be replaced."""

    results: list[WriteResult]
    new: list[Encoded]
    updates: list[Encoded]


def planned(rows: Rows, mentions: Sequence[Mention], merge: Merge) -> Plan:
    """The plan for a call; `merge` says what becomes of a stored mention (None: nothing). Inside `rows.writing`."""
    plan = Plan([], [], [])
    winners = last_of_each(mentions)
    stored = rows.stored(winners)
    ids = rows.buried("id", winners)
    authors = rows.buried("author", {mention.author_key for mention in mentions if mention.author_key})
    for position, mention in enumerate(mentions):
        if is_erased(mention, ids=ids, author_keys=authors):
            plan.results.append(WriteResult(mention.id, "dropped", "erased"))
        elif winners[mention.id] != position:
            plan.results.append(WriteResult(mention.id, "unchanged"))
        else:
            plan.results.append(_add(plan, mention, stored.get(mention.id), merge))
    return plan


def _add(plan: Plan, mention: Mention, stored: Mention | None, merge: Merge) -> WriteResult:
    written = mention if stored is None else merge(stored, mention)
    if written is None:
        return WriteResult(mention.id, "unchanged")
    try:
        (plan.new if stored is None else plan.updates).append(encode(written))
    except UnstorableError as error:
        return WriteResult(mention.id, "quarantined", str(error))
    return WriteResult(mention.id, "stored" if stored is None else "updated")
