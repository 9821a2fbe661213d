"""What a source's last readings left for the next one: validators for conditional requests, and how far they came."""

from __future__ import annotations

import sqlite3

from index.ledger_records import Mark


def put_mark(db: sqlite3.Connection, run_id: str, mark: Mark | None) -> None:
    """Keep a mark for the run's source and digest, in the caller's transaction; an older one of its address goes."""
    if mark is None:
        return
    db.execute(
        "INSERT OR REPLACE INTO marks (source, url, digest, etag, modified, newest)"
        " SELECT source, ?, digest, ?, ?, ? FROM runs WHERE id = ?",
        (mark.url, mark.etag, mark.modified, mark.newest, run_id),
    )


def mark_of(db: sqlite3.Connection, run_id: str, url: str) -> Mark | None:
    """The mark that an earlier run left at an address; None where it read with other rules (another digest)."""
    row = db.execute(
        "SELECT m.url, m.etag, m.modified, m.newest FROM marks m JOIN runs r ON r.source = m.source"
        " AND r.digest = m.digest WHERE r.id = ? AND m.url = ?",
        (run_id, url),
    ).fetchone()
    return None if row is None else Mark(*row)
