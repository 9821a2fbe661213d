"""What is refused, with which code, and where: on malformed queries and on any text at all."""

import threading
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from query_cases import CORPORA, NOW

from index.query import QuerySyntaxError, clause, conjunction, explain, parse_query
from index.query.documents import document_of
from index.query.errors import MESSAGES
from index.query.matcher import find_terms, matches

# query, code, position
ERRORS = [
    ("(zug", "paren_unclosed", 0),
    ("zug (bahn", "paren_unclosed", 4),
    ("zug (bahn (tram)", "paren_unclosed", 4),
    ("zug (", "paren_unclosed", 4),
    ("zug)", "paren_unopened", 3),
    ("zug ]", "paren_unopened", 4),
    (")", "paren_unopened", 0),
    ("()", "paren_empty", 0),
    ("zug AND ()", "paren_empty", 8),
    ('"zug', "quote_unclosed", 0),
    ('zug "', "quote_unclosed", 4),
    ('text:"deutsche bahn', "quote_unclosed", 5),
    ("„deutsche bahn", "quote_unclosed", 0),
    ('zug"', "quote_in_word", 3),
    ('27"-Monitor', "quote_in_word", 2),
    ("AND", "operator_leading", 0),
    ("AND zug", "operator_leading", 0),
    ("ODER zug", "operator_leading", 0),
    ("zug AND (OR bahn)", "operator_leading", 9),
    ("zug AND", "operator_dangling", 4),
    ("zug UND", "operator_dangling", 4),
    ("zug AND OR bahn", "operator_dangling", 4),
    ("(zug OR) bahn", "operator_dangling", 5),
    ("NOT", "operator_dangling", 0),
    ("zug NICHT", "operator_dangling", 4),
    ("text:", "operator_dangling", 4),
    ("rating:>=", "operator_dangling", 7),
    ("rating:> AND zug", "operator_dangling", 7),
    ("~2", "modifier_misplaced", 0),
    ("zug ~2", "modifier_misplaced", 4),
    ("(zug)~2", "modifier_misplaced", 5),
    ("rating:<=2.5~2", "modifier_misplaced", 12),
    ('rating:>"2"~2', "modifier_misplaced", 11),
    ("zug > text:bahn", "operator_dangling", 4),
    ("zug^", "boost_bad", 3),
    ("zug^x", "boost_bad", 3),
    ("zug^1.2.3", "boost_bad", 3),
    ("zug~3", "fuzzy_distance", 3),
    ("zug~0.8", "fuzzy_distance", 3),
    ("zug~1.2.3", "fuzzy_distance", 3),
    ("zu*~1", "fuzzy_word", 0),
    ("WLAN-Router~1", "fuzzy_word", 0),
    ('"a b"~101', "proximity_bad", 5),
    ('"a b"~1.5', "proximity_bad", 5),
    ('"a b"~', "proximity_bad", 5),
    ('"a b c d e f"~9', "proximity_wide", 0),
    ('source:"a b"~2', "not_for_field", 7),
    ("rating:2~1", "not_for_field", 7),
    ("date:2026~1", "not_for_field", 5),
    (":zug", "colon", 0),
    ("title:text:zug", "colon", 10),
    ("zug AND :bahn", "colon", 8),
    ("titel:zug", "field_unknown", 0),
    ("zug AND sentimnt:negative", "field_unknown", 8),
    ("_exists_:titel", "field_unknown", 9),
    ("text.fold:zug", "field_unknown", 0),
    ("source.exact:x", "field_unknown", 0),
    ("aspects:x", "field_stored", 0),
    ("zug matched_terms:x", "field_stored", 4),
    ("https://brett.example", "stray_character", 6),
    ("zug \\", "stray_character", 4),
    ("/zug", "stray_character", 0),
    ("/zug.*/", "regex", 0),
    ("text:/zug.*/", "regex", 5),
    ("[TEL]", "range_shape", 0),
    ("rating:[1 TO", "range_shape", 7),
    ("rating:[1 TO 2", "range_shape", 7),
    ("rating:[1 2]", "range_shape", 7),
    ("rating:{}", "range_shape", 7),
    ("rating:[TO 2]", "range_shape", 7),
    ("[1 TO 2]", "range_field", 0),
    (">5", "range_field", 0),
    ("text:[a TO b]", "range_field", 5),
    ("source:>a", "range_field", 7),
    ("rating:[5 TO 1]", "range_reversed", 7),
    ("date:[2026-03 TO 2026-01]", "range_reversed", 5),
    ("rating:gut", "number_bad", 7),
    ("rating:<=gut", "number_bad", 9),
    ("rating:[1 TO gut]", "number_bad", 13),
    ("rating:1e9", "number_bad", 7),
    ("rating:nan", "number_bad", 7),
    ("rating:2*", "number_bad", 7),
    ("date:bald", "date_bad", 5),
    ("date:2026-13", "date_bad", 5),
    ("date:2026-02-30", "date_bad", 5),
    ("date:30.2.2026", "date_bad", 5),
    ("date:31.4.", "date_bad", 5),
    ("date:0000", "date_bad", 5),
    ("date:9999", "date_bad", 5),
    ("date:1700-01-01", "date_bad", 5),
    ("date:now-999999y", "date_bad", 5),
    ("date:now-7x", "date_bad", 5),
    ("date:2026-03-*", "date_bad", 5),
    ("date:2026-03-01T25:00", "date_bad", 5),
    ("date:[2026-03-01 TO bald]", "date_bad", 20),
    ("is_copy:vielleicht", "bool_bad", 8),
    ("*n", "wildcard_short", 0),
    ("text:?*", "wildcard_short", 5),
    ("??", "wildcard_short", 0),
    ("source:**", "wildcard_short", 7),
    ("a*b*c*d*e*f*g*h*i*", "wildcard_many", 0),
    ("zug *ab????", "wildcard_mixed", 4),
    ("*a?" + "b" * 60, "wildcard_mixed", 0),
    ("zug " + "a" * 121 + "*", "wildcard_long", 4),
    ("url:*" + "a" * 121, "wildcard_long", 4),
    (" ".join(f"zug{n:02}*" for n in range(101)), "wildcard_words_many", 700),
    (" ".join(f"rolltreppe{n:02}~1" for n in range(11)), "fuzzy_many", 150),
    (" ".join(f"zug{n:02}~1" for n in range(21)), "fuzzy_many", 160),
    (" ".join(f"zug{n:02}~2" for n in range(6)), "fuzzy_many", 40),
    ("zug " + "a" * 33 + "~1", "fuzzy_long", 4),
    ("url:" + "a" * 33 + "~1", "fuzzy_long", 4),
    ('"a b c"~19 OR "a b d"~19', "proximity_many", 14),
    ('"a b c"~21', "proximity_wide", 0),
    ('"a b c d"~9', "proximity_wide", 0),
    ('"a b c d e"~6', "proximity_wide", 0),
    ("NOT (a AND NOT (b OR " * 13 + "c" + "))" * 13, "too_deep", 131),
    ('"' + "zug " * 1_001 + '"', "too_many_terms", 0),
    (" ".join(["*zug"] * 21), "wildcard_leading_many", 100),
    ("!!!", "no_words", 0),
    ('""', "no_words", 0),
    ("...", "no_words", 0),
    ("NOT ...", "no_words", 0),
    ('exact:"?!"', "no_words", 0),
    ("-", "no_words", 0),
    ("a" * 10_001, "too_long", 10_000),
    ("(" * 60 + "a" + ")" * 60, "too_deep", 50),
    ("NOT " * 60 + "a", "too_deep", 200),
    ("a " * 1_500, "too_many_terms", 2_000),
    ("zug \ud83d", "stray_character", 4),
    ("  (zug", "paren_unclosed", 2),
    ("\n\tzug AND", "operator_dangling", 6),
]


