"""Writing mentions to Elasticsearch so that nothing is lost and no id exists twice, with any number of writers.

An id is registered (`create` in the registry index, which only one writer wins) before its mention is written, and
the registry says for good which monthly index the id lives in: reading by id never searches, and two writers that
date the same post differently end in the same index. Entries outlive their mentions on purpose: taking one away
could let a late writer and an early one use two indices. An entry holds the hashed id and a month, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from index.document import UnstorableError
from index.elastic_bulk import (
    LONGEST_DOCUMENT,
    Operation,
    batched,
    encode,
    fetch_documents,
    usable_id,
    write_documents,
)
from index.elastic_changes import NEVER, last_write
from index.elastic_client import Connection
from index.elastic_errors import LockedError
from index.elastic_mapping import Names, document_of, mention_of
from index.elastic_schema import Schema
from index.mention import Mention, Work
from index.merge import is_erased, last_of_each, replacement_of, update_of
from index.stones import stone
from index.store import StoreError, Tombstone, WriteResult

BATCH = 500
# Batches of one call that are under way at once: while the server works on one, the next is made.
WRITERS = 4
# A conflict means that another writer was faster; this many in a row mean that something is wrong.
ROUNDS = 10

Fate = Literal["stored", "updated"]
# What is to be written over a stored mention for a new one, None where nothing is.
Merge: TypeAlias = Callable[[Mention, Mention], Mention | None]


@dataclass(frozen=True)
class Stored:
    """A mention as it lies in its index, with the version that a write must still find."""

    mention: Mention
    index: str
    version: tuple[int, int]


@dataclass(frozen=True)
class Step:
    """What is to be written for one id."""

    mention: Mention
    fate: Fate
    operation: Operation


@dataclass
class Batch:
    """The mentions of one call that are not decided yet, and what became of the others."""

    open: dict[str, Mention]
    merge: Merge
    done: dict[str, WriteResult] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    attempts: dict[str, Step] = field(default_factory=dict)
    # The last write to the tombstones before they were looked at.
    stones: int | None = None

    def decide(
        self,
        id: str,
        fate: Literal["stored", "updated", "unchanged", "dropped", "quarantined"],
        reason: str | None = None,
    ) -> None:
        """The mention's end."""
        self.done[id] = WriteResult(id, fate, reason)
        self.open.pop(id, None)


