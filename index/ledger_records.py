"""What the ledger writes down: its tables, and the values that go in and out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Outcome = Literal["running", "done", "failed", "suspicious", "bounded", "interrupted", "refused"]
CountKind = Literal["fate", "page", "gate", "note", "field"]
ChainFate = Literal["read", "broken", "gone"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, digest TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    outcome TEXT NOT NULL, reason TEXT, requests INTEGER NOT NULL DEFAULT 0, yielded INTEGER NOT NULL DEFAULT 0,
    resumed INTEGER NOT NULL DEFAULT 0, expected TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS runs_by_source ON runs (source, started_at);
CREATE TABLE IF NOT EXISTS counts (
    run_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (run_id, kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (
    seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, url TEXT, message TEXT);
CREATE INDEX IF NOT EXISTS notes_by_run ON notes (run_id);
CREATE TABLE IF NOT EXISTS frontier (
    seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, url TEXT NOT NULL, chain TEXT NOT NULL, position INTEGER NOT NULL,
    depth INTEGER NOT NULL, priority INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0, UNIQUE (run_id, url));
CREATE INDEX IF NOT EXISTS frontier_open ON frontier (run_id, done, priority DESC, seq);
CREATE TABLE IF NOT EXISTS seen (
    run_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (run_id, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spool (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, prior TEXT);
CREATE INDEX IF NOT EXISTS spool_by_run ON spool (run_id, seq);
CREATE TABLE IF NOT EXISTS quarantine (
    seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL,
    url TEXT, payload TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS marks (
    source TEXT NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL, etag TEXT, modified TEXT, newest TEXT,
    PRIMARY KEY (source, url)) WITHOUT ROWID;
"""


class LedgerBusyError(RuntimeError):
    """Another living process runs this source; the message says which."""


@dataclass(frozen=True)
class Run:
    """A run that this process owns. `resumed` is true where it continues one that was interrupted."""

    id: str
    source: str
    resumed: bool


@dataclass(frozen=True)
class FrontierPage:
    """A page to ask for. `chain` is the first page of its pager, `position` its place there, from 0."""

    seq: int
    url: str
    chain: str
    position: int
    depth: int


@dataclass(frozen=True)
class Link:
    """A page to ask for later; higher `priority` first, then in the order found."""

    url: str
    chain: str
    position: int = 0
    depth: int = 0
    priority: int = 0


@dataclass(frozen=True)
class Note:
    """Something that a person should know about a run: a kind such as "failed/http_500", where, and what."""

    kind: str
    url: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Spooled:
    """A post on its way. `prior` is what the store held for its id before the first attempt to write it:
    None as long as nobody looked, "" for nothing, else the content hash."""

    seq: int
    id: str
    payload: str
    prior: str | None


@dataclass(frozen=True)
class Quarantined:
    """A post that could not be processed, kept for a person: the reason, where it is, its pseudonymised content."""

    reason: str
    url: str | None
    payload: str


@dataclass(frozen=True)
class Mark:
    """What the next run needs to know of a pager that was read to its end, named by its first page's `url`.

    `etag` and `modified` are that page's ETag and Last-Modified, `newest` the time of its newest post (ISO 8601, UTC).
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    newest: str | None = None


@dataclass(frozen=True)
class PageResult:
    """All that one page brought, written at once.

    `fate` counts the page ("read", "failed/http_500", "reserved/tdm_header"); `posts` are (id, payload) for the
    spool, `seen` all ids on it; `fates` those of posts that end here, such as {"dropped/no_brand": 3}. `fields` counts
    how many of its posts have an author, a date, words; `announced` is how many posts the platform says that the
    page's thread has, `read` how many of them this page brought that no other had.

    `activity` is when the threads that a listing shows were last written in, `unchanged` those that are not asked for
    because of it. `chain_fate` says what the page means for the thread that it belongs to: "read" unless another page
    of it fails, "broken" where the thread can't be read whole, "gone" where it is no longer there; `platform` is the
    software that read it.
    """

    fate: str
    gate: str | None = None
    posts: Sequence[tuple[str, str]] = ()
    seen: Collection[str] = ()
    fates: Mapping[str, int] | None = None
    links: Sequence[Link] = ()
    notes: Sequence[Note] = ()
    quarantined: Sequence[Quarantined] = ()
    requests: int = 0
    fields: Mapping[str, int] | None = None
    announced: int | None = None
    read: int = 0
    mark: Mark | None = None
    activity: Mapping[str, datetime] = field(default_factory=dict)
    unchanged: Collection[str] = ()
    chain_fate: ChainFate | None = None
    platform: str | None = None

    @property
    def yielded(self) -> int:
        """How many posts the page brought."""
        return len(self.posts) + len(self.quarantined) + sum((self.fates or {}).values())