@pytest.mark.parametrize(("text", "code", "position"), ERRORS, ids=[repr(row[0][:30]) for row in ERRORS])
def test_error_says_what_and_where(text, code, position):
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(text, now=NOW)
    assert (caught.value.code, caught.value.position) == (code, position)
    assert caught.value.query == text


def test_every_message_but_the_fallback_has_a_case():
    assert {code for _, code, _ in ERRORS} == MESSAGES.keys() - {"syntax"}


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("row", ERRORS, ids=[repr(row[0][:30]) for row in ERRORS])
def test_explanation_points_at_the_place(row, lang):
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(row[0], now=NOW)
    sentence, line, caret = explain(caught.value, lang).split("\n")
    assert sentence.startswith(f"{'Zeichen' if lang == 'de' else 'Character'} {row[2] + 1}: ")
    assert sentence.endswith(".")
    assert "{" not in sentence.replace("{von TO bis}", "").replace("{from TO to}", "")
    shown = line[len(caret) - 1]
    original = row[0][row[2]]
    assert shown == (original if original.isprintable() else " ")
    assert len(line) < 100


def test_explanation_in_german():
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query("zug AND (bahn OR tram")
    assert explain(caught.value, "de") == (
        "Zeichen 9: Diese Klammer wird nicht geschlossen.\n  zug AND (bahn OR tram\n          ^"
    )


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("titel", "title"),
        ("sentimnt", "sentiment"),
        ("polarity", "sentiment.polarity"),
        ("publishedat", "published_at"),
        ("Stimmung", "sentiment"),
        ("Quelle", "source"),
        ("Datum", "date"),
    ],
)
def test_unknown_field_names_the_likely_one(name, guess):
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(f"{name}:x")
    assert caught.value.details["guess"] == guess
    assert f"Meinten Sie „{guess}“?" in explain(caught.value, "de")
    assert f"Did you mean '{guess}'?" in str(caught.value)


