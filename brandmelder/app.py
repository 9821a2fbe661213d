"""The command line: which commands there are, and what each is for."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from brandmelder.commands import (
    alerting,
    collecting,
    demonstrating,
    diagnosing,
    explaining,
    exporting,
    importing,
    judging,
    maintaining,
    probing,
    retagging,
    scoring,
    searching,
    serving,
    showing,
    starting,
    training,
)
from brandmelder.common import DataOption, LanguageOption, StoreOption, with_settings
from brandmelder.console import put_line
from brandmelder.texts import tr

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _group(name: str, words: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        help=words,
        context_settings=CONTEXT,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


app = _group(
    "brandmelder",
    tr(
        "Brandmelder hört zu, was Kunden auf Deutsch über eine Marke schreiben, und zeigt, wo ihre Erfahrung kippt.\n\n"
        "Zum Ausprobieren: brandmelder demo. Für die eigene Marke: brandmelder init NAME, dann brandmelder run, "
        "brandmelder dashboard und, am besten stündlich, brandmelder alerts check.",
        "Brandmelder listens to what customers write about a brand in German and shows where it turns bad.\n\n"
        "To try it: brandmelder demo. For your own brand: brandmelder init NAME, then brandmelder run, "
        "brandmelder dashboard and, hourly at best, brandmelder alerts check.",
    ),
)
alerts = _group("alerts", tr("Warnungen prüfen und verschicken.", "Check and deliver alerts."))
api = _group(
    "api", tr("REST-Schnittstelle anbieten, ihre Schlüssel verwalten.", "Serve the REST API, manage its keys.")
)
index = _group("index", tr("Den Speicher umziehen, kopieren, freigeben.", "Move, copy and share the store."))
for group in (alerts, api, index):
    app.add_typer(group)


def _show_version(wanted: bool) -> None:
    if wanted:
        put_line(f"brandmelder {version('brandmelder')}")
        raise typer.Exit


@app.callback()
def root(
    data: DataOption = None,
    store: StoreOption = None,
    lang: LanguageOption = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help=tr("Fassung ausgeben", "print the version")
        ),
    ] = False,
) -> None:
    """Declare the options that stand before the command; the commands read them from its context."""
    del data, store, lang, version


def _add(group: typer.Typer, name: str, function: Callable[..., None], help: str) -> None:
    group.command(name, help=help)(with_settings(function))


_add(
    app,
    "demo",
    demonstrating.demo,
    tr("Eine erfundene Marke lesen, bewerten und im Dashboard zeigen.", "Crawl, score and show a fictional brand."),
)
_add(app, "init", starting.init, tr("Ein kommentiertes Markenprofil anlegen.", "Write a commented brand profile."))
_add(
    app,
    "run",
    collecting.run_sources,
    tr(
        "Quellen lesen, Marke erkennen, bewerten, speichern; macht nach einem Abbruch weiter.",
        "Crawl, match, score and store; goes on after an interruption.",
    ),
)
_add(
    app,
    "import",
    importing.import_file,
    tr(
        "Eigene Daten (CSV, Excel, JSONL, mbox) einlesen: Umfragen, Bewertungen, Mails.",
        "Take in own data (CSV, Excel, JSONL, mbox): surveys, reviews, mails.",
    ),
)
_add(app, "dashboard", showing.dashboard, tr("Das Dashboard im Browser öffnen.", "Open the dashboard in the browser."))
_add(
    app,
    "status",
    searching.status,
    tr(
        "Die letzten Läufe mit dem Verbleib jedes Beitrags, und was gespeichert ist.",
        "The last runs with the fate of each post, and what is stored.",
    ),
)
_add(
    app,
    "doctor",
    diagnosing.doctor,
    tr(
        "Speicher, Einstellungen und Modell prüfen und sagen, was zu tun ist.",
        "Check store, settings and model, and say what to do.",
    ),
)
_add(app, "search", searching.search, tr("Beiträge suchen, neueste zuerst.", "Search mentions, newest first."))
_add(
    app,
    "judge",
    judging.judge,
    tr(
        "Erwähnungen berichtigen: nicht unsere Marke, andere Themen, andere Stimmung; der nächste Lauf lernt daraus.",
        "Correct mentions: not our brand, other topics, another sentiment; the next run learns from it.",
    ),
)
_add(
    app,
    "retag",
    retagging.retag,
    tr(
        "Gespeicherten Erwähnungen die Themen des geänderten Profils geben; macht nach einem Abbruch weiter.",
        "Give stored mentions the topics of the changed profile; goes on after an interruption.",
    ),
)
_add(
    app,
    "aggregate",
    searching.aggregate,
    tr(
        "Aggregations-JSON von Elasticsearch auf dem Speicher rechnen.",
        "Run Elasticsearch aggregation JSON on the store.",
    ),
)
_add(app, "export", exporting.export, tr("Alle Treffer in eine Datei schreiben.", "Write all matches to a file."))
_add(
    app,
    "news",
    searching.news,
    tr("Wörter zeigen, die diese Woche neu oder häufiger sind.", "Show words that are new or more frequent this week."),
)
_add(
    app,
    "kibana",
    exporting.kibana,
    tr(
        "Datenansicht, Suchen und Dashboard für Kibana schreiben.",
        "Write data view, searches and dashboard for Kibana.",
    ),
)
_add(
    app,
    "extract",
    collecting.extract,
    tr(
        "Eine Seite lesen wie beim Crawlen und zeigen, was darin steht; speichert nichts.",
        "Read one page as a crawl would and print what it says; stores nothing.",
    ),
)
_add(
    app,
    "probe",
    probing.probe,
    tr(
        "Eine Adresse ansehen: Software, Erlaubnis, Feeds, Umfang, fünf Beiträge, Quellenkarte; speichert nichts.",
        "Look at an address: software, permission, feeds, size, five posts, a source card; stores nothing.",
    ),
)
_add(app, "score", scoring.score, tr("Texte bewerten, ohne sie zu speichern.", "Score texts without storing them."))
_add(
    app,
    "explain",
    explaining.explain,
    tr(
        "Zeigen, welche Sätze und Wörter einen Text für das Modell negativ oder positiv machen.",
        "Show which sentences and words make a text negative or positive for the model.",
    ),
)
_add(
    app,
    "match",
    scoring.match,
    tr("Zeilen ausgeben, die eine Suchanfrage trifft.", "Print the ids of the rows that a query matches."),
)
_add(
    app,
    "train",
    training.train,
    tr("Das Modell aus beschrifteten Texten trainieren.", "Train the model from labelled texts."),
)
_add(
    app,
    "evaluate",
    training.evaluate,
    tr("Die Güte des Modells auf beschrifteten Texten messen.", "Measure the model on labelled texts."),
)
_add(
    alerts,
    "check",
    alerting.check,
    tr("Regeln einmal prüfen und Fälliges verschicken.", "Evaluate the rules once and deliver what is due."),
)
_add(api, "serve", serving.serve, tr("Die Schnittstelle anbieten, nur lesend.", "Serve the API, read only."))
_add(
    api,
    "create",
    serving.create,
    tr("Einen Schlüssel anlegen; er wird nur einmal gezeigt.", "Make a key; it is shown once."),
)
_add(
    api, "keys", serving.keys, tr("Die Schlüssel auflisten, ohne sie zu zeigen.", "List the keys without showing them.")
)
_add(api, "revoke", serving.revoke, tr("Einen Schlüssel sperren.", "Close a key."))
_add(
    index,
    "migrate",
    maintaining.migrate,
    tr(
        "Elasticsearch-Indizes auf das Mapping dieser Version bringen, während andere weiterschreiben.",
        "Move Elasticsearch indices to this version's mapping while others go on writing.",
    ),
)
_add(
    index,
    "copy",
    maintaining.copy,
    tr(
        "Alles von einem Speicher in den anderen kopieren und vergleichen.",
        "Copy everything from one store to the other, and compare.",
    ),
)
_add(
    index,
    "keys",
    maintaining.keys,
    tr("Einen API-Schlüssel zum Lesen oder Schreiben ausstellen.", "Make an API key for reading or writing."),
)
