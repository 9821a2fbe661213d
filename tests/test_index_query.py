"""The query language: one table for all engines, its errors, and texts that nobody would type."""

import pytest
from query_cases import CASES, CORPORA, NOW

from index.embedded import EmbeddedStore
from index.query import parse_query
from index.query.documents import document_of
from index.query.matcher import matches

CASE_NAMES = [f"{case.corpus}: {case.query}" for case in CASES]


@pytest.fixture(scope="module")
def documents():
    return {name: [document_of(mention) for mention in mentions] for name, mentions in CORPORA.items()}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    opened = {}
    for name, mentions in CORPORA.items():
        opened[name] = EmbeddedStore(tmp_path_factory.mktemp(name))
        assert {result.fate for result in opened[name].upsert(mentions)} == {"stored"}
        opened[name].refresh()
    yield opened
    for store in opened.values():
        store.close()


def test_table_is_large_and_names_each_query_once():
    assert len(CASES) >= 800
    assert len({(case.corpus, case.query) for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.ids <= {mention.id for mention in CORPORA[case.corpus]}, case


@pytest.mark.parametrize("case", CASES, ids=CASE_NAMES)
def test_matcher_answers_the_table(case, documents):
    query = parse_query(case.query, now=NOW)
    assert {row["id"] for row in documents[case.corpus] if matches(query, row)} == case.ids


@pytest.mark.parametrize("case", CASES, ids=CASE_NAMES)
def test_embedded_store_answers_the_table(case, stores):
    query = parse_query(case.query, now=NOW)
    store = stores[case.corpus]
    found = {mention.id for mention in store.search(query, limit=100).mentions}
    assert found == case.ids
    assert store.search(query, limit=0).total == len(case.ids)
