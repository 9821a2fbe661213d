"""Brings a text into the form that the encoder was shown in training: the same function there and at scoring."""

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

SPACE_BEFORE = re.compile(r"\s+(?=[.,;!?%…](?:\s|$|[.,;!?…]))|\s+(?=[:)\]](?:\s|$))(?<![:;=8(\[-]\s)")
SPACE_AFTER = re.compile(r"(?<=[(\[])\s+(?=\w)")
QUOTED = re.compile(r'"\s+([^"]{1,300}?)\s+"')
SPLIT_STAR = re.compile(r"\*\s+([^*]{1,60}?)\s+\*")

New = str | Callable[[re.Match[str]], str]
Span = tuple[int, int]
STEPS: tuple[tuple[re.Pattern[str], New], ...] = (
    (ENTITY, lambda match: html.unescape(match[0])),
    (INVISIBLE, ""),
    (CONTROL, " "),
    (LINK, "http"),
    (HANDLE, "@user"),
    (LONG_RUN, r"\1\1\1"),
)


def readable(text: str) -> str:
    """The text with lone surrogates (which no UTF-8 consumer accepts) replaced, character by character."""
    return SURROGATE.sub("\ufffd", text)


def clean(text: str) -> str:
    """One line without markup entities, handles, links and invisible characters.

    Handles become `@user` and links `http`, so that names and addresses carry no sentiment; a character repeated more
    than three times is kept three times.
    """
    text = readable(text)
    for pattern, new in STEPS:
        text = pattern.sub(new, text)
    return text.strip()


def located(text: str) -> tuple[str, list[Span]]:
    """`clean`, and where each of its characters comes from: `text[start:end]` as given.

    All characters of what stands for a link, a handle or an entity come from the whole of it.
    """
    places = [(index, index + 1) for index in range(len(text))]
    text = readable(text)
    for pattern, new in STEPS:
        text, places = _replaced(pattern, new, text, places)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return text[start:end], places[start:end]


def _replaced(pattern: re.Pattern[str], new: New, text: str, places: list[Span]) -> tuple[str, list[Span]]:
    words: list[str] = []
    found: list[Span] = []
    last = 0
    for match in pattern.finditer(text):
        word = match.expand(new) if isinstance(new, str) else new(match)
        words += text[last : match.start()], word
        found += places[last : match.start()]
        found += [(places[match.start()][0], places[match.end() - 1][1])] * len(word)
        last = match.end()
    return "".join([*words, text[last:]]), found + places[last:]


def detokenise(text: str) -> str:
    """Undoes the spaces that tokenised corpora put around punctuation; emoticons such as ` :)` keep theirs."""
    text = QUOTED.sub(r'"\1"', html.unescape(text))
    text = SPLIT_STAR.sub(r"*\1*", text)
    text = SPACE_AFTER.sub("", text)
    return SPACE_BEFORE.sub("", text)
