"""The first command: init writes a commented brand profile."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from brandmelder.console import say
from brandmelder.errors import UsageError
from brandmelder.settings import Settings
from brandmelder.texts import language, tr


class Industry(StrEnum):
    """The taxonomies that ship in `templates/topics`."""

    general = "general"
    mobility = "mobility"
    retail = "retail"
    telecom_energy = "telecom_energy"
    hospitality = "hospitality"
    software = "software"
    health_insurance = "health_insurance"
    employer = "employer"


def init(
    settings: Settings,
    brand: Annotated[str, typer.Argument(help=tr("Name der Marke", "the brand's name"))],
    industry: Annotated[
        Industry,
        typer.Option(
            help=tr(
                "Themen einer Branche: allgemein, Verkehr, Handel, Telefon und Energie, Gastgewerbe, Software, "
                "Gesundheit und Versicherung, Arbeitgeber",
                "topics of an industry",
            )
        ),
    ] = Industry.general,
    output: Annotated[
        Path | None,
        typer.Option(help=tr("Zieldatei; sonst im Datenordner", "file to write; else in the data folder")),
    ] = None,
) -> None:
    """Write a brand profile to edit. An existing file is never overwritten."""
    path = output or settings.data / "profiles" / f"{slug(brand)}.yaml"
    if path.exists():
        raise UsageError(tr(f"{path} gibt es schon; nichts geändert.", f"{path} exists already; nothing changed."))
    templates = files("brandmelder").joinpath("templates")
    profile = templates.joinpath(f"profile.{language()}.yaml").read_text(encoding="utf-8")
    topics = templates.joinpath("topics", f"{industry}.yaml").read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        profile.replace("__TOPICS__\n", f"{topics}\n").replace("__BRAND__", brand.replace('"', "'")), encoding="utf-8"
    )
    say(
        tr(
            f"Profil angelegt: {path}\nBearbeite Namen, Quellen und Themen, dann: brandmelder run --brand {path}",
            f"Profile written: {path}\nEdit names, sources and topics, then: brandmelder run --brand {path}",
        )
    )


def slug(name: str) -> str:
    """A file name for a brand: ASCII letters, digits and hyphens ("Müller & Söhne" gives "mueller-soehne")."""
    spelled = name.lower()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        spelled = spelled.replace(umlaut, letters)
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-") or "marke"
