"""Ratings on one scale: the page's own value, best and worst, and 0 (worst) to 1 (best)."""

from __future__ import annotations

import re
from math import isfinite

from lxml.html import Element
from zyte_parsers import extract_rating

from index.mention import Rating

_NUMBER = r"-?\d+(?:[.,]\d+)?"
_FULL_STARS, _EMPTY_STARS, _HALF_STARS = "★⭐🌟", "☆✩", "⯨½"
_STARS = re.compile(
    f"[{_FULL_STARS}{_EMPTY_STARS}{_HALF_STARS}]" + "(?:[\\s\ufe0f]*" + f"[{_FULL_STARS}{_EMPTY_STARS}{_HALF_STARS}])*"
)
_OF = re.compile(
    rf"(?P<value>{_NUMBER})\s*(?:Sterne\w*|stars?|Punkte\w*|points?)?\s*(?:von|/|out of|of)\s*(?:max\.?\s*"
    rf"|maximal\s*)?(?P<best>{_NUMBER})",
    re.I,
)
_PERCENT = re.compile(rf"(?P<value>{_NUMBER})\s*(?:%|Prozent)", re.I)
_GRADE = re.compile(rf"(?:Schul)?note\s*:?\s*(?P<value>{_NUMBER})|(?P<other>{_NUMBER})\s*\(?(?:Schul)?note", re.I)
_COUNTED = re.compile(rf"(?P<value>{_NUMBER})\s*-?(?:Sterne?\w*|stars?)\b", re.I)
_WHOLE = re.compile(rf"^\s*{_NUMBER}\s*$")
_GRADE_BEST, _GRADE_WORST = 1.0, 6.0


def number(value: object) -> float | None:
    """A number from JSON, or from German or English text ("4,5")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    match = re.search(_NUMBER, str(value)) if value is not None else None
    return float(match.group().replace(",", ".")) if match else None


def scaled(value: float, best: float | None = None, worst: float | None = None) -> Rating | None:
    """A rating on its declared scale; schema.org's defaults are 5 and 1. None where value and scale contradict.

    An undeclared best grows to 10 or 100 where the value exceeds it, an undeclared worst sinks to 0 where the value
    undercuts it. A best below the worst is a declared reversed scale, such as German school grades (1 to 6).
    """
    if not all(map(isfinite, (given for given in (value, best, worst) if given is not None))):
        return None
    top = best if best is not None else next((top for top in (5.0, 10.0, 100.0) if value <= top), None)
    if top is None:
        return None
    low = worst if worst is not None else (0.0 if value < 1 or top > 10 else 1.0)
    if top == low or (worst is None and top < low) or not min(top, low) <= value <= max(top, low):
        return None
    return Rating(value=value, best=top, worst=low, normalised=round((value - low) / (top - low), 4))


def parse_rating(
    text: str | None, *, best: float | None = None, worst: float | None = None, grades: bool = False
) -> Rating | None:
    """Reads "4,5 von 5 Sternen", "8/10", "★★★★☆", "80 %" or a bare number on the declared scale.

    `grades` declares German school grades: "Note 1,3" is then 1.3 of 1 (best) to 6 (worst); without it a grade is no
    rating, since the direction of the number is unknown.
    """
    line = (text or "").strip()
    if match := _GRADE.search(line):
        value = number(match["value"] or match["other"])
        return scaled(value, _GRADE_BEST, _GRADE_WORST) if grades and value is not None else None
    if match := _OF.search(line):
        return _scaled_text(match["value"], number(match["best"]), worst)
    if match := _PERCENT.search(line):
        return _scaled_text(match["value"], 100.0, 0.0)
    if match := _STARS.search(line):
        return _glyphs(match.group(), worst)
    if match := _COUNTED.search(line):
        return _scaled_text(match["value"], best, worst)
    return _bare(line, best, worst, grades)


def _bare(line: str, best: float | None, worst: float | None, grades: bool) -> Rating | None:
    if grades and best is None:
        best, worst = _GRADE_BEST, _GRADE_WORST
    if _WHOLE.match(line):
        value = number(line)
        return scaled(value, best, worst) if value is not None else None
    return _worded(line, best, worst)


def _worded(line: str, best: float | None, worst: float | None) -> Rating | None:
    """A rating in words around one number ("Bewertung: 4,5"); with several numbers the line may be anything."""
    if len(re.findall(r"\d+(?:[.,]\d+)?", line)) != 1 or re.search(r"\d+\.\s|€|\d\s?[a-z]{1,2}\b", line):
        return None
    node = Element("span")
    node.text = line
    found = extract_rating(node)
    return scaled(found.ratingValue, best or found.bestRating, worst) if found.ratingValue is not None else None


def _scaled_text(value: str, best: float | None, worst: float | None) -> Rating | None:
    parsed = number(value)
    return None if parsed is None else scaled(parsed, best, worst)


def _glyphs(stars: str, worst: float | None) -> Rating | None:
    full = sum(stars.count(glyph) for glyph in _FULL_STARS)
    half = sum(stars.count(glyph) for glyph in _HALF_STARS)
    empty = sum(stars.count(glyph) for glyph in _EMPTY_STARS)
    shown = full + half + empty
    return scaled(
        full + half / 2, float(max(shown, 5)), worst if worst is not None else (0.0 if full + half == 0 else None)
    )
