"""Brings a text into the form that the encoder was shown in training: the same function there and at scoring."""

from __future__ import annotations

import html
import re

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


def readable(text: str) -> str:
    """The text with lone surrogates (which no UTF-8 consumer accepts) replaced, character by character."""
    return SURROGATE.sub("\ufffd", text)


def clean(text: str) -> str:
    """One line without markup entities, handles, links and invisible characters.

    Handles become `@user` and links `http`, so that names and addresses carry no sentiment; a character repeated more
    than three times is kept three times.
    """
    text = html.unescape(readable(text))
    text = INVISIBLE.sub("", text)
    text = CONTROL.sub(" ", text)
    text = LINK.sub("http", text)
    text = HANDLE.sub("@user", text)
    return LONG_RUN.sub(r"\1\1\1", text).strip()


def detokenise(text: str) -> str:
    """Undoes the spaces that tokenised corpora put around punctuation; emoticons such as ` :)` keep theirs."""
    text = QUOTED.sub(r'"\1"', html.unescape(text))
    text = SPLIT_STAR.sub(r"*\1*", text)
    text = SPACE_AFTER.sub("", text)
    return SPACE_BEFORE.sub("", text)