_WORDS = [
    " AND ",
    " OR ",
    " NOT ",
    "UND ",
    " TO ",
    "text:",
    "rating:",
    "date:",
    "now",
    "-7d",
    "2026-03-01",
    "T10:00",
    "zug",
    "Straße",
    "exact:",
    "case:",
    "_exists_:",
    "~2",
    "5",
    "2,5",
]
_CHARACTERS = "()[]{}\"~^*?:\\/+-!&|<>=„“»«.,;'#@ \n\t\u00a0\u202f\u200d😡ẞİ\ud800\x00漢"
_SIGNS = st.sampled_from([*_WORDS, *_CHARACTERS])
_QUERIES = st.one_of(st.text(max_size=80), st.lists(_SIGNS, max_size=30).map("".join))
_ROW = document_of(CORPORA["fields"][0])


def read(text):
    try:
        return parse_query(text, now=NOW), None
    except QuerySyntaxError as error:
        return None, error


@settings(max_examples=400, deadline=None)
@given(_QUERIES)
@example('"' * 9_999)
@example("(" * 10_000)
@example("text:" * 2_000)
@example("a^2" * 3_000)
@example("-" * 9_000 + "a")
@example("\\" * 9_999)
@example("„" * 9_999)
@example("[" * 9_999)
@example("a b " * 240 + '"c d"~99')
@example("*a" * 4_000)
@example('"' + "zug " * 2_000 + '"~1')
@example("date:" + "1" * 9_000)
@example('date:"' + " " * 9_000 + '"')
@example("zug~99999999999999999999999999")
@example('"a b"~99999999999999999999999999')
@example("a^99999999999999999999999999999999")
def test_any_text_is_read_or_refused_with_a_place(text):
    query, error = read(text)
    if query is None:
        assert 0 <= error.position < len(text)
        assert explain(error, "de").count("\n") == 2
        return
    assert matches(query, _ROW) in (True, False)
    for span in find_terms(query, _ROW["text"]):
        assert _ROW["text"][span.start : span.end] == span.term
    assert parse_query(query.text, now=NOW).node == query.node


@settings(max_examples=150, deadline=None)
@given(st.lists(_QUERIES, min_size=1, max_size=3))
def test_conjunction_means_all_and_can_be_read_again(texts):
    queries = [read(text)[0] or parse_query("paket") for text in texts]
    both = conjunction(*queries)
    assert matches(both, _ROW) == all(matches(query, _ROW) for query in queries)
    assert matches(parse_query(both.text, now=NOW), _ROW) == matches(both, _ROW)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_clause_finds_exactly_its_value(value):
    row = {"source": value}
    query = parse_query(clause("source", value))
    assert matches(query, row)
    assert not matches(query, {"source": value + "x"})


def test_clause_without_a_value_asks_for_missing_ones():
    query = parse_query(clause("touchpoint", None))
    assert matches(query, {"text": "x"})
    assert not matches(query, {"touchpoint": "kasse"})


def test_threads_read_queries_at_the_same_time():
    texts = [f"wort{n} AND (a{n} OR NOT b{n})" for n in range(40)]
    nodes = {text: parse_query(text).node for text in texts}
    wrong = []

    def work() -> None:
        wrong.extend(text for text in texts if parse_query(text).node != nodes[text])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_hard_patterns_take_no_time_on_long_values():
    value = "a" * 20_000
    start = time.perf_counter()
    assert not matches(parse_query("source:*ab*ab*ab*ab*ab*ab*c"), {"source": value})
    assert not matches(parse_query("url:*a*a*a*a*a*a*b"), {"url": value})
    assert not matches(parse_query('"wort anders wort"~9'), {"text": "wort " * 5_000})
    assert time.perf_counter() - start < 5
