"""The log of alerts: one event per topic that turned bad, told once. One SQLite file in the data folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime

from index.mention import Value

FILE_NAME = "alerts.sqlite3"
# An event is over when its topics have been as usual for so long; what comes then is a new one.
CLOSED_AFTER = timedelta(days=7)

Delivery = Literal["pending", "delivered", "held", "retagged"]
UNSENT: frozenset[Delivery] = frozenset({"held", "retagged"})
"""What no mail was or will be sent about."""


class AlertEvent(Value):
    """One event. `count` in the `window_days` before `opened_at`, against `expected`; `since` is when it began.

    `topics` are ids, the first one is what the alert is about, the others are said in the same mentions.
    `delivery` is "held" where the weekly budget of mails was used up, and "retagged" where it came to light because
    stored mentions got other topics. `mail` is the file of the mail, if it is one.
    """

    id: str
    brand: str
    topics: tuple[str, ...]
    window_days: int
    opened_at: AwareDatetime
    last_seen_at: AwareDatetime
    since: AwareDatetime
    count: int
    expected: float
    probability: float
    history_days: int
    link: str
    delivery: Delivery = "pending"
    mail: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether what is unusual `now` still belongs to it."""
        return self.last_seen_at <= now <= self.last_seen_at + CLOSED_AFTER


class AlertLog:
    """The events of a data folder. Each write is one durable transaction."""

    def __init__(self, folder: Path) -> None:
        """Open or create the log in the data folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / FILE_NAME, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, opened_at TEXT, json TEXT) STRICT")

    def events(self) -> list[AlertEvent]:
        """All events, newest first."""
        rows = self._db.execute("SELECT json FROM events ORDER BY opened_at DESC, id").fetchall()
        return [AlertEvent.model_validate_json(row[0]) for row in rows]

    def save(self, events: Sequence[AlertEvent]) -> None:
        """Write events, replacing those of the same id, all or none."""
        rows = [(event.id, event.opened_at.timestamp(), event.model_dump_json()) for event in events]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT OR REPLACE INTO events VALUES (?, printf('%020.6f', ?), ?)", rows)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Release the file."""
        self._db.close()


def read_events(folder: Path) -> list[AlertEvent]:
    """All events of a data folder, newest first; none where nothing was checked yet."""
    if not (folder / FILE_NAME).exists():
        return []
    with closing(AlertLog(folder)) as log:
        return log.events()
