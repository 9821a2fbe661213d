"""Commands on the store: search, aggregate, news, status."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from brandmelder.common import ledger_path, opened_store
from brandmelder.console import open_input, put_json, say
from brandmelder.errors import UsageError
from brandmelder.formats import german_time
from brandmelder.queries import read_query
from brandmelder.settings import Settings
from brandmelder.texts import tr
from index.document import to_document
from index.fields import BERLIN
from index.query import Query

if TYPE_CHECKING:
    from index.blindness import BlindPeriod
    from index.ledger import Ledger
    from index.mention import Mention
    from index.store import Store

PAGE = 200

QueryArgument = Annotated[str, typer.Argument(help=tr("Suchanfrage (docs/query.md)", "the query (docs/query.md)"))]


class Format(StrEnum):
    """How people or programs get an answer."""

    json = "json"
    table = "table"


class StatusFormat(StrEnum):
    """How `status` answers."""

    json = "json"
    text = "text"


def search(
    settings: Settings,
    query: QueryArgument,
    limit: Annotated[int, typer.Option(min=0, help=tr("höchstens so viele", "at most so many"))] = 20,
    format: Annotated[Format, typer.Option(help=tr("json oder table", "json or table"))] = Format.json,
) -> None:
    """Print matching mentions, newest first."""
    parsed = read_query(query)
    with opened_store(settings) as store:
        total, found = _search(store, parsed, limit)
    if format is Format.table:
        _print_table(found)
    else:
        put_json([to_document(mention) for mention in found])
    say(tr(f"{len(found)} von {total} Treffern.", f"{len(found)} of {total} matches."))


def aggregate(
    settings: Settings,
    aggs: Annotated[str, typer.Option(help=tr("Datei mit Aggregations-JSON; - für stdin", "aggregation JSON file"))],
    query: Annotated[str, typer.Option(help=tr("nur über diese Treffer", "over these matches only"))] = "",
) -> None:
    """Run Elasticsearch aggregation JSON on the store, whichever it is."""
    request, parsed = _aggregations(aggs), read_query(query)
    with opened_store(settings) as store:
        store.refresh()
        total = store.search(parsed, limit=0).total
        answer = store.aggregate(request, query=parsed)
    put_json({"hits": {"total": {"value": total, "relation": "eq"}}, "aggregations": answer})


def news(
    settings: Settings,
    query: Annotated[str, typer.Argument(help=tr("nur über diese Treffer", "over these matches only"))] = "",
    week: Annotated[
        str | None,
        typer.Option(
            help=tr(
                "die Woche dieses Tages (2026-03-02); sonst die letzten 7 Tage", "this day's week; else the last 7 days"
            ),
            show_default=False,
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help=tr("json oder table", "json or table"))] = Format.json,
) -> None:
    """Print the words that stand out against the four weeks before."""
    from index.novelty import news as find_news
    from index.novelty import word_query

    start = _first_day(week)
    with opened_store(settings) as store:
        store.refresh()
        found = find_news(store, read_query(query), start=start)
    if format is Format.table:
        table = Table()
        for head in (tr("Wort", "word"), tr("Texte", "texts"), tr("davor", "before")):
            table.add_column(head)
        for word in found.words:
            table.add_row(_plain(word.word), str(word.texts), str(word.before))
        Console(markup=False, highlight=False).print(table)
    else:
        words = [
            {
                "word": word.word,
                "texts": word.texts,
                "before": word.before,
                "strength": round(word.strength, 2),
                "query": word_query(word.word, found.start, found.end),
            }
            for word in found.words
        ]
        span = {"start": found.start.isoformat(), "end": found.end.isoformat()}
        put_json(span | {"texts": found.texts, "before": found.before, "words": words})
    say(
        tr(
            f"{found.texts} Texte, verglichen mit {found.before} der vier Wochen davor.",
            f"{found.texts} texts, compared with {found.before} of the four weeks before.",
        )
    )


def _first_day(week: str | None) -> date:
    """The Monday of the day's week, or six days ago (Berlin)."""
    if week is None:
        return datetime.now(BERLIN).date() - timedelta(days=6)
    try:
        day = date.fromisoformat(week)
    except ValueError as error:
        raise UsageError(
            tr(f"--week {week}: gemeint ist ein Tag wie 2026-03-02.", f"--week {week}: give a day such as 2026-03-02.")
        ) from error
    return day - timedelta(days=day.weekday())


