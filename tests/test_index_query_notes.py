"""Remarks on queries that are read, but hardly as they were meant."""

import pytest

from index.query import parse_query
from index.query.notes import notes

SMALL = "„{}“ wird als Wort gesucht; als Operator schreibt man es groß: {}."
COMPARED = "„{}“ wird als Wörter gesucht; nach einem Feld fragt man mit Doppelpunkt: {}."
NEAR = '„{}“ wird als Wort gesucht; nahe Wörter schreibt man als "a b"~5.'

# query, and of each note: position and sentence
NOTED = [
    ("zug und bahn", [(4, SMALL.format("und", "UND"))]),
    ("zug Or bahn", [(4, SMALL.format("Or", "OR"))]),
    ("(nicht zug)", [(1, SMALL.format("nicht", "NICHT"))]),
    ("zug and bahn and tram", [(4, SMALL.format("and", "AND"))]),
    ("bahn rating>=4", [(5, COMPARED.format("rating>=4", "rating:>=4"))]),
    ("channel=forum", [(0, COMPARED.format("channel=forum", "channel:forum"))]),
    ("Sentiment==negative", [(0, COMPARED.format("Sentiment==negative", "Sentiment:negative"))]),
    ("zug NEAR/3 bahn", [(4, NEAR.format("NEAR/3"))]),
    ("zug^2 bahn", [(0, "„^“ ändert nichts: Alle Treffer zählen gleich.")]),
    ("zug UND bahn", []),
    ('"und"', []),
    ("case:und", []),
    ("a=b", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), NOTED, ids=[row[0] for row in NOTED])
def test_query_is_remarked_on_where_it_may_surprise(text, expected):
    found = notes(parse_query(text))
    assert [(note.position, note.message("de")) for note in found] == expected
    assert all(note.message("en").endswith(".") for note in found)
