"""The embedded store's system of record: one SQLite row per mention, numbered changes, tombstones."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic_core import from_json

from index.document import Encoded, from_document
from index.mention import Mention
from index.stones import Kind, stone
from index.store import Known, StoreError, Tombstone
from index.times import milliseconds

# Version 2 keeps tombstones as hashes; version 1 kept ids and authors as they were.
SCHEMA_VERSION = 2
BUSY_SECONDS = 30.0
# SQLite allows 32,766 parameters per statement.
CHUNK = 10_000
# Rows per INSERT. One statement lets other threads work until it is through; one per row stops for them each time.
ROWS_AT_ONCE = 500

# `row` names a mention in the search index and is never used again; `seq` is the number of its last change.
_SCHEMA = """
CREATE TABLE mentions (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    author_key TEXT,
    published_ms INTEGER,
    content_hash TEXT NOT NULL,
    model_revision TEXT,
    rules_version TEXT,
    taxonomy_version TEXT,
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX mentions_seq ON mentions (seq);
CREATE INDEX mentions_author ON mentions (author_key) WHERE author_key IS NOT NULL;
CREATE INDEX mentions_published ON mentions (published_ms) WHERE published_ms IS NOT NULL;
CREATE TABLE deletions (seq INTEGER PRIMARY KEY, row INTEGER NOT NULL);
CREATE TABLE tombstones (kind TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (kind, value))
    WITHOUT ROWID;
CREATE TABLE counter (last INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
"""
_COLUMNS = "id, seq, author_key, published_ms, content_hash, model_revision, rules_version, taxonomy_version, document"
# The document comes in bytes: a text in Python would be made only to be taken apart again.
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT))"
_UPDATE = """UPDATE mentions SET seq = ?2, author_key = ?3, published_ms = ?4, content_hash = ?5, model_revision = ?6,
    rules_version = ?7, taxonomy_version = ?8, document = CAST(?9 AS TEXT) WHERE id = ?1"""

Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def _read(document: str) -> Mention:
    return from_document(json.loads(document))


class Rows:
    """The SQLite file. Errors of SQLite pass through; `index.embedded` turns them into `StoreError`."""

    def __init__(self, path: Path, *, cache_mib: int = 64) -> None:
        """Open or create the file; `cache_mib` is how much of it may be kept in memory."""
        path.touch(mode=0o600, exist_ok=True)
        self.path = path
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            # Ids come in no order: what finds them should stay in memory. The negative number means KiB.
            self._connection.execute(f"PRAGMA cache_size = {-1024 * cache_mib}")
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        run(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        run("PRAGMA journal_mode = WAL")
        # FULL writes the log through to the disk at each commit: an acknowledged write survives a power cut too.
        run("PRAGMA synchronous = FULL")
        # In pages of 4 KiB: the log is worked off seldom, in large pieces.
        run("PRAGMA wal_autocheckpoint = 8192")
        # What was erased is overwritten in the file, not only unlinked.
        run("PRAGMA secure_delete = ON")
        version = run("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"Der Datenbestand {self.path} stammt von einer neueren Brandmelder-Version (Format {version}, "
                f"bekannt ist {SCHEMA_VERSION}): bitte Brandmelder aktualisieren."
            )
        if version == 0:
            self._create()
        elif version == 1:
            self._hash_tombstones()

    def _create(self) -> None:
        with self.writing():
            # Another process may have created the tables since the version was read.
            if self._connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _hash_tombstones(self) -> None:
        with self.writing():
            if self._connection.execute("PRAGMA user_version").fetchone()[0] != 1:
                return
            old = self._connection.execute("SELECT kind, value, at FROM tombstones").fetchall()
            self._connection.execute("DELETE FROM tombstones")
            self._insert_tombstones((kind, stone(kind, value), at) for kind, value, at in old)
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable write transaction, rolled back on any exception."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent view of the file."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self.commit()

    def commit(self) -> None:
        """End the transaction, unless it has ended: what it wrote is on the disk."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    # writing, inside `writing`

    def write(self, new: Sequence[Encoded], updates: Sequence[Encoded]) -> int:
        """Insert the new and replace the updated mentions, each with the next number; returns the first of these."""
        first = self._take_numbers(len(new) + len(updates))
        values = [_values(encoded, first + offset) for offset, encoded in enumerate([*new, *updates])]
        for part in chunks(values[: len(new)], ROWS_AT_ONCE):
            insert = f"INSERT INTO mentions ({_COLUMNS}) VALUES {','.join([_VALUES] * len(part))}"
            self._connection.execute(insert, list(chain.from_iterable(part)))
        self._connection.executemany(_UPDATE, values[len(new) :])
        return first

    def remove(self, *, ids: Collection[str] = (), author_keys: Collection[str] = ()) -> int:
        """Delete by id and by author; the log keeps the deletions for the index. Returns how many were there."""
        rows = {row for chunk in chunks(ids) for row in self._rows_where("id", chunk)}
        rows |= {row for chunk in chunks(author_keys) for row in self._rows_where("author_key", chunk)}
        first = self._take_numbers(len(rows))
        self._connection.executemany("DELETE FROM mentions WHERE row = ?", [(row,) for row in rows])
        self._connection.executemany(
            "INSERT INTO deletions (seq, row) VALUES (?, ?)", [(first + place, row) for place, row in enumerate(rows)]
        )
        return len(rows)

    def bury(self, kind: Kind, values: Collection[str]) -> None:
        """Keep these ids or authors out from now on."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._insert_tombstones((kind, stone(kind, value), now) for value in values)

    def entomb(self, tombstones: Iterable[Tombstone]) -> None:
        """Take over tombstones; of those that are known the first date stays."""
        self._insert_tombstones((entry.kind, entry.stone, entry.at) for entry in tombstones)

    def _insert_tombstones(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._connection.executemany("INSERT OR IGNORE INTO tombstones (kind, value, at) VALUES (?, ?, ?)", rows)

    def _rows_where(self, column: Literal["id", "author_key"], values: Sequence[str]) -> list[int]:
        query = f"SELECT row FROM mentions WHERE {column} IN ({_marks(values)})"
        return [row for (row,) in self._connection.execute(query, values)]

    def _take_numbers(self, count: int) -> int:
        query = "UPDATE counter SET last = last + ? RETURNING last"
        (last,) = self._connection.execute(query, (count,)).fetchall()[0]
        return int(last) - count + 1

    # reading

    def stored(self, ids: Collection[str]) -> dict[str, Mention]:
        """The mentions of these ids."""
        return {id: _read(document) for id, document in self._select("id, document", ids)}

    def known(self, ids: Collection[str]) -> dict[str, Known]:
        """`Store.known`."""
        columns = "id, content_hash, model_revision, rules_version, taxonomy_version"
        return {id: Known(*rest) for id, *rest in self._select(columns, ids)}

    def _select(self, columns: str, ids: Collection[str]) -> Iterator[tuple[Any, ...]]:
        for chunk in chunks(ids):
            query = f"SELECT {columns} FROM mentions WHERE id IN ({_marks(chunk)})"
            yield from self._connection.execute(query, chunk).fetchall()

    def buried(self, kind: Kind, values: Collection[str]) -> frozenset[str]:
        """Those of the values that have a tombstone."""
        if not self._has_tombstones(kind):
            return frozenset()
        found: set[str] = set()
        for chunk in chunks(values):
            names = {stone(kind, value): value for value in chunk}
            query = f"SELECT value FROM tombstones WHERE kind = ? AND value IN ({_marks(chunk)})"
            found.update(names[name] for (name,) in self._connection.execute(query, [kind, *names]))
        return frozenset(found)

    def _has_tombstones(self, kind: Kind) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM tombstones WHERE kind = ?)"
        return bool(self._connection.execute(query, (kind,)).fetchone()[0])

    def tombstones_after(self, kind: Kind, name: str, limit: int) -> list[Tombstone]:
        """The next tombstones of a kind in order."""
        query = "SELECT kind, value, at FROM tombstones WHERE kind = ? AND value > ? ORDER BY value LIMIT ?"
        return [Tombstone(*row) for row in self._connection.execute(query, (kind, name, limit))]

    def by_row(self, rows: Sequence[int]) -> dict[int, Mention]:
        """The mentions of these row numbers; deleted ones are absent."""
        return {row: from_document(document) for row, document in self.documents(rows).items()}

    def following(self, after: str, limit: int) -> list[Mention]:
        """The next mentions in id order."""
        query = "SELECT document FROM mentions WHERE id > ? ORDER BY id LIMIT ?"
        return [_read(document) for (document,) in self._connection.execute(query, (after, limit))]

    def ids_following(self, after: str, limit: int) -> list[tuple[str, int]]:
        """Id and row of the next mentions in id order."""
        query = "SELECT id, row FROM mentions WHERE id > ? ORDER BY id LIMIT ?"
        return self._connection.execute(query, (after, limit)).fetchall()

    def unscored(self, model_revision: str, limit: int) -> list[Mention]:
        """`Store.unscored`."""
        query = "SELECT document FROM mentions WHERE model_revision IS NOT ? ORDER BY id LIMIT ?"
        return [_read(document) for (document,) in self._connection.execute(query, (model_revision, limit))]

    def span(self) -> tuple[int, int | None, int | None]:
        """How many mentions there are, and the first and last publication in milliseconds."""
        (count,) = self._connection.execute("SELECT count(*) FROM mentions").fetchone()
        query = "SELECT min(published_ms), max(published_ms) FROM mentions WHERE published_ms IS NOT NULL"
        first, last = self._connection.execute(query).fetchone()
        return count, first, last

    # the log that the index follows

    def last_number(self) -> int:
        """The number of the latest change."""
        return int(self._connection.execute("SELECT last FROM counter").fetchone()[0])

    def behind(self, number: int) -> bool:
        """Whether an index that knows the mentions up to `number` misses something."""
        query = "SELECT EXISTS (SELECT 1 FROM mentions WHERE seq > ?) OR EXISTS (SELECT 1 FROM deletions)"
        return bool(self._connection.execute(query, (number,)).fetchone()[0])

    def changes(self, after: int, limit: int) -> list[tuple[int, int]]:
        """Number and row of the mentions written after that number, in order."""
        # In one row: threads that compute are let in after each row.
        query = """SELECT json_group_array(json_array(seq, row)) FROM
            (SELECT seq, row FROM mentions WHERE seq > ? ORDER BY seq LIMIT ?)"""
        (found,) = self._connection.execute(query, (after, limit)).fetchone()
        return sorted((seq, row) for seq, row in from_json(found))

    def documents(self, rows: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The documents of these row numbers as JSON values; deleted ones are absent."""
        found: dict[int, dict[str, Any]] = {}
        for chunk in chunks(rows):
            query = f"SELECT row, document FROM mentions WHERE row IN ({_marks(chunk)})"
            found |= {row: from_json(document) for row, document in self._connection.execute(query, chunk)}
        return found

    def deletions(self) -> list[int]:
        """The rows of deleted mentions that the index may still have."""
        return [row for (row,) in self._connection.execute("SELECT row FROM deletions")]

    def forget_deletions(self, up_to: int) -> None:
        """Drop the log of deletions up to that number: the index has followed."""
        if self.deletions():
            with self.writing():
                self._connection.execute("DELETE FROM deletions WHERE seq <= ?", (up_to,))


def _values(encoded: Encoded, seq: int) -> tuple[Any, ...]:
    mention = encoded.mention
    published = None if mention.published_at is None else milliseconds(mention.published_at)
    made = mention.provenance
    return (
        mention.id,
        seq,
        mention.author_key,
        published,
        mention.content_hash,
        made.model_revision,
        made.rules_version,
        made.taxonomy_version,
        encoded.json,
    )
