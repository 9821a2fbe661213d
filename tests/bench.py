"""Measures what the docs claim, side by side in one run: `python -m tests.bench` (`make bench`).

Stores: mentions written and made searchable per second, as a ratio against SQLite alone inserting the same JSON, and
for a server named by ELASTICSEARCH_URL against `elasticsearch.helpers.bulk` of the same JSON. Medians of three rounds.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from index.document import to_document
from index.embedded import EmbeddedStore
from index.mention import Mention
from tests.factories import make_mention

COUNT = 3000
ROUNDS = 3


def seconds(action: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def sqlite_alone(mentions: Sequence[Mention], folder: Path) -> float:
    """The same documents as rows of one table, one transaction per 500, and nothing else."""
    rows = [(mention.id, json.dumps(to_document(mention), ensure_ascii=False)) for mention in mentions]
    connection = sqlite3.connect(folder / "rows.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, json TEXT)")

    def insert() -> None:
        for start in range(0, len(rows), 500):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO rows VALUES (?, ?)", rows[start : start + 500])
            connection.execute("COMMIT")

    taken = seconds(insert)
    connection.close()
    return taken


def embedded(mentions: Sequence[Mention], folder: Path) -> float:
    """Written and searchable in the embedded store."""
    store = EmbeddedStore(folder / "store")

    def write() -> None:
        for start in range(0, len(mentions), 500):
            store.upsert(mentions[start : start + 500])
        store.refresh()

    taken = seconds(write)
    store.close()
    return taken


def bulk_helper(mentions: Sequence[Mention], url: str) -> float:
    """The same documents by elasticsearch.helpers.bulk into an index that guesses its mapping."""
    from elasticsearch import Elasticsearch, helpers

    index = f"bench-{secrets.token_hex(4)}"
    documents = [to_document(mention) for mention in mentions]
    with Elasticsearch(url) as client:
        actions = ({"_index": index, "_id": document["id"], "_source": document} for document in documents)
        taken = seconds(lambda: (helpers.bulk(client, actions), client.indices.refresh(index=index)))
        client.indices.delete(index=index)
    return taken


def elastic(mentions: Sequence[Mention], url: str) -> float:
    """Written and searchable in the Elasticsearch store."""
    from index.elastic import ElasticStore
    from tests.conftest import remove_store

    prefix = f"bench-{secrets.token_hex(4)}"
    store = ElasticStore(url, prefix=prefix)

    def write() -> None:
        for start in range(0, len(mentions), 500):
            store.upsert(mentions[start : start + 500])
        store.refresh()

    taken = seconds(write)
    store.close()
    remove_store(url, prefix)
    return taken


def report(name: str, ours: list[float], alternative: str, theirs: list[float]) -> None:
    """One line: our rate, theirs, and the ratio of the medians."""
    mine, other = COUNT / statistics.median(ours), COUNT / statistics.median(theirs)
    sys.stdout.write(f"{name}: {mine:,.0f}/s; {alternative}: {other:,.0f}/s; ratio {mine / other:.2f}\n")


def main() -> None:
    """Measure and print."""
    mentions = [make_mention(number) for number in range(COUNT)]
    url = os.environ.get("ELASTICSEARCH_URL")
    times: dict[str, list[float]] = {"sqlite": [], "embedded": [], "helper": [], "elastic": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            times["sqlite"].append(sqlite_alone(mentions, Path(name)))
            times["embedded"].append(embedded(mentions, Path(name)))
        if url:
            times["helper"].append(bulk_helper(mentions, url))
            times["elastic"].append(elastic(mentions, url))
    report("embedded store", times["embedded"], "SQLite alone", times["sqlite"])
    if url:
        report("Elasticsearch store", times["elastic"], "elasticsearch.helpers.bulk", times["helper"])
    else:
        sys.stdout.write("Elasticsearch store: not measured, ELASTICSEARCH_URL names no server\n")


if __name__ == "__main__":
    main()
