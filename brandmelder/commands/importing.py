"""The command that takes in own data: import."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from brandmelder.commands.collecting import bars, crawl_options, opened_intake, remember_profile, tell
from brandmelder.console import put_json
from brandmelder.errors import UsageError
from brandmelder.outdated import review
from brandmelder.profile import Profile, read_profile
from brandmelder.settings import Settings
from brandmelder.texts import tr
from crawlers.card import SourceCard, load_card
from crawlers.yaml_file import YamlError

MAX_FILE_BYTES = 500_000_000


def import_file(
    settings: Settings,
    file: Annotated[
        str,
        typer.Argument(help=tr("CSV, Excel, JSONL oder mbox; - für stdin", "CSV, Excel, JSONL or mbox; - for stdin")),
    ],
    card: Annotated[
        str,
        typer.Option(
            help=tr(
                "Quellenkarte mit columns: YAML-Datei, oder Name einer Quelle des Profils",
                "source card with columns: a YAML file, or the name of one of the profile's sources",
            )
        ),
    ],
    brand: Annotated[str, typer.Option(help=tr("Markenprofil (Pfad oder Name)", "brand profile (path or name)"))],
) -> None:
    """Take own data through the path of a crawl; prints one JSON object with the run's fates."""
    from crawlers.importing import import_rows

    profile = read_profile(brand, settings.data / "profiles")
    source = _card(card, profile)
    with _opened(file) as stream:
        _check_kind(stream)
        remember_profile(settings, profile, brand)
        with opened_intake(settings, profile) as (ledger, intake):
            with bars() as report:
                summary = import_rows(
                    stream,
                    source,
                    brand=profile.rules(),
                    ledger=ledger,
                    intake=intake,
                    options=crawl_options(settings, profile),
                    progress=report,
                )
            if summary.outcome != "interrupted":
                review(intake, profile, brand)
    put_json({"runs": [dict(summary.record)]})
    tell([summary])


def _check_kind(stream: BinaryIO) -> None:
    """Say what is wrong with a file of another kind before the model is loaded."""
    from crawlers.rows.opening import kind_of

    kind_of(stream)


def _card(name: str, profile: Profile) -> SourceCard:
    if not Path(name).is_file() and name in {card.name for card in profile.sources}:
        card = profile.cards([name])[0]
    else:
        try:
            card = load_card(Path(name))
        except YamlError as error:
            raise UsageError(str(error)) from error
    if card.columns is None:
        raise UsageError(
            tr(
                f"Die Karte „{card.name}“ sagt nicht, welche Spalte was enthält (columns; docs/importing.md).",
                f"The card {card.name!r} doesn't say which column holds what (columns; docs/importing.md).",
            )
        )
    return card


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """The file, seekable; stdin is held in memory, so that nothing raw is written to disk."""
    if name == "-":
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        _check_size(name, len(data))
        yield io.BytesIO(data)
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115  (closed below; the error is about opening only)
        size = Path(name).stat().st_size
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(tr(f"{name} lässt sich nicht lesen: {reason}.", f"Can't read {name}: {reason}.")) from error
    with stream:
        _check_size(name, size)
        yield stream


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 1_000_000
        raise UsageError(tr(f"{name} ist größer als {limit} Megabyte.", f"{name} is larger than {limit} megabytes."))
