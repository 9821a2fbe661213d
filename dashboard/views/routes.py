"""The addresses of the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.state import VIEWS, View

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

_SESSION_KEY = "bm_pages"


def routes(titles: Mapping[View, str], draw: Mapping[View, Callable[[], None]]) -> Page:
    """The page that the address asks for."""
    pages = {
        view: st.Page(draw[view], title=titles[view], url_path="" if view == "overview" else view, default=not number)
        for number, view in enumerate(VIEWS)
    }
    st.session_state[_SESSION_KEY] = pages
    return st.navigation(list(pages.values()), position="hidden")


def open_page(view: View, params: Mapping[str, Any]) -> None:
    """Leave for another page."""
    st.switch_page(st.session_state[_SESSION_KEY][view], query_params=dict(params))