def status(
    settings: Settings,
    format: Annotated[StatusFormat, typer.Option(help=tr("json oder text", "json or text"))] = StatusFormat.text,
    limit: Annotated[int, typer.Option(min=1, help=tr("so viele letzte Läufe", "so many last runs"))] = 20,
    run: Annotated[
        str | None,
        typer.Option(
            help=tr("nur dieser Lauf, mit dem Urteil zu jeder Seite", "this run only, with the verdict on each page"),
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the last runs with their fates, and what the store holds."""
    from index.blindness import blind_periods
    from index.ledger import Ledger

    with closing(Ledger(ledger_path(settings))) as ledger:
        runs = ledger.runs(limit=limit) if run is None else [_one_run(ledger, run)]
    with opened_store(settings) as store:
        description = store.describe()
    blind = blind_periods(runs)
    if format is StatusFormat.json:
        put_json({"runs": runs, "store": description, "blind": [_blind_record(period) for period in blind]})
    else:
        _print_status(runs, description, [period for period in blind if period.until is None])


def _one_run(ledger: Ledger, run_id: str) -> dict[str, Any]:
    try:
        return ledger.run(run_id) | {"verdicts": ledger.verdicts(run_id)}
    except KeyError as error:
        raise UsageError(tr(f"Einen Lauf {run_id!r} gibt es nicht.", f"There is no run {run_id!r}.")) from error


def _search(store: Store, query: Query, limit: int) -> tuple[int, list[Mention]]:
    store.refresh()
    page = store.search(query, limit=min(limit, PAGE))
    found = list(page.mentions)
    while page.after is not None and len(found) < limit:
        page = store.search(query, limit=min(limit - len(found), PAGE), after=page.after)
        found.extend(page.mentions)
    return page.total, found


def _aggregations(name: str) -> dict[str, Any]:
    """The aggregations of a request file: bare, or under "aggs" as in a search body."""
    with open_input(name) as stream:
        try:
            request = json.loads(stream.read())
        except ValueError as error:
            raise UsageError(tr(f"{name} ist kein JSON: {error}.", f"{name} isn't JSON: {error}.")) from error
    for key in ("aggs", "aggregations"):
        if isinstance(request, dict) and isinstance(request.get(key), dict):
            request = request[key]
    if not isinstance(request, dict) or not request:
        raise UsageError(
            tr(
                f'{name} braucht ein JSON-Objekt wie {{"themen": {{"terms": {{"field": "topics"}}}}}}.',
                f'{name} needs a JSON object like {{"topics": {{"terms": {{"field": "topics"}}}}}}.',
            )
        )
    return request


def _print_table(mentions: list[Mention]) -> None:
    table = Table(show_lines=False)
    for head in (
        tr("Datum", "date"),
        tr("Quelle", "source"),
        tr("Stimmung", "sentiment"),
        tr("Themen", "topics"),
        "Text",
    ):
        table.add_column(head, overflow="ellipsis", no_wrap=head != "Text")
    for mention in mentions:
        label = "" if mention.sentiment is None else mention.sentiment.label
        text = " ".join((mention.title or "", mention.text)).strip()
        cells = (german_time(mention.published_at), mention.source, label, ", ".join(mention.topics), text[:200])
        table.add_row(*(_plain(cell) for cell in cells))
    Console(markup=False, highlight=False).print(table)


def _plain(cell: str) -> str:
    """Without control characters: crawled text must not drive the terminal."""
    return "".join(character if character.isprintable() else " " for character in cell)


def _blind_record(period: BlindPeriod) -> dict[str, Any]:
    times = {"since": period.since, "until": period.until}
    return {
        "source": period.source,
        **{name: None if at is None else at.isoformat() for name, at in times.items()},
        "outcome": period.outcome,
        "reason": period.reason,
    }


def _print_blind(console: Console, blind: list[BlindPeriod]) -> None:
    if not blind:
        return
    console.print(tr("\nACHTUNG, diese Quellen sind gerade blind:", "\nATTENTION, these sources are blind now:"))
    for period in blind:
        since = german_time(period.since) or tr("Anfang an", "the beginning")
        head = tr(f"{period.source}: seit {since}", f"{period.source}: since {since}")
        console.print(f"  !! {_plain(head)}: {period.outcome}, {_plain(period.reason or '')}")


def _print_status(runs: list[dict[str, Any]], description: dict[str, Any], blind: list[BlindPeriod]) -> None:
    console = Console(markup=False, highlight=False)
    console.print(
        tr(
            f"Speicher: {description['kind']} in {description['location']}, {description['mentions']} Beiträge",
            f"Store: {description['kind']} at {description['location']}, {description['mentions']} mentions",
        )
    )
    if not runs:
        console.print(
            tr(
                "Noch kein Lauf. «brandmelder run --brand PROFIL» startet einen.",
                "No run yet. 'brandmelder run --brand PROFILE' starts one.",
            )
        )
        return
    _print_blind(console, blind)
    for run in runs:
        began = german_time(datetime.fromisoformat(run["started_at"]))
        counts = tr(
            f"{run['requests']} Abrufe, {run['yielded']} Beiträge",
            f"{run['requests']} requests, {run['yielded']} posts",
        )
        console.print(f"\n{run['source']}  {began}  {run['outcome']}  {counts}")
        if run["reason"]:
            console.print(f"    !! {_plain(run['reason'])}")
        for name, count in sorted(run["fates"].items()):
            console.print(f"    {count:>6}  {name}")
        for verdict in run.get("verdicts", []):
            console.print(f"    {_plain(verdict['verdict'])}  {_plain(verdict['url'])}")
        for note in run.get("notes", []):
            console.print(f"    ! {_plain(_note(note))[:300]}")


def _note(note: Any) -> str:
    if not isinstance(note, dict):
        return str(note)
    return " ".join(str(value) for value in note.values() if value not in (None, ""))
