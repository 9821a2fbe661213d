"""The query language on a real Elasticsearch answers as the matcher does: the table, and queries made at random."""

from contextlib import ExitStack
from random import Random
from uuid import uuid4

import pytest
from conftest import remove_store
from factories import make_mention
from query_cases import CASES, CORPORA, NOW

from index.elastic import ElasticStore
from index.query import ast, parse_query
from index.query.documents import Document, document_of
from index.query.elastic_target import node_to_elastic, to_elastic
from index.query.matcher import matches
from index.query.syntax import Query

pytestmark = pytest.mark.elastic

WORDS = [
    "lieferung",
    "liefern",
    "geliefert",
    "bestellt",
    "bestellung",
    "straße",
    "strasse",
    "müller",
    "mueller",
    "größe",
    "groesse",
    "ab",
    "abc",
    "abcd",
    "xy",
    "xyz",
    "häuser",
    "haus",
    "wlan",
    "e-mail",
    "5g",
    "1.234,56",
    "Äpfel",
]


@pytest.fixture(scope="module")
def filled(elasticsearch_url):
    """Opens a store of the module's own with the given mentions."""
    with ExitStack() as stack:

        def fill(mentions):
            prefix = f"test-{uuid4().hex[:12]}"
            store = ElasticStore(elasticsearch_url, prefix=prefix)
            stack.callback(remove_store, elasticsearch_url, prefix)
            stack.callback(store.close)
            assert {result.fate for result in store.upsert(mentions)} == {"stored"}
            store.refresh()
            return store

        yield fill


@pytest.fixture(scope="module")
def stores(filled):
    return {name: filled(mentions) for name, mentions in CORPORA.items()}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.corpus}: {case.query}" for case in CASES])
def test_elasticsearch_answers_the_table(case, stores):
    query = parse_query(case.query, now=NOW)
    store = stores[case.corpus]
    # Streams ask the same of the server as pages do.
    if not CASES.index(case) % 5:
        assert [mention.id for mention in store.scan(query)] == sorted(case.ids)
    page = store.search(query, limit=1000, order="relevance")
    assert {mention.id for mention in page.mentions} == case.ids
    assert page.total == len(case.ids)


def random_leaf(random):
    kind = random.choice(("phrase", "phrase", "fuzzy", "wildcard", "term"))
    if kind == "phrase":
        terms = tuple(random.choice("abcd") for _ in range(random.randint(2, 4)))
        return ast.Phrase(("text",), random.choice(("", "folded", "exact")), terms, random.randint(0, 4))
    word = random.choice(WORDS)
    if kind == "term":
        return ast.Term(("text", "thread_title"), "exact", word)
    place = random.randrange(len(word))
    if kind == "fuzzy":
        return ast.Fuzzy(("text", "title"), "folded", word[:place] + word[place + 1 :] or "x", random.randint(1, 2))
    patterns = (word[:place] + random.choice("*?") + word[place + 1 :], random.choice("ab") + "*")
    return ast.Wildcard(("text",), "exact", patterns[: random.randint(1, 2)])


def random_node(random, depth=2):
    choice = random.random()
    if depth == 0 or choice < 0.4:
        return random_leaf(random)
    if choice < 0.55:
        return ast.Not(random_node(random, depth - 1))
    children = tuple(random_node(random, depth - 1) for _ in range(random.randint(2, 3)))
    return ast.And(children) if choice < 0.75 else ast.Or(children)


def test_random_queries_find_what_the_matcher_finds(filled):
    random = Random(20260302)
    texts = [random.choices("abcd", k=random.randint(1, 8)) for _ in range(150)]
    texts += [random.choices(WORDS, k=random.randint(1, 8)) for _ in range(150)]
    mentions = [make_mention(number, text=" ".join(words)) for number, words in enumerate(texts)]
    store = filled(mentions)
    documents = [Document(document_of(mention)) for mention in mentions]
    sizes = []
    for _ in range(250):
        query = Query("zufällig", None, random_node(random))
        expected = {document.source["id"] for document in documents if matches(query, document)}
        assert {mention.id for mention in store.scan(query)} == expected, query.node
        sizes.append(len(expected))
    assert sum(0 < size < len(mentions) for size in sizes) > 100


def test_only_searches_by_relevance_score():
    node = parse_query("lieferung AND karton").node
    assert "filter" in node_to_elastic(node)["bool"]
    assert "must" in node_to_elastic(node, scoring=True)["bool"]


def test_better_matches_come_first(filled):
    texts = [
        "Karton",
        "Karton Karton und noch ein Karton",
        "Viel Text, in dem das Wort Karton nur einmal steht, ganz am Ende.",
    ]
    mentions = [make_mention(number, text=text) for number, text in enumerate(texts)]
    page = filled(mentions).search(parse_query("karton"), order="relevance")
    assert page.mentions[-1].text == texts[2]
    assert to_elastic(parse_query("")) == {"match_all": {}}
