"""One click on a mention: it means something else than the brand. And back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from html import escape

import streamlit as st

from dashboard.context import Context
from dashboard.loaders import Figures
from index.mention import Mention
from index.store import StoreError

log = logging.getLogger("dashboard")

_SAID = "bm_judged"


@dataclass(frozen=True)
class _Said:
    id: str
    not_us: bool
    error: str | None = None


def judge_button(page: Context, figures: Figures, mention: Mention) -> None:
    """Draw the button under a mention: "das sind nicht wir", or for a marked one that it is us after all."""
    word = "is_us" if mention.work.not_us else "not_us"
    st.button(
        page.words(word),
        key=f"bm_judge_{mention.id}",
        help=page.words(f"{word}_help"),
        type="tertiary",
        on_click=_judge,
        args=(figures, mention.id, not mention.work.not_us),
    )


def judged(page: Context, figures: Figures) -> None:
    """Say once what the last click did, with a way back."""
    said: _Said | None = st.session_state.pop(_SAID, None)
    if said is None:
        return
    if said.error is not None:
        text = page.words("judge_failed", error=said.error)
    else:
        text = page.words("judged_not_us" if said.not_us else "judged_us")
    with st.container(key="bm_judged", horizontal=True, vertical_alignment="center"):
        st.html(f"<p class='bm-note' role='status'>{escape(text)}</p>")
        if said.error is None:
            st.button(page.words("undo"), key="bm_undo", on_click=_judge, args=(figures, said.id, not said.not_us))


def _judge(figures: Figures, id: str, not_us: bool) -> None:
    error = None
    try:
        figures.judge(id, not_us=not_us)
    except StoreError as fault:
        log.warning("a judgement could not be kept: %s", fault)
        error = str(fault)
    st.session_state[_SAID] = _Said(id, not_us, error)
