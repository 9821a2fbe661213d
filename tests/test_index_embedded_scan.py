"""All matches of a query in the order of their ids: few at once, many by going through the record."""

from __future__ import annotations

import pytest

from index.embedded import EmbeddedStore
from index.query import parse_query
from tests.factories import make_mention

FEW, MANY = parse_query("text:sieben"), parse_query("text:kornblume")


@pytest.fixture
def store(tmp_path, monkeypatch):
    # Sixty of the hundred match, in pieces that end within them, at their end and beyond.
    monkeypatch.setattr("index.embedded.SCAN_CHUNK", 8)
    monkeypatch.setattr("index.embedded_search.SCAN_CHUNK", 6)
    opened = EmbeddedStore(tmp_path)
    opened.upsert([make_mention(number, text=text_of(number)) for number in range(100)])
    yield opened
    opened.close()


def text_of(number: int) -> str:
    return "Von Kornblume." if number < 60 else "Nur sieben." if number < 68 else "Etwas anderes."


def ids(*numbers: int) -> list[str]:
    return sorted(make_mention(number).id for number in numbers)


@pytest.mark.parametrize(("query", "expected"), [(MANY, ids(*range(60))), (FEW, ids(*range(60, 68)))])
def test_scan_gives_few_and_many_in_id_order_from_any_place(store, query, expected):
    assert [mention.id for mention in store.scan(query)] == expected
    for after in (*expected, "", "!", "~"):
        assert [mention.id for mention in store.scan(query, after=after)] == [id for id in expected if id > after]


def test_scan_of_nothing_is_empty(store):
    assert list(store.scan(parse_query("text:niemals"))) == []


@pytest.mark.parametrize("query", [MANY, FEW])
def test_scan_skips_what_is_deleted_under_way_and_gives_the_newest_text(store, query):
    whole = [mention.id for mention in store.scan(query)]
    numbers = {make_mention(number).id: number for number in range(100)}
    scan = store.scan(query)
    first = next(scan)
    store.delete(whole[-1:])
    changed = make_mention(numbers[whole[-2]], text="Inzwischen geändert.")
    store.upsert([changed, make_mention(200, text="Neu von Kornblume, sieben.")])
    rest = list(scan)
    given = [first.id, *(mention.id for mention in rest)]
    # Few matches are read at once: those stay as they were.
    assert given == (whole[:-1] if query is MANY else whole)
    assert (rest[-1].text == changed.text) == (query is MANY)
