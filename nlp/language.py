"""The language of a post, or None where it is too short or too mixed to tell."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from nlp.cleaning import clean
from nlp.words import FUNCTION_WORDS, SHARED_WORDS, words

LANGUAGES = words(
    "ar bg cs da de el en es fa fi fr he hr hu it ja ko lt lv nb nl pl pt ro ru sk sl sq sr sv tr uk vi zh"
)
MAX_CHARACTERS = 2000
MIN_LETTERS = 6
MIN_PROBABILITY = 0.8
GERMAN_ODDS = 4.0
"""German posts are by far the likeliest here; the prior keeps dialect and `ae` spellings German."""
NOISE = re.compile(r"@user|\bhttp\b|#\w+|\[[A-Z_]+\]|[\d_]+")


def detect(text: str) -> str | None:
    """ISO 639-1 code of the text's language, None where it can't be told (short, only links or emoji, mixed).

    A naive Bayes model over byte n-grams (py3langid), restricted to `LANGUAGES`, with a prior for German; a short text
    is German where German function words say so.
    """
    plain = NOISE.sub(" ", clean(text[:MAX_CHARACTERS]))
    letters = sum(character.isalpha() for character in plain)
    if letters < MIN_LETTERS:
        return None
    ranked: dict[str, float] = {str(code): float(probability) for code, probability in _identifier().rank(plain)}
    ranked["de"] = ranked.get("de", 0.0) * GERMAN_ODDS
    best: str = max(ranked, key=lambda code: ranked[code])
    if ranked[best] / sum(ranked.values()) >= MIN_PROBABILITY:
        return best
    found = set(plain.lower().split()) & FUNCTION_WORDS
    return "de" if found - SHARED_WORDS or len(found) > 1 else None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(set(LANGUAGES) & set(identifier.labels))
    return identifier
