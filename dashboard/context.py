"""What a page knows while it is drawn: settings, filter, language, and where its links lead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from dashboard import formats
from dashboard.config import DashboardConfig
from dashboard.state import FilterState, View, link, previous, resolved
from dashboard.texts import Words
from index.query import Query, parse_query


@dataclass(frozen=True)
class Context:
    """One drawing of one page. `chosen` is the filter as the URL gives it, `newest` the day relative periods end on."""

    config: DashboardConfig
    view: View
    chosen: FilterState
    newest: date

    @cached_property
    def words(self) -> Words:
        """The texts in the page's language."""
        return Words(self.chosen.language or self.config.language)

    @cached_property
    def state(self) -> FilterState:
        """The filter with its days and its brand."""
        return resolved(replace(self.chosen, brand=self.chosen.brand or self.config.brand), newest=self.newest)

    @cached_property
    def before(self) -> FilterState | None:
        """The same filter over the period before."""
        return previous(self.state)

    @cached_property
    def search_query(self) -> Query:
        """The search text alone. Raises `QuerySyntaxError`."""
        return parse_query(self.chosen.search)

    @property
    def period(self) -> str:
        """The days of the filter in words."""
        if self.state.start is None or self.state.end is None:
            return self.words("undated_all")
        return formats.period(self.state.start, self.state.end, self.words.language)

    def href(self, view: View, **changes: Any) -> str:
        """The address of a page with this filter, changed so."""
        return link(view, self.chosen.but(**changes))

    def number(self, value: float) -> str:
        """A number in the page's language."""
        return formats.number(value, self.words.language)

    def percent(self, value: float | None, digits: int = 0) -> str:
        """A share in the page's language."""
        return formats.percent(value, self.words.language, digits=digits)

    def label(self, kind: str, value: str) -> str:
        """What people call a value: `kind` is topic, channel, phase, experience, or a field whose values are names."""
        if kind == "topic":
            return self.config.topic_label(value)
        if kind == "source":
            return self.config.sources.get(value, value)
        return self.words(f"{kind}_{value}") if kind in ("channel", "phase", "experience") else value
