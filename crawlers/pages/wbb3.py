"""Burning Board 3 (WBB 3.0 and 3.1, WBB Lite 2): threads and boards."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages.boards import (
    cached_boxes,
    heading,
    images_text,
    links_like,
    list_page,
    loose_moment,
    make_post,
    mark_files,
    name_in,
    next_by_number,
    own_link,
    thread_page,
)
from crawlers.pages.body import read_body
from crawlers.pages.dates import Moment, parse_text
from crawlers.pages.document import Document, Element, affordable, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, own_title, page_title

SOFTWARE = "wbb3"

_BODIES = ("[id^=postText]", ".messageBody")
_QUOTES = ("blockquote.quoteBox", ".quoteBox")
_NOISE = (
    ".codeBox, .signature, .editNote, .attachments, .attachment, .attachmentFile, .messageFooter, .spoilerHeader",
    ".messageHeader, .messageTitle, .thankStats, .moderatorNotes",
)
_POST_ID = re.compile(r"^post(?:Row)?(\d+)$")
_QUOTED = re.compile(r"#post(\d+)|[?&]postID=(\d+)", re.I)
_THREAD_ADDRESS = re.compile(
    r"\?page=Thread&threadID=\d+$|/(?:thread/?\d+|board\d+[^/]*/\d+|\d+)-[^/?]+/?$|/thread/\d+[^/?]*/?$|/thread\d+\.html$"
)
_BOARD_ADDRESS = re.compile(r"\?page=Board&boardID=\d+$|/board/?\d+[^/?]*/?$")
_THREAD_PLACE = re.compile(r"page=Thread\b|/thread/?\d")


def recognises(document: Document) -> bool:
    """Whether the page is a Burning Board 3's, by its posts, its templates or its own links."""
    body = document.root.find(".//body")
    if body is not None and re.fullmatch(r"tpl(?:Thread|Board|Index)", body.get("id") or ""):
        return True
    names, ids = document.class_names, document.id_stems
    if "messageInner" in names and ids & {"postRow", "postText"}:
        return True
    lists = names & {"boardTitle", "columnTopic", "pageNavigation", "mainHeadline"}
    return bool(lists) and has(document.root, "a[href*='page=Thread&threadID=']", "a[href*='page=Board&boardID=']")


def read(document: Document) -> Page:
    """A thread's posts, or the threads and boards of a board."""
    containers = _containers(document)
    parts = urlsplit(document.url)
    if not containers and not _THREAD_PLACE.search(f"{parts.path}?{parts.query}"):
        return _list(document)
    title = _title(document)
    return thread_page(
        document,
        software=SOFTWARE,
        title=title,
        containers=containers,
        body_of=_body,
        read=lambda container: _post(document, container, title),
        next_page=_next_page(document),
    )


def _title(document: Document) -> str | None:
    return heading(document, ".headlineContainer h2", ".mainHeadline h2", "h1", drop=".prefix") or page_title(document)


def _list(document: Document) -> Page:
    return list_page(
        document,
        software=SOFTWARE,
        title=_title(document),
        links=[*links_like(document, _THREAD_ADDRESS), *links_like(document, _BOARD_ADDRESS)],
        next_page=lambda: _next_page(document),
        certain=has(document.root, "#boardlist", ".columnTopic", ".topicList"),
    )


def _containers(document: Document) -> list[Element]:
    def find() -> list[Element]:
        rows = [node for node in select(document.root, "[id^=postRow]") if _POST_ID.match(node.get("id"))]
        if rows:
            return rows
        boxes = affordable(document, select(document.root, ".message"))
        return [node for node in boxes if has(node, "[id^=postText]", "a[id^=post]")]

    return cached_boxes(document, SOFTWARE, find)


def _number(container: Element) -> str | None:
    ids = [container.get("id"), *(node.get("id") for node in select(container, "[id^=post]"))]
    for value in ids:
        if match := re.match(r"^post(?:Row|Text|Subject)?(\d+)$", value or ""):
            return match.group(1)
    return None


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body, number = _body(container), _number(container)
    if body is None or number is None:
        return None
    mark_files(body, "a[href*='page=Attachment']")
    subject = flat(first(container, ".messageTitle", "[id^=postSubject]"))
    return make_post(
        document,
        native_id=f"post{number}",
        name=name_in(container, ".userName a", ".messageAuthor .userName", ".userName", ".messageAuthor a"),
        badges=_badges(container),
        known=has(container, ".messageSidebar", ".messageAuthor"),
        moment=_moment(document, container, body),
        words=read_body(body, quotes=_QUOTES, noise=_NOISE),
        quoted=_QUOTED,
        form="post",
        title=own_title(subject, thread),
        permalink=own_link(document, container, body, f"#post{number}"),
    )


def _badges(container: Element) -> str:
    words = [flat(node) for node in select(container, ".userTitle, .userRank")]
    return " | ".join([*words, images_text(select(container, ".userRank img"))])


def _moment(document: Document, container: Element, body: Element) -> Moment:
    header = first(container, ".messageHeader")
    for node in select(header, "p.light, .smallFont, .messageDate, p") if header is not None else ():
        if (moment := parse_text(flat(node), document.hints)).precision in {"minute", "second"}:
            return moment
    return loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    marked = next_link(document, ".pageNavigation li.active + li a[href]")
    return marked or next_by_number(document, ".pageNavigation", "li.active, .active")
