"""Characters to tokens: luqum's lexer, then everything that its grammar would refuse or read otherwise than we mean.

The result is a token list that luqum's parser reads without errors: every operator is written out (blank-separated
words are joined by AND), so that NOT binds before AND before OR.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from luqum.exceptions import IllegalCharacterError
from luqum.head_tail import TokenValue
from luqum.parser import lexer as luqum_lexer
from ply.lex import LexToken

from index.query.errors import QuerySyntaxError

MAX_DEPTH = 50
MAX_TERMS = 1000
MAX_SLOP = 100

_OPERATORS = {"UND": "AND_OP", "ODER": "OR_OP", "NICHT": "NOT", "&&": "AND_OP", "||": "OR_OP"}
_PREFIXES = frozenset({"NOT", "PLUS", "MINUS"})
_BINARY = frozenset({"AND_OP", "OR_OP"})
_OPERANDS = frozenset({"TERM", "PHRASE", "TO"})
_COMPARISONS = frozenset({"LESSTHAN", "GREATERTHAN"})
_MODIFIERS = frozenset({"APPROX", "BOOST"})
_STARTS = _OPERANDS | _PREFIXES | _COMPARISONS | {"LPAREN", "LBRACKET"}
_CLOCK = re.compile(r"\d[\w.:+-]*")
_NEGATIVE = re.compile(r"\d+([.,]\d+)?")
_UNESCAPED_QUOTE = re.compile(r'(?:[^\\"]|\\.)*?(")', re.DOTALL)
_NUMBER = re.compile(r"\d+(\.\d+)?|\.\d+")
_QUOTES = "„“”‟«»"
_CLOSING = "“”‟"
_TYPOGRAPHIC = re.compile(f"[{_QUOTES}]")


def lex(text: str) -> list[LexToken]:
    """The tokens of a query, complete and balanced. Raises `QuerySyntaxError`."""
    found = _merge(text, _raw_tokens(text))
    return _Check(text).run([token for token in found if not _is_dash(text, token)])


def _raw_tokens(text: str) -> list[LexToken]:
    lexer = luqum_lexer.clone()
    lexer.input(_plain(text))
    found: list[LexToken] = []
    try:
        while (token := lexer.token()) is not None:
            found.append(token)
    except IllegalCharacterError:
        at = lexer.lexpos
        raise _illegal(text, at) from None
    for token in found:
        _translate(text, token)
    return found


def _illegal(text: str, at: int) -> QuerySyntaxError:
    character = text[at] if at < len(text) else ""
    if _plain(text)[at : at + 1] == '"':
        return QuerySyntaxError("quote_unclosed", query=text, position=at)
    return QuerySyntaxError("stray_character", query=text, position=at, character=character)


def _plain(text: str) -> str:
    """The same text, character by character, with what people's keyboards make of Lucene's signs put right.

    A typographic quotation is a phrase; straight quotes inside it are text, and the other way round.
    """
    out = []
    inside = ""
    escaped = False
    for at, character in enumerate(text):
        sign = character
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif inside:
            sign, inside = _inside_quotes(text, at, inside)
        else:
            sign = _outside_quotes(text, at)
            inside = character if sign == '"' else ""
        out.append(sign)
    return "".join(out)


def _inside_quotes(text: str, at: int, opened: str) -> tuple[str, str]:
    """The sign to read, and the quotation mark that is still open."""
    character = text[at]
    if _closes(text, at, opened):
        return '"', ""
    # A quotation mark that is text separates words.
    return (" " if character == '"' else character), opened


def _closes(text: str, at: int, opened: str) -> bool:
    """Marks of one kind belong together; where the right one never comes, people mixed keyboard and typography."""
    character = text[at]
    if opened == '"':
        return character == '"' or (character in _CLOSING and text.find('"', at) < 0)
    if character in _QUOTES:
        return True
    following = _TYPOGRAPHIC.search(text, at)
    return character == '"' and (following is None or following.group() == "„")


def _outside_quotes(text: str, at: int) -> str:
    character = text[at]
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if character in _QUOTES:
        return '"'
    if not (before.isspace() or before in "(:+-"):
        return character
    if character == "!" and (after.isalnum() or after in '("'):
        return "-"
    if character == "'" or (character == "/" and after.isspace()):
        return " "
    return character


def _translate(text: str, token: LexToken) -> None:
    """German and C-like operators become Lucene's; quotes inside words and regular expressions are errors."""
    if token.type == "REGEX" and token.value.value == "//":
        raise QuerySyntaxError("stray_character", query=text, position=token.lexpos, character="//")
    if token.type == "REGEX":
        raise QuerySyntaxError("regex", query=text, position=token.lexpos)
    if token.type != "TERM":
        return
    word = token.value.value
    if (quote := _UNESCAPED_QUOTE.match(word)) is not None:
        raise QuerySyntaxError("quote_in_word", query=text, position=token.lexpos + quote.start(1))
    if word in _OPERATORS:
        token.type = _OPERATORS[word]
        token.value = _value(word, token.value)


