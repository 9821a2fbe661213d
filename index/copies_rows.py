"""The SQLite file behind `index.copies`: entries, distinct signatures, their bands and components."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from index.store import StoreError

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
_CHUNK = 10_000

# Equal texts share one node, so that a thousand copies of an advert cost as much as one.
_SCHEMA = """
CREATE TABLE nodes (node INTEGER PRIMARY KEY AUTOINCREMENT, signature BLOB NOT NULL UNIQUE, component INTEGER NOT NULL);
CREATE INDEX nodes_component ON nodes (component);
CREATE TABLE bands (key INTEGER NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (key, node)) WITHOUT ROWID;
CREATE TABLE entries (
    id TEXT PRIMARY KEY,
    published_ms INTEGER,
    node INTEGER NOT NULL,
    original TEXT,
    is_copy INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX entries_node ON entries (node);
CREATE INDEX entries_unsettled ON entries (id) WHERE settled = 0;
CREATE TABLE settings (least INTEGER NOT NULL)
"""
_MEMBERS = "node IN (SELECT node FROM nodes WHERE component = ?1)"

Place = tuple[str | None, bool]


class Entry(NamedTuple):
    """A known text's node, signature and component."""

    node: int
    signature: bytes
    component: int


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    listed = list(values)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))


class CopyRows:
    """One connection to the file. Errors of SQLite pass through."""

    def __init__(self, path: Path, least: int) -> None:
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(path, least)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, path: Path, least: int) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        with self.writing():
            version = run("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    run(statement)
                run("INSERT INTO settings VALUES (?)", (least,))
                run(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif version > SCHEMA_VERSION:
                raise StoreError(
                    f"{path} stammt von einer neueren Brandmelder-Version: bitte Brandmelder aktualisieren."
                )
            if run("SELECT least FROM settings").fetchone()[0] != least:
                raise StoreError(f"{path} gilt für eine andere Ähnlichkeitsschwelle: bitte löschen und neu aufbauen.")

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable transaction, rolled back on any exception."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # entries

    def entry(self, id: str) -> Entry | None:
        """What is known of a text."""
        query = "SELECT node, signature, component FROM entries JOIN nodes USING (node) WHERE id = ?"
        row = self._connection.execute(query, (id,)).fetchone()
        return None if row is None else Entry(*row)

    def put_entry(self, id: str, published_ms: int | None, node: int) -> None:
        """Add a text or give a known one another time or node; its place stays until `place`."""
        self._connection.execute(
            "INSERT INTO entries (id, published_ms, node) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (id) DO UPDATE SET published_ms = ?2, node = ?3",
            (id, published_ms, node),
        )

    def remove_entry(self, id: str) -> None:
        """Forget a text."""
        self._connection.execute("DELETE FROM entries WHERE id = ?", (id,))

    def place(self, components: Collection[int]) -> dict[str, Place]:
        """Write down the places of all texts of these components; returns those that changed."""
        changed: dict[str, Place] = {}
        first = f"SELECT id FROM entries WHERE {_MEMBERS} ORDER BY published_ms IS NULL, published_ms, id LIMIT 2"
        update = (
            f"UPDATE entries SET original = ?2, is_copy = (?2 IS NOT NULL AND id <> ?2), settled = 0 WHERE {_MEMBERS} "
            "AND (original IS NOT ?2 OR is_copy <> (?2 IS NOT NULL AND id <> ?2)) RETURNING id, original, is_copy"
        )
        for component in components:
            members = self._connection.execute(first, (component,)).fetchall()
            original = members[0][0] if len(members) > 1 else None
            rows = self._connection.execute(update, (component, original)).fetchall()
            changed |= {id: (group, bool(is_copy)) for id, group, is_copy in rows}
        return changed

    def places(self, ids: Collection[str]) -> dict[str, Place]:
        """The places of these texts."""
        found: dict[str, Place] = {}
        for chunk in _chunks(ids):
            query = f"SELECT id, original, is_copy FROM entries WHERE id IN ({_marks(chunk)})"
            found |= {id: (group, bool(copy)) for id, group, copy in self._connection.execute(query, chunk)}
        return found

    def unsettled(self) -> dict[str, Place]:
        """The places that were not reported as settled."""
        rows = self._connection.execute("SELECT id, original, is_copy FROM entries WHERE settled = 0")
        return {id: (group, bool(copy)) for id, group, copy in rows}

    def settle(self, places: Mapping[str, Place]) -> None:
        """Mark those that still hold."""
        query = "UPDATE entries SET settled = 1 WHERE id = ? AND original IS ? AND is_copy = ?"
        self._connection.executemany(query, [(id, group, copy) for id, (group, copy) in places.items()])

    # signatures

    def node(self, signature: bytes) -> tuple[int, bool]:
        """The node of a signature, and whether it had to be made; a new one is a component of its own."""
        row = self._connection.execute("SELECT node FROM nodes WHERE signature = ?", (signature,)).fetchone()
        if row is not None:
            return row[0], False
        run = self._connection.execute
        made = run("INSERT INTO nodes (signature, component) VALUES (?, 0)", (signature,)).lastrowid
        run("UPDATE nodes SET component = node WHERE node = ?", (made,))
        return int(made or 0), True

    def put_bands(self, node: int, keys: Sequence[int]) -> None:
        """Make a node findable by its bands."""
        self._connection.executemany("INSERT INTO bands (key, node) VALUES (?, ?)", [(key, node) for key in keys])

    def remove_node(self, node: int, keys: Sequence[int]) -> None:
        """Forget a signature that no text has any more."""
        self._connection.executemany("DELETE FROM bands WHERE key = ? AND node = ?", [(key, node) for key in keys])
        self._connection.execute("DELETE FROM nodes WHERE node = ?", (node,))

    def is_used(self, node: int) -> bool:
        """Whether a text has this signature."""
        query = "SELECT EXISTS (SELECT 1 FROM entries WHERE node = ?)"
        return bool(self._connection.execute(query, (node,)).fetchone()[0])

    def signature(self, node: int) -> bytes:
        """The signature of one node."""
        return self.signatures([node])[0]

    def signatures(self, nodes: Sequence[int]) -> list[bytes]:
        """The signatures of these nodes, in no particular order."""
        query = f"SELECT signature FROM nodes WHERE node IN ({_marks(nodes)})"
        return [signature for (signature,) in self._connection.execute(query, nodes)]

    # components

    def component(self, node: int) -> int:
        """The component of a node."""
        return int(self._connection.execute("SELECT component FROM nodes WHERE node = ?", (node,)).fetchone()[0])

    def members(self, component: int) -> set[int]:
        """The nodes of a component."""
        rows = self._connection.execute("SELECT node FROM nodes WHERE component = ?", (component,))
        return {node for (node,) in rows}

    def move(self, nodes: Collection[int], component: int) -> None:
        """Put nodes into a component."""
        query = "UPDATE nodes SET component = ? WHERE node = ?"
        self._connection.executemany(query, [(component, node) for node in nodes])

    def merge(self, left: int, right: int) -> None:
        """Make one component of two: all go into `right`."""
        self._connection.execute("UPDATE nodes SET component = ? WHERE component = ?", (right, left))

    def candidates(self, keys: Sequence[int], own: int) -> dict[int, list[int]]:
        """Nodes outside the own component that share a band, by component."""
        query = (
            f"SELECT DISTINCT component, node FROM bands JOIN nodes USING (node) WHERE key IN ({_marks(keys)}) "
            "AND component <> ?"
        )
        found: dict[int, list[int]] = defaultdict(list)
        for component, node in self._connection.execute(query, (*keys, own)):
            found[component].append(node)
        return found
