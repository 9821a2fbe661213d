"""The filter's widgets. The URL is the only truth: widgets are set from it, and a change is written into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.context import Context
from dashboard.loaders import Figures
from dashboard.parts import LISTS, active_filters, chips
from dashboard.state import EARLIEST, EVERY_BRAND, PERIODS, FilterState, to_params
from index.fields import BERLIN
from index.mention import CHANNELS, JOURNEY_PHASES, SENTIMENTS

# An older newest mention is said, because periods end with it.
STALE_DAYS = 14


def bar(page: Context, figures: Figures) -> None:
    """Period, filters, and what is active."""
    with st.container(key="bm_filters", horizontal=True, gap="small", vertical_alignment="center"):
        _period(page)
        count = len(active_filters(page))
        label = page.words("filter_count", n=count) if count else page.words("filter")
        with st.popover(label, width="content"):
            _details(page, figures)
        active = chips(page)
        if active:
            st.html(active, width="content")
    if (
        page.newest < _today() - timedelta(days=STALE_DAYS)
        and page.chosen.start is None
        and page.chosen.period != "all"
    ):
        st.html(f"<p class='bm-note'>{page.words('stale', day=formats.day(page.newest, page.words.language))}</p>")


def change_url(state: FilterState) -> None:
    """Make this the filter of the page, by its URL."""
    st.query_params.from_dict(to_params(state))


def _today() -> date:
    return datetime.now(UTC).astimezone(BERLIN).date()


def _period(page: Context) -> None:
    key = "bm_period"
    st.session_state[key] = "custom" if page.chosen.start is not None else page.chosen.period

    def changed() -> None:
        choice = st.session_state[key]
        if choice == "custom":
            end = page.state.end or page.newest
            start = page.state.start or end - timedelta(days=83)
            change_url(page.chosen.between(start, end))
        else:
            change_url(page.chosen.but(period=choice, start=None, end=None))

    st.selectbox(
        page.words("period"),
        PERIODS,
        key=key,
        format_func=lambda period: page.words(f"period_{period}"),
        on_change=changed,
        label_visibility="collapsed",
        width=210,
    )
    if page.chosen.start is not None:
        _days(page)


def _days(page: Context) -> None:
    key = "bm_days"
    st.session_state[key] = (page.chosen.start, page.chosen.end)

    def changed() -> None:
        days = st.session_state[key]
        if len(days) == 2:
            change_url(page.chosen.between(*days))

    st.date_input(
        page.words("period_days"),
        key=key,
        min_value=EARLIEST,
        max_value=_today() + timedelta(days=366),
        format="DD.MM.YYYY",
        on_change=changed,
        label_visibility="collapsed",
        width=230,
    )


def _details(page: Context, figures: Figures) -> None:
    choices = figures.choices(page.state.brand)
    options: dict[str, Sequence[str]] = {
        "sources": [value for value, _ in choices["source"]],
        "topics": [topic.id for topic in page.config.topics],
        "experiences": SENTIMENTS,
        "channels": [channel for channel in CHANNELS if channel in dict(choices["channel"])],
        "phases": JOURNEY_PHASES,
        "touchpoints": [value for value, _ in choices["touchpoint"]],
    }
    for field, kind in LISTS.items():
        _list(page, field, kind, options[field])
    if page.config.competitors:
        _brand(page)
    _copies(page)


def _list(page: Context, field: str, kind: str, options: Sequence[str]) -> None:
    key = f"bm_{field}"
    chosen = list(getattr(page.chosen, field))
    st.session_state[key] = chosen
    st.multiselect(
        page.words(kind),
        # A value from a link stays choosable, also where nothing stored has it any more.
        list(dict.fromkeys([*options, *chosen])),
        key=key,
        format_func=lambda value: page.label(kind, value),
        placeholder=page.words(f"all_{field}"),
        on_change=_writer(page, key, lambda value: {field: tuple(value)}),
    )


def _brand(page: Context) -> None:
    key = "bm_brand"
    options = list(dict.fromkeys([page.config.brand, *page.config.competitors, EVERY_BRAND, str(page.state.brand)]))
    st.session_state[key] = page.state.brand
    st.selectbox(
        page.words("brand"),
        options,
        key=key,
        format_func=lambda brand: page.words("brand_all") if brand == EVERY_BRAND else brand,
        on_change=_writer(page, key, lambda brand: {"brand": None if brand == page.config.brand else brand}),
    )


def _copies(page: Context) -> None:
    key = "bm_copies"
    st.session_state[key] = page.chosen.copies == "once"
    st.toggle(
        page.words("copies_once"),
        key=key,
        on_change=_writer(page, key, lambda once: {"copies": "once" if once else "all"}),
    )


def _writer(page: Context, key: str, changes: Callable[[Any], dict[str, Any]]) -> Callable[[], None]:
    def changed() -> None:
        change_url(page.chosen.but(**changes(st.session_state[key])))

    return changed
