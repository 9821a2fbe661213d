"""Messages and progress bars on stderr, data on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from brandmelder.errors import ReaderGoneError, UsageError
from brandmelder.texts import tr

messages = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A message for the person at the terminal. Markup in it is shown as it is."""
    messages.print(text, markup=False)


def put_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON value on stdout, UTF-8 whatever the locale says."""
    put_line(json.dumps(value, ensure_ascii=False, indent=indent))


def put_line(text: str) -> None:
    """One line of data on stdout, UTF-8."""
    try:
        # Lone surrogates are legal in JSON escapes but not in UTF-8.
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    except BrokenPipeError as error:
        raise ReaderGoneError from error


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Any]:
    """A bar on stderr, or silence where stderr is no terminal; yields a function that advances it by n."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages, disable=not messages.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps=1: bar.advance(task, steps)


@contextmanager
def open_input(name: str) -> Iterator[TextIO]:
    """A UTF-8 text file for reading, `-` for stdin. Raises `UsageError` where it can't be opened."""
    if name == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")  # type: ignore[union-attr]
        yield sys.stdin
        return
    try:
        stream = Path(name).open(encoding="utf-8-sig")  # noqa: SIM115  (closed below; the error is about opening only)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(tr(f"{name} lässt sich nicht lesen: {reason}.", f"Can't read {name}: {reason}.")) from error
    with stream:
        yield stream


def json_rows(name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their 1-based line numbers; empty lines are skipped.

    Raises `UsageError` that names the line where one isn't a JSON object.
    """
    with open_input(name) as stream:
        try:
            yield from _rows(name, enumerate(stream, start=1))
        except UnicodeDecodeError as error:
            raise UsageError(tr(f"{name} ist kein UTF-8-Text.", f"{name} isn't UTF-8 text.")) from error


def _rows(name: str, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            reason = getattr(error, "msg", "nesting")
            raise UsageError(
                tr(f"{name}, Zeile {number}: kein JSON ({reason}).", f"{name}, line {number}: not JSON ({reason}).")
            ) from error
        if not isinstance(row, dict):
            raise UsageError(
                tr(f"{name}, Zeile {number}: kein JSON-Objekt.", f"{name}, line {number}: not a JSON object.")
            )
        yield number, row