def _value(text: str, like: Any) -> TokenValue:
    value = TokenValue(text)
    value.pos, value.size, value.head, value.tail = like.pos, like.size, like.head, like.tail
    return value


def _is_dash(text: str, token: LexToken) -> bool:
    """A plus or minus between blanks is punctuation."""
    if token.type not in ("PLUS", "MINUS"):
        return False
    after = text[token.lexpos + 1 : token.lexpos + 2]
    return not after or after.isspace()


def _merge(text: str, found: list[LexToken]) -> list[LexToken]:
    """Join what luqum cuts: times of day (18:30, +01:00) and negative numbers after a colon or a comparison."""
    out: list[LexToken] = []
    for token in found:
        if token.type == "TERM" and len(out) >= 2 and _continues(out[-2], out[-1], token):
            left = out[-2]
            if out[-1].type == "COLUMN":
                out.pop()
                _join(left, text[left.lexpos : token.lexpos + token.value.size], token)
            else:
                minus = out.pop()
                token.value.value = "-" + token.value.value
                token.value.pos = token.lexpos = minus.lexpos
                token.value.size += 1
                out.append(token)
            continue
        out.append(token)
    return out


def _join(left: LexToken, word: str, right: LexToken) -> None:
    left.value.value = word
    left.value.size = len(word)
    left.value.tail = right.value.tail


def _continues(left: LexToken, middle: LexToken, right: LexToken) -> bool:
    if right.lexpos != middle.lexpos + 1:
        return False
    if middle.type == "COLUMN":
        clock = left.type == "TERM" and _CLOCK.fullmatch(left.value.value) is not None
        return clock and middle.lexpos == left.lexpos + left.value.size
    negative = middle.type == "MINUS" and _NEGATIVE.fullmatch(right.value.value) is not None
    return negative and (left.type in _COMPARISONS or left.type == "COLUMN")


def _is_slop(number: str | None) -> bool:
    return number is not None and number.isdigit() and len(number) <= 9 and int(number) <= MAX_SLOP


