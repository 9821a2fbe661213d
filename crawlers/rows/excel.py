"""Excel workbooks (.xlsx), read as a stream: what is stored in the cells, never a formula computed."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from typing import Any, BinaryIO

from crawlers.rows.row import MAX_CELL_CHARACTERS, Row, RowFileError, chosen, header_fits

HEADER_WITHIN = 20
MAX_COLUMNS = 300
MAX_EMPTY_ROWS = 5_000
# A workbook of words is packed about ten times; one that unpacks to more than this is no table of answers.
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_STRINGS_BYTES = 300_000_000
MAX_RATIO = 200
RATIO_FROM_BYTES = 50_000_000


def excel_rows(stream: BinaryIO, *, wanted: tuple[str, ...], sheet: str | None = None) -> Generator[Row, None, None]:
    """The rows of a sheet (the first one unless named) with their row numbers; empty rows are left out.

    A formula counts by the value that Excel saved with it; a row with one that has none is a fault. Raises
    `RowFileError` for a file that is no workbook, unpacks to far more than it is, or misses a wanted column.
    """
    _check_archive(stream)
    import openpyxl

    books = []
    try:
        for data_only in (True, False):
            stream.seek(0)
            books.append(openpyxl.load_workbook(stream, read_only=True, data_only=data_only, keep_links=False))
        values, formulas = (_sheet(book, sheet) for book in books)
        yield from _rows(values, formulas, wanted)
    except RowFileError:
        raise
    except Exception as error:  # openpyxl raises whatever a broken part of the archive makes it stumble on
        raise RowFileError(f"Die Excel-Datei ist beschädigt ({type(error).__name__}).") from error
    finally:
        for book in books:
            book.close()


def _check_archive(stream: BinaryIO) -> None:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise RowFileError("Die Excel-Datei ist beschädigt (kein lesbares Archiv).") from error
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        kind = "eine OpenDocument-Datei; bitte als .xlsx speichern" if "mimetype" in names else "keine Excel-Datei"
        raise RowFileError(f"Das Archiv ist {kind}.")
    unpacked = sum(entry.file_size for entry in entries)
    strings = sum(entry.file_size for entry in entries if entry.filename.lower().endswith("sharedstrings.xml"))
    packed = max(1, sum(entry.compress_size for entry in entries))
    bomb = unpacked > RATIO_FROM_BYTES and unpacked / packed > MAX_RATIO
    if bomb or unpacked > MAX_UNPACKED_BYTES or strings > MAX_STRINGS_BYTES:
        raise RowFileError(
            f"Die Excel-Datei würde ausgepackt {unpacked // 1_000_000} Megabyte groß und wird nicht gelesen."
        )


def _sheet(book: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets:
        raise RowFileError("Die Excel-Datei hat kein Tabellenblatt.")
    if name is None:
        return next(iter(sheets.values()))
    if name not in sheets:
        raise RowFileError(f"Tabellenblatt „{name}“ fehlt. Die Datei hat: {', '.join(sheets)}.")
    return sheets[name]


def _rows(values: Any, formulas: Any, wanted: tuple[str, ...]) -> Generator[Row, None, None]:
    for sheet in (values, formulas):
        # What a sheet says about its size may be anything; what counts are its cells.
        sheet.reset_dimensions()
    places: dict[int, str] | None = None
    empty, first = 0, list[str]()
    both = zip(values.iter_rows(max_col=MAX_COLUMNS), formulas.iter_rows(max_col=MAX_COLUMNS), strict=False)
    for number, (cells, written) in enumerate(both, start=1):
        shown = [_text(cell.value) for cell in cells]
        if not any(shown) and not any(cell.value is not None for cell in written):
            empty += 1
            if empty > MAX_EMPTY_ROWS:
                return
            continue
        empty = 0
        if places is not None:
            yield _row(number, cells, written, places)
        elif header_fits(shown, wanted):
            places = chosen(shown, wanted)
        else:
            first = first or shown
            if number > HEADER_WITHIN:
                break
    if places is None:
        chosen(first, wanted)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _row(number: int, cells: Any, written: Any, places: dict[int, str]) -> Row:
    values: dict[str, Any] = {}
    for place, name in places.items():
        value = cells[place].value if place < len(cells) else None
        formula = written[place].value if place < len(written) else None
        if value is None and formula is not None:
            return Row(number, fault=f"Spalte „{name}“ enthält eine Formel ohne gespeicherten Wert")
        if isinstance(value, str) and cells[place].data_type == "e":
            return Row(number, fault=f"Spalte „{name}“ enthält einen Excel-Fehler")
        if isinstance(value, str) and len(value) > MAX_CELL_CHARACTERS:
            return Row(number, fault=f"ein Feld hat mehr als {MAX_CELL_CHARACTERS} Zeichen")
        values[name] = value
    return Row(number, values)
