"""What the search index takes of a text: the same words as everywhere, though most are not looked at closely."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import FORMS, analyse_form
from index.embedded_flat import _forms, _forms_of_one, _FormsOf, indexed
from index.fields import column
from tests.factories import make_mention

LETTERS = "abekmnorstuzAEUSäöüÄÖÜß"
MARKS = "().,:;!?\"'„“”»«…-_’·/&@#*\u00ad\u200d\u0308️0123459 \n€😡Σéא״"
WORDS = st.text(st.sampled_from(LETTERS), min_size=1, max_size=20)
PIECES = st.lists(WORDS | st.text(st.sampled_from(MARKS), max_size=4), max_size=8).map("".join)


def columns_of(text: str) -> dict[str, str]:
    """The columns of a text in the index."""
    flat = json.loads(indexed({"id": "1", "text": text}, row=1, seq=1))
    return {form: flat.get(column("text", form), "") for form in FORMS}


def analysed(text: str) -> dict[str, str]:
    """What the index, the query language and Elasticsearch take as the text's words."""
    return {form: " ".join(analyse_form(text, form)) for form in FORMS}


@given(st.lists(PIECES | st.text(max_size=12)).map(" ".join))
def test_columns_hold_the_words_of_a_text_in_each_form(text):
    assert columns_of(text) == analysed(text)


@given(WORDS)
def test_forms_of_one_word_are_those_of_a_list_of_one(word):
    assert _forms_of_one(word) == _forms([word])


@pytest.mark.parametrize(
    "text",
    [
        "Müsli.",
        "(„Haferbrot“)",
        "1.234,56",
        "738,99 €",
        "z.B. Quark",
        "Käse:Brot",
        "auto.",
        "5G",
        "3,",
        "U-Bahn",
        "geht's?!",
        "a\u0308pfel",
        "Kuchen\u00ad",
        "Öl…",
        "😡😡😡",
        "",
        "x" * 300,
    ],
)
def test_words_beside_marks_are_those_of_the_tokenizer(text):
    assert columns_of(text) == analysed(text)


def test_pieces_are_forgotten_before_they_take_much_memory(monkeypatch):
    monkeypatch.setattr("index.embedded_flat._CACHED_CHUNKS", 100)
    kept = _FormsOf()
    for number in range(1_000):
        assert kept[f"Brot{number % 250}."][3] == f"Brot{number % 250}"
        assert len(kept) <= 100
    assert kept["y" * 200][3] == "y" * 200
    assert "y" * 200 not in kept


def test_empty_and_repeated_keywords_are_marked_and_counted_once():
    mention = make_mention(1, brands=("kornblume", "kornblume"), topics=("",))
    flat = json.loads(indexed(mention.model_dump(mode="json"), row=7, seq=9))
    assert flat["brands"] == ["kornblume"]
    assert flat["topics"] == [""]
    assert (flat["_row"], flat["_seq"]) == (7, 9)
