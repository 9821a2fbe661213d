"""Names, templates and mapping of the Elasticsearch indices, derived from `index.fields`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pydantic import ValidationError

from index.analysis import ENDINGS
from index.document import encoded, from_document
from index.fields import BERLIN, DERIVED, FIELDS, TEXT_FORMS, FieldSpec, Kind
from index.mention import Mention
from index.query.elastic_target import FILLED
from index.store import StoreError

SCHEMA_VERSION = 1

# The subfield of text fields, and its filter, that finds the words of a list inside longer ones.
PARTS = "parts"
COMPOUND_FILTER = "brandmelder_compounds"

# Lucene refuses terms over 32766 bytes and a character takes at most four; a longer value is kept but not searchable.
LONGEST_KEYWORD = 8191

# Mentions with a date outside of these go to the undated index: invented dates must not open thousands of indices.
FIRST_YEAR = 2000
YEARS_AHEAD = 1

_COPY = re.compile(r"\.(?P<number>[0-9]+)-(?P<month>.+)")
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")

# ISO with or without time, fraction and offset; answers print the first format.
_DATE = {"type": "date", "format": "strict_date_optional_time||epoch_millis"}
_KEYWORD = {"type": "keyword", "ignore_above": LONGEST_KEYWORD}

ALL_FIELDS = (*FIELDS, *DERIVED)
_TEXTS = tuple(spec.name for spec in FIELDS if spec.kind == "text")

# The analyzer of each token form of a text field; index.analysis has the same steps in Python.
_FORM_FILTERS: Mapping[str, list[str]] = {
    "": ["lowercase", "german_normalization", "brandmelder_stemmer", "brandmelder_endings"],
    "folded": ["lowercase", "german_normalization"],
    "exact": ["lowercase"],
    "case": [],
}


@dataclass(frozen=True)
class Names:
    """What belongs to one store on a cluster: everything begins with its prefix."""

    prefix: str

    def __post_init__(self) -> None:
        """Raises `StoreError` for a prefix that can't begin an index name."""
        if not _PREFIX.fullmatch(self.prefix):
            raise StoreError(
                f"{self.prefix!r} eignet sich nicht als Präfix der Indizes: erlaubt sind a-z, 0-9, - und _."
            )

    @property
    def alias(self) -> str:
        """All mentions."""
        return f"{self.prefix}-mentions"

    @property
    def months(self) -> str:
        """The pattern of the monthly indices."""
        return f"{self.alias}-*"

    @property
    def undated(self) -> str:
        """The index of mentions without a (believable) date; it always exists."""
        return f"{self.alias}-undated"

    @property
    def registry(self) -> str:
        """Which index an id lives in."""
        return f"{self.prefix}-registry"

    @property
    def tombstones(self) -> str:
        """What was erased for good."""
        return f"{self.prefix}-tombstones"

    @property
    def template(self) -> str:
        """The index template of the monthly indices."""
        return self.alias

    @property
    def copies(self) -> str:
        """The pattern of indices that a migration has made: `copy_of` gives their names."""
        return f"{self.alias}.*"

    @property
    def copies_template(self) -> str:
        """The index template that keeps late writers from making such an index anew."""
        return f"{self.alias}-copies"

    @property
    def moving(self) -> str:
        """An alias over unfinished copies, for erasing in them too."""
        return f"{self.prefix}-moving"

    def month_of(self, index: str) -> str:
        """The name under which writers know an index: `brandmelder-mentions-2026-03` of any of its copies."""
        copy = _COPY.fullmatch(index.removeprefix(self.alias))
        return index if copy is None else f"{self.alias}-{copy['month']}"

    def copy_of(self, index: str) -> str:
        """The name of the index that follows one: its number is never used again, nor are its documents' versions."""
        copy = _COPY.fullmatch(index.removeprefix(self.alias))
        number = 1 if copy is None else int(copy["number"])
        return f"{self.alias}.{number + 1}-{self.month_of(index).removeprefix(f'{self.alias}-')}"

    def component(self, part: str) -> str:
        """A component template: `settings` or `mapping`."""
        return f"{self.alias}-{part}"

    def index_of(self, mention: Mention) -> str:
        """Where a new mention goes: the month of its publication in Berlin."""
        if mention.published_at is None:
            return self.undated
        # One day off the ends of the calendar, no time zone can be applied.
        if not FIRST_YEAR <= mention.published_at.year <= mention.crawled_at.year + YEARS_AHEAD:
            return self.undated
        day = mention.published_at.astimezone(BERLIN)
        return f"{self.alias}-{day:%Y-%m}"


