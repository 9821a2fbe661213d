"""One click on a mention: why does the model read it so? Computed on demand, the model loaded at the first click."""

from __future__ import annotations

import logging
import threading

import streamlit as st

from dashboard.context import Context
from dashboard.explaining import Explain, Explanation, NoExplanationError, is_provided, opened
from dashboard.reasons import explained, unexplained
from index.mention import Mention

log = logging.getLogger("dashboard")

_OPEN = "bm_why_open"
_KEPT = 200


def why_button(page: Context, mention: Mention) -> None:
    """Draw the button that opens and closes a mention's explanation; nothing where nothing can be explained."""
    if not is_provided():
        return
    word = "why_close" if _is_open(mention) else "why"
    st.button(
        page.words(word),
        key=f"bm_why_{mention.id}",
        help=page.words("why_help"),
        type="tertiary",
        on_click=_toggle,
        args=(mention.id,),
    )


def why_panel(page: Context, mention: Mention) -> None:
    """Draw a mention's explanation if it was asked for."""
    if not is_provided() or not _is_open(mention):
        return
    try:
        with st.spinner(page.words("why_working")):
            found = _explanation(mention.text, mention.title, mention.channel)
    except NoExplanationError as error:
        log.warning("a mention could not be explained: %s", error)
        st.html(unexplained(page, str(error)))
        return
    st.html(explained(page, mention, found))


def _is_open(mention: Mention) -> bool:
    return mention.id in st.session_state.get(_OPEN, ())


def _toggle(id: str) -> None:
    st.session_state[_OPEN] = frozenset(st.session_state.get(_OPEN, ())) ^ {id}


class _Room:
    """The model of this process. It serves one thread at a time, and every session is a thread."""

    def __init__(self, explain: Explain) -> None:
        self._explain = explain
        self._lock = threading.Lock()

    def explain(self, text: str, title: str | None, channel: str | None) -> Explanation:
        with self._lock:
            return self._explain(text, title, channel)


@st.cache_resource(show_spinner=False)
def _room() -> _Room:
    return _Room(opened())


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _explanation(text: str, title: str | None, channel: str | None) -> Explanation:
    return _room().explain(text, title, channel)
