"""Reading and writing documents by id: realtime, with an answer for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from index.elastic_client import SHARD_WAIT, Connection
from index.elastic_errors import BUSY, BusyError, LockedError, is_locked, reason_of
from index.store import StoreError

Item = TypeVar("Item")

MGET_SIZE = 200
BULK_ITEMS = 500
BULK_BYTES = 5_000_000
# Half of what a server accepts in one request by default.
LONGEST_DOCUMENT = 50_000_000
LONGEST_ID = 512
# What is read of the answer to a bulk request.
_ANSWERED = tuple(f"items.*.{part}" for part in ("_index", "_seq_no", "status", "result", "error"))


@dataclass(frozen=True)
class Operation:
    """One line (or two) of a bulk request; `version` is the sequence number and primary term that must still hold.

    `external` is a version of ours: the operation is a conflict where a higher one is stored already.
    """

    action: str
    index: str
    id: str
    document: bytes | None = None
    version: tuple[int, int] | None = None
    external: int | None = None

    def lines(self) -> list[bytes]:
        """The operation as the server reads it."""
        target: dict[str, Any] = {"_index": self.index, "_id": self.id}
        if self.version is not None:
            target |= {"if_seq_no": self.version[0], "if_primary_term": self.version[1]}
        if self.external is not None:
            target |= {"version": self.external, "version_type": "external_gte"}
        head = encode({self.action: target})
        return [head] if self.document is None else [head, self.document]


@dataclass(frozen=True)
class Outcome:
    """What the server did: `result` is created, updated, deleted, not_found, conflict, refused or locked.

    The last two have a `reason`; `sequence` is the number that the server gave to what it did.
    """

    result: str
    reason: str | None = None
    sequence: int | None = None


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8. Raises `ValueError` for what JSON or UTF-8 can't hold (NaN, half of a surrogate pair)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def usable_id(id: str) -> bool:
    """Whether the server accepts the text as the id of a document."""
    try:
        return 0 < len(id.encode("utf-8")) <= LONGEST_ID
    except UnicodeEncodeError:
        return False


def batched(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def fetch_documents(
    connection: Connection,
    targets: Sequence[tuple[str, str]],
    *,
    fields: Sequence[str] | None = None,
    size: int = MGET_SIZE,
) -> list[dict[str, Any]]:
    """The documents at the (index, id) pairs that exist, with `_index`, `_id`, `_seq_no`, `_primary_term`, `_source`.

    Sees every acknowledged write. `fields` limits `_source`; `size` is how many are asked for at once.
    """
    found: list[dict[str, Any]] = []
    for batch in batched(targets, size):
        found.extend(connection.patiently(_mget(connection, batch, fields)))
    return found


def _mget(
    connection: Connection, batch: Sequence[tuple[str, str]], fields: Sequence[str] | None
) -> Callable[[], list[dict[str, Any]]]:
    docs = [{"_index": index, "_id": id} for index, id in batch]

    def get() -> list[dict[str, Any]]:
        found = []
        for doc in connection.client.mget(docs=docs, source_includes=fields)["docs"]:
            error = doc.get("error")
            if error is not None and error.get("type") == "illegal_argument_exception":
                raise StoreError(f"Elasticsearch kann {doc['_index']} nicht lesen: {reason_of(error)}.")
            if error is not None and error.get("type") != "index_not_found_exception":
                # A shard that is not there now says nothing about whether the document exists.
                raise BusyError(reason_of(error))
            if doc.get("found"):
                found.append(doc)
        return found

    return get


def write_documents(
    connection: Connection, operations: Sequence[Operation], *, wait_for_locks: bool = True
) -> list[Outcome]:
    """Do the operations; one outcome each, in order. What a busy server turned away is tried again.

    A write lock on an index is waited for too, or is the outcome `locked` where the operation must be thought over
    then: after a lock the documents may lie in another index. Raises `StoreError` where the server stays busy or
    forbids writing; some operations may then be done.
    """
    outcomes: list[Outcome | None] = [None] * len(operations)
    for batch in _requests(operations):
        connection.patiently(_bulk(connection, dict(batch), outcomes, wait_for_locks=wait_for_locks))
    return [outcome for outcome in outcomes if outcome is not None]


def _bulk(
    connection: Connection, pending: dict[int, Operation], outcomes: list[Outcome | None], *, wait_for_locks: bool
) -> Callable[[], None]:
    tried = 0

    def write() -> None:
        nonlocal tried
        connection.retries.items += len(pending) if tried else 0
        tried += 1
        lines = [line for operation in pending.values() for line in operation.lines()]
        # The client's types leave out what it documents: lines that are JSON already.
        bulk: Callable[..., Any] = connection.client.bulk
        answer = bulk(operations=lines, timeout=SHARD_WAIT, filter_path=_ANSWERED)
        busy = locked = ""
        for position, item in zip(list(pending), answer["items"], strict=True):
            (result,) = item.values()
            if result["status"] in BUSY:
                busy = reason_of(result)
                continue
            if wait_for_locks and is_locked(reason_of(result)):
                locked = reason_of(result)
                continue
            outcomes[position] = _outcome(result)
            del pending[position]
        if pending:
            raise BusyError(busy) if busy else LockedError(locked)

    return write


def _outcome(result: Mapping[str, Any]) -> Outcome:
    status = result["status"]
    if "error" not in result:
        return Outcome(str(result["result"]), sequence=result.get("_seq_no"))
    if status == 409 or result["error"].get("type") == "index_not_found_exception":
        return Outcome("conflict")
    reason = reason_of(result["error"])
    if status == 400:
        return Outcome("refused", reason)
    if is_locked(reason):
        return Outcome("locked", reason)
    raise StoreError(f"Elasticsearch nimmt in {result['_index']} nichts an: {reason}.")


def _requests(operations: Sequence[Operation]) -> Iterator[list[tuple[int, Operation]]]:
    batch: list[tuple[int, Operation]] = []
    size = 0
    for position, operation in enumerate(operations):
        weight = len(operation.document or b"")
        if batch and (len(batch) >= BULK_ITEMS or size + weight > BULK_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((position, operation))
        size += weight
    if batch:
        yield batch
