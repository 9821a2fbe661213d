"""Writing mentions to Elasticsearch so that nothing is lost and no id exists twice, with any number of writers.

An id is registered (`create` in the registry index, which only one writer wins) before its mention is written, and
the registry says for good which monthly index the id lives in: reading by id never searches, and two writers that
date the same post differently end in the same index. Entries outlive their mentions on purpose: taking one away
could let a late writer and an early one use two indices. An entry holds the hashed id and a month, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

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
from index.elastic_client import Connection
from index.elastic_mapping import Names, document_of, mention_of
from index.elastic_schema import Schema
from index.mention import Mention, Work
from index.merge import is_erased, last_of_each, update_of
from index.store import StoreError, WriteResult

BATCH = 500
# Batches of one call that are under way at once: while the server works on one, the next is made.
WRITERS = 4
# A conflict means that another writer was faster; this many in a row mean that something is wrong.
ROUNDS = 10

Fate = Literal["stored", "updated"]


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
    done: dict[str, WriteResult] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    attempts: dict[str, Step] = field(default_factory=dict)

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
        return {doc["_id"]: doc["_source"]["index"] for doc in fetch_documents(self.connection, targets)}

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
        self.schema.prepare()
        results = [WriteResult(mention.id, "unchanged") for mention in mentions]
        winners = list(last_of_each(mentions).values())
        # Each index that a request touches is brought to disk by itself: those of one month go together.
        winners.sort(key=lambda position: self.names.index_of(mentions[position]))
        batches = list(batched(winners, BATCH))
        for positions, done in zip(batches, self._upsert_batches(mentions, batches), strict=True):
            for position in positions:
                results[position] = done[mentions[position].id]
        return results

    def _upsert_batches(
        self, mentions: Sequence[Mention], batches: Sequence[Sequence[int]]
    ) -> Iterator[dict[str, WriteResult]]:
        """What became of each batch, in order. No two batches hold the same id."""
        rows = [[mentions[position] for position in positions] for positions in batches]
        if len(rows) < 2:
            yield from map(self._upsert_batch, rows)
            return
        with ThreadPoolExecutor(min(WRITERS, len(rows)), thread_name_prefix="elastic") as pool:
            futures = [pool.submit(self._upsert_batch, row) for row in rows]
            try:
                for future in futures:
                    yield future.result()
            finally:
                # After an error: what has not begun is not begun.
                pool.shutdown(cancel_futures=True)

    def _upsert_batch(self, mentions: Iterable[Mention]) -> dict[str, WriteResult]:
        batch = Batch({mention.id: mention for mention in mentions})
        self._quarantine_unwritable(batch)
        self._drop_erased(batch)
        for _ in range(ROUNDS):
            if not batch.open:
                break
            self._write(batch, self._plan(batch))
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
        erased = self._erased(batch.open.values())
        # A writer that died between its write and its second look may have left one behind.
        self._remove(self.locate(erased))
        for id in erased:
            batch.decide(id, "dropped", "erased")

    def _drop_erased_meanwhile(self, batch: Batch, mentions: Mapping[str, Mention]) -> None:
        """Erasing writes its tombstones first: what it did not find because it was not there yet is taken back here."""
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
        candidate = update_of(stored.mention, mention)
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
        outcomes = write_documents(self.connection, [step.operation for step in steps])
        for step, outcome in zip(steps, outcomes, strict=True):
            if outcome.result == "conflict":
                self.schema.forget()
            elif outcome.result == "refused":
                batch.decide(step.operation.id, "quarantined", outcome.reason)
            else:
                batch.decide(step.operation.id, step.fate)

    # the others

    def amend(self, id: str, work: Work) -> Mention:
        """`Store.amend`."""
        for _ in range(ROUNDS):
            stored = self.fetch([id]).get(id)
            if stored is None:
                raise KeyError(id)
            mention = stored.mention.model_copy(update={"work": work})
            try:
                document = document_of(mention)
            except UnstorableError as error:
                raise StoreError(f"Die Bearbeitung lässt sich nicht speichern: {error}.") from error
            operation = Operation("index", stored.index, id, document, stored.version)
            (outcome,) = write_documents(self.connection, [operation])
            if outcome.result == "refused":
                raise StoreError(f"Die Bearbeitung lässt sich nicht speichern: {outcome.reason}.")
            if outcome.result != "conflict":
                return mention
        raise StoreError("Die Erwähnung wird gerade ständig von anderen geändert: bitte erneut versuchen.")

    def delete(self, ids: Collection[str]) -> int:
        """`Store.delete`."""
        return self._remove(self.locate(ids))

    def bury(self, *, ids: Collection[str], author_keys: Collection[str]) -> None:
        """Write the tombstones."""
        self.schema.prepare()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        stones = [(_stone("id", id), "id") for id in ids] + [(_stone("author", key), "author") for key in author_keys]
        operations = [
            Operation("index", self.names.tombstones, name, encode({"kind": kind, "at": at}))
            for name, kind in dict.fromkeys(stones)
        ]
        write_documents(self.connection, operations)

    def remove_at(self, targets: Iterable[tuple[str, str]]) -> int:
        """Delete the documents at the (index, id) pairs; returns how many were there."""
        operations = [Operation("delete", index, id) for index, id in targets]
        return sum(outcome.result == "deleted" for outcome in write_documents(self.connection, operations))

    def _remove(self, places: Mapping[str, str]) -> int:
        return self.remove_at((index, id) for id, index in places.items())

    def _erased(self, mentions: Iterable[Mention]) -> list[str]:
        mentions = list(mentions)
        ids = {_stone("id", mention.id): mention.id for mention in mentions}
        keys = {_stone("author", mention.author_key): mention.author_key for mention in mentions if mention.author_key}
        targets = [(self.names.tombstones, stone) for stone in (*ids, *keys)]
        found = {doc["_id"] for doc in fetch_documents(self.connection, targets, fields=["kind"])}
        gone = frozenset(id for stone, id in ids.items() if stone in found)
        gone_keys = frozenset(key for stone, key in keys.items() if stone in found)
        return [mention.id for mention in mentions if is_erased(mention, ids=gone, author_keys=gone_keys)]


def _stone(kind: Literal["id", "author"], value: str) -> str:
    """The name of a tombstone: a hash, so that any value fits and none can be read back."""
    return hashlib.sha256(f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")).hexdigest()
