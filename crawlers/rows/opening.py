"""Which kind of file it is, by its first bytes and not by its name."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import BinaryIO, Literal

from crawlers.rows.delimited import csv_rows
from crawlers.rows.excel import excel_rows
from crawlers.rows.jsonl import jsonl_rows
from crawlers.rows.mbox import mbox_rows
from crawlers.rows.row import Row, RowFileError

RowKind = Literal["csv", "xlsx", "jsonl", "mbox"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = ((b"%PDF-", "eine PDF-Datei"), (b"\x1f\x8b", "gepackt (gzip)"), (b"SQLite format", "eine SQLite-Datei"))
_MAIL_HEADER = re.compile(rb"^(?:From |Return-Path:|Received:|Delivered-To:|Message-ID:|X-Mozilla-Status)", re.I)


def kind_of(stream: BinaryIO) -> RowKind:
    """The kind of a file. Raises `RowFileError` for an empty one and for kinds that aren't read."""
    stream.seek(0)
    start = stream.read(4096)
    stream.seek(0)
    if not start:
        raise RowFileError("Die Datei ist leer.")
    if start.startswith(_OLE):
        raise RowFileError(
            "Das ist eine alte oder verschlüsselte Excel-Datei; bitte ohne Kennwort als .xlsx speichern."
        )
    for mark, what in _OTHERS:
        if start.startswith(mark):
            raise RowFileError(f"Die Datei ist {what}. Gelesen werden CSV, Excel (.xlsx), JSONL und mbox.")
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    words = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _MAIL_HEADER.match(words):
        return "mbox"
    if words.startswith(b"["):
        raise RowFileError("Die Datei ist eine JSON-Liste; gebraucht wird ein JSON-Objekt je Zeile (JSONL).")
    return "jsonl" if words.startswith(b"{") else "csv"


def rows_of(
    stream: BinaryIO,
    *,
    wanted: tuple[str, ...],
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    staff: tuple[str, ...] = (),
) -> Generator[Row, None, None]:
    """The rows of a file of any kind. `wanted` are the columns to read, but for mails. Raises `RowFileError`."""
    kind = kind_of(stream)
    if kind == "mbox":
        return mbox_rows(stream, staff=staff)
    if kind == "xlsx":
        return excel_rows(stream, wanted=wanted, sheet=sheet)
    if kind == "jsonl":
        return jsonl_rows(stream, wanted=wanted, encoding=encoding)
    return csv_rows(stream, wanted=wanted, encoding=encoding, delimiter=delimiter)
