"""The query language: one table for all engines, its errors, and texts that nobody would type."""

import pytest
from query_cases import CASES, CORPORA, NOW
from query_index import build, ids

from index.query import parse_query
from index.query.documents import document_of
from index.query.matcher import matches

CASE_NAMES = [f"{case.corpus}: {case.query}" for case in CASES]


@pytest.fixture(scope="module")
def documents():
    return {name: [document_of(mention) for mention in mentions] for name, mentions in CORPORA.items()}


@pytest.fixture(scope="module")
def indices(documents):
    return {name: build(rows) for name, rows in documents.items()}


def test_table_is_large_and_names_each_query_once():
    assert len(CASES) >= 150
    assert len({(case.corpus, case.query) for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.ids <= {mention.id for mention in CORPORA[case.corpus]}, case


@pytest.mark.parametrize("case", CASES, ids=CASE_NAMES)
def test_matcher_answers_the_table(case, documents):
    query = parse_query(case.query, now=NOW)
    assert {row["id"] for row in documents[case.corpus] if matches(query, row)} == case.ids


@pytest.mark.parametrize("case", CASES, ids=CASE_NAMES)
def test_tantivy_answers_the_table(case, indices):
    assert ids(indices[case.corpus], parse_query(case.query, now=NOW)) == case.ids
