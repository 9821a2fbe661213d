"""Dates as people read them."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_datetime

from brandmelder.texts import language
from index.fields import BERLIN


def german_time(moment: datetime | None) -> str:
    """A moment in Berlin time, such as "3. März 2026, 14:05"; empty for None."""
    if moment is None:
        return ""
    pattern = "d. MMMM y, HH:mm" if language() == "de" else "d MMMM y, HH:mm"
    return format_datetime(moment.astimezone(BERLIN), pattern, locale=language())
