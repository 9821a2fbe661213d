"""Values of a document by field name, from a mention's JSON, from plain rows with only a few keys, or dotted keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from index.analysis import analyse_form
from index.fields import ALIASES, BERLIN, DERIVED, derived_values, is_searchable_keyword
from index.mention import Mention, composed
from index.query.resolve import SPECS
from index.query.values import DAY_FIELDS, read_bool, read_number

# Where rows carry a plain value in place of an object.
_PLAIN = {"rating.value": ("rating",), "sentiment.label": ("sentiment",)}
_DERIVED = frozenset(spec.name for spec in DERIVED)
_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(alias for alias, target in ALIASES.items() if target == name) + _PLAIN.get(name, ()) for name in SPECS
}

# In the place of a token form: the value as a whole.
_WHOLE = "whole"


def document_of(mention: Mention) -> dict[str, Any]:
    """A mention as the matcher reads it: its JSON and the derived fields."""
    return {**mention.model_dump(mode="json"), **derived_values(mention)}


class Document:
    """A document with its analysed texts kept, so that several queries can be asked without analysing again."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self._words: dict[tuple[str, str], list[str]] = {}
        self._sets: dict[tuple[str, str], frozenset[str]] = {}

    def values(self, name: str) -> list[Any]:
        """The values of a field: none, one, or those of a list; null, empty and unsearchable ones are no values."""
        found = self._find(name)
        many = found if isinstance(found, Sequence | set | frozenset) and not isinstance(found, str) else [found]
        kept = [value for value in many if value is not None and value != ""]
        if SPECS[name].kind != "keyword":
            return kept
        return [value for value in kept if not isinstance(value, str) or is_searchable_keyword(value)]

    def words(self, name: str, form: str) -> list[str]:
        """The tokens of a text field in one form."""
        key = (name, form)
        if key not in self._words:
            texts = (composed(str(text)) for text in self.values(name))
            self._words[key] = [word for text in texts for word in analyse_form(text, form)]
        return self._words[key]

    def vocabulary(self, name: str, form: str) -> frozenset[str]:
        """The different tokens of a text field in one form."""
        key = (name, form)
        if key not in self._sets:
            self._sets[key] = frozenset(self.words(name, form))
        return self._sets[key]

    def keywords(self, name: str) -> frozenset[str]:
        """The different values of a keyword field, as they are indexed."""
        key = (name, _WHOLE)
        if key not in self._sets:
            self._sets[key] = frozenset(map(_keyword, self.values(name)))
        return self._sets[key]

    def _find(self, name: str) -> Any:
        found = _path(self.source, name)
        if found is None and name in _DERIVED:
            found = self._derived.get(name)
        if found is None:
            plain = (self.source.get(other) for other in _OTHER_NAMES.get(name, ()))
            found = next((value for value in plain if value is not None and not isinstance(value, Mapping)), None)
        return None if isinstance(found, Mapping) else found

    @cached_property
    def _derived(self) -> dict[str, Any]:
        stripped = {key: value for key, value in self.source.items() if key not in _DERIVED}
        try:
            return derived_values(Mention.model_validate(stripped))
        except ValidationError:
            return self._partly_derived()

    def _partly_derived(self) -> dict[str, Any]:
        """What can be said of a row that is no complete mention."""
        values: dict[str, Any] = {}
        label = _path(self.source, "work.correction.sentiment") or _path(self.source, "sentiment.label")
        if label is not None:
            values["experience"] = label
        moments = [read_moment(value, "published_at") for value in self.values("published_at")]
        if moments and moments[0] is not None:
            day = moments[0].astimezone(BERLIN).date()
            values["published_day"] = day.isoformat()
            values["published_week"] = date.fromisocalendar(*day.isocalendar()[:2], 1).isoformat()
        return values


def _keyword(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path(source: Mapping[str, Any], name: str) -> Any:
    """The value at a dotted name, whether the dots are in the key or in the nesting."""
    if name in source:
        return source[name]
    head, _, rest = name.partition(".")
    while rest:
        inner = source.get(head)
        if isinstance(inner, Mapping) and (found := _path(inner, rest)) is not None:
            return found
        piece, _, rest = rest.partition(".")
        head = f"{head}.{piece}"
    return None


def read_moment(value: Any, name: str) -> datetime | None:
    """A document's time in UTC and whole seconds; without a zone it is Berlin's, in day fields a day. None if none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC if name in DAY_FIELDS else BERLIN)
    try:
        moment: datetime = value.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None
    return moment


def read_float(value: Any) -> float | None:
    """A document's number, also where a row holds it as text; None if it is none."""
    if isinstance(value, bool):
        return None
    return float(value) if isinstance(value, int | float) else read_number(value) if isinstance(value, str) else None


def read_flag(value: Any) -> bool | None:
    """A document's truth value, also where a row holds it as text; None if it is none."""
    return value if isinstance(value, bool) else read_bool(value) if isinstance(value, str) else None
