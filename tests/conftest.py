"""Fixtures that several test files share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest
from elastic_server import ElasticServer, ServerUnavailableError


def elasticsearch_missing(reason: str) -> NoReturn:
    """Skip, or fail where somebody relies on these tests having run."""
    if os.environ.get("CI") or os.environ.get("BRANDMELDER_REQUIRE_ELASTICSEARCH") == "1":
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
