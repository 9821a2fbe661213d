"""Marks in verbatims: the right words, and nothing of a text ever becomes markup."""

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.highlight import FOLD_AT, experience_of, fold_position, marked
from dashboard.parts import web_address
from index.mention import Aspect, MatchedTerm
from tests.factories import make_mention

TEXT = "Die App ist gut. Die Lieferung von Kornblume war schlecht."


def title(topic, experience):
    return f"{topic}: {experience}"


def aspect(topic, part, polarity, text=TEXT):
    start = text.index(part)
    return Aspect(topic=topic, polarity=polarity, probability=0.9, start=start, end=start + len(part))


def html_of(mention, **options):
    return marked(mention, title=title, more="Mehr", **options)


GOOD, BAD = "Die App ist gut.", "Die Lieferung von Kornblume war schlecht."
BOTH = make_mention(0, text=TEXT, aspects=(aspect("app", GOOD, 0.7), aspect("lieferung", BAD, -0.7)))


def test_sentences_are_marked_by_their_polarity_and_brands_are_bold():
    assert html_of(BOTH) == (
        "<mark class='bm-positive' title='app: positive'>Die App ist gut.</mark> "
        "<mark class='bm-negative' title='lieferung: negative'>Die Lieferung von </mark>"
        "<mark class='bm-negative' title='lieferung: negative'><b class='bm-term'>Kornblume</b></mark>"
        "<mark class='bm-negative' title='lieferung: negative'> war schlecht.</mark>"
    )


def test_only_the_chosen_topic_is_marked():
    html = html_of(BOTH, topics=("app",))
    assert "bm-positive" in html
    assert "bm-negative" not in html


def test_places_found_by_a_search_are_marked():
    html = html_of(make_mention(0, text=TEXT, aspects=(), matched_terms=()), hits=[(4, 7)])
    assert html == "Die <b class='bm-hit'>App</b>" + TEXT[7:]


@pytest.mark.parametrize(
    ("polarity", "word"), [(-0.25, "negative"), (-0.24, "neutral"), (0.24, "neutral"), (0.25, "positive")]
)
def test_polarity_becomes_a_word_at_the_common_threshold(polarity, word):
    assert experience_of(polarity) == word


def test_long_texts_fold_at_a_space_and_lose_nothing():
    text = "Wort " * 400
    html = html_of(make_mention(0, text=text, aspects=(), matched_terms=()))
    head, rest = html.split("<details class='bm-more'><summary>Mehr</summary>")
    assert len(head) <= FOLD_AT
    assert head + rest.removesuffix("</details>") == text


def test_a_long_word_is_folded_too():
    assert fold_position("x" * 5000) == FOLD_AT


SPAN = st.tuples(st.integers(0, 1500), st.integers(0, 1500)).map(sorted)


@given(
    st.text(max_size=1200),
    st.lists(st.tuples(SPAN, st.floats(-1, 1)), max_size=5),
    st.lists(SPAN, max_size=4),
    st.lists(SPAN, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_marked_the_text_stays_the_text(text, aspects, terms, hits):
    mention = make_mention(
        0,
        text=text,
        aspects=tuple(Aspect(topic="<b>", polarity=p, probability=1, start=s, end=e) for (s, e), p in aspects),
        matched_terms=tuple(MatchedTerm(brand="k", term="t", start=s, end=e) for s, e in terms),
    )
    html = html_of(mention, hits=hits)
    html = html.replace("<summary>Mehr</summary>", "")
    plain = re.sub(r"</?(mark|b|details)( (class|title)='[^'<>]*')*>", "", html)
    assert "<" not in plain
    assert unescape(plain) == unescape(text.replace("&", "&amp;"))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//boese.example",
        "https://",
        "",
        "http://[::1",
        "file:///etc/passwd",
        "vbscript:x",
    ],
)
def test_only_web_addresses_are_links(url):
    assert web_address(url) is None


def test_web_addresses_stay_as_they_are():
    assert web_address("https://forum.example/t?a=1&b=ü#p3") == "https://forum.example/t?a=1&b=ü#p3"
