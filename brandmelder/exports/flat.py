"""Mentions as rows of a table: one column per searchable field, lists and parts flattened (docs/analysts.md)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from index.fields import BERLIN, DERIVED, FIELDS, FieldSpec
from index.mention import SENTIMENTS, Aspect, MatchedTerm
from index.sharing import WITHHELD

Values = Literal["iso", "german"]

# Between the values of a list. A topic's experience has a bar without blanks (lieferung|negative).
SEPARATOR = " | "
# Excel cuts a row apart at a longer cell.
LONGEST_EXCEL_CELL = 32_767
CUT = " […]"
_DAYS = frozenset({"published_day", "published_week", "work.due"})
_PARTS: Mapping[str, tuple[str, ...]] = {
    "matched_terms": tuple(MatchedTerm.model_fields),
    "aspects": tuple(Aspect.model_fields),
    "sentiment.probabilities": SENTIMENTS,
}

# A cell that begins so is a formula for Excel or LibreOffice, also behind blanks and signs that nobody sees.
_FORMULA = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\n]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Dialect:
    """How the table is written. `german`: decimal comma, WAHR and FALSCH, Berlin's clock as 03.03.2026 14:05:00."""

    delimiter: str = ","
    bom: bool = False
    values: Values = "iso"
    longest: int | None = None


EXCEL = Dialect(delimiter=";", bom=True, values="german", longest=LONGEST_EXCEL_CELL)


@dataclass(frozen=True)
class Column:
    """One column: its heading, the field whose value it shows and, of a list of parts, which part."""

    name: str
    spec: FieldSpec
    part: str | None = None


def columns() -> tuple[Column, ...]:
    """All columns in the order of `index.fields`."""
    found: list[Column] = []
    for spec in (*FIELDS, *DERIVED):
        if spec.name not in WITHHELD:
            parts = _PARTS.get(spec.name, (None,))
            found += [Column(f"{spec.name}.{part}" if part else spec.name, spec, part) for part in parts]
    return tuple(found)


COLUMNS = columns()


def header(dialect: Dialect) -> bytes:
    """The first line, behind a byte order mark where the dialect has one."""
    text = _lines([[column.name for column in COLUMNS]], dialect)
    return text.encode("utf-8-sig" if dialect.bom else "utf-8")


def table_rows(documents: Sequence[Mapping[str, Any]], dialect: Dialect) -> bytes:
    """The lines of shared documents (`index.sharing`)."""
    rows = [[_cell(column, document, dialect) for column in COLUMNS] for document in documents]
    return _lines(rows, dialect).encode("utf-8", "backslashreplace")


def _lines(rows: Sequence[Sequence[str]], dialect: Dialect) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=dialect.delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def _cell(column: Column, document: Mapping[str, Any], dialect: Dialect) -> str:
    value: Any = document
    for name in column.spec.name.split("."):
        value = value.get(name) if value is not None else None
    if column.part is not None and value is not None:
        value = value.get(column.part) if isinstance(value, Mapping) else [entry[column.part] for entry in value]
    if isinstance(value, list):
        text = SEPARATOR.join(_written(column, entry, dialect) for entry in value)
        foreign = any(isinstance(entry, str) for entry in value)
    else:
        text = _written(column, value, dialect)
        foreign = isinstance(value, str) and column.spec.kind != "date"
    # Numbers, dates and truth values are ours: -0.8 stays a number.
    return _harmless(text, dialect) if foreign else text


def _written(column: Column, value: Any, dialect: Dialect) -> str:
    german = dialect.values == "german"
    if value is None:
        return ""
    if isinstance(value, bool):
        return (("FALSCH", "WAHR") if german else ("false", "true"))[value]
    if isinstance(value, int | float):
        return str(value).replace(".", ",") if german else str(value)
    if column.name in _DAYS:
        day = date.fromisoformat(value[:10])
        return f"{day:%d.%m.%Y}" if german else day.isoformat()
    if column.spec.kind == "date":
        moment = datetime.fromisoformat(value)
        return f"{moment.astimezone(BERLIN):%d.%m.%Y %H:%M:%S}" if german else _utc(moment)
    return str(value)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _harmless(text: str, dialect: Dialect) -> str:
    """Without control characters, and with an apostrophe before what a spreadsheet would calculate."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if _FORMULA.match(text):
        text = f"'{text}"
    if dialect.longest is not None and len(text) > dialect.longest:
        text = text[: dialect.longest - len(CUT)] + CUT
    return text
