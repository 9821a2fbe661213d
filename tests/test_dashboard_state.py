"""The filter, its URL, and its query."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.state import (
    EVERY_BRAND,
    MAX_LENGTH,
    MAX_PAGE,
    MAX_VALUES,
    ORDERS,
    FilterState,
    from_params,
    link,
    previous,
    resolved,
    search_error,
    to_params,
    to_query,
)
from index.document import to_document
from index.mention import CHANNELS, JOURNEY_PHASES, SENTIMENTS
from index.query import QuerySyntaxError
from index.query.matcher import matches
from tests.factories import make_mention

DAYS = st.dates(date(1990, 1, 1), date(2200, 1, 1))
NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=MAX_LENGTH)
ANY_NAMES = st.lists(NAMES, max_size=4, unique=True).map(tuple)


def some(values):
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


@st.composite
def states(draw):
    period = draw(st.sampled_from(["7d", "28d", "84d", "365d", "all", "custom"]))
    start, end = sorted((draw(DAYS), draw(DAYS))) if period == "custom" else (None, None)
    return FilterState(
        period=period,
        start=start,
        end=end,
        brand=draw(st.none() | NAMES),
        sources=draw(ANY_NAMES),
        channels=draw(some(CHANNELS)),
        topics=draw(ANY_NAMES),
        experiences=draw(some(SENTIMENTS)),
        phases=draw(some(JOURNEY_PHASES)),
        touchpoints=draw(ANY_NAMES),
        search=draw(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=60)),
        copies=draw(st.sampled_from(["once", "all"])),
        order=draw(st.sampled_from(ORDERS)),
        page=draw(st.integers(1, MAX_PAGE)),
        language=draw(st.sampled_from([None, "de", "en"])),
    )


@given(states())
@settings(max_examples=200, deadline=None)
def test_state_survives_its_url(state):
    address = urlsplit(link("mentions", state, "https://meldungen.example/"))
    assert (address.netloc, address.path) == ("meldungen.example", "/mentions")
    assert from_params(parse_qs(address.query)) == state


PARAMETERS = "period from to brand source channel topic experience phase touchpoint q copies order page lang unknown"
JUNK = st.dictionaries(st.sampled_from(PARAMETERS.split()), st.lists(st.text(max_size=300), max_size=30))


@given(JUNK)
@settings(max_examples=200, deadline=None)
def test_any_parameters_give_a_valid_state_whose_query_can_be_read(params):
    state = from_params(params)
    assert len(state.sources) <= MAX_VALUES
    assert 1 <= state.page <= MAX_PAGE
    assert from_params(to_params(state)) == state
    known = resolved(state.but(search=""), newest=date(2026, 3, 31))
    to_query(known)


def test_the_longest_lists_of_a_url_are_still_a_query():
    nasty = ['"' * 70 + f"{number:03}" for number in range(50)]
    state = from_params({"topic": nasty, "source": nasty, "touchpoint": nasty, "period": ["all"]})
    assert len(state.topics) == MAX_VALUES
    assert to_query(state).text


@pytest.mark.parametrize(
    "params",
    [
        {"from": ["2026-03-09"], "to": ["2026-03-01"]},
        {"from": ["2026-03-01"]},
        {"from": ["9999-99-99"], "to": ["2026-03-01"]},
        {"period": ["custom"]},
        {"page": ["-4"], "experience": ["<script>"], "lang": ["xx"], "copies": ["2"], "order": ["x"]},
        {"page": ["١٢"]},
    ],
)
def test_impossible_values_fall_back_to_the_default(params):
    assert from_params(params) == FilterState()


def test_relative_periods_end_with_the_newest_day():
    state = resolved(FilterState(period="7d"), newest=date(2026, 3, 31))
    assert (state.period, state.start, state.end) == ("custom", date(2026, 3, 25), date(2026, 3, 31))
    assert resolved(FilterState(period="all"), newest=date(2026, 3, 31)).start is None


def test_the_period_before_has_as_many_days_and_touches():
    state = FilterState().between(date(2026, 3, 25), date(2026, 3, 31))
    before = previous(state)
    assert (before.start, before.end) == (date(2026, 3, 18), date(2026, 3, 24))
    assert previous(FilterState(period="all")) is None


def test_a_changed_filter_starts_on_its_first_page():
    assert FilterState(page=7).but(topics=("app",)).page == 1
    assert FilterState(page=7).but(page=8).page == 8


def test_a_relative_period_without_days_makes_no_query():
    with pytest.raises(ValueError, match="no days"):
        to_query(FilterState())


def hit(state, **fields):
    return matches(to_query(state), to_document(make_mention(0, **fields)))


EVERYTHING = FilterState(period="all")


@pytest.mark.parametrize(
    ("state", "fields", "expected"),
    [
        (EVERYTHING, {}, True),
        (EVERYTHING, {"author_role": "unknown"}, True),
        (EVERYTHING, {"author_role": "staff"}, False),
        (EVERYTHING, {"is_copy": True}, False),
        (EVERYTHING.but(copies="all"), {"is_copy": True}, True),
        (EVERYTHING.but(brand="kornblume"), {}, True),
        (EVERYTHING.but(brand="andere"), {}, False),
        (EVERYTHING.but(brand=EVERY_BRAND), {}, True),
        (EVERYTHING.but(sources=("testportal", "marktforum")), {}, True),
        (EVERYTHING.but(sources=("testportal",)), {}, False),
        (EVERYTHING.but(channels=("forum",), phases=("usage",), touchpoints=("online",)), {}, True),
        (EVERYTHING.but(topics=("lieferung",)), {}, True),
        (EVERYTHING.but(topics=("app",)), {}, False),
        (EVERYTHING.but(topics=("lieferung",), experiences=("negative",)), {}, True),
        (EVERYTHING.but(topics=("lieferung",), experiences=("positive",)), {}, False),
        (EVERYTHING.but(experiences=("negative", "mixed")), {}, True),
        (EVERYTHING.but(experiences=("positive",)), {}, False),
        (EVERYTHING.but(search="Lieferung OR Zahnrad"), {}, True),
        (EVERYTHING.but(search="Zahnrad", topics=("lieferung",)), {}, False),
    ],
)
def test_query_selects(state, fields, expected):
    assert hit(state, **fields) is expected


def test_days_are_berlin_days_and_both_included():
    # 23:30 UTC on 1 March is already 2 March in Berlin.
    late = {"published_at": datetime(2026, 3, 1, 23, 30, tzinfo=UTC)}
    assert hit(EVERYTHING.between(date(2026, 3, 2), date(2026, 3, 2)), **late)
    assert not hit(EVERYTHING.between(date(2026, 3, 1), date(2026, 3, 1)), **late)


def test_a_search_cannot_break_out_of_the_filter():
    state = EVERYTHING.but(sources=("testportal",), search="Karton OR Lieferung")
    assert not hit(state)
    with pytest.raises(QuerySyntaxError):
        to_query(EVERYTHING.but(search="x) OR (source:marktforum"))


def test_a_search_error_knows_its_place():
    error = search_error("Lieferung AND (spät")
    assert error is not None
    assert 0 <= error.position <= len("Lieferung AND (spät")
    assert search_error("Lieferung AND spät") is None


def test_marked_mentions_are_left_out_unless_a_search_names_the_mark():
    assert "NOT work.not_us:true" in to_query(FilterState(period="all")).text
    assert "NOT work.not_us:true" not in to_query(FilterState(period="all", search="work.not_us:true")).text
