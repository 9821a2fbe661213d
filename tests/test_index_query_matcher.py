"""The matcher on rows as people have them, found places, and agreement of the engines on made-up queries."""

import random
from datetime import UTC, date, datetime

import pytest
from query_cases import CORPORA, NOW
from query_index import build, ids

from index.query import parse_query
from index.query.documents import Document, document_of
from index.query.matcher import find_terms, matches, within
from index.query.phrases import displacements, placements

ROWS = [
    ("zug", {"text": "Die Züge"}, True),
    ("zug", {}, False),
    ("zug", {"text": None}, False),
    ("NOT zug", {}, True),
    ("zug", {"text": ["Ein Zug", "noch einer"]}, True),
    ("rating:<=2", {"rating": 2}, True),
    ("rating:<=2", {"rating": 3}, False),
    ("rating:<=2", {"rating": "2,0"}, True),
    ("rating:<=2", {"rating": {"value": 1, "best": 5, "worst": 1}}, True),
    ("rating:<=2", {"rating.value": 1}, True),
    ("rating:<=2", {"rating": True}, False),
    ("rating:<=2", {"rating": "gut"}, False),
    ("rating:<=2", {"rating": None}, False),
    ("rating.value:2", {"rating": 2}, True),
    ("rating.normalised:>0.5", {"rating": 5}, False),
    ("sentiment:negative", {"sentiment": "negative"}, True),
    ("sentiment:negative", {"sentiment": {"label": "negative"}}, True),
    ("sentiment:negative", {"experience": "negative", "sentiment": {"label": "neutral"}}, True),
    ("sentiment:positive", {"sentiment": "negative", "work": {"correction": {"sentiment": "positive"}}}, True),
    ("sentiment.label:negative", {"sentiment": "negative"}, True),
    ("topic:app", {"topics": ["preis", "app"]}, True),
    ("topic:app", {"topics": "app"}, True),
    ("topic:app", {"topic": "app"}, True),
    ("_exists_:topics", {"topics": []}, False),
    ("_exists_:title", {"title": ""}, False),
    ("work.status:open", {"work": {"status": "open"}}, True),
    ("work.status:open", {"work.status": "open"}, True),
    ("work.correction.by:ali", {"work": {"correction.by": "ali"}}, True),
    ("status:open", {"status": "open"}, True),
    ("id:17", {"id": 17}, True),
    ("is_copy:true", {"is_copy": "true"}, True),
    ("date:2026-03-01", {"published_at": "2026-03-01"}, True),
    ("date:2026-03-01", {"published_at": "2026-03-01T00:30"}, True),
    ("date:2026-03-01", {"published_at": "2026-02-28T23:30:00Z"}, True),
    ("date:2026-03-01", {"published_at": datetime(2026, 3, 1, 22, 59, tzinfo=UTC)}, True),
    ("date:2026-03-01", {"published_at": datetime(2026, 3, 1, 23, 1, tzinfo=UTC)}, False),
    ("date:2026-03-01", {"published_at": date(2026, 3, 1)}, True),
    ("date:2026-03-01", {"date": "2026-03-01"}, True),
    ("date:2026-03-01", {"published_at": "gestern"}, False),
    ("published_day:2026-03-01", {"published_at": "2026-02-28T23:30:00Z"}, True),
    ("published_week:2026-02-23", {"published_at": "2026-03-01"}, True),
    ("work.due:2026-03-20", {"work": {"due": "2026-03-20"}}, True),
    ("date:2026-10-25", {"published_at": "2026-10-25T23:30:00+01:00"}, True),
    ("date:>=25.10.2026", {"published_at": "2026-10-25T00:00:00+02:00"}, True),
    ("text:*", {"text": "..."}, True),
    ("anything", {"text": 17}, False),
    ("17", {"text": 17}, True),
]


@pytest.mark.parametrize(("text", "row", "expected"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_plain_rows_are_understood(text, row, expected):
    assert matches(parse_query(text, now=NOW), row) is expected


FOUND = [
    ("zug", "Züge, ZUG und Zugluft", ["Züge", "ZUG"]),
    ("zug*", "Züge, ZUG und Zugluft", ["Züge", "ZUG", "Zugluft"]),
    ('"deutsche bahn"', "Die Deutsche Bahn. Bahn!", ["Deutsche Bahn"]),
    ("WLAN-Router", "mein WLAN-Router, der Router", ["WLAN-Router"]),
    ('"router kaputt"~3', "der Router ist schon wieder kaputt", ["Router ist schon wieder kaputt"]),
    ("router~1", "Mein Ruoter und Raouter und Ruotre", ["Ruoter", "Raouter"]),
    ("case:DM", "dm DM Dm", ["DM"]),
    ("exact:züge", "Züge Zug", ["Züge"]),
    ("zug NOT bahn", "Zug", ["Zug"]),
    ("NOT (NOT zug)", "ein Zug", ["Zug"]),
    ("zug OR (bahn AND tram)", "Zug Bahn", ["Zug"]),
    ("zug AND (bahn OR tram)", "Zug Tram", ["Zug", "Tram"]),
    ("title:zug", "Zug", []),
    ("text:zug", "Zug", ["Zug"]),
    ("rating:1 OR zug", "Zug", ["Zug"]),
    ('bahn "deutsche bahn"', "Deutsche Bahn", ["Deutsche Bahn"]),
    ("😡", "so 😡😡 eben", ["😡", "😡"]),
    ("strasse", "STRAẞE, Straßen", ["STRAẞE", "Straßen"]),
    ("*", "alles", []),
]


@pytest.mark.parametrize(("query", "text", "expected"), FOUND, ids=[row[0] for row in FOUND])
def test_found_places_are_those_that_speak_for_the_match(query, text, expected):
    spans = find_terms(parse_query(query), text, document={"text": text, "rating": 3})
    assert [span.term for span in spans] == expected
    assert all(text[span.start : span.end] == span.term for span in spans)


def test_places_of_another_field_are_found_on_request():
    assert [span.term for span in find_terms(parse_query("title:zug tram"), "Zug und Tram", field="title")] == [
        "Zug",
        "Tram",
    ]


def test_one_analysis_serves_many_queries():
    document = Document({"text": "Die Züge der Bahn"})
    assert matches(parse_query("zug"), document)
    assert matches(parse_query("exact:züge"), document)
    assert not matches(parse_query("tram"), document)


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("bahn", "bahn", 0),
        ("bahn", "bhan", 1),
        ("bahn", "ban", 1),
        ("bahn", "bahnen", 2),
        ("ca", "abc", 3),
        ("", "a", 1),
    ],
)
def test_edits_are_counted_with_swaps(left, right, edits):
    assert [within(left, right, distance) for distance in range(4)] == [edits <= distance for distance in range(4)]


