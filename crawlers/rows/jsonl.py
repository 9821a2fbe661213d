"""JSON lines: one object per line; a column may name an inner value with dots ("answer.text")."""

from __future__ import annotations

import codecs
import json
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO

from crawlers.rows.encoding import text_encoding
from crawlers.rows.row import MAX_CELL_CHARACTERS, Row, RowFileError

MAX_LINE_BYTES = 5_000_000


def jsonl_rows(stream: BinaryIO, *, wanted: tuple[str, ...], encoding: str | None = None) -> Generator[Row, None, None]:
    """The objects of a JSONL file with their 1-based lines; empty lines are left out, a missing key is an empty value.

    Raises `RowFileError` where no object has any of the wanted columns.
    """
    name = text_encoding(stream, encoding)
    seen: set[str] = set()
    found = False
    for number, line, cut in _lines(stream, name):
        if cut:
            yield Row(number, fault=f"länger als {MAX_LINE_BYTES} Bytes")
            continue
        if not line.strip():
            continue
        row = _row(number, line, wanted)
        if row.fault is None and not found:
            found = any(value is not None for value in row.values.values())
            seen.update(_keys(line))
        yield row
    if seen and not found:
        raise RowFileError(f"Spalte „{wanted[0]}“ fehlt. Die Datei hat: {', '.join(sorted(seen)[:40])}.")


def _lines(stream: BinaryIO, encoding: str) -> Iterator[tuple[int, str, bool]]:
    if encoding.startswith("utf-16"):
        text = codecs.getreader(encoding)(stream, "replace")
        yield from ((number, line, len(line) > MAX_LINE_BYTES) for number, line in enumerate(text, start=1))
        return
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        cut = len(line) > MAX_LINE_BYTES
        rest = line
        while cut and rest and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES)
        yield number, line.decode(encoding, errors="replace") if not cut else "", cut


def _keys(line: str) -> list[str]:
    value = json.loads(line)
    return [str(key)[:60] for key in value] if isinstance(value, dict) else []


def _row(number: int, line: str, wanted: tuple[str, ...]) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, fault="kein JSON")
    if not isinstance(value, dict):
        return Row(number, fault="kein JSON-Objekt")
    values = {name: _inner(value, name) for name in wanted}
    if any(isinstance(cell, list | dict) for cell in values.values()):
        return Row(number, fault="ein Feld enthält eine Liste oder ein Objekt statt eines Werts")
    if any(isinstance(cell, str) and len(cell) > MAX_CELL_CHARACTERS for cell in values.values()):
        return Row(number, fault=f"ein Feld hat mehr als {MAX_CELL_CHARACTERS} Zeichen")
    if "\ufffd" in line:
        return Row(number, fault="enthält Zeichen, die nicht zur Kodierung der Datei passen")
    return Row(number, values)


def _inner(value: dict[str, Any], name: str) -> Any:
    if name in value:
        return value[name]
    inner: Any = value
    for part in name.split("."):
        inner = inner.get(part) if isinstance(inner, dict) else None
    return inner
