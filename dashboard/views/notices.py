"""What stands between people and the figures: no settings, no store, no mentions, sources that were not read."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import formats
from dashboard.context import Context
from dashboard.parts import anchor, panel
from dashboard.state import FilterState, link
from dashboard.texts import Words
from index.blindness import BlindPeriod, blind_periods
from index.fields import BERLIN
from index.opening import without_credentials
from index.query import QuerySyntaxError
from index.query.notes import notes

if TYPE_CHECKING:
    from dashboard.config import ConfigError, DashboardConfig
    from dashboard.loaders import Figures

START_COMMAND = "brandmelder dashboard --brand PROFIL"
CRAWL_COMMAND = "brandmelder run --brand PROFIL"
BAD_OUTCOMES = ("failed", "suspicious", "refused", "interrupted", "bounded")
RUNS = 200


@dataclass(frozen=True)
class Blind:
    """A source whose last run left a gap: what became of the run, and since when nothing complete was read."""

    source: str
    outcome: str
    at: datetime
    since: date | None


def no_config(words: Words, error: ConfigError) -> None:
    """The dashboard was started without (valid) settings."""
    detail = "" if error.key == "config_unset" else f"<p><code>{escape(error.detail)}</code></p>"
    st.html(panel(words("config_title"), words(error.key), command=START_COMMAND, extra=detail))


def no_store(words: Words, config: DashboardConfig, reason: str) -> None:
    """The store can't be reached, or refuses."""
    where = without_credentials(config.store) if config.store else str(config.data)
    hint = words("store_hint_elastic" if config.store else "store_hint_folder", where=where)
    st.html(panel(words("store_title"), words("store_text", reason=reason), extra=f"<p>{escape(hint)}</p>"))


def nothing_here(page: Context, figures: Figures) -> None:
    """No mention matches: because there is none at all, none of this brand, or none in this selection."""
    words, brand = page.words, str(page.state.brand)
    of_brand = sum(count for _, count in figures.choices(page.state.brand)["source"])
    if of_brand:
        text = words("empty_filter_text", n=page.number(of_brand), brand=brand)
        everything = FilterState(period="all", brand=page.chosen.brand, language=page.chosen.language)
        reset = anchor(link(page.view, everything), escape(words("show_everything")))
        st.html(panel(words("empty_filter_title"), text, extra=f"<p>{reset}</p>"))
    elif stored := figures.stored():
        text = words("empty_brand_text", n=page.number(stored), brand=brand)
        st.html(panel(words("empty_brand_title"), text))
    else:
        st.html(panel(words("empty_title"), words("empty_text", brand=brand), command=CRAWL_COMMAND))


def unreadable(page: Context, error: QuerySyntaxError) -> str:
    """The search text with what is wrong with it and where, as safe HTML."""
    problem = page.words("search_error", message=error.message(page.words.language))
    where = page.words("search_error_at", position=error.position + 1)
    caret = f"{escape(error.query)}\n{' ' * error.position}^"
    shown = f"<pre class='bm-caret'>{caret}</pre>"
    return f"<div class='bm-error' role='alert'>{escape(problem)} ({escape(where)}){shown}</div>"


def remarks(page: Context) -> str:
    """What the search text, which can be read, hardly means, as safe HTML; nothing where nothing is to be said."""
    items = "".join(
        f"<li>{escape(note.message(page.words.language))} "
        f"({escape(page.words('search_error_at', position=note.position + 1))})</li>"
        for note in notes(page.search_query)
    )
    title = escape(page.words("search_remarks"))
    return f"<div class='bm-notice' role='status'><b>{title}</b><ul>{items}</ul></div>" if items else ""


def blind_notice(page: Context) -> None:
    """Say which sources were not fully read in the period of the page."""
    gaps = [
        gap
        for gap in blind_sources(_runs(page.config))
        if (page.state.end is None or gap.since is None or page.state.end >= gap.since)
        and (not page.state.sources or gap.source in page.state.sources)
    ]
    if not gaps:
        return
    items = "".join(f"<li>{escape(_gap_text(page, gap))}</li>" for gap in gaps)
    title, note = escape(page.words("blind_title")), escape(page.words("blind_note"))
    st.html(f"<div class='bm-notice' role='status'><b>{title}</b><ul>{items}</ul>{note}</div>")


def blind_caption(page: Context) -> str:
    """Within the page's period, when which source was blind: a caption for charts over time, or nothing."""
    found = [
        page.words("blind_period", source=page.label("source", period.source), days=_days(page, period))
        for period in blind_periods(_runs(page.config))
        if period.until is not None
        and (page.state.start is None or period.until.astimezone(BERLIN).date() >= page.state.start)
        and (page.state.end is None or period.since is None or period.since.astimezone(BERLIN).date() <= page.state.end)
        and (not page.state.sources or period.source in page.state.sources)
    ]
    if not found:
        return ""
    return f"<p class='bm-note'>{escape(page.words('blind_periods', periods='; '.join(found)))}</p>"


def _days(page: Context, period: BlindPeriod) -> str:
    days = [at.astimezone(BERLIN).date() for at in (period.since, period.until) if at is not None]
    return formats.period(days[0], days[-1], page.words.language)


def _gap_text(page: Context, gap: Blind) -> str:
    when = formats.moment(gap.at, page.words.language, with_time=True)
    return page.words(
        "blind_run", source=page.label("source", gap.source), outcome=page.words(f"outcome_{gap.outcome}"), when=when
    )


def blind_sources(runs: list[dict[str, Any]]) -> list[Blind]:
    """Of runs, newest first, the sources whose newest finished run was not complete.

    A later complete run closes a gap. Without an earlier complete run the gap has no beginning.
    """
    latest: dict[str, dict[str, Any]] = {}
    complete: dict[str, date] = {}
    for run in runs:
        if run["outcome"] == "running":
            continue
        latest.setdefault(run["source"], run)
        if run["outcome"] == "done":
            started = datetime.fromisoformat(run["started_at"]).astimezone(BERLIN).date()
            complete.setdefault(run["source"], started)
    return [
        Blind(source, run["outcome"], datetime.fromisoformat(run["started_at"]), complete.get(source))
        for source, run in sorted(latest.items())
        if run["outcome"] in BAD_OUTCOMES
    ]


@st.cache_data(ttl=60, max_entries=20, show_spinner=False)
def _runs_at(path: str) -> list[dict[str, Any]]:
    from index.ledger import Ledger

    with closing(Ledger(path)) as ledger:
        return ledger.runs(limit=RUNS)


def _runs(config: DashboardConfig) -> list[dict[str, Any]]:
    path = config.data / "ledger.sqlite3"
    return _runs_at(str(path)) if path.is_file() else []
