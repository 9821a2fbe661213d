"""Times that elements of a page show, and when the threads of a listing were last written in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice

from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, brief
from crawlers.pages.urls import clean_url

_MAX_LABEL = 200
_MAX_ANCHORS = 2000
_MAX_ROW = 300
_MAX_LEVELS = 12
_MACHINE = ("datetime", "data-timestamp", "data-time")
# What the place of the last post is called: dd.lastpost, td.lastpost, structItem-cell--latest, columnLastPost,
# threadlastpost, topic-last-post, ipsDataItem_lastPoster, bbp-topic-freshness, LastCommentDate.
_LAST_PLACE = re.compile(
    r"last[-_]?(?:post|poster|reply|activity|comment)(?:$|[-_ \dA-Z])|--latest\b|freshness\b", re.I
)


def moment_at(document: Document, node: Element) -> Moment:
    """The time that an element states: in an attribute for machines, in its title, in its text."""
    for name in ("datetime", "content", "data-timestamp", "data-time", "data-date", "title"):
        if (value := node.get(name)) and (moment := parse_machine(value, document.hints)).at:
            return moment
    for text in (node.get("title") or "", brief(node, _MAX_LABEL)):
        if text and (moment := parse_text(text, document.hints)).at:
            return moment
    return UNKNOWN


def last_posts(document: Document, links: Collection[str]) -> tuple[tuple[str, datetime], ...]:
    """The threads among a listing's links with the time of their newest post, where their rows show it.

    A row is the largest element with links to one thread only. Only what is named as the place of the last post
    counts: other times of a row may be those of the thread's beginning or of an edit.
    """
    found: dict[str, datetime] = {}
    for url, row in _rows(document, frozenset(links)).items():
        moment = _last_moment(document, row)
        if moment is not None:
            found[url] = moment
    return tuple(found.items())


def _rows(document: Document, links: frozenset[str]) -> dict[str, Element]:
    anchors: dict[str, Element] = {}
    owners: dict[Element, str | None] = {}
    for anchor in islice(document.root.iter("a"), _MAX_ANCHORS):
        url = document.absolute(anchor.get("href"))
        if url is None or (url := clean_url(url)) not in links:
            continue
        anchors.setdefault(url, anchor)
        for level in islice(anchor.iterancestors(), _MAX_LEVELS):
            owners[level] = url if owners.get(level, url) == url else None
    rows: dict[str, Element] = {}
    for url, anchor in anchors.items():
        for level in islice(anchor.iterancestors(), _MAX_LEVELS):
            if owners.get(level) != url:
                break
            rows[url] = level
    return rows


def _last_moment(document: Document, row: Element) -> datetime | None:
    for node in islice(row.iter("*"), _MAX_ROW):
        if _LAST_PLACE.search(node.get("class") or ""):
            if times := list(_machine_times(document, islice(node.iter("*"), _MAX_ROW))):
                return max(times)
            return parse_text(brief(node, _MAX_LABEL), document.hints).at
    return None


def _machine_times(document: Document, nodes: Iterator[Element]) -> Iterator[datetime]:
    for node in nodes:
        for name in _MACHINE:
            if (value := node.get(name)) and (at := parse_machine(value, document.hints).at) is not None:
                yield at
