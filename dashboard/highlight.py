"""Marks in a verbatim: which sentence speaks of a topic, how, and where the brand is named. Everything is escaped."""

from __future__ import annotations

from collections.abc import Callable, Collection
from html import escape
from itertools import pairwise

from index.fields import POLARITY_THRESHOLD
from index.mention import Mention

# A longer text folds; its rest opens on demand.
FOLD_AT = 700
FOLD_SLACK = 200

Span = tuple[int, int]
Title = Callable[[str, str], str]


def experience_of(polarity: float) -> str:
    """The word for an aspect's polarity."""
    if polarity <= -POLARITY_THRESHOLD:
        return "negative"
    return "positive" if polarity >= POLARITY_THRESHOLD else "neutral"


class _Marks:
    """What is to be marked in one text."""

    def __init__(self, mention: Mention, topics: Collection[str], hits: Collection[Span], title: Title) -> None:
        self.text = mention.text
        self.aspects = [aspect for aspect in mention.aspects if not topics or aspect.topic in topics]
        self.terms: list[Span] = [(term.start, term.end) for term in mention.matched_terms]
        self.hits = list(hits)
        self.title = title

    def html(self, start: int, end: int) -> str:
        """The text between two places."""
        edges = {start, end}
        for span in (*((aspect.start, aspect.end) for aspect in self.aspects), *self.terms, *self.hits):
            edges.update(edge for edge in span if start < edge < end)
        return "".join(self._segment(*pair) for pair in pairwise(sorted(edges)))

    def _segment(self, start: int, end: int) -> str:
        html = escape(self.text[start:end])
        if _covered(self.terms, start, end):
            html = f"<b class='bm-term'>{html}</b>"
        if _covered(self.hits, start, end):
            html = f"<b class='bm-hit'>{html}</b>"
        covering = [aspect for aspect in self.aspects if aspect.start <= start and end <= aspect.end]
        if not covering:
            return html
        strongest = max(covering, key=lambda aspect: (abs(aspect.polarity), aspect.probability))
        names = dict.fromkeys(self.title(aspect.topic, experience_of(aspect.polarity)) for aspect in covering)
        kind = experience_of(strongest.polarity)
        return f"<mark class='bm-{kind}' title='{escape(', '.join(names))}'>{html}</mark>"


def _covered(spans: Collection[Span], start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in spans)


def marked(
    mention: Mention, *, topics: Collection[str] = (), hits: Collection[Span] = (), title: Title, more: str
) -> str:
    """The mention's text as safe HTML with its marks.

    Only aspects of `topics` are marked, or all where none is named; `hits` are the places that a search found.
    `title` words a mark's tooltip from a topic and an experience; `more` is the label that opens the rest of a long
    text.
    """
    marks = _Marks(mention, topics, hits, title)
    cut = fold_position(mention.text)
    head = marks.html(0, cut)
    if cut == len(mention.text):
        return head
    rest = marks.html(cut, len(mention.text))
    return f"{head}<details class='bm-more'><summary>{escape(more)}</summary>{rest}</details>"


def fold_position(text: str) -> int:
    """Where a long text is cut: at the last white space before `FOLD_AT`; the length for a text that needs no cut."""
    if len(text) <= FOLD_AT + FOLD_SLACK:
        return len(text)
    return max(text.rfind(" ", 0, FOLD_AT), text.rfind("\n", 0, FOLD_AT), 0) or FOLD_AT
