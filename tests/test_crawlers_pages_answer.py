"""JSON bodies on their way to their readers, whatever bytes they hold."""

from datetime import UTC, datetime

import pytest

from crawlers.pages.answer import link_relations, read_answer
from crawlers.pages.dates import DateHints
from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
URL = "https://forum.example/api/liste"


def answer(body, **more):
    return read_answer(body, url=URL, hints=DateHints(now=NOW), **more)


def test_json_is_known_by_its_start_or_its_content_type():
    assert answer(b'\xef\xbb\xbf {"a": "\xc3\xa4"}').value == {"a": "ä"}
    assert answer(b"[1, 2]", content_type="text/html").value == [1, 2]
    assert answer(b'{"a": 1}', content_type="application/activity+json; charset=utf-8").top == {"a": 1}


@pytest.mark.parametrize("body", [b"<html>{}</html>", b"{kein json}", b"[" * 100_000, b'"nur Text"', b"", b"{\xff"])
def test_anything_else_is_none(body):
    assert answer(body) is None
    assert answer(body, content_type="application/json") is None


def test_objects_come_from_lists_only():
    found = answer(b'{"a": {"b": [{"n": 1}, 2, {"n": 3}]}, "c": "text"}')
    assert found.objects("a", "b") == [{"n": 1}, {"n": 3}]
    assert found.objects("c") == found.objects("a") == found.objects("a", "b", "n") == found.objects() == []


def test_link_header_by_relation():
    header = '<https://a.example/?page=2>; rel="next", <https://a.example/?page=9>; title="x"; rel="last prev"'
    found = link_relations(header)
    assert found == {
        "next": "https://a.example/?page=2",
        "last": "https://a.example/?page=9",
        "prev": "https://a.example/?page=9",
    }
    assert link_relations(None) == link_relations("<<<;;;") == {}


def test_unknown_json_is_a_page_that_says_so():
    page = read_page(b'{"wetter": "sonnig"}', url=URL, now=NOW, content_type="application/json")
    assert (page.kind, page.posts) == ("other", ())
    assert page.notes == ("unknown_json: no known API answer",)
