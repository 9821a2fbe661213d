"""XenForo 1.0 to 1.5: threads and forum lists, whatever the style and the language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta, timezone, tzinfo
from urllib.parse import urlsplit

from crawlers.pages.boards import (
    cached_boxes,
    heading,
    list_page,
    loose_moment,
    make_post,
    name_in,
    own_link,
    thread_page,
)
from crawlers.pages.body import read_body
from crawlers.pages.dates import Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, classes, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, page_title
from crawlers.pages.urls import clean_url

SOFTWARE = "xenforo1"

_BODIES = (".messageContent .messageText:not(.signature)", "blockquote.messageText:not(.signature)", ".messageContent")
_QUOTES = (".bbCodeQuote",)
_NOISE = (
    ".bbCodeCode, .bbCodePHP, .bbCodeHtml, .bbCodeSpoilerButton, .messageTextEndMarker, .attachedFiles, .editDate",
    ".dice_container, .likesSummary, .messageNotices, .bbCodeBlock > .type",
)
_POST_ID = re.compile(r"^post-(\d+)$")
_QUOTED = re.compile(r"#post-(\d+)|[?&]id=(\d+)|posts/(\d+)")
_THREAD_PATH = re.compile(r"(?:^|[/?])(?:threads|themen)/[^/]*\d+/")
_QUARTER = 900


def recognises(document: Document) -> bool:
    """Whether the page is XenForo 1's, by its root element or by its own posts and lists."""
    if document.root.get("id") == "XenForo":
        return True
    names, ids = document.class_names, document.id_stems
    return ("messageText" in names and "post-" in ids) or ("discussionListItem" in names and "thread-" in ids)


def read(document: Document) -> Page:
    """A thread's posts or a forum's threads."""
    document = replace(document, hints=replace(document.hints, tz=_zone(document)))
    containers = _containers(document)
    if containers or _THREAD_PATH.search(urlsplit(document.url)._replace(scheme="", netloc="").geturl()):
        return thread_page(
            document,
            software=SOFTWARE,
            title=_title(document),
            containers=containers,
            body_of=_body,
            read=lambda container: _post(document, container),
            next_page=_next_page(document),
        )
    threads = select(document.root, ".discussionListItem .title a[href]")
    forums = select(document.root, ".nodeTitle a[href], .subForumList a[href], .subForumsMenu a[href]")
    return list_page(
        document,
        software=SOFTWARE,
        title=_title(document),
        links=[*(link for link in threads if "prefixLink" not in classes(link)), *forums],
        next_page=lambda: _next_page(document),
        certain=has(document.root, ".discussionList", "ol.nodeList"),
    )


def _containers(document: Document) -> list[Element]:
    def find() -> list[Element]:
        return [node for node in select(document.root, "[id^='post-']") if _POST_ID.match(node.get("id"))]

    return [node for node in cached_boxes(document, SOFTWARE, find) if classes(node) & {"message", "messageSimple"}]


def _title(document: Document) -> str | None:
    return heading(document, ".titleBar h1", "h1", drop=".prefix, .label") or page_title(document)


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element) -> Post | None:
    body = _body(container)
    if body is None:
        return None
    native_id = container.get("id")
    number = native_id.partition("-")[2]
    name = (container.get("data-author") or "").strip() or name_in(
        container, ".messageUserInfo .username", ".userText .username", ".messageMeta .author"
    )
    return make_post(
        document,
        native_id=native_id,
        name=name,
        badges=_badges(container),
        known=has(container, ".messageUserInfo", ".messageUserBlock"),
        moment=_moment(document, container, body),
        words=read_body(body, quotes=_QUOTES, noise=_NOISE),
        quoted=_QUOTED,
        form="post-",
        permalink=own_link(document, container, body, f"posts/{number}/", f"#{native_id}"),
    )


def _badges(container: Element) -> str:
    if "staff" in classes(container) or has(container, ".messageUserInfo .bannerStaff"):
        return "staff"
    return " | ".join(flat(node) for node in select(container, ".messageUserInfo .userBanner, .userTitle"))


def _moment(document: Document, container: Element, body: Element) -> Moment:
    others = {
        *body.iter(),
        *(part for box in select(container, ".editDate, .messageUserInfo, .signature") for part in box.iter()),
    }
    marked = select(container, "abbr.DateTime, span.DateTime, time")
    for node in (node for node in (*marked, *select(container, ".datePermalink")) if node not in others):
        for value in (node.get("data-time"), node.get("datetime")):
            if (moment := parse_machine(value, document.hints)).at:
                return moment
        for value in (node.get("title"), flat(node)):
            if (moment := parse_text(value, document.hints)).at:
                return moment
    return loose_moment(container, body, document.hints)


def _zone(document: Document) -> tzinfo:
    """The board's zone, by a date that the page gives both as an epoch and in words; Berlin's offsets mean Berlin."""
    for node in select(document.root, "abbr.DateTime[data-time][data-timestring]"):
        epoch = parse_machine(node.get("data-time"), document.hints).at
        words = f"{node.get('data-datestring') or ''} {node.get('data-timestring')}"
        shown = parse_text(words, replace(document.hints, tz=UTC))
        if epoch is None or shown.at is None or shown.precision == "day":
            continue
        offset = round((shown.at - epoch).total_seconds() / _QUARTER) * _QUARTER // 60
        if offset in {60, 120} or abs(offset) > 14 * 60:
            continue
        return timezone(timedelta(minutes=offset))
    return document.hints.tz


def _next_page(document: Document) -> str | None:
    if marked := next_link(document, ".PageNav a.currentPage + a[href]"):
        return marked
    for bar in select(document.root, ".PageNav[data-page][data-last][data-baseurl]"):
        page, last = bar.get("data-page"), bar.get("data-last")
        if page.isdecimal() and last.isdecimal() and int(page) < int(last):
            sentinel = bar.get("data-sentinel") or "{{sentinel}}"
            url = document.absolute(bar.get("data-baseurl").replace(sentinel, str(int(page) + 1)))
            if url and document.same_site(url):
                return clean_url(url)
    return None
