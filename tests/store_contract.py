"""The contract of `index.store.Store` as tests. A test module subclasses `StoreContract` and gives `open_store`.

`open_store()` opens the store of this test; a second call opens the same data once more (another process would see
the same). The fixture closes what it opened and removes the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from index.mention import Correction, Mention, Provenance, Work
from index.query import parse_query
from index.stones import stone
from index.store import Store, StoreError, Tombstone
from tests.factories import FIRST, make_mention, make_mentions, make_rating, make_sentiment

ALL = parse_query("")
OpenStore = Callable[[], Store]


def fill(store: Store, mentions: list[Mention]) -> list[Mention]:
    results = store.upsert(mentions)
    assert [(result.id, result.fate) for result in results] == [(mention.id, "stored") for mention in mentions]
    store.refresh()
    return mentions


def pages(store: Store, query: str = "", *, limit: int, order: str = "newest") -> Iterator[list[Mention]]:
    after = None
    while True:
        page = store.search(parse_query(query), limit=limit, order=order, after=after)
        yield list(page.mentions)
        after = page.after
        if after is None:
            return


def in_order(mentions: list[Mention], order: str = "newest") -> list[Mention]:
    sign = -1 if order == "newest" else 1

    def key(mention: Mention) -> tuple[bool, float, str]:
        time = mention.published_at
        return time is None, 0 if time is None else sign * time.timestamp(), mention.id

    return sorted(mentions, key=key)


class StoreContract:
    @pytest.fixture
    def store(self, open_store: OpenStore) -> Store:
        return open_store()

    # writing

    def test_new_mentions_are_stored_and_come_back_whole(self, store):
        mentions = make_mentions(9)
        mentions.append(
            make_mention(
                20,
                published_at=None,
                date_precision="unknown",
                title="Titel mit „Zeichen“ und 🍏",
                expires_at=FIRST + timedelta(days=400, microseconds=123456),
                work=Work(
                    correction=Correction(sentiment="mixed", topics=("app",), by="jule", at=FIRST),
                    owner="Jule",
                    due=date(2026, 4, 1),
                    note="Bitte prüfen.",
                ),
            )
        )
        fill(store, mentions)
        assert [store.get(mention.id) for mention in mentions] == mentions

    def test_unknown_id_is_none(self, store):
        assert store.get("gibt-es-nicht") is None

    def test_results_come_in_the_order_of_the_call(self, store):
        fill(store, [make_mention(2)])
        changed = make_mention(2, text="Jetzt ist alles gut.")
        results = store.upsert([make_mention(5), changed, make_mention(1)])
        assert [(result.id, result.fate) for result in results] == [
            (make_mention(5).id, "stored"),
            (changed.id, "updated"),
            (make_mention(1).id, "stored"),
        ]

    def test_nothing_to_write_is_no_error(self, store):
        assert store.upsert([]) == []
        assert store.delete([]) == 0
        assert store.erase() == 0
        assert store.known([]) == {}

    def test_last_of_equal_ids_in_one_call_wins(self, store):
        first, last = make_mention(1, text="Erste Fassung."), make_mention(1, text="Zweite Fassung.")
        results = store.upsert([first, make_mention(2), last])
        assert [result.fate for result in results] == ["unchanged", "stored", "stored"]
        assert store.get(first.id).text == "Zweite Fassung."

    def test_same_mention_read_again_is_unchanged_and_not_touched(self, store):
        mention = fill(store, [make_mention(1)])[0]
        later = FIRST + timedelta(days=200)
        again = mention.model_copy(update={"crawled_at": later, "scored_at": later, "expires_at": later})
        assert [result.fate for result in store.upsert([again])] == ["unchanged"]
        assert store.get(mention.id) == mention

    @pytest.mark.parametrize(
        "change",
        [
            {"text": "Anderer Text."},
            {"rating": make_rating(1)},
            {"sentiment": make_sentiment("mixed")},
            {"topics": ("app", "lieferung")},
            {"is_copy": True, "copy_group": "x"},
            {"provenance": Provenance(model="probe", model_revision="r2")},
            {"author_role": "staff"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_any_other_change_is_an_update(self, store, change):
        fill(store, [make_mention(1)])
        new = make_mention(1).model_copy(update=change)
        assert [result.fate for result in store.upsert([new])] == ["updated"]
        assert store.get(new.id) == new
        assert [result.fate for result in store.upsert([new])] == ["unchanged"]

    def test_update_keeps_the_work_of_people(self, store):
        mention = fill(store, [make_mention(1)])[0]
        work = Work(status="done", owner="Jule", note="Erledigt.")
        store.amend(mention.id, work)
        store.upsert([make_mention(1, text="Neuer Text.")])
        assert (store.get(mention.id).text, store.get(mention.id).work) == ("Neuer Text.", work)

    def test_an_id_never_moves_in_time(self, store):
        mention = fill(store, [make_mention(1)])[0]
        moved = make_mention(1, text="Neuer Text.", published_at=FIRST + timedelta(days=300), date_precision="day")
        assert [result.fate for result in store.upsert([moved])] == ["updated"]
        store.refresh()
        stored = store.get(mention.id)
        assert (stored.published_at, stored.date_precision) == (mention.published_at, mention.date_precision)
        assert store.search(ALL, limit=0).total == 1

    def test_undated_mention_takes_the_first_time_that_is_known(self, store):
        undated = fill(store, [make_mention(1, published_at=None, date_precision="unknown")])[0]
        dated = make_mention(1)
        assert [result.fate for result in store.upsert([dated])] == ["updated"]
        store.refresh()
        assert store.get(undated.id) == dated
        assert store.search(ALL, limit=0).total == 1
        assert store.search(parse_query("published_at:*"), limit=0).total == 1

    def test_other_time_alone_is_unchanged(self, store):
        mention = fill(store, [make_mention(1)])[0]
        moved = mention.model_copy(update={"published_at": FIRST + timedelta(days=300)})
        assert [result.fate for result in store.upsert([moved])] == ["unchanged"]

    def test_refused_mention_is_quarantined_and_the_others_are_written(self, store):
        endless = make_mention(1, id="x" * 600)
        results = store.upsert([make_mention(2), endless, make_mention(3)])
        assert [result.fate for result in results] == ["stored", "quarantined", "stored"]
        assert results[1].reason
        assert store.get(make_mention(3).id) == make_mention(3)

    @pytest.mark.parametrize("year", [1, 9999])
    def test_impossible_time_is_quarantined(self, store, year):
        results = store.upsert([make_mention(1, published_at=datetime(year, 6, 1, tzinfo=UTC))])
        assert [result.fate for result in results] == ["quarantined"]

    def test_endless_number_is_quarantined(self, store):
        rating = make_rating(1).model_copy(update={"value": float("inf")})
        assert [result.fate for result in store.upsert([make_mention(1, rating=rating)])] == ["quarantined"]

    @pytest.mark.parametrize(
        "strange",
        [
            {"url": "https://marktforum.example/" + "weit" * 10_000},
            {"text": "wort" * 50_000},
            {"text": "\x00\x01 nicht druckbar \x7f"},
            {"text": ""},
            {"text": "ohne Ende " * 50_000},
            {"topics": ()},
            {"native_id": ""},
            {"work": Work(due=date(9999, 12, 31))},
        ],
        ids=["long-keyword", "long-word", "controls", "no-text", "long-text", "no-topics", "empty-keyword", "far-due"],
    )
    def test_strange_values_are_kept_whole(self, store, strange):
        mention = fill(store, [make_mention(1, id="a" * 32, **strange)])[0]
        assert store.get(mention.id) == mention
        assert list(store.scan(ALL)) == [mention]

    # work of people

    def test_amend_replaces_the_work_and_returns_the_mention(self, store):
        mention = fill(store, [make_mention(1)])[0]
        work = Work(not_us=True, status="in_progress", note="Meint die Blume.")
        amended = store.amend(mention.id, work)
        assert amended == mention.model_copy(update={"work": work})
        assert store.get(mention.id) == amended
        store.refresh()
        assert store.search(parse_query("work.status:in_progress AND work.note:blume OR work.not_us:true")).total == 1

    def test_correction_changes_what_is_counted(self, store):
        mention = fill(store, [make_mention(0)])[0]
        assert store.search(parse_query("sentiment:negative"), limit=0).total == 1
        store.amend(mention.id, Work(correction=Correction(sentiment="positive", by="jule", at=FIRST)))
        store.refresh()
        assert store.search(parse_query("sentiment:negative"), limit=0).total == 0
        assert store.search(parse_query("sentiment:positive"), limit=0).total == 1

    def test_amend_of_an_unknown_id_is_a_key_error(self, store):
        with pytest.raises(KeyError):
            store.amend("gibt-es-nicht", Work())

    # reading what was written

    def test_known_names_what_each_mention_was_made_of(self, store):
        made = Provenance(model="probe", model_revision="r7", rules_version="v2", taxonomy_version="t3")
        mentions = [make_mention(1, provenance=made), make_mention(2, provenance=Provenance())]
        store.upsert(mentions)
        known = store.known([mentions[0].id, "fremd", mentions[1].id])
        assert set(known) == {mentions[0].id, mentions[1].id}
        first, second = known[mentions[0].id], known[mentions[1].id]
        assert first.content_hash == mentions[0].content_hash
        assert (first.model_revision, first.rules_version, first.taxonomy_version) == ("r7", "v2", "t3")
        assert (second.model_revision, second.rules_version, second.taxonomy_version) == (None, None, None)

    def test_get_and_known_see_writes_at_once(self, store):
        store.upsert([make_mention(1)])
        store.upsert([make_mention(1, text="Neu.")])
        assert store.get(make_mention(1).id).text == "Neu."
        assert store.known([make_mention(1).id])[make_mention(1).id].content_hash != make_mention(1).content_hash

    def test_writes_outlive_the_store_object(self, open_store):
        first = open_store()
        mentions = make_mentions(5)
        first.upsert(mentions)
        first.close()
        again = open_store()
        again.refresh()
        assert [again.get(mention.id) for mention in mentions] == mentions
        assert again.search(ALL, limit=0).total == 5

    def test_second_opening_sees_the_same_data(self, open_store):
        writer, reader = open_store(), open_store()
        fill(writer, make_mentions(3))
        assert reader.get(make_mention(1).id) == make_mention(1)
        reader.refresh()
        assert reader.search(ALL, limit=0).total == 3
        reader.upsert([make_mention(7)])
        writer.refresh()
        assert writer.search(ALL, limit=0).total == 4

    def test_written_mentions_are_found_after_refresh(self, store):
        fill(store, make_mentions(8))
        store.upsert([make_mention(0, text="Ein ganz anderer Satz über Zwieback.")])
        store.delete([make_mention(1).id])
        store.refresh()
        assert store.search(parse_query("zwieback"), limit=0).total == 1
        assert store.search(ALL, limit=0).total == 7
        assert {mention.id for mention in store.search(ALL).mentions} == {m.id for m in make_mentions(8)} - {
            make_mention(1).id
        }

    def test_unscored_are_those_of_another_revision_by_id(self, store):
        mentions = make_mentions(6)
        mentions[1] = make_mention(1, provenance=Provenance(model_revision="r2"))
        mentions[4] = make_mention(4, provenance=Provenance())
        fill(store, mentions)
        expected = sorted((mention for mention in mentions if mention is not mentions[1]), key=lambda m: m.id)
        assert store.unscored("r2") == expected
        assert store.unscored("r2", limit=2) == expected[:2]
        assert {m.id for m in store.unscored("r1")} == {mentions[1].id, mentions[4].id}

    def test_describe_names_size_and_span(self, store):
        empty = store.describe()
        assert (empty["mentions"], empty["first"], empty["last"]) == (0, None, None)
        fill(store, [*make_mentions(3), make_mention(4, published_at=None)])
        described = store.describe()
        assert set(described) == {"kind", "location", "mentions", "first", "last"}
        assert described["mentions"] == 4
        assert datetime.fromisoformat(described["first"]) == FIRST
        assert datetime.fromisoformat(described["last"]) == FIRST + timedelta(hours=2)

    # removing

    def test_deleted_mentions_are_gone_and_may_come_back(self, store):
        mentions = fill(store, make_mentions(4))
        assert store.delete([mentions[0].id, "fremd", mentions[2].id, mentions[0].id]) == 2
        assert store.get(mentions[0].id) is None
        store.refresh()
        assert store.search(ALL, limit=0).total == 2
        assert [result.fate for result in store.upsert([mentions[0]])] == ["stored"]
        store.refresh()
        assert store.search(ALL, limit=0).total == 3

    def test_erased_ids_stay_out(self, open_store):
        store = open_store()
        mentions = fill(store, make_mentions(3))
        assert store.erase(ids=[mentions[0].id, "nie-gesehen"]) == 1
        assert store.get(mentions[0].id) is None
        store.close()
        again = open_store()
        results = again.upsert([mentions[0], make_mention(9, id="nie-gesehen"), make_mention(4)])
        assert [(result.fate, result.reason) for result in results] == [
            ("dropped", "erased"),
            ("dropped", "erased"),
            ("stored", None),
        ]
        again.refresh()
        assert again.search(ALL, limit=0).total == 3

    def test_erased_authors_stay_out(self, store):
        mentions = [make_mention(number, author_key="weg" if number % 2 else "da") for number in range(6)]
        fill(store, mentions)
        assert store.erase(author_keys=["weg"]) == 3
        store.refresh()
        assert {mention.author_key for mention in store.search(ALL).mentions} == {"da"}
        results = store.upsert([make_mention(11, author_key="weg"), make_mention(12, author_key=None)])
        assert [result.fate for result in results] == ["dropped", "stored"]

    # copies of a store

    def test_restored_mentions_are_exactly_as_they_were(self, store):
        work = Work(status="done", note="Erledigt.", correction=Correction(sentiment="mixed", by="jule", at=FIRST))
        moved = FIRST + timedelta(days=50)
        fill(store, make_mentions(3))
        store.amend(make_mention(1).id, Work(note="Geht verloren."))
        given = [make_mention(0, work=work), make_mention(1, published_at=moved), make_mention(2), make_mention(7)]
        results = store.restore(given)
        assert [result.fate for result in results] == ["updated", "updated", "unchanged", "stored"]
        assert [store.get(mention.id) for mention in given] == given
        assert [result.fate for result in store.restore(given)] == ["unchanged"] * 4
        store.refresh()
        assert store.search(parse_query("work.status:done"), limit=0).total == 1

    def test_tombstones_keep_out_what_another_store_has_erased(self, store):
        kept = fill(store, [make_mention(1)])[0]
        tombstones = [
            Tombstone("id", stone("id", "weg"), "2026-03-01T10:00:00+00:00"),
            Tombstone("author", stone("author", "autorin"), "2026-03-02T10:00:00+00:00"),
        ]
        assert store.entomb(tombstones) is None
        store.entomb([Tombstone("id", stone("id", "weg"), "2027-01-01T10:00:00+00:00")])
        results = store.restore([make_mention(5, id="weg"), make_mention(6, author_key="autorin"), make_mention(8)])
        assert [result.fate for result in results] == ["dropped", "dropped", "stored"]
        assert [result.fate for result in store.upsert([make_mention(5, id="weg")])] == ["dropped"]
        assert set(store.tombstones()) == set(tombstones)
        assert store.get(kept.id) == kept

    def test_erasing_leaves_tombstones_that_name_nobody(self, store):
        fill(store, make_mentions(3))
        assert list(store.tombstones()) == []
        store.erase(ids=[make_mention(1).id], author_keys=["autor"])
        found = {(entry.kind, entry.stone) for entry in store.tombstones()}
        assert found == {("id", stone("id", make_mention(1).id)), ("author", stone("author", "autor"))}

    def test_retries_are_none_while_all_goes_well(self, store):
        fill(store, make_mentions(2))
        assert (store.retries.requests, store.retries.items) == (0, 0)

    # searching

    @pytest.mark.parametrize("order", ["newest", "oldest"])
    def test_results_come_in_order_of_time_undated_last(self, store, order):
        mentions = fill(store, [make_mention(n, **({"published_at": None} if n % 5 == 0 else {})) for n in range(12)])
        assert list(store.search(ALL, order=order).mentions) == in_order(mentions, order)

    @pytest.mark.parametrize("order", ["newest", "oldest"])
    @pytest.mark.parametrize("limit", [1, 3, 7])
    def test_pages_show_each_match_once_in_spite_of_equal_times(self, store, order, limit):
        times = [FIRST, FIRST, None, FIRST + timedelta(days=1), None, FIRST, FIRST, None, FIRST + timedelta(days=1)]
        mentions = fill(store, [make_mention(n, published_at=time) for n, time in enumerate(times)])
        found = list(pages(store, limit=limit, order=order))
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert [mention for page in found for mention in page] == in_order(mentions, order)

    def test_ids_that_begin_alike_are_paged_in_order(self, store):
        mentions = fill(store, [make_mention(n, id=f"beitrag-{n:03d}", published_at=FIRST) for n in range(30)])
        found = [mention.id for page in pages(store, limit=4) for mention in page]
        assert found == [mention.id for mention in mentions]

    def test_times_within_one_second_are_in_order(self, store):
        times = [FIRST + timedelta(milliseconds=step) for step in (250, 750, 0, 500)]
        mentions = fill(store, [make_mention(n, published_at=time) for n, time in enumerate(times)])
        assert [mention for page in pages(store, limit=1) for mention in page] == in_order(mentions)

    def test_cursor_holds_while_newer_mentions_arrive(self, store):
        mentions = fill(store, make_mentions(10))
        first = store.search(ALL, limit=4)
        fill(store, [make_mention(100), make_mention(101)])
        rest = store.search(ALL, limit=20, after=first.after)
        assert [*first.mentions, *rest.mentions] == in_order(mentions)

    def test_cursor_holds_while_mentions_are_removed(self, store):
        mentions = in_order(fill(store, make_mentions(10)))
        first = store.search(ALL, limit=4)
        store.delete([mentions[3].id, mentions[5].id])
        store.refresh()
        rest = store.search(ALL, limit=20, after=first.after)
        assert list(rest.mentions) == [mentions[4], *mentions[6:]]

    def test_last_page_has_no_cursor(self, store):
        fill(store, make_mentions(6))
        assert store.search(ALL, limit=6).after is None
        assert store.search(ALL, limit=5).after is not None
        assert store.search(parse_query("zwieback")).after is None

    def test_total_counts_all_matches_on_every_page(self, store):
        fill(store, make_mentions(16))
        page = store.search(parse_query("sentiment:negative"), limit=2)
        second = store.search(parse_query("sentiment:negative"), limit=2, after=page.after)
        assert (page.total, second.total) == (6, 6)

    def test_limit_zero_only_counts(self, store):
        fill(store, make_mentions(4))
        page = store.search(ALL, limit=0)
        assert (page.mentions, page.total, page.after) == ((), 4, None)

    def test_strange_cursor_is_a_sentence(self, store):
        fill(store, make_mentions(2))
        for cursor in ("quatsch", "", "eyJ4IjoxfQ=="):
            with pytest.raises(StoreError):
                store.search(ALL, limit=1, after=cursor)

    def test_relevance_puts_the_best_match_first(self, store):
        rare = make_mention(1, text="Zwieback, Zwieback und nochmal Zwieback.")
        once = make_mention(2, text="Im Paket lag neben vielen anderen Sachen auch ein Zwieback von gestern.")
        fill(store, [make_mention(0), once, rare])
        page = store.search(parse_query("zwieback"), order="relevance")
        assert [mention.id for mention in page.mentions] == [rare.id, once.id]
        assert (page.total, page.after) == (2, None)

    def test_equally_relevant_matches_come_by_id(self, store):
        mentions = [make_mention(n, text="Zwieback ist aus.", thread_title=None) for n in range(12)]
        fill(store, mentions)
        page = store.search(parse_query("zwieback"), order="relevance", limit=5)
        assert [mention.id for mention in page.mentions] == sorted(mention.id for mention in mentions)[:5]

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ("lieferungen", {0}),
            ('"drei Tage zu spät"', {0}),
            ("aepfel", {4}),
            ("strasse", {6}),
            ("text:app AND NOT kornblume", {5}),
            ("thread_title:kornblume", set(range(8))),
            ("source:testportal", {1, 4, 7}),
            ("rating:[4 TO *]", {4}),
            ("date:[2026-03-02T12:00:00Z TO *]", {3, 4, 5, 6, 7}),
            ("topic:app OR sentiment:mixed", {4, 5}),
            ("needs_answer:true", {3, 7}),
            ("anmeld*", {5}),
            ("work.note:*", set()),
        ],
    )
    def test_queries_find_what_they_say(self, store, query, numbers):
        mentions = fill(store, [make_mention(n, thread_title="Erfahrungen mit Kornblume") for n in range(8)])
        if "NOT kornblume" in query:
            mentions = [make_mention(n, thread_title=None) for n in range(8)]
            store.upsert(mentions)
            store.refresh()
        assert {mention.id for mention in store.search(parse_query(query)).mentions} == {
            mentions[number].id for number in numbers
        }

    # streaming

    def test_scan_gives_all_matches_in_id_order(self, store):
        mentions = fill(store, make_mentions(50))
        assert list(store.scan(ALL)) == sorted(mentions, key=lambda m: m.id)
        negative = [m for m in mentions if m.sentiment.label == "negative"]
        assert list(store.scan(parse_query("sentiment:negative"))) == sorted(negative, key=lambda m: m.id)
        assert list(store.scan(parse_query("zwieback"))) == []

    @pytest.mark.parametrize("query", ["", "sentiment:negative"])
    def test_scan_goes_on_after_an_id(self, store, query):
        fill(store, make_mentions(40))
        whole = list(store.scan(parse_query(query)))
        middle = whole[len(whole) // 2].id
        assert list(store.scan(parse_query(query), after=middle)) == whole[len(whole) // 2 + 1 :]
        assert list(store.scan(parse_query(query), after=whole[-1].id)) == []
        assert list(store.scan(parse_query(query), after="!")) == whole

    @pytest.mark.parametrize("query", ["", "kornblume OR NOT kornblume"])
    def test_scan_under_writes_gives_nothing_twice_and_misses_nothing(self, store, query):
        mentions = fill(store, make_mentions(60))
        found = []
        for number, mention in enumerate(store.scan(parse_query(query))):
            found.append(mention.id)
            if number == 5:
                store.upsert([make_mention(n, text="Geändert.") for n in range(30)])
                store.upsert(make_mentions(5, source="neu"))
                store.refresh()
        assert len(found) == len(set(found))
        assert found == sorted(found)
        assert {mention.id for mention in mentions} <= set(found)

    def test_closing_twice_is_fine(self, open_store):
        store = open_store()
        (mention,) = fill(store, make_mentions(1))
        store.close()
        store.close()
        assert open_store().get(mention.id) == mention
