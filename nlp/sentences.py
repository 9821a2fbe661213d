"""Splits German posts into sentences with exact character offsets: reviews, forum posts, tweets, mails, lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from nlp.cleaning import readable
from nlp.words import ABBREVIATIONS, CLOSING_ABBREVIATIONS, MONTHS, STARTERS

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

MAX_CHARACTERS = 20_000
"""What lies behind is not split: no post that people read is longer, but a hostile page may be a megabyte."""
MAX_SENTENCE = 600
MIN_LINE = 60
MAX_SYMBOLS = 40
"""How many tokens without a letter are looked through for the end of a sentence: longer runs are decoration."""

ENDS = frozenset(".!?…‽。！？") | {"..", "...", "....", ".....", "?!", "!?"}
ELLIPSES = frozenset({"…", "..", "...", "....", "....."})
NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})?\.?")
# The tokenizer takes quadratic time on runs without white space; such a run is one token to us.
LONG_RUN = re.compile(r"\S{100,}")
STOP_INSIDE = re.compile(r"\d{3,}\.|\w+://\S*\.")
BULLET = re.compile(r"\s*(?:[-*•·–—>+✓✗✔✘►]|\d{1,2}[.)])\s")


@dataclass(frozen=True)
class Sentence:
    """`text[start:end]`, in characters; neither begins nor ends with white space."""

    start: int
    end: int


@cache
def german() -> Language:
    """The blank German pipeline: tokenizer, sentence boundaries. Loaded once."""
    import spacy
    from spacy.attrs import IS_SPACE, LOWER
    from spacy.util import compile_infix_regex

    pipeline = spacy.blank("de")
    # What else spaCy would find out about each new word takes as long as the splitting.
    vocabulary: Any = pipeline.vocab
    known = vocabulary.lex_attr_getters
    vocabulary.lex_attr_getters = {name: known[name] for name in (IS_SPACE, LOWER)}
    missing_blank = [r"(?<=[a-zäöüß])[.!?]+(?=[A-ZÄÖÜ][a-zäöüß])", r"(?<=[a-zäöüß])[!?]+(?=[a-zäöüß])"]
    infixes = [*(pipeline.Defaults.infixes or ()), *missing_blank]
    tokenizer: Any = pipeline.tokenizer
    tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
    for short in ABBREVIATIONS:
        for form in (short, short[0].upper() + short[1:], short.upper()):
            tokenizer.add_special_case(form, [{"ORTH": form}])
    pipeline.max_length = MAX_CHARACTERS + 1
    return pipeline


def split(text: str) -> list[Sentence]:
    """The sentences of a text in order. White space between them belongs to none; an empty text has none.

    Only the first `MAX_CHARACTERS` are split. Sentences longer than `MAX_SENTENCE` are cut at white space.
    """
    return split_all([text])[0]


def split_all(texts: Sequence[str]) -> list[list[Sentence]]:
    """The sentences of each text, as `split` gives them. Words are looked up once for all, and forgotten afterwards."""
    pipeline = german()
    with pipeline.memory_zone():
        return [_split(pipeline, readable(text[:MAX_CHARACTERS])) for text in texts]


def _split(pipeline: Language, text: str) -> list[Sentence]:
    doc = pipeline.make_doc(LONG_RUN.sub(lambda run: "x" * len(run[0]), text))
    starts = [token.idx for token in doc if token.i and _begins_sentence(doc, token)]
    spans: list[Sentence] = []
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        spans.extend(_bounded(text, start, end))
    return spans


def _begins_sentence(doc: Doc, token: Token) -> bool:
    if token.is_space:
        return False
    previous = doc[token.i - 1]
    if previous.is_space and "\n" in previous.text:
        return _line_begins(doc, token, previous)
    if not any(character.isalnum() for character in token.text):
        return _opens(doc, token) and _ended(doc, token)
    if _opens(doc, previous) and previous.i and _begins_sentence(doc, previous):
        return False
    return _ended(doc, token)


def _opens(doc: Doc, token: Token) -> bool:
    """Whether an opening quote or bracket stands before a word, so that the next sentence begins with it."""
    if token.text in ("(", "[", "„", "«", "»", "‚"):
        return True
    if token.text in ('"', "'", "“", "”") and token.i + 1 < len(doc):
        glued_left = token.i > 0 and not doc[token.i - 1].whitespace_ and not doc[token.i - 1].is_space
        return not token.whitespace_ and not glued_left
    return False


def _line_begins(doc: Doc, token: Token, newline: Token) -> bool:
    """A line break separates, unless it only wraps a long line of running text."""
    if newline.text.count("\n") > 1 or BULLET.match(doc.text, token.idx):
        return True
    line_start = doc.text.rfind("\n", 0, newline.idx) + 1
    wrapped = newline.idx - line_start >= MIN_LINE and doc[newline.i - 1].text not in ENDS
    return not (wrapped and token.text[0].islower())


def _ended(doc: Doc, token: Token) -> bool:
    """Whether the word tokens before `token` closed a sentence."""
    between: list[str] = []
    for last in range(token.i - 1, max(-1, token.i - 2 - MAX_SYMBOLS), -1):
        if _has_word(doc[last]):
            marks = [text for text in between if text in ENDS]
            return _after_marks(marks, doc[last], token) if marks else _after_word(doc[last].text, between, token)
        between.append(doc[last].text)
    return False


def _has_word(token: Token) -> bool:
    return any(character.isalnum() for character in token.text) and not _emoticon(token.text)


def _emoticon(text: str) -> bool:
    return len(text) <= 4 and text[0] in ":;=8xX" and not text.isalnum() and len(text) > 1


def _after_marks(marks: Sequence[str], word: Token, token: Token) -> bool:
    if all(mark in ELLIPSES for mark in marks):
        return not token.text[0].islower()
    if set(marks) == {"."} and NUMBER.fullmatch(word.text):
        return _after_number(token)
    initial = set(marks) == {"."} and len(word.text) == 1 and word.text.isupper()
    return not initial or token.lower_ in STARTERS


def _after_word(word: str, between: Sequence[str], token: Token) -> bool:
    """Tokens that carry their full stop themselves (abbreviations, ordinals, links), and emoji in place of a stop."""
    if word.lower() in CLOSING_ABBREVIATIONS or STOP_INSIDE.fullmatch(word):
        return token.text[0].isupper()
    if word.endswith(".") and NUMBER.fullmatch(word):
        return _after_number(token)
    symbol = any(_emoticon(text) or unicodedata.category(text[0]) == "So" for text in between)
    return symbol and token.text[0].isupper() and token.lower_ in STARTERS


def _after_number(token: Token) -> bool:
    """After `3.` a sentence ends only where the next word can't be counted by it."""
    return token.lower_ in STARTERS and token.text[0].isupper() and token.lower_ not in MONTHS


def _bounded(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The span without its surrounding white space, in pieces of at most `MAX_SENTENCE` characters."""
    while start < end:
        while start < end and text[start].isspace():
            start += 1
        stop = end
        if end - start > MAX_SENTENCE:
            blank = max(text.rfind(mark, start + MAX_SENTENCE // 2, start + MAX_SENTENCE) for mark in " \n")
            stop = blank if blank > 0 else start + MAX_SENTENCE
        last = stop
        while last > start and text[last - 1].isspace():
            last -= 1
        if last > start:
            yield Sentence(start, last)
        start = stop