def form_analyzer(form: str) -> str:
    """The name of the analyzer of a token form."""
    return f"brandmelder_{form or 'text'}"


def analysis(compounds: Sequence[str] = ()) -> dict[str, Any]:
    """The analyzers, one per token form of `index.fields.TEXT_FORMS`.

    With a word list (`compounds`, as `index.compounds.read_compounds` gives it) one more that also finds its words
    inside longer ones.
    """
    filters: dict[str, Any] = {
        "brandmelder_stemmer": {"type": "stemmer", "language": "light_german"},
        "brandmelder_endings": {"type": "pattern_replace", "pattern": ENDINGS, "replacement": "$1$2$3"},
    }
    chains = {form_analyzer(form): list(_FORM_FILTERS[form]) for form in TEXT_FORMS}
    if compounds:
        filters[COMPOUND_FILTER] = {"type": "dictionary_decompounder", "word_list": list(compounds)}
        # The parts must be found before the words lose their endings, and only once where part and word agree.
        before, after = _FORM_FILTERS[""][:2], _FORM_FILTERS[""][2:]
        chains[form_analyzer(PARTS)] = [*before, COMPOUND_FILTER, *after, "unique"]
    return {
        "filter": filters,
        "analyzer": {
            name: {"type": "custom", "tokenizer": "standard", "filter": chain} for name, chain in chains.items()
        },
    }


def document_of(mention: Mention) -> bytes:
    """What is indexed, as JSON: `index.document.encoded` and the names of the text fields that are not empty.

    Raises `UnstorableError`.
    """
    filled = json.dumps([name for name in _TEXTS if attrgetter(name)(mention)])
    return b'%b,"%b":%b}' % (encoded(mention)[:-1], FILLED.encode(), filled.encode())


def mention_of(doc: Mapping[str, Any]) -> Mention:
    """The mention of a hit or document. Raises `StoreError` for a document that no mention made."""
    source = {name: value for name, value in doc["_source"].items() if name != FILLED}
    try:
        return from_document(source)
    except ValidationError as error:
        raise StoreError(
            f"Das Dokument {doc['_id']} in {doc['_index']} ist keine Erwähnung ({error.error_count()} Fehler): "
            "es wurde nicht von dieser Brandmelder-Version geschrieben."
        ) from error


def mapping(compounds: Sequence[str] = ()) -> dict[str, Any]:
    """The strict mapping of all fields, with `_meta` for people and for later versions.

    `compounds` as for `analysis`; with it every text field has a subfield `parts`.
    """
    properties: dict[str, Any] = {}
    for spec in ALL_FIELDS:
        *parents, leaf = spec.name.split(".")
        level = properties
        for parent in parents:
            level = level.setdefault(parent, {"properties": {}})["properties"]
        level[leaf] = _field(spec)
        if compounds and spec.kind == "text":
            # What is looked for is not taken apart: else a compound would find every text with one of its parts.
            analyzers = {"analyzer": form_analyzer(PARTS), "search_analyzer": form_analyzer("")}
            level[leaf]["fields"][PARTS] = {"type": "text", **analyzers}
    properties[FILLED] = dict(_KEYWORD)
    body: dict[str, Any] = {"dynamic": "strict", "date_detection": False, "properties": properties}
    labels = {spec.name: spec.german for spec in ALL_FIELDS}
    fingerprint = hashlib.sha256(json.dumps([body, analysis(compounds)], sort_keys=True).encode()).hexdigest()[:16]
    body["_meta"] = {
        "product": "brandmelder",
        "schema_version": SCHEMA_VERSION,
        "fingerprint": fingerprint,
        "analysis": hashlib.sha256(json.dumps(analysis(compounds), sort_keys=True).encode()).hexdigest()[:16],
        "labels": labels,
    }
    return body


