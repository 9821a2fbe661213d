"""The encoding of a text file that says nothing about it. German exports are UTF-8, Windows, DOS or old Mac files."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from crawlers.rows.row import RowFileError

SAMPLE_BYTES = 4_000_000
CHUNK = 1_000_000
# Tried in this order; of equals the first wins. Windows comes first because it is by far the most usual.
_CANDIDATES = ("cp1252", "cp850", "mac_roman")
_GERMAN = frozenset("äöüÄÖÜß€„“”–’éè§°")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# So many NUL bytes are no text, whatever the encoding.
_NUL_SHARE = 0.02


def text_encoding(stream: BinaryIO, declared: str | None) -> str:
    """The encoding to read a text file with: the declared one, else what its bytes say.

    UTF-8 is recognised by being valid throughout, or by far more valid than broken sequences (files put together from
    two); else the one-byte encoding that gives most German letters. Raises `RowFileError` for a file that is no text.
    """
    stream.seek(0)
    start = stream.read(SAMPLE_BYTES)
    stream.seek(0)
    if declared is not None:
        return declared
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    if (wide := _wide(start)) is not None:
        return wide
    if start.count(0) > _NUL_SHARE * len(start):
        raise RowFileError("Das ist keine Textdatei. Gelesen werden CSV, Excel (.xlsx), JSONL und mbox.")
    if _is_utf8(stream):
        return "utf-8"
    text = start.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) - broken > 2 * broken:
        return "utf-8"
    return max(_CANDIDATES, key=lambda name: sum(letter in _GERMAN for letter in start.decode(name, errors="replace")))


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of Latin text is zero."""
    even, odd = start[0::2], start[1::2]
    if len(start) < 8:
        return None
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def _is_utf8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True
