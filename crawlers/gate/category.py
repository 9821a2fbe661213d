"""Boards that are left alone whatever their rules say: children, health and self-help, works councils and unions.

What people write there are special categories of personal data (Art. 9 DSGVO) or children's words (Art. 8). The names
of boards are looked at, never those of single threads: "Mein Akku ist krank" is no health board.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

_CATEGORIES = {
    "minors": r"(?:kinder|jugend|schüler|schueler|teenager?|teenie)-?"
    r"(?:forum|foren|chat|ecke|treff|community|board|portal)"
    r"|(?:forum|foren|chat|community)-fuer-(?:kinder|jugendliche|schueler)|schuelervz|schülervz",
    "health": r"selbsthilfe(?:gruppen?|forum)?|depressionen?|angststörung(?:en)?|angststoerung(?:en)?|essstörung(?:en)?"
    r"|essstoerung(?:en)?|krebs(?:forum|kranke|patienten|hilfe)|sucht(?:forum|hilfe|kranke)|anonyme-alkoholiker"
    r"|krankheiten|gesundheitsforum|patientenforum|psychische-erkrankungen|suizid(?:gedanken)?|kinderwunsch"
    r"|schwangerschaft|hiv|multiple-sklerose",
    "employees": r"betriebsr(?:a|ä|ae)t(?:e|s)?(?:forum)?|personalr(?:a|ä|ae)te?|gewerkschaft(?:en|s?forum)?"
    r"|mitarbeitervertretung|schwerbehindertenvertretung",
    "beliefs": r"religionsforum|glaubensforum|parteiforum|parteimitglieder",
}  # fmt: skip
CATEGORY_LABELS = {
    "minors": "Kinder und Jugendliche",
    "health": "Gesundheit und Selbsthilfe",
    "employees": "Betriebsräte und Gewerkschaften",
    "beliefs": "Religion und Politik",
}
_PATTERNS = {
    name: re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE) for name, words in _CATEGORIES.items()
}


def _tidy(words: str) -> str:
    return re.sub(r"[\s_+]+", "-", unquote(words)).casefold()


def denied_category(*names: str | None, also: Iterable[str] = ()) -> str | None:
    """The category that keeps a board of these names out, None where none does. `also`: words of the card."""
    text = " ".join(_tidy(name) for name in names if name)
    found = next((category for category, pattern in _PATTERNS.items() if pattern.search(text)), None)
    if found is not None:
        return found
    denied = (rf"(?<![^\W_]){re.escape(_tidy(word))}(?![^\W_])" for word in also if word.strip())
    return "denied_by_card" if any(re.search(pattern, text) for pattern in denied) else None


def board_names(url: str) -> str:
    """The parts of an address that name host and boards: all of it but the last part, which names the thread."""
    parts = urlsplit(url)
    folders = parts.path.split("/")[:-1] if not parts.path.endswith("/") else parts.path.split("/")[:-2]
    return " ".join([(parts.hostname or "").replace(".", " "), *folders])


def board_category(url: str, title: str | None, *, is_board: bool, also: Iterable[str] = ()) -> str | None:
    """The category that keeps a page out: by its address, for a board also by its own name and title."""
    if is_board:
        return denied_category(board_names(url), urlsplit(url).path.rstrip("/").rpartition("/")[2], title, also=also)
    return denied_category(board_names(url), also=also)
