"""The filter: what is looked at. It makes the URL, the query behind every figure, and the links of alert mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode

from index.mention import CHANNELS, JOURNEY_PHASES, SENTIMENTS
from index.query import Query, QuerySyntaxError, clause, conjunction, parse_query

View = Literal["overview", "hotspots", "mentions", "alerts"]
Period = Literal["7d", "28d", "84d", "365d", "all", "custom"]
Copies = Literal["once", "all"]
Order = Literal["newest", "oldest", "relevance"]
Language = Literal["de", "en"]

VIEWS: tuple[View, ...] = get_args(View)
PERIODS: tuple[Period, ...] = get_args(Period)
ORDERS: tuple[Order, ...] = get_args(Order)
DEFAULT_PERIOD: Final[Period] = "28d"
EVERY_BRAND = "*"

# Bounds on what a URL may ask for: longer values are cut, more values are ignored.
# Together they keep every clause under the length that the query language reads.
MAX_VALUES = 12
MAX_LENGTH = 80
MAX_SEARCH = 1000
MAX_PAGE = 500

EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True)
class FilterState:
    """What is looked at. Days are Berlin calendar days, both included; empty tuples mean "all".

    `brand` None leaves the choice to the page (the configured brand), `EVERY_BRAND` means any.
    A relative `period` has no days until `resolved` has given it some.
    """

    period: Period = DEFAULT_PERIOD
    start: date | None = None
    end: date | None = None
    brand: str | None = None
    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    experiences: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    touchpoints: tuple[str, ...] = ()
    search: str = ""
    copies: Copies = "once"
    order: Order = "newest"
    page: int = 1
    language: Language | None = None

    def but(self, **changes: Any) -> FilterState:
        """The same filter with other values, on its first page unless a page is given."""
        return replace(self, **{"page": 1, **changes})

    def between(self, start: date, end: date) -> FilterState:
        """The same filter over these days, both included."""
        return self.but(period="custom", start=start, end=end)


# Name in the URL of each field that holds a tuple; the order here is the order in links.
_LISTS: Final[Mapping[str, str]] = {
    "source": "sources",
    "channel": "channels",
    "topic": "topics",
    "experience": "experiences",
    "phase": "phases",
    "touchpoint": "touchpoints",
}
_CLOSED: Final[Mapping[str, Sequence[str]]] = {
    "channel": CHANNELS,
    "experience": SENTIMENTS,
    "phase": JOURNEY_PHASES,
}
_WORDS: Final[Mapping[str, tuple[str, Sequence[str], str]]] = {
    "copies": ("copies", get_args(Copies), "once"),
    "order": ("order", ORDERS, "newest"),
}


def from_params(params: Mapping[str, Sequence[str]]) -> FilterState:
    """Read URL parameters (name to values). Unknown names and impossible values are ignored, never an error."""
    values: dict[str, Any] = {field: _listed(params, name) for name, field in _LISTS.items()}
    for name, (field, allowed, default) in _WORDS.items():
        values[field] = _word(params, name, allowed, default)
    period = _word(params, "period", PERIODS, DEFAULT_PERIOD)
    start, end = _day(params, "from"), _day(params, "to")
    if start is not None and end is not None and start <= end:
        values |= {"period": "custom", "start": start, "end": end}
    else:
        values["period"] = DEFAULT_PERIOD if period == "custom" else period
    values["language"] = _word(params, "lang", get_args(Language), None)
    values["brand"] = _text(params, "brand", MAX_LENGTH) or None
    values["search"] = _text(params, "q", MAX_SEARCH)
    values["page"] = _page(params)
    return FilterState(**values)


def to_params(state: FilterState) -> dict[str, list[str]]:
    """The URL parameters of a filter; what stands at its default is left out."""
    params: dict[str, list[str]] = {}
    if state.start is not None and state.end is not None:
        params |= {"from": [state.start.isoformat()], "to": [state.end.isoformat()]}
    elif state.period != DEFAULT_PERIOD:
        params["period"] = [state.period]
    params["brand"] = [state.brand or ""]
    params |= {name: list(getattr(state, field)) for name, field in _LISTS.items()}
    params["q"] = [state.search]
    for name, (field, _, default) in _WORDS.items():
        if getattr(state, field) != default:
            params[name] = [getattr(state, field)]
    params["page"] = [str(state.page)] if state.page > 1 else []
    params["lang"] = [state.language or ""]
    return {name: values for name, values in params.items() if any(values)}


def link(view: View, state: FilterState, base_url: str = "") -> str:
    """The address of a page with this filter, below `base_url` (without one: relative to the server's root)."""
    path = "" if view == "overview" else view
    query = urlencode(to_params(state), doseq=True)
    return f"{base_url.rstrip('/')}/{path}" + (f"?{query}" if query else "")


def resolved(state: FilterState, *, newest: date) -> FilterState:
    """The filter with its days filled in: a relative period ends with the day `newest` and includes it."""
    if state.start is not None and state.end is not None:
        return replace(state, period="custom")
    if state.period in ("all", "custom"):
        return replace(state, period="all", start=None, end=None)
    days = int(state.period.removesuffix("d"))
    return replace(state, period="custom", start=newest - timedelta(days=days - 1), end=newest)


def previous(state: FilterState) -> FilterState | None:
    """The same filter over the equally many days just before; None where the filter has no beginning."""
    if state.start is None or state.end is None:
        return None
    days = (state.end - state.start).days + 1
    return state.but(start=state.start - timedelta(days=days), end=state.start - timedelta(days=1))


def to_query(state: FilterState) -> Query:
    """The query of a filter whose days are known (`resolved`). The one place where a filter becomes a query.

    Posts of the company's own staff and mentions marked as not ours never count; the latter are found by a search that
    names `work.not_us`. A topic asks for what is said about
    that topic: with an experience, that this topic is spoken of so. Raises `QuerySyntaxError` for `state.search`.
    """
    if state.start is None and state.period not in ("all", "custom"):
        raise ValueError(f"the period {state.period!r} has no days yet")
    return conjunction(*(parse_query(text) for text in _clauses(state)), parse_query(state.search))


def search_error(text: str) -> QuerySyntaxError | None:
    """What is wrong with a search text, or None."""
    try:
        parse_query(text)
    except QuerySyntaxError as error:
        return error
    return None


def _clauses(state: FilterState) -> list[str]:
    # What is left out is the smaller part: an index finds it faster than all that remains.
    texts = ["NOT author_role:staff"]
    if "work.not_us" not in state.search:
        texts.append("NOT work.not_us:true")
    if state.start is not None and state.end is not None:
        texts.append(f"published_day:[{state.start.isoformat()} TO {state.end.isoformat()}]")
    if state.brand not in (None, EVERY_BRAND):
        texts.append(clause("brands", state.brand))
    if state.copies == "once":
        texts.append("NOT is_copy:true")
    texts += _experience_clauses(state)
    named = {"source": state.sources, "channel": state.channels, "journey_phase": state.phases}
    named["touchpoint"] = state.touchpoints
    texts += [_any(name, values) for name, values in named.items() if values]
    return texts


def _experience_clauses(state: FilterState) -> list[str]:
    if state.topics:
        words = state.experiences or SENTIMENTS
        return [_any("topic_experience", [f"{topic}|{word}" for topic in state.topics for word in words])]
    return [_any("experience", state.experiences)] if state.experiences else []


def _any(name: str, values: Sequence[str]) -> str:
    return " OR ".join(clause(name, value) for value in values)


def _values(params: Mapping[str, Sequence[str]], name: str) -> list[str]:
    given = params.get(name, ())
    return [given] if isinstance(given, str) else list(given)


def _text(params: Mapping[str, Sequence[str]], name: str, length: int) -> str:
    values = _values(params, name)
    return _clean(values[-1])[:length].strip() if values else ""


def _clean(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)


def _listed(params: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    values = (_clean(value)[:MAX_LENGTH].strip() for value in _values(params, name))
    allowed = _CLOSED.get(name)
    kept = dict.fromkeys(value for value in values if value and (allowed is None or value in allowed))
    return tuple(kept)[:MAX_VALUES]


def _word(params: Mapping[str, Sequence[str]], name: str, allowed: Sequence[str], default: Any) -> Any:
    value = _text(params, name, MAX_LENGTH)
    return value if value in allowed else default


def _day(params: Mapping[str, Sequence[str]], name: str) -> date | None:
    try:
        day = date.fromisoformat(_text(params, name, MAX_LENGTH))
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _page(params: Mapping[str, Sequence[str]]) -> int:
    text = _text(params, "page", MAX_LENGTH)
    return min(max(int(text), 1), MAX_PAGE) if text.isascii() and text.isdigit() and len(text) < 8 else 1
