"""The search index gets what was written from memory: the same as from the record, and never more than the record."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from index.document import encode
from index.embedded import EmbeddedStore
from index.embedded_flat import flattened
from index.embedded_handover import Handover
from index.fields import MAX_KEYWORD
from index.mention import Correction, Mention, Provenance, Rating, Work
from index.query import parse_query
from index.store import StoreError
from tests.bench_mentions import mentions
from tests.factories import make_mention, make_mentions

ALL = parse_query("")

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(timezones=ZONES)
# Without halves of characters, which no store takes.
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
KEYWORDS = st.one_of(WORDS, st.sampled_from(["", " ", "a" * MAX_KEYWORD, "a" * (MAX_KEYWORD + 1), "😡" * MAX_KEYWORD]))
RATINGS = st.builds(Rating, value=st.floats(0, 10), best=st.just(10), worst=st.just(0), normalised=st.floats(0, 1))
CORRECTIONS = st.builds(
    Correction,
    sentiment=st.sampled_from(["negative", "mixed", None]),
    topics=st.none() | st.lists(KEYWORDS, max_size=3).map(tuple),
    by=KEYWORDS,
    at=TIMES,
)
WORK = st.builds(
    Work,
    correction=st.none() | CORRECTIONS,
    not_us=st.booleans(),
    owner=st.none() | KEYWORDS,
    due=st.none() | st.dates(),
    note=st.none() | WORDS,
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "published_at": st.none() | TIMES.filter(lambda time: 1700 < time.year < 2200),
        "text": WORDS,
        "title": st.none() | WORDS,
        "url": KEYWORDS,
        "brands": st.lists(KEYWORDS, max_size=4).map(tuple),
        "topics": st.lists(KEYWORDS, max_size=4).map(tuple),
        "rating": st.none() | RATINGS,
        "relevance": st.none() | st.floats(0, 1),
        "needs_answer": st.none() | st.booleans(),
        "provenance": st.builds(Provenance, model=st.none() | KEYWORDS, gate=st.none() | KEYWORDS),
        "work": WORK,
    },
)


def both_ways(mention: Mention) -> tuple[bytes, bytes]:
    """What the index gets of a mention in memory, and of the record."""
    written = encode(mention)
    recorded = from_json(written.json)
    return flattened(vars(mention), written.derived), flattened(recorded, recorded)


@given(CHANGES)
def test_mention_in_memory_and_its_record_are_indexed_alike(changes):
    in_memory, recorded = both_ways(make_mention(1, **changes))
    assert in_memory == recorded


def test_many_kinds_of_mentions_are_indexed_alike_from_memory_and_record():
    for mention in (*make_mentions(40), *mentions(0, 300)):
        in_memory, recorded = both_ways(mention)
        assert in_memory == recorded


def test_days_out_of_reach_are_indexed_alike_from_memory_and_record():
    for day in (date(1, 1, 1), date(1700, 1, 1), date(2200, 12, 31), date(9999, 12, 31)):
        in_memory, recorded = both_ways(make_mention(1, work=Work(due=day)))
        assert in_memory == recorded


def test_handover_keeps_what_fits_and_forgets_what_was_taken():
    handover = Handover(memory=10)
    handover.put(7, [b"aaaa", b"bbbb"])
    handover.put(9, [b"cccc"])
    handover.put(10, [b"dd"])
    assert handover.take() == {7: b"aaaa", 8: b"bbbb", 10: b"dd"}
    assert handover.take() == {}
    handover.put(11, [b"0123456789"])
    assert handover.take() == {11: b"0123456789"}


@pytest.mark.parametrize("memory", [0, 20_000, 1 << 25])
def test_store_answers_alike_whatever_fits_into_memory(tmp_path, monkeypatch, memory):
    monkeypatch.setattr("index.embedded.INDEX_AFTER_WRITES", 30)
    store = EmbeddedStore(tmp_path)
    store._search_index.handover = Handover(memory)
    for start in range(0, 100, 10):
        store.upsert([make_mention(number) for number in range(start, start + 10)])
        store.upsert([make_mention(start, text="Geändert, wieder Zwieback.")])
        store.delete([make_mention(start + 1).id])
    store.refresh()
    assert store.search(parse_query("zwieback"), limit=0).total == 10
    found = store.search(ALL, limit=200).mentions
    assert {mention.id: mention for mention in found} == {mention.id: mention for mention in store.scan(ALL)}
    assert len(found) == 90
    store.close()


def test_what_another_process_wrote_in_between_is_read_from_the_record(tmp_path):
    store, other = EmbeddedStore(tmp_path), EmbeddedStore(tmp_path)
    for number in range(0, 30, 2):
        store.upsert([make_mention(number)])
        other.upsert([make_mention(number + 1)])
    other.upsert([make_mention(0, text="Von nebenan mit Zwieback geändert.")])
    store.refresh()
    assert store.search(ALL, limit=0).total == other.search(ALL, limit=0).total == 30
    assert store.search(parse_query("zwieback"), limit=0).total == 1
    # The other's are indexed already: what it kept for that is not applied a second time.
    other.upsert([make_mention(100)])
    other.refresh()
    assert other.search(ALL, limit=0).total == len(other.search(ALL, limit=100).mentions) == 31
    store.close()
    other.close()


@pytest.mark.parametrize("many", [1, 1000])
def test_write_that_is_rolled_back_is_not_handed_over(tmp_path, monkeypatch, many):
    monkeypatch.setattr("index.embedded.MANY", many)
    store = EmbeddedStore(tmp_path)
    store.upsert([make_mention(1)])
    store.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(
            "index.embedded_handover.Handover.put", lambda *_: pytest.fail("before the transaction was through")
        )
        patch.setattr("index.embedded_rows.Rows.write", failing_after(store._rows.write))
        with pytest.raises(StoreError, match="voll"):
            store.upsert([make_mention(2, text="Nie bestätigter Zwieback.")])
    # Takes the number that the other one gave back.
    store.upsert([make_mention(3)])
    store.refresh()
    assert store.search(parse_query("zwieback"), limit=0).total == 0
    assert {mention.id for mention in store.search(ALL).mentions} == {make_mention(1).id, make_mention(3).id}
    store.close()


@pytest.mark.parametrize("many", [1, 1000])
def test_interrupted_write_is_whole_or_not_there_and_the_store_usable(tmp_path, monkeypatch, many):
    monkeypatch.setattr("index.embedded.MANY", many)
    store = EmbeddedStore(tmp_path)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.embedded.flattened", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.upsert(make_mentions(5))
    there = store.describe()["mentions"]
    assert there in (0, 5)
    assert [result.fate for result in store.upsert(make_mentions(5))] == ["unchanged" if there else "stored"] * 5
    store.refresh()
    assert store.search(ALL, limit=0).total == 5
    store.close()


def failing_after(write):
    def fail(_rows, *arguments):
        write(*arguments)
        raise sqlite3.OperationalError("database or disk is full")

    return fail


def test_erased_mention_is_not_indexed_from_memory(tmp_path: Path):
    store = EmbeddedStore(tmp_path)
    store.upsert(make_mentions(5))
    store.erase(ids=[make_mention(2).id])
    assert store.search(ALL, limit=0).total == 4
    assert store._search_index.handover.take() == {}
    store.close()
