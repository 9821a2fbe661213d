"""Both stores answer all that dashboard and alerts ask alike, to the last count; counting by hand agrees."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from bench_index import Direct, filters, hotspot_page
from bench_mentions import BRANDS, NEWEST, TOPICS, mentions
from conftest import empty_store

from dashboard import figures
from dashboard.alerts.counts import negative_series
from dashboard.state import EVERY_BRAND, FilterState, previous, to_query
from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.fields import BERLIN, derived_values
from index.query import parse_query

pytestmark = [pytest.mark.elastic, pytest.mark.timeout(1800)]

CALL = 2_000
COUNTS = (1_500, pytest.param(50_000, marks=pytest.mark.endurance))
EVERYTHING = FilterState(period="all", brand=EVERY_BRAND)
WEEKS = FilterState(brand=BRANDS[0]).between(NEWEST - timedelta(days=27), NEWEST)
YEAR = FilterState(brand=BRANDS[0]).between(NEWEST - timedelta(days=364), NEWEST)
STATES = {
    "everything": EVERYTHING,
    "copies": EVERYTHING.but(copies="all"),
    "weeks": WEEKS,
    "before": previous(WEEKS),
    "year": YEAR,
    "topics": YEAR.but(topics=("lieferung", "app")),
    "negative": YEAR.but(experiences=("negative",), phases=("usage", "support")),
    "search": EVERYTHING.but(search='Karton OR "Fahrer hat nicht" OR *auflauf', channels=("forum", "review")),
    "sources": YEAR.but(brand=BRANDS[1], sources=("marktforum", "testportal"), touchpoints=("laden",)),
    "nothing": EVERYTHING.but(search="zwiebackfabrik"),
    **{f"filter {number}": state for number, state in enumerate(filters(8))},
}


@pytest.fixture(scope="module", params=COUNTS, ids=lambda count: f"{count} mentions")
def rows(request):
    return list(mentions(0, request.param))


@pytest.fixture(scope="module")
def both(rows, elasticsearch_url, _shared_elastic_prefix, tmp_path_factory):
    stores = [
        EmbeddedStore(tmp_path_factory.mktemp("viele")),
        ElasticStore(elasticsearch_url, prefix=_shared_elastic_prefix),
    ]
    for store in stores:
        for start in range(0, len(rows), CALL):
            assert {result.fate for result in store.upsert(rows[start : start + CALL])} == {"stored"}
        store.refresh()
    yield stores
    for store in stores:
        store.close()
    empty_store(elasticsearch_url, _shared_elastic_prefix)


def everything_asked(store, state):
    direct, query = Direct(store), to_query(state)
    return {
        "hotspot page": hotspot_page(direct, state),
        "trend by its period": direct.trend(state),
        "weeks": figures.trend(store, query, start=None, end=None),
        "days": figures.trend(store, query, start=NEWEST - timedelta(days=27), end=NEWEST),
        "sources": direct.sources(state),
        "voices": direct.voices(state, BRANDS),
        "copies": figures.copies(store, query),
        **{by: direct.cells(state, by) for by in ("channel", "touchpoint", "journey_phase", "source")},
        "newest": [mention.id for mention in direct.search(state).mentions],
        "total": direct.total(state),
    }


@pytest.mark.parametrize("name", STATES)
def test_both_stores_answer_the_dashboard_alike(both, name):
    embedded, elastic = (everything_asked(store, STATES[name]) for store in both)
    for question in embedded:
        assert elastic[question] == embedded[question], question
    # A week of one channel may be empty among few mentions.
    assert name.startswith("filter") or (embedded["total"] == 0) is (name == "nothing")


@pytest.mark.parametrize("days_back", [0, 45])
def test_both_stores_answer_the_alerts_alike(both, days_back):
    now = datetime(NEWEST.year, NEWEST.month, NEWEST.day, 17, 20, tzinfo=UTC) - timedelta(days=days_back)
    embedded, elastic = (negative_series(store, BRANDS[0], list(TOPICS), now) for store in both)
    assert elastic == embedded
    assert any(any(series.bins) for series in embedded.values())


def test_figures_are_those_that_counting_by_hand_gives(both, rows):
    counted = [
        mention
        for mention in rows
        if mention.author_role != "staff" and not mention.work.not_us and not mention.is_copy
    ]
    cells: Counter[tuple[str, str, str]] = Counter()
    days: Counter[tuple[object, str]] = Counter()
    for mention in counted:
        derived = derived_values(mention)
        for pair in derived.get("topic_experience", ()):
            topic, _, felt = pair.rpartition("|")
            cells[topic, mention.source, felt] += 1
        day = None if mention.published_at is None else mention.published_at.astimezone(BERLIN).date()
        if day is not None and "experience" in derived:
            days[day, derived["experience"]] += 1
    for store in both:
        found = figures.cells(store, to_query(EVERYTHING), "source")
        assert {
            (cell.topic, cell.value, felt): count
            for cell in found
            for felt in ("negative", "mixed", "neutral", "positive")
            if (count := getattr(cell.counts, felt))
        } == cells
        trend = figures.trend(store, to_query(EVERYTHING), start=NEWEST - timedelta(days=27), end=NEWEST)
        for point in trend:
            assert point.counts.negative == days[point.start, "negative"], point.start
            assert point.counts.mixed == days[point.start, "mixed"], point.start
        assert store.search(to_query(EVERYTHING), limit=0).total == len(counted)
        assert store.search(parse_query(""), limit=0).total == len(rows)
