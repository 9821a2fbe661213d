"""What the demo's sites answer, and how they write dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader

_TEMPLATES = Path(__file__).parent / "templates"
_WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
_MONTHS = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")


@dataclass(frozen=True)
class Request:
    """A GET for `path` with the first value of each query parameter; `base` is the site's own address without slash."""

    path: str
    query: dict[str, str]
    cookies: dict[str, str]
    base: str

    def number(self, name: str, default: int = 0) -> int:
        """A query parameter as a whole number; the default where it is missing or none."""
        value = self.query.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else default


@dataclass(frozen=True)
class Answer:
    """Status, body and extra headers of a response."""

    body: str
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def templates() -> Environment:
    """The pages' templates; everything put into them is escaped."""
    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def forum_date(at: datetime) -> str:
    """As German boards write it: "Mo 3. Mär 2026, 18:42"."""
    return f"{_WEEKDAYS[at.weekday()]} {at.day}. {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M}"


def long_date(at: datetime) -> str:
    """As in "3. März 2026"."""
    return format_date(at.date(), "d. MMMM y", locale="de")


def machine_time(at: datetime) -> str:
    """ISO 8601 in UTC, as boards put it into `time[datetime]`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
