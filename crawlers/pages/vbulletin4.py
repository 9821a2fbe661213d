"""vBulletin 4: threads and forums, also in skins that moved the date or removed the generator."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages import vbulletin
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
    shown_text,
    thread_page,
)
from crawlers.pages.body import read_body
from crawlers.pages.dates import Moment, parse_text
from crawlers.pages.document import Document, Element, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, own_title, page_title

SOFTWARE = "vbulletin4"

# An edit note is another blockquote of the same class.
_BODIES = (
    "[id^=post_message_] blockquote.postcontent",
    "blockquote.postcontent:not(.lastedited)",
    "[id^=post_message_]",
    ".postcontent:not(.lastedited)",
)
_QUOTES = (".bbcode_container", ".bbcode_quote")
_NOISE = (".lastedited, .signature, .spoilertitle, .attachments, .postcontrols",)
_THREAD_PATH = re.compile(r"/showthread\.php|/threads/\d+")


def recognises(document: Document) -> bool:
    """Whether the page is vBulletin 4's, by its generator, its root element or its own lists."""
    if version := vbulletin.version(document):
        return version == "4"
    if document.root.get("id") == "vbulletin_html":
        return True
    names, ids = document.class_names, document.id_stems
    if ("postcontainer" in names and "post_" in ids) or ("threadbit" in names and "thread_title_" in ids):
        return True
    return vbulletin.loads_script(document, "vbulletin-core")


def read(document: Document) -> Page:
    """A thread's posts, or the threads and boards of a forum."""
    containers = _containers(document)
    if not containers and not _THREAD_PATH.search(urlsplit(document.url).path):
        return _list(document)
    document = vbulletin.in_own_time(document, containers, _date_line)
    title = heading(document, ".threadtitle a", ".threadtitle", "#pagetitle h1", drop=".prefix") or page_title(document)
    return thread_page(
        document,
        software=SOFTWARE,
        title=title,
        containers=containers,
        body_of=_body,
        read=lambda container: _post(document, container, title),
        next_page=_next_page(document),
        expected_posts=vbulletin.expected_posts(document),
    )


def _list(document: Document) -> Page:
    threads = select(document.root, "a[id^=thread_title_]") or links_like(document, vbulletin.THREAD_ADDRESS)
    boards = select(document.root, ".forumtitle a[href], li.subforum a[href], .subforumlist a[href]")
    return list_page(
        document,
        software=SOFTWARE,
        title=heading(document, ".forumtitle", "#pagetitle h1", "h1") or page_title(document),
        links=[*threads, *boards],
        next_page=lambda: _next_page(document),
        certain=has(document.root, "#threadlist", "#threads", "#forums"),
    )


def _containers(document: Document) -> list[Element]:
    def find() -> list[Element]:
        return [node for node in select(document.root, "[id^=post_]") if vbulletin.POST_ID.match(node.get("id"))]

    return cached_boxes(document, SOFTWARE, find)


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body = _body(container)
    match = vbulletin.POST_ID.match(container.get("id"))
    if body is None or match is None:
        return None
    number = match.group(1)
    vbulletin.mark_boxes(body, ".bbcode_container")
    mark_files(body, vbulletin.FILES)
    subject = flat(first(container, "h2.title", ".postrow h2", ".posttitle"))
    return make_post(
        document,
        native_id=f"post{number}",
        name=name_in(container, ".username_container .username", "a.username", ".username", ".userinfo .bigusername"),
        badges=_badges(container),
        known=has(container, ".userinfo", ".username_container", ".userstats"),
        moment=_moment(document, container, body),
        words=read_body(body, quotes=_QUOTES, noise=_NOISE),
        quoted=vbulletin.QUOTED,
        form="post",
        title=own_title(subject, thread),
        permalink=own_link(document, container, body, f"#post{number}"),
    )


def _badges(container: Element) -> str:
    words = [flat(node) for node in select(container, ".usertitle, .rank, .userinfo .badge")]
    return " | ".join([*words, images_text(select(container, ".rank img, .usertitle img"))])


def _date_line(container: Element) -> str:
    for css in (".posthead .date", ".postdate .date", ".postdate", ".posthead .time", ".date"):
        for node in select(container, css):
            if text := shown_text(node)[:200]:
                return text
    return " ".join(shown_text(node)[:60] for node in select(container, "dl dd"))


def _moment(document: Document, container: Element, body: Element) -> Moment:
    for css in (".posthead .date", ".postdate .date", ".postdate", ".posthead", ".date"):
        for node in select(container, css):
            if (moment := parse_text(shown_text(node), document.hints)).at:
                return moment
    return loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    marked = next_link(document, ".pagination .prev_next a[rel=next]")
    return marked or next_by_number(document, ".pagination", ".selected")
