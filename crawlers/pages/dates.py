"""When something was written: machine-readable times first, then German and English text.

A result is never more exact than the page: "März 2024" is its first day with precision "month". Times without a zone
are taken as the hints' zone; nothing here looks at the clock, `DateHints.now` is the time of the response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from index.mention import DatePrecision

BERLIN = ZoneInfo("Europe/Berlin")
DateOrder = Literal["DMY", "MDY"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jänner jan jän january",
            "februar feber feb february",
            "märz mär mrz maerz mar march",
            "april apr",
            "mai may",
            "juni jun june",
            "juli jul july",
            "august aug",
            "september sept sep",
            "oktober okt october oct",
            "november nov",
            "dezember dez december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_CLOCK = (
    r"(?:[\s,;|·•–-]*(?:um|at|@|gegen)?\s*\b(?P<hour>\d{1,2})(?:[:.](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?)?"
    r"(?:\s*(?P<half>[ap]\.?m\b\.?)|\s*(?P<uhr>Uhr))?)?"
)
_NUMERIC = re.compile(
    r"(?<![\d.,/-])(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})(?!\d)" + _CLOCK, re.I
)
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:\.|-|st|nd|rd|th)?\s*(?P<month>{_MONTH})\b(?:-|\.?,?\s*)(?P<year>\d{{4}}|'?\d{{2}}(?![:\d]))"
    + _CLOCK,
    re.I,
)
_MONTH_DAY = re.compile(
    rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})" + _CLOCK, re.I
)
_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?:[T, ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"(?:\s*([ap])\.?m\b\.?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.I,
)
_DAY_WORD = re.compile(r"\b(?P<word>vorgestern|gestern|heute|yesterday|today)\b(?:\s*\([^)]*\))?" + _CLOCK, re.I)
_RELATIVE = re.compile(
    r"\b(?:vor|seit)\s+(?:(?:etwa|ca\.?|rund|über|fast|mehr als)\s+)?(?P<n>\d+|eine[mnr]?|einem|wenigen|ein paar"
    r"|a few)\s+"
    r"(?P<unit>Sek\w*|Min\w*|Std\w*|Stunde\w*|Tag\w*|Woche\w*|Monat\w*|Jahr\w*)"
    r"|\b(?P<n2>\d+|an?|a few)\s+(?P<unit2>sec\w*|min\w*|hour\w*|day\w*|week\w*|month\w*|year\w*)\s+ago\b",
    re.I,
)
_WEEKDAY = re.compile(
    r"\b(?P<weekday>Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonnabend|Sonntag"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b(?=[\s,]*(?:um|at|,)?\s*\d{1,2}:)" + _CLOCK,
    re.I,
)
_YEARLESS = re.compile(
    r"\b(?P<weekday>Mo(?:n(?:tag|day)?)?|Di(?:enstag)?|Tue(?:sday)?|Mi(?:ttwoch)?|Wed(?:nesday)?|Do(?:nnerstag)?"
    r"|Thu(?:rsday)?|Fr(?:eitag|i(?:day)?)?|Sa(?:mstag|t(?:urday)?)?|So(?:nntag)?|Sun(?:day)?)\b\.?,?"
    rf"\s+(?P<day>\d{{1,2}})\.?\s*(?P<month>{_MONTH})\b\.?" + _CLOCK,
    re.I,
)
_JUST_NOW = re.compile(r"\b(?:gerade eben|soeben|vor kurzem|vor wenigen Augenblicken|just now|a moment ago)\b", re.I)
_MONTH_ONLY = re.compile(rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<year>\d{{4}})(?!\d)", re.I)
_YEAR_ONLY = re.compile(r"^\D{0,20}\b(?P<year>(?:19|20)\d{2})\b\D{0,3}$")
_MAIL_TIME = re.compile(
    r"[A-Z][a-z]{2},? (?:\d{1,2} [A-Z][a-z]{2}|[A-Z][a-z]{2} \d{1,2}) \d{4}"
    r" \d{2}:\d{2}:\d{2} (?:GMT|UTC)?(?:[+-]\d{4})?"
)
_WORDED_CLOCK = {"noon": "12:00", "mittags": "12:00", "midnight": "00:00", "mitternacht": "00:00"}
_WEEKDAYS = (
    ("montag", "monday"), ("dienstag", "tuesday"), ("mittwoch", "wednesday"), ("donnerstag", "thursday"),
    ("freitag", "friday"), ("samstag", "sonnabend", "saturday"), ("sonntag", "sunday"),
)  # fmt: skip


@dataclass(frozen=True)
class DateHints:
    """How to read a page's dates: the response's time, the zone of naive times, and day or month first.

    `order` "MDY" is a per-site setting for boards that write 03-12-2024 for the twelfth of March.
    """

    now: datetime
    tz: tzinfo = BERLIN
    order: DateOrder = "DMY"


def with_order(hints: DateHints, lines: Iterable[str]) -> DateHints:
    """The hints with the order of day and month that a page's own date lines show.

    A number above 12 proves it. Without proof, a time with AM or PM behind 03-12-2024 or 03/12/2024 speaks for the
    month first: English installations of old boards print such dates by default.
    """
    first_above = second_above = half = False
    for line in lines:
        for match in _NUMERIC.finditer(line):
            if match["sep"] != ".":
                first_above |= int(match["a"]) > 12
                second_above |= int(match["b"]) > 12
                half |= bool(match["half"])
    if first_above or not (second_above or half):
        return replace(hints, order="DMY") if first_above else hints
    return replace(hints, order="MDY")


class Moment(NamedTuple):
    """A time (aware, or None) and how exactly the page gave it."""

    at: datetime | None
    precision: DatePrecision


UNKNOWN = Moment(None, "unknown")


def parse_machine(value: str | None, hints: DateHints) -> Moment:
    """Reads an ISO 8601 time (any offset is kept) or a Unix epoch in seconds or milliseconds (then UTC).

    Midnight to the second is what date-only systems print, so it counts as a day.
    """
    text = (value or "").strip()
    if re.fullmatch(r"\d{9,10}|\d{12,13}", text):
        seconds = int(text) / (1000 if len(text) > 10 else 1)
        return _plausible(Moment(datetime.fromtimestamp(seconds, UTC), "second"), hints)
    if re.fullmatch(r"(?:19|20)\d{6}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    match = _ISO.match(text)
    if match is None:
        return _plausible(_from_mail_header(text), hints)
    return _plausible(_from_iso(match, hints), hints)


def _from_mail_header(text: str) -> Moment:
    """RFC 2822 and what JavaScript prints: "Tue, 12 Mar 2024 14:05:00 GMT", "Tue Mar 12 2024 14:05:00 GMT+0100"."""
    match = _MAIL_TIME.match(text)
    if match is None:
        return UNKNOWN
    try:
        at = parsedate_to_datetime(re.sub(r"(?:GMT|UTC)(?=[+-])", "", match.group(), flags=re.I))
    except (ValueError, OverflowError):
        return UNKNOWN
    return Moment(at, "second") if at.tzinfo is not None else UNKNOWN


def _from_iso(match: re.Match[str], hints: DateHints) -> Moment:
    year, month, day, hour, minute, second, half, offset = match.groups()
    tz = _offset(offset) if offset else hints.tz
    number = _of_day(int(hour or 0), half)
    try:
        at = datetime(int(year), int(month), int(day), number, int(minute or 0), int(second or 0), tzinfo=tz)
    except ValueError:
        return UNKNOWN
    if hour is None or (second is not None and (at.hour, at.minute, at.second) == (0, 0, 0)):
        return Moment(at, "day")
    return Moment(at, "second" if at.second else "minute")


def _offset(text: str) -> tzinfo:
    if text.upper() in {"Z", "UTC"}:
        return UTC
    digits = text[1:].replace(":", "")
    minutes = min(int(digits[:2]) * 60 + int(digits[2:]), 1439)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def parse_text(text: str | None, hints: DateHints) -> Moment:
    """Finds the date in a German or English line such as "Verfasst: Di 12. Mär 2024, 14:05" or "vor 3 Stunden".

    Words around the date are cut away. What the grammar here doesn't know is left to dateparser.
    """
    line = " ".join((text or "").replace("\u00a0", " ").split())[:300]
    if not line:
        return UNKNOWN
    for word, clock in _WORDED_CLOCK.items():
        line = re.sub(rf"\b{word}\b", clock, line, flags=re.I)
    if iso := _ISO.search(line):
        return _plausible(_from_iso(iso, hints), hints)
    for read in (_named, _numeric, _yearless, _day_word, _relative, _weekday, _month_or_year):
        moment = read(line, hints)
        if moment.at is not None:
            return _plausible(moment, hints)
    return UNKNOWN


def _named(line: str, hints: DateHints) -> Moment:
    match = _DAY_MONTH.search(line) or _MONTH_DAY.search(line)
    if match is None:
        return UNKNOWN
    return _build(match, int(match["day"]), _MONTHS[match["month"].lower()], match["year"].lstrip("'"), hints)


def _numeric(line: str, hints: DateHints) -> Moment:
    for match in _NUMERIC.finditer(line):
        day, month = int(match["a"]), int(match["b"])
        # With dots the day always comes first: 3.14.15 is a version.
        if match["sep"] != "." and ((hints.order == "MDY" and day <= 12) or month > 12):
            day, month = month, day
        moment = _build(match, day, month, match["year"], hints)
        if moment.at is not None:
            return moment
    return UNKNOWN


def _build(match: re.Match[str], day: int, month: int, year: str, hints: DateHints) -> Moment:
    full = int(year)
    if len(year) == 2:
        full += 2000 if 2000 + full <= hints.now.year + 1 else 1900
    try:
        date = datetime(full, month, day, tzinfo=hints.tz)
    except ValueError:
        return UNKNOWN
    return _with_clock(date, match)


def _with_clock(date: datetime, match: re.Match[str]) -> Moment:
    """Adds the time of day that the match holds; a bare number without colon, "Uhr" or am/pm is no time."""
    hour, minute, second, half = match["hour"], match["minute"], match["second"], (match["half"] or "").lower()
    if hour is None or (minute is None and not half and not match["uhr"]):
        return Moment(date, "day")
    number = _of_day(int(hour), half)
    if number > 23:
        return Moment(date, "day")
    at = date.replace(hour=number, minute=int(minute or 0), second=int(second or 0))
    return Moment(at, "second" if second else "minute")


def _of_day(hour: int, half: str | None) -> int:
    return hour % 12 + (12 if half[0] in "pP" else 0) if half else hour


def _day_word(line: str, hints: DateHints) -> Moment:
    match = _DAY_WORD.search(line)
    if match is None:
        return UNKNOWN
    back = {"heute": 0, "today": 0, "gestern": 1, "yesterday": 1, "vorgestern": 2}[match["word"].lower()]
    return _with_clock(_today(hints) - timedelta(days=back), match)


def _today(hints: DateHints) -> datetime:
    return hints.now.astimezone(hints.tz).replace(hour=0, minute=0, second=0, microsecond=0)


def _weekday(line: str, hints: DateHints) -> Moment:
    match = _WEEKDAY.search(line)
    if match is None:
        return UNKNOWN
    number = next(i for i, names in enumerate(_WEEKDAYS) if match["weekday"].lower() in names)
    today = _today(hints)
    # Boards write "today" for today, so the same weekday means a week ago.
    return _with_clock(today - timedelta(days=(today.weekday() - number - 1) % 7 + 1), match)


def _yearless(line: str, hints: DateHints) -> Moment:
    """ "Di 12 März - 14:05": some boards leave the present year out. A page may be older; its weekday says how much."""
    match = _YEARLESS.search(line)
    if match is None or match["minute"] is None:
        return UNKNOWN
    weekday = ("mo", "di tu", "mi we", "do th", "fr", "sa", "so su")
    today = _today(hints)
    for year in range(today.year, today.year - 5, -1):
        try:
            date = today.replace(year=year, month=_MONTHS[match["month"].lower()], day=int(match["day"]))
        except ValueError:
            continue
        if date <= today and match["weekday"][:2].lower() in weekday[date.weekday()]:
            return _with_clock(date, match)
    return UNKNOWN


def _relative(line: str, hints: DateHints) -> Moment:
    local = hints.now.astimezone(hints.tz).replace(microsecond=0)
    if _JUST_NOW.search(line):
        return Moment(local, "minute")
    match = _RELATIVE.search(line)
    if match is None:
        return UNKNOWN
    unit = (match["unit"] or match["unit2"])[:2].lower()
    at = _dateparser(match.group(), local)
    if at is None:
        return UNKNOWN
    precision = _RELATIVE_PRECISION.get(unit, "day")
    if precision != "minute" and unit not in {"st", "ho"}:
        at = at.replace(hour=0, minute=0, second=0)
    if precision == "month":
        return Moment(at, "month")
    return Moment(at, precision)


_RELATIVE_PRECISION: dict[str, DatePrecision] = {
    "se": "minute", "mi": "minute", "wo": "month", "we": "month", "mo": "month", "ja": "year", "ye": "year",
}  # fmt: skip


def _dateparser(phrase: str, local: datetime) -> datetime | None:
    # Imported here: dateparser loads its language data on import, which a command without dates should not pay for.
    import dateparser

    simple = re.sub(r"\b(?:wenigen|ein paar|a few)\b", "3", re.sub(r"^seit", "vor", phrase, flags=re.I), flags=re.I)
    simple = re.sub(r"\b(?:etwa|ca\.?|rund|über|fast|mehr als)\s+", "", simple, flags=re.I)
    simple = re.sub(r"\bStd\w*\.?", "Stunden", simple, flags=re.I)
    parsed = dateparser.parse(
        simple,
        languages=["de", "en"],
        settings={"RELATIVE_BASE": local.replace(tzinfo=None), "PREFER_DATES_FROM": "past"},
    )
    return parsed.replace(tzinfo=local.tzinfo, microsecond=0) if parsed else None


def _month_or_year(line: str, hints: DateHints) -> Moment:
    if match := _MONTH_ONLY.search(line):
        return Moment(datetime(int(match["year"]), _MONTHS[match["month"].lower()], 1, tzinfo=hints.tz), "month")
    if match := _YEAR_ONLY.search(line):
        return Moment(datetime(int(match["year"]), 1, 1, tzinfo=hints.tz), "year")
    return UNKNOWN


def _plausible(moment: Moment, hints: DateHints) -> Moment:
    """Nothing was posted before the web, or more than a year (clocks differ) after the response."""
    if moment.at is None or moment.at.year < 1990 or moment.at > hints.now + timedelta(days=366):
        return UNKNOWN
    return moment
