"""The sentences of alert mails in German and English, and numbers and dates in either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from index.fields import BERLIN

Language = Literal["de", "en"]

TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "de": {
        "subject": "{brand}: auffällig viele negative Stimmen zu „{topic}“ ({count} statt etwa {expected})",
        "headline": "Zum Thema „{topic}“ häufen sich negative Stimmen",
        "what": "{count} negative Stimmen {window}, zu erwarten wären etwa {expected}.",
        "window_1": "in den letzten 24 Stunden",
        "window_7": "in den letzten 7 Tagen",
        "since": "Es begann etwa am {since}.",
        "where": "Wo: {sources}.",
        "also": "In denselben Beiträgen geht es auch um: {topics}.",
        "voices": "Was Kunden schreiben",
        "link": "Alle negativen Stimmen seit {since} ansehen",
        "original": "Original",
        "undated": "ohne Datum",
        "basis": (
            "Verglichen mit den {history} Tagen davor, Wochentage berücksichtigt. Fast gleiche Texte zählen einmal, "
            "Beiträge des eigenen Teams nicht. Dass so viele durch Zufall zusammenkommen, ist unwahrscheinlich "
            "(p {probability})."
        ),
        "doubt": "Stimmung und Thema schätzt ein Sprachmodell. Bitte lies die Beiträge, bevor du handelst.",
        "once": "Zu diesem Ereignis kommt keine weitere Mail. Stand: {now}.",
        "and": "{first} und {last}",
    },
    "en": {
        "subject": "{brand}: unusually many negative voices on “{topic}” ({count} instead of about {expected})",
        "headline": "Negative voices on “{topic}” are piling up",
        "what": "{count} negative voices {window}; about {expected} would be expected.",
        "window_1": "in the last 24 hours",
        "window_7": "in the last 7 days",
        "since": "It began about {since}.",
        "where": "Where: {sources}.",
        "also": "The same posts are also about: {topics}.",
        "voices": "What customers write",
        "link": "See all negative voices since {since}",
        "original": "Original",
        "undated": "undated",
        "basis": (
            "Compared with the {history} days before, weekdays considered. Near-copies count once, posts of the "
            "company's own team don't. So many are unlikely to come together by chance (p {probability})."
        ),
        "doubt": "Sentiment and topic are a language model's estimate. Please read the posts before you act.",
        "once": "There will be no further mail about this event. As of {now}.",
        "and": "{first} and {last}",
    },
}


@dataclass(frozen=True)
class Wording:
    """Sentences, numbers and dates in one language. Days and times are those of Berlin."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The sentence `key` with its values filled in."""
        return TEXTS[self.language][key].format(**values)

    def number(self, value: float) -> str:
        """A number with at most one decimal: 1,5 in German."""
        return str(format_decimal(round(value, 1), "#,##0.#", locale=self.language))

    def probability(self, value: float) -> str:
        """A small probability: "< 0,0001" where it is smaller than can be meant seriously."""
        least = 0.0001
        shown = format_decimal(max(value, least), "0.####", locale=self.language)
        return f"< {shown}" if value < least else f"= {shown}"

    def day(self, moment: datetime) -> str:
        """A day such as "3. März 2026"."""
        return str(
            format_date(moment.astimezone(BERLIN).date(), "d. MMMM y" if self._german else "d MMMM y", self.language)
        )

    def moment(self, moment: datetime) -> str:
        """A day and a time such as "3. März 2026, 14:05"."""
        pattern = "d. MMMM y, HH:mm" if self._german else "d MMMM y, HH:mm"
        return str(format_datetime(moment.astimezone(BERLIN), pattern, locale=self.language))

    def when(self, moment: datetime | None, *, has_time: bool) -> str:
        """A day, with its time where that is known."""
        if moment is None:
            return self("undated")
        return self.moment(moment) if has_time else self.day(moment)

    def listing(self, parts: list[str]) -> str:
        """Several things in a row: "A, B und C"."""
        if len(parts) < 2:
            return "".join(parts)
        return self("and", first=", ".join(parts[:-1]), last=parts[-1])

    @property
    def _german(self) -> bool:
        return self.language == "de"
