"""docs/analysts.md on a real server: every query runs, its languages agree, and its answers are what stands there."""

import re
from datetime import date
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from index.embedded import EmbeddedStore
from index.novelty import news
from index.query import parse_query
from tests.analyst_data import analyst_mentions
from tests.analysts import PAGE, ask, head, load, lucene_of_kql, query_string, questions, written

QUESTIONS = questions()


@pytest.fixture(scope="module")
def loaded(elasticsearch_url):
    from conftest import remove_store

    prefix = f"test-{uuid4().hex[:12]}"
    load(elasticsearch_url, prefix)
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        yield client, f"{prefix}-mentions"
    remove_store(elasticsearch_url, prefix)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    store = EmbeddedStore(tmp_path_factory.mktemp("analysten"))
    store.upsert(analyst_mentions())
    store.refresh()
    yield store
    store.close()


def test_there_are_twenty_questions():
    assert [question.number for question in QUESTIONS] == list(range(1, 21))
    assert sum(question.kql is None for question in QUESTIONS) <= 1
    assert all(question.answer.strip() for question in QUESTIONS)


def test_data_have_what_the_questions_ask_for():
    mentions = analyst_mentions()
    assert len({mention.id for mention in mentions}) == len(mentions) > 300
    assert sum(mention.is_copy for mention in mentions) == 3
    assert any(mention.work.not_us for mention in mentions)
    assert any(mention.work.correction for mention in mentions)


@pytest.mark.parametrize(
    ("kql", "lucene"),
    [
        ('a: "b c" and not d.e: true', 'a:"b c" AND NOT d.e:true'),
        ("rating.value >= 0.75", "rating.value:>=0.75"),
        ('at >= "2026-03-01T00:00:00Z" or x: *', 'at:["2026-03-01T00:00:00Z" TO *] OR _exists_:x'),
        ('at < "2026-03-01T00:00:00Z"', 'at:[* TO "2026-03-01T00:00:00Z"}'),
        ("topic: *|negative", "topic:*|negative"),
    ],
)
def test_kql_is_translated_as_kibana_reads_it(kql, lucene):
    assert lucene_of_kql(kql) == lucene


@pytest.mark.elastic
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_answer_stands_in_the_page(loaded, question):
    client, alias = loaded
    assert head(ask(client, alias, question.body)) == question.answer


@pytest.mark.elastic
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_kql_lucene_dsl_and_our_own_language_find_the_same(loaded, embedded, question):
    client, alias = loaded
    expected = client.count(index=alias, query=question.body["query"])["count"]
    assert expected
    assert client.count(index=alias, query=query_string(question.lucene))["count"] == expected
    if question.kql is not None:
        assert client.count(index=alias, query=query_string(lucene_of_kql(question.kql)))["count"] == expected
    assert embedded.search(parse_query(question.lucene), limit=0).total == expected


def test_news_of_the_page_are_the_stores(embedded):
    page = PAGE.read_text(encoding="utf-8")
    call, *lines = re.search(r"^```news\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1].splitlines()
    assert call == "$ brandmelder news brand:Zeisig --week 2026-03-02 --format table"
    found = news(embedded, parse_query("brand:Zeisig"), start=date(2026, 3, 2))
    assert lines == [f"{word.word} {word.texts} {word.before}" for word in found.words]


def test_page_is_rewritten_in_place():
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, {question.number: question.answer for question in QUESTIONS}) == page
