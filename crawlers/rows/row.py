"""What a file's reader yields, and how it says that a file can't be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_CELL_CHARACTERS = 200_000
"""A longer answer is none: an unclosed quote, or a file made to keep us busy."""


class RowFileError(ValueError):
    """A file that can't be read as data; the message is one German sentence for whoever chose it."""


@dataclass(frozen=True)
class Row:
    """One answer or mail. `number` is its line in the file (mbox: its place among the mails), from 1.

    `fault` says in German why the row can't be used; it never quotes the row. `dropped` is the fate of a row that is
    no customer's words, such as an automatic reply.
    """

    number: int
    values: Mapping[str, Any] = field(default_factory=dict)
    fault: str | None = None
    dropped: str | None = None


def folded(name: str) -> str:
    """A column's name for comparisons: spaces and case don't count, nor do byte-order marks."""
    return " ".join(name.replace("\ufeff", "").split()).casefold()


def chosen(names: list[str], wanted: tuple[str, ...]) -> dict[int, str]:
    """Which cells of a row belong to the wanted columns: place to column name. Raises `RowFileError` for a missing one.

    Of equal names the first column counts.
    """
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places.setdefault(folded(name), place)
    missing = [name for name in wanted if folded(name) not in places]
    if missing:
        has = ", ".join(f"„{name.strip()[:60]}“" for name in names[:40] if name.strip()) or "keine Überschriften"
        raise RowFileError(f"Spalte „{missing[0]}“ fehlt. Die Datei hat: {has}.")
    return {places[folded(name)]: name for name in wanted}


def header_fits(names: list[str], wanted: tuple[str, ...]) -> bool:
    """Whether a line can be the one with the headings."""
    have = {folded(name) for name in names}
    return all(folded(name) in have for name in wanted)
