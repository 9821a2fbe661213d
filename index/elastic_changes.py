"""Whether an index was written to: asked in one small request, instead of looking for each of many ids."""

from __future__ import annotations

from index.elastic_client import Connection
from index.store import StoreError

# What `last_write` says of an index that was never written to.
NEVER = -1


def last_write(connection: Connection, index: str) -> int | None:
    """The number of the last write to an index, also of one that no search sees yet; None where that can't be told.

    Elasticsearch numbers the writes of each shard ("sequence numbers"). Raises `StoreError`.
    """
    from elasticsearch import AuthorizationException, NotFoundError

    client = connection.client
    parts = "indices.*.shards.*.seq_no.max_seq_no", "indices.*.shards.*.routing.primary"
    try:
        answer = connection.patiently(
            lambda: client.indices.stats(index=index, metric="docs", level="shards", filter_path=parts)
        )
    except StoreError as error:
        # A key may be allowed to write without being allowed to ask this; and somebody may have removed the index.
        if isinstance(error.__cause__, AuthorizationException | NotFoundError):
            return None
        raise
    shards = [copies for found in answer.get("indices", {}).values() for copies in found["shards"].values()]
    numbers = [copy["seq_no"]["max_seq_no"] for copies in shards for copy in copies if copy["routing"]["primary"]]
    # More than one shard: their numbers say nothing about each other.
    return int(numbers[0]) if len(shards) == len(numbers) == 1 else None
