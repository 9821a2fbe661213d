"""docs/query.md, run: what it says is found is found, and it names every field."""

import re
from pathlib import Path

import pytest
from query_cases import NOW
from query_index import build, ids

from index.fields import ALIASES
from index.query import explain, parse_query
from index.query.errors import TOO_BROAD, QuerySyntaxError
from index.query.lexing import MAX_DEPTH
from index.query.limits import MAX_FUZZY_LETTERS, MAX_NESTING, MAX_PATTERNS, MAX_WORDS
from index.query.matcher import matches
from index.query.notes import notes
from index.query.patterns import MAX_WILDCARDS
from index.query.resolve import SPECS
from index.query.syntax import MAX_LENGTH

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "query.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(.+?)` \| (.+?) \|(?: (.+?) \|)?$", re.MULTILINE)
_REMARKS = TEXT.split("| What is said |")[1].split("\n\n")[0]
REMARKED = [match.groups() for match in ROW.finditer(_REMARKS)]
EXAMPLES = [match.groups() for match in ROW.finditer(TEXT.replace(_REMARKS, ""))]
FOUND = [row for row in EXAMPLES if row[2] is not None]


def texts(cell):
    return [text.strip() for text in cell.split(" / ")]


def test_tables_are_read():
    assert len(FOUND) > 40
    assert len(EXAMPLES) - len(FOUND) >= 20


@pytest.mark.parametrize("row", FOUND, ids=[row[0] for row in FOUND])
def test_example_finds_what_the_page_says(row):
    query = parse_query(row[0], now=NOW)
    rows = [{"id": text, "text": text} for cell in row[1:] for text in texts(cell)]
    expected = set(texts(row[1]))
    assert {row["id"] for row in rows if matches(query, row)} == expected
    assert ids(build(rows), query) == expected


@pytest.mark.parametrize("row", EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_example_is_read(row):
    assert parse_query(row[0], now=NOW).tree is not None


@pytest.mark.parametrize("row", REMARKED, ids=[row[0] for row in REMARKED])
def test_example_is_remarked_on_as_the_page_says(row):
    assert [note.message("de") for note in notes(parse_query(row[0], now=NOW))] == [row[1]]


def test_page_states_the_limits():
    limits = dict(re.findall(r"^\| (.+?) \| ([\d,]*\d)", TEXT.split("| Limit of one query |")[1], re.MULTILINE))
    assert limits["characters"] == f"{MAX_LENGTH:,}"
    assert limits["different words looked for, those in phrases counted one by one"] == f"{MAX_WORDS:,}"
    assert limits["levels of brackets"] == str(MAX_DEPTH)
    assert limits["levels of AND, OR and NOT in each other"] == str(MAX_NESTING)
    assert limits["words with wildcards"] == str(MAX_PATTERNS)
    assert limits["wildcards per word; letters of such a word"] == str(MAX_WILDCARDS)
    assert limits["letters before `~`"] == str(MAX_FUZZY_LETTERS)
    assert TOO_BROAD in TEXT


def test_page_names_every_field_and_alias():
    named = set(re.findall(r"`([\w.]+)`", TEXT))
    assert named >= SPECS.keys() | ALIASES.keys()


def test_page_shows_a_real_error():
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query("zug AND (bahn OR tram")
    shown = "\n".join(f"    {line}" for line in explain(caught.value, "de").split("\n"))
    assert shown in TEXT
