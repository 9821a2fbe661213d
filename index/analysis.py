"""German text analysis, done once in Python so that both stores and the in-memory matcher see the same tokens.

Every text field has four token forms, the contract with both stores (`index.fields.TEXT_FORMS`):

| form     | token                                   | answers                                  |
|----------|-----------------------------------------|------------------------------------------|
| `""`     | lower case, normalised, stem            | words and phrases                        |
| `folded` | lower case, normalised                  | wildcards and fuzzy words                |
| `exact`  | lower case                              | `exact:"..."`                            |
| `case`   | as written                              | `case:"..."`                             |

Elasticsearch builds them from its `standard` tokenizer and the filters `lowercase`, `german_normalization` and
`stemmer: light_german`, and a `pattern_replace` of `ENDINGS`; the functions here give the same tokens in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import regex

# The standard tokenizer of Lucene cuts longer tokens into pieces of this many characters.
MAX_TOKEN_LENGTH = 255
# Most words of most texts; each costs some 200 bytes in each of the caches.
_CACHED_WORDS = 1 << 14


class Token(NamedTuple):
    """One word of a text: `source_text[start:end]`, in characters."""

    text: str
    start: int
    end: int


# Word boundaries of Unicode Annex 29 as Lucene's standard tokenizer reads them.
_PARTS = {
    "x": r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*+",
    "letter": r"[\p{WB=ALetter}\p{WB=Hebrew_Letter}]",
    "digit": r"[\p{WB=Numeric}\uFF10-\uFF19]",
    "in_word": r"[\p{WB=MidLetter}\p{WB=MidNumLet}\p{WB=Single_Quote}]",
    "in_number": r"[\p{WB=MidNum}\p{WB=MidNumLet}\p{WB=Single_Quote}]",
    "join": r"\p{WB=ExtendNumLet}",
    # The blocks are those that Unicode 12, Lucene's, counts as pictographic and later versions don't.
    "emoji": r"[\p{Emoji_Presentation}\p{Extended_Pictographic}\u2388\u2605\u2607-\u260D\u260F-\u2612\u2614-\u2685"
    r"\u2690-\u2705\u270E-\u2711\u2763-\u2767\U0001F000-\U0001F0FF\U0001F10D-\U0001F10F\U0001F12F"
    r"\U0001F16C-\U0001F171\U0001F1AD-\U0001F1E5\U0001F260-\U0001F265\U0001F300-\U0001F3FA\U0001F400-\U0001F53D"
    r"\U0001F546-\U0001F64F\U0001F680-\U0001F6FF\U0001F774-\U0001F77F\U0001F7D5-\U0001F7FF\U0001F8B0-\U0001F8FF"
    r"\U0001FA00-\U0001FBFF]",
}
_WORD = regex.compile(
    r"""
      (?:{join}{x})*+
      (?:{letter}{x}(?:(?:{in_word}{x})?{letter}{x})*+|{digit}{x}(?:(?:{in_number}{x})?{digit}{x})*+|\p{{WB=Katakana}}{x})++
      (?:(?:{join}{x})++
         (?:{letter}{x}(?:(?:{in_word}{x})?{letter}{x})*+
           |{digit}{x}(?:(?:{in_number}{x})?{digit}{x})*+|\p{{WB=Katakana}}{x})++)*+
      (?:{join}{x})*+
    | \p{{LB=SA}}++
    | [\p{{Han}}\p{{Hiragana}}]{x}
    | \p{{Regional_Indicator}}{{2}}{x}
    | [0-9\#*]\uFE0F?\u20E3
    | {emoji}{x}(?:(?<=\u200D){emoji}{x})*+
    """.format(**_PARTS),
    regex.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """The words of a text in order, as Lucene's standard tokenizer finds them: letters, digits and emoji.

    "WLAN-Router" is two words, "5G", "1.234,56" and "z.B" are one each.
    """
    found, begin = [], 0
    for chunk in chunks(text):
        found += [Token(token.text, begin + token.start, begin + token.end) for token in _chunk_tokens(chunk)]
        begin += len(chunk) + 1
    return found


def words(text: str) -> list[str]:
    """The texts of `tokens(text)`."""
    return [word for chunk in chunks(text) for word in _chunk_words(chunk)]


def chunks(text: str) -> list[str]:
    """Pieces between blanks: no word crosses one, and most pieces return, so that each is cut only once."""
    return text.replace("\n", " ").split(" ")


@lru_cache(maxsize=_CACHED_WORDS)
def _chunk_tokens(chunk: str) -> tuple[Token, ...]:
    found = []
    for match in _WORD.finditer(chunk):
        start, end = match.span()
        for cut in range(start, end, MAX_TOKEN_LENGTH):
            stop = min(cut + MAX_TOKEN_LENGTH, end)
            found.append(Token(chunk[cut:stop], cut, stop))
    return tuple(found)


@lru_cache(maxsize=_CACHED_WORDS)
def _chunk_words(chunk: str) -> tuple[str, ...]:
    return tuple(token.text for token in _chunk_tokens(chunk))


@lru_cache(maxsize=_CACHED_WORDS)
def _chunk_stems(chunk: str) -> tuple[str, ...]:
    return tuple(mend(stem(normalise(lower(word)))) for word in _chunk_words(chunk))


def lower(token: str) -> str:
    """Lower case character by character, so that the length stays (as Lucene does it; no final sigma rule)."""
    lowered = token.lower()
    if token.isascii() or ("Σ" not in token and len(lowered) == len(token)):
        return lowered
    return "".join(character.lower()[0] for character in token)


# Without one of these a token is normalised already.
_CHANGING = re.compile("[äöüß]|[aou]e")
_UMLAUTS = {"ä": "a", "ö": "o", "ü": "u"}


def normalise(token: str) -> str:
    """Fold the spellings of umlauts and ß of a lower-case token: ä, ae -> a; ö, oe -> o; ü, ue -> u; ß -> ss.

    "ue" stays after a vowel or q (neue, Quelle). This is the algorithm of the snowball project's german2 as Lucene
    runs it: `blocked` says that a following u can't begin an umlaut, `open` that a following e is one's second half.
    """
    if _CHANGING.search(token) is None:
        return token
    out: list[str] = []
    state = ""
    for character in token:
        if character in "ao":
            state = "open"
        elif character == "u":
            state = "open" if not state else "blocked"
        elif character == "e":
            if state == "open":
                state = "blocked"
                continue
            state = "blocked"
        elif character in "iqyäöü":
            state = "blocked"
            character = _UMLAUTS.get(character, character)
        elif character == "ß":
            character, state = "ss", ""
        else:
            state = ""
        out.append(character)
    return "".join(out)


_ACCENTS = str.maketrans("äàáâöòóôïìíîüùúû", "aaaaooooiiiiuuuu")
_BEFORE_S = frozenset("bdfghklmnt")


def stem(token: str) -> str:
    """The light German stem of a normalised token: plural and case endings go, word formation stays.

    J. Savoy, "Light stemming approaches for the French, Portuguese, German and Hungarian languages" (SAC 2006), in
    the form that Lucene calls light_german.
    """
    return _strip_degree(_strip_case(token.translate(_ACCENTS)))


# What light_german leaves apart though it is one word: it cuts "em" and "ern" off base forms (Problem, Konzern) but not
# where another ending hid them (Probleme, Konzerns), and it knows no plural or genitive s after a vowel, p, y or er
# (Autos, Apps, Handys, Fahrers). Java's and Python's syntax; the groups are what remains.
ENDINGS = r"^(.{3,})(?:em|ern|ers)$|^(.{2,}[opy])s$|^(.{4,}a)s$"
_ENDINGS = re.compile(ENDINGS)


def mend(word: str) -> str:
    """A light stem without the endings that light stemming leaves (`ENDINGS`)."""
    match = _ENDINGS.match(word)
    return word if match is None else word[: match.end(match.lastindex or 0)]


def _strip_case(word: str) -> str:
    length = len(word)
    if length > 5 and word.endswith("ern"):
        return word[:-3]
    if length > 4 and word.endswith(("em", "en", "er", "es")):
        return word[:-2]
    if length > 3 and (word[-1] == "e" or (word[-1] == "s" and word[-2] in _BEFORE_S)):
        return word[:-1]
    return word


def _strip_degree(word: str) -> str:
    length = len(word)
    if length > 5 and word.endswith("est"):
        return word[:-3]
    if length > 4 and (word.endswith(("er", "en")) or (word.endswith("st") and word[-3] in _BEFORE_S)):
        return word[:-2]
    return word


@lru_cache(maxsize=_CACHED_WORDS)
def folded_word(token: str) -> str:
    """The `folded` form of one token: lower case and normalised."""
    return normalise(lower(token))


@lru_cache(maxsize=_CACHED_WORDS)
def stemmed_word(token: str) -> str:
    """The analysed form of one token: lower case, normalised, stem."""
    return mend(stem(folded_word(token)))


FORMS: Mapping[str, Callable[[str], str]] = {"": stemmed_word, "folded": folded_word, "exact": lower, "case": str}


def analyse(text: str) -> list[str]:
    """The tokens of a text as words and phrases are searched: lower case, normalised, stem."""
    return [word for chunk in chunks(text) for word in _chunk_stems(chunk)]


def analyse_exact(text: str) -> list[str]:
    """The tokens of a text in lower case only."""
    return [lower(word) for word in words(text)]


def analyse_form(text: str, form: str) -> list[str]:
    """The tokens of a text in one of the forms of `index.fields.TEXT_FORMS`. Raises `KeyError` for another form."""
    if not form:
        return analyse(text)
    change = FORMS[form]
    return [change(word) for word in words(text)]
