"""The page of alerts: what was sent to the brand team, newest first, each with its evidence."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard.context import Context
from dashboard.loaders import Figures
from dashboard.parts import heading, panel

CHECK_COMMAND = "brandmelder alerts check"


def render(page: Context, _figures: Figures) -> None:
    """Draw the page."""
    st.html(heading(page, page.words("page_alerts"), count=None, with_before=False))
    st.html(f"<p class='bm-lead'>{escape(page.words('alerts_lead'))}</p>")
    st.html(panel(page.words("alerts_none"), page.words("alerts_none_hint"), command=CHECK_COMMAND))
