"""A row becomes a post: its cells as words, rating, time and phase. A fault names the column, never its content."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from crawlers.columns import ColumnMap, Scale
from crawlers.pages.dates import BERLIN, DateHints, Moment, parse_machine, parse_text
from crawlers.pages.page import Post
from crawlers.privacy import NAME
from crawlers.rows.row import Row
from crawlers.texts import printable
from index.mention import AuthorRole, DatePrecision, JourneyPhase, Rating

_NUMBER = re.compile(r"^\s*([+-]?\d{1,6}(?:[.,]\d{1,6})?)(?![\d.,])")
# Excel counts days from here (its leap year of 1900 included); numbers in this range are days of 1990 to 2099.
_EXCEL_DAYS = (32_874, 73_050)
_NOT_SAID = frozenset({"", "-", "–", "n/a", "na", "k.a.", "k. a.", "keine angabe", "null", "none", "nan", "#n/v"})


@dataclass(frozen=True)
class Answer:
    """A row as a post, with the journey phase that it names, and the names that its text may not show."""

    post: Post
    phase: JourneyPhase | None = None
    names: tuple[str, ...] = ()


class RowFaultError(ValueError):
    """A row that can't be used; the message is German and doesn't quote it."""


@dataclass
class AnswerReader:
    """Reads the rows of one file in order. `secret` keys the identities, so that no customer's number is kept.

    A row is the same as on another import by its own id, else by all that it says; equal rows are counted.
    """

    columns: ColumnMap
    secret: bytes = field(repr=False)
    now: datetime
    source: str
    _seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    _equal: Counter[str] = field(default_factory=Counter)

    def read(self, row: Row) -> Answer:
        """The row's answer. Raises `RowFaultError`."""
        if row.fault is not None:
            raise RowFaultError(row.fault)
        if "role" in row.values:
            return self._mail(row)
        values, columns = row.values, self.columns
        words = [_words(values.get(name)) for name in columns.texts]
        text = "\n\n".join(word for word in words if word)
        moment = self._moment(values, columns.date)
        rating = self._rating(values, columns.rating)
        phase = self._phase(values, columns.phase)
        author = _words(values.get(columns.author)) if columns.author else ""
        title = _words(values.get(columns.title)) if columns.title else ""
        said = "\x1f".join(
            (text, title, str(moment.at), "" if rating is None else f"{rating.value:g}", str(phase), author)
        )
        post = Post(
            native_id=self._identity(row, _words(values.get(columns.id)) if columns.id else "", said),
            author=author or None,
            author_role="customer",
            published_at=moment.at,
            date_precision=moment.precision,
            title=title or None,
            text=text,
            rating=rating,
            permalink=self._address(values, columns.url),
        )
        return _nameless(Answer(post, phase, (author,) if author else ()))

    def _mail(self, row: Row) -> Answer:
        values = row.values
        text, at = _words(values.get("text")), values.get("date")
        role: AuthorRole = "staff" if values.get("role") == "staff" else "customer"
        said = "\x1f".join((text, str(values.get("title")), str(at)))
        precision: DatePrecision = "unknown" if at is None else "second"
        post = Post(
            native_id=self._identity(row, _words(values.get("id")), said),
            author=_words(values.get("author")) or None,
            author_role=role,
            published_at=at,
            date_precision=precision,
            title=_words(values.get("title")) or None,
            text=text,
            parent_id=self._key(parent) if (parent := _words(values.get("parent"))) else None,
        )
        return _nameless(Answer(post, names=tuple(map(str, values.get("names", ())))))

    def _identity(self, row: Row, own: str, said: str) -> str:
        digest = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
        if own:
            key = self._key(own)
            line, before = self._seen.setdefault(key, (row.number, digest))
            if before != digest:
                raise RowFaultError(f"die Kennung kommt mit anderem Inhalt schon in Zeile {line} vor")
            return key
        self._equal[digest] += 1
        return self._key(f"{digest}|{self._equal[digest]}")

    def _key(self, native: str) -> str:
        message = f"{self.source}|row|{native}".encode("utf-8", "replace")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()[:32]

    def _moment(self, values: Mapping[str, Any], name: str | None) -> Moment:
        value = None if name is None else values.get(name)
        if value is None or _is_nothing(value):
            return Moment(None, "unknown")
        moment = _moment_of(value, DateHints(now=self.now, order=self.columns.date_order))
        if moment.at is None:
            raise RowFaultError(f"Spalte „{name}“ enthält kein lesbares Datum")
        return moment

    def _rating(self, values: Mapping[str, Any], name: str | None) -> Rating | None:
        value = None if name is None else values.get(name)
        if value is None or _is_nothing(value):
            return None
        ends = self.columns.ends
        number = _number(value, self.columns.answers)
        low, high = sorted((ends.best, ends.worst))
        if number is None:
            raise RowFaultError(f"Spalte „{name}“ enthält keine Zahl")
        if not low <= number <= high:
            raise RowFaultError(f"Spalte „{name}“ liegt nicht zwischen {low:g} und {high:g}")
        return _on_scale(number, ends)

    def _phase(self, values: Mapping[str, Any], name: str | None) -> JourneyPhase | None:
        words = _words(values.get(name)) if name is not None else ""
        if _is_nothing(words):
            return None
        phase = self.columns.phase_of(words)
        if phase is None:
            raise RowFaultError(f"Spalte „{name}“ nennt eine unbekannte Phase (columns.phases in der Karte)")
        return phase

    def _address(self, values: Mapping[str, Any], name: str | None) -> str | None:
        words = _words(values.get(name)) if name is not None else ""
        return words if words.startswith(("http://", "https://")) and len(words) < 2000 else None


