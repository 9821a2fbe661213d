"""Numbers, days and periods as people write them in German or English."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from dashboard.intervals import Share
from dashboard.state import Language
from index.fields import BERLIN

# Space that doesn't break, narrow enough to belong to the number.
GAP = "\u202f"
MINUS = "\u2212"


def number(value: float, language: Language) -> str:
    """`1.234` or `1,234`; at most one decimal."""
    return format_decimal(value, "#,##0.#", locale=language).replace("-", MINUS)


def percent(value: float | None, language: Language, *, digits: int = 0) -> str:
    """`12,5 %` or `12.5%` of a share from 0 to 1; an en dash where there is none."""
    if value is None:
        return "–"
    text = format_decimal(value * 100, "0." + "0" * digits if digits else "0", locale=language).replace("-", MINUS)
    return f"{text}{GAP}%" if language == "de" else f"{text}%"


def interval(share: Share, language: Language) -> str:
    """`33–43 %`: the bounds of a share."""
    if share.low is None or share.high is None:
        return "–"
    low = format_decimal(share.low * 100, "0", locale=language)
    return f"{low}–{percent(share.high, language)}"


def signed(value: float, language: Language) -> str:
    """`+12` or `−3,5`, with the sign always written."""
    text = format_decimal(abs(value), "#,##0.#", locale=language)
    return text if text == "0" else f"{'+' if value > 0 else MINUS}{text}"


def polarity(value: float, language: Language) -> str:
    """`−0,92` or `+0.05`: from -1 to 1, the sign always written."""
    text = format_decimal(abs(value), "0.00", locale=language)
    return text if text.strip("0.,") == "" else f"{'+' if value > 0 else MINUS}{text}"


def p_value(value: float, language: Language) -> str:
    """`p = 0,03`, `p < 0,001`."""
    if value < 0.001:
        return f"p < {format_decimal(0.001, '0.000', locale=language)}"
    return f"p = {format_decimal(value, '0.000' if value < 0.01 else '0.00', locale=language)}"


def day(value: date, language: Language) -> str:
    """`3. März 2026` or `3 March 2026`."""
    return format_date(value, "d. MMMM y" if language == "de" else "d MMMM y", locale=language)


def short_day(value: date, language: Language) -> str:
    """`3.3.` or `3 Mar`, for axes."""
    return format_date(value, "d.M." if language == "de" else "d MMM", locale=language)


def moment(value: datetime, language: Language, *, with_time: bool) -> str:
    """The day in Berlin, and the time of day where the page gave one."""
    local = value.astimezone(BERLIN)
    text = day(local.date(), language)
    if not with_time:
        return text
    clock = format_time(local.time(), "HH:mm", locale=language)
    return f"{text}, {clock} Uhr" if language == "de" else f"{text}, {clock}"


def period(start: date, end: date, language: Language) -> str:
    """`1. bis 7. März 2026`: two days, both included, without saying the same month or year twice."""
    if start == end:
        return day(end, language)
    dot, word = (".", "bis") if language == "de" else ("", "to")
    if start.year != end.year:
        first = day(start, language)
    elif start.month != end.month:
        first = format_date(start, f"d{dot} MMMM", locale=language)
    else:
        first = f"{start.day}{dot}"
    return f"{first} {word} {day(end, language)}"


def week(monday: date, language: Language) -> str:
    """`KW 12` or `week 12` (ISO 8601)."""
    return f"{'KW' if language == 'de' else 'week'} {monday.isocalendar().week}"
