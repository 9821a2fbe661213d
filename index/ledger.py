"""The book of crawls: what each run asked for, what it read, and what became of every post. One SQLite file.

Three things make a killed process harmless:

* A page is done in ONE transaction: its mark, the links found on it, its posts (the spool) and the count `yielded`.
  So a resumed run neither asks for it again nor loses what it said.
* Posts leave the spool in ONE transaction together with their fates.
  So at any moment `yielded == sum(fates) + spooled`, and at the end of a run `yielded == sum(fates)`.
* A run is owned by whoever holds its file lock, which the operating system releases when the process dies.

Nothing in here may hold personal data: what is spooled was pseudonymised before.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from index.ledger_facts import SCHEMA as FACTS_SCHEMA
from index.ledger_facts import add_verdict, count_thread, facts_of, forget, put_fact, threads_of, verdicts_of
from index.ledger_locks import SourceLocks
from index.ledger_marks import mark_of, put_mark
from index.ledger_records import (
    SCHEMA,
    CountKind,
    FrontierPage,
    LedgerBusyError,
    Link,
    Mark,
    Note,
    Outcome,
    PageResult,
    Quarantined,
    Run,
    Spooled,
)
from index.ledger_rows import add_counts, add_notes, add_quarantined, tally
from index.ledger_threads import SCHEMA as THREADS_SCHEMA
from index.ledger_threads import KnownThreads, forget_threads, note_threads

__all__ = [
    "CountKind",
    "FrontierPage",
    "Ledger",
    "LedgerBusyError",
    "Link",
    "Mark",
    "Note",
    "Outcome",
    "PageResult",
    "Quarantined",
    "Run",
    "Spooled",
]

BUSY_SECONDS = 30.0
_PAGE = "seq, url, chain, position, depth"
_OPEN_BUT = "run_id = ? AND done = 0 AND seq NOT IN (SELECT value FROM json_each(?))"


class Ledger:
    """The ledger of a data folder. Safe to use from several threads; several processes may open the same file."""

    def __init__(self, path: Path | str) -> None:
        """Open or create the file. ":memory:" keeps nothing (dry runs)."""
        self.path = str(path)
        self._lock = threading.RLock()
        self._locks = SourceLocks(self.path)
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(self.path).touch(mode=0o600)
        self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        # A lost last transaction only means asking for a page again, so no fsync per page is needed.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA secure_delete = ON")
        with self._transaction() as db:
            for statement in (SCHEMA + FACTS_SCHEMA + THREADS_SCHEMA).split(";"):
                db.execute(statement)
        self.known_threads = KnownThreads(self._transaction)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _number(self, sql: str, *values: Any) -> int:
        return int(self._rows(sql, *values)[0][0])

    # --- runs

    def begin(
        self,
        source: str,
        *,
        digest: str,
        start: Sequence[Link],
        expected: Mapping[str, int | None],
        now: datetime,
        fresh: timedelta = timedelta(hours=24),
    ) -> Run:
        """Own a run of this source: the interrupted one if it is fresh and has the same `digest`, else a new one.

        `digest` names what the run depends on (start addresses and the like); `start` seeds the frontier of a new run.
        An interrupted run that is too old or has another digest keeps its spool, which `leftovers` lists.
        Raises `LedgerBusyError` where a living process owns a run of this source.
        """
        self._locks.own(source)
        since = (now - fresh).isoformat()
        with self._transaction() as db:
            row = db.execute(
                "SELECT id FROM runs WHERE source = ? AND outcome IN ('running', 'interrupted') AND digest = ?"
                " AND started_at >= ? AND EXISTS (SELECT 1 FROM frontier WHERE run_id = runs.id)"
                " ORDER BY started_at DESC LIMIT 1",
                (source, digest, since),
            ).fetchone()
            if row is not None:
                db.execute(
                    "UPDATE runs SET outcome = 'running', ended_at = NULL, reason = NULL, resumed = resumed + 1"
                    " WHERE id = ?",
                    (row["id"],),
                )
                return Run(row["id"], source, resumed=True)
            run = Run(f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", source, resumed=False)
            db.execute(
                "INSERT INTO runs (id, source, digest, started_at, outcome, expected)"
                " VALUES (?, ?, ?, ?, 'running', ?)",
                (run.id, source, digest, now.isoformat(), json.dumps(dict(expected))),
            )
            self._insert_links(db, run.id, start)
            return run

    def leftovers(self, source: str, *, but: str) -> list[str]:
        """Runs of this source, other than `but`, that were interrupted and never closed, oldest first."""
        rows = self._rows(
            "SELECT id FROM runs WHERE source = ? AND id <> ? AND (outcome = 'running' OR outcome = 'interrupted'"
            " AND EXISTS (SELECT 1 FROM frontier WHERE run_id = runs.id)) ORDER BY started_at",
            source,
            but,
        )
        return [row["id"] for row in rows]

    def pause(self, run_id: str, *, reason: str, now: datetime) -> None:
        """Mark a run as interrupted; `begin` continues it."""
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET outcome = 'interrupted', ended_at = ?, reason = ? WHERE id = ?",
                (now.isoformat(), reason, run_id),
            )

    def end(self, run_id: str, *, outcome: Outcome, reason: str | None, now: datetime) -> None:
        """Close a run for good: its frontier and seen ids are removed. Its spool must be empty (`ValueError`)."""
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM spool WHERE run_id = ?", (run_id,)).fetchone():
                raise ValueError(f"run {run_id} still has spooled posts")
            db.execute("DELETE FROM frontier WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM seen WHERE run_id = ?", (run_id,))
            forget(db, run_id, now)
            forget_threads(db, run_id)
            db.execute(
                "UPDATE runs SET outcome = ?, reason = ?, ended_at = ? WHERE id = ?",
                (outcome, reason, now.isoformat(), run_id),
            )

    def release(self, source: str) -> None:
        """Let other processes run this source."""
        self._locks.release(source)

    def refuse(self, source: str, *, reason: str, now: datetime) -> str:
        """Write down a run that never started; returns its id."""
        run_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        with self._transaction() as db:
            db.execute(
                "INSERT INTO runs (id, source, digest, started_at, ended_at, outcome, reason, expected)"
                " VALUES (?, ?, '', ?, ?, 'refused', ?, '{}')",
                (run_id, source, now.isoformat(), now.isoformat(), reason),
            )
        return run_id

    # --- frontier

    def next_page(self, run_id: str, *, but: Collection[int] = ()) -> FrontierPage | None:
        """The page to ask for next, None when all are done. `but` names pages (by `seq`) that are under way; any other
        one is the next until `finish_page` was called."""
        sql = f"SELECT {_PAGE} FROM frontier WHERE {_OPEN_BUT} ORDER BY priority DESC, seq LIMIT 1"
        rows = self._rows(sql, run_id, json.dumps([*but]))
        return FrontierPage(**dict(rows[0])) if rows else None

    def pages_done(self, run_id: str) -> int:
        """How many pages of the run are done."""
        return self._number("SELECT count(*) FROM frontier WHERE run_id = ? AND done = 1", run_id)

    def pages_open(self, run_id: str) -> int:
        """How many pages of the run are still to be asked for."""
        return self._number("SELECT count(*) FROM frontier WHERE run_id = ? AND done = 0", run_id)

    def is_open(self, run_id: str) -> bool:
        """Whether pages of the run are still to be asked for."""
        return bool(self._rows("SELECT 1 FROM frontier WHERE run_id = ? AND done = 0 LIMIT 1", run_id))

    def unseen(self, run_id: str, ids: Collection[str]) -> set[str]:
        """Of the given post ids those that no page of this run has brought yet."""
        return {id for id in ids if not self._rows("SELECT 1 FROM seen WHERE run_id = ? AND id = ?", run_id, id)}

    def chain_of(self, run_id: str, url: str) -> str | None:
        """The pager that an address of the frontier belongs to, None for an address that isn't in it."""
        rows = self._rows("SELECT chain FROM frontier WHERE run_id = ? AND url = ?", run_id, url)
        return str(rows[0]["chain"]) if rows else None

    def unknown_urls(self, run_id: str, urls: Collection[str]) -> set[str]:
        """Of the given addresses those that are not in the frontier."""
        sql = "SELECT 1 FROM frontier WHERE run_id = ? AND url = ?"
        return {url for url in urls if not self._rows(sql, run_id, url)}

    def finish_page(self, run_id: str, page: FrontierPage, result: PageResult, *, now: datetime) -> None:
        """Write down what a page brought. All of it or, if the process dies, nothing."""
        with self._transaction() as db:
            db.execute("UPDATE frontier SET done = 1 WHERE seq = ?", (page.seq,))
            self._insert_links(db, run_id, result.links)
            db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", [(run_id, id) for id in result.seen])
            db.executemany(
                "INSERT INTO spool (run_id, id, payload) VALUES (?, ?, ?)",
                [(run_id, id, payload) for id, payload in result.posts],
            )
            db.execute(
                "UPDATE runs SET yielded = yielded + ?, requests = requests + ? WHERE id = ?",
                (result.yielded, result.requests, run_id),
            )
            add_counts(db, run_id, "page", {result.fate: 1})
            add_counts(db, run_id, "fate", result.fates or {})
            if result.gate is not None:
                add_counts(db, run_id, "gate", {result.gate: 1})
                add_verdict(db, run_id, page.url, result.gate, now)
            add_counts(db, run_id, "field", result.fields or {})
            count_thread(db, run_id, page.chain, announced=result.announced, read=result.read)
            add_quarantined(db, run_id, result.quarantined, now)
            add_counts(db, run_id, "fate", tally(f"quarantined/{entry.reason}" for entry in result.quarantined))
            add_notes(db, run_id, result.notes, now)
            put_mark(db, run_id, result.mark)
            note_threads(db, run_id, page, result, now)

    def mark(self, run_id: str, url: str) -> Mark | None:
        """What an earlier run of the same source and rules left at an address; None for nothing."""
        with self._lock:
            return mark_of(self._db, run_id, url)

    def drop_open_pages(self, run_id: str, *, note: Note, now: datetime, but: Collection[int] = ()) -> int:
        """Give up the pages that are still to be asked for (a budget is spent), with the reason; returns how many.
        `but` names pages (by `seq`) that are under way."""
        with self._transaction() as db:
            count = db.execute(f"DELETE FROM frontier WHERE {_OPEN_BUT}", (run_id, json.dumps([*but]))).rowcount
            add_counts(db, run_id, "page", {f"dropped/{note.kind}": count})
            add_notes(db, run_id, [note], now)
            return count

    def note(self, run_id: str, note: Note, *, now: datetime) -> None:
        """Write down something about a run."""
        with self._transaction() as db:
            add_notes(db, run_id, [note], now)

    def put_fact(self, run_id: str, name: str, value: Any) -> None:
        """Keep a JSON value with a run under a name, such as "audit" or "health"; it stands in the run's record."""
        with self._transaction() as db:
            put_fact(db, run_id, name, value)

    def _insert_links(self, db: sqlite3.Connection, run_id: str, links: Sequence[Link]) -> None:
        db.executemany(
            "INSERT OR IGNORE INTO frontier (run_id, url, chain, position, depth, priority) VALUES (?, ?, ?, ?, ?, ?)",
            [(run_id, link.url, link.chain, link.position, link.depth, link.priority) for link in links],
        )

    # --- spool

    def totals(self, run_id: str) -> tuple[int, int]:
        """How many posts the run brought so far, and how many of them wait for their fate."""
        return self._number("SELECT yielded FROM runs WHERE id = ?", run_id), self.spooled(run_id)

    def spooled(self, run_id: str) -> int:
        """How many posts of the run wait for their fate."""
        return self._number("SELECT count(*) FROM spool WHERE run_id = ?", run_id)

    def batch(self, run_id: str, limit: int) -> list[Spooled]:
        """The posts that wait longest, in order. They stay in the spool until `settle`."""
        sql = "SELECT seq, id, payload, prior FROM spool WHERE run_id = ? ORDER BY seq LIMIT ?"
        return [Spooled(**dict(row)) for row in self._rows(sql, run_id, limit)]

    def remember_prior(self, prior: Mapping[int, str]) -> None:
        """Keep, per spooled post, what the store held before it is written: so that a repetition after a kill
        still counts as "stored" what the first attempt stored."""
        with self._transaction() as db:
            db.executemany("UPDATE spool SET prior = ? WHERE seq = ?", [(hash, seq) for seq, hash in prior.items()])

    def settle(
        self,
        run_id: str,
        fates: Sequence[tuple[int, str]],
        *,
        now: datetime,
        quarantined: Sequence[Quarantined] = (),
        notes: Sequence[Note] = (),
    ) -> None:
        """Take posts out of the spool and count their fates, (seq, fate) each; `quarantined` keeps the content of those
        whose fate says so."""
        with self._transaction() as db:
            db.executemany("DELETE FROM spool WHERE seq = ?", [(seq,) for seq, _ in fates])
            add_counts(db, run_id, "fate", tally(fate for _, fate in fates))
            add_quarantined(db, run_id, quarantined, now)
            add_notes(db, run_id, notes, now)

    # --- reading

    def counts(self, run_id: str, kind: CountKind) -> dict[str, int]:
        """The counters of a run by name."""
        rows = self._rows("SELECT name, n FROM counts WHERE run_id = ? AND kind = ? ORDER BY name", run_id, kind)
        return {row["name"]: row["n"] for row in rows}

    def threads(self, run_id: str) -> list[tuple[int | None, int]]:
        """Per thread of a run that is not closed yet: the posts that the platform announced, and those read."""
        with self._lock:
            return threads_of(self._db, run_id)

    def verdicts(self, run_id: str) -> list[dict[str, Any]]:
        """The gate's verdict on each page of a run, in order: at, url, verdict. Kept for 90 days."""
        with self._lock:
            return verdicts_of(self._db, run_id)

    def runs(self, *, limit: int = 20, source: str | None = None) -> list[dict[str, Any]]:
        """The last runs, newest first, as `brandmelder status` prints them (docs/crawling.md, "The run record").

        A run whose process died is "interrupted", whatever it was able to write down.
        """
        sql = "SELECT * FROM runs WHERE ? IS NULL OR source = ? ORDER BY started_at DESC, rowid DESC LIMIT ?"
        return [self._record(row) for row in self._rows(sql, source, source, limit)]

    def run(self, run_id: str) -> dict[str, Any]:
        """One run in the same shape. Raises `KeyError` for an unknown id."""
        rows = self._rows("SELECT * FROM runs WHERE id = ?", run_id)
        if not rows:
            raise KeyError(run_id)
        return self._record(rows[0])

    def _record(self, row: sqlite3.Row) -> dict[str, Any]:
        outcome = row["outcome"]
        if outcome == "running" and not self._locks.is_alive(row["source"]):
            outcome = "interrupted"
        notes = self._rows("SELECT at, kind, url, message FROM notes WHERE run_id = ? ORDER BY seq", row["id"])
        return {
            "id": row["id"],
            "source": row["source"],
            "started_at": row["started_at"],
            "ended_at": row["ended_at"],
            "outcome": outcome,
            "reason": row["reason"],
            "requests": row["requests"],
            "yielded": row["yielded"],
            "spooled": self.spooled(row["id"]),
            "fates": self.counts(row["id"], "fate"),
            "expected": json.loads(row["expected"]),
            "pages": self.counts(row["id"], "page"),
            "gate": self.counts(row["id"], "gate"),
            "events": self.counts(row["id"], "note"),
            "resumed": row["resumed"],
            "fields": self.counts(row["id"], "field"),
            **facts_of(self._db, row["id"]),
            "notes": [dict(note) for note in notes],
        }

    def quarantined(self, *, limit: int = 100) -> list[dict[str, Any]]:
        """The newest quarantined posts: run_id, source, at, reason, url, payload."""
        sql = "SELECT run_id, source, at, reason, url, payload FROM quarantine ORDER BY seq DESC LIMIT ?"
        return [dict(row) for row in self._rows(sql, limit)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release locks and file. Safe to call twice."""
        self._locks.release_all()
        self._db.close()
