"""Simple Machines Forum 2.0 and 2.1: topics and boards, in the default themes and their children."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages.boards import (
    boxes_around,
    cached_boxes,
    heading,
    images_text,
    is_number,
    links_like,
    list_page,
    loose_moment,
    make_post,
    name_in,
    next_by_number,
    own_link,
    thread_page,
    with_dates_of,
)
from crawlers.pages.body import read_body
from crawlers.pages.dates import Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, classes, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, own_title, page_title

SOFTWARE = "smf"

_BODIES = (".inner[id^=msg_]", ".inner[data-msgid]", ".post .inner", "div[id^=msg_].post", ".post")
_QUOTES = (".quoteheader", "blockquote.bbc_standard_quote", "blockquote.bbc_alternate_quote", ".quotefooter")
_NOISE = (
    ".codeheader, code.bbc_code, .bbc_code, .signature, .modified, .attachments, .noticebox, .smalltext.modified",
    ".sp-head, .spoiler_head, .bbc_member_mention_hidden, a[href*='action=dlattach']",
)
_MESSAGE = re.compile(r"^msg_?(\d+)$")
_QUOTED = re.compile(r"#msg(\d+)|\.msg(\d+)|[?&;]msg=(\d+)")
_TOPIC_ADDRESS = re.compile(r"[?&]topic=\d+\.0$|/topic,\d+\.0\.html$")
_BOARD_ADDRESS = re.compile(r"[?&]board=\d+\.0$|/board,\d+\.0\.html$")
_TOPIC_PLACE = re.compile(r"[?&;]topic=\d|/topic,\d")
_REPLY = re.compile(r"^.*?(?:Antwort|Reply)\s*#?\s*[\d.,]+\s*(?:am|on|-)?\s*:?", re.I)
_READ = re.compile(r"^(?:(?:Autor|Author)\s*)?(?:Thema|Topic)\s*:\s*(?P<title>.+?)\s*\((?:Gelesen|Read)\b.*$", re.I)


def recognises(document: Document) -> bool:
    """Whether the page is an SMF's, by its script variables or its own posts and lists."""
    names, ids = document.class_names, document.id_stems
    if "msg_" in ids and ("inner" in names or "message_index_title" in names or "messageindex" in ids):
        return True
    if "post_wrapper" in names and "forumposts" in ids:
        return True
    return any("smf_scripturl" in (node.text or "") for node in document.root.iter("script"))


def read(document: Document) -> Page:
    """A topic's posts, or the topics and boards of a board."""
    containers = _containers(document)
    parts = urlsplit(document.url)
    if not containers and not _TOPIC_PLACE.search(f"{parts.path}?{parts.query}"):
        return _list(document)
    document = with_dates_of(document, (_date_line(container) for container in containers))
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
    if found := heading(document, "#top_subject", "h2.display_title", "#forumposts h1"):
        return found
    # 2.0 writes "Thema: ... (Gelesen 12 mal)" over the posts.
    for node in select(document.root, "#forumposts .catbg, #forumposts h3"):
        if match := _READ.match(flat(node)):
            return match["title"]
    return page_title(document)


def _list(document: Document) -> Page:
    named = select(document.root, "span[id^=msg_] > a[href], span[id^=msg_] a[href*=topic]")
    return list_page(
        document,
        software=SOFTWARE,
        title=heading(document, "h2.display_title", "#display_head h2", "h1") or page_title(document),
        links=[*(named or links_like(document, _TOPIC_ADDRESS)), *links_like(document, _BOARD_ADDRESS)],
        next_page=lambda: _next_page(document),
        certain=has(document.root, "#messageindex", "#boardindex_table", ".boardindex_table"),
    )


def _containers(document: Document) -> list[Element]:
    """2.1 names the post's box, 2.0 only its text."""

    def find() -> list[Element]:
        return boxes_around(document, ".inner[id^=msg_], .inner[data-msgid]", ".poster")

    return cached_boxes(document, SOFTWARE, find)


def _number(body: Element) -> str | None:
    match = _MESSAGE.match(body.get("id") or "")
    said = body.get("data-msgid")
    return said if is_number(said) else match.group(1) if match else None


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body = _body(container)
    number = _number(body) if body is not None else None
    if body is None or number is None:
        return None
    subject = flat(first(container, "[id^=subject_]"))
    return make_post(
        document,
        native_id=f"msg{number}",
        name=name_in(container, ".poster h4 a[href*='action=profile']", ".poster h4 a:last-of-type", ".poster h4"),
        badges=_badges(container),
        known=has(container, ".poster"),
        moment=_moment(document, container, body),
        words=read_body(body, quotes=_QUOTES, noise=_NOISE),
        quoted=_QUOTED,
        form="msg",
        title=own_title(subject, thread),
        permalink=own_link(document, container, body, f"#msg{number}"),
    )


def _badges(container: Element) -> str:
    words = [flat(node) for node in select(container, ".poster .membergroup, .poster .postgroup, .poster .title")]
    return " | ".join([*words, images_text(select(container, ".poster .stars img, .poster .icons img"))])


def _date_line(container: Element) -> str:
    for css in (
        ".postinfo a.smalltext",
        ".keyinfo > .smalltext",
        ".keyinfo .smalltext",
        ".postinfo .smalltext",
        ".keyinfo",
    ):
        for node in select(container, css):
            if "modified" not in classes(node) and (text := flat(node)):
                return _REPLY.sub("", text).strip(" «»")
    return ""


def _moment(document: Document, container: Element, body: Element) -> Moment:
    for node in select(container, ".keyinfo time[datetime], .postinfo time[datetime]"):
        if (moment := parse_machine(node.get("datetime"), document.hints)).at:
            return moment
    moment = parse_text(_date_line(container), document.hints)
    return moment if moment.at else loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    # 2.0 marks the next *topic* as rel=next; such addresses are none to ask for, so they are passed over.
    marked = next_link(document, ".pagelinks a.next_page[href]")
    return marked or next_by_number(document, ".pagelinks, .pagesection", "strong, .current_page")
