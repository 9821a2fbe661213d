"""MyBB 1.6 and 1.8: threads and forums, with authors beside (classic) or above the posts."""

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
    name_in,
    next_by_number,
    own_link,
    shown_text,
    thread_page,
    with_dates_of,
)
from crawlers.pages.body import read_body
from crawlers.pages.dates import Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, brief, classes, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, page_title

SOFTWARE = "mybb"

_BODIES = (".post_body", "[id^=pid_]")
_QUOTES = ("blockquote.mycode_quote", "blockquote")
_FILES = "a[href*='attachment.php?aid=']"
_FILE_SIZE = re.compile(r"^\s*\([^()]{1,80}/[^()]{1,80}\d\)")
_NOISE = (
    ".codeblock, .mycode_code, .signature, .post_edit, .edited_post, .post_meta, .spoiler_header, .spoiler-title",
    _FILES,
)
_POST_ID = re.compile(r"^post_(\d+)$")
_QUOTED = re.compile(r"#pid(\d+)|[?&]pid=(\d+)")
_THREAD_ADDRESS = re.compile(r"/showthread\.php\?tid=\d+$|/thread-\d+\.html$")
_BOARD_ADDRESS = re.compile(r"/forumdisplay\.php\?fid=\d+$|/forum-\d+\.html$")
_THREAD_PLACE = re.compile(r"/showthread\.php|/thread-\d+")
_POWERED = ("a[href*='mybb.com']", "a[href*='mybb.de']", "a[href*='mybb.group']")


def recognises(document: Document) -> bool:
    """Whether the page is a MyBB's, by its posts, its scripts, or its lists beside its maker's name."""
    names, ids = document.class_names, document.id_stems
    if ("post_body" in names and "pid_" in ids) or "tid_" in ids:
        return True
    if any("my_post_key" in (node.text or "") for node in document.root.iter("script")):
        return True
    lists = names & {"forum_status", "thread_status", "largetext"}
    return bool(lists) and any(flat(node).startswith("MyBB") for css in _POWERED for node in select(document.root, css))


def read(document: Document) -> Page:
    """A thread's posts, or the threads and boards of a forum."""
    containers = _containers(document)
    if not containers and not _THREAD_PLACE.search(urlsplit(document.url).path):
        return _list(document)
    document = with_dates_of(document, (_date_line(container) for container in containers))
    return thread_page(
        document,
        software=SOFTWARE,
        title=_title(document),
        containers=containers,
        body_of=_body,
        read=lambda container: _post(document, container),
        next_page=_next_page(document),
    )


def _title(document: Document) -> str | None:
    return heading(document, ".navigation .active", "td.thead > div > strong", "td.thead strong", "h1") or page_title(
        document
    )


def _list(document: Document) -> Page:
    threads = select(document.root, "span[id^=tid_] a[href]") or links_like(document, _THREAD_ADDRESS)
    return list_page(
        document,
        software=SOFTWARE,
        title=heading(document, ".navigation .active", "td.thead strong", "h1") or page_title(document),
        links=[*threads, *links_like(document, _BOARD_ADDRESS)],
        next_page=lambda: _next_page(document),
        certain=has(document.root, ".thread_status", ".forum_status"),
    )


def _containers(document: Document) -> list[Element]:
    def find() -> list[Element]:
        return [node for node in select(document.root, "[id^=post_]") if _POST_ID.match(node.get("id"))]

    return [
        node for node in cached_boxes(document, SOFTWARE, find) if classes(node) & {"post"} or _body(node) is not None
    ]


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element) -> Post | None:
    body = _body(container)
    number = container.get("id").partition("_")[2]
    if body is None:
        return None
    _without_file_sizes(body)
    return make_post(
        document,
        native_id=f"pid{number}",
        name=name_in(container, ".author_information .largetext a", ".author_information .largetext", ".largetext"),
        badges=_badges(container),
        known=has(container, ".author_information", ".post_author", ".largetext"),
        moment=_moment(document, container, body),
        words=read_body(body, quotes=_QUOTES, noise=_NOISE),
        quoted=_QUOTED,
        form="pid",
        permalink=own_link(document, container, body, f"#pid{number}"),
    )


def _without_file_sizes(body: Element) -> None:
    """Takes out what stands behind a file's name in the text: its size and how often it was fetched, in brackets."""
    for link in select(body, _FILES):
        link.tail = _FILE_SIZE.sub("", link.tail or "")


def _badges(container: Element) -> str:
    boxes = select(container, ".author_information .smalltext, .post_author .smalltext") or _below_name(container)
    words = [_first_line(node) for node in boxes]
    words.extend(brief(node, 120) for node in select(container, ".usertitle"))
    images = [image for node in boxes for image in select(node, "img")]
    images.extend(select(container, ".groupimage, .post_author img[src*='group']"))
    return " | ".join([*words, images_text(images)])


def _below_name(container: Element) -> list[Element]:
    """1.6 and its classic posts put the title, ranks and the member's details in one block below the name."""
    name = first(container, "strong > .largetext")
    return (
        [node for node in name.getparent().itersiblings() if "smalltext" in classes(node)][:1]
        if name is not None
        else []
    )


def _first_line(node: Element) -> str:
    """The user's title: what stands before the first line break; details of the member's own follow."""
    parts = [node.text or ""]
    for child in node:
        if child.tag == "br" and "".join(parts).strip():
            break
        parts.append(f"{brief(child, 120)}{child.tail or ''}")
    text = " ".join("".join(parts).split())
    return text if len(text) <= 120 else ""


def _date_line(container: Element) -> str:
    """The line of the date, without the edit note that stands in it."""
    for node in select(container, ".post_date, .post_head .smalltext, .tcat > .smalltext"):
        own = [node.text or "", *(_kept(child) for child in node)]
        if text := " ".join("".join(own).split()):
            return text
    return ""


def _kept(child: Element) -> str:
    edit = classes(child) & {"post_edit", "edited_post"} or (child.get("id") or "").startswith("edited_by_")
    # Relative dates ("vor 2 Stunden") carry the exact one as a title.
    words = "" if edit else f" {child.get('title') or shown_text(child)} "
    return words + (child.tail or "")


def _moment(document: Document, container: Element, body: Element) -> Moment:
    for node in select(container, ".post_date time[datetime]"):
        if (moment := parse_machine(node.get("datetime"), document.hints)).at:
            return moment
    moment = parse_text(_date_line(container), document.hints)
    return moment if moment.at else loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    marked = next_link(document, "a.pagination_next[href]")
    return marked or next_by_number(document, ".pagination", ".pagination_current")
