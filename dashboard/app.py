"""The dashboard's one script: reads the settings, opens the store, draws the page that the address asks for."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.config import ConfigError, DashboardConfig, read_config
from dashboard.context import Context
from dashboard.loaders import Figures, forget_desk
from dashboard.parts import header
from dashboard.state import VIEWS, FilterState, Language, View, from_params, search_error
from dashboard.texts import Words
from dashboard.views import alert_list, filters, hotspots, mentions, notices, overview
from dashboard.views.routes import routes
from index.store import StoreError

HERE = Path(__file__).parent
log = logging.getLogger("dashboard")

DRAW: dict[View, Callable[[Context, Figures], None]] = {
    "overview": overview.render,
    "hotspots": hotspots.render,
    "mentions": mentions.render,
    "alerts": alert_list.render,
}


def main() -> None:
    """Draw the page."""
    chosen = from_params({name: st.query_params.get_all(name) for name in st.query_params})
    try:
        config = read_config(sys.argv[1:])
    except ConfigError as error:
        words = Words(chosen.language or "de")
        _frame(words("config_title"), words.language)
        notices.no_config(words, error)
        return
    words = Words(chosen.language or config.language)
    titles = {view: f"{words(f'page_{view}')} · {config.brand} · Brandmelder" for view in VIEWS}
    routes(titles, {view: _drawer(config, view, chosen, titles[view]) for view in VIEWS}).run()


def _drawer(config: DashboardConfig, view: View, chosen: FilterState, title: str) -> Callable[[], None]:
    def draw() -> None:
        words = Words(chosen.language or config.language)
        _frame(title, words.language)
        try:
            _page(config, view, chosen)
        except StoreError as error:
            log.warning("the store can't answer: %s", error)
            # The next drawing opens it anew: whatever was wrong may be over.
            forget_desk()
            notices.no_store(words, config, str(error))
        copies = words("footer_copies") if chosen.copies == "once" else ""
        st.html(f"<footer class='bm-footer'>{words('footer', copies=copies)}</footer>")

    draw.__name__ = view
    return draw


def _page(config: DashboardConfig, view: View, chosen: FilterState) -> None:
    figures = Figures(config)
    page = Context(config, view, chosen, figures.newest_day(chosen.brand or config.brand))
    st.html(header(page))
    if view != "alerts":
        filters.bar(page, figures)
    error = search_error(chosen.search) if view in ("overview", "hotspots") else None
    if error is not None:
        st.html(notices.unreadable(page, error))
        return
    if view in ("overview", "hotspots") and (said := notices.remarks(page)):
        st.html(said)
    DRAW[view](page, figures)


def _frame(title: str, language: Language) -> None:
    st.set_page_config(page_title=title, page_icon=str(HERE / "sign.png"), layout="wide")
    st.html(HERE / "theme.css")
    with st.container(key="bm_links"):
        st.components.v2.component("bm_links", js=(HERE / "links.js").read_text(encoding="utf-8"))(
            key="bm_links_on", data={"lang": language}
        )


main()
