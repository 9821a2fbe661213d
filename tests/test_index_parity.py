"""The same mentions in both stores give the same figures, to the last count."""

from random import Random

import pytest
from factories import FIRST, SENTENCES, SOURCES, TOPICS, make_aspect, make_mention, make_sentiment

from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.query import parse_query

pytestmark = pytest.mark.elastic

COUNT = 3000
AGGREGATIONS = {
    "hotspots": {
        "terms": {"field": "topic_experience", "size": 100},
        "aggs": {
            "quellen": {"terms": {"field": "source"}, "aggs": {"mittel": {"avg": {"field": "sentiment.polarity"}}}},
            "personen": {"cardinality": {"field": "author_key"}},
        },
    },
    "verlauf": {
        "date_histogram": {"field": "published_day", "fixed_interval": "1d", "min_doc_count": 0},
        "aggs": {"stimmung": {"terms": {"field": "sentiment"}}},
    },
    "polarität": {"stats": {"field": "sentiment.polarity"}},
    "personen": {"cardinality": {"field": "author_key"}},
    "gruppen": {"cardinality": {"field": "copy_group"}},
    "wochen": {"terms": {"field": "published_week", "order": {"_key": "asc"}, "size": 100}},
    "phasen": {"terms": {"field": "journey_phase", "missing": "ohne"}},
    "sterne": {"range": {"field": "rating", "ranges": [{"to": 3}, {"from": 3}]}},
    "antworten": {"terms": {"field": "needs_answer"}},
    "erste": {"min": {"field": "published_at"}},
}
QUERIES = [
    "",
    "lieferung",
    "sentiment:negative AND NOT source:gartenblog",
    '"drei Tage" OR app*',
    "rating:[1 TO 3]",
    "date:[2026-03-10 TO 2026-04-20]",
    "topic_experience:lieferung|negative",
    "zwieback",
]


def mentions():
    random = Random(11)
    for number in range(COUNT):
        text, label = random.choice(SENTENCES)
        topics = tuple(sorted(random.sample(TOPICS, random.randint(0, 3))))
        yield make_mention(
            number,
            text=text,
            source=random.choice(SOURCES),
            topics=topics,
            aspects=tuple(
                make_aspect(topic, random.choice(("negative", "positive", "neutral")), text) for topic in topics
            ),
            sentiment=None if random.random() < 0.05 else make_sentiment(label, random.uniform(0.4, 0.99)),
            published_at=None
            if random.random() < 0.03
            else FIRST.replace(day=1 + random.randrange(28), month=3 + number % 3),
            author_key=f"person-{random.randrange(400)}",
            copy_group=f"gruppe-{random.randrange(60)}" if random.random() < 0.2 else None,
            journey_phase=random.choice((None, "usage", "support", "purchase")),
        )


@pytest.fixture(scope="module")
def both(elasticsearch_url, _shared_elastic_prefix, tmp_path_factory):
    from conftest import empty_store

    stores = [
        EmbeddedStore(tmp_path_factory.mktemp("gleich")),
        ElasticStore(elasticsearch_url, prefix=_shared_elastic_prefix),
    ]
    rows = list(mentions())
    for store in stores:
        assert {result.fate for result in store.upsert(rows)} == {"stored"}
        store.refresh()
    yield stores
    for store in stores:
        store.close()
    empty_store(elasticsearch_url, _shared_elastic_prefix)


def near(value):
    """Floats to twelve digits: the stores add them up in different orders."""
    if isinstance(value, dict):
        return {key: near(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [near(inner) for inner in value]
    return float(f"{value:.12g}") + 0.0 if isinstance(value, float) and abs(value) > 1e-9 else value


@pytest.mark.parametrize("text", QUERIES)
def test_both_stores_give_the_same_figures(both, text):
    query = parse_query(text)
    embedded, elastic = (near(store.aggregate(AGGREGATIONS, query=query)) for store in both)
    for name in AGGREGATIONS:
        assert elastic[name] == embedded[name], name


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_both_stores_show_the_same_mentions(both, text, order):
    query = parse_query(text)
    embedded, elastic = (store.search(query, limit=300, order=order) for store in both)
    assert (elastic.total, elastic.mentions) == (embedded.total, embedded.mentions)