class _Check:
    """Reads the tokens once, knows at each whether a search term must come, and writes the implied operators."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[LexToken] = []
        self.open: list[LexToken] = []
        self.prefixes = 0
        self.terms = 0
        self.complete = False  # an operand has just ended

    def run(self, found: list[LexToken]) -> list[LexToken]:
        position = 0
        while position < len(found):
            if found[position].type == "LBRACKET":
                position = self.range(found, position)
            else:
                following = found[position + 1] if position + 1 < len(found) else None
                self.read(found[position], following)
                position += 1
        self.end()
        return self.out

    def fail(self, code: str, token: LexToken, **details: Any) -> QuerySyntaxError:
        return QuerySyntaxError(code, query=self.text, position=token.lexpos, **details)

    def word(self, token: LexToken) -> str:
        return self.text[token.lexpos : token.lexpos + (token.value.size or 1)]

    def read(self, token: LexToken, following: LexToken | None) -> None:
        if self.complete and token.type in _STARTS:
            self.imply_and(token)
        handlers: dict[str, Callable[[LexToken], None]] = {"LPAREN": self.opening, "RPAREN": self.closing}
        if token.type in handlers:
            handlers[token.type](token)
        elif token.type in _OPERANDS:
            self.operand(token, following)
        elif token.type in _PREFIXES or token.type in _COMPARISONS:
            self.prefix(token, following)
        elif token.type in _BINARY:
            self.binary(token)
        elif token.type in _MODIFIERS:
            self.modifier(token)
        elif token.type == "COLUMN":
            self.column(token)
        else:
            raise self.fail("paren_unopened", token)
        self.out.append(token)

    def imply_and(self, token: LexToken) -> None:
        operator = LexToken()
        operator.type, operator.lexpos, operator.lineno = "AND_OP", token.lexpos, 1
        operator.value = TokenValue("")
        operator.value.pos, operator.value.size = token.lexpos, 0
        self.out.append(operator)
        self.complete = False

    def opening(self, token: LexToken) -> None:
        self.open.append(token)
        self.deeper(token)

    def deeper(self, token: LexToken) -> None:
        if len(self.open) + self.prefixes > MAX_DEPTH:
            raise self.fail("too_deep", token, limit=MAX_DEPTH)

    def closing(self, token: LexToken) -> None:
        if not self.open:
            raise self.fail("paren_unopened", token)
        if not self.complete:
            last = self.out[-1]
            if last.type == "LPAREN":
                raise self.fail("paren_empty", last)
            raise self.fail("operator_dangling", last, operator=self.word(last))
        self.open.pop()

    def operand(self, token: LexToken, following: LexToken | None) -> None:
        if token.type == "TERM" and following is not None and following.type == "COLUMN":
            last = self.out[-1] if self.out else None
            if last is not None and last.type == "COLUMN":
                raise self.fail("colon", following)
            if last is not None and last.type in _COMPARISONS:
                raise self.fail("operator_dangling", last, operator=self.word(last))
            return
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise self.fail("too_many_terms", token, limit=MAX_TERMS)
        self.complete, self.prefixes = True, 0

    def prefix(self, token: LexToken, following: LexToken | None) -> None:
        if token.type in _COMPARISONS and (following is None or following.type not in ("TERM", "PHRASE")):
            raise self.fail("operator_dangling", token, operator=self.word(token))
        self.prefixes += 1
        self.deeper(token)

    def binary(self, token: LexToken) -> None:
        if not self.complete:
            if self.out and self.out[-1].type != "LPAREN":
                raise self.fail("operator_dangling", self.out[-1], operator=self.word(self.out[-1]))
            raise self.fail("operator_leading", token, operator=self.word(token))
        self.complete = False

    def modifier(self, token: LexToken) -> None:
        character = self.text[token.lexpos]
        last = self.out[-1] if self.out else None
        attached = last is not None and self.complete and token.lexpos == last.lexpos + (last.value.size or 1)
        allowed = ("TERM", "PHRASE") if token.type == "APPROX" else ("TERM", "PHRASE", "APPROX", "RPAREN", "RBRACKET")
        compared = token.type == "APPROX" and len(self.out) > 1 and self.out[-2].type in _COMPARISONS
        if not attached or last is None or last.type not in allowed or compared:
            raise self.fail("modifier_misplaced", token, character=character)
        number = token.value.value
        if token.type == "BOOST" and (number is None or not _NUMBER.fullmatch(number)):
            raise self.fail("boost_bad", token)
        if token.type == "APPROX" and last.type == "TERM" and number not in (None, "0", "1", "2"):
            raise self.fail("fuzzy_distance", token, value=number)
        if token.type == "APPROX" and last.type == "PHRASE" and not _is_slop(number):
            raise self.fail("proximity_bad", token, limit=MAX_SLOP)

    def column(self, token: LexToken) -> None:
        if self.complete or not self.out or self.out[-1].type != "TERM":
            raise self.fail("colon", token)
        self.prefixes += 1
        self.deeper(token)

    def range(self, found: list[LexToken], start: int) -> int:
        """`[low TO high]`, where each side may have a minus; returns where reading goes on."""
        if self.complete:
            self.imply_and(found[start])
        position = start + 1
        for expected in (("TERM", "PHRASE"), ("TO",), ("TERM", "PHRASE"), ("RBRACKET",)):
            if expected == ("TERM", "PHRASE") and position < len(found) and found[position].type == "MINUS":
                position += 1
            if position >= len(found) or found[position].type not in expected:
                raise self.fail("range_shape", found[start])
            position += 1
        self.out.extend(found[start:position])
        self.terms += 1
        self.complete, self.prefixes = True, 0
        return position

    def end(self) -> None:
        if not self.complete and self.out:
            last = self.out[-1]
            if last.type == "LPAREN":
                raise self.fail("paren_unclosed", last)
            raise self.fail("operator_dangling", last, operator=self.word(last))
        if self.open:
            raise self.fail("paren_unclosed", self.open[-1])