def _field(spec: FieldSpec) -> dict[str, Any]:
    if spec.kind == "text":
        forms = {form: {"type": "text", "analyzer": form_analyzer(form)} for form in TEXT_FORMS if form}
        return {"type": "text", "analyzer": form_analyzer(""), "fields": forms}
    others: Mapping[Kind, dict[str, Any]] = {
        "keyword": _KEYWORD,
        "date": _DATE,
        "float": {"type": "double"},
        "bool": {"type": "boolean"},
        "stored": {"type": "object", "enabled": False},
    }
    return dict(others[spec.kind])


def settings() -> dict[str, Any]:
    """One shard per month keeps counts of terms exact; a copy where there is a second node."""
    return {
        "index": {
            "number_of_shards": 1,
            "translog": {"durability": "request"},
            "auto_expand_replicas": "0-1",
            "max_result_window": MAX_RESULT_WINDOW,
        }
    }


MAX_RESULT_WINDOW = 10_000


def component_templates(names: Names, compounds: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Name and template of the parts that the monthly indices are made of.

    The analyzers stand with the mapping, because the server checks each part by itself.
    """
    return {
        names.component("settings"): {"settings": settings()},
        names.component("mapping"): {
            "settings": {"index": {"analysis": analysis(compounds)}},
            "mappings": mapping(compounds),
        },
    }


def index_template(names: Names, compounds: Sequence[str] = ()) -> dict[str, Any]:
    """The index template of the monthly indices: they appear under the alias by themselves.

    A write to a missing index is an error instead of making it: an index that was moved or dropped while a writer
    looked away must not come back empty.
    """
    return {
        "index_patterns": [names.months],
        "composed_of": sorted(component_templates(names)),
        "template": {"aliases": {names.alias: {}}},
        "priority": 500,
        "allow_auto_create": False,
        "_meta": mapping(compounds)["_meta"],
    }


def copies_template(names: Names) -> dict[str, Any]:
    """The index template of copies: a migration says everything else about them itself."""
    return {"index_patterns": [names.copies], "priority": 500, "allow_auto_create": False, "template": {}}


def copy_body(names: Names, *, source: str, compounds: Sequence[str], position: int) -> dict[str, Any]:
    """The body of an index that is to take the place of `source`: hidden from wildcards and outside of the alias.

    `_meta.moving` says what it is a copy of, and up to which sequence number.
    """
    body = mapping(compounds)
    body["_meta"] = moving_meta(body["_meta"], source=source, position=position)
    index = {**settings()["index"], "analysis": analysis(compounds), "hidden": True, "refresh_interval": "-1"}
    return {"settings": {"index": index}, "mappings": body, "aliases": {names.moving: {"is_hidden": True}}}


def moving_meta(meta: Mapping[str, Any], *, source: str, position: int) -> dict[str, Any]:
    """A mapping's `_meta` with how far the copying has come."""
    return {**meta, "moving": {"source": source, "position": position}}


def helper_indices(names: Names) -> dict[str, dict[str, Any]]:
    """Name and body of the indices beside the mentions."""
    common = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
    meta = {"product": "brandmelder", "schema_version": SCHEMA_VERSION}
    registry = {"index": {"type": "keyword", "index": False}}
    tombstones = {"kind": {"type": "keyword"}, "at": dict(_DATE)}
    return {
        names.registry: {
            "settings": common,
            "mappings": {"dynamic": "strict", "_meta": meta, "properties": registry},
        },
        names.tombstones: {
            "settings": common,
            "mappings": {"dynamic": "strict", "_meta": meta, "properties": tombstones},
        },
    }
