"""What the ledger keeps about a run besides its counts: verdicts per page, threads, facts. Inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

VERDICT_DAYS = 90

SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, at TEXT NOT NULL, url TEXT NOT NULL, verdict TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS verdicts_by_run ON verdicts (run_id);
CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (at);
CREATE TABLE IF NOT EXISTS threads (
    run_id TEXT NOT NULL, chain TEXT NOT NULL, announced INTEGER, read INTEGER NOT NULL,
    PRIMARY KEY (run_id, chain)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run_facts (
    run_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, name)) WITHOUT ROWID;
"""


def add_verdict(db: sqlite3.Connection, run_id: str, url: str, verdict: str, now: datetime) -> None:
    """Write down what the gate said about a page."""
    db.execute(
        "INSERT INTO verdicts (run_id, at, url, verdict) VALUES (?, ?, ?, ?)", (run_id, now.isoformat(), url, verdict)
    )


def verdicts_of(db: sqlite3.Connection, run_id: str) -> list[dict[str, Any]]:
    """The verdicts of a run in the order of its pages."""
    rows = db.execute("SELECT at, url, verdict FROM verdicts WHERE run_id = ? ORDER BY seq", (run_id,))
    return [dict(row) for row in rows]


def count_thread(db: sqlite3.Connection, run_id: str, chain: str, *, announced: int | None, read: int) -> None:
    """Add a page of a thread: its new posts, and how many posts the platform says that the thread has."""
    if announced is None and not read:
        return
    db.execute(
        "INSERT INTO threads VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET read = read + excluded.read,"
        " announced = coalesce(max(announced, excluded.announced), announced, excluded.announced)",
        (run_id, chain, announced, read),
    )


def threads_of(db: sqlite3.Connection, run_id: str) -> list[tuple[int | None, int]]:
    """Per thread of a run the announced posts (None: nothing was announced) and the read ones."""
    rows = db.execute("SELECT announced, read FROM threads WHERE run_id = ? ORDER BY chain", (run_id,))
    return [(row[0], row[1]) for row in rows]


def put_fact(db: sqlite3.Connection, run_id: str, name: str, value: Any) -> None:
    """Keep a JSON value with a run."""
    db.execute("INSERT OR REPLACE INTO run_facts VALUES (?, ?, ?)", (run_id, name, json.dumps(value)))


def facts_of(db: sqlite3.Connection, run_id: str) -> dict[str, Any]:
    """The JSON values of a run by name; "audit" and "health" are always there."""
    rows = db.execute("SELECT name, value FROM run_facts WHERE run_id = ? ORDER BY name", (run_id,))
    return {"audit": {}, "health": {}} | {row["name"]: json.loads(row["value"]) for row in rows}


def forget(db: sqlite3.Connection, run_id: str, now: datetime) -> None:
    """Remove what only an open run needs, and verdicts that are older than anybody asks for."""
    db.execute("DELETE FROM threads WHERE run_id = ?", (run_id,))
    db.execute("DELETE FROM verdicts WHERE at < ?", ((now - timedelta(days=VERDICT_DAYS)).isoformat(),))