def test_sloppy_phrase_is_the_sum_of_its_displacements():
    rng = random.Random(5)
    for _ in range(400):
        terms = tuple(rng.choice("abc") for _ in range(rng.randint(2, 4)))
        slop = rng.randint(0, 4)
        words = [rng.choice("abcx") for _ in range(rng.randint(1, 9))]
        exact = any(
            all(0 <= start + offset < len(words) and words[start + offset] == term for offset, term in phrase)
            for phrase in displacements(terms, slop)
            for start in range(len(words))
        )
        assert any(True for _ in placements(terms, words, slop)) == exact, (terms, slop, words)


VOCABULARY = [
    *("Zug", "Züge", "Bahn", "Bahnhof", "Bahnhöfe", "Straße", "strasse", "Müller", "Mueller", "neue", "DM", "dm"),
    *("E-Mail", "WLAN-Router", "20€", "Fußweg"),
]
FIELD_CLAUSES = [
    "rating:2", "rating:<=2,5", "rating:{2 TO 4}", "rating:*", "date:2026-03", "date:<2026-04", "date:>12.3.2026",
    "date:[2026-02 TO 20.5.2026}", "date:2026-W11", "published_day:2026-03-12", "sentiment:negative", "is_copy:true",
    "topic:preis", "topic:(preis OR app)", "topic:pr*", "topic:prais~1", "_exists_:title", "NOT topic:app",
    "sentiment.polarity:[-0.5 TO 0.5]", "published_week:*",
]  # fmt: skip


def random_row(rng, number):
    row = {"id": str(number), "text": " ".join(rng.choices(VOCABULARY, k=rng.randint(1, 9)))}
    row["is_copy"] = rng.random() < 0.5
    row["topics"] = rng.choices(["lieferung", "preis", "app"], k=rng.randint(0, 2))
    if rng.random() < 0.5:
        row["title"] = " ".join(rng.choices(VOCABULARY, k=2))
    if rng.random() < 0.7:
        row["rating"] = rng.choice([1, 2, 2.5, 3, 4, 5])
        row["published_at"] = f"2026-0{rng.randint(1, 9)}-{rng.randint(10, 28)}T{rng.randint(10, 23)}:30:15.5+02:00"
        row["sentiment"] = {"label": rng.choice(["negative", "positive"]), "polarity": rng.uniform(-1, 1)}
    return row


def random_leaf(rng):
    word = rng.choice(VOCABULARY)
    phrase = '"' + " ".join(rng.choices(VOCABULARY, k=rng.randint(1, 3))) + '"' + rng.choice(["", "~1", "~2", "~4"])
    form = rng.choice(["exact:", "case:", "title:", "text:", "title.exact:", "text.folded:"]) + word
    pattern = rng.choice([word[:2] + "*", "*" + word[-3:].lstrip("-"), word[0] + "?" + word[2:] + "*"])
    fuzzy = word.replace("-", "") + rng.choice(["~1", "~2", "~"])
    return rng.choice([word, word, phrase, form, pattern, fuzzy, rng.choice(FIELD_CLAUSES)])


def random_query(rng, depth):
    if depth == 0 or rng.random() < 0.3:
        return random_leaf(rng)
    if rng.random() < 0.2:
        return rng.choice(["NOT ", "-", "NICHT "]) + f"({random_query(rng, depth - 1)})"
    parts = [random_query(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    return "(" + rng.choice([" AND ", " OR ", " ", " ODER "]).join(parts) + ")"


def test_matcher_and_tantivy_agree_on_random_queries():
    rng = random.Random(17)
    rows = [random_row(rng, number) for number in range(120)]
    index = build(rows)
    documents = [(row["id"], Document(row)) for row in rows]
    sizes = set()
    for _ in range(500):
        text = random_query(rng, 3)
        query = parse_query(text, now=NOW)
        expected = {id for id, document in documents if matches(query, document)}
        assert ids(index, query) == expected, text
        sizes.add(len(expected))
    assert len(sizes) > 50


def test_mention_and_its_json_answer_alike():
    for mention in CORPORA["fields"]:
        full, bare = document_of(mention), mention.model_dump(mode="json")
        for text in FIELD_CLAUSES:
            query = parse_query(text, now=NOW)
            assert matches(query, full) == matches(query, bare), (mention.id, text)
