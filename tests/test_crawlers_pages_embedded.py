"""Reviews in a page's embedded data, on pages of our own writing."""

import json
from datetime import UTC, datetime

import pytest

from crawlers.pages.reading import read_page

URL = "https://portal.example/bewertungen/kornblume"
FIRST = {
    "id": "6601af",
    "title": "Nie angekommen",
    "text": "Drei Wochen gewartet.\nDann wurde <b>storniert</b> &amp; niemand sagt warum.",
    "rating": 1,
    "dates": {"publishedDate": "2026-03-02T09:15:00.000Z", "updatedDate": None},
    "consumer": {"displayName": "Ottilie Vogt", "numberOfReviews": 3},
    "reply": {"message": "Das tut uns leid, bitte schreiben Sie uns.", "publishedDate": "2026-03-03T08:00:00.000Z"},
}
SECOND = {
    "id": "6601b0",
    "title": None,
    "text": "Alles bestens, gern wieder.",
    "rating": {"value": 9, "max": 10},
    "createdAt": "2026-02-27",
    "author": "Henner",
}
EMPTY = {"id": "6601b1", "text": "", "rating": 4, "createdAt": "2026-02-26"}
NEWS = {"id": "n1", "text": "Wir haben neue Öffnungszeiten.", "createdAt": "2026-02-20"}


def page(script):
    html = f"<html lang=de><body><h1>Kornblume</h1>{script}</body></html>"
    return read_page(html.encode(), url=URL, now=datetime(2026, 3, 10, tzinfo=UTC))


def state(value):
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(value)}</script>'


DATA = {"props": {"pageProps": {"news": [NEWS], "reviews": [FIRST, SECOND, EMPTY], "filters": {"reviews": None}}}}


@pytest.mark.parametrize(
    "script",
    [state(DATA), f"<script>window.__INITIAL_STATE__ = {json.dumps(DATA)}; run();</script>"],
    ids=["next", "assigned"],
)
def test_reviews_in_embedded_data_are_read_with_their_answers(script):
    found = page(script)
    assert (found.software, found.kind) == ("schemaorg", "reviews")
    first, answer, second = found.posts
    assert first.text == "Drei Wochen gewartet.\nDann wurde storniert & niemand sagt warum."
    assert (first.native_id, first.title, first.author) == ("6601af", "Nie angekommen", "Ottilie Vogt")
    assert first.published_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert first.rating.normalised == 0
    assert (answer.author_role, answer.parent_id) == ("staff", "6601af")
    assert answer.text == "Das tut uns leid, bitte schreiben Sie uns."
    assert second.rating.normalised == pytest.approx(8 / 9, abs=1e-4)
    assert second.author == "Henner"
    assert any("embedded data" in note for note in found.notes)


def test_reviews_that_the_markup_states_are_not_read_twice():
    stated = {"@type": "Review", "reviewBody": "Alles bestens, gern wieder.", "author": "Henner", "name": "Kornblume"}
    script = f'<script type="application/ld+json">{json.dumps(stated)}</script>' + state(DATA)
    assert [post.text for post in page(script).posts] == ["Alles bestens, gern wieder."]


@pytest.mark.parametrize(
    "script",
    [
        state({"reviews": [NEWS | {"createdAt": "gestern"}, 5, None, [], {"text": 7, "rating": "x"}]}),
        '<script id="__NEXT_DATA__" type="application/json">{"reviews": [{"text": "halb</script>',
        "<script>window.__STATE__ = {reviews: [{text: 'kein JSON', rating: 1}]}</script>",
        state({"reviews": [[[[{}]]]]}) + "<script>window.__X__ = [" + "[" * 5000 + "</script>",
    ],
)
def test_data_that_holds_no_review_gives_none(script):
    assert page(script).posts == ()
