"""Both stores against the one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.store import Store
from tests.store_aggregations import AggregationContract
from tests.store_contract import OpenStore, StoreContract


def embedded(request: pytest.FixtureRequest) -> OpenStore:
    folder: Path = request.getfixturevalue("tmp_path") / "daten"
    return lambda: EmbeddedStore(folder)


def elastic(request: pytest.FixtureRequest) -> OpenStore:
    url: str = request.getfixturevalue("elasticsearch_url")
    prefix: str = request.getfixturevalue("emptied_elastic_prefix")
    return lambda: ElasticStore(url, prefix=prefix)


STORES: dict[str, Callable[[pytest.FixtureRequest], OpenStore]] = {"embedded": embedded, "elastic": elastic}
MARKS = {"elastic": [pytest.mark.elastic]}


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, [])) for name in STORES])
def open_store(request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    opener = STORES[request.param](request)
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(opener())
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


class TestStore(StoreContract):
    pass


class TestAggregations(AggregationContract):
    pass
