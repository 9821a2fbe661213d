"""Words that are new: against the weeks before, without near-copies, the same in both stores."""

from datetime import UTC, date, datetime, timedelta

import pytest
from scipy.stats import chi2_contingency

from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.novelty import news, strength, word_query
from index.query import parse_query
from tests.analyst_data import analyst_mentions
from tests.factories import make_mention

ALL = parse_query("")
MONDAY = date(2026, 3, 2)


@pytest.fixture
def store(tmp_path):
    opened = EmbeddedStore(tmp_path / "store")
    yield opened
    opened.close()


def texts(count, text, *, first, **values):
    at = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    return [
        make_mention(
            number, source=f"quelle {text} {first}", text=text, published_at=at + timedelta(minutes=number), **values
        )
        for number in range(count)
    ]


def words(store, query=ALL, **options):
    return [word.word for word in news(store, query, start=MONDAY, **options).words]


def test_the_moved_workshop_is_news(store):
    store.upsert(analyst_mentions())
    found = news(store, ALL, start=MONDAY)
    assert (found.start, found.end) == (MONDAY, date(2026, 3, 8))
    assert {"termin", "depot"} <= {word.word for word in found.words}
    assert not {"ich", "und", "die", "zeisig"} & {word.word for word in found.words}
    for word in found.words:
        matches = store.search(parse_query(word_query(word.word, found.start, found.end)), limit=0)
        assert matches.total >= word.texts


def test_copies_staff_and_mistaken_finds_are_no_news(store):
    store.upsert(texts(60, "Alles wie immer", first=date(2026, 2, 10)))
    store.upsert(texts(20, "Alles wie immer", first=MONDAY))
    store.upsert(texts(20, "Gewinnspiel", first=MONDAY, is_copy=True))
    store.upsert(texts(20, "Hausmitteilung", first=MONDAY, author_role="staff"))
    store.upsert(texts(20, "Rückruf", first=MONDAY))
    assert words(store) == ["rückruf"]
    assert words(store, parse_query("immer")) == []


def test_days_are_german_and_the_end_is_included(store):
    store.upsert(texts(40, "Alles wie immer", first=date(2026, 2, 20)))
    late = datetime(2026, 3, 8, 22, 30, tzinfo=UTC)
    store.upsert([make_mention(n, text="Sirene", published_at=late) for n in range(10)])
    assert words(store) == ["sirene"]
    assert news(store, ALL, start=MONDAY - timedelta(days=7)).texts == 0


def test_nothing_stored_is_no_news(store):
    assert news(store, ALL, start=MONDAY).words == ()


def test_strength_is_the_g_test():
    expected = chi2_contingency([[12, 30], [5, 200]], correction=False, lambda_="log-likelihood").statistic
    assert strength(12, 42, 5, 205) == pytest.approx(expected)


@pytest.mark.elastic
def test_both_stores_say_the_same(elasticsearch_url, emptied_elastic_prefix, store):
    elastic = ElasticStore(elasticsearch_url, prefix=emptied_elastic_prefix)
    for one in (store, elastic):
        one.upsert(analyst_mentions())
        one.refresh()
    query = parse_query("brand:Zeisig")
    assert news(store, query, start=MONDAY) == news(elastic, query, start=MONDAY)
    elastic.close()
