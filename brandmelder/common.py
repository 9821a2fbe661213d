"""What every command shares: the common options, the opened store, files of the data folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from brandmelder.console import say
from brandmelder.errors import AttentionError, UsageError
from brandmelder.settings import Settings
from brandmelder.texts import interrupted, tr

if TYPE_CHECKING:
    from index.store import Store
    from index.vectors import VectorFile

DataOption = Annotated[
    Path | None,
    typer.Option(
        help=tr("Datenordner (sonst BRANDMELDER_DATA)", "data folder (else BRANDMELDER_DATA)"), show_default=False
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        help=tr(
            "Elasticsearch-Adresse, etwa http://127.0.0.1:9200; ohne: der eingebaute Speicher",
            "Elasticsearch URL, such as http://127.0.0.1:9200; without it: the embedded store",
        ),
        show_default=False,
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option(help=tr("Sprache: de oder en", "language: de or en"), show_default=False)
]
# Every command takes these, before or after its name.
_OPTIONS: dict[str, Any] = {"data": DataOption, "store": StoreOption, "lang": LanguageOption}


def read_settings(**overrides: Any) -> Settings:
    """The settings from the environment, with what was given on the command line on top."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = f"BRANDMELDER_{'_'.join(map(str, first['loc'])).upper()}"
        raise UsageError(
            tr(f"Die Einstellung {name} ist ungültig: {first['msg']}.", f"Setting {name} is invalid: {first['msg']}.")
        ) from error


def with_settings(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the common options; the function gets a `Settings` made of them as its first argument."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

    def command(context: typer.Context, **arguments: Any) -> None:
        before = context.find_root().params
        here = {name: arguments.pop(name) for name in _OPTIONS}
        overrides = {name: before.get(name) if value is None else value for name, value in here.items()}
        try:
            function(read_settings(**overrides), **arguments)
        except KeyboardInterrupt as stop:
            # Caught here because typer would say "Aborted!" in its own words.
            raise AttentionError(interrupted()) from stop

    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
        *_common_parameters(),
    ]
    # typer reads a command's options from these three.
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _common_parameters() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """The store that the settings name, closed at the end."""
    from index.opening import open_store

    secret = settings.elastic_api_key
    store = open_store(
        settings.store,
        settings.data,
        api_key=None if secret is None else secret.get_secret_value(),
        ca_certs=settings.elastic_ca,
        prefix=settings.elastic_prefix,
    )
    try:
        yield store
    finally:
        store.close()
        _tell_retries(store)


def _tell_retries(store: Store) -> None:
    retries = store.retries
    if retries.requests:
        say(
            tr(
                f"Elasticsearch war zwischendurch beschäftigt oder weg: {retries.requests} Anfragen wiederholt "
                f"({retries.items} Dokumente), {retries.seconds:.0f} Sekunden gewartet.",
                f"Elasticsearch was busy or away at times: {retries.requests} requests repeated "
                f"({retries.items} documents), waited {retries.seconds:.0f} seconds.",
            )
        )


@contextmanager
def opened_vectors(settings: Settings) -> Iterator[VectorFile]:
    """What is kept of scored texts in the data folder; where the file can't be used, that is said at the end."""
    from index.vectors import FILE_NAME, VectorFile

    vectors = VectorFile(settings.data / FILE_NAME)
    try:
        yield vectors
    finally:
        vectors.close()
        if vectors.problem is not None:
            say(vectors.problem)


def ledger_path(settings: Settings) -> Path:
    """Where runs and their fates are kept, whichever store holds the mentions."""
    return settings.data / "ledger.sqlite3"
