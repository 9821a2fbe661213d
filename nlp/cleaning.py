"""Brings a text into the form that the encoder was shown in training: the same functions there and at scoring."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
"""What `html.unescape` looks at."""
LINK = re.compile(r"(?:https?|ftp)://\S+|\bwww\.\S+|\bhttps?\b:?/*…?", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w.@])@(?:\.{3}|…|\w[\w-]*)")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
SURROGATE = re.compile("[\ud800-\udfff]")
LONG_RUN = re.compile(r"([^\W\d_]|[^\w\s])\1{3,}")

STAND_IN = re.compile("@user|http")
MIN_SHOUTED = 12
"""Capitals from which on a text without small letters is shouted; below it may be an abbreviation."""
CAPITAL = re.compile(r"[^\W\d_a-zäöüß]")
# Bounded, as a pattern that may begin anywhere and must end at the end takes time by the square.
ADDRESSED = re.compile(r"^\s*(?:@user[\s,:.!]*)+|(?:\s*\(?\bhttp\b[).]*){1,20}[\s).]{0,20}$")
GRIN = re.compile(r"(?<!\w)(?:[:;=]-?|x)d(?!\w)")
REPEATED = re.compile(r"([!?.…])[!?.…]+")
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
# After another vowel or q, and before ll, it is no umlaut: neue, teuer, Quelle, aktuell.
DIGRAPH = re.compile(r"(?<![aeioqäöü])(?:ae|oe|ue(?!ll))")
UMLAUT = {"ae": "ä", "oe": "ö", "ue": "ü"}
ASKING = re.compile(r"[.!…\s]{0,20}\?[?!.…\s]{0,20}$")
TELLING = re.compile(r"[.!…\s]{1,20}$")
UNENDED = re.compile(r"(?<=[^\W_])$")

SPACE_BEFORE = re.compile(r"\s+(?=[.,;!?%…](?:\s|$|[.,;!?…]))|\s+(?=[:)\]](?:\s|$))(?<![:;=8(\[-]\s)")
SPACE_AFTER = re.compile(r"(?<=[(\[])\s+(?=\w)")
QUOTED = re.compile(r'"\s+([^"]{1,300}?)\s+"')
SPLIT_STAR = re.compile(r"\*\s+([^*]{1,60}?)\s+\*")

New = str | Callable[[re.Match[str]], str]
Span = tuple[int, int]


def _lowered(match: re.Match[str]) -> str:
    return match[0].lower()


STEPS: tuple[tuple[re.Pattern[str], New], ...] = (
    (ENTITY, lambda match: html.unescape(match[0])),
    (INVISIBLE, ""),
    (CONTROL, " "),
    (LINK, "http"),
    (HANDLE, "@user"),
    (LONG_RUN, r"\1\1\1"),
)
SPELLING: tuple[tuple[re.Pattern[str], New], ...] = (
    (CAPITAL, _lowered),
    (re.compile("ß"), "ss"),
    (ADDRESSED, ""),
    (GRIN, ":)"),
    (REPEATED, r"\1"),
    (STRETCHED, r"\1"),
    (DIGRAPH, lambda match: UMLAUT[match[0]]),
    (ASKING, "?"),
    (TELLING, ""),
    (UNENDED, "."),
)


def readable(text: str) -> str:
    """The text with lone surrogates (which no UTF-8 consumer accepts) replaced, character by character."""
    return SURROGATE.sub("\ufffd", text)


def clean(text: str) -> str:
    """One line without markup entities, handles, links and invisible characters.

    Handles become `@user` and links `http`, so that names and addresses carry no sentiment; a character repeated more
    than three times is kept three times, and what is written in capitals throughout becomes lower case.
    """
    text = readable(text)
    for pattern, new in STEPS:
        text = pattern.sub(new, text)
    return (CAPITAL.sub(_lowered, text) if _is_shouted(text) else text).strip()


def _is_shouted(text: str) -> bool:
    own = STAND_IN.sub("", text)
    capitals = sum(letter.isupper() for letter in own)
    return capitals >= MIN_SHOUTED and sum(letter.islower() for letter in own) <= capitals / 4


def located(text: str, *, one_spelling: bool = False) -> tuple[str, list[Span]]:
    """`clean`, or `canonical` for `one_spelling`, and where each character comes from: `text[start:end]` as given.

    All characters of what stands for a link, a handle or an entity come from the whole of it.
    """
    places = [(index, index + 1) for index in range(len(text))]
    text = readable(text)
    for pattern, new in STEPS:
        text, places = _replaced(pattern, new, text, places)
    if _is_shouted(text):
        text, places = _replaced(CAPITAL, _lowered, text, places)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    text, places = text[start:end], places[start:end]
    for pattern, new in SPELLING if one_spelling else ():
        text, places = _replaced(pattern, new, text, places)
    return text, places


def _replaced(pattern: re.Pattern[str], new: New, text: str, places: list[Span]) -> tuple[str, list[Span]]:
    words: list[str] = []
    found: list[Span] = []
    last = 0
    for match in pattern.finditer(text):
        word = match.expand(new) if isinstance(new, str) else new(match)
        words += text[last : match.start()], word
        found += places[last : match.start()]
        # A full stop that is added comes from the character before it.
        found += [(places[min(match.start(), len(places) - 1)][0], places[match.end() - 1][1])] * len(word)
        last = match.end()
    return "".join([*words, text[last:]]), found + places[last:]


def canonical(text: str) -> str:
    """The cleaned text in one spelling of several, for the encoder: what people write in haste gets the same scores.

    Lower case; ss for ß; umlauts for ae, oe and ue, also in the few words where that is wrong ("zuerst"); letters that
    stand three times once; without the names that a text is addressed to and the link behind it; a full stop for other
    endings. The result is for reading by the encoder only, never shown.
    """
    text = clean(text)
    for pattern, new in SPELLING:
        text = pattern.sub(new, text)
    return text


def detokenise(text: str) -> str:
    """Undoes the spaces that tokenised corpora put around punctuation; emoticons such as ` :)` keep theirs."""
    text = QUOTED.sub(r'"\1"', html.unescape(text))
    text = SPLIT_STAR.sub(r"*\1*", text)
    text = SPACE_AFTER.sub("", text)
    return SPACE_BEFORE.sub("", text)
