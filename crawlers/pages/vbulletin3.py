"""vBulletin 3.0 to 3.8: threads and forums in table skins, with authors beside or above the posts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from crawlers.pages import vbulletin
from crawlers.pages.boards import (
    boxes_around,
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
from crawlers.pages.document import Document, Element, attribute, brief, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, own_title, page_title

SOFTWARE = "vbulletin3"

_BODIES = ("[id^=post_message_]", "[id^=td_post_]")
_QUOTES = (".bbcode_container", ".bbcode_quote", ".quotearea")
_NOISE = (
    ".spoilertitle, fieldset.fieldset, .vbmenu_popup, [id^=postmenu_]",
    "[id^=td_post_] > .smallfont:first-child, [id^=td_post_] > hr",
)
_BOX = "div[style*='margin:20px'], div[style*='margin: 20px']"
_PROFILE_LINE = 60


def recognises(document: Document) -> bool:
    """Whether the page is vBulletin 3's, by its generator, its scripts and styles, or its own ids."""
    if version := vbulletin.version(document):
        return version == "3"
    ids = document.id_stems
    if "post_message_" in ids or {"td_threadtitle_", "thread_title_"} <= ids or "vbulletin_css" in ids:
        return True
    return vbulletin.loads_script(document, "vbulletin_global")


def read(document: Document) -> Page:
    """A thread's posts, or the threads and boards of a forum."""
    containers = _containers(document)
    if not containers and "showthread.php" not in urlsplit(document.url).path:
        return _list(document)
    document = vbulletin.in_own_time(document, containers, lambda container: " ".join(_date_lines(container)))
    title = heading(document, "td.navbar > strong", "td.navbar strong", ".navbar strong", "h1") or page_title(document)
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
    boards = select(
        document.root,
        "td[id^=f] > div a[href*=forumdisplay], .alt1Active a[href*=forumdisplay]"
        ", td.alt1 .smallfont a[href*=forumdisplay], td[id^=f] a[href*='/forums/'], .alt1Active a[href*='/forums/']",
    )
    return list_page(
        document,
        software=SOFTWARE,
        title=heading(document, "td.navbar > strong", ".navbar strong", "h1") or page_title(document),
        links=[*threads, *boards],
        next_page=lambda: _next_page(document),
        certain=has(document.root, "#threadslist", "[id^=threadbits_forum]"),
    )


def _containers(document: Document) -> list[Element]:
    """The boxes whose id names a post; in skins without such ids the table or block around a post's text."""

    def find() -> list[Element]:
        named = [
            node for node in select(document.root, "table[id], div[id^=post], li[id^=post]") if _id(node) is not None
        ]
        if named:
            return named
        return boxes_around(document, "[id^=post_message_]", ".bigusername, [id^=postmenu_], .username")

    return cached_boxes(document, SOFTWARE, find)


def _id(node: Element) -> str | None:
    match = vbulletin.POST_ID.match(node.get("id") or "")
    return match.group(1) if match else None


def _number(container: Element) -> str | None:
    if number := _id(container):
        return number
    match = re.search(r"\d+", attribute(container, "[id^=post_message_]", "id") or "")
    return match.group() if match else None


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body, number = _body(container), _number(container)
    if body is None or number is None:
        return None
    vbulletin.mark_boxes(body, _BOX)
    mark_files(body, vbulletin.FILES)
    subject = flat(first(container, "[id^=td_post_] > .smallfont > strong", "[id^=td_post_] > .smallfont strong"))
    return make_post(
        document,
        native_id=f"post{number}",
        name=name_in(container, ".bigusername", "[id^=postmenu_]", ".username"),
        badges=_badges(container, body),
        known=has(container, "[id^=postmenu_]", ".bigusername"),
        moment=_moment(document, container, body),
        words=read_body(body, quotes=_QUOTES, noise=_NOISE),
        quoted=vbulletin.QUOTED,
        form="post",
        title=own_title(subject, thread),
        permalink=own_link(document, container, body, f"#post{number}"),
    )


def _badges(container: Element, body: Element) -> str:
    """User titles and ranks: short lines without a label, outside the text."""
    inside = set(body.iter())
    lines = [node for node in select(container, ".smallfont, .usertitle, .userrank") if node not in inside]
    words = [text for node in lines if ":" not in (text := brief(node, _PROFILE_LINE)) and text]
    return " | ".join([*words, images_text(image for node in lines for image in select(node, "img"))])


def _date_lines(container: Element) -> Iterator[str]:
    """The head of a post: its cells, and the blocks in them, since some skins put the number in the same cell."""
    for css in ("td.thead div.normal", "td.thead", "th.thead", ".thead", "td.tcat", ".postdate, .date"):
        for node in select(container, css):
            if text := shown_text(node)[:200]:
                yield text


def _moment(document: Document, container: Element, body: Element) -> Moment:
    for line in _date_lines(container):
        if (moment := parse_text(line, document.hints)).at:
            return moment
    return loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    marked = next_link(
        document, ".pagenav a[title^='Next Page']", ".pagenav a[title^='Nächste Seite']", ".pagenav a[title^='nächste']"
    )
    return marked or next_by_number(document, ".pagenav", "td.alt2 strong, td.alt2, strong")