def _nameless(answer: Answer) -> Answer:
    post = answer.post
    title = None if post.title is None else _without_names(post.title, answer.names)
    cleaned = post.model_copy(update={"text": _without_names(post.text, answer.names), "title": title})
    return replace(answer, post=cleaned)


def _words(value: Any) -> str:
    """A cell as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return printable(str(value)).strip()


def _without_names(text: str, names: Iterable[str]) -> str:
    """The text without the full names of those who wrote it ("Birte Hansen", "Hansen, Birte"): these are certain.

    Single words are left to the general rules, since a customer may be called "Sommer".
    """
    for name in names:
        parts = [part for part in re.split(r"[\s,]+", name) if part]
        if len(parts) < 2 or any("@" in part for part in parts):
            continue
        either = (r"[\s,]+".join(map(re.escape, order)) for order in (parts, parts[::-1]))
        text = re.sub(rf"(?<!\w)(?:{'|'.join(either)})(?!\w)", NAME, text, flags=re.I)
    return text


def _is_nothing(value: Any) -> bool:
    return isinstance(value, str) and " ".join(value.split()).casefold() in _NOT_SAID


def _number(value: Any, answers: Mapping[str, float]) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e9 else None
    words = " ".join(str(value).split())
    known = {name.casefold(): number for name, number in answers.items()}
    if words.casefold() in known:
        return known[words.casefold()]
    match = _NUMBER.match(words)
    return None if match is None else float(match[1].replace(",", "."))


def _on_scale(value: float, ends: Scale) -> Rating:
    share = (value - ends.worst) / (ends.best - ends.worst)
    return Rating(value=value, best=ends.best, worst=ends.worst, normalised=min(1.0, max(0.0, share)))


def _moment_of(value: Any, hints: DateHints) -> Moment:
    if isinstance(value, datetime):
        at = value.replace(tzinfo=BERLIN) if value.tzinfo is None else value
        day_only = (at.hour, at.minute, at.second) == (0, 0, 0)
        return parse_machine(at.isoformat(timespec="seconds"), hints) if not day_only else _plausible_day(at, hints)
    if isinstance(value, date):
        return _plausible_day(datetime(value.year, value.month, value.day, tzinfo=BERLIN), hints)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if _EXCEL_DAYS[0] <= value <= _EXCEL_DAYS[1]:
            from openpyxl.utils.datetime import from_excel

            return _moment_of(from_excel(value), hints)
        return parse_machine(str(int(value)), hints)
    words = str(value).strip()
    machine = parse_machine(words, hints)
    return machine if machine.at is not None else parse_text(words, hints)


def _plausible_day(at: datetime, hints: DateHints) -> Moment:
    return parse_machine(f"{at:%Y-%m-%d}", hints)
