"""Every figure of every page is the same from the embedded store and from Elasticsearch."""

from datetime import timedelta
from random import Random

import pytest

from dashboard import figures
from dashboard.state import EVERY_BRAND, FilterState, previous, to_query
from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.mention import Work
from tests.factories import FIRST, TOPICS, make_aspect, make_mention, make_sentiment

pytestmark = pytest.mark.elastic

COUNT = 400
LAST = (FIRST + timedelta(days=83)).date()
EVERYTHING = FilterState(period="all")
WEEKS = FilterState().between(LAST - timedelta(days=27), LAST)
STATES = {
    "everything": EVERYTHING,
    "weeks": WEEKS,
    "before": previous(WEEKS),
    "copies": EVERYTHING.but(copies="all", brand=EVERY_BRAND),
    "topic": WEEKS.but(topics=("app", "lieferung"), sources=("marktforum", "testportal")),
    "negative": EVERYTHING.but(topics=("app",), experiences=("negative",), phases=("usage", "support")),
    "search": EVERYTHING.but(search='Karton OR "neue App"', channels=("forum", "review")),
    "nothing": EVERYTHING.but(search="zwieback"),
}


def mentions():
    random = Random(5)
    for number in range(COUNT):
        text = f"Die App und die Lieferung, der Karton, Nummer {number}."
        label = random.choice(("negative", "neutral", "positive", "mixed"))
        topics = tuple(sorted(random.sample(TOPICS, random.randint(0, 3))))
        yield make_mention(
            number,
            text=text,
            topics=topics,
            aspects=tuple(make_aspect(topic, random.choice(("negative", "positive")), text) for topic in topics),
            sentiment=None if random.random() < 0.05 else make_sentiment(label, random.uniform(0.4, 0.99)),
            published_at=None if random.random() < 0.03 else FIRST + timedelta(hours=random.randrange(84 * 24)),
            author_role=random.choice(("customer", "customer", "unknown", "staff")),
            brands=random.choice((("kornblume",), ("kornblume", "distel"), ("distel",))),
            copy_group=f"gruppe-{random.randrange(20)}" if random.random() < 0.2 else None,
            is_copy=random.random() < 0.1,
            journey_phase=random.choice((None, "usage", "support", "purchase")),
            touchpoint=random.choice((None, "online", "laden")),
            work=Work(not_us=random.random() < 0.05),
        )


@pytest.fixture(scope="module")
def both(elasticsearch_url, _shared_elastic_prefix, tmp_path_factory):
    from conftest import empty_store

    rows = list(mentions())
    stores = [
        EmbeddedStore(tmp_path_factory.mktemp("figures")),
        ElasticStore(elasticsearch_url, prefix=_shared_elastic_prefix),
    ]
    for store in stores:
        assert {result.fate for result in store.upsert(rows)} == {"stored"}
        store.refresh()
    yield stores
    for store in stores:
        store.close()
    empty_store(elasticsearch_url, _shared_elastic_prefix)


def everything_shown(store, state):
    query = to_query(state)
    return {
        "overview": figures.overview(store, query),
        "weeks": figures.trend(store, query, start=None, end=None),
        "days": figures.trend(store, query, start=LAST - timedelta(days=13), end=LAST),
        "topics": figures.topics(store, query),
        **{by: figures.cells(store, query, by) for by in ("source", "journey_phase", "touchpoint", "channel")},
        "sources": figures.by_value(store, query, "source"),
        "voices": figures.voices(store, query, ("kornblume", "distel", "klee")),
        "copies": figures.copies(store, query),
        "latest": [mention.id for mention in store.search(query, limit=30).mentions],
    }


@pytest.mark.parametrize("name", STATES)
def test_both_stores_show_the_same(both, name):
    embedded, elastic = (everything_shown(store, STATES[name]) for store in both)
    for figure in embedded:
        assert elastic[figure] == embedded[figure], figure
    assert (embedded["overview"].total == 0) is (name == "nothing")
