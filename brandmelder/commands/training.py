"""Commands on the model itself: train and evaluate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from brandmelder.console import messages, open_input, progress, put_json, put_line, say
from brandmelder.errors import UsageError
from brandmelder.models import opened_scorer
from brandmelder.settings import Settings
from brandmelder.texts import tr
from crawlers.yaml_file import read_yaml


def train(
    settings: Settings,
    texts: Annotated[
        Path,
        typer.Argument(
            exists=True,
            file_okay=False,
            help=tr(
                "Ordner mit train/*.jsonl und dev/*.jsonl, Zeilen mit «text» und «label»",
                "folder with train/*.jsonl and dev/*.jsonl, rows with 'text' and 'label'",
            ),
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help=tr("Ordner für das Ergebnis; sonst im Datenordner", "folder to write"))
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=tr("YAML mit anderen Werten der Feinabstimmung", "YAML with other values of the fine-tuning"),
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help=tr("von diesem Modell aus weiterlernen", "go on from this model"),
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help=tr("Startwert", "seed"))] = None,
    noncommercial: Annotated[
        bool,
        typer.Option(
            "--noncommercial",
            help=tr(
                "auch Texte verwenden, deren Lizenz kommerziellen Gebrauch ausschließt",
                "use texts whose licence forbids commercial use, too",
            ),
        ),
    ] = False,
) -> None:
    """Fine-tune the model on labelled texts (about an hour on two cores); a killed call goes on where it was."""
    from nlp.quantised import WeightsError
    from nlp.recipe import Recipe
    from nlp.train import train as fit

    folder = output or settings.data / "model"
    with _bars() as report:
        try:
            chosen = read_yaml(recipe, Recipe) if recipe else Recipe()
            if seed is not None:
                chosen = chosen.model_copy(update={"seed": seed})
            facts = fit(texts, folder, recipe=chosen, progress=report, commercial_only=not noncommercial, start=start)
        except (ValueError, WeightsError) as error:
            raise UsageError(str(error)) from error
    put_json(facts)
    say(
        tr(
            f"Trainiert: {folder}. Benutzen: BRANDMELDER_MODEL={folder}",
            f"Trained: {folder}. Use it: BRANDMELDER_MODEL={folder}",
        )
    )


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """One bar per file of texts; yields a function of title, done and total."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def report(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(title, total=total)
            bars.update(tasks[title], completed=done, total=total)

        yield report


def evaluate(
    settings: Settings,
    files: Annotated[
        list[str], typer.Argument(help=tr("JSONL mit «text» und «label»", "JSONL with 'text' and 'label'"))
    ],
    channel: Annotated[
        str | None,
        typer.Option(
            help=tr(
                "so messen, als kämen alle Zeilen aus diesem Kanal (review, social, forum, …, general)",
                "measure as if all rows came from this channel (review, social, forum, ..., general)",
            )
        ),
    ] = None,
    json_output: Annotated[
        Path | None, typer.Option("--json", help=tr("alle Zahlen auch in diese Datei", "all figures to this file, too"))
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help=tr(
                "Genauigkeit, Kalibrierung und Abdeckung als Bild (.svg, .png)",
                "accuracy, calibration and coverage as a picture (.svg, .png)",
            ),
        ),
    ] = None,
) -> None:
    """Measure the model per file and per channel."""
    from nlp.evaluation import evaluate as measure
    from nlp.evaluation import read_lines, render
    from nlp.evaluation_chart import ENDINGS, save_picture

    if picture is not None and picture.suffix not in ENDINGS:
        raise UsageError(
            tr(
                f"{picture.name}: das Bild braucht die Endung {' oder '.join(ENDINGS)}",
                f"{picture.name}: the picture's name must end with {' or '.join(ENDINGS)}",
            )
        )

    def rows(name: str) -> list[dict[str, Any]]:
        with open_input(name) as stream:
            return list(read_lines(stream, name))

    try:
        loaded = {Path(name).name: rows(name) for name in files}
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(str(error)) from error
    scorer = opened_scorer(settings)
    with progress(tr("Messen", "Measuring"), sum(map(len, loaded.values()))) as advance:
        done: dict[str, int] = {}

        def report(name: str, count: int) -> None:
            advance(count - done.get(name, 0))
            done[name] = count

        figures = measure(loaded, scorer, channel=channel, progress=report)
    put_line(render(figures))
    if json_output is not None:
        json_output.write_text(json.dumps(figures, ensure_ascii=False, indent=2), encoding="utf-8")
    if picture is not None:
        try:
            save_picture(figures, picture)
        except ValueError as error:
            raise UsageError(str(error)) from error
