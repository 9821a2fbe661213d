"""Commands on texts that are stored nowhere: score, match."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from brandmelder.console import json_rows, open_input, progress, put_line, say
from brandmelder.errors import AttentionError
from brandmelder.models import opened_scorer
from brandmelder.profile import read_profile
from brandmelder.queries import read_query
from brandmelder.resuming import ResumableLines, fingerprint
from brandmelder.settings import Settings
from brandmelder.texts import tr
from index.query.matcher import matches
from nlp.scorer import Scorer, ScoringInput, TextScores
from nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from nlp.e5_scorer import E5Scorer
    from nlp.huggingface_scorer import HuggingFaceScorer

CHUNK = 128
EXTRA_FIELDS = ("title", "channel")

Brand = Annotated[
    str | None,
    typer.Option(
        help=tr("Markenprofil (Pfad oder Name): liefert die Themen", "brand profile (path or name): gives the topics")
    ),
]


class LineSink(Protocol):
    """Where result lines go."""

    def write(self, row: dict[str, Any]) -> None:
        """Add one line."""

    def flush(self) -> None:
        """Hand over what was written."""


class StandardOutput:
    """Result lines on stdout."""

    def write(self, row: dict[str, Any]) -> None:
        """Add one line."""
        put_line(json.dumps(row, ensure_ascii=False))

    def flush(self) -> None:
        """Hand over what was written."""
        sys.stdout.buffer.flush()


def score(
    settings: Settings,
    input: Annotated[str, typer.Option(help=tr("JSONL mit «text»; - für stdin", "JSONL with 'text'; - for stdin"))],
    output: Annotated[str, typer.Option(help=tr("JSONL für die Werte; - für stdout", "JSONL to write; - for stdout"))],
    brand: Brand = None,
) -> None:
    """Score texts; a killed call goes on after the last whole line."""
    taxonomy = Taxonomy() if brand is None else read_profile(brand, settings.data / "profiles").taxonomy()
    scorer = opened_scorer(settings)
    refused = 0
    with _sink(input, output, scorer, taxonomy) as (sink, done):
        if done:
            say(tr(f"{done} Zeilen sind schon bewertet, es geht danach weiter.", f"{done} lines are done already."))
        lines = islice(_lines(input), done, None)
        with progress(tr("Bewerten", "Scoring"), _total(input, done)) as advance:
            for chunk in _chunks(lines, CHUNK):
                refused += _score_chunk(chunk, scorer, taxonomy, sink)
                sink.flush()
                advance(len(chunk))
    if refused:
        raise AttentionError(
            tr(
                f"{refused} Zeilen waren nicht lesbar; ihr Ergebnis nennt im Feld «error» den Grund.",
                f"{refused} lines were unreadable; the field 'error' of their result says why.",
            )
        )


def match(
    settings: Settings,
    query: Annotated[str, typer.Argument(help=tr("Suchanfrage (docs/query.md)", "the query (docs/query.md)"))],
    input: Annotated[str, typer.Option(help=tr("JSONL; - für stdin", "JSONL; - for stdin"))],
) -> None:
    """Print the ids of the matching rows; a row without id is named by its line number."""
    del settings
    parsed = read_query(query)
    for number, row in json_rows(input):
        if matches(parsed, row):
            put_line(str(row.get("id", number)))


@contextmanager
def _sink(
    input: str, output: str, scorer: E5Scorer | HuggingFaceScorer, taxonomy: Taxonomy
) -> Iterator[tuple[LineSink, int]]:
    if output == "-":
        yield StandardOutput(), 0
        return
    # What comes through stdin can't be recognised again, so such a run always starts anew.
    source = "stdin" if input == "-" else fingerprint_of(input)
    job = {"input": source, "model": f"{scorer.revision}-{scorer.precision}", "taxonomy": taxonomy.version}
    path = Path(output)
    if input == "-":
        path.with_name(f"{path.name}.partial").unlink(missing_ok=True)
    with ResumableLines(path, job) as lines:
        yield lines, lines.done


def fingerprint_of(name: str) -> str:
    """SHA-256 of an input file. Raises `UsageError` where it can't be read."""
    with open_input(name):
        return fingerprint(Path(name))


def _total(name: str, done: int) -> int | None:
    if name == "-":
        return None
    with Path(name).open("rb") as stream:
        return sum(1 for line in stream if line.strip()) - done


def _lines(name: str) -> Iterator[str]:
    with open_input(name) as stream:
        # Undecodable bytes become one refused line instead of the end of everything.
        if name != "-":
            stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
        yield from (line for line in stream if line.strip())


def _chunks(lines: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _score_chunk(chunk: list[str], scorer: Scorer, taxonomy: Taxonomy, sink: LineSink) -> int:
    """Score some lines; returns how many had to be refused."""
    parsed = [_parse(line) for line in chunk]
    inputs = [row[1] for row in parsed if isinstance(row[1], ScoringInput)]
    results = iter(scorer.score(inputs, taxonomy=taxonomy))
    refused = 0
    for identity, outcome in parsed:
        if isinstance(outcome, ScoringInput):
            sink.write({"id": identity, **scores_as_json(next(results))})
        else:
            sink.write({"id": identity, "error": outcome})
            refused += 1
    return refused


def _parse(line: str) -> tuple[Any, ScoringInput | str]:
    """The row's id and its input, or the reason why it can't be scored."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None, "not JSON"
    if not isinstance(row, dict):
        return None, "not a JSON object"
    if not isinstance(row.get("text"), str):
        return row.get("id"), "no text"
    for name in EXTRA_FIELDS:
        if not isinstance(row.get(name), str | None):
            return row.get("id"), f"{name} is no text"
    return row.get("id"), ScoringInput(row["text"], title=row.get("title"), channel=row.get("channel"))


def scores_as_json(scores: TextScores) -> dict[str, Any]:
    """Scores in the shape of docs/cli.md."""
    return asdict(scores)
