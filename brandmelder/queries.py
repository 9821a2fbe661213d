"""Queries as the commands take them: read, and remarked on where they do what people may not expect."""

from __future__ import annotations

from datetime import datetime

from brandmelder.console import say
from brandmelder.texts import language, tr
from index.query import Query, parse_query
from index.query.notes import notes


def read_query(text: str, *, now: datetime | None = None) -> Query:
    """The query, as `parse_query` reads it; remarks go to stderr. Raises `QuerySyntaxError`."""
    query = parse_query(text, now=now)
    for note in notes(query):
        place = note.position + 1 + len(text) - len(text.lstrip())
        say(f"{tr('Hinweis, Zeichen', 'Note, character')} {place}: {note.message(language())}")
    return query