class Writer:
    """All writes of one store."""

    def __init__(self, connection: Connection, names: Names, schema: Schema) -> None:
        self.connection = connection
        self.names = names
        self.schema = schema

    # reading by id, realtime

    def locate(self, ids: Collection[str]) -> dict[str, str]:
        """The index of each registered id."""
        targets = [(self.names.registry, id) for id in dict.fromkeys(ids) if usable_id(id)]
        found = fetch_documents(self.connection, targets, size=BATCH)
        return {doc["_id"]: doc["_source"]["index"] for doc in found}

    def fetch(self, ids: Collection[str]) -> dict[str, Stored]:
        """The stored mentions of the ids."""
        return self._fetch_at(self.locate(ids))

    def _fetch_at(self, places: Mapping[str, str]) -> dict[str, Stored]:
        docs = fetch_documents(self.connection, [(index, id) for id, index in places.items()])
        return {
            doc["_id"]: Stored(mention_of(doc), doc["_index"], (doc["_seq_no"], doc["_primary_term"])) for doc in docs
        }

    # upsert

    def upsert(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """`Store.upsert`."""
        return self._put(mentions, update_of)

    def restore(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """`Store.restore`."""
        return self._put(mentions, replacement_of)

    def _put(self, mentions: Sequence[Mention], merge: Merge) -> list[WriteResult]:
        self.schema.prepare()
        results = [WriteResult(mention.id, "unchanged") for mention in mentions]
        winners = list(last_of_each(mentions).values())
        # Each index that a request touches is brought to disk by itself: those of one month go together.
        winners.sort(key=lambda position: self.names.index_of(mentions[position]))
        batches = list(batched(winners, BATCH))
        for positions, done in zip(batches, self._put_batches(mentions, batches, merge), strict=True):
            for position in positions:
                results[position] = done[mentions[position].id]
        return results

    def _put_batches(
        self, mentions: Sequence[Mention], batches: Sequence[Sequence[int]], merge: Merge
    ) -> Iterator[dict[str, WriteResult]]:
        """What became of each batch, in order. No two batches hold the same id."""
        rows = [[mentions[position] for position in positions] for positions in batches]
        if len(rows) < 2:
            yield from (self._put_batch(row, merge) for row in rows)
            return
        with ThreadPoolExecutor(min(WRITERS, len(rows)), thread_name_prefix="elastic") as pool:
            futures = [pool.submit(self._put_batch, row, merge) for row in rows]
            try:
                for future in futures:
                    yield future.result()
            finally:
                # After an error: what has not begun is not begun.
                pool.shutdown(cancel_futures=True)

    def _put_batch(self, mentions: Sequence[Mention], merge: Merge) -> dict[str, WriteResult]:
        batch = Batch({mention.id: mention for mention in mentions}, merge)
        self._quarantine_unwritable(batch)
        self._drop_erased(batch)
        for _ in range(ROUNDS):
            if not batch.open:
                break
            self.connection.patiently(lambda: self._write(batch, self._plan(batch)))
        if batch.open:
            raise StoreError(
                f"{len(batch.open)} Erwähnungen ließen sich nicht schreiben, weil andere sie ständig ändern: "
                "bitte erneut versuchen."
            )
        self._drop_erased_meanwhile(batch, {mention.id: mention for mention in mentions})
        return batch.done

    def _quarantine_unwritable(self, batch: Batch) -> None:
        for id, mention in list(batch.open.items()):
            try:
                batch.documents[id] = document_of(mention)
            except UnstorableError as error:
                batch.decide(id, "quarantined", str(error))
            else:
                if len(batch.documents[id]) > LONGEST_DOCUMENT:
                    batch.decide(id, "quarantined", f"Die Erwähnung ist größer als {LONGEST_DOCUMENT} Byte")

    def _drop_erased(self, batch: Batch) -> None:
        batch.stones = last_write(self.connection, self.names.tombstones)
        if batch.stones == NEVER:
            return
        erased = self._erased(batch.open.values())
        # A writer that died between its write and its second look may have left one behind.
        self._remove(self.locate(erased))
        for id in erased:
            batch.decide(id, "dropped", "erased")

    def _drop_erased_meanwhile(self, batch: Batch, mentions: Mapping[str, Mention]) -> None:
        """Erasing writes its tombstones first: what it did not find because it was not there yet is taken back here."""
        if batch.stones is not None and last_write(self.connection, self.names.tombstones) == batch.stones:
            return
        written = [mentions[id] for id, result in batch.done.items() if result.fate in ("stored", "updated")]
        erased = self._erased(written)
        self._remove(self.locate(erased))
        for id in erased:
            batch.decide(id, "dropped", "erased")

    def _plan(self, batch: Batch) -> list[Step]:
        """What to write for the open mentions, as the store stands now; decides those that need nothing."""
        places = self.locate(batch.open)
        new, known = self._register({id: mention for id, mention in batch.open.items() if id not in places})
        places |= known
        # Nobody writes what is not registered: under an id that was registered just now there is nothing yet.
        stored = self._fetch_at(places)
        places |= new
        steps = []
        for id, mention in list(batch.open.items()):
            step = self._step(batch, stored.get(id), mention, places[id])
            if step is not None:
                steps.append(step)
        return steps

    def _step(self, batch: Batch, stored: Stored | None, mention: Mention, index: str) -> Step | None:
        attempt = batch.attempts.get(mention.id)
        if stored is None:
            return Step(mention, "stored", Operation("create", index, mention.id, batch.documents[mention.id]))
        if attempt is not None and stored.mention == attempt.mention:
            # The write took effect although its answer was lost or came from a repetition.
            batch.decide(mention.id, attempt.fate)
            return None
        candidate = batch.merge(stored.mention, mention)
        if candidate is None:
            batch.decide(mention.id, "unchanged")
            return None
        document = document_of(candidate)
        return Step(candidate, "updated", Operation("index", stored.index, mention.id, document, stored.version))

    def _register(self, mentions: Mapping[str, Mention]) -> tuple[dict[str, str], dict[str, str]]:
        """Give each id its index for good; the new entries, and those where another writer was faster: his hold."""
        wanted = {id: self.names.index_of(mention) for id, mention in mentions.items()}
        operations = [
            Operation("create", self.names.registry, id, encode({"index": index})) for id, index in wanted.items()
        ]
        outcomes = dict(zip(wanted, write_documents(self.connection, operations), strict=True))
        new = {id: wanted[id] for id, outcome in outcomes.items() if outcome.result == "created"}
        return new, self.locate([id for id in wanted if id not in new])

    def _write(self, batch: Batch, steps: Sequence[Step]) -> None:
        for index in sorted({step.operation.index for step in steps}):
            self.schema.ensure(index)
        batch.attempts.update({step.operation.id: step for step in steps})
        operations = [step.operation for step in steps]
        outcomes = write_documents(self.connection, operations, wait_for_locks=False)
        locked = None
        for step, outcome in zip(steps, outcomes, strict=True):
            if outcome.result == "conflict":
                self.schema.forget()
            elif outcome.result == "locked":
                locked = outcome.reason
            elif outcome.result == "refused":
                batch.decide(step.operation.id, "quarantined", _unfit(outcome.reason))
            else:
                batch.decide(step.operation.id, step.fate)
        if locked is not None:
            # After the lock the document may lie in another index, with another version: everything is looked up anew.
            raise LockedError(locked)

    # the others

    def amend(self, id: str, work: Work) -> Mention:
        """`Store.amend`."""
        for _ in range(ROUNDS):
            amended = self.connection.patiently(lambda: self._amend_once(id, work))
            if amended is not None:
                return amended
        raise StoreError("Die Erwähnung wird gerade ständig von anderen geändert: bitte erneut versuchen.")

    def _amend_once(self, id: str, work: Work) -> Mention | None:
        """The amended mention, None where somebody else was faster."""
        stored = self.fetch([id]).get(id)
        if stored is None:
            raise KeyError(id)
        mention = stored.mention.model_copy(update={"work": work})
        try:
            document = document_of(mention)
        except UnstorableError as error:
            raise StoreError(f"Die Bearbeitung lässt sich nicht speichern: {error}.") from error
        operation = Operation("index", stored.index, id, document, stored.version)
        (outcome,) = write_documents(self.connection, [operation], wait_for_locks=False)
        if outcome.result == "refused":
            raise StoreError(f"Die Bearbeitung lässt sich nicht speichern: {_unfit(outcome.reason)}.")
        if outcome.result == "locked":
            raise LockedError(outcome.reason)
        return None if outcome.result == "conflict" else mention

    def delete(self, ids: Collection[str]) -> int:
        """`Store.delete`."""
        return self._remove(self.locate(ids))

    def bury(self, *, ids: Collection[str], author_keys: Collection[str]) -> None:
        """Write the tombstones."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        stones = [Tombstone("id", stone("id", id), at) for id in ids]
        self.entomb([*stones, *(Tombstone("author", stone("author", key), at) for key in author_keys)])

    def entomb(self, tombstones: Collection[Tombstone]) -> None:
        """`Store.entomb`."""
        self.schema.prepare()
        operations = [
            Operation("create", self.names.tombstones, entry.stone, encode({"kind": entry.kind, "at": entry.at}))
            for entry in dict.fromkeys(tombstones)
        ]
        for outcome in write_documents(self.connection, operations):
            if outcome.result == "refused":
                raise StoreError(f"Die Löschung lässt sich nicht vormerken: {_unfit(outcome.reason)}.")

    def remove_at(self, targets: Iterable[tuple[str, str]]) -> int:
        """Delete the documents at the (index, id) pairs; returns how many were there."""
        operations = [Operation("delete", index, id) for index, id in targets]
        return sum(outcome.result == "deleted" for outcome in write_documents(self.connection, operations))

    def _remove(self, places: Mapping[str, str]) -> int:
        return self.remove_at((index, id) for id, index in places.items())

    def _erased(self, mentions: Iterable[Mention]) -> list[str]:
        mentions = list(mentions)
        ids = {stone("id", mention.id): mention.id for mention in mentions}
        keys = {stone("author", mention.author_key): mention.author_key for mention in mentions if mention.author_key}
        targets = [(self.names.tombstones, name) for name in (*ids, *keys)]
        found = {doc["_id"] for doc in fetch_documents(self.connection, targets, fields=["kind"])}
        gone = frozenset(id for name, id in ids.items() if name in found)
        gone_keys = frozenset(key for name, key in keys.items() if name in found)
        return [mention.id for mention in mentions if is_erased(mention, ids=gone, author_keys=gone_keys)]


def _unfit(reason: str | None) -> str:
    return (
        f"Elasticsearch nimmt sie so nicht an ({reason}); liegt es am Mapping des Index, bringt "
        "«brandmelder index migrate» ihn auf den Stand dieser Version"
    )
