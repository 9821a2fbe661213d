"""What scoring keeps beside a mention, such as its sentences' vectors: an SQLite file that may be lost at any time.

It is derived from people's texts. So what it keeps goes when the mention goes: `remove` where that is known, and
`sweep` for all that went by another way.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from typing import NamedTuple, TypeVar

from index.mention import JourneyPhase

logger = logging.getLogger(__name__)

FILE_NAME = "vectors.sqlite3"
SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
CHUNK = 1000
_SCHEMA = """
CREATE TABLE kept (id TEXT PRIMARY KEY, phase TEXT, data BLOB NOT NULL) STRICT;
CREATE TABLE progress (swept TEXT NOT NULL) STRICT;
INSERT INTO progress VALUES ('')
"""

Answer = TypeVar("Answer")
Known = Callable[[Collection[str]], Collection[str]]
"""Tells which of some ids a store holds."""


class Kept(NamedTuple):
    """`data` is the scorer's. `phase` is the journey phase that the source itself named: topics don't change it."""

    data: bytes
    phase: JourneyPhase | None = None


class VectorFile:
    """The file. No method raises for the file's sake: where it can't be used nothing is kept, and nothing is known.

    `problem` then says why, in one German sentence. A damaged file is replaced by an empty one. Several processes may
    use it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = RLock()
        self._connection: sqlite3.Connection | None = None
        self.problem: str | None = None
        self._tried(_nothing, None)

    def put(self, kept: Mapping[str, Kept]) -> None:
        """Keep something for mentions, in place of what there was. A power cut may lose it; a kill doesn't."""
        if kept:
            rows = [(id, one.phase, one.data) for id, one in kept.items()]
            self._tried(partial(_many, "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows), None)

    def get(self, ids: Sequence[str]) -> dict[str, Kept]:
        """What is kept for those of the mentions that have something."""
        return self._tried(partial(_found, ids), {})

    def remove(self, ids: Collection[str]) -> None:
        """Forget mentions; unknown ids are fine."""
        if ids:
            self._tried(partial(_many, "DELETE FROM kept WHERE id = ?", [(id,) for id in ids]), None)

    def sweep(self, known: Known, *, most: int | None = None) -> int:
        """Forget mentions that the store doesn't hold any more; returns how many. Errors of `known` pass through.

        With `most` only so many are looked at, and the next call goes on behind them.
        """
        swept = 0
        for ids in self._chunks(most):
            gone = set(ids) - set(known(ids))
            self.remove(gone)
            swept += len(gone)
        return swept

    def count(self) -> int:
        """How many mentions something is kept for."""
        return self._tried(_count, 0)

    def close(self) -> None:
        """Release the file; safe to call twice."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _chunks(self, most: int | None) -> Iterator[list[str]]:
        after = "" if most is None else self._tried(_swept, "")
        left = most
        while left is None or left > 0:
            size = CHUNK if left is None else min(CHUNK, left)
            ids: list[str] = self._tried(partial(_ids, after, size), [])
            if ids:
                yield ids
            after = ids[-1] if len(ids) == size else ""
            if left is not None:
                left -= size
                self._tried(partial(_many, "UPDATE progress SET swept = ?", [(after,)]), None)
            if not after:
                return

    # the file

    def _tried(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """What `work` answers, on an empty file where this one is damaged; `otherwise` where there is none to use."""
        with self._mutex:
            try:
                return work(self._open())
            except (sqlite3.Error, OSError) as error:
                if not self._replaced(error):
                    self._tell(f"ist nicht benutzbar ({error})")
                    return otherwise
            try:
                return work(self._open())
            except (sqlite3.Error, OSError) as error:
                self._tell(f"ist nicht benutzbar ({error})")
                return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _opened(self._path)
        return self._connection

    def _replaced(self, error: Exception) -> bool:
        """Begin anew where the file itself is broken; a lock, a full disk or missing rights pass."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        self.close()
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        except OSError:
            return False
        self._tell(f"war beschädigt ({error}) und wird neu angelegt")
        return True

    def _tell(self, what: str) -> None:
        if self.problem is None:
            self.problem = (
                f"Die Datei {self._path} mit den Satzvektoren {what}: "
                "Wo sie fehlen, bewertet «brandmelder retag» die Texte neu."
            )
            logger.warning("%s", self.problem)


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # Derived data: what a power cut takes is made again by scoring.
        connection.execute("PRAGMA synchronous = NORMAL")
        # What was erased is overwritten in the file, not only unlinked.
        connection.execute("PRAGMA secure_delete = ON")
        with _writing(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        if version > SCHEMA_VERSION:
            raise sqlite3.OperationalError("von einer neueren Brandmelder-Version")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # After some errors SQLite has rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _nothing(_connection: sqlite3.Connection) -> None:
    return


def _many(statement: str, rows: Sequence[tuple[object, ...]], connection: sqlite3.Connection) -> None:
    with _writing(connection):
        connection.executemany(statement, rows)


def _found(ids: Sequence[str], connection: sqlite3.Connection) -> dict[str, Kept]:
    found: dict[str, Kept] = {}
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        query = f"SELECT id, data, phase FROM kept WHERE id IN ({','.join('?' * len(some))})"
        found |= {id: Kept(data, phase) for id, data, phase in connection.execute(query, some)}
    return found


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM kept").fetchone()[0])


def _swept(connection: sqlite3.Connection) -> str:
    return str(connection.execute("SELECT swept FROM progress").fetchone()[0])


def _ids(after: str, size: int, connection: sqlite3.Connection) -> list[str]:
    query = "SELECT id FROM kept WHERE id > ? ORDER BY id LIMIT ?"
    return [id for (id,) in connection.execute(query, (after, size))]
