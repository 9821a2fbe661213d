"""Kibana's saved objects for Brandmelder's indices: a data view with German names, saved searches, a Lens dashboard.

The shapes are those that Kibana 8 exports, with the type versions of 8.8 to 8.9, which later versions migrate when
they import them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.elastic_mapping import ALL_FIELDS

Json = dict[str, Any]

# What counts: no copies, no mistaken finds, no answers of our own staff.
BASE = 'is_copy: false and not work.not_us: true and not author_role: "staff"'
LONGEST_DESCRIPTION = 300

_EXPLAINED: Mapping[str, str] = {
    "published_at": "Zeitpunkt; Kibana zeigt ihn in der Zeitzone des Browsers. Für deutsche Tage und Wochen "
    "published_day und published_week nehmen.",
    "published_day": "Der deutsche Kalendertag als Mitternacht UTC: in Tabellen mit Zeitzone UTC lesen.",
    "published_week": "Montag der Woche nach deutscher Zeit, etwa 2026-03-02.",
    "date_precision": "Wie genau das Datum ist: bei day ist die Uhrzeit Mitternacht und bedeutet nichts.",
    "experience": "negative, neutral, positive oder mixed: die Korrektur einer Person, sonst das Urteil des Modells. "
    "Damit zählen, nicht mit sentiment.label.",
    "sentiment.label": "Nur das Urteil des Modells; Korrekturen stehen in experience.",
    "topic_experience": "Thema und Stimmung dazu, etwa lieferung|negative. Mehrere je Beitrag möglich.",
    "topics": "Mehrere je Beitrag möglich: Summen über Themen sind größer als die Zahl der Beiträge.",
    "is_copy": "Der Text steht schon woanders. Zum Zählen is_copy: false filtern.",
    "copy_group": "Texte, die sich fast gleichen; der früheste ist das Original.",
    "work.not_us": "Als Irrtum markiert, von Menschen oder nach ihnen. Zum Zählen not work.not_us: true filtern.",
    "author_role": "customer, staff (Antworten des eigenen Hauses) oder unknown.",
    "author_key": "Gleiche Person in derselben Quelle; Namen sind nirgends gespeichert.",
    "sentiment.uncertain": "Das beste Urteil lag kaum vorn: mit und ohne diese Beiträge zählen.",
    "rating.normalised": "0 ist die schlechteste, 1 die beste Bewertung, welche Skala auch galt.",
    "brands": "Mehrere je Beitrag möglich, auch Wettbewerber.",
    "text": "Deutsche Analyse: findet gebeugte Formen. Für Platzhalter text.folded, für genaue Wörter text.exact.",
    "expires_at": "Danach wird der Beitrag gelöscht.",
}


@dataclass(frozen=True)
class SavedSearch:
    """One saved search: its key, German title and explanation, KQL and the columns that it shows."""

    key: str
    title: str
    description: str
    kql: str
    columns: tuple[str, ...] = ("source", "experience", "topics", "text")


SEARCHES: tuple[SavedSearch, ...] = (
    SavedSearch("base", "Grundmenge", "Ohne Kopien, Irrtümer und eigene Antworten: damit beginnt jede Zählung.", BASE),
    SavedSearch(
        "negative", "Beschwerden", "Was Kundinnen und Kunden geärgert hat.", f'{BASE} and experience: "negative"'
    ),
    SavedSearch(
        "open",
        "Offene Fragen",
        "Braucht eine Antwort, und niemand hat es erledigt.",
        f'{BASE} and needs_answer: true and work.status: "open"',
        ("source", "published_at", "topics", "text", "url"),
    ),
    SavedSearch(
        "doubtful",
        "Unsichere Urteile",
        "Das Modell war sich nicht sicher: hier lohnt sich das Nachlesen.",
        f"{BASE} and sentiment.uncertain: true",
        ("sentiment.label", "sentiment.confidence", "text"),
    ),
    SavedSearch(
        "disagreeing",
        "Gute Sterne, harte Worte",
        "Gute Bewertungen, in denen etwas beanstandet wird.",
        f"{BASE} and rating.normalised >= 0.75 and topic_experience: *|negative",
        ("rating.value", "topic_experience", "text"),
    ),
)


def saved_objects(alias: str) -> list[Json]:
    """All objects for the indices behind the alias; their ids begin with it, so that a second import replaces them."""
    lenses = _lenses(alias)
    return [_data_view(alias), *(_search(alias, search) for search in SEARCHES), *lenses, _dashboard(alias, lenses)]


def to_ndjson(objects: Sequence[Json]) -> str:
    """The file that Kibana imports: one object a line and a summary."""
    summary = {"exportedCount": len(objects), "missingRefCount": 0, "missingReferences": []}
    lines = [*objects, summary | {"excludedObjects": [], "excludedObjectsCount": 0}]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _object(type: str, id: str, version: str, attributes: Json, references: Sequence[Json] = ()) -> Json:
    return {
        "type": type,
        "id": id,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": version,
        "managed": False,
    }


def _view_id(alias: str) -> str:
    return f"{alias}-view"


def _data_view(alias: str) -> Json:
    labels = {}
    for spec in ALL_FIELDS:
        explained = _EXPLAINED.get(spec.name)
        text = f"{spec.german}. {explained}" if explained else f"{spec.german}."
        labels[spec.name] = {"customLabel": spec.german, "customDescription": text[:LONGEST_DESCRIPTION]}
    attributes = {
        "title": alias,
        "name": "Brandmelder",
        "timeFieldName": "published_at",
        "fieldAttrs": json.dumps(labels, ensure_ascii=False),
        "fieldFormatMap": json.dumps({"url": {"id": "url"}, "thread_url": {"id": "url"}}),
        "fields": "[]",
        "runtimeFieldMap": "{}",
        "sourceFilters": json.dumps([{"value": "filled"}]),
        "typeMeta": "{}",
    }
    return _object("index-pattern", _view_id(alias), "8.0.0", attributes)


def _kql(text: str) -> Json:
    return {"query": text, "language": "kuery"}


def _search(alias: str, search: SavedSearch) -> Json:
    source = {"query": _kql(search.kql), "filter": [], "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index"}
    attributes = {
        "title": f"Brandmelder: {search.title}",
        "description": search.description,
        "columns": list(search.columns),
        "sort": [["published_at", "desc"]],
        "grid": {},
        "hideChart": False,
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, ensure_ascii=False)},
    }
    reference = {"type": "index-pattern", "id": _view_id(alias), "name": source["indexRefName"]}
    return _object("search", f"{alias}-search-{search.key}", "8.0.0", attributes, [reference])


def _count(label: str = "Stimmen", kql: str | None = None) -> Json:
    column: Json = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "count",
        "sourceField": "___records___",
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": False},
    }
    return column if kql is None else column | {"filter": _kql(kql)}


def _people() -> Json:
    return _count("Personen") | {"operationType": "unique_count", "sourceField": "author_key"}


def _top(field: str, label: str, size: int) -> Json:
    return {
        "label": label,
        "customLabel": True,
        "dataType": "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {
            "size": size,
            "orderBy": {"type": "column", "columnId": "n"},
            "orderDirection": "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _over_time() -> Json:
    return {
        "label": "Veröffentlicht",
        "customLabel": True,
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": "published_at",
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
    }


def _lens(alias: str, key: str, title: str, kind: str, columns: Mapping[str, Json], picture: Json) -> Json:
    layer = {"columns": dict(columns), "columnOrder": list(columns), "incompleteColumns": {}, "sampling": 1}
    state = {
        "datasourceStates": {"formBased": {"layers": {"layer": layer}}},
        "visualization": picture,
        "query": _kql(""),
        "filters": [],
        "internalReferences": [],
        "adHocDataViews": {},
    }
    reference = {"type": "index-pattern", "id": _view_id(alias), "name": "indexpattern-datasource-layer-layer"}
    attributes = {"title": f"Brandmelder: {title}", "description": "", "visualizationType": kind, "state": state}
    return _object("lens", f"{alias}-lens-{key}", "8.9.0", attributes, [reference])


def _metric() -> Json:
    return {"layerId": "layer", "layerType": "data", "metricAccessor": "n"}


def _bars(series: str, split: str | None) -> Json:
    layer = {"layerId": "layer", "layerType": "data", "seriesType": series, "accessors": ["n"], "xAccessor": "x"}
    return {
        "preferredSeriesType": series,
        "legend": {"isVisible": split is not None, "position": "right"},
        "valueLabels": "hide",
        "layers": [layer if split is None else layer | {"splitAccessor": split}],
    }


def _table(columns: Mapping[str, Json]) -> Json:
    return {"layerId": "layer", "layerType": "data", "columns": [{"columnId": name} for name in columns]}


def _lenses(alias: str) -> list[Json]:
    negative = 'experience: "negative"'
    trend = {"x": _over_time(), "s": _top("experience", "Stimmung", 4), "n": _count()}
    complaints = {"x": _top("topic_experience", "Beschwerden", 15), "n": _count()}
    # Only the pairs that end with negative; a filter on documents would leave their other topics in.
    complaints["x"]["params"] |= {"include": [".*\\|negative"], "includeIsRegex": True}
    sources = {
        "a": _top("source", "Quelle", 20),
        "n": _count(),
        "m": _count("davon negativ", negative),
        "p": _people(),
    }
    phases = {
        "x": _top("journey_phase", "Phase der Kundenreise", 8),
        "s": _top("experience", "Stimmung", 4),
        "n": _count(),
    }
    return [
        _lens(alias, "voices", "Stimmen", "lnsMetric", {"n": _count()}, _metric()),
        _lens(alias, "negative", "Negative Stimmen", "lnsMetric", {"n": _count("negativ", negative)}, _metric()),
        _lens(alias, "people", "Verschiedene Personen", "lnsMetric", {"n": _people()}, _metric()),
        _lens(alias, "trend", "Verlauf der Stimmung", "lnsXY", trend, _bars("bar_stacked", "s")),
        _lens(alias, "complaints", "Worüber geklagt wird", "lnsXY", complaints, _bars("bar_horizontal", None)),
        _lens(alias, "phases", "Phasen der Kundenreise", "lnsXY", phases, _bars("bar_horizontal_stacked", "s")),
        _lens(alias, "sources", "Quellen", "lnsDatatable", sources, _table(sources)),
    ]


# x, y, width, height of each panel on Kibana's grid of 48 columns.
_PLACES = (
    (0, 0, 16, 6),
    (16, 0, 16, 6),
    (32, 0, 16, 6),
    (0, 6, 48, 12),
    (0, 18, 24, 16),
    (24, 18, 24, 16),
    (0, 34, 48, 12),
)


def _dashboard(alias: str, lenses: Sequence[Json]) -> Json:
    panels, references = [], []
    for number, (lens, (x, y, width, height)) in enumerate(zip(lenses, _PLACES, strict=True), start=1):
        panels.append(
            {
                "type": "lens",
                "panelIndex": str(number),
                "gridData": {"x": x, "y": y, "w": width, "h": height, "i": str(number)},
                "embeddableConfig": {"enhancements": {}},
                "panelRefName": f"panel_{number}",
            }
        )
        references.append({"type": "lens", "id": lens["id"], "name": f"{number}:panel_{number}"})
    attributes = {
        "title": "Brandmelder: Überblick",
        "description": "Ohne Kopien, Irrtümer und eigene Antworten. Zeitzone in den Einstellungen: Europe/Berlin.",
        "panelsJSON": json.dumps(panels),
        "optionsJSON": json.dumps({"useMargins": True, "syncColors": True, "hidePanelTitles": False}),
        "timeRestore": True,
        "timeFrom": "now-90d/d",
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 60000},
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps({"query": _kql(BASE), "filter": []})},
        "version": 1,
    }
    return _object("dashboard", f"{alias}-dashboard", "8.9.0", attributes, references)
