"""Which column of a file is what: the part of a source card that reads own data."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field, model_validator

from index.mention import JOURNEY_PHASES, JourneyPhase, Value

NPS_BEST, NPS_WORST = 10.0, 0.0
# What surveys call the phases; a card's own words come first.
PHASES: dict[str, JourneyPhase] = {
    "aufmerksamkeit": "awareness", "bekanntheit": "awareness", "information": "consideration",
    "überlegung": "consideration", "vergleich": "consideration", "beratung": "consideration", "kauf": "purchase",
    "bestellung": "purchase", "vertragsabschluss": "purchase", "abschluss": "purchase", "lieferung": "purchase",
    "einrichtung": "onboarding", "start": "onboarding", "installation": "onboarding", "nutzung": "usage",
    "gebrauch": "usage", "service": "support", "kundendienst": "support", "kundenservice": "support",
    "reklamation": "support", "treue": "loyalty", "bindung": "loyalty", "empfehlung": "loyalty",
    "kündigung": "exit", "wechsel": "exit", "widerruf": "exit",
}  # fmt: skip


class Scale(Value):
    """The ends of a rating scale; school grades are best 1, worst 6."""

    best: float = 5
    worst: float = 1

    @model_validator(mode="after")
    def _differ(self) -> Scale:
        if self.best == self.worst:
            raise ValueError("best und worst müssen sich unterscheiden")
        return self


class ColumnMap(Value):
    """The columns of a file by what they hold. Mails (mbox) need none: their parts have fixed names.

    `text` may name several columns: their answers are joined by an empty line. `rating` is on `scale`, or on 0 to 10
    with `nps`; `answers` gives words a number ("sehr zufrieden": 5). `phases` says which journey phase a cell means.
    """

    text: str | tuple[str, ...] = "text"
    title: str | None = None
    rating: str | None = None
    date: str | None = None
    id: str | None = None
    author: str | None = None
    phase: str | None = None
    url: str | None = None
    scale: Scale | None = None
    nps: bool = False
    answers: dict[str, float] = Field(default_factory=dict)
    phases: dict[str, JourneyPhase] = Field(default_factory=dict)
    date_order: Literal["DMY", "MDY"] = "DMY"
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    sheet: str | None = None
    staff: tuple[str, ...] = Field((), description="mail domains or addresses of the brand itself")

    @model_validator(mode="after")
    def _one_scale(self) -> ColumnMap:
        if self.nps and self.scale is not None:
            raise ValueError("nps und scale schließen einander aus")
        if not self.texts or not all(name.strip() for name in self.texts):
            raise ValueError("text: nennt keine Spalte")
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns with open answers."""
        return (self.text,) if isinstance(self.text, str) else self.text

    @property
    def wanted(self) -> tuple[str, ...]:
        """All columns to read, each once."""
        named = (self.title, self.rating, self.date, self.id, self.author, self.phase, self.url)
        return tuple(dict.fromkeys([*self.texts, *(name for name in named if name is not None)]))

    @property
    def ends(self) -> Scale:
        """The scale of the ratings."""
        if self.nps:
            return Scale(best=NPS_BEST, worst=NPS_WORST)
        return self.scale or Scale()

    def phase_of(self, words: str) -> JourneyPhase | None:
        """The journey phase that a cell names, None where nobody says what it means."""
        key = " ".join(words.split()).casefold()
        own = {name.casefold(): phase for name, phase in self.phases.items()}
        return own.get(key) or PHASES.get(key) or next((phase for phase in PHASES_BY_NAME if phase == key), None)

    @property
    def digest(self) -> str:
        """Changes when the same file would be read differently."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


PHASES_BY_NAME: tuple[JourneyPhase, ...] = tuple(JOURNEY_PHASES)  # type: ignore[arg-type]  # the literal's own values
