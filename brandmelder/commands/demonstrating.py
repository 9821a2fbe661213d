"""The demo: a fictional brand from its web sites to its alert mail, through the same code as any brand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from brandmelder.commands.alerting import delivery_of, plan_of
from brandmelder.commands.collecting import collect
from brandmelder.commands.showing import Browser, Port, free_port, serving, write_dashboard_config
from brandmelder.common import opened_store
from brandmelder.console import messages, progress, say
from brandmelder.demo.content import WEEKS, load_world
from brandmelder.demo.profile import write_profile
from brandmelder.demo.site import serve_demo
from brandmelder.errors import UsageError
from brandmelder.profile import Profile, read_profile
from brandmelder.settings import Settings
from brandmelder.texts import tr
from dashboard.alerts.log import read_events
from index.fields import BERLIN

MARKER = "demo.json"
CHECK_TIME = time(8, 0)


def demo(
    settings: Settings,
    port: Port = 8501,
    browser: Browser = True,
    serve: Annotated[
        bool, typer.Option(help=tr("am Ende das Dashboard öffnen und laufen lassen", "open the dashboard at the end"))
    ] = True,
) -> None:
    """Crawl, score and store the demo brand, rehearse its alerts, then serve the dashboard until Ctrl-C."""
    port = free_port(port)
    settings = _own_place(settings, port)
    with serve_demo(_end(settings.data)) as sites:
        path = write_profile(settings.data / "profiles" / "demo.yaml", forum=sites.forum.url, portal=sites.portal.url)
        profile = read_profile(str(path), settings.data)
        (settings.data / "profile.path").write_text(str(path.resolve()), encoding="utf-8")
        say(
            tr(
                f"Zwei erfundene Seiten über die Marke {profile.name}: {sites.forum.url} und {sites.portal.url}",
                f"Two fictional sites about the brand {profile.name}: {sites.forum.url} and {sites.portal.url}",
            )
        )
        for summary in collect(settings, profile, profile.cards([])):
            fates = ", ".join(f"{name} {count}" for name, count in sorted(summary.record["fates"].items()))
            say(f"  {summary.source}: {summary.outcome}; {fates}")
        rehearse(settings, profile)
        _tell_alerts(settings)
        config = write_dashboard_config(settings, profile)
        if serve:
            _serve(settings, config, port, browser=browser)


def rehearse(settings: Settings, profile: Profile) -> None:
    """Check the alerts as of each morning of the demo's weeks, as a cron job would have done."""
    from dashboard.alerts.checking import check

    last = _end(settings.data) + timedelta(days=1)
    days = [last - timedelta(days=age) for age in range(7 * WEEKS, -1, -1)]
    plan, delivery = plan_of(profile, settings), delivery_of(settings)
    with opened_store(settings) as store, progress(tr("Warnungen proben", "Rehearsing alerts"), len(days)) as advance:
        store.refresh()
        for day in days:
            moment = datetime.combine(day, CHECK_TIME, BERLIN)
            check(store, plan, folder=settings.data, delivery=delivery, now=moment)
            advance()


def _own_place(settings: Settings, port: int) -> Settings:
    """Settings under which the demo can't mix with the data of a real brand."""
    given = settings.model_fields_set
    changes: dict[str, object] = {}
    if "data" not in given:
        changes["data"] = settings.data / "demo"
    if "elastic_prefix" not in given:
        changes["elastic_prefix"] = f"{settings.elastic_prefix}-demo"
    if "dashboard_url" not in given:
        changes["dashboard_url"] = f"http://127.0.0.1:{port}"
    own = settings.model_copy(update=changes)
    if (own.data / "ledger.sqlite3").exists() and not (own.data / MARKER).exists():
        raise UsageError(
            tr(
                f"{own.data} enthält Daten einer anderen Marke. Nenne für die Demo einen anderen Ordner mit --data.",
                f"{own.data} holds another brand's data. Name another folder for the demo with --data.",
            )
        )
    own.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return own


def _end(folder: Path) -> date:
    """The Sunday on which the weeks end: fixed by the first run in a folder, so that later ones change nothing."""
    marker = folder / MARKER
    if not marker.exists():
        marker.write_text(json.dumps({"end": load_world().end.isoformat()}), encoding="utf-8")
    return date.fromisoformat(json.loads(marker.read_text(encoding="utf-8"))["end"])


def _tell_alerts(settings: Settings) -> None:
    events = read_events(settings.data)
    for event in events:
        say(tr(f"Warnmail: {event.mail}", f"Alert mail: {event.mail}"))
    if not events:
        say(tr("Keine Warnung in zwölf Wochen.", "No alert in twelve weeks."))


def _serve(settings: Settings, config: Path, port: int, *, browser: bool) -> None:
    with _quiet_interrupt(), serving(settings, config, port) as (address, process):
        say(tr(f"\nDashboard: {address}   (Ende mit Strg-C)", f"\nDashboard: {address}   (stop with Ctrl-C)"))
        if browser and messages.is_terminal:
            import webbrowser

            webbrowser.open(address)
        process.wait()


@contextmanager
def _quiet_interrupt() -> Iterator[None]:
    """Ctrl-C is how this is meant to end."""
    try:
        yield
    except KeyboardInterrupt:
        say(tr("Beendet.", "Stopped."))
