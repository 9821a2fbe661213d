"""The page of hotspots: where bad experiences pile up for their size, ranked and as grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from dashboard.context import Context
from dashboard.figures import Cell, Counts, Dimension, hotspots
from dashboard.hotspot_parts import grid, legend, ranked
from dashboard.loaders import Figures
from dashboard.parts import card_head, heading
from dashboard.views.notices import blind_notice, nothing_here

SHOWN = 10
GRIDS: tuple[Dimension, ...] = ("source", "journey_phase")


def render(page: Context, figures: Figures) -> None:
    """Draw the page."""
    state = page.state.but(experiences=())
    seen = figures.picture(state, GRIDS)
    now = seen.overview
    before = figures.cells(page.before.but(experiences=()), "source") if page.before is not None else []
    st.html(heading(page, page.words("page_hotspots"), count=now.total, with_before=bool(before)))
    if now.total == 0:
        nothing_here(page, figures)
        return
    blind_notice(page)
    average = now.counts.share("negative").value
    st.html(f"<p class='bm-lead'>{escape(page.words('hotspots_lead'))}</p>")
    cells = chosen_topics(page, seen.cells["source"])
    with st.container(key="bm_card_ranked"):
        _ranked(page, cells, before, average, n=now.counts.n)
    totals = _chosen(page, seen.topics)
    for by in GRIDS:
        with st.container(key=f"bm_card_{by}"):
            _grid(page, chosen_topics(page, seen.cells[by]), by, totals, average, n=now.counts.n)


def chosen_topics(page: Context, cells: Sequence[Cell]) -> list[Cell]:
    """Without the topics that are merely mentioned beside a chosen one."""
    return [cell for cell in cells if not page.state.topics or cell.topic in page.state.topics]


def _chosen(page: Context, totals: Mapping[str, Counts]) -> dict[str, Counts]:
    return {name: counts for name, counts in totals.items() if not page.state.topics or name in page.state.topics}


def _ranked(page: Context, cells: list[Cell], before: list[Cell], average: float | None, *, n: int) -> None:
    minimum = page.config.min_group
    spots = hotspots(cells, before, min_group=minimum)
    note = page.words("hotspots_note", min=minimum, average=page.percent(average), n=page.number(n), period=page.period)
    head = card_head(page.words("hotspots_ranked"), note)
    if not spots:
        st.html(head + f"<p class='bm-note'>{escape(page.words('hotspots_none', min=minimum))}</p>")
        return
    html = head + ranked(page, spots[:SHOWN], "source", average=average)
    rest = spots[SHOWN:]
    if rest:
        more = ranked(page, rest, "source", average=average, first=SHOWN + 1)
        label = escape(page.words("show_more_rows", n=len(rest)))
        html += f"<details class='bm-more'><summary>{label}</summary>{more}</details>"
    st.html(html)


def _grid(
    page: Context, cells: list[Cell], by: Dimension, totals: dict[str, Counts], average: float | None, *, n: int
) -> None:
    note = page.words(
        "grid_note", average=page.percent(average), min=page.config.min_group, n=page.number(n), period=page.period
    )
    head = card_head(page.words(f"grid_{by}"), note)
    if not totals:
        st.html(head + f"<p class='bm-note'>{escape(page.words('grid_none'))}</p>")
        return
    st.html(head + legend(page) + grid(page, cells, by, totals, average=average))
