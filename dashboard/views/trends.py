"""The trend: how much is written, how much of it is negative, as charts that open their mentions and as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import charts, formats
from dashboard.context import Context
from dashboard.figures import Step, TrendPoint, step_for
from dashboard.loaders import Figures
from dashboard.parts import anchor, card_head, table
from dashboard.state import FilterState, link, to_params
from dashboard.views.notices import blind_caption
from dashboard.views.routes import open_page

if TYPE_CHECKING:
    import altair as alt

CONTEXT_WEEKS = 12


def draw_trend(page: Context, figures: Figures) -> None:
    """Two charts side by side and their numbers. A short period is shown at the end of a longer one."""
    seen = _with_context(page)
    trend = figures.trend(seen.state.but(experiences=()))
    step = step_for(seen.state.start, seen.state.end)
    n = page.number(sum(point.counts.n for point in trend))
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="bm_card_volume"):
        st.html(card_head(page.words(f"trend_volume_{step}"), page.words("trend_note", n=n, period=seen.period)))
        alt = page.words("trend_alt_volume", period=seen.period, n=n)
        chart = charts.volume_chart(trend, page.words, step, since=page.state.start)
        _clickable(seen, chart, "volume", step, alt)
    with right, st.container(key="bm_card_share"):
        minimum = page.config.min_group
        note = page.words("trend_band", min=minimum, n=n, period=seen.period)
        st.html(card_head(page.words(f"trend_share_{step}"), note))
        last = next((point for point in reversed(trend) if point.counts.n >= minimum), None)
        value = page.percent(last.counts.share("negative").value if last is not None else None)
        alt = page.words("trend_alt_share", period=seen.period, last=value)
        _clickable(seen, charts.share_chart(trend, page.words, step, min_group=minimum), "share", step, alt)
    if caption := blind_caption(page):
        st.html(caption)
    with st.expander(page.words("as_table")):
        st.html(_as_table(seen, trend, step))


def _with_context(page: Context) -> Context:
    """The page over at least `CONTEXT_WEEKS`, so that a trend has something to be compared with."""
    start, end = page.state.start, page.state.end
    if start is None or end is None:
        return page
    earliest = end - timedelta(days=end.weekday(), weeks=CONTEXT_WEEKS - 1)
    if start <= earliest:
        return page
    longer = page.chosen.between(earliest, end)
    return replace(page, chosen=longer)


def within(page: Context, start: date, step: Step, **changes: Any) -> FilterState:
    """The filter narrowed to one point of the trend: its days, as far as they lie in the period."""
    end = start + timedelta(days=0 if step == "day" else 6)
    first = start if page.state.start is None else max(start, page.state.start)
    last = end if page.state.end is None else min(end, page.state.end)
    return page.chosen.but(period="custom", start=first, end=last, **changes)


def _clickable(page: Context, chart: alt.LayerChart | alt.FacetChart, name: str, step: Step, description: str) -> None:
    # The key carries the filter, so that a click belongs to this drawing and not to a later one.
    key = f"bm_chart_{name}_{abs(hash(page.chosen))}"
    event = st.altair_chart(chart, theme=None, width="stretch", key=key, on_select="rerun", alt=description)
    picked = event.selection.get("picked") or []
    if not picked:
        return
    try:
        start = date.fromisoformat(str(picked[0]["start"]))
    except (KeyError, ValueError):
        return
    experiences = ("negative",) if name == "share" else ()
    open_page("mentions", to_params(within(page, start, step, experiences=experiences)))


def _as_table(page: Context, trend: list[TrendPoint], step: Step) -> str:
    words, language = page.words, page.words.language
    rows = []
    for point in reversed(trend):
        share = point.counts.share("negative")
        shown = share.n >= page.config.min_group
        day = formats.day(point.start, language)
        label = day if step == "day" else words("week_of", week=formats.week(point.start, language), day=day)
        href = link("mentions", within(page, point.start, step, experiences=()))
        rows.append(
            [
                anchor(href, escape(label)),
                page.number(share.n),
                *(page.number(getattr(point.counts, name)) for name in charts.COLOURS),
                page.percent(share.value) if shown else escape(words("too_few")),
                formats.interval(share, language) if shown else "–",
            ]
        )
    columns = [words("column_time"), "n", *(words(f"experience_{name}") for name in charts.COLOURS)]
    columns += [words("negative_figure"), words("column_interval")]
    n = page.number(sum(point.counts.n for point in trend))
    return table(columns, rows, caption=words("trend_note", n=n, period=page.period))
