"""Searching mentions in Elasticsearch: pages, streams, counts."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from index.elastic_client import Connection
from index.elastic_mapping import MAX_RESULT_WINDOW, Names, mention_of
from index.mention import Mention
from index.store import Order, ResultPage, StoreError, Tombstone

STREAM_PAGE = 1000
# How long the server keeps a snapshot between two pages; a slower reader gets a new one.
STREAM_KEPT = "5m"

Clause = Mapping[str, Any]

# The second criterion decides ties, so that a cursor names one place.
_SORT: Mapping[Order, list[dict[str, Any]]] = {
    "newest": [{"published_at": {"order": "desc", "missing": "_last"}}, {"id": "asc"}],
    "oldest": [{"published_at": {"order": "asc", "missing": "_last"}}, {"id": "asc"}],
    "relevance": [{"_score": "desc"}, {"id": "asc"}],
}


class Reader:
    """All searches of one store."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self.connection = connection
        self.names = names

    def search(self, query: Clause, *, limit: int, order: Order, after: str | None) -> ResultPage:
        """`Store.search`, the query compiled."""
        place = None if after is None else _read_cursor(after, order)
        if limit <= 0:
            return ResultPage((), self.count(query), None)
        body: dict[str, Any] = {"query": query, "sort": _SORT[order], "track_total_hits": True}
        if order == "relevance":
            # The months know different numbers of a word; this ranks as if they were one index.
            body |= {"search_type": "dfs_query_then_fetch"}
        hits, total = self._hits(body, limit + 1, place)
        more = len(hits) > limit and order != "relevance"
        cursor = _cursor(hits[limit - 1]["sort"], order) if more else None
        return ResultPage(tuple(mention_of(hit) for hit in hits[:limit]), total, cursor)

    def _hits(self, body: dict[str, Any], wanted: int, place: Sequence[Any] | None) -> tuple[list[dict[str, Any]], int]:
        """The first `wanted` hits behind the place, in as many requests as the server's window needs; and the total."""
        hits: list[dict[str, Any]] = []
        total = 0
        while True:
            size = min(wanted - len(hits), MAX_RESULT_WINDOW)
            page = self._ask(body | {"size": size} | ({} if place is None else {"search_after": place}))["hits"]
            if not hits:
                total = int(page["total"]["value"])
            hits.extend(page["hits"])
            if len(page["hits"]) < size or len(hits) == wanted:
                return hits, total
            place = page["hits"][-1]["sort"]

    def count(self, query: Clause) -> int:
        """How many mentions match, exactly."""
        return int(self._ask({"query": query, "size": 0, "track_total_hits": True})["hits"]["total"]["value"])

    def aggregate(self, aggs: Mapping[str, Any], query: Clause) -> dict[str, Any]:
        """The answers by name. `aggs` names fields as the mapping does."""
        answer = self._ask({"query": query, "size": 0, "track_total_hits": False, "aggs": dict(aggs)})
        return dict(answer.get("aggregations", {}))

    def first(self, query: Clause, limit: int) -> list[Mention]:
        """The matches with the smallest ids."""
        mentions: list[Mention] = []
        for hit in self.stream(query, size=min(limit, STREAM_PAGE)):
            if len(mentions) == limit:
                break
            mentions.append(mention_of(hit))
        return mentions

    def stream(
        self, query: Clause, *, source: bool = True, size: int = STREAM_PAGE, after: str = ""
    ) -> Iterator[dict[str, Any]]:
        """All hits beyond an id in id order, from one point in time; where the server loses it, from a new one on."""
        from elasticsearch import NotFoundError

        place: Sequence[Any] | None = [after] if after else None
        snapshot = self._open_snapshot()
        try:
            while True:
                try:
                    hits = self._page(snapshot, query, place, source, size)
                except StoreError as error:
                    if not isinstance(error.__cause__, NotFoundError):
                        raise
                    snapshot = self._open_snapshot()
                    hits = self._page(snapshot, query, place, source, size)
                yield from hits
                if len(hits) < size:
                    return
                place = [hits[-1]["sort"][0]]
        finally:
            self._close_snapshot(snapshot)

    def _page(
        self, snapshot: str, query: Clause, place: Sequence[Any] | None, source: bool, size: int
    ) -> list[dict[str, Any]]:
        body: dict[str, Any] = {
            "pit": {"id": snapshot, "keep_alive": STREAM_KEPT},
            "query": query,
            "size": size,
            "sort": [{"id": "asc"}],
            "track_total_hits": False,
            "source": source,
        }
        if place is not None:
            body["search_after"] = place
        return list(self._ask(body, everywhere=False)["hits"]["hits"])

    def tombstones(self) -> Iterator[Tombstone]:
        """What was erased for good, as searches see it."""
        snapshot = self._open_snapshot(self.names.tombstones)
        place: Sequence[Any] | None = None
        try:
            while True:
                body: dict[str, Any] = {
                    "pit": {"id": snapshot, "keep_alive": STREAM_KEPT},
                    "size": STREAM_PAGE,
                    "sort": ["_shard_doc"],
                    "track_total_hits": False,
                }
                if place is not None:
                    body["search_after"] = place
                hits = self._ask(body, everywhere=False)["hits"]["hits"]
                for hit in hits:
                    yield Tombstone(hit["_source"]["kind"], hit["_id"], hit["_source"]["at"])
                if len(hits) < STREAM_PAGE:
                    return
                place = hits[-1]["sort"]
        finally:
            self._close_snapshot(snapshot)

    def _open_snapshot(self, index: str | None = None) -> str:
        client, target = self.connection.client, index or self.names.alias
        answer = self.connection.patiently(
            lambda: client.open_point_in_time(index=target, keep_alive=STREAM_KEPT, allow_partial_search_results=False)
        )
        return str(answer["id"])

    def _close_snapshot(self, snapshot: str) -> None:
        from elastic_transport import TransportError
        from elasticsearch import ApiError

        try:
            self.connection.client.close_point_in_time(id=snapshot)
        except (ApiError, TransportError):
            return  # It is gone, or goes by itself after `STREAM_KEPT`.

    def _ask(self, body: Mapping[str, Any], *, everywhere: bool = True) -> Mapping[str, Any]:
        """One search whose answer covers all shards, or none."""
        options = dict(body) | {"allow_partial_search_results": False}
        if everywhere:
            options["index"] = self.names.alias
        search: Callable[..., Any] = self.connection.client.search
        answer: Mapping[str, Any] = self.connection.patiently(lambda: search(**options))
        return answer


def _cursor(place: Sequence[Any], order: Order) -> str:
    return urlsafe_b64encode(json.dumps([order, *place]).encode()).decode()


def _read_cursor(text: str, order: Order) -> list[Any]:
    try:
        made_for, time, id = json.loads(urlsafe_b64decode(text.encode()))
        if made_for == order and isinstance(time, int | None) and isinstance(id, str):
            return [time, id]
    except (ValueError, TypeError):
        pass
    raise StoreError("Die Fortsetzungsmarke passt nicht zu dieser Suche: bitte von der ersten Seite an blättern.")
