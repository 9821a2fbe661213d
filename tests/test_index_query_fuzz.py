"""Any text at all: read or refused with its place, by all engines alike, and within two seconds.

`BRANDMELDER_FUZZ` is how many queries are tried (20,000 take some minutes). Times are the process's own seconds, so
that a busy machine doesn't count; the server's are taken from its answer.
"""

from __future__ import annotations

import os
import sys
import time

import pytest
from query_cases import NOW
from query_fuzz import fuzzed, mentions

from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.query import QuerySyntaxError, explain, parse_query
from index.query.documents import Document, document_of
from index.query.elastic_target import to_elastic
from index.query.errors import TOO_BROAD
from index.query.matcher import find_terms, matches
from index.store import StoreError

COUNT = int(os.environ.get("BRANDMELDER_FUZZ", "180"))
LIMIT_SECONDS = 2.0
# A server that other work slows down may take longer than it would.
SERVER_SECONDS = 6.0
MATCHED_EVERY = 40
ASKED_EVERY = 20


@pytest.fixture(scope="module")
def corpus():
    return mentions()


@pytest.fixture(scope="module")
def embedded(corpus, tmp_path_factory):
    store = EmbeddedStore(tmp_path_factory.mktemp("fuzz"))
    assert {result.fate for result in store.upsert(corpus)} == {"stored"}
    store.refresh()
    yield store
    store.close()


def read(text):
    """The query, or None where it is refused as it should be."""
    refused = None
    try:
        return parse_query(text, now=NOW)
    except QuerySyntaxError as error:
        refused = error
    assert 0 <= refused.position < len(text), text
    assert {explain(refused, lang).count("\n") for lang in ("de", "en")} == {2}, text
    assert refused.code != "syntax", text
    return None


def answer(store, query):
    """How many mentions match, or the one sentence that says why nobody can say."""
    try:
        return store.search(query, limit=5).total
    except StoreError as error:
        return str(error)


def test_fuzzed_queries_are_read_or_refused_and_answered_in_time(corpus, embedded, capsys):
    documents = [Document(document_of(mention)) for mention in corpus]
    times = []
    answered = 0
    for number in range(COUNT):
        text = fuzzed(number)
        began = time.process_time()
        query = read(text)
        if query is not None:
            found = answer(embedded, query)
            to_elastic(query)
            assert isinstance(found, int) or found == TOO_BROAD, (text, found)
            answered += 1
        times.append((time.process_time() - began, text))
        if query is not None and number % MATCHED_EVERY == 0:
            assert sum(matches(query, document) for document in documents) == found, text
            find_terms(query, corpus[0].text, document=documents[0])
    slowest, text = max(times)
    with capsys.disabled():
        sys.stdout.write(f"\n{COUNT} queries, {answered} answered; slowest {slowest:.2f} s: {text[:100]!r}\n")
    assert answered > COUNT / 10
    assert slowest < LIMIT_SECONDS, text


@pytest.mark.elastic
@pytest.mark.endurance
def test_fuzzed_queries_are_answered_alike_by_elasticsearch(
    corpus, embedded, elasticsearch_url, elastic_prefix, capsys
):
    store = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
    assert {result.fate for result in store.upsert(corpus)} == {"stored"}
    store.refresh()
    times = []
    try:
        for number in range(0, max(COUNT, 4_000), ASKED_EVERY - 1):
            text = fuzzed(number)
            query = read(text)
            if query is None:
                continue
            began = time.monotonic()
            found = answer(store, query)
            times.append((time.monotonic() - began, text))
            assert found == answer(embedded, query), text
    finally:
        store.close()
    slowest, text = max(times)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(times)} queries asked; slowest {slowest:.2f} s: {text[:100]!r}\n")
    assert slowest < SERVER_SECONDS, text
