"""What other programs get as files: all matches (export), and the objects for Kibana."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brandmelder.common import opened_store
from brandmelder.console import progress, put_line, say
from brandmelder.errors import AttentionError, ReaderGoneError, UsageError
from brandmelder.exports.flat import EXCEL, Dialect
from brandmelder.exports.formats import Csv, Format, Ndjson, Parquet
from brandmelder.exports.part import PartFile
from brandmelder.formats import german_time
from brandmelder.queries import read_query
from brandmelder.settings import Settings
from brandmelder.texts import tr
from index.query import Query, parse_query

if TYPE_CHECKING:
    from index.mention import Mention
    from index.store import Store

BATCH = 1_000
# Excel shows no more, the heading among them.
EXCEL_ROWS = 1_048_576
# What a part file of another version can't be continued with.
LAYOUT = 1


class ExportFormat(StrEnum):
    """What `export` writes."""

    ndjson = "ndjson"
    csv = "csv"
    parquet = "parquet"


class Delimiter(StrEnum):
    """What stands between the cells of a CSV file."""

    comma = "comma"
    semicolon = "semicolon"
    tab = "tab"


class Values(StrEnum):
    """How numbers, times and truth values stand in a CSV file."""

    iso = "iso"
    german = "german"


_DELIMITERS = {Delimiter.comma: ",", Delimiter.semicolon: ";", Delimiter.tab: "\t"}


def export(
    settings: Settings,
    query: Annotated[str, typer.Argument(help=tr("Suchanfrage (docs/query.md)", "the query (docs/query.md)"))],
    output: Annotated[Path, typer.Option(help=tr("Zieldatei; - für stdout", "file to write; - for stdout"))],
    format: Annotated[
        ExportFormat, typer.Option(help=tr("ndjson, csv oder parquet", "ndjson, csv or parquet"))
    ] = ExportFormat.ndjson,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help=tr(
                "CSV für deutsches Excel: Semikolon, BOM, deutsche Zahlen und Daten",
                "CSV for German Excel: semicolon, BOM, German numbers and dates",
            ),
        ),
    ] = False,
    delimiter: Annotated[
        Delimiter | None, typer.Option(help=tr("Trennzeichen der CSV-Datei", "delimiter of CSV"), show_default=False)
    ] = None,
    bom: Annotated[
        bool | None,
        typer.Option("--bom/--no-bom", help=tr("CSV mit Byte-Order-Mark", "CSV with byte order mark")),
    ] = None,
    values: Annotated[
        Values | None,
        typer.Option(
            help=tr(
                "CSV-Werte: iso (0.5, UTC) oder german (0,5, Berliner Zeit)",
                "CSV values: iso (0.5, UTC) or german (0,5, Berlin time)",
            ),
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write all matches, streaming; a killed call goes on where it was."""
    chosen = _format(format, excel=excel, delimiter=delimiter, bom=bom, values=values)
    now = datetime.now(UTC)
    read_query(query, now=now)
    with opened_store(settings) as store:
        store.refresh()
        if str(output) == "-":
            _to_stdout(store, parse_query(query, now=now), chosen)
            return
        rows = _to_file(store, query, chosen, output, now)
    say(tr(f"{rows} Beiträge exportiert: {output}", f"{rows} exported: {output}"))
    if excel and rows >= EXCEL_ROWS:
        raise AttentionError(
            tr(
                f"Excel zeigt davon nur die ersten {EXCEL_ROWS - 1}; in der Datei stehen alle.",
                f"Excel shows only the first {EXCEL_ROWS - 1} of them; the file has them all.",
            )
        )


def _format(
    format: ExportFormat, *, excel: bool, delimiter: Delimiter | None, bom: bool | None, values: Values | None
) -> Format:
    if format is not ExportFormat.csv:
        if excel or delimiter is not None or bom is not None or values is not None:
            raise UsageError(
                tr(
                    "--excel, --delimiter, --bom und --values gehören zu --format csv.",
                    "--excel, --delimiter, --bom and --values belong to --format csv.",
                )
            )
        return Ndjson() if format is ExportFormat.ndjson else Parquet()
    dialect = EXCEL if excel else Dialect()
    if delimiter is not None:
        dialect = replace(dialect, delimiter=_DELIMITERS[delimiter])
    if bom is not None:
        dialect = replace(dialect, bom=bom)
    if values is not None:
        dialect = replace(dialect, values=values.value)
    return Csv(dialect)


def _to_file(store: Store, text: str, format: Format, output: Path, now: datetime) -> int:
    job = {"layout": LAYOUT, "query": text.strip(), "store": store.describe()["location"], **format.job}
    with PartFile(output, job, {"now": now.isoformat()}) as part:
        # A continued export means the same days by now-7d as its first call did.
        began = datetime.fromisoformat(part.facts["now"])
        query = parse_query(text, now=began)
        if part.empty:
            part.write(format.head())
        elif part.rows:
            _tell_continued(part, began)
        total = max(store.search(query, limit=0).total, part.rows)
        with progress(tr("Exportieren", "Exporting"), total) as advance:
            advance(part.rows)
            _stream(store.scan(query, after=part.last), format, part, advance)
        format.finish(part)
        return part.rows


def _tell_continued(part: PartFile, began: datetime) -> None:
    say(
        tr(
            f"Weiter nach Beitrag {part.rows}, begonnen am {german_time(began)}. Von vorn: {part.part.name} löschen.",
            f"Going on after mention {part.rows}, begun {german_time(began)}. To start anew, delete {part.part.name}.",
        )
    )


def _stream(mentions: Iterator[Mention], format: Format, part: PartFile, advance: Callable[[int], Any]) -> None:
    for batch in _batches(mentions):
        part.write(format.batch(batch), rows=len(batch), last=batch[-1].id)
        advance(len(batch))


def _batches(mentions: Iterator[Mention]) -> Iterator[list[Mention]]:
    while batch := list(itertools.islice(mentions, BATCH)):
        yield batch


def _to_stdout(store: Store, query: Query, format: Format) -> None:
    if isinstance(format, Parquet):
        raise UsageError(tr("Parquet braucht eine Datei: --output NAME.", "Parquet needs a file: --output NAME."))
    try:
        sys.stdout.buffer.write(format.head())
        for batch in _batches(store.scan(query)):
            sys.stdout.buffer.write(format.batch(batch))
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def kibana(
    settings: Settings,
    output: Annotated[
        Path | None, typer.Option(help=tr("Zieldatei; sonst stdout", "file to write; else stdout"), show_default=False)
    ] = None,
) -> None:
    """Write the saved objects that Kibana imports."""
    from dashboard.kibana import saved_objects, to_ndjson
    from index.elastic_mapping import Names

    text = to_ndjson(saved_objects(Names(settings.elastic_prefix).alias))
    if output is None:
        put_line(text.rstrip("\n"))
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    say(
        tr(
            f"Geschrieben: {output}. In Kibana einlesen unter Stack Management, Saved Objects, Import.",
            f"Written: {output}. Import it in Kibana under Stack Management, Saved Objects.",
        )
    )
