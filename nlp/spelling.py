"""Other spellings of the same words: what people's keyboards, haste and habits make of a German text."""

from __future__ import annotations

import random
import re

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
BARE = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "Ä": "A", "Ö": "O", "Ü": "U", "ß": "ss"})
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f]+")
ENDING = re.compile(r"[.!?]+(?=\s|$)")
PUNCTUATION = re.compile(r"[,;:]")
VOWEL = re.compile(r"[aeiouäöü](?=\w*[!.]?(?:\s|$))", re.IGNORECASE)
WORD = re.compile(r"\b[a-zäöüß]{5,}\b")


def respelled(text: str, chance: random.Random) -> str:
    """The text in one other spelling; the meaning stays, so a label stays right, too."""
    return chance.choice(WAYS)(text, chance).strip() or text


def _typo(text: str, chance: random.Random) -> str:
    """Two neighbouring letters swapped inside one longer word."""
    words = list(WORD.finditer(text))
    if not words:
        return text
    word = chance.choice(words)
    at = chance.randrange(word.start() + 1, word.end() - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _stretched(text: str, chance: random.Random) -> str:
    found = list(VOWEL.finditer(text))
    if not found:
        return text
    at = chance.choice(found).start()
    return text[:at] + text[at] * chance.randint(2, 4) + text[at + 1 :]


WAYS = (
    lambda text, _: text.translate(UMLAUTS),
    lambda text, _: text.translate(UMLAUTS),
    lambda text, _: text.translate(BARE),
    lambda text, _: text.replace("ß", "ss").lower(),
    lambda text, _: text.lower(),
    lambda text, _: text.lower(),
    lambda text, _: text.upper(),
    lambda text, _: PUNCTUATION.sub("", text),
    lambda text, _: ENDING.sub("", text),
    lambda text, chance: ENDING.sub("!" * chance.randint(2, 4), text),
    lambda text, _: EMOJI.sub("", text),
    lambda text, _: f"@user {text}",
    lambda text, _: f"{text} http",
    _typo,
    _typo,
    _stretched,
)
