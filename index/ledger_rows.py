"""Rows of the ledger that several of its transactions write. All of these run inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from index.ledger_records import CountKind, Note, Quarantined

NOTES_KEPT_PER_RUN = 500


def add_counts(db: sqlite3.Connection, run_id: str, kind: CountKind, counts: Mapping[str, int]) -> None:
    """Add to the counters of a run."""
    db.executemany(
        "INSERT INTO counts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
        [(run_id, kind, name, n) for name, n in counts.items() if n],
    )


def add_notes(db: sqlite3.Connection, run_id: str, notes: Sequence[Note], now: datetime) -> None:
    """All are counted, the first ones of a run are kept word for word."""
    kept = db.execute("SELECT count(*) FROM notes WHERE run_id = ?", (run_id,)).fetchone()[0]
    db.executemany(
        "INSERT INTO notes (run_id, at, kind, url, message) VALUES (?, ?, ?, ?, ?)",
        [(run_id, now.isoformat(), n.kind, n.url, n.message) for n in notes[: max(0, NOTES_KEPT_PER_RUN - kept)]],
    )
    add_counts(db, run_id, "note", tally(note.kind for note in notes))


def add_quarantined(db: sqlite3.Connection, run_id: str, entries: Sequence[Quarantined], now: datetime) -> None:
    """Keep what could not be processed, for a person."""
    db.executemany(
        "INSERT INTO quarantine (run_id, source, at, reason, url, payload)"
        " SELECT id, source, ?, ?, ?, ? FROM runs WHERE id = ?",
        [(now.isoformat(), entry.reason, entry.url, entry.payload, run_id) for entry in entries],
    )


def tally(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs."""
    return dict(Counter(names))
