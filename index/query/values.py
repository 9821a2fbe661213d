"""Dates, numbers and truth values as people type them.

A date is a period: "2026-03" is the whole of March, "now-7d" one second. So `>2026-03` begins in April,
`<=2026-03-01` includes that day, and all bounds are whole seconds, half-open.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babel.dates import get_month_names

from index.fields import BERLIN

# The time range that all engines can hold (64 bit of nanoseconds end in 2262).
_YEARS = range(1900, 2200)
# These hold German calendar days written as midnight UTC.
DAY_FIELDS = frozenset({"published_day", "work.due"})

_TRUE = frozenset({"true", "ja", "wahr"})
_FALSE = frozenset({"false", "nein", "falsch"})
_FLOAT = re.compile(r"[+-]?(\d{1,15}([.,]\d{1,15})?|[.,]\d{1,15})")
_MONTHS = tuple(get_month_names("wide", locale="de")[number].casefold() for number in range(1, 13))
_TODAY = {"heute": 0, "today": 0, "gestern": -1, "yesterday": -1}

_DAY_ISO = re.compile(r"(?P<year>\d{4})(-(?P<month>\d{1,2})(-(?P<day>\d{1,2}))?)?")
_WEEK = re.compile(r"(?P<year>\d{4})-?W(?P<week>\d{1,2})", re.IGNORECASE)
_GERMAN = re.compile(r"((?P<day>\d{1,2})\.\s*)?(?P<month>\d{1,2})\.\s*(?P<year>\d{4})")
_NAMED = re.compile(r"((?P<day>\d{1,2})\.?\s+)?(?P<name>[a-zä]+)\s+(?P<year>\d{4})", re.IGNORECASE)
_TIME = re.compile(
    r"(?P<date>\S+)([T ]|,\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2})(\.\d{1,9})?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_MATH = re.compile(r"now(?P<steps>([+-]\d{1,6}[smhHdwMy])*)(/(?P<round>[smhHdwMy]))?")
_STEP = re.compile(r"([+-]\d+)([smhHdwMy])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "H": 3600}
_DAYS = {"d": 1, "w": 7}


@dataclass(frozen=True)
class Period:
    """From `start` up to but without `end`, both aware and in UTC."""

    start: datetime
    end: datetime


def read_bool(text: str) -> bool | None:
    """true/ja/wahr, false/nein/falsch in any case; None for anything else."""
    word = text.strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def read_number(text: str) -> float | None:
    """A number with a point or a German comma, without groups or exponent; None for anything else."""
    word = text.strip()
    return float(word.replace(",", ".")) if _FLOAT.fullmatch(word) else None


def read_period(text: str, *, name: str, now: datetime) -> Period | None:
    """The period that a date text means for the field `name`, or None if it is no date.

    Times without a zone are Berlin's. For `DAY_FIELDS` the calendar day counts, whatever the zone.
    """
    word = text.strip()
    try:
        local = _local_period(word, now.astimezone(BERLIN).replace(tzinfo=None, microsecond=0))
        if local is None:
            return None
        start, end = local
        if start.year not in _YEARS:
            return None
        zone = UTC if name in DAY_FIELDS else BERLIN
        return Period(start.replace(tzinfo=zone).astimezone(UTC), end.replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


_Local = tuple[datetime, datetime]


def _local_period(word: str, now: datetime) -> _Local | None:
    if word.casefold() in _TODAY:
        start = _floor(now, "d") + timedelta(days=_TODAY[word.casefold()])
        return start, start + timedelta(days=1)
    if (match := _MATH.fullmatch(word)) is not None:
        return _math(match, now)
    if (match := _TIME.fullmatch(word)) is not None:
        return _time(match)
    return _calendar(word)


def _calendar(word: str) -> _Local | None:
    if (match := _WEEK.fullmatch(word)) is not None:
        start = datetime.fromisocalendar(int(match["year"]), int(match["week"]), 1)
        return start, start + timedelta(days=7)
    if (match := _NAMED.fullmatch(word)) is not None:
        month = _month(match["name"].casefold())
        return None if month is None else _days(int(match["year"]), month, match["day"])
    match = _DAY_ISO.fullmatch(word) or _GERMAN.fullmatch(word)
    if match is None:
        return None
    if match["month"] is None:
        return datetime(int(match["year"]), 1, 1), datetime(int(match["year"]) + 1, 1, 1)
    return _days(int(match["year"]), int(match["month"]), match["day"])


def _month(name: str) -> int | None:
    found = [number for number, full in enumerate(_MONTHS, 1) if full == name or (len(name) == 3 and full[:3] == name)]
    return found[0] if found else None


def _days(year: int, month: int, day: str | None) -> _Local:
    if day is None:
        return datetime(year, month, 1), _shift(datetime(year, month, 1), 1)
    start = datetime(year, month, int(day))
    return start, start + timedelta(days=1)


def _time(match: re.Match[str]) -> _Local | None:
    """One minute or one second; a zone is turned into Berlin's clock."""
    day = _calendar(match["date"].rstrip(","))
    if day is None or day[1] - day[0] != timedelta(days=1):
        return None
    start = day[0].replace(hour=int(match["hour"]), minute=int(match["minute"]), second=int(match["second"] or 0))
    if match["zone"] is not None:
        zone = "+0000" if match["zone"] == "Z" else match["zone"].replace(":", "")
        aware = datetime.strptime(f"{start.isoformat()}{zone}", "%Y-%m-%dT%H:%M:%S%z")
        start = aware.astimezone(BERLIN).replace(tzinfo=None)
    return start, start + timedelta(seconds=60 if match["second"] is None else 1)


def _math(match: re.Match[str], now: datetime) -> _Local:
    """Elasticsearch's date math: days and longer follow the calendar, hours and shorter the clock."""
    moment = now
    for amount, unit in _STEP.findall(match["steps"]):
        moment = _step(moment, int(amount), unit)
    unit = match["round"]
    if unit is None:
        return moment, moment + timedelta(seconds=1)
    start = _floor(moment, unit)
    return start, _step(start, 1, unit)


def _step(moment: datetime, amount: int, unit: str) -> datetime:
    if unit in _SECONDS:
        exact = moment.replace(tzinfo=BERLIN).astimezone(UTC) + timedelta(seconds=amount * _SECONDS[unit])
        return exact.astimezone(BERLIN).replace(tzinfo=None)
    if unit in _DAYS:
        return moment + timedelta(days=amount * _DAYS[unit])
    return _shift(moment, amount * (12 if unit == "y" else 1))


def _shift(moment: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first.replace(day=min(moment.day, (following - timedelta(days=1)).day))


_FLOORS: dict[str, Callable[[datetime], datetime]] = {
    "s": lambda moment: moment,
    "m": lambda moment: moment.replace(second=0),
    "h": lambda moment: moment.replace(second=0, minute=0),
    "d": lambda moment: moment.replace(second=0, minute=0, hour=0),
    "w": lambda moment: (moment - timedelta(days=moment.weekday())).replace(second=0, minute=0, hour=0),
    "M": lambda moment: moment.replace(second=0, minute=0, hour=0, day=1),
    "y": lambda moment: moment.replace(second=0, minute=0, hour=0, day=1, month=1),
}


def _floor(moment: datetime, unit: str) -> datetime:
    return _FLOORS[unit.lower() if unit == "H" else unit](moment)
