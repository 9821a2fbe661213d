"""Which fields of the documents a name in a query means."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from index.fields import ALIASES, DEFAULT_FIELDS, DERIVED, FIELDS, TEXT_FORMS, FieldSpec, Kind
from index.query.errors import QuerySyntaxError

SPECS: dict[str, FieldSpec] = {spec.name: spec for spec in (*FIELDS, *DERIVED)}
# exact:"..." and case:"..." look into the default fields.
PSEUDO_FIELDS = frozenset({"exact", "case"})
EXISTS = "_exists_"
_SEARCHABLE = sorted(
    {name for name, spec in SPECS.items() if spec.kind != "stored"} | set(ALIASES) | PSEUDO_FIELDS | {EXISTS}
)

# What an error offers; the others are in docs/query.md.
_USUAL = (
    *("text", "title", "thread_title", "brand", "topic", "sentiment", "rating", "date", "channel", "source"),
    *("language", "url", "needs_answer", "status", "owner"),
)
# German words that people try, beside the fields' German names.
_GERMAN = {
    "stimmung": "sentiment",
    "marke": "brand",
    "thema": "topic",
    "datum": "date",
    "tag": "published_day",
    "woche": "published_week",
    "bewertung": "rating",
    "sterne": "rating",
    "link": "url",
    "forum": "source",
}


@dataclass(frozen=True)
class Target:
    """Fields of one kind that a leaf asks; `form` None leaves the token form to the leaf."""

    name: str
    fields: tuple[str, ...]
    kind: Kind
    form: str | None = None
    default: bool = False


DEFAULT = Target("", DEFAULT_FIELDS, "text", default=True)


def resolve(name: str, *, query: str, position: int) -> Target:
    """The target of a field name, an alias, a pseudo-field or a token form such as `title.exact`.

    Raises `QuerySyntaxError` with the possible names, or where the field isn't searchable.
    """
    if name in PSEUDO_FIELDS:
        return Target(name, DEFAULT_FIELDS, "text", form=name)
    known = name if name in SPECS or name in ALIASES else name.casefold()
    full = ALIASES.get(known, known)
    spec = SPECS.get(full)
    if spec is None:
        return _form_target(name, query=query, position=position)
    if spec.kind == "stored":
        raise QuerySyntaxError("field_stored", query=query, position=position, name=name)
    return Target(name, (full,), spec.kind)


def _form_target(name: str, *, query: str, position: int) -> Target:
    parent, _, form = name.rpartition(".")
    spec = SPECS.get(parent)
    if spec is not None and spec.kind == "text" and form in TEXT_FORMS:
        return Target(name, (parent,), "text", form=form)
    raise QuerySyntaxError(
        "field_unknown",
        query=query,
        position=position,
        name=name,
        guess=_guess(name.casefold()),
        hint="",
        names=", ".join(_USUAL),
    )


def _guess(name: str) -> str:
    """The field that somebody may have meant, or ""."""
    german = _GERMAN | {spec.german.casefold(): spec.name for spec in SPECS.values() if spec.kind != "stored"}
    if name in german:
        return german[name]
    inside = [candidate for candidate in _SEARCHABLE if candidate.endswith(f".{name}")]
    close = inside or difflib.get_close_matches(name[:40], _SEARCHABLE, n=1, cutoff=0.7)
    return close[0] if close else ""
