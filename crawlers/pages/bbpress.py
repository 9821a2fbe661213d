"""bbPress 2: topics and forums of WordPress sites."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import lxml.html

from crawlers.pages.document import Document, Element, affordable, brief, classes, copy_of, has, select, whole_number
from crawlers.pages.page import Page
from crawlers.pages.posts import MAX_POSTS
from crawlers.pages.rules import ThreadRules, by_pattern, read_by

SOFTWARE = "bbpress"

_NUMBERS = re.compile(r"\d[\d.,]*")
_BODY = ".bbp-reply-content, .bbp-topic-content"
# The list's head and foot name their columns with the classes of posts, and so did the heads of posts in 2.0's tables.
_HEADINGS = frozenset({"bbp-header", "bbp-footer", "bbp-reply-header", "bbp-topic-header"})
_RULES = ThreadRules(
    software=SOFTWARE,
    posts=_BODY,
    native_id=by_pattern(r"(?:^|\s)(post-\d{1,18})(?:\s|$)", "id", "class"),
    body=(
        "div.bbp-reply-content, div.bbp-topic-content",
        "tr:not(.bbp-reply-header) > .bbp-reply-content, tr:not(.bbp-topic-header) > .bbp-topic-content",
        ".bbp-reply-content, .bbp-topic-content",
    ),
    author=(
        ".bbp-author-name",
        ".bbp-reply-author .bbp-author-link",
        ".bbp-topic-author .bbp-author-link",
        ".bbp-author-link",
        ".bbp-reply-header .bbp-reply-author",
    ),
    times=(
        ".bbp-reply-post-date, .bbp-topic-post-date",
        ".bbp-meta time, time",
        ".bbp-meta",
        ".bbp-reply-header .bbp-reply-content",
    ),
    title=("h1.entry-title, h1.wp-block-post-title", "h1.bbp-topic-title, .bbp-topic-title h1", "h1"),
    noise=(
        ".bbp-reply-revision-log, .bbp-topic-revision-log, .bbp-attachments, .bbp-signature, .bbp-author-role",
        ".bbp-admin-links, .d4p-bbp-quote-title, .bbp-reply-to-link, .wp-block-embed, .sharedaddy, .gdbbx-signature",
    ),
    roles=".bbp-author-role",
    badges=".bbp-author-role",
    staff=".forum-mod, .bbp-role-keymaster, .bbp-role-moderator",
    deleted=".status-trash, .status-spam, .status-pending",
    parent=re.compile(r"#(post-\d{1,18})"),
    permalink=("a.bbp-reply-permalink[href]", "a.bbp-topic-permalink[href]"),
    thread_path=re.compile(r"/(?:topic|topics|thema|themen)/[^/]+"),
    threads="a.bbp-topic-permalink[href]",
    boards="a.bbp-forum-title[href], .bbp-forums-list a.bbp-forum-link[href]",
    list_marks=".bbp-topics, .bbp-forums",
    list_title=("h1.entry-title, h1.wp-block-post-title", "h1"),
    next_page=(".bbp-pagination-links a.next[href]",),
    expected=lambda document: _expected(document),
)


def recognises(document: Document) -> bool:
    """Whether a page is bbPress's, by its wrapper or its replies."""
    return has(document.root, "#bbpress-forums, .bbp-reply-content, .bbp-topic-content, ul.bbp-topics, ul.bbp-forums")


def read(document: Document) -> Page:
    """A topic's posts or a forum's topics."""
    boxes = list(_boxes(document))
    lists = not boxes and has(document.root, "ul.bbp-topics, ul.bbp-forums")
    return read_by(document, replace(_RULES, thread_path=None) if lists else _RULES, containers=boxes)


def _boxes(document: Document) -> Iterator[Element]:
    """A post's head, where its date and number stand, together with the box that follows: they are siblings."""
    bodies = affordable(document, select(document.root, _BODY)[: MAX_POSTS + 1])
    shared = Counter(body.getparent() for body in bodies)
    for body in bodies:
        parent = body.getparent()
        if parent is None or body.tag == "th" or classes(parent) & _HEADINGS or has(body, *_BODY.split(", ")):
            continue
        box = parent if shared[parent] == 1 else body
        head = box.getprevious()
        whole = lxml.html.Element("div", {"id": _id_of(box, head), "class": box.get("class") or ""})
        parts = [head, box] if head is not None and _is_head(head) else [box]
        whole.extend([_copied(part) for part in parts])
        yield whole


def _copied(part: Element) -> Element:
    return copy_of(part)


def _is_head(node: Element) -> bool:
    return isinstance(node.tag, str) and bool(
        re.search(r"\bbbp-(?:reply|topic)-header\b", node.get("class") or "")
        or (node.get("id") or "").startswith("post-")
    )


def _id_of(box: Element, head: Element | None) -> str:
    for node in (head, box):
        if node is not None and isinstance(node.tag, str) and (node.get("id") or "").startswith("post-"):
            return str(node.get("id"))
    return ""


def _expected(document: Document) -> int | None:
    """The last number of "Ansicht von 15 Beiträgen – 1 bis 15 (von insgesamt 41)", or the only one."""
    for node in select(document.root, ".bbp-pagination-count"):
        if numbers := _NUMBERS.findall(brief(node, 200)):
            return whole_number(numbers[-1])
    return None
