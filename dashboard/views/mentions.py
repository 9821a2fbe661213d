"""The page of verbatims: search, read, follow to the original."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard.context import Context
from dashboard.loaders import PAGE_SIZE, Figures, Found
from dashboard.parts import anchor, heading, panel
from dashboard.state import MAX_PAGE, MAX_SEARCH, ORDERS, search_error
from dashboard.verbatims import cards
from dashboard.views.filters import change_url
from dashboard.views.judging import judge_button, judged
from dashboard.views.notices import blind_notice, nothing_here, remarks, unreadable
from dashboard.views.why import why_button, why_panel


def render(page: Context, figures: Figures) -> None:
    """Draw the page."""
    place = st.empty()
    _search(page)
    error = search_error(page.chosen.search)
    if error is not None:
        place.html(heading(page, page.words("page_mentions"), count=None, with_before=False))
        st.html(unreadable(page, error))
        return
    if said := remarks(page):
        st.html(said)
    found = figures.search(page.state)
    place.html(heading(page, page.words("page_mentions"), count=found.total, with_before=False))
    judged(page, figures)
    if not found.total:
        _none(page, figures)
        return
    blind_notice(page)
    if any(mention.aspects for mention in found.mentions):
        st.html(_legend(page))
    copies = figures.copies(found.mentions)
    with st.container(key="bm_items", gap="xsmall"):
        for mention in found.mentions:
            with st.container(key=f"bm_item_{mention.id}", gap=None):
                st.html(cards(page, [mention], copies))
                with st.container(key=f"bm_acts_{mention.id}", horizontal=True):
                    why_button(page, mention)
                    judge_button(page, figures, mention)
                why_panel(page, mention)
    if pager := _pager(page, found):
        st.html(pager)


def _search(page: Context) -> None:
    key, order = "bm_search", "bm_order"
    st.session_state[key] = page.chosen.search
    st.session_state[order] = page.chosen.order
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    left.text_input(
        page.words("search"),
        key=key,
        max_chars=MAX_SEARCH,
        placeholder=page.words("search_placeholder"),
        on_change=lambda: change_url(page.chosen.but(search=st.session_state[key].strip())),
    )
    right.selectbox(
        page.words("order"),
        ORDERS,
        key=order,
        format_func=lambda value: page.words(f"order_{value}"),
        on_change=lambda: change_url(page.chosen.but(order=st.session_state[order])),
    )
    st.html(f"<p class='bm-note'>{escape(page.words('search_help'))}</p>")


def _none(page: Context, figures: Figures) -> None:
    if page.chosen.search:
        st.html(panel(page.words("found_none"), page.words("found_none_hint")))
    else:
        nothing_here(page, figures)


def _legend(page: Context) -> str:
    marks = "".join(
        f"<mark class='bm-{name}'>{escape(page.words(f'experience_{name}'))}</mark>"
        for name in ("negative", "neutral", "positive")
    )
    return f"<div class='bm-marks'><span>{escape(page.words('mark_legend'))}</span>{marks}</div>"


def _pager(page: Context, found: Found) -> str:
    pages = min(MAX_PAGE, -(-found.total // PAGE_SIZE))
    number = page.chosen.page
    if pages == 1 and number == 1:
        return ""
    if page.chosen.order == "relevance":
        note = page.words("only_first_page") if pages > 1 else ""
        return f"<p class='bm-note bm-pager'>{escape(note)}</p>"
    middle = page.words("page_of", page=page.number(number), pages=page.number(pages))
    parts = [f"<span>{escape(middle)}</span>"]
    if number > 1:
        href = page.href("mentions", page=min(number - 1, pages))
        parts.insert(0, anchor(href, escape(page.words("page_previous")), extra=" rel='prev'"))
    if number < pages:
        parts.append(
            anchor(page.href("mentions", page=number + 1), escape(page.words("page_next")), extra=" rel='next'")
        )
    return f"<nav class='bm-pager'>{''.join(parts)}</nav>"
