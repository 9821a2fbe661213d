"""CSV as people and programs write it: the delimiter, the encoding and the line of the headings are found."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from typing import BinaryIO, TextIO

from crawlers.rows.encoding import text_encoding
from crawlers.rows.row import MAX_CELL_CHARACTERS, Row, RowFileError, chosen, header_fits

DELIMITERS = (";", ",", "\t", "|")
# Reports put a title and a date above their table.
HEADER_WITHIN = 20
# A cell that runs over more lines is no answer but a quote that nobody closed.
MAX_ROW_LINES = 500
_FIELD_LIMIT = 2_000_000


def csv_rows(
    stream: BinaryIO, *, wanted: tuple[str, ...], encoding: str | None = None, delimiter: str | None = None
) -> Generator[Row, None, None]:
    """The rows of a CSV file with their 1-based lines; empty rows are left out.

    Raises `RowFileError` where no line within the first ones holds the wanted columns.
    """
    name = text_encoding(stream, encoding)
    text = io.TextIOWrapper(stream, encoding=name, errors="replace", newline="")
    try:
        delimiter = delimiter or _delimiter(text, wanted)
        text.seek(0)
        yield from _rows(text, wanted, delimiter)
    finally:
        text.detach()


def _first_lines(text: TextIO) -> list[str]:
    text.seek(0)
    lines = [text.readline(_FIELD_LIMIT).lstrip("\ufeff") for _ in range(HEADER_WITHIN)]
    return [line for line in lines if line.strip()]


def _delimiter(text: TextIO, wanted: tuple[str, ...]) -> str:
    """The one by which some line holds all wanted columns; where none does, the one that splits best."""
    lines = _first_lines(text)
    if not lines:
        raise RowFileError("Die Datei ist leer.")
    for delimiter in DELIMITERS:
        if any(header_fits(_cells(line, delimiter), wanted) for line in lines):
            return delimiter
    best = max(DELIMITERS, key=lambda delimiter: len(_cells(lines[0], delimiter)))
    chosen(_cells(lines[0], best), wanted)
    return best


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(text: TextIO, wanted: tuple[str, ...], delimiter: str) -> Generator[Row, None, None]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text, delimiter=delimiter)
    places: dict[int, str] | None = None
    width = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if places is not None:
                yield Row(line, fault=f"keine lesbare Zeile ({_german(error)})")
            continue
        if places is None:
            if header_fits(cells, wanted):
                places, width = chosen(cells, wanted), len(cells)
            continue
        if any(cell.strip() for cell in cells):
            yield _row(line, cells, places, width, reader.line_num - line)


def _row(line: int, cells: list[str], places: dict[int, str], width: int, more_lines: int) -> Row:
    if more_lines > MAX_ROW_LINES:
        return Row(line, fault=f"reicht über {more_lines + 1} Zeilen; vermutlich fehlt ein Anführungszeichen")
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return Row(line, fault=f"hat {len(cells)} Felder, die Überschrift nur {width}")
    if len(cells) <= max(places):
        return Row(line, fault=f"hat nur {len(cells)} von {width} Feldern")
    values = {name: cells[place] for place, name in places.items()}
    if any(len(value) > MAX_CELL_CHARACTERS for value in values.values()):
        return Row(line, fault=f"ein Feld hat mehr als {MAX_CELL_CHARACTERS} Zeichen")
    if any("\ufffd" in value for value in values.values()):
        return Row(line, fault="enthält Zeichen, die nicht zur Kodierung der Datei passen")
    return Row(line, values)


def _german(error: csv.Error) -> str:
    return "ein Feld ist zu groß" if "field larger" in str(error) else "fehlerhafte Zeichen"
