"""The check-up: doctor looks at the store, the settings and the model, and says what to do."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brandmelder.commands.alerting import delivery_of, last_profile
from brandmelder.console import messages, put_json, put_line
from brandmelder.errors import AttentionError, UsageError
from brandmelder.precisions import precision_of
from brandmelder.profile import read_profile
from brandmelder.settings import Settings
from brandmelder.texts import language, tr

if TYPE_CHECKING:
    from index.checks import Check

SIGNS = {"ok": "  ok ", "warning": "  !  ", "error": " !!! "}


class DoctorFormat(StrEnum):
    """How the findings are told."""

    json = "json"
    text = "text"


def doctor(
    settings: Settings,
    brand: Annotated[
        str | None,
        typer.Option(help=tr("Markenprofil; sonst das des letzten Laufs", "brand profile; else that of the last run")),
    ] = None,
    format: Annotated[DoctorFormat, typer.Option(help=tr("json oder text", "json or text"))] = DoctorFormat.text,
) -> None:
    """Check store, settings and model; changes nothing."""
    parts: dict[str, Callable[[], Iterator[Check]]] = {
        "store": lambda: _store(settings),
        "data": lambda: _data(settings),
        "profile": lambda: _profile(settings, brand),
        "mail": lambda: _mail(settings),
        "model": lambda: _model(settings),
    }
    findings: list[tuple[str, Check]] = []
    for name, part in parts.items():
        with messages.status(tr("Wird geprüft …", "Checking …")):
            found = list(part())
        findings += [(name, check) for check in found]
        if format is DoctorFormat.text:
            for check in found:
                put_line(f"{SIGNS[check.state]}{name}/{check.name}: {check.said(language())}")
    if format is DoctorFormat.json:
        put_json({"checks": [{"part": name, **check.as_json(language())} for name, check in findings]})
    bad = [f"{name}/{check.name}" for name, check in findings if check.state != "ok"]
    if bad:
        raise AttentionError(tr(f"Bitte ansehen: {', '.join(bad)}.", f"Please look at: {', '.join(bad)}."))


def _store(settings: Settings) -> Iterator[Check]:
    if not (settings.store or "").strip():
        from index.embedded_checks import check_embedded
        from index.opening import EMBEDDED_FOLDER

        yield from check_embedded(settings.data / EMBEDDED_FOLDER)
        return
    from index.checks import Check
    from index.opening import check_elastic
    from index.store import StoreError

    secret = settings.elastic_api_key
    try:
        yield from check_elastic(
            str(settings.store).strip(),
            prefix=settings.elastic_prefix,
            api_key=None if secret is None else secret.get_secret_value(),
            ca_certs=settings.elastic_ca,
        )
    except StoreError as error:
        yield Check("connection", "error", str(error), str(error))


def _data(settings: Settings) -> Iterator[Check]:
    from index.checks import Check

    folder = settings.data
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        yield Check(
            "folder",
            "error",
            f"In den Datenordner {folder} lässt sich nicht schreiben: bitte Rechte oder --data prüfen.",
            f"The data folder {folder} isn't writable: please check its rights or --data.",
        )
    else:
        yield Check("folder", "ok", f"Datenordner {folder}.", f"Data folder {folder}.")
    env = Path(".env")
    if env.is_file() and env.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Check(
            "env",
            "warning",
            "Die Datei .env mit den Einstellungen dürfen andere lesen: bitte chmod 600 .env.",
            "Others may read the settings in .env: please chmod 600 .env.",
        )


def _profile(settings: Settings, brand: str | None) -> Iterator[Check]:
    from index.checks import Check

    try:
        name = brand or last_profile(settings)
    except UsageError:
        yield Check(
            "file",
            "ok",
            "Noch kein Lauf in diesem Datenordner; «brandmelder init» legt ein Profil an.",
            "No run in this data folder yet; 'brandmelder init' writes a profile.",
        )
        return
    try:
        profile = read_profile(name, settings.data / "profiles")
    except UsageError as error:
        yield Check("file", "error", str(error), str(error))
        return
    says = f"{name}: {len(profile.sources)} Quellen, {len(profile.topics)} Themen."
    yield Check("file", "ok", says, f"{name}: {len(profile.sources)} sources, {len(profile.topics)} topics.")
    if profile.sources and not settings.contact:
        yield Check(
            "contact",
            "warning",
            "BRANDMELDER_CONTACT fehlt: gelesene Seiten sollen sehen, an wen sie sich wenden können.",
            "BRANDMELDER_CONTACT is missing: crawled sites should see whom to turn to.",
        )


def _mail(settings: Settings) -> Iterator[Check]:
    from dashboard.alerts.delivery import DeliveryError, SmtpServer
    from index.checks import Check

    delivery = delivery_of(settings)
    if not isinstance(delivery, SmtpServer):
        yield Check(
            "server",
            "ok",
            f"Kein Mailserver eingestellt: Warnungen liegen als Dateien in {settings.data / 'mails'}.",
            f"No mail server is set: alerts are written to {settings.data / 'mails'}.",
        )
        return
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        delivery.check()
    except DeliveryError as error:
        yield Check(
            "server",
            "error",
            f"Der Mailserver nimmt uns nicht an ({error}): bitte BRANDMELDER_SMTP_HOST, _PORT, _TLS, _USER und "
            "_PASSWORD prüfen.",
            f"The mail server refuses us ({error}): please check BRANDMELDER_SMTP_HOST, _PORT, _TLS, _USER, _PASSWORD.",
        )
    else:
        yield Check("server", "ok", f"Der Mailserver {where} nimmt uns an.", f"The mail server {where} accepts us.")
    if not settings.mail_to:
        yield Check(
            "recipients",
            "warning",
            "BRANDMELDER_MAIL_TO ist leer: niemand bekommt die Warnungen.",
            "BRANDMELDER_MAIL_TO is empty: nobody gets the alerts.",
        )


def _model(settings: Settings) -> Iterator[Check]:
    from index.checks import Check
    from nlp.loading import check_model
    from nlp.quantised import WeightsError

    try:
        labels = check_model(settings.model, labels=settings.model_labels)
    except (WeightsError, OSError, ValueError) as error:
        yield Check("weights", "error", f"Das Modell fehlt oder ist beschädigt: {error}", f"Model: {error}")
    else:
        meaning = "" if labels is None else f" ({labels})"
        precision = precision_of(settings) or tr("wird beim ersten Bewerten gewählt", "chosen when first used")
        yield Check(
            "weights",
            "ok",
            f"Das Sprachmodell ist vollständig{meaning}. Rechengenauigkeit: {precision}.",
            f"The language model is complete{meaning}. Precision: {precision}.",
        )
