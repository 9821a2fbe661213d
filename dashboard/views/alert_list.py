"""The page of alerts: what was noticed and told to the brand team, newest first, each with its evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from dashboard import formats
from dashboard.alerts.log import AlertEvent, read_events
from dashboard.context import Context
from dashboard.loaders import Figures
from dashboard.parts import anchor, badge, heading, panel
from dashboard.state import FilterState, from_params, link
from dashboard.verbatims import cards
from index.fields import BERLIN

CHECK_COMMAND = "brandmelder alerts check --brand PROFIL"
# The newest events show what people wrote; older ones only link to it.
WITH_VERBATIMS = 5
VERBATIMS = 2
CANDIDATES = 50
SHOWN = 100
DELIVERY_CSS = {"delivered": "", "pending": "bm-warn", "held": "bm-warn", "retagged": "bm-warn"}


def render(page: Context, figures: Figures) -> None:
    """Draw the page."""
    events = [event for event in read_events(page.config.data) if event.brand == page.config.brand]
    st.html(heading(page, page.words("page_alerts"), count=None, with_before=False, with_period=False))
    st.html(f"<p class='bm-lead'>{escape(page.words('alerts_lead'))}</p>")
    if not events:
        text = page.words("alerts_none_hint")
        st.html(panel(page.words("alerts_none"), text, command=CHECK_COMMAND))
        return
    items = []
    for number, event in enumerate(events[:SHOWN]):
        state = mentions_of(page, event)
        evidence = _evidence(page, figures, state, event) if number < WITH_VERBATIMS else ""
        items.append(f"<li>{_card(page, event, state, evidence)}</li>")
    st.html(f"<ul class='bm-cards'>{''.join(items)}</ul>")


def mentions_of(page: Context, event: AlertEvent) -> FilterState:
    """The filter behind an event's link: what the mail opens. Without a readable one, its topic and days."""
    params = parse_qs(urlsplit(event.link).query)
    state = from_params(params)
    if state.start is None or not state.topics:
        end = event.opened_at.astimezone(BERLIN).date()
        state = FilterState(brand=event.brand, topics=event.topics[:1], experiences=("negative",)).between(
            end - timedelta(days=event.window_days), end
        )
    return replace(state, language=page.chosen.language)


def _card(page: Context, event: AlertEvent, state: FilterState, evidence: str) -> str:
    words, language = page.words, page.words.language
    others = "".join(badge(words("alert_also", topic=page.label("topic", topic))) for topic in event.topics[1:])
    facts = [
        words("alert_window", n=event.window_days) if event.window_days > 1 else words("alert_window_day"),
        words("alert_began", day=formats.day(event.since.astimezone(BERLIN).date(), language)),
        words("alert_history", n=event.history_days),
    ]
    noticed = words("alert_since", when=formats.moment(event.opened_at, language, with_time=True))
    expected = words(
        "alert_expected", n=page.number(event.count), expected=formats.number(round(event.expected, 1), language)
    )
    mail = f"<span class='bm-quiet'>{escape(words('alert_mail', file=event.mail))}</span>" if event.mail else ""
    opened = anchor(link("mentions", state), escape(words("alert_open")), css="bm-action")
    return (
        "<article class='bm-card bm-edge-negative bm-alert'>"
        f"<div class='bm-meta'><span>{escape(noticed)}</span>"
        f"{badge(words(f'alert_{event.delivery}'), DELIVERY_CSS[event.delivery])}{others}</div>"
        f"<h3>{escape(page.label('topic', event.topics[0]))}</h3>"
        f"<p class='bm-alertline'>{_bars(event)}<span><b>{escape(expected)}</b>"
        f"<small>{escape(' · '.join(facts))}</small></span></p>{evidence}"
        f"<div class='bm-foot'>{opened}{mail}</div></article>"
    )


def _bars(event: AlertEvent) -> str:
    """The count beside what was expected, as two bars."""
    most = max(event.count, event.expected, 1.0)
    bars = "".join(
        f"<i class='{css}' style='height:{max(2.0, 100 * value / most):.0f}%'></i>"
        for css, value in (("bm-was", event.expected), ("bm-is", event.count))
    )
    return f"<span class='bm-bars' aria-hidden='true'>{bars}</span>"


def _evidence(page: Context, figures: Figures, state: FilterState, event: AlertEvent) -> str:
    """The newest voices that were there when the event was noticed; the filter ends with that day only."""
    found = figures.search(state, size=CANDIDATES).mentions
    known = [one for one in found if one.published_at is None or one.published_at <= event.opened_at][:VERBATIMS]
    return cards(replace(page, chosen=state), known, {}, is_brief=True) if known else ""
