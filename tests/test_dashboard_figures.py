"""Figures over a real store: counts that a person can check by reading the mentions."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard.config import DashboardConfig
from dashboard.figures import (
    Cell,
    Counts,
    by_value,
    cells,
    copies,
    hotspots,
    overview,
    step_for,
    topics,
    trend,
    values,
    voices,
)
from dashboard.loaders import Figures, forget_desk
from dashboard.state import FilterState, to_query
from index.embedded import EmbeddedStore
from index.fields import BERLIN
from index.mention import Correction, Work
from index.opening import open_store
from index.query import parse_query
from tests.factories import make_aspect, make_mention, make_sentiment

EVERYTHING = FilterState(period="all")
ANY = parse_query("*")
NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)


def said(number, label, topic="app", **fields):
    text = f"Satz {number} über die App."
    return make_mention(
        number,
        text=text,
        sentiment=None if label is None else make_sentiment(label, fields.pop("confidence", 0.8)),
        topics=() if label is None else (topic,),
        aspects=() if label is None else (make_aspect(topic, label, text),),
        **{"source": "marktforum", "published_at": NOON, **fields},
    )


@pytest.fixture
def stored(tmp_path):
    stores = []

    def fill(*mentions):
        store = EmbeddedStore(tmp_path / f"store{len(stores)}")
        stores.append(store)
        assert {result.fate for result in store.upsert(mentions)} <= {"stored"}
        store.refresh()
        return store

    yield fill
    for store in stores:
        store.close()


def test_overview_counts_experiences_without_staff_copies_and_strangers(stored):
    store = stored(
        said(0, "negative"),
        said(1, "negative", confidence=0.4),
        said(2, "positive"),
        said(3, "mixed"),
        said(4, "neutral"),
        said(5, None),
        said(6, "negative", author_role="staff"),
        said(7, "negative", is_copy=True, copy_group="a"),
        said(8, "negative", work=Work(not_us=True)),
    )
    figures = overview(store, to_query(EVERYTHING))
    assert figures.total == 6
    assert figures.counts == Counts(negative=2, mixed=1, neutral=1, positive=1)
    assert figures.uncertain == 1
    assert overview(store, to_query(EVERYTHING.but(copies="all"))).total == 7


def test_corrections_count_before_the_model(stored):
    work = Work(correction=Correction(sentiment="positive", by="anna", at=NOON))
    figures = overview(stored(said(0, "negative", work=work)), ANY)
    assert figures.counts == Counts(positive=1)


def test_overview_of_nothing_is_zero(stored):
    figures = overview(stored(), ANY)
    assert (figures.total, figures.counts.n) == (0, 0)
    assert figures.counts.share("negative").value is None


def test_weekly_trend_has_no_gaps_and_starts_on_mondays(stored):
    weeks = [NOON, NOON + timedelta(days=1), NOON + timedelta(days=21)]
    store = stored(*(said(number, "negative", published_at=at) for number, at in enumerate(weeks)))
    points = trend(store, ANY, start=None, end=None)
    assert [point.start for point in points] == [
        date(2026, 3, 2),
        date(2026, 3, 9),
        date(2026, 3, 16),
        date(2026, 3, 23),
    ]
    assert [point.counts.n for point in points] == [2, 0, 0, 1]


def test_daily_trend_counts_berlin_days(stored):
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    store = stored(said(0, "negative", published_at=late), said(1, "neutral", published_at=late + timedelta(hours=2)))
    points = trend(store, ANY, start=date(2026, 3, 1), end=date(2026, 3, 3))
    assert [(point.start.day, point.counts.n) for point in points] == [(1, 0), (2, 2), (3, 0)]


def test_a_trend_over_centuries_keeps_its_newest_part(stored):
    store = stored(said(0, "negative"))
    points = trend(store, ANY, start=date(1990, 1, 1), end=date(2026, 3, 8))
    assert len(points) <= 530
    assert points[-1].counts.n == 1


def test_undated_mentions_have_no_place_in_a_trend(stored):
    store = stored(said(0, "negative", published_at=None, date_precision="unknown"))
    assert trend(store, ANY, start=None, end=None) == []


@pytest.mark.parametrize(("days", "step"), [(1, "day"), (31, "day"), (32, "week"), (400, "week")])
def test_short_periods_are_drawn_by_day(days, step):
    assert step_for(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days - 1)) == step
    assert step_for(None, None) == "week"


def test_cells_count_each_topic_where_it_was_spoken_of(stored):
    text = "Die App ist gut. Die Lieferung war schlecht."
    both = make_mention(
        9,
        text=text,
        source="testportal",
        sentiment=make_sentiment("mixed"),
        topics=("app", "lieferung"),
        aspects=(make_aspect("app", "positive", text), make_aspect("lieferung", "negative", text)),
        published_at=NOON,
    )
    store = stored(said(0, "negative"), said(1, "neutral"), both)
    assert cells(store, ANY, "source") == [
        Cell("app", "marktforum", Counts(negative=1, neutral=1)),
        Cell("app", "testportal", Counts(positive=1)),
        Cell("lieferung", "testportal", Counts(negative=1)),
    ]
    assert topics(store, ANY) == {
        "app": Counts(negative=1, neutral=1, positive=1),
        "lieferung": Counts(negative=1),
    }
    assert cells(store, ANY, "journey_phase") == [
        Cell("app", "usage", Counts(negative=1, neutral=1, positive=1)),
        Cell("lieferung", "usage", Counts(negative=1)),
    ]


def test_each_cell_opens_exactly_its_mentions(stored):
    store = stored(*(make_mention(number) for number in range(120)))
    found = cells(store, to_query(EVERYTHING), "source")
    assert len(found) > 5
    for cell in found:
        state = EVERYTHING.but(topics=(cell.topic,), sources=(cell.value,))
        assert store.search(to_query(state), limit=0).total == cell.counts.n
        assert store.search(to_query(state.but(experiences=("negative",))), limit=0).total == cell.counts.negative


def test_hotspots_rank_by_the_lower_bound():
    few = Cell("app", "klein", Counts(negative=5))
    many = Cell("app", "groß", Counts(negative=240, positive=60))
    mild = Cell("app", "mild", Counts(negative=10, positive=90))
    ranked = hotspots([mild, few, many], [], min_group=5)
    assert [spot.cell.value for spot in ranked] == ["groß", "klein", "mild"]


def test_small_cells_and_spotless_cells_are_no_hotspots():
    small = Cell("app", "klein", Counts(negative=4))
    clean = Cell("app", "sauber", Counts(positive=40))
    assert hotspots([small, clean], [], min_group=5) == []


def test_hotspots_are_compared_with_the_same_cell_before_where_it_was_large_enough():
    now = [Cell("app", "a", Counts(negative=30, positive=10)), Cell("app", "b", Counts(negative=30, positive=10))]
    before = [Cell("app", "a", Counts(negative=8, positive=32)), Cell("app", "b", Counts(negative=4))]
    known, unknown = hotspots(now, before, min_group=5)
    assert known.change.difference == pytest.approx(0.55)
    assert known.adjusted_p is not None
    assert known.adjusted_p < 0.001
    assert (unknown.before, unknown.change.difference, unknown.adjusted_p) == (4, None, None)


def test_voices_count_a_mention_for_each_brand_it_names(stored):
    store = stored(said(0, "negative", brands=("kornblume", "distel")), said(1, "positive", brands=("distel",)))
    found = voices(store, ANY, ("kornblume", "distel", "klee"))
    assert [(voice.brand, voice.total, voice.counts.negative) for voice in found] == [
        ("kornblume", 1, 1),
        ("distel", 2, 1),
        ("klee", 0, 0),
    ]


def test_values_and_copies_are_counted_most_frequent_first(stored):
    store = stored(
        said(0, "negative", copy_group="a"),
        said(1, "negative", copy_group="a", is_copy=True),
        said(2, "neutral", source="gartenblog"),
    )
    assert values(store, ANY, ("source",)) == {"source": [("marktforum", 2), ("gartenblog", 1)]}
    assert copies(store, ANY) == {"a": 2}
    assert by_value(store, ANY, "source") == {"marktforum": Counts(negative=2), "gartenblog": Counts(neutral=1)}


@pytest.mark.parametrize("days_ago", [[0], [20], [40, 300], [500, 2000], [5, 20, 400]])
def test_newest_day_is_the_newest_mentions_however_long_ago(tmp_path, days_ago):
    today = datetime.now(UTC).astimezone(BERLIN).replace(hour=12)
    at = [today - timedelta(days=days) for days in days_ago]
    mentions = [said(number, "neutral", published_at=moment) for number, moment in enumerate(at)]
    foreign = said(90, "neutral", brands=("distel",), published_at=today)
    later = said(91, "neutral", published_at=today + timedelta(days=30))
    undated = said(92, "neutral", published_at=None)
    store = open_store(None, tmp_path)
    store.upsert([*mentions, foreign, later, undated])
    store.close()
    figures = Figures(DashboardConfig(brand="kornblume", data=tmp_path))
    assert figures.newest_day(mentions[0].brands[0]) == today.date() - timedelta(days=min(days_ago))
    assert figures.newest_day("klee") == today.date()
    forget_desk()
