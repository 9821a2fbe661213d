"""Alerts: check the rules once, as a cron job does."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from brandmelder.common import opened_store
from brandmelder.console import put_json, put_line, say
from brandmelder.errors import AttentionError, UsageError
from brandmelder.formats import german_time
from brandmelder.outdated import are_topics_changing, have_topics_changed, topics_settled
from brandmelder.profile import Profile, read_profile
from brandmelder.settings import Settings
from brandmelder.texts import tr
from index.fields import BERLIN

if TYPE_CHECKING:
    from dashboard.alerts.checking import AlertPlan, Outcome
    from dashboard.alerts.delivery import Delivery


class AlertFormat(StrEnum):
    """How the outcome is told."""

    json = "json"
    text = "text"


def check(
    settings: Settings,
    brand: Annotated[
        str | None,
        typer.Option(help=tr("Markenprofil; sonst das des letzten Laufs", "brand profile; else that of the last run")),
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(
            help=tr(
                "so tun, als wäre es dieser Zeitpunkt, etwa 2026-03-01T08:00 (Berliner Zeit)",
                "as if it were this moment, such as 2026-03-01T08:00 (Berlin time)",
            )
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=tr("nur zeigen, nichts verschicken", "show only, send nothing"))
    ] = False,
    format: Annotated[AlertFormat, typer.Option(help=tr("json oder text", "json or text"))] = AlertFormat.text,
) -> None:
    """Evaluate the rules once; deliver what is new, each event once."""
    from dashboard.alerts.checking import check as check_rules

    profile = read_profile(brand or last_profile(settings), settings.data / "profiles")
    moment = parse_moment(now)
    if are_topics_changing(settings.data):
        _postpone(moment, format)
        return
    retagged = have_topics_changed(settings.data) and not dry_run
    with opened_store(settings) as store:
        store.refresh()
        outcome = check_rules(
            store,
            plan_of(profile, settings),
            folder=settings.data,
            delivery=delivery_of(settings),
            now=moment,
            dry_run=dry_run,
            retagged=retagged,
        )
    if retagged:
        topics_settled(settings.data)
    if format is AlertFormat.json:
        put_json(outcome.as_json())
    else:
        _print(outcome, profile, dry_run=dry_run)
    if outcome.failures:
        raise AttentionError(
            tr(
                "Nicht zugestellt, nächster Versuch bei der nächsten Prüfung: ",
                "Not delivered, next try at the next check: ",
            )
            + "; ".join(outcome.failures)
        )


def _postpone(moment: datetime, format: AlertFormat) -> None:
    """Half of the mentions with other topics than the rest would be a rise that nobody wrote."""
    from dashboard.alerts.checking import Outcome

    if format is AlertFormat.json:
        put_json(Outcome(moment, (), (), (), ()).as_json())
    say(
        tr(
            "Erwähnungen bekommen gerade neue Themen («brandmelder retag»): Die nächste Prüfung holt diese nach.",
            "Mentions are getting new topics just now ('brandmelder retag'): the next check makes up for this one.",
        )
    )


def plan_of(profile: Profile, settings: Settings) -> AlertPlan:
    """What the profile and the settings say about alerts."""
    from dashboard.alerts.checking import AlertPlan
    from dashboard.alerts.detector import Rule

    return AlertPlan(
        brand=profile.name,
        topics={topic.id: topic.label for topic in profile.topics},
        rules=tuple(Rule(days, min_mentions=profile.alerts.min_mentions) for days in profile.alerts.windows),
        weekly_budget=profile.alerts.weekly_budget,
        sources={card.name: card.title or card.name for card in profile.sources},
        base_url=settings.dashboard_url,
        language=settings.lang,
        sender=settings.mail_from,
        recipients=settings.mail_to,
    )


def delivery_of(settings: Settings) -> Delivery:
    """The configured mail server, else a folder of .eml files in the data folder."""
    from dashboard.alerts.delivery import EmlFolder, SmtpServer

    if settings.smtp_host is None:
        return EmlFolder(settings.data / "mails")
    password = settings.smtp_password
    return SmtpServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_user,
        None if password is None else password.get_secret_value(),
    )


def last_profile(settings: Settings) -> str:
    """The profile of the last run in this data folder. Raises `UsageError` where there was none."""
    note = settings.data / "profile.path"
    if not note.exists():
        raise UsageError(
            tr(
                "Noch kein Lauf in diesem Datenordner. Nenne ein Profil mit --brand.",
                "No run in this data folder yet. Name a profile with --brand.",
            )
        )
    return note.read_text(encoding="utf-8").strip()


def parse_moment(text: str | None) -> datetime:
    """A moment; without a zone it is Berlin time, None means now. Raises `UsageError`."""
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            tr(
                f"--now: {text!r} ist kein Zeitpunkt wie 2026-03-01T08:00.",
                f"--now: {text!r} is no moment like 2026-03-01T08:00.",
            )
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)


def _delivery(state: str) -> str:
    if state == "retagged":
        return tr("ohne Mail: erst durch neue Themen sichtbar", "no mail: came to light by new topics")
    return state


def _print(outcome: Outcome, profile: Profile, *, dry_run: bool) -> None:
    labels = {topic.id: topic.label for topic in profile.topics}
    for event in outcome.opened:
        topic = labels.get(event.topics[0], event.topics[0])
        state = tr("Probe", "dry run") if dry_run else event.mail or _delivery(event.delivery)
        put_line(
            tr(
                f"NEU  {topic}: {event.count} negative Stimmen statt etwa {event.expected:.1f}, seit "
                f"{german_time(event.since)}  ({state})",
                f"NEW  {topic}: {event.count} negative voices instead of about {event.expected:.1f}, since "
                f"{german_time(event.since)}  ({state})",
            )
        )
    for event in outcome.ongoing:
        topic = labels.get(event.topics[0], event.topics[0])
        put_line(
            tr(
                f"läuft  {topic}, gemeldet am {german_time(event.opened_at)}",
                f"ongoing  {topic}, told on {german_time(event.opened_at)}",
            )
        )
    judged = sum(1 for _, finding in outcome.findings if finding.unusual is not None)
    if not outcome.findings:
        say(
            tr("Das Profil hat keine Themen: Es gibt nichts zu prüfen.", "The profile has no topics: nothing to check.")
        )
    elif not judged:
        say(
            tr(
                "Noch zu wenig Vergangenheit zum Vergleichen: Es braucht 14 Tage vor dem Zeitfenster.",
                "Too little past to compare with: 14 days before the window are needed.",
            )
        )
    elif not outcome.opened:
        say(tr("Nichts Neues ist auffällig.", "Nothing new is unusual."))
