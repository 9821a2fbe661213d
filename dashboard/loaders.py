"""The figures of the running app: the store, shared by all sessions, and short-lived answers to its questions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import streamlit as st

from dashboard import figures
from dashboard.config import DashboardConfig
from dashboard.figures import Cell, Counts, Dimension, Overview, Picture, TrendPoint, Voice
from dashboard.state import EARLIEST, EVERY_BRAND, FilterState, to_query
from index.fields import BERLIN
from index.judgement import told
from index.mention import Mention
from index.opening import open_store, without_credentials
from index.query import Query, clause, parse_query
from index.store import Order, Store

# Seconds: a reload after a crawl shows its mentions, and a click doesn't ask the same twice.
TTL = 15
PAGE_SIZE = 20
# Where the newest mention is looked for first: a store reads a month much faster than all that it has.
RECENT_DAYS = (31, 366)
API_KEY_VARIABLE = "BRANDMELDER_ELASTIC_API_KEY"
STORE_VARIABLE = "BRANDMELDER_STORE"
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """One page of verbatims."""

    mentions: tuple[Mention, ...]
    total: int


class Desk:
    """The store of this process. A store serves one thread at a time, and every session is a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def ask(self, question: Callable[[Store], T]) -> T:
        """Run something on the store while nobody else does."""
        with self._lock:
            return question(self._store)


def address_of(store: str | None, environment: Mapping[str, str]) -> str | None:
    """The store's address, with the user and password that only the environment has, where it names the same one."""
    full = environment.get(STORE_VARIABLE, "").strip()
    return full if full and without_credentials(full) == store else store


@st.cache_resource(show_spinner=False)
def open_desk(config: str) -> Desk:
    """The store that the configuration (its JSON) names. Raises `StoreError`."""
    settings = DashboardConfig.model_validate_json(config)
    api_key = os.environ.get(API_KEY_VARIABLE) or None
    store = open_store(
        address_of(settings.store, os.environ),
        settings.data,
        api_key=api_key,
        ca_certs=settings.elastic_ca,
        prefix=settings.elastic_prefix,
    )
    return Desk(store)


def forget_desk() -> None:
    """Open the store anew for the next question."""
    open_desk.clear()


@st.cache_data(ttl=TTL, max_entries=500, show_spinner=False)
def _answer(config: str, kind: str, text: str, arguments: tuple[Any, ...], _query: Query) -> Any:  # noqa: ARG001
    # `text` is the key of `_query` in the cache: a parsed query can't be hashed.
    return open_desk(config).ask(lambda store: _QUESTIONS[kind](store, _query, *arguments))


def _search(store: Store, query: Query, order: Order, page: int, size: int) -> Found:
    after = None
    if page > 1:
        after = store.search(query, limit=(page - 1) * size, order=order).after
        if after is None:
            return Found((), store.search(query, limit=0).total)
    result = store.search(query, limit=size, order=order, after=after)
    return Found(result.mentions, result.total)


def _judge(store: Store, id: str, not_us: bool) -> None:
    mention = store.get(id)
    # Somebody may have deleted it meanwhile.
    if mention is not None:
        store.amend(id, told(mention.work, not_us=not_us))
        store.refresh()


def _last_day(store: Store, query: Query) -> date | None:
    last = store.aggregate({"last": {"max": {"field": "published_at"}}}, query=query)["last"]["value"]
    return None if last is None else datetime.fromtimestamp(last / 1000, BERLIN).date()


_QUESTIONS: dict[str, Callable[..., Any]] = {
    "overview": figures.overview,
    "trend": lambda store, query, start, end: figures.trend(store, query, start=start, end=end),
    "cells": figures.cells,
    "picture": figures.picture,
    "topics": figures.topics,
    "voices": figures.voices,
    "values": figures.values,
    "copies": figures.copies,
    "sources": figures.by_value,
    "search": _search,
    "last_day": _last_day,
    "total": lambda store, query: store.search(query, limit=0).total,
}


