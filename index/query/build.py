"""luqum's tree to ours: names, words, numbers and dates resolved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from luqum import tree as luqum

from index.analysis import analyse_form
from index.mention import composed
from index.query import ast
from index.query.errors import QuerySyntaxError
from index.query.limits import check_fuzzy, check_size
from index.query.patterns import MAX_LEADING, has_wildcard, keyword_pattern, text_patterns, unescape
from index.query.resolve import DEFAULT, EXISTS, Target, resolve
from index.query.values import read_bool, read_number, read_period

_Maybe = ast.Node | None


class Builder:
    """Builds one query's tree. Parts without a searchable word (a dash, an ellipsis) fall away."""

    def __init__(self, text: str, now: datetime) -> None:
        self.text = text
        self.now = now
        self.leading = 0

    def build(self, root: luqum.Item) -> ast.Node:
        """The tree. Raises `QuerySyntaxError`."""
        node = self.node(root, DEFAULT)
        if node is None:
            raise self.fail("no_words", root)
        check_size(node, query=self.text)
        return node

    def fail(self, code: str, item: luqum.Item, **details: Any) -> QuerySyntaxError:
        return QuerySyntaxError(code, query=self.text, position=item.pos or 0, **details)

    def node(self, item: luqum.Item, target: Target) -> _Maybe:
        handlers: dict[type, Callable[[Any, Target], _Maybe]] = {
            luqum.AndOperation: self.both,
            luqum.OrOperation: self.either,
            luqum.Not: self.negation,
            luqum.Prohibit: self.negation,
            luqum.Plus: self.inner,
            luqum.Group: self.group,
            luqum.FieldGroup: self.group,
            luqum.Boost: self.group,
            luqum.SearchField: self.field,
            luqum.Word: self.word,
            luqum.Phrase: self.phrase,
            luqum.Proximity: self.proximity,
            luqum.Fuzzy: self.fuzzy,
            luqum.Range: self.range,
            luqum.From: self.comparison,
            luqum.To: self.comparison,
        }
        return handlers[type(item)](item, target)

    # operators

    def both(self, item: luqum.AndOperation, target: Target) -> _Maybe:
        children = self.children(item, target)
        if not children:
            return None
        kept = [child for child in children if not isinstance(child, ast.MatchAll)]
        flat = _flat(kept, ast.And)
        if len(flat) <= 1:
            return flat[0] if flat else children[0]
        return ast.And(flat, at=children[0].at)

    def either(self, item: luqum.OrOperation, target: Target) -> _Maybe:
        children = self.children(item, target)
        if len(children) <= 1:
            return children[0] if children else None
        everything = [child for child in children if isinstance(child, ast.MatchAll)]
        flat = _flat(children, ast.Or)
        if everything or len(flat) == 1:
            return everything[0] if everything else flat[0]
        return ast.Or(flat, at=children[0].at)

    def children(self, item: luqum.Item, target: Target) -> list[ast.Node]:
        built = (self.node(child, target) for child in item.children)
        return [child for child in built if child is not None]

    def negation(self, item: luqum.Not | luqum.Prohibit, target: Target) -> _Maybe:
        child = self.node(item.a, target)
        if isinstance(child, ast.Not):
            return child.child
        return None if child is None else ast.Not(child, at=item.pos or 0)

    def inner(self, item: luqum.Plus, target: Target) -> _Maybe:
        return self.node(item.a, target)

    def group(self, item: luqum.Group | luqum.Boost, target: Target) -> _Maybe:
        return self.node(item.expr, target)

    def field(self, item: luqum.SearchField, _outer: Target) -> _Maybe:
        if item.name != EXISTS:
            return self.node(item.expr, resolve(item.name, query=self.text, position=item.pos or 0))
        if not isinstance(item.expr, luqum.Word | luqum.Phrase):
            raise self.fail("syntax", item.expr)
        name = unescape(_raw(item.expr))
        return self.exists(resolve(name, query=self.text, position=item.expr.pos or 0), item.pos or 0)

    def exists(self, target: Target, at: int) -> ast.Node:
        if len(target.fields) == 1:
            return ast.Exists(target.fields[0], at=at)
        return ast.Or(tuple(ast.Exists(name, at=at) for name in target.fields), at=at)

    # words and phrases

    def word(self, item: luqum.Word, target: Target) -> _Maybe:
        raw = item.value
        if raw == "*":
            return ast.MatchAll(at=item.pos) if target.default else self.exists(target, item.pos or 0)
        if target.kind in ("text", "keyword") and has_wildcard(raw):
            return self.wildcard(item, target)
        return self.value(item, unescape(raw), target)

    def phrase(self, item: luqum.Phrase, target: Target) -> _Maybe:
        return self.value(item, unescape(_raw(item)), target)

    def value(self, item: luqum.Item, text: str, target: Target) -> _Maybe:
        at = item.pos or 0
        if target.kind == "text":
            return self.tokens(item, text, target, slop=0)
        if target.kind == "bool":
            flag = read_bool(text)
            if flag is None:
                raise self.fail("bool_bad", item, value=text, name=target.name)
            return ast.Term(target.fields, "", flag, at=at)
        if target.kind == "float":
            number = self.number(item, text, target)
            return ast.Range(target.fields[0], number, number, at=at)
        if target.kind == "date":
            period = self.period(item, text, target)
            return ast.Range(target.fields[0], *period, include_upper=False, at=at)
        # An empty text is no value.
        return ast.Term(target.fields, "", text, at=at) if text else ast.MatchNone(at=at)

    def tokens(self, item: luqum.Item, text: str, target: Target, *, slop: int) -> _Maybe:
        form = target.form or ""
        words = tuple(analyse_form(composed(text), form))
        at = item.pos or 0
        if len(words) <= 1:
            return ast.Term(target.fields, form, words[0], at=at) if words else None
        return ast.Phrase(target.fields, form, words, slop, at=at)

    def proximity(self, item: luqum.Proximity, target: Target) -> _Maybe:
        if target.kind != "text":
            raise self.fail("not_for_field", item, name=target.name)
        return self.tokens(item, unescape(_raw(item.term)), target, slop=int(item.degree))

    def wildcard(self, item: luqum.Word, target: Target) -> _Maybe:
        if target.kind == "text":
            form = target.form or "folded"
            patterns = text_patterns(composed(item.value), form, query=self.text, position=item.pos or 0)
        else:
            form, patterns = "", (keyword_pattern(item.value, query=self.text, position=item.pos or 0),)
        self.leading += sum(pattern[0] in "*?" for pattern in patterns)
        if self.leading > MAX_LEADING:
            raise self.fail("wildcard_leading_many", item, limit=MAX_LEADING)
        if not any(has_wildcard(pattern) for pattern in patterns):
            return self.value(item, unescape(item.value).replace("*", " ").replace("?", " "), target)
        return ast.Wildcard(target.fields, form, patterns, at=item.pos or 0)

    def fuzzy(self, item: luqum.Fuzzy, target: Target) -> _Maybe:
        if target.kind not in ("text", "keyword"):
            raise self.fail("not_for_field", item, name=target.name)
        raw = item.term.value
        if has_wildcard(raw):
            raise self.fail("fuzzy_word", item)
        text = unescape(raw)
        form = (target.form or "folded") if target.kind == "text" else ""
        words = analyse_form(composed(text), form) if target.kind == "text" else [text]
        if len(words) != 1:
            raise self.fail("fuzzy_word", item)
        check_fuzzy(words[0], query=self.text, position=item.pos or 0)
        distance = _auto_distance(words[0]) if self.implied(item) else int(item.degree)
        if target.kind == "keyword":
            # One letter must be right: an empty text is no value.
            distance = min(distance, len(text) - 1)
        if distance == 0:
            return ast.Term(target.fields, form, words[0], at=item.pos or 0)
        return ast.Fuzzy(target.fields, form, words[0], distance, at=item.pos or 0)

    def implied(self, item: luqum.Fuzzy) -> bool:
        """Whether no number follows the tilde."""
        end = (item.term.pos or 0) + len(item.term.value) + 1
        return self.text[end : end + 1] not in ("0", "1", "2")

    # ranges

    def number(self, item: luqum.Item, text: str, target: Target) -> float:
        number = read_number(text)
        if number is None:
            raise self.fail("number_bad", item, value=text, name=target.name)
        return number

    def period(self, item: luqum.Item, text: str, target: Target) -> tuple[datetime, datetime]:
        period = read_period(text, name=target.fields[0], now=self.now)
        if period is None:
            raise self.fail("date_bad", item, value=text, name=target.name)
        return period.start, period.end

    def comparison(self, item: luqum.From | luqum.To, target: Target) -> _Maybe:
        if isinstance(item, luqum.From):
            return self.between(item, item.a, None, target, (item.include, True))
        return self.between(item, None, item.a, target, (True, item.include))

    def range(self, item: luqum.Range, target: Target) -> _Maybe:
        return self.between(item, item.low, item.high, target, (item.include_low, item.include_high))

    def between(
        self,
        item: luqum.Item,
        low: luqum.Item | None,
        high: luqum.Item | None,
        target: Target,
        include: tuple[bool, bool],
    ) -> _Maybe:
        if target.kind not in ("float", "date"):
            raise self.fail("range_field", item)
        low, high = _open(low), _open(high)
        at = item.pos or 0
        if low is None and high is None:
            return self.exists(target, at)
        if target.kind == "float":
            lower = None if low is None else self.number(low, _bound(low), target)
            upper = None if high is None else self.number(high, _bound(high), target)
            node = ast.Range(target.fields[0], lower, upper, include[0], include[1], at=at)
        else:
            first = None if low is None else self.period(low, _bound(low), target)[0 if include[0] else 1]
            last = None if high is None else self.period(high, _bound(high), target)[1 if include[1] else 0]
            node = ast.Range(target.fields[0], first, last, True, False, at=at)
        return self.ordered(item, low, high, node)

    def ordered(self, item: luqum.Item, low: luqum.Item | None, high: luqum.Item | None, node: ast.Range) -> ast.Node:
        if low is None or high is None or node.lower is None or node.upper is None:
            return node
        lower: Any = node.lower
        upper: Any = node.upper
        if lower < upper or (lower == upper and node.include_lower and node.include_upper):
            return node
        if lower == upper or _bound(low) == _bound(high):
            return ast.MatchNone(at=node.at)
        raise self.fail("range_reversed", item, lower=_bound(low), upper=_bound(high))


def _auto_distance(word: str) -> int:
    """Elasticsearch's AUTO: no edit up to two letters, one up to five, else two."""
    return 0 if len(word) <= 2 else 1 if len(word) <= 5 else 2


def _flat(children: Sequence[ast.Node], kind: type[ast.And] | type[ast.Or]) -> tuple[ast.Node, ...]:
    """The children with those of children of the same kind in their place, each once."""
    flat: list[ast.Node] = []
    for child in children:
        flat.extend(child.children if isinstance(child, ast.And | ast.Or) and isinstance(child, kind) else (child,))
    return tuple(dict.fromkeys(flat))


def _raw(item: luqum.Word | luqum.Phrase) -> str:
    return str(item.value[1:-1] if isinstance(item, luqum.Phrase) else item.value)


def _open(item: luqum.Item | None) -> luqum.Item | None:
    return None if isinstance(item, luqum.Word) and item.value == "*" else item


def _bound(item: luqum.Item) -> str:
    if isinstance(item, luqum.Prohibit):
        return "-" + unescape(_raw(item.a))
    return unescape(_raw(item))
