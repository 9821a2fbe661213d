"""The embedded store, the default: SQLite holds the mentions, tantivy finds them. Nothing else to install or run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import compress, count
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from filelock import Timeout

from index.document import Encoded, encode
from index.embedded_aggs import aggregate
from index.embedded_beside import Beside
from index.embedded_flat import flattened
from index.embedded_follow import Follower
from index.embedded_index import SearchIndex
from index.embedded_plan import Merge, Plan, planned
from index.embedded_rows import Rows
from index.embedded_search import Finder, Place, decode_place
from index.mention import Mention, Work
from index.merge import replacement_of, update_of
from index.query import Query
from index.query.errors import TOO_BROAD
from index.query.tantivy_target import to_tantivy
from index.stones import Kind
from index.store import Known, Order, ResultPage, Retries, StoreError, Tombstone, WriteResult
from index.times import iso_time

# Writes become searchable by themselves after so many changes, or so many seconds, whichever is first.
INDEX_AFTER_WRITES = 5_000
INDEX_AFTER_SECONDS = 5.0
# How old a search may be where nobody has called `refresh`, in seconds.
SEARCH_LAG_SECONDS = 1.0
SCAN_CHUNK = 1_000
# From so many on, SQLite writes and commits them beside their preparation for the search index.
MANY = 200

Answer = TypeVar("Answer")


class EmbeddedStore:
    """`index.store.Store` in a folder: `mentions.sqlite3`, the record, and `index/`, which can be deleted any time.

    Raises `StoreError` where the folder can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mutex = RLock()
        self._closed = False
        # Changes that nobody has indexed, and those that are being indexed.
        self._unindexed = self._begun = 0
        self._indexed_at = time.monotonic()
        with self._guarded():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._rows = Rows(folder / "mentions.sqlite3")
            # The index reads the record by a connection of its own, while this one goes on writing.
            self._log = Rows(folder / "mentions.sqlite3", cache_mib=4)
            try:
                self._search_index = SearchIndex(folder / "index", self._log)
            except BaseException:
                self._close_rows()
                raise
            self._follower = Follower(self._search_index)

    @property
    def retries(self) -> Retries:
        """`Store.retries`: there is no server that could be busy."""
        return Retries()

    # writing

    def upsert(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """`Store.upsert`."""
        return self._put(mentions, update_of)

    def restore(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """`Store.restore`."""
        return self._put(mentions, replacement_of)

    def _put(self, mentions: Sequence[Mention], merge: Merge) -> list[WriteResult]:
        with self._guarded():
            with self._rows.writing():
                plan = planned(self._rows, mentions, merge)
                first, flat = self._write(plan)
            self._search_index.handover.put(first, flat)
        self._wrote(len(flat))
        return plan.results

    def _write(self, plan: Plan) -> tuple[int, list[bytes]]:
        """The number of the first change, the others follow; and all of them as the search index wants them.

        An exception may leave all of them written: nobody has been told so, and the index finds them in the record.
        """
        written = [*plan.new, *plan.updates]
        if len(written) < MANY:
            return self._rows.write(plan.new, plan.updates), _flat(written)
        with Beside(lambda: self._commit(plan)) as committing:
            flat = _flat(written)
        return committing.result, flat

    def _commit(self, plan: Plan) -> int:
        first = self._rows.write(plan.new, plan.updates)
        self._rows.commit()
        return first

    def amend(self, id: str, work: Work) -> Mention:
        """`Store.amend`."""
        with self._guarded(), self._rows.writing():
            mention = self._rows.stored([id])[id].model_copy(update={"work": work})
            self._rows.write([], [encode(mention)])
        self._wrote(1)
        return mention

    def delete(self, ids: Collection[str]) -> int:
        """`Store.delete`."""
        with self._guarded(), self._rows.writing():
            count = self._rows.remove(ids=ids)
        self._wrote(count)
        return count

    def erase(self, *, ids: Collection[str] = (), author_keys: Collection[str] = ()) -> int:
        """`Store.erase`. The search index is brought up to date at once."""
        with self._guarded(), self._rows.writing():
            self._rows.bury("id", ids)
            self._rows.bury("author", author_keys)
            count = self._rows.remove(ids=ids, author_keys=author_keys)
        self.refresh()
        return count

    def tombstones(self) -> Iterator[Tombstone]:
        """`Store.tombstones`."""
        kinds: tuple[Kind, ...] = ("author", "id")
        for kind in kinds:
            after = ""
            while True:
                with self._guarded():
                    found = self._rows.tombstones_after(kind, after, SCAN_CHUNK)
                if not found:
                    break
                yield from found
                after = found[-1].stone

    def entomb(self, tombstones: Sequence[Tombstone]) -> None:
        """`Store.entomb`."""
        with self._guarded(), self._rows.writing():
            self._rows.entomb(tombstones)

    def _wrote(self, count: int) -> None:
        self._unindexed += count
        waited = time.monotonic() - self._indexed_at
        if self._unindexed >= INDEX_AFTER_WRITES or (self._unindexed and waited >= INDEX_AFTER_SECONDS):
            with self._guarded():
                self._settle()
                self._follower.begin()
                self._begun, self._unindexed = self._unindexed, 0
                self._indexed_at = time.monotonic()

    def _settle(self) -> None:
        """Wait for the indexing that has begun, if any."""
        begun, self._begun = self._begun, 0
        self._unindexed += begun
        if self._follower.wait():
            self._unindexed -= begun

    @property
    def _index(self) -> SearchIndex:
        """The index while nothing else uses it."""
        self._settle()
        return self._search_index

    def _follow(self, *, wait: bool) -> None:
        with self._guarded():
            if self._index.follow(wait=wait):
                self._unindexed = 0
            self._indexed_at = time.monotonic()

    # reading the record

    def known(self, ids: Collection[str]) -> dict[str, Known]:
        """`Store.known`."""
        with self._guarded():
            return self._rows.known(ids)

    def get(self, id: str) -> Mention | None:
        """`Store.get`."""
        with self._guarded():
            return self._rows.stored([id]).get(id)

    def unscored(self, model_revision: str, *, limit: int = 1000) -> list[Mention]:
        """`Store.unscored`."""
        with self._guarded():
            return self._rows.unscored(model_revision, limit)

    def describe(self) -> dict[str, Any]:
        """`Store.describe`."""
        with self._guarded():
            count, first, last = self._rows.span()
        return {
            "kind": "embedded",
            "location": str(self._folder),
            "mentions": count,
            "first": None if first is None else iso_time(first),
            "last": None if last is None else iso_time(last),
        }

    # reading the index

    def search(self, query: Query, *, limit: int = 20, order: Order = "newest", after: str | None = None) -> ResultPage:
        """`Store.search`."""
        with self._guarded():
            return self._healing(lambda: self._search(query, limit, order, after))

    def _search(self, query: Query, limit: int, order: Order, after: str | None) -> ResultPage:
        place = None if after is None else decode_place(after, order)
        finder = self._finder(query)
        total = finder.count()
        if limit <= 0:
            return ResultPage((), total, None)
        if order == "relevance":
            return ResultPage(self._best(finder, limit), total, None)
        # One more than asked for, so that the last page knows that it is.
        keys = finder.page(order, limit + 1, place)
        found = self._rows.by_row(list(keys))
        sign = -1 if order == "newest" else 1
        rows = sorted(found, key=lambda row: (sign * keys[row], found[row].id))[:limit]
        more = len(keys) > limit and rows
        cursor = Place(keys[rows[-1]], found[rows[-1]].id).encode(order) if more else None
        return ResultPage(tuple(found[row] for row in rows), total, cursor)

    def _best(self, finder: Finder, limit: int) -> tuple[Mention, ...]:
        scores = finder.best(limit)
        found = self._rows.by_row(list(scores))
        rows = sorted(found, key=lambda row: (-scores[row], found[row].id))[:limit]
        return tuple(found[row] for row in rows)

    def aggregate(self, aggs: Mapping[str, Any], *, query: Query) -> dict[str, Any]:
        """`Store.aggregate`."""
        with self._guarded():
            return self._healing(lambda: self._aggregate(aggs, query))

    def _aggregate(self, aggs: Mapping[str, Any], query: Query) -> dict[str, Any]:
        self._catch_up()
        return aggregate(self._index.searcher(), to_tantivy(query, self._index.index), aggs)

    def _healing(self, search: Callable[[], Answer]) -> Answer:
        """A search that fails on a damaged index is repeated on a new one."""
        try:
            return search()
        except BaseException as error:
            if (isinstance(error, Exception) or _is_panic(error)) and self._index.heal():
                return search()
            raise

    def scan(self, query: Query, *, after: str = "") -> Iterator[Mention]:
        """`Store.scan`."""
        self.refresh()
        if query.tree is None:
            yield from self._scan_record(after)
            return
        with self._guarded():
            matching = self._healing(lambda: self._matching(query))
        if matching.count(1) > SCAN_CHUNK:
            yield from self._scan_matching(matching, after)
            return
        with self._guarded():
            found = self._rows.by_row(list(compress(count(), matching)))
        yield from sorted((mention for mention in found.values() if mention.id > after), key=lambda found: found.id)

    def _scan_matching(self, matching: bytearray, after: str) -> Iterator[Mention]:
        """Many matches: through the record in the order of the ids, with no more than one piece of it in memory."""
        while True:
            with self._guarded():
                following = self._rows.ids_following(after, SCAN_CHUNK)
                rows = [row for _, row in following if row < len(matching) and matching[row]]
                found = self._rows.by_row(rows)
            if not following:
                return
            yield from (found[row] for row in rows if row in found)
            after = following[-1][0]

    def _matching(self, query: Query) -> bytearray:
        """Per row of the record whether it matches: a byte each, however many match."""
        marks = bytearray()
        for rows in self._finder(query).rows():
            marks.extend(bytes(rows[-1] + 1 - len(marks)))
            for row in rows:
                marks[row] = 1
        return marks

    def _scan_record(self, after: str) -> Iterator[Mention]:
        while True:
            with self._guarded():
                found = self._rows.following(after, SCAN_CHUNK)
            if not found:
                return
            yield from found
            after = found[-1].id

    def _finder(self, query: Query) -> Finder:
        self._catch_up()
        return Finder(self._index.index, self._index.searcher(), to_tantivy(query, self._index.index))

    def _catch_up(self) -> None:
        """Where a writer has left something unindexed for a while (or was killed), index it before searching."""
        if time.monotonic() - self._indexed_at >= SEARCH_LAG_SECONDS and self._index.is_behind():
            self._follow(wait=False)

    # life

    def refresh(self) -> None:
        """`Store.refresh`."""
        self._follow(wait=True)

    def close(self) -> None:
        """`Store.close`. What was written is searchable afterwards."""
        if self._closed:
            return
        try:
            with self._guarded():
                self._settle()
            if self._unindexed:
                self._follow(wait=False)
        finally:
            self._closed = True
            self._search_index.close()
            self._close_rows()

    def _close_rows(self) -> None:
        self._rows.close()
        self._log.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """One thread at a time, and errors of the libraries as sentences."""
        with self._mutex:
            if self._closed:
                raise StoreError("Der Datenbestand ist schon geschlossen.")
            try:
                yield
            except Timeout as error:
                raise StoreError(
                    f"Der Suchindex in {self._folder} wird seit Minuten von einem anderen Brandmelder-Prozess "
                    "geschrieben: bitte später noch einmal versuchen."
                ) from error
            except (sqlite3.Error, OSError, ValueError) as error:
                raise StoreError(_sentence(error, self._folder)) from error
            except BaseException as error:
                if not _is_panic(error):
                    raise
                raise StoreError(f"Die Suche in {self._folder} ist abgestürzt: {error}") from error


def _flat(written: Sequence[Encoded]) -> list[bytes]:
    return [flattened(vars(mention), derived) for mention, derived, _ in written]


def _is_panic(error: BaseException) -> bool:
    """A panic on tantivy's Rust side is no `Exception`, and its class can't be imported."""
    return type(error).__name__ == "PanicException"


def _sentence(error: Exception, folder: Path) -> str:
    text = str(error)
    if "RegexQueryError" in text or "max expansions" in text:
        return TOO_BROAD
    if isinstance(error, PermissionError) or "readonly" in text or "unable to open" in text:
        return f"Der Ordner {folder} ist nicht beschreibbar: bitte Rechte prüfen oder einen anderen wählen ({text})."
    if "disk is full" in text or "No space left" in text:
        return f"Die Festplatte mit {folder} ist voll: bitte Platz schaffen und den Befehl wiederholen."
    if "locked" in text:
        return f"Ein anderer Prozess schreibt gerade lange in {folder}: bitte später noch einmal versuchen."
    if "malformed" in text or "not a database" in text:
        return f"Die Datei {folder / 'mentions.sqlite3'} ist beschädigt: bitte eine Sicherung zurückspielen."
    return f"Der Datenbestand in {folder} ist nicht benutzbar: {text}"