class Figures:
    """All that the pages ask of the store, by filter. Raises `StoreError` and `QuerySyntaxError`."""

    def __init__(self, config: DashboardConfig) -> None:
        self._config = config.model_dump_json()

    def _ask(self, kind: str, query: Query, *arguments: Any) -> Any:
        return _answer(self._config, kind, query.text, arguments, query)

    def overview(self, state: FilterState) -> Overview:
        """Headline figures."""
        answer: Overview = self._ask("overview", to_query(state))
        return answer

    def picture(self, state: FilterState, dimensions: Sequence[Dimension]) -> Picture:
        """Headline figures, topics, and topics by place of each dimension, at once."""
        answer: Picture = self._ask("picture", to_query(state), tuple(dimensions))
        return answer

    def trend(self, state: FilterState) -> list[TrendPoint]:
        """Experiences over time."""
        answer: list[TrendPoint] = self._ask("trend", to_query(state), state.start, state.end)
        return answer

    def cells(self, state: FilterState, by: Dimension) -> list[Cell]:
        """Topics by place."""
        answer: list[Cell] = self._ask("cells", to_query(state), by)
        return answer

    def topics(self, state: FilterState) -> dict[str, Counts]:
        """Topics, wherever they were spoken of."""
        answer: dict[str, Counts] = self._ask("topics", to_query(state))
        return answer

    def sources(self, state: FilterState) -> dict[str, Counts]:
        """Experiences per source."""
        answer: dict[str, Counts] = self._ask("sources", to_query(state), "source")
        return answer

    def voices(self, state: FilterState, brands: Sequence[str]) -> list[Voice]:
        """The brands beside each other."""
        query = to_query(state.but(brand=EVERY_BRAND))
        answer: list[Voice] = self._ask("voices", query, tuple(brands))
        return answer

    def search(self, state: FilterState, *, size: int = PAGE_SIZE) -> Found:
        """The page `state.page` of verbatims."""
        # The contract offers only the first page in the order of relevance.
        page = 1 if state.order == "relevance" else state.page
        answer: Found = self._ask("search", to_query(state), state.order, page, size)
        return answer

    def judge(self, id: str, *, not_us: bool) -> None:
        """Keep whether a mention means something else than the brand. Raises `StoreError`, also without the right."""
        open_desk(self._config).ask(lambda store: _judge(store, id, not_us))
        _answer.clear()

    def total(self, state: FilterState) -> int:
        """How many mentions match."""
        answer: int = self._ask("total", to_query(state))
        return answer

    def stored(self) -> int:
        """How many mentions there are at all."""
        answer: int = self._ask("total", parse_query("*"))
        return answer

    def copies(self, mentions: Sequence[Mention]) -> dict[str, int]:
        """Per copy group of these mentions how many mentions it has."""
        groups = sorted({mention.copy_group for mention in mentions if mention.copy_group is not None})
        if not groups:
            return {}
        query = parse_query(" OR ".join(clause("copy_group", group) for group in groups))
        answer: dict[str, int] = self._ask("copies", query)
        return answer

    def choices(self, brand: str | None) -> dict[str, list[tuple[str, int]]]:
        """The values that filters offer: what occurs at all for this brand."""
        query = to_query(FilterState(period="all", brand=brand, copies="all"))
        answer: dict[str, list[tuple[str, int]]] = self._ask("values", query, ("source", "channel", "touchpoint"))
        return answer

    def newest_day(self, brand: str | None) -> date:
        """The Berlin day on which relative periods end: the newest mention's, never later than today."""
        today = datetime.now(UTC).astimezone(BERLIN).date()
        for start in (*(today - timedelta(days=days) for days in RECENT_DAYS), EARLIEST):
            state = FilterState(period="custom", start=start, end=today, brand=brand, copies="all")
            last: date | None = self._ask("last_day", to_query(state))
            if last is not None:
                return last
        return today
