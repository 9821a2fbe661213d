"""Which threads were read to their end, as a listing showed them, and which stored posts a re-check looks for.

The functions run inside the caller's transaction; `KnownThreads` has transactions of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from index.ledger_records import FrontierPage, PageResult
from index.ledger_rows import add_counts

SCHEMA = """
CREATE TABLE IF NOT EXISTS known_threads (
    source TEXT NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL, activity TEXT NOT NULL, read_at TEXT NOT NULL,
    PRIMARY KEY (source, url)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shown_threads (
    run_id TEXT NOT NULL, url TEXT NOT NULL, activity TEXT NOT NULL, PRIMARY KEY (run_id, url)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rechecks (
    run_id TEXT NOT NULL, id TEXT NOT NULL, chain TEXT NOT NULL, platform TEXT NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (run_id, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rechecks_by_chain ON rechecks (run_id, chain);
"""
# In the frontier a page is open (0), done (1), or known from an earlier run and not asked for (2).
NOT_ASKED = 2
UNCHANGED_THREAD = "unchanged_thread"

Sought = Literal["open", "found", "absent", "gone", "unanswered"]
"""A stored post during a re-check: `absent` from its whole thread, `gone` with its thread (404 or 410)."""


@dataclass(frozen=True)
class SoughtPost:
    """A stored post to look for: its id, its thread's first page, and the software that its id belongs to."""

    id: str
    chain: str
    platform: str


@dataclass(frozen=True)
class KnownThread:
    """A thread as an earlier run left it: the last post's time that a listing showed, and when it was read."""

    activity: datetime
    read_at: datetime


def note_threads(db: sqlite3.Connection, run_id: str, page: FrontierPage, result: PageResult, now: datetime) -> None:
    """Keep what a page says about threads; call it last, when the page and its links are in the frontier."""
    db.executemany(
        "INSERT OR IGNORE INTO shown_threads VALUES (?, ?, ?)",
        [(run_id, url, activity.isoformat()) for url, activity in result.activity.items()],
    )
    skipped = db.executemany(
        "INSERT OR IGNORE INTO frontier (run_id, url, chain, position, depth, priority, done)"
        f" VALUES (?, ?, ?, 0, 0, 0, {NOT_ASKED})",
        [(run_id, url, url) for url in result.unchanged],
    ).rowcount
    add_counts(db, run_id, "page", {UNCHANGED_THREAD: max(skipped, 0)})
    _seek(db, run_id, page, result)
    if result.chain_fate == "broken":
        db.execute("DELETE FROM shown_threads WHERE run_id = ? AND url = ?", (run_id, page.chain))
    elif result.chain_fate == "read" and not _is_open(db, run_id, page.chain):
        _know(db, run_id, page.chain, now)
        _set_open(db, run_id, page.chain, "absent", platform=result.platform)
    elif result.chain_fate == "gone":
        db.execute(
            "DELETE FROM known_threads WHERE url = ? AND source = (SELECT source FROM runs WHERE id = ?)",
            (page.chain, run_id),
        )


def _seek(db: sqlite3.Connection, run_id: str, page: FrontierPage, result: PageResult) -> None:
    db.executemany(
        "UPDATE rechecks SET state = 'found' WHERE run_id = ? AND id = ?", [(run_id, id) for id, _ in result.posts]
    )
    if result.chain_fate == "broken":
        _set_open(db, run_id, page.chain, "unanswered")
    elif result.chain_fate == "gone":
        _set_open(db, run_id, page.chain, "gone")


def _set_open(db: sqlite3.Connection, run_id: str, chain: str, state: Sought, *, platform: str | None = None) -> None:
    db.execute(
        "UPDATE rechecks SET state = ? WHERE run_id = ? AND chain = ? AND state = 'open'"
        " AND (? IS NULL OR platform = ?)",
        (state, run_id, chain, platform, platform),
    )


def _is_open(db: sqlite3.Connection, run_id: str, chain: str) -> bool:
    sql = "SELECT 1 FROM frontier WHERE run_id = ? AND chain = ? AND done = 0"
    return db.execute(sql, (run_id, chain)).fetchone() is not None


def _know(db: sqlite3.Connection, run_id: str, chain: str, now: datetime) -> None:
    shown = db.execute(
        "INSERT OR REPLACE INTO known_threads SELECT r.source, s.url, r.digest, s.activity, ? FROM shown_threads s"
        " JOIN runs r ON r.id = s.run_id WHERE s.run_id = ? AND s.url = ?",
        (now.isoformat(), run_id, chain),
    ).rowcount
    if not shown:
        # Read without a listing: the next listing can't be compared with anything, but re-checks go by this time.
        db.execute(
            "INSERT INTO known_threads SELECT source, ?, '', '', ? FROM runs WHERE id = ?"
            " ON CONFLICT DO UPDATE SET read_at = excluded.read_at",
            (chain, now.isoformat(), run_id),
        )


def forget_threads(db: sqlite3.Connection, run_id: str) -> None:
    """Remove what only an open run needs."""
    db.execute("DELETE FROM shown_threads WHERE run_id = ?", (run_id,))
    db.execute("DELETE FROM rechecks WHERE run_id = ?", (run_id,))


class KnownThreads:
    """What earlier runs of a source know of its threads, and the list of a re-check. Part of a `Ledger`."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._transaction = transaction

    def unchanged(self, run_id: str, activity: Mapping[str, datetime]) -> dict[str, KnownThread]:
        """Of the threads of a listing (address to the last post's time) those that look as at their last reading,
        by a run with the same rules."""
        with self._transaction() as db:
            rows = [
                db.execute(
                    "SELECT k.url, k.read_at FROM known_threads k JOIN runs r ON r.source = k.source"
                    " AND r.digest = k.digest WHERE r.id = ? AND k.url = ? AND k.activity = ?",
                    (run_id, url, at.isoformat()),
                ).fetchone()
                for url, at in activity.items()
            ]
        return {row[0]: KnownThread(activity[row[0]], datetime.fromisoformat(row[1])) for row in rows if row}

    def longest_unread(self, source: str, digest: str, limit: int) -> list[str]:
        """Threads that runs with these rules have read, the one first whose reading is longest ago."""
        sql = "SELECT url FROM known_threads WHERE source = ? AND digest = ? ORDER BY read_at, url LIMIT ?"
        with self._transaction() as db:
            return [row[0] for row in db.execute(sql, (source, digest, limit))]

    def read_at(self, source: str) -> dict[str, str]:
        """When each thread of a source was read last (ISO 8601), by the address of its first page."""
        with self._transaction() as db:
            return dict(db.execute("SELECT url, read_at FROM known_threads WHERE source = ?", (source,)).fetchall())

    def is_known(self, run_id: str, url: str) -> bool:
        """Whether an earlier run of the same source read a thread to its end."""
        sql = "SELECT 1 FROM known_threads k JOIN runs r ON r.source = k.source WHERE r.id = ? AND k.url = ?"
        with self._transaction() as db:
            return db.execute(sql, (run_id, url)).fetchone() is not None

    def saw_everything(self, run_id: str) -> bool:
        """Whether the last run with the same source and rules ended well and got an answer for every page."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT p.outcome, EXISTS (SELECT 1 FROM counts WHERE run_id = p.id AND kind = 'page'"
                " AND (name LIKE 'failed/%' OR name LIKE 'dropped/%')) FROM runs p JOIN runs r ON r.source = p.source"
                " AND r.digest = p.digest WHERE r.id = ? AND p.id <> r.id ORDER BY p.started_at DESC, p.rowid DESC",
                (run_id,),
            ).fetchone()
        return row is not None and row[0] == "done" and not row[1]

    def seek(self, run_id: str, posts: Iterable[SoughtPost]) -> None:
        """Keep what a re-check looks for; what it looks for already keeps its state."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO rechecks VALUES (?, ?, ?, ?, 'open')",
                [(run_id, post.id, post.chain, post.platform) for post in posts],
            )

    def sought(self, run_id: str, ids: Collection[str]) -> set[str]:
        """Of some ids those that the re-check looks for."""
        sql = "SELECT 1 FROM rechecks WHERE run_id = ? AND id = ?"
        with self._transaction() as db:
            return {id for id in ids if db.execute(sql, (run_id, id)).fetchone()}

    def states(self, run_id: str) -> dict[str, int]:
        """How many of the posts that a re-check looks for are in which state."""
        with self._transaction() as db:
            return dict(
                db.execute("SELECT state, count(*) FROM rechecks WHERE run_id = ? GROUP BY state", (run_id,)).fetchall()
            )

    def in_state(self, run_id: str, states: Sequence[Sought], limit: int) -> list[str]:
        """Some of the posts in one of these states, in the order of their ids."""
        marks = ",".join("?" * len(states))
        sql = f"SELECT id FROM rechecks WHERE run_id = ? AND state IN ({marks}) ORDER BY id LIMIT ?"
        with self._transaction() as db:
            return [row[0] for row in db.execute(sql, (run_id, *states, limit))]

    def is_seeking(self, run_id: str) -> bool:
        """Whether a re-check has posts whose fate isn't counted yet, besides those that were found."""
        with self._transaction() as db:
            sql = "SELECT 1 FROM rechecks WHERE run_id = ? AND state <> 'found' LIMIT 1"
            return db.execute(sql, (run_id,)).fetchone() is not None

    def conclude(self, run_id: str, ids: Sequence[str], fate: str) -> None:
        """Take posts from the list of a re-check and count their fate; they count as yielded, too."""
        with self._transaction() as db:
            db.executemany("DELETE FROM rechecks WHERE run_id = ? AND id = ?", [(run_id, id) for id in ids])
            db.execute("UPDATE runs SET yielded = yielded + ? WHERE id = ?", (len(ids), run_id))
            add_counts(db, run_id, "fate", {fate: len(ids)})
