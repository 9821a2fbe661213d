"""Fixtures that several test files share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NoReturn
from uuid import uuid4

import pytest

from tests.elastic_server import ElasticServer, ServerUnavailableError


def elasticsearch_missing(reason: str) -> NoReturn:
    """Skip, or fail where somebody relies on these tests having run."""
    if os.environ.get("BRANDMELDER_REQUIRE_ELASTICSEARCH", "1" if os.environ.get("CI") else "0") == "1":
        pytest.fail(f"no Elasticsearch for the tests: {reason}", pytrace=False)
    pytest.skip(f"no Elasticsearch for the tests: {reason}")


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """A real server: `ELASTICSEARCH_URL`, else one started from `ELASTICSEARCH_HOME`.

    It may hold other people's data: a test uses a random prefix of its own and removes only what that covers.
    """
    given = os.environ.get("ELASTICSEARCH_URL")
    if given:
        yield given
        return
    try:
        server = ElasticServer()
    except ServerUnavailableError as error:
        elasticsearch_missing(str(error))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def elastic_prefix(elasticsearch_url: str) -> Iterator[str]:
    """A prefix for a store of the test's own; all that begins with it is removed afterwards."""
    prefix = f"test-{uuid4().hex[:12]}"
    yield prefix
    remove_store(elasticsearch_url, prefix)


@pytest.fixture(scope="session")
def _shared_elastic_prefix(elasticsearch_url: str) -> Iterator[str]:
    prefix = f"test-{uuid4().hex[:12]}"
    yield prefix
    remove_store(elasticsearch_url, prefix)


@pytest.fixture
def emptied_elastic_prefix(elasticsearch_url: str, _shared_elastic_prefix: str) -> Iterator[str]:
    """A prefix whose store is empty, for tests that don't mind that its indices exist already: much faster."""
    yield _shared_elastic_prefix
    empty_store(elasticsearch_url, _shared_elastic_prefix)


def empty_store(url: str, prefix: str) -> None:
    """Remove the documents of a store that a test made."""
    from elasticsearch import Elasticsearch

    with Elasticsearch(url, request_timeout=60) as client:
        client.indices.refresh(index=f"{prefix}-*")
        while hits := client.search(index=f"{prefix}-*", size=10_000, source=False)["hits"]["hits"]:
            operations = [{"delete": {"_index": hit["_index"], "_id": hit["_id"]}} for hit in hits]
            client.bulk(operations=operations, refresh=True)


def remove_store(url: str, prefix: str) -> None:
    """Remove the indices and templates of a store that a test made."""
    from elasticsearch import Elasticsearch

    with Elasticsearch(url, request_timeout=60) as client:
        if indices := list(client.indices.get(index=f"{prefix}-*", expand_wildcards="all")):
            client.indices.delete(index=indices)
        for template in ("mentions", "mentions-copies"):
            client.options(ignore_status=404).indices.delete_index_template(name=f"{prefix}-{template}")
        for part in ("settings", "mapping"):
            client.options(ignore_status=404).cluster.delete_component_template(name=f"{prefix}-mentions-{part}")


@pytest.fixture
def elastic_server() -> Iterator[ElasticServer]:
    """A server of the test's own, already started, that it may kill."""
    try:
        server = ElasticServer()
    except ServerUnavailableError as error:
        elasticsearch_missing(str(error))
    try:
        server.start()
        yield server
    finally:
        server.stop()
