"""The explanation of a mention as HTML: what is marked, what is named, and that a text stays a text."""

import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from dashboard import explaining
from dashboard.config import DashboardConfig
from dashboard.context import Context
from dashboard.explaining import NoExplanationError
from dashboard.formats import polarity
from dashboard.reasons import SHOWN, explained, unexplained
from dashboard.state import FilterState
from nlp.why import Explanation, SentenceReason, WordReason
from tests.factories import make_mention, make_sentiment

CONFIG = DashboardConfig(brand="Kornblume", data=Path("daten"))
TEXT = "Der <b>Schrank</b> wackelt &amp; knarzt. Nett war der Fahrer."
TITLE = "Murks & <i>Bruch</i>"


def page(**fields):
    return Context(CONFIG, "mentions", FilterState(**fields), date(2026, 3, 29))


def word(text, part, contribution, without=None, in_title=False):
    start = text.index(part)
    return WordReason(start, start + len(part), in_title, contribution, without)


def sentence(text, part, contribution, in_title=False):
    start = text.index(part)
    return SentenceReason(start, start + len(part), in_title, contribution, contribution)


def explanation(**changes):
    words = (
        word(TITLE, "Murks", -0.2, -0.3, in_title=True),
        word(TITLE, "Bruch", -0.01, in_title=True),
        word(TEXT, "Schrank", 0.001),
        word(TEXT, "wackelt", -0.3, -0.25),
        word(TEXT, "Nett", 0.15, -0.62),
    )
    values = {
        "sentiment": "negative",
        "confidence": 0.81,
        "polarity": -0.45,
        "sentences": (
            sentence(TITLE, TITLE, -0.2, in_title=True),
            sentence(TEXT, "Der <b>Schrank</b> wackelt &amp; knarzt.", -0.4),
            sentence(TEXT, "Nett war der Fahrer.", 0.15),
        ),
        "words": words,
        "negative": (words[3], words[0]),
        "positive": (words[4],),
        "complete": True,
    }
    return Explanation(**(values | changes))


def html(found=None, **fields):
    mention = make_mention(0, text=TEXT, title=TITLE, sentiment=make_sentiment("negative"), aspects=())
    return explained(page(**fields), mention, found or explanation())


def plain(markup):
    return unescape(re.sub(r"<[^>]*>", "", markup))


def test_sentences_stand_with_their_numbers_and_their_words_marked():
    said = html()
    assert "Das Modell liest den Text als negativ (Sicherheit 81\u202f%)." in said
    assert "<b class='bm-whyvalue bm-neg'>−0,40</b>" in said
    assert "<mark class='bm-w bm-wneg bm-w3' title='−0,30'>wackelt</mark>" in said
    assert "<mark class='bm-w bm-wpos bm-w2' title='+0,15'>Nett</mark>" in said
    assert "<span class='bm-badge'>Titel</span>" in said
    assert "Schrank</mark>" not in said


def test_a_text_stays_a_text():
    said = html()
    assert "<b>" not in re.sub(r"<b>Am stärksten[^<]*</b>", "", said)
    assert "<i>" not in said
    assert TEXT.split(". ")[0] in plain(said)
    assert TITLE in plain(said)


def test_the_weightiest_words_stand_as_text_with_what_is_without_them():
    said = plain(html())
    assert "wackelt −0,30 ohne das Wort wäre die Polarität −0,25 statt −0,45" in said
    assert "Nett +0,15 ohne das Wort wäre die Polarität −0,62 statt −0,45" in said
    assert "Kein einzelnes Wort" in plain(html(explanation(negative=(), positive=())))
    unchanged = word(TEXT, "wackelt", -0.3, -0.4501)
    assert "statt" not in plain(html(explanation(negative=(unchanged,), positive=())))


def test_of_a_long_text_the_sentences_that_count_are_shown_and_the_rest_is_summed_up():
    many = tuple(SentenceReason(number, number + 1, False, 0.0, -0.01 * number) for number in range(SHOWN + 3))
    said = html(explanation(sentences=many, complete=False))
    assert said.count("bm-whyvalue") == SHOWN + 1
    assert "3 weitere Sätze zusammen" in said
    assert "−0,03" in said
    assert "so weit hinten liest das Modell nicht" in said


def test_another_label_than_the_stored_one_is_remarked_on():
    assert "Gespeichert ist" not in html()
    assert "Gespeichert ist „negativ“" in html(explanation(sentiment="mixed"))


def test_nothing_to_read_and_nothing_to_read_with_are_said():
    empty = explanation(sentences=(), words=(), negative=(), positive=())
    assert "There is nothing in this text" in html(empty, language="en")
    assert "&lt;weg&gt;" in unexplained(page(), "<weg>")


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [(-0.923, "−0,92", "−0.92"), (0.05, "+0,05", "+0.05"), (-0.001, "0,00", "0.00"), (1, "+1,00", "+1.00")],
)
def test_polarities_have_their_sign(value, german, english):
    assert (polarity(value, "de"), polarity(value, "en")) == (german, english)


def test_who_starts_the_dashboard_gives_what_explains(monkeypatch):
    monkeypatch.setattr(explaining, "_opener", None)
    assert not explaining.is_provided()
    with pytest.raises(NoExplanationError):
        explaining.opened()
    explaining.provide(lambda: lambda _text, _title, _channel: explanation())
    assert explaining.is_provided()
    assert explaining.opened()("a", None, None).polarity == -0.45
