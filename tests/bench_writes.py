"""What `tests.bench_index` writes with: each store, and beside it what it is compared with."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.document import encoded
from index.embedded import EmbeddedStore
from index.mention import Mention
from index.query import parse_query
from index.store import Store

# Mentions per call, in both stores; parallel_bulk has four requests of 500 under way.
CALL = 2_000


def seconds(action: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


@dataclass
class Work:
    """How long something took, and how much of the processors' time this process took for it (seconds)."""

    wall: float
    cpu: float


def worked(action: Callable[[], object]) -> Work:
    """`seconds`, and what it cost: on a busy machine only the latter says something by itself."""
    cpu = time.process_time()
    wall = seconds(action)
    return Work(wall, time.process_time() - cpu)


def calls(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The rows in the portions in which they are written."""
    for start in range(0, len(rows), CALL):
        yield rows[start : start + CALL]


def sqlite_alone(rows: Sequence[Mention], folder: Path) -> Work:
    """The same JSON as rows of one table, as durable and in the same portions, and nothing else."""
    made = [(mention.id, encoded(mention).decode()) for mention in rows]
    connection = sqlite3.connect(folder / "rows.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, json TEXT)")

    def insert() -> None:
        for portion in calls(made):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO rows VALUES (?, ?)", portion)
            connection.execute("COMMIT")

    taken = worked(insert)
    connection.close()
    return taken


def written(store: Store, rows: Sequence[Mention]) -> Work:
    """The time until all rows are on disk and can be searched."""

    def write() -> None:
        for portion in calls(rows):
            results = store.upsert(portion)
            assert all(result.fate == "stored" for result in results)
        store.refresh()

    return worked(write)


def embedded(rows: Sequence[Mention], folder: Path) -> Work:
    """Written and searchable in a new embedded store."""
    store = EmbeddedStore(folder / "store")
    taken = written(store, rows)
    store.close()
    return taken


def streamed(count: int, folder: Path) -> Work:
    """All that `embedded` has written, as the answers to a query one after another: what an export reads."""
    store = EmbeddedStore(folder / "store")
    found = 0

    def read() -> None:
        nonlocal found
        for _ in store.scan(parse_query("language:de")):
            found += 1

    taken = worked(read)
    store.close()
    assert found == count
    return taken


def parallel_bulk(rows: Sequence[Mention], url: str) -> Work:
    """The same JSON by the client library's helper, with its own defaults, into the same monthly indices as ours."""
    from elasticsearch import Elasticsearch, helpers

    from index.elastic_mapping import document_of

    with elastic_store(url, rows) as store, Elasticsearch(url, request_timeout=120) as client:
        actions = [
            {"_index": store.names.index_of(mention), "_id": mention.id, "_source": json.loads(document_of(mention))}
            for mention in rows
        ]
        bulk = helpers.parallel_bulk(client, actions)
        taken = worked(lambda: (deque(bulk, maxlen=0), store.refresh()))
        assert store.search(parse_query(""), limit=0).total == len(rows)
    return taken


def parallel_bulk_guessed(rows: Sequence[Mention], url: str) -> Work:
    """The same JSON into one index for which the server guesses a mapping, as most programs do it."""
    from elasticsearch import Elasticsearch, helpers

    index = f"bench-{secrets.token_hex(4)}"
    with Elasticsearch(url, request_timeout=120) as client:
        client.indices.create(index=index)
        actions = [{"_index": index, "_id": mention.id, "_source": json.loads(encoded(mention))} for mention in rows]
        bulk = helpers.parallel_bulk(client, actions)
        taken = worked(lambda: (deque(bulk, maxlen=0), client.indices.refresh(index=index)))
        assert client.count(index=index)["count"] == len(rows)
        client.indices.delete(index=index)
    return taken


def elastic(rows: Sequence[Mention], url: str) -> Work:
    """Written and searchable in a new Elasticsearch store."""
    with elastic_store(url, rows) as store:
        return written(store, rows)


@contextmanager
def elastic_store(url: str, rows: Sequence[Mention] = ()) -> Iterator[Any]:
    """A store of our own on the server, removed afterwards. The monthly indices of the rows exist already."""
    from index.elastic import ElasticStore
    from index.elastic_schema import Schema
    from tests.conftest import remove_store

    prefix = f"bench-{secrets.token_hex(4)}"
    store = ElasticStore(url, prefix=prefix)
    try:
        schema = Schema(store._connection, store.names)
        for index in sorted({store.names.index_of(mention) for mention in rows}):
            schema.ensure(index)
        yield store
    finally:
        store.close()
        remove_store(url, prefix)
