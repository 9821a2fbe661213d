"""Single indices of a store as a migration and a check-up see them: counts, sequence numbers, locks, raw documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from index.elastic_client import Connection
from index.store import StoreError

PAGE = 1_000
ID_PAGE = 10_000


@dataclass(frozen=True)
class Sequences:
    """Where an index's numbering of changes stands: the highest number, and up to which all are done."""

    highest: int
    checkpoint: int


class Indices:
    """Requests about indices by their own names."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def client(self) -> Any:
        """The client, whose types leave out what we pass on."""
        return self.connection.client

    def ask(self, action: Callable[[], Any]) -> Any:
        """The answer, patiently. Raises `StoreError`."""
        return self.connection.patiently(action)

    def repeatably(self, action: Callable[[], Any], *, done: Callable[[], bool]) -> None:
        """An action that fails when it is repeated after it took effect unseen."""
        from elasticsearch import ApiError

        def attempt() -> None:
            try:
                action()
            except ApiError:
                if not done():
                    raise

        self.ask(attempt)

    def count(self, index: str) -> int:
        """How many documents a search finds."""
        return int(self.ask(lambda: self.client.count(index=index))["count"])

    def refresh(self, index: str) -> None:
        """Let searches see every write."""
        self.ask(lambda: self.client.indices.refresh(index=index))

    def sequences(self, index: str) -> Sequences:
        """The numbering of changes. Raises `StoreError` for an index of several shards, each of which has its own."""
        answer = self.ask(lambda: self.client.indices.stats(index=index, level="shards"))
        shards = answer["indices"][index]["shards"]
        if len(shards) != 1:
            raise StoreError(
                f"{index} hat {len(shards)} Shards; umziehen lassen sich nur Indizes mit einem, wie Brandmelder sie "
                "anlegt. Bitte mit «brandmelder index copy» in einen neuen Präfix übertragen."
            )
        (copies,) = shards.values()
        primary = next(shard for shard in copies if shard["routing"]["primary"])
        return Sequences(primary["seq_no"]["max_seq_no"], primary["seq_no"]["local_checkpoint"])

    def lock(self, index: str, *, locked: bool) -> None:
        """Forbid writes to an index, or allow them again (also where it is gone)."""
        if locked:
            # Answered when what was being written is done.
            self.ask(lambda: self.client.indices.add_block(index=index, block="write"))
            return
        self.set(index, {"index.blocks.write": None})

    def set(self, index: str, settings: dict[str, Any]) -> None:
        """Change an index's settings; nothing where it is gone."""
        self.ask(lambda: self.client.indices.put_settings(index=index, settings=settings, ignore_unavailable=True))

    def describe(self, index: str, meta: dict[str, Any]) -> None:
        """Replace the `_meta` of an index's mapping."""
        self.ask(lambda: self.client.indices.put_mapping(index=index, meta=meta))

    def meta(self, index: str) -> dict[str, Any]:
        """The `_meta` of an index's mapping."""
        answer = self.ask(lambda: self.client.indices.get_mapping(index=index))
        return dict(answer[index]["mappings"]["_meta"])

    def ids(self, index: str) -> Iterator[str]:
        """All ids in an index, in order."""
        body: dict[str, Any] = {
            "index": index,
            "sort": [{"id": "asc"}],
            "size": ID_PAGE,
            "source": False,
            "track_total_hits": False,
            "allow_partial_search_results": False,
        }
        while True:
            hits = self.ask(lambda: self.client.search(**body))["hits"]["hits"]
            yield from (str(hit["_id"]) for hit in hits)
            if len(hits) < ID_PAGE:
                return
            body["search_after"] = hits[-1]["sort"]

    def changes(self, index: str, after: int, up_to: int) -> Iterator[tuple[list[dict[str, Any]], int]]:
        """The documents whose last change has a number in between, in pages, each with the number it reaches."""
        if after >= up_to:
            return
        body: dict[str, Any] = {
            "index": index,
            "query": {"range": {"_seq_no": {"gt": after, "lte": up_to}}},
            "sort": [{"_seq_no": "asc"}],
            "size": PAGE,
            "seq_no_primary_term": True,
            "track_total_hits": False,
            "allow_partial_search_results": False,
        }
        while True:
            hits = self.ask(lambda: self.client.search(**body))["hits"]["hits"]
            if hits:
                yield hits, int(hits[-1]["_seq_no"])
            if len(hits) < PAGE:
                return
            body["search_after"] = hits[-1]["sort"]
