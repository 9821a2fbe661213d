"""The contract that both stores keep; tests/store_contract.py is its text as a test suite."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from index.mention import Mention, Work
from index.query import Query

Order = Literal["newest", "oldest", "relevance"]


class StoreError(RuntimeError):
    """The store can't do what was asked; the message says why and what to do, in one sentence."""


class WriteResult(NamedTuple):
    """What became of one mention: `stored`, `updated`, `unchanged`, `dropped` (erased before) or `quarantined`."""

    id: str
    fate: Literal["stored", "updated", "unchanged", "dropped", "quarantined"]
    reason: str | None = None


@dataclass(frozen=True)
class Known:
    """What the store holds for an id: enough to see whether a crawled text is new or must be scored again."""

    content_hash: str
    model_revision: str | None
    rules_version: str | None
    taxonomy_version: str | None


@dataclass(frozen=True)
class Tombstone:
    """What keeps an erased id or author out: the hash of it (`index.stones.stone`), and when it was erased (ISO)."""

    kind: Literal["id", "author"]
    stone: str
    at: str


@dataclass
class Retries:
    """What a store had to do again because its server was busy or away: requests, mentions among them, seconds."""

    requests: int = 0
    items: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class ResultPage:
    """One page of a search. `total` counts all matches; `after` continues it, None at the end."""

    mentions: tuple[Mention, ...]
    total: int
    after: str | None


class Store(Protocol):
    """Where mentions live. Methods are safe to call from one thread at a time; several processes may share a store.

    Writes are durable when the call returns (acknowledged means kept, also after kill -9).
    They are searchable after `refresh`, or shortly after by themselves.
    All methods raise `StoreError` where the store can't be reached or refuses.
    """

    @property
    def retries(self) -> Retries:
        """What had to be repeated since the store was opened; all zero where there is no server."""

    def upsert(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """Write mentions, one result each, in order. Of equal ids in one call the last wins; the others are unchanged.

        A stored mention that equals the new one in everything but `crawled_at`, `scored_at`, `expires_at` and `work`
        is `unchanged` and not touched. An update keeps the stored `work` and the first known `published_at` (with its
        precision): an id never moves in time. Erased ids and authors are `dropped` with reason "erased".
        A mention that the store refuses is `quarantined` with the reason; the others of the call are written.
        """

    def amend(self, id: str, work: Work) -> Mention:
        """Replace what people did with a mention and return it. Raises `KeyError` for an unknown id."""

    def known(self, ids: Collection[str]) -> dict[str, Known]:
        """Of the given ids those that are stored, with what they were made of. Sees all acknowledged writes."""

    def get(self, id: str) -> Mention | None:
        """One mention by id. Sees all acknowledged writes."""

    def delete(self, ids: Collection[str]) -> int:
        """Remove mentions; returns how many were there. They may be stored again."""

    def erase(self, *, ids: Collection[str] = (), author_keys: Collection[str] = ()) -> int:
        """Remove mentions by id or author for good: tombstones keep them from being stored again. Returns the count."""

    def search(self, query: Query, *, limit: int = 20, order: Order = "newest", after: str | None = None) -> ResultPage:
        """Matches in order (ties by id; undated ones last), `after` from the page before.

        `limit` 0 counts only. "relevance" is BM25 and only the first page of it is offered (`after` is None).
        """

    def aggregate(self, aggs: Mapping[str, Any], *, query: Query) -> dict[str, Any]:
        """Run Elasticsearch aggregation JSON over the matches; the answer has Elasticsearch's shape, keyed by name.

        Both stores answer `terms` (size, order, missing), `date_histogram` (fixed_interval in d, h, min_doc_count),
        `histogram`, `range`, `avg`, `min`, `max`, `sum`, `stats`, `value_count`, `cardinality`, `percentiles`,
        and sub-aggregations of these, on the fields of `index.fields`.
        """

    def scan(self, query: Query, *, after: str = "") -> Iterator[Mention]:
        """All matches in id order, streaming, as they stood when the scan began or newer; none twice.

        Only those with a greater id than `after`, so that a stopped scan can be continued.
        """

    def unscored(self, model_revision: str, *, limit: int = 1000) -> list[Mention]:
        """Mentions without scores of exactly this model revision, oldest id first."""

    def restore(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """Write mentions exactly as they are, also their `work` and times, over what is stored: for copies of a store.

        Fates as of `upsert`; only a mention that is stored just so is `unchanged`.
        """

    def tombstones(self) -> Iterator[Tombstone]:
        """What `erase` left, in any order, streaming."""

    def entomb(self, tombstones: Sequence[Tombstone]) -> None:
        """Take over another store's tombstones: what they name stays out from now on; it is not looked for here."""

    def refresh(self) -> None:
        """Make all acknowledged writes searchable now. Call it only where somebody waits for it."""

    def describe(self) -> dict[str, Any]:
        """For people: `{"kind", "location", "mentions", "first", "last"}`; times as ISO strings or None."""

    def close(self) -> None:
        """Release files and connections. Safe to call twice."""
