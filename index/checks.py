"""What a check-up of a store says: findings with a state, in German and English, each with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Check:
    """One finding. `german` and `english` say the same: what was found and, where something is wrong, what to do."""

    name: str
    state: State
    german: str
    english: str

    def as_json(self, language: str) -> dict[str, Any]:
        """For programs: `{"check", "state", "message"}`."""
        return {"check": self.name, "state": self.state, "message": self.said(language)}

    def said(self, language: str) -> str:
        """The finding in `de` or `en`."""
        return self.english if language == "en" else self.german


def megabytes(count: int) -> str:
    """A number of bytes for people, in whole megabytes or gigabytes."""
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count // 10**6} MB"
