"""Question-and-answer sites in the manner of Stack Exchange, by their schema.org microdata."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages.document import Document, Element, affordable, classes, has, select, whole_number
from crawlers.pages.items import holding_reviews, items_of, own, post_of, with_parents
from crawlers.pages.page import Page
from crawlers.pages.posts import build_page, collect, followable, next_link, page_title

SOFTWARE = "questions"

_LIST = ".s-post-summary--content-title a, .question-summary a.question-hyperlink, h3 a.s-link[href*='/questions/']"
_QUESTION = re.compile(r"/(?:questions|frage)/\d+")
_NEXT = (".s-pagination a[rel='next'][href]", ".pager a[rel='next'][href]", ".pagination a.next[href]")


def recognises(document: Document) -> bool:
    """Whether a page marks up a question, or lists questions as Stack Exchange does; a shop's page is none."""
    marked = has(document.root, "[itemtype$='schema.org/Question']", _LIST)
    return marked and not holding_reviews(document)


def read(document: Document) -> Page:
    """A question and its answers, or a list's questions. Remarks below them are not read: they are not marked up."""
    items = affordable(document, items_of(document, "Question")) + items_of(document, "Answer")
    if not items and not _QUESTION.search(urlsplit(document.url).path):
        return _listing(document)
    standing = [item for item in items if not classes(item) & {"deleted-answer", "deleted"}]
    parents = dict(with_parents(document, standing))
    collected = collect(standing, lambda item: post_of(document, item, parent_id=parents[item]))
    return build_page(
        document,
        software=SOFTWARE,
        kind="thread",
        title=page_title(
            document, "[itemtype$='/Question'] h1[itemprop='name']", "[itemtype$='/Question'] [itemprop='name']", "h1"
        ),
        collected=collected,
        next_page=next_link(document, *_NEXT),
        expected_posts=_expected(document, items),
        notes=() if items else ["empty_thread: a question's address, but no question on the page"],
    )


def _expected(document: Document, items: list[Element]) -> int | None:
    """The question and its answers, as it counts them."""
    for item in items:
        for node in own(document, item, "answerCount"):
            count = whole_number(node.get("content") or node.text_content())
            return None if count is None else count + 1
    return None


def _listing(document: Document) -> Page:
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing",
        title=page_title(document, "h1"),
        links=followable(document, select(document.root, _LIST)),
        next_page=next_link(document, *_NEXT),
    )
