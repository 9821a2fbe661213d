"""Finding mentions in tantivy in the contract's orders, page by page, with bounded memory.

tantivy orders by one column. Among equal times the ids decide, so that a page is put together from the times after
the cursor and, where the page ends within equal times, from those ordered by id.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from index import embedded_schema as schema
from index.store import StoreError

# Rows that one search gives out where all matches are wanted.
SCAN_CHUNK = 20_000


@dataclass(frozen=True)
class Place:
    """Where a page ended: the order's key of the last hit, and its id."""

    key: int
    id: str

    def encode(self, order: str) -> str:
        """The cursor that users hand back."""
        text = json.dumps([order, self.key, self.id], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode()


def decode_place(cursor: str, order: str) -> Place:
    """The place of a cursor. Raises `StoreError` for one of another order or of somebody else's making."""
    try:
        made_for, key, id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if made_for == order and isinstance(key, int) and isinstance(id, str):
            return Place(key, id)
    except ValueError:
        pass
    raise StoreError("Die Fortsetzungsmarke passt nicht zu dieser Suche: bitte von der ersten Seite an blättern.")


# Equally good matches may stand in any order in the index: so many beyond the page are looked at for ties.
TIE_REACH = 1_000


class Finder:
    """One query over one state of the index."""

    def __init__(self, index: Any, searcher: Any, query: Any) -> None:
        self._schema = index.schema
        self._searcher = searcher
        self._query = query

    def count(self) -> int:
        """The number of matches."""
        return int(self._searcher.search(self._query, 1, count=True).count)

    def best(self, limit: int) -> dict[int, float]:
        """Row and BM25 score of the best matches, with all that tie with the last of them (as far as they reach)."""
        hits = self._searcher.search(self._query, limit + TIE_REACH, count=False).hits
        enough = hits[min(limit, len(hits)) - 1][0] if hits else 0.0
        return {row: hit[0] for hit, row in zip(hits, self._rows(hits), strict=True) if hit[0] >= enough}

    def page(self, order: str, limit: int, after: Place | None) -> dict[int, int]:
        """Row and order key of the first `limit` matches behind `after`; those of equal keys in any order."""
        column, descending = (schema.NEWEST, True) if order == "newest" else (schema.OLDEST, False)
        found: dict[int, int] = {}
        query = self._query
        if after is not None:
            found = self._equals(column, after.key, limit, after.id)
            query = _both(query, _beyond(self._schema, column, after.key, descending))
        if len(found) < limit:
            found |= self._ordered(query, column, descending, limit - len(found))
        return found

    def _ordered(self, query: Any, column: str, descending: bool, limit: int) -> dict[int, int]:
        import tantivy

        direction = tantivy.Order.Desc if descending else tantivy.Order.Asc
        hits = self._searcher.search(query, limit, count=False, order_by_field=column, order=direction).hits
        keys = {row: int(hit[0]) for hit, row in zip(hits, self._rows(hits), strict=True)}
        if len(hits) < limit:
            return keys
        # The page ends among these: which of them belong to it is for the ids to say.
        last = int(hits[-1][0])
        whole = {row: key for row, key in keys.items() if key != last}
        return whole | self._equals(column, last, limit - len(whole))

    def _equals(self, column: str, key: int, limit: int, after: str | None = None) -> dict[int, int]:
        query = _both(self._query, _between(self._schema, column, key, key))
        return {row: key for _, row in self._by_id(query, limit, after)}

    def _by_id(self, query: Any, limit: int, after: str | None) -> list[tuple[str, int]]:
        import tantivy

        if after is not None:
            query = _both(query, _between(self._schema, schema.ID_PREFIX, schema.id_prefix(after), None))
        found: list[tuple[str, int]] = []
        offset = 0
        while len(found) < limit:
            # Ids that begin like `after` but come before it fill the first answers where many begin alike.
            hits = self._searcher.search(
                query, limit, count=False, order_by_field="id", order=tantivy.Order.Asc, offset=offset
            ).hits
            pairs = zip(hits, self._rows(hits), strict=True)
            found += [(hit[0], row) for hit, row in pairs if after is None or hit[0] > after]
            if len(hits) < limit:
                break
            offset += len(hits)
        return found[:limit]

    def rows(self) -> Iterator[list[int]]:
        """The rows of all matches in ascending order, in lists."""
        last = 0
        while found := self._rows_beyond(last):
            yield found
            last = found[-1]

    def _rows_beyond(self, row: int) -> list[int]:
        import tantivy

        query = _both(self._query, _between(self._schema, schema.ROW, row + 1, None))
        hits = self._searcher.search(
            query, SCAN_CHUNK, count=False, order_by_field=schema.ROW, order=tantivy.Order.Asc
        ).hits
        return [int(hit[0]) for hit in hits]

    def _rows(self, hits: list[Any]) -> list[int]:
        return [int(row) for row in self._searcher.fast_field_values(schema.ROW, [address for _, address in hits])]


def _both(left: Any, right: Any) -> Any:
    import tantivy

    return tantivy.Query.boolean_query([(tantivy.Occur.Must, left), (tantivy.Occur.Must, right)])


def _between(described: Any, column: str, lower: int | None, upper: int | None) -> Any:
    import tantivy

    return tantivy.Query.range_query(described, column, tantivy.FieldType.Integer, lower, upper)


def _beyond(described: Any, column: str, key: int, descending: bool) -> Any:
    return _between(described, column, None, key - 1) if descending else _between(described, column, key + 1, None)
