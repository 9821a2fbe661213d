"""What both stores answer to aggregation JSON: Elasticsearch's shape, exact figures."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest

from index.mention import Mention
from index.query import parse_query
from index.store import Store, StoreError
from tests.factories import FIRST, make_mention, make_mentions

ALL = parse_query("")
DAY = 86_400_000


def answer(store: Store, body: dict, query: str = "") -> dict:
    return store.aggregate({"figure": body}, query=parse_query(query))["figure"]


def ratings(mentions: list[Mention]) -> list[float]:
    return [mention.rating.value for mention in mentions if mention.rating is not None]


def day_ms(mention: Mention) -> int:
    return int(mention.published_at.timestamp() * 1000) // DAY * DAY


class AggregationContract:
    @pytest.fixture
    def store(self, open_store) -> Store:
        return open_store()

    @pytest.fixture
    def mentions(self, store) -> list[Mention]:
        mentions = [
            *(make_mention(n, published_at=FIRST.replace(hour=0) + timedelta(hours=5 * n)) for n in range(40)),
            make_mention(41, published_at=None, journey_phase=None, topics=(), aspects=(), needs_answer=None),
            make_mention(42, published_at=FIRST + timedelta(days=70), topics=("app", "lieferung"), aspects=()),
        ]
        store.upsert(mentions)
        store.refresh()
        return mentions

    # terms

    def test_terms_count_by_count_then_key(self, store, mentions):
        counted = Counter(topic for mention in mentions for topic in mention.topics)
        expected = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        assert answer(store, {"terms": {"field": "topics"}}) == {
            "doc_count_error_upper_bound": 0,
            "sum_other_doc_count": 0,
            "buckets": [{"key": key, "doc_count": count} for key, count in expected],
        }

    def test_terms_beyond_size_are_summed(self, store, mentions):
        counted = Counter(topic for mention in mentions for topic in mention.topics)
        found = answer(store, {"terms": {"field": "topic", "size": 2}})
        expected = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:2]
        assert [(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]] == expected
        assert found["sum_other_doc_count"] == counted.total() - sum(count for _, count in expected)

    @pytest.mark.parametrize("way", ["asc", "desc"])
    def test_terms_by_key(self, store, mentions, way):
        found = answer(store, {"terms": {"field": "id", "size": 5, "order": {"_key": way}}})
        expected = sorted((mention.id for mention in mentions), reverse=way == "desc")[:5]
        assert [bucket["key"] for bucket in found["buckets"]] == expected
        assert found["sum_other_doc_count"] == len(mentions) - 5

    def test_terms_by_a_metric(self, store, mentions):
        body = {
            "terms": {"field": "source", "order": [{"middle": "desc"}, {"_key": "asc"}]},
            "aggs": {"middle": {"avg": {"field": "sentiment.polarity"}}},
        }
        means = {
            source: fmean(mention.sentiment.polarity for mention in mentions if mention.source == source)
            for source in {mention.source for mention in mentions}
        }
        found = answer(store, body)["buckets"]
        assert [bucket["key"] for bucket in found] == sorted(means, key=lambda source: (-means[source], source))
        for bucket in found:
            assert bucket["middle"]["value"] == pytest.approx(means[bucket["key"]])

    @pytest.mark.usefixtures("mentions")
    def test_terms_with_a_name_for_what_is_missing(self, store):
        found = answer(store, {"terms": {"field": "journey_phase", "missing": "ohne"}})
        assert [(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]] == [("usage", 41), ("ohne", 1)]

    def test_terms_of_a_flag_print_as_words(self, store, mentions):
        yes = sum(mention.needs_answer is True for mention in mentions)
        expected = [
            {"key": 0, "key_as_string": "false", "doc_count": len(mentions) - 1 - yes},
            {"key": 1, "key_as_string": "true", "doc_count": yes},
        ]
        assert answer(store, {"terms": {"field": "needs_answer"}})["buckets"] == expected

    def test_flag_missing_counts_as_the_named_value(self, store, mentions):
        yes = sum(mention.needs_answer is True for mention in mentions)
        found = answer(store, {"terms": {"field": "needs_answer", "missing": False}})["buckets"]
        assert [(bucket["key"], bucket["doc_count"]) for bucket in found] == [(0, len(mentions) - yes), (1, yes)]

    def test_terms_of_numbers_and_days(self, store, mentions):
        counted = Counter(ratings(mentions))
        found = answer(store, {"terms": {"field": "rating", "order": {"_key": "asc"}}})["buckets"]
        assert [(bucket["key"], bucket["doc_count"]) for bucket in found] == sorted(counted.items())
        days = answer(store, {"terms": {"field": "published_day", "size": 1, "order": {"_key": "asc"}}})["buckets"]
        assert days[0]["key"] == int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
        assert days[0]["key_as_string"] == "2026-03-02T00:00:00.000Z"

    def test_terms_are_exact_over_many_values(self, store):
        many = [make_mention(n, author_key=f"person-{n % 700:03d}") for n in range(1500)]
        store.upsert(many)
        store.refresh()
        found = answer(store, {"terms": {"field": "author_key", "size": 105}})
        assert [bucket["key"] for bucket in found["buckets"]] == [
            *(f"person-{n:03d}" for n in range(100)),
            *(f"person-{n:03d}" for n in range(100, 105)),
        ]
        assert [bucket["doc_count"] for bucket in found["buckets"]] == [3] * 100 + [2] * 5
        assert found["sum_other_doc_count"] == 1500 - 310
        assert found["doc_count_error_upper_bound"] == 0
        assert answer(store, {"cardinality": {"field": "author_key"}}) == {"value": 700}

    # histograms and ranges

    def test_days_without_mentions_are_empty_buckets(self, store, mentions):
        counted = Counter(day_ms(mention) for mention in mentions if mention.published_at)
        first, last = min(counted), max(counted)
        found = answer(store, {"date_histogram": {"field": "published_at", "fixed_interval": "1d"}})
        assert found == {
            "buckets": [
                {
                    "key_as_string": f"{datetime.fromtimestamp(day / 1000, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
                    "key": day,
                    "doc_count": counted[day],
                }
                for day in range(first, last + 1, DAY)
            ]
        }

    def test_days_without_mentions_can_be_left_out(self, store, mentions):
        body = {"date_histogram": {"field": "published_at", "fixed_interval": "1d", "min_doc_count": 1}}
        counted = Counter(day_ms(mention) for mention in mentions if mention.published_at)
        found = answer(store, body)["buckets"]
        assert [(bucket["key"], bucket["doc_count"]) for bucket in found] == sorted(counted.items())

    @pytest.mark.usefixtures("mentions")
    def test_weeks_begin_as_elasticsearch_counts_them(self, store):
        # Fixed intervals run from 1 January 1970, a Thursday.
        body = {"date_histogram": {"field": "published_day", "fixed_interval": "7d", "min_doc_count": 1}}
        found = answer(store, body)["buckets"]
        assert {datetime.fromtimestamp(bucket["key"] / 1000, UTC).weekday() for bucket in found} == {3}

    def test_hours(self, store, mentions):
        body = {"date_histogram": {"field": "published_at", "fixed_interval": "6h", "min_doc_count": 1}}
        counted = Counter(
            int(mention.published_at.timestamp()) // 21600 * 21600_000 for mention in mentions if mention.published_at
        )
        found = answer(store, body)["buckets"]
        assert [(bucket["key"], bucket["doc_count"]) for bucket in found] == sorted(counted.items())

    def test_histogram(self, store, mentions):
        counted = Counter(value // 2 * 2 for value in ratings(mentions))
        found = answer(store, {"histogram": {"field": "rating.value", "interval": 2}})
        assert found == {"buckets": [{"key": key, "doc_count": counted[key]} for key in (0.0, 2.0, 4.0)]}

    def test_ranges_may_overlap_and_leave_out(self, store, mentions):
        values = ratings(mentions)
        ranges = [{"from": 4}, {"to": 3}, {"from": 2, "to": 4}, {"key": "keine", "from": 17, "to": 18}]
        assert answer(store, {"range": {"field": "rating", "ranges": ranges}})["buckets"] == [
            {"key": "*-3.0", "to": 3.0, "doc_count": sum(value < 3 for value in values)},
            {"key": "2.0-4.0", "from": 2.0, "to": 4.0, "doc_count": sum(2 <= value < 4 for value in values)},
            {"key": "4.0-*", "from": 4.0, "doc_count": sum(value >= 4 for value in values)},
            {"key": "keine", "from": 17.0, "to": 18.0, "doc_count": 0},
        ]

    # metrics

    def test_figures_of_a_number(self, store, mentions):
        values = ratings(mentions)
        expected = {
            "avg": fmean(values),
            "min": min(values),
            "max": max(values),
            "sum": sum(values),
            "value_count": len(values),
            "cardinality": len(set(values)),
        }
        aggs = {kind: {kind: {"field": "rating"}} for kind in expected}
        found = store.aggregate(aggs, query=ALL)
        assert {kind: figure["value"] for kind, figure in found.items()} == pytest.approx(expected)
        assert answer(store, {"stats": {"field": "rating"}}) == pytest.approx(
            {"count": len(values), "min": min(values), "max": max(values), "avg": fmean(values), "sum": sum(values)}
        )

    def test_percentiles(self, store, mentions):
        polarities = sorted(mention.sentiment.polarity for mention in mentions)
        body = {"percentiles": {"field": "sentiment.polarity", "percents": [0, 50, 100]}}
        values = answer(store, body)["values"]
        assert values["0.0"] == pytest.approx(polarities[0])
        assert values["100.0"] == pytest.approx(polarities[-1])
        assert values["50.0"] == pytest.approx((polarities[20] + polarities[21]) / 2)
        standard = answer(store, {"percentiles": {"field": "rating"}})["values"]
        assert list(standard) == ["1.0", "5.0", "25.0", "50.0", "75.0", "95.0", "99.0"]

    @pytest.mark.usefixtures("mentions")
    def test_figures_of_times_are_milliseconds_and_text(self, store):
        found = store.aggregate({"a": {"min": {"field": "date"}}, "b": {"max": {"field": "published_at"}}}, query=ALL)
        first, last = FIRST.replace(hour=0), FIRST + timedelta(days=70)
        assert found == {
            "a": {"value": first.timestamp() * 1000, "value_as_string": "2026-03-02T00:00:00.000Z"},
            "b": {"value": last.timestamp() * 1000, "value_as_string": "2026-05-11T09:00:00.000Z"},
        }

    def test_sum_of_many_times_lies_in_a_far_year(self, store):
        mentions = make_mentions(200)
        store.upsert(mentions)
        store.refresh()
        total = sum(mention.published_at.timestamp() for mention in mentions) * 1000
        found = answer(store, {"sum": {"field": "date"}})
        assert found["value"] == pytest.approx(total, rel=1e-12)
        # The Gregorian year has 365.2425 days.
        year = 1970 + total / (365.2425 * DAY)
        assert year > 9999
        assert int(found["value_as_string"].partition("-")[0]) in (int(year), int(year - 0.01), int(year + 0.01))
        assert found["value_as_string"].startswith("+")
        assert answer(store, {"stats": {"field": "date"}})["sum_as_string"] == found["value_as_string"]

    def test_bounds_beyond_the_calendar_are_answered(self, store, mentions):
        dated = sum(mention.published_at is not None for mention in mentions)
        found = answer(store, {"range": {"field": "date", "ranges": [{"from": 0, "to": 300_000_000_000_000}]}})
        assert [bucket["doc_count"] for bucket in found["buckets"]] == [dated]
        assert found["buckets"][0]["to_as_string"] == "+11476-08-15T05:20:00.000Z"

    def test_share_of_a_flag(self, store, mentions):
        flags = [mention.needs_answer for mention in mentions if mention.needs_answer is not None]
        assert answer(store, {"avg": {"field": "needs_answer"}})["value"] == pytest.approx(fmean(flags))
        assert answer(store, {"sum": {"field": "needs_answer"}})["value"] == sum(flags)
        assert answer(store, {"value_count": {"field": "needs_answer"}}) == {"value": len(flags)}

    def test_values_of_keywords_are_counted(self, store, mentions):
        assert answer(store, {"value_count": {"field": "topics"}}) == {"value": sum(len(m.topics) for m in mentions)}
        assert answer(store, {"cardinality": {"field": "topics"}}) == {"value": 6}

    # together

    def test_sub_aggregations_nest(self, store, mentions):
        body = {
            "terms": {"field": "channel"},
            "aggs": {
                "feeling": {
                    "terms": {"field": "experience"},
                    "aggs": {"stars": {"avg": {"field": "rating"}}, "people": {"cardinality": {"field": "author_key"}}},
                },
                "days": {"date_histogram": {"field": "published_day", "fixed_interval": "7d", "min_doc_count": 1}},
                "middle": {"percentiles": {"field": "sentiment.polarity", "percents": [50]}},
            },
        }
        for channel in answer(store, body)["buckets"]:
            of_channel = [mention for mention in mentions if mention.channel == channel["key"]]
            assert channel["doc_count"] == len(of_channel)
            assert sum(day["doc_count"] for day in channel["days"]["buckets"]) == sum(
                mention.published_at is not None for mention in of_channel
            )
            for feeling in channel["feeling"]["buckets"]:
                group = [mention for mention in of_channel if mention.sentiment.label == feeling["key"]]
                stars = ratings(group)
                assert feeling["doc_count"] == len(group)
                assert feeling["people"] == {"value": len({mention.author_key for mention in group})}
                assert feeling["stars"]["value"] == (pytest.approx(fmean(stars)) if stars else None)

    def test_only_matches_are_counted(self, store, mentions):
        found = answer(store, {"terms": {"field": "sentiment"}}, query="source:testportal AND sentiment:negative")
        expected = sum(m.source == "testportal" and m.sentiment.label == "negative" for m in mentions)
        assert found["buckets"] == [{"key": "negative", "doc_count": expected}]

    def test_deleted_and_changed_mentions_are_counted_as_they_are(self, store, mentions):
        store.delete([mentions[0].id])
        store.upsert([mentions[1].model_copy(update={"topics": ("neu",), "aspects": ()})])
        store.refresh()
        found = answer(store, {"terms": {"field": "topics", "size": 50}})["buckets"]
        counted = Counter(topic for mention in mentions[2:] for topic in mention.topics) + Counter(["neu"])
        assert {bucket["key"]: bucket["doc_count"] for bucket in found} == counted

    @pytest.mark.usefixtures("mentions")
    def test_nothing_matched_is_an_answer(self, store):
        aggs = {
            "t": {"terms": {"field": "topics"}},
            "d": {"date_histogram": {"field": "published_at", "fixed_interval": "1d"}},
            "h": {"histogram": {"field": "rating", "interval": 1}},
            "r": {"range": {"field": "rating", "ranges": [{"from": 3}]}},
            "a": {"avg": {"field": "rating"}},
            "m": {"min": {"field": "published_at"}},
            "s": {"sum": {"field": "rating"}},
            "x": {"stats": {"field": "rating"}},
            "v": {"value_count": {"field": "topics"}},
            "c": {"cardinality": {"field": "topics"}},
            "p": {"percentiles": {"field": "rating", "percents": [50]}},
        }
        assert store.aggregate(aggs, query=parse_query("zwieback")) == {
            "t": {"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": []},
            "d": {"buckets": []},
            "h": {"buckets": []},
            "r": {"buckets": [{"key": "3.0-*", "from": 3.0, "doc_count": 0}]},
            "a": {"value": None},
            "m": {"value": None},
            "s": {"value": 0.0},
            "x": {"count": 0, "min": None, "max": None, "avg": None, "sum": 0.0},
            "v": {"value": 0},
            "c": {"value": 0},
            "p": {"values": {"50.0": None}},
        }

    @pytest.mark.usefixtures("mentions")
    def test_no_aggregation_is_an_empty_answer(self, store):
        assert store.aggregate({}, query=ALL) == {}

    @pytest.mark.parametrize(
        "body",
        [
            {"erfunden": {"field": "topics"}},
            {"terms": {"field": "gibt_es_nicht"}},
            {"terms": {"field": "text"}},
            {"terms": {"field": "matched_terms"}},
            {"avg": {"field": "topics"}},
            {"terms": {}},
            {"terms": {"field": "topics", "size": -1}},
            {"terms": {"field": "topics", "order": {"erfunden": "asc"}}},
            {"date_histogram": {"field": "published_at", "fixed_interval": "bald"}},
            {"date_histogram": {"field": "published_at"}},
            {"histogram": {"field": "rating", "interval": 0}},
            {"range": {"field": "rating"}},
            {},
            "terms",
        ],
        ids=str,
    )
    @pytest.mark.usefixtures("mentions")
    def test_what_cannot_be_answered_is_a_sentence(self, store, body):
        with pytest.raises(StoreError):
            store.aggregate({"figure": body}, query=ALL)

    def test_every_searchable_field_can_be_counted(self, store):
        from index.fields import DERIVED, FIELDS

        store.upsert(make_mentions(3))
        store.refresh()
        names = [spec.name for spec in (*FIELDS, *DERIVED) if spec.kind not in ("text", "stored")]
        found = store.aggregate({name: {"value_count": {"field": name}} for name in names}, query=ALL)
        assert set(found) == set(names)
        assert found["id"] == {"value": 3}
