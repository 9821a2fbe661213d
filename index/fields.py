"""The searchable fields, derived from `Mention`: both stores, the query language and the docs read this one list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from index.mention import Mention

BERLIN = ZoneInfo("Europe/Berlin")

# text: German analysis; keyword: exact; stored: kept in the document, not searchable.
Kind = Literal["text", "keyword", "date", "float", "bool", "stored"]


@dataclass(frozen=True)
class FieldSpec:
    """One searchable field: its dotted name in the document, how it is analysed, and what it says in German."""

    name: str
    kind: Kind
    german: str


FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("id", "keyword", "Kennung"),
    FieldSpec("content_hash", "keyword", "Prüfsumme des Inhalts"),
    FieldSpec("source", "keyword", "Quelle"),
    FieldSpec("platform", "keyword", "Plattform"),
    FieldSpec("channel", "keyword", "Kanal"),
    FieldSpec("url", "keyword", "Adresse"),
    FieldSpec("thread_url", "keyword", "Adresse des Themas"),
    FieldSpec("thread_title", "text", "Titel des Themas"),
    FieldSpec("native_id", "keyword", "Kennung auf der Plattform"),
    FieldSpec("parent_id", "keyword", "Antwort auf"),
    FieldSpec("author_key", "keyword", "Pseudonym der Person"),
    FieldSpec("author_role", "keyword", "Rolle der Person"),
    FieldSpec("published_at", "date", "Veröffentlicht"),
    FieldSpec("date_precision", "keyword", "Genauigkeit des Datums"),
    FieldSpec("crawled_at", "date", "Gelesen"),
    FieldSpec("scored_at", "date", "Bewertet"),
    FieldSpec("expires_at", "date", "Löschen am"),
    FieldSpec("title", "text", "Titel"),
    FieldSpec("text", "text", "Text"),
    FieldSpec("language", "keyword", "Sprache"),
    FieldSpec("rating.value", "float", "Bewertung, wie vergeben"),
    FieldSpec("rating.best", "float", "Bestwert der Skala"),
    FieldSpec("rating.worst", "float", "Schlechtester Wert der Skala"),
    FieldSpec("rating.normalised", "float", "Bewertung von 0 bis 1"),
    FieldSpec("brands", "keyword", "Marken"),
    FieldSpec("matched_terms", "stored", "Fundstellen der Marke"),
    FieldSpec("relevance", "float", "Wahrscheinlichkeit, dass die Marke gemeint ist"),
    FieldSpec("sentiment.label", "keyword", "Stimmung (Modell)"),
    FieldSpec("sentiment.probabilities", "stored", "Wahrscheinlichkeiten der Stimmungen"),
    FieldSpec("sentiment.polarity", "float", "Polarität von -1 bis 1"),
    FieldSpec("sentiment.confidence", "float", "Sicherheit des Modells"),
    FieldSpec("sentiment.uncertain", "bool", "Modell ist unsicher"),
    FieldSpec("aspects", "stored", "Aussagen je Thema"),
    FieldSpec("topics", "keyword", "Themen"),
    FieldSpec("journey_phase", "keyword", "Phase der Kundenreise"),
    FieldSpec("touchpoint", "keyword", "Kontaktpunkt"),
    FieldSpec("needs_answer", "bool", "Braucht eine Antwort"),
    FieldSpec("irony", "bool", "Ironie vermutet"),
    FieldSpec("copy_group", "keyword", "Gruppe ähnlicher Texte"),
    FieldSpec("is_copy", "bool", "Kopie eines anderen Textes"),
    FieldSpec("provenance.model", "keyword", "Modell"),
    FieldSpec("provenance.model_revision", "keyword", "Fassung des Modells"),
    FieldSpec("provenance.rules_version", "keyword", "Fassung der Markenregeln"),
    FieldSpec("provenance.taxonomy_version", "keyword", "Fassung der Themen"),
    FieldSpec("provenance.spider", "keyword", "Leseprogramm"),
    FieldSpec("provenance.spider_version", "keyword", "Fassung des Leseprogramms"),
    FieldSpec("provenance.gate", "keyword", "Urteil der Zugangsprüfung"),
    FieldSpec("work.correction.sentiment", "keyword", "Korrigierte Stimmung"),
    FieldSpec("work.correction.topics", "keyword", "Korrigierte Themen"),
    FieldSpec("work.correction.by", "keyword", "Korrigiert von"),
    FieldSpec("work.correction.at", "date", "Korrigiert am"),
    FieldSpec("work.not_us", "bool", "Nicht unsere Marke"),
    FieldSpec("work.status", "keyword", "Bearbeitungsstand"),
    FieldSpec("work.owner", "keyword", "Zuständig"),
    FieldSpec("work.due", "date", "Fällig am"),
    FieldSpec("work.note", "text", "Notiz"),
)

# Computed from a mention when it is indexed; the figures of the dashboard and the alerts count these.
DERIVED: tuple[FieldSpec, ...] = (
    FieldSpec("experience", "keyword", "Stimmung, Korrektur vor Modell"),
    FieldSpec("topic_experience", "keyword", "Thema und Stimmung dazu, etwa lieferung|negative"),
    FieldSpec("published_day", "date", "Tag der Veröffentlichung (Berlin)"),
    FieldSpec("published_week", "keyword", "Montag der Woche der Veröffentlichung (Berlin)"),
)

# What people type for what the document calls otherwise.
ALIASES: Mapping[str, str] = {
    "sentiment": "experience",
    "topic": "topics",
    "brand": "brands",
    "rating": "rating.value",
    "date": "published_at",
    "status": "work.status",
    "owner": "work.owner",
}

# Token forms of every field of kind "text" (see index.analysis): "" is analysed (stemmed), the others are its
# subfields, named as `column` says in both stores.
TEXT_FORMS: tuple[str, ...] = ("", "folded", "exact", "case")

# Where a word without a field is looked for.
DEFAULT_FIELDS: tuple[str, ...] = ("text", "title", "thread_title")

# Longer keywords stay in the document but can't be searched or counted: Lucene refuses terms over 32,766 bytes, and a
# character takes at most four. Counted as Elasticsearch counts, in halves of characters beyond the first plane.
MAX_KEYWORD = 8191

# A polarity of an aspect counts as an experience from here on; in between it is neutral.
POLARITY_THRESHOLD = 0.25


def is_searchable_keyword(value: str) -> bool:
    """Whether a value of a keyword field is short enough (`MAX_KEYWORD`) to be searched."""
    if len(value) <= MAX_KEYWORD // 2:
        return True
    return len(value) + sum(character > "\uffff" for character in value) <= MAX_KEYWORD


def column(name: str, form: str = "") -> str:
    """The name of a field's token form in both search indexes: `text`, `text.folded`, `text.exact`, `text.case`.

    Field names keep their dots in tantivy too (`sentiment.label`), so aggregation JSON names the same fields in both.
    """
    return f"{name}.{form}" if form else name


def derived_values(mention: Mention) -> dict[str, Any]:
    """The `DERIVED` fields of a mention as JSON values; fields without a value are absent.

    `published_day` is the calendar day in Berlin, written as midnight UTC, so that a histogram with
    `fixed_interval: 1d` counts German days in both stores without knowing time zones.
    """
    values: dict[str, Any] = {}
    label = _experience(mention)
    if label is not None:
        values["experience"] = label
    if mention.topics or mention.work.correction is not None:
        pairs = _topic_experiences(mention, label)
        if pairs:
            values["topic_experience"] = sorted(pairs)
    if mention.published_at is not None:
        local = mention.published_at.astimezone(BERLIN)
        values["published_day"], values["published_week"] = _calendar(local.year, local.month, local.day)
    return values


@lru_cache(maxsize=4096)
def _calendar(year: int, month: int, day: int) -> tuple[str, str]:
    """`published_day` and `published_week` of a calendar day."""
    found = date(year, month, day)
    return f"{found.isoformat()}T00:00:00Z", (found - timedelta(days=found.weekday())).isoformat()


def _experience(mention: Mention) -> str | None:
    correction = mention.work.correction
    if correction is not None and correction.sentiment is not None:
        return correction.sentiment
    return None if mention.sentiment is None else mention.sentiment.label


def _topic_experiences(mention: Mention, label: str | None) -> set[str]:
    """Per topic the mean polarity of its aspects as a word; a topic without aspects takes the document's `label`."""
    correction = mention.work.correction
    corrected = correction.topics if correction is not None else None
    topics = mention.topics if corrected is None else corrected
    polarities: dict[str, list[float]] = {}
    if correction is None or correction.sentiment is None:
        for aspect in mention.aspects:
            polarities.setdefault(aspect.topic, []).append(aspect.polarity)
    pairs = set()
    for topic in topics:
        found = polarities.get(topic)
        word = label if found is None else _word(sum(found) / len(found))
        if word is not None:
            pairs.add(f"{topic}|{word}")
    return pairs


def _word(polarity: float) -> str:
    if polarity <= -POLARITY_THRESHOLD:
        return "negative"
    return "positive" if polarity >= POLARITY_THRESHOLD else "neutral"
