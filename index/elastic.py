"""The Elasticsearch store: monthly indices by publication month behind one alias, for teams and large archives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from index.elastic_aggs import prepared
from index.elastic_bulk import batched, fetch_documents
from index.elastic_client import Connection
from index.elastic_keys import Role, make_key
from index.elastic_mapping import Names, mention_of
from index.elastic_migrate import Migration, erase_in_copies
from index.elastic_read import Reader
from index.elastic_schema import Schema
from index.elastic_write import Writer
from index.mention import Mention, Work
from index.query import Query
from index.query.elastic_target import to_elastic
from index.store import Known, Order, ResultPage, Retries, Tombstone, WriteResult

DEFAULT_PREFIX = "brandmelder"
_EVERYTHING: Mapping[str, Any] = {"match_all": {}}
_KNOWN_FIELDS = (
    "content_hash",
    "provenance.model_revision",
    "provenance.rules_version",
    "provenance.taxonomy_version",
)
# A terms query takes at most 65536 values.
_TERMS = 10_000


class ElasticStore:
    """`index.store.Store` on an Elasticsearch cluster of version 8 or 9."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = DEFAULT_PREFIX,
        basic_auth: tuple[str, str] | None = None,
        api_key: str | None = None,
        ca_certs: Path | None = None,
        patience: float = 30.0,
    ) -> None:
        """Connect, and create what is missing on the cluster. Raises `StoreError`.

        Everything that belongs to the store begins with `prefix`; stores with different prefixes don't see each other.
        User and password may stand in the URL. `ca_certs` is a PEM file; certificates are always verified.
        `patience` is how many seconds a busy or restarting server is waited for before `StoreError`.
        """
        self.names = Names(prefix)
        self._connection = Connection(url, basic_auth=basic_auth, api_key=api_key, ca_certs=ca_certs, patience=patience)
        self._schema = Schema(self._connection, self.names)
        self._writer = Writer(self._connection, self.names, self._schema)
        self._reader = Reader(self._connection, self.names)
        try:
            self._connection.check()
            self._schema.open()
        except BaseException:
            self.close()
            raise

    @property
    def retries(self) -> Retries:
        """`Store.retries`."""
        return self._connection.retries

    def upsert(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """`Store.upsert`."""
        return self._writer.upsert(mentions)

    def amend(self, id: str, work: Work) -> Mention:
        """`Store.amend`."""
        return self._writer.amend(id, work)

    def known(self, ids: Collection[str]) -> dict[str, Known]:
        """`Store.known`."""
        targets = [(index, id) for id, index in self._writer.locate(ids).items()]
        known = {}
        for doc in fetch_documents(self._connection, targets, fields=_KNOWN_FIELDS):
            made = doc["_source"].get("provenance") or {}
            versions = (made.get(name) for name in ("model_revision", "rules_version", "taxonomy_version"))
            known[doc["_id"]] = Known(doc["_source"]["content_hash"], *versions)
        return known

    def get(self, id: str) -> Mention | None:
        """`Store.get`."""
        stored = self._writer.fetch([id]).get(id)
        return None if stored is None else stored.mention

    def delete(self, ids: Collection[str]) -> int:
        """`Store.delete`."""
        return self._writer.delete(ids)

    def erase(self, *, ids: Collection[str] = (), author_keys: Collection[str] = ()) -> int:
        """`Store.erase`. Refreshes where authors are named: their mentions are found by a search."""
        self._writer.bury(ids=ids, author_keys=author_keys)
        count = self._writer.delete(ids)
        if author_keys:
            self.refresh()
        for keys in batched(list(dict.fromkeys(author_keys)), _TERMS):
            hits = self._reader.stream({"terms": {"author_key": keys}}, source=False)
            for found in batched([hit["_id"] for hit in hits], _TERMS):
                count += self._writer.delete(found)
        if ids or author_keys:
            erase_in_copies(self._connection, self.names, ids=ids, author_keys=author_keys)
        return count

    def restore(self, mentions: Sequence[Mention]) -> list[WriteResult]:
        """`Store.restore`."""
        return self._writer.restore(mentions)

    def tombstones(self) -> Iterator[Tombstone]:
        """`Store.tombstones`. Refreshes: they are found by a search."""
        client, index = self._connection.client, self.names.tombstones
        if not self._connection.patiently(lambda: client.indices.exists(index=index)):
            return
        self._connection.patiently(lambda: client.indices.refresh(index=index))
        yield from self._reader.tombstones()

    def entomb(self, tombstones: Sequence[Tombstone]) -> None:
        """`Store.entomb`."""
        self._writer.entomb(tombstones)

    def search(self, query: Query, *, limit: int = 20, order: Order = "newest", after: str | None = None) -> ResultPage:
        """`Store.search`."""
        clause = to_elastic(query, scoring=order == "relevance")
        return self._reader.search(clause, limit=limit, order=order, after=after)

    def aggregate(self, aggs: Mapping[str, Any], *, query: Query) -> dict[str, Any]:
        """`Store.aggregate`."""
        return self._reader.aggregate(prepared(aggs), to_elastic(query))

    def scan(self, query: Query, *, after: str = "") -> Iterator[Mention]:
        """`Store.scan`."""
        return (mention_of(hit) for hit in self._reader.stream(to_elastic(query), after=after))

    def unscored(self, model_revision: str, *, limit: int = 1000) -> list[Mention]:
        """`Store.unscored`. Sees what searches see: after `refresh` all of it, else up to a second less."""
        other = {"bool": {"must_not": {"term": {"provenance.model_revision": model_revision}}}}
        return self._reader.first(other, limit)

    def refresh(self) -> None:
        """`Store.refresh`."""
        client, alias = self._connection.client, self.names.alias
        self._connection.patiently(lambda: client.indices.refresh(index=alias))

    def describe(self) -> dict[str, Any]:
        """`Store.describe`."""
        span = {"first": {"min": {"field": "published_at"}}, "last": {"max": {"field": "published_at"}}}
        times = self._reader.aggregate(span, _EVERYTHING)
        return {
            "kind": "elasticsearch",
            "location": f"{self._connection.location} ({self.names.alias})",
            "mentions": self._reader.count(_EVERYTHING),
            "first": times["first"].get("value_as_string"),
            "last": times["last"].get("value_as_string"),
        }

    def migration(self) -> Migration:
        """Moving this store's indices to the mapping of this version."""
        return Migration(self._connection, self.names, self._schema)

    def make_key(self, role: Role, *, name: str | None = None, days: int | None = None) -> dict[str, Any]:
        """A new API key for this store, see `index.elastic_keys.make_key`."""
        return make_key(self._connection, self.names, role, name=name, days=days)

    def close(self) -> None:
        """`Store.close`."""
        self._connection.close()
