"""German analysis: what people expect to be the same word, and what Lucene makes of the same text."""

import json
import time
from urllib.request import Request, urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis import ENDINGS, analyse, analyse_exact, analyse_form, normalise, stem, tokens, words
from index.fields import TEXT_FORMS

SAME = [
    ("Zug", "Züge", "Zügen", "ZUEGE", "zug"),
    ("Verspätung", "Verspätungen", "Verspaetung", "VERSPÄTUNG"),
    ("Straße", "Strasse", "STRASSE", "STRAẞE", "Straßen"),
    ("Müller", "Mueller", "MÜLLER"),
    ("Haus", "Häuser", "Häusern"),
    ("Bahnhof", "Bahnhöfe", "Bahnhöfen", "Bahnhofs"),
    ("Kunde", "Kunden"),
    ("Tarif", "Tarife", "Tarifen", "Tarifs"),
    ("schnell", "schnelle", "schnellen", "schneller", "schnellste"),
    ("Problem", "Probleme", "Problemen", "Problems"),
    ("System", "Systeme", "Systems", "Systemen"),
    ("Konzern", "Konzerne", "Konzerns"),
    ("bequem", "bequeme", "bequemer"),
    ("Fahrer", "Fahrers", "Fahrern"),
    ("App", "Apps"),
    ("Auto", "Autos"),
    ("Handy", "Handys"),
    ("Foto", "Fotos"),
    ("Shop", "Shops"),
    ("Kamera", "Kameras"),
    ("Frau", "Frauen"),
    ("Rechnung", "Rechnungen"),
    ("Kind", "Kinder", "Kindern", "Kindes"),
    ("Über", "ueber", "UEBER"),
]
# Light stemming leaves word formation and some plurals alone: known limits, described in docs/query.md.
DIFFERENT = [
    ("Kundin", "Kundinnen"),
    ("etwa", "etwas"),
    ("Haus", "Hau"),
    ("Quelle", "Qulle"),
    ("neue", "nü"),
    ("gehen", "ging"),
    ("Bahn", "Bahnhof"),
    ("Firma", "Firmen"),
]
CUTS = {
    "WLAN-Router": ["WLAN", "Router"],
    "5G und 4k": ["5G", "und", "4k"],
    "1.234,50 € sind 12%": ["1.234,50", "sind", "12"],
    "z.B. um 18:30 Uhr": ["z.B", "um", "18", "30", "Uhr"],
    "geht's": ["geht's"],
    "https://a.example.de/b?c=1": ["https", "a.example.de", "b", "c", "1"],
    "info@a.example.de": ["info", "a.example.de"],
    "#fail @Adler_Post": ["fail", "Adler_Post"],
    "toll!!! 😡👍🏽 🇩🇪": ["toll", "😡", "👍🏽", "🇩🇪"],
    "[TEL] oder [MAIL]": ["TEL", "oder", "MAIL"],
    "„Bahn“, »Zug« – nie": ["Bahn", "Zug", "nie"],
    "": [],
    " \n\t": [],
    "...?!": [],
}
LUCENE = {
    "": [
        "lowercase",
        "german_normalization",
        {"type": "stemmer", "language": "light_german"},
        {"type": "pattern_replace", "pattern": ENDINGS, "replacement": "$1$2$3"},
    ],
    "folded": ["lowercase", "german_normalization"],
    "exact": ["lowercase"],
    "case": [],
}
SAMPLE = [
    *(" ".join(row) for row in (*SAME, *DIFFERENT)),
    *CUTS,
    "Aale Säle Saales Neuer Treue Feuer abenteuerlich Quälerei bequem Aktuelles Poesie Israel Manuel Duell Statue "
    "Koffeinfreie Kreuzung Zoe Oboe Boeing Goethe Maeve Raue blaue Äußerstes Öle Übel Ärzten größten wärmsten",
    "besten ersten letztem kleinstes gestern Ostern Western lernen Vetters Autos Sofas Hotels Chefs Parks Clubs Ufos "
    "Herzens Namens Glaubens Busse Busses Ergebnisse Geheimnissen Museen Praktika Themen Konten Risiken Lexika",
    "café naïve Ångström garçon señor Straße's Andrea’s ’s O'Neill ЖЖ Ελλάδα ΣΑΣ İstanbul ıI ﬁ ½ ² Ⅷ",
    "漢字 カタカナ ひらがな 한국어 ยินดี שלום",
    "foo_bar __ _a a_ a__b 1'000 10'000,50 a·b 1٫2 1a.b2 a.1 1.a x\u00adsoft a\u0301b １２ＡＢ 3:2 a:b :) ❤️ ☎ ✓ → ♫ 1️⃣",
    "w" * 254 + "xyz " + "ä" * 600,
    "a\u202fb 10\u202f000 a\u200bb a\u200db a\ufeffb a\u00a0b zu\u2011hause",
]


@pytest.mark.parametrize("row", SAME, ids=[row[0] for row in SAME])
def test_spellings_and_endings_of_a_word_are_one_token(row):
    assert len({tuple(analyse(word)) for word in row}) == 1


@pytest.mark.parametrize("row", DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_light_stemming_keeps_these_apart(row):
    assert len({tuple(analyse(word)) for word in row}) == 2


@pytest.mark.parametrize("text", CUTS, ids=[repr(text) for text in CUTS])
def test_text_is_cut_into_words(text):
    assert words(text) == CUTS[text]
    assert [token.text for token in tokens(text)] == CUTS[text]


def test_forms_go_from_as_written_to_stem():
    assert [analyse_form("Die Züge", form) for form in TEXT_FORMS] == [
        ["die", "zug"],
        ["die", "zuge"],
        ["die", "züge"],
        ["Die", "Züge"],
    ]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_tokens_stand_where_they_say(text):
    last = 0
    for token in tokens(text):
        assert text[token.start : token.end] == token.text
        assert last <= token.start < token.end
        last = token.end


@settings(deadline=None)
@given(st.text(max_size=200))
def test_all_forms_have_the_same_number_of_tokens(text):
    count = len(tokens(text))
    assert {len(analyse_form(text, form)) for form in TEXT_FORMS} == {count}
    assert len(analyse_exact(text)) == len(analyse(text)) == count


@settings(deadline=None)
@given(st.text(alphabet="abeinorstuäöüßq", max_size=12))
def test_folding_and_stemming_never_lengthen_but_for_sharp_s(word):
    folded = normalise(word)
    assert len(folded) <= len(word) + word.count("ß")
    assert folded.startswith(stem(folded)[:3])
    assert not set(folded) & set("äöüß")


def test_analysis_is_fast_enough_for_a_crawl():
    text = "Seit Wochen warte ich auf eine Antwort der Hotline, und niemand hebt ab. " * 2_000
    analyse(text)
    start = time.perf_counter()
    count = len(analyse(text))
    assert count / (time.perf_counter() - start) > 100_000


@pytest.mark.elastic
@pytest.mark.parametrize("form", TEXT_FORMS)
def test_elasticsearch_makes_the_same_tokens(elasticsearch_url, form):
    for text in SAMPLE:
        body = json.dumps({"tokenizer": "standard", "filter": LUCENE[form], "text": text}).encode()
        request = Request(f"{elasticsearch_url}/_analyze", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as answer:
            theirs = [token["token"] for token in json.load(answer)["tokens"]]
        assert analyse_form(text, form) == theirs
