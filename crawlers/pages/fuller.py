"""Review texts that a page's markup states only in part: "Anfangs gut, aber nach …" while the page shows the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from crawlers.pages.body import read_body
from crawlers.pages.document import Document, Element, size, squeeze
from crawlers.pages.structured import REPLY_BOXES, Review

_CUT = re.compile(r"\s*(?:…|\.{3,})\W{0,3}$")
_MORE = re.compile(
    r"\s*(?:\.{3}|…)?\s*(?:mehr (?:lesen|anzeigen)|weiterlesen|weniger anzeigen|read (?:more|less))\W{0,3}$", re.I
)
_INSIDE = frozenset({"p", "br", "ul", "ol", "b", "i", "em", "strong"})
_MIN_START, _MAX_PARTS = 12, 300


@lru_cache(maxsize=4096)
def key_text(text: str) -> str:
    """Words only, in one case: what two spellings of a text share."""
    return re.sub(r"\W+", " ", text).strip().casefold()


def is_cut(text: str) -> bool:
    """Whether a text ends in dots, as one that a template shortened does."""
    return _CUT.search(text[-12:]) is not None


def starts_alike(one: str, other: str) -> bool:
    """Whether two texts agree in their first 80 characters, or a cut one in all that it has."""
    first, second = key_text(one), key_text(other)
    if first[:80] == second[:80]:
        return True
    short, long = sorted((one, other), key=len)
    start = _start(short)
    return is_cut(short) and len(start) >= _MIN_START and key_text(long).startswith(start)


def _start(text: str) -> str:
    """What a cut text certainly says: its last word may be half of one."""
    return key_text(_CUT.sub("", text)).rpartition(" ")[0]


def with_full_texts(reviews: list[Review], document: Document) -> list[Review]:
    """The reviews, with cut texts replaced by longer ones that the visible page starts in the same words."""
    wanted = {
        start[:_MIN_START] for review in reviews if is_cut(review.text) and len(start := _start(review.text)) >= 12
    }
    if not wanted:
        return reviews
    shown = list(_shown(document, wanted))
    return [replace(review, text=_fuller(review.text, shown)) if is_cut(review.text) else review for review in reviews]


def _fuller(text: str, shown: list[str]) -> str:
    start = _start(text)
    longer = [other for other in shown if len(other) > len(text) and key_text(other).startswith(start)]
    return max(longer, key=len) if len(start) >= _MIN_START and longer else text


def _shown(document: Document, wanted: set[str]) -> Iterator[str]:
    """The visible texts that begin like one of the cut ones; elements whose own words begin so, with their siblings."""
    found = 0
    for node in document.root.iter("p", "div", "span", "td", "dd", "q", "blockquote", "article"):
        if key_text(squeeze((node.text or "")[:200]))[:_MIN_START] not in wanted:
            continue
        found += 1
        if found > _MAX_PARTS:
            return
        body = _whole(node)
        if size(body) <= _MAX_PARTS:
            yield _MORE.sub("", read_body(body, noise=REPLY_BOXES).text)


def _whole(node: Element) -> Element:
    """The part around a first paragraph that holds nothing but paragraphs."""
    parent = node.getparent()
    while node.tag == "p" and parent is not None and parent.index(node) == 0 and all(c.tag in _INSIDE for c in parent):
        node, parent = parent, parent.getparent()
    return node
