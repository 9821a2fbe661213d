"""WoltLab Suite 3 to 6 (Forum): threads and boards, whatever the style and the language."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from crawlers.pages.boards import (
    cached_boxes,
    heading,
    images_text,
    is_number,
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
from crawlers.pages.dates import Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, attribute, classes, first, flat, has, select, whole_number
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, own_title, page_title
from crawlers.pages.urls import clean_url

SOFTWARE = "woltlab"

_POSTS = ".wbbPost[data-object-id], [id^=post] > article.message[data-object-id], [data-post-id].wbbPost"
_BODIES = (".messageBody .messageText", ".messageText", "[itemprop=text]", ".messageBody .htmlContent")
_QUOTES = ("blockquote.quoteBox", "woltlab-quote", ".quoteBox")
_NOISE = (
    ".codeBox, .messageSignature, .messageFooter, .messageFooterNotes, .messageFooterNote, .spoilerBoxHeader",
    ".jsSpoilerToggle, .unfurlUrlCardContainer, .unfurlUrlCard, .embeddedContent, .messageQuickOptions",
    ".attachmentList, .attachmentThumbnailList, .attachmentFileList, .messageModerationNotice, .jsReplaceIcon",
    "woltlab-core-notice, .messageUserConsent, .messageAttachment",
)
_QUOTED = re.compile(r"#post(\d+)|[?&]postID=(\d+)|/post/(\d+)", re.I)
_THREAD_ADDRESS = re.compile(r"(?:/|\?)(?:thread|topic)/\d+[^/?]*/?$")
_BOARD_ADDRESS = re.compile(r"(?:/|\?)board/\d+[^/?]*/?$")
_THREAD_PLACE = re.compile(r"(?:^|/|\?)thread/\d+")


def recognises(document: Document) -> bool:
    """Whether the page is a WoltLab forum's, by its body, its own elements or its package names."""
    body = document.root.find(".//body")
    if body is not None and (body.get("data-application") == "wbb" or (body.get("id") or "").startswith("tpl_wbb_")):
        return True
    return bool(
        document.class_names & {"wbbPost", "wbbTopicLink", "wbbThreadPostList", "wbbThreadList", "wbbBoardList"}
    )


def read(document: Document) -> Page:
    """A thread's posts, or the threads and boards of a board."""
    containers = _containers(document)
    if not containers and not _is_thread(document):
        return _list(document)
    title = heading(document, "h1.contentTitle", ".contentHeader h1", "h1", drop=".badge, .label") or page_title(
        document
    )
    return thread_page(
        document,
        software=SOFTWARE,
        title=title,
        containers=containers,
        body_of=_body,
        read=lambda container: _post(document, container, title),
        next_page=_next_page(document),
        expected_posts=_expected(document),
    )


def _is_thread(document: Document) -> bool:
    body = document.root.find(".//body")
    template = (body.get("data-template") or "") if body is not None else ""
    if template:
        return template == "thread"
    parts = urlsplit(document.url)
    return _THREAD_PLACE.search(f"{parts.path}?{parts.query}") is not None


def _list(document: Document) -> Page:
    threads = select(document.root, "a.wbbTopicLink[href]") or links_like(document, _THREAD_ADDRESS)
    return list_page(
        document,
        software=SOFTWARE,
        title=heading(document, "h1.contentTitle", ".contentHeader h1", "h1", drop=".badge") or page_title(document),
        links=[*threads, *links_like(document, _BOARD_ADDRESS)],
        next_page=lambda: _next_page(document),
        certain=has(document.root, ".wbbThreadList", ".wbbBoardList"),
    )


def _containers(document: Document) -> list[Element]:
    def find() -> list[Element]:
        # A box may carry the marks twice, on its list item and on its article.
        found = select(document.root, _POSTS)
        known = set(found)
        return [node for node in found if not any(outer in known for outer in node.iterancestors())]

    return cached_boxes(document, SOFTWARE, find)


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body = _body(container)
    number = container.get("data-object-id") or container.get("data-post-id")
    if body is None or not is_number(number):
        return None
    mark_files(body, "a[href*='/attachment/'], a[href*='?attachment/']")
    subject = flat(first(container, ".messageTitle", ".messageHeader h2"))
    return make_post(
        document,
        native_id=f"post{number}",
        name=name_in(
            container,
            ".messageAuthor .username",
            ".messageSidebar .username",
            "[itemprop=author] [itemprop=name]",
            ".messageHeader .username",
            ".username",
        ),
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
    if any("official" in name.lower() for name in classes(container)):
        return "official"
    words = [flat(node) for node in select(container, ".userTitle, .userTitleBadge, .messageAuthor .badge")]
    return " | ".join([*words, images_text(select(container, ".userRank img, .userRankImage img, .userRank"))])


def _moment(document: Document, container: Element, body: Element) -> Moment:
    if (moment := parse_machine(attribute(container, "meta[itemprop=datePublished]", "content"), document.hints)).at:
        return moment
    inside = {
        *body.iter(),
        *(part for box in select(container, ".messageFooter, .messageSidebar") for part in box.iter()),
    }
    for node in select(container, "woltlab-core-date-time, time"):
        if node in inside:
            continue
        for value in (node.get("date"), node.get("datetime"), node.get("data-timestamp")):
            if (moment := parse_machine(value, document.hints)).at:
                return moment
        for value in (node.get("title"), flat(node)):
            if (moment := parse_text(value, document.hints)).at:
                return moment
    return loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    """The marked next page, else the one after the current: newer versions draw their pager by script."""
    if marked := next_link(document, "nav.pagination li.active + li a[href]", ".pagination .skip a[rel=next]"):
        return marked
    for bar in select(document.root, "woltlab-core-pagination[page][count]"):
        if url := _numbered(document, bar.get("page"), bar.get("count"), bar.get("url") or document.url):
            return url
    for bar in select(document.root, ".pagination[data-pages]"):
        here = flat(first(bar, "li.active", ".active")) or _page_of(document.url)
        if url := _numbered(document, here, bar.get("data-pages"), bar.get("data-link") or document.url):
            return url
    return next_by_number(document, ".pagination, .pageNavigation", ".active")


def _page_of(url: str) -> str:
    match = re.search(r"[?&]pageNo=(\d+)", url)
    return match.group(1) if match else "1"


def _numbered(document: Document, page: str | None, count: str | None, link: str) -> str | None:
    if not (page or "").isdecimal() or not (count or "").isdecimal() or int(page or 0) >= int(count or 0):
        return None
    number = str(int(page or 0) + 1)
    if "%d" in link or "%25d" in link:
        target = link.replace("%25d", number).replace("%d", number)
    else:
        bare = re.sub(r"([?&])pageNo=\d+(?:&|$)", r"\1", link).rstrip("?&")
        target = f"{bare}{'&' if '?' in bare else '?'}pageNo={number}"
    url = document.absolute(target)
    return clean_url(url) if url and document.same_site(url) else None


def _expected(document: Document) -> int | None:
    """The first post and its replies, as the structured data counts them."""
    for script in select(document.root, "script[type*='ld+json']"):
        try:
            data = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        counter = data.get("interactionStatistic") if isinstance(data, dict) else None
        for entry in counter if isinstance(counter, list) else [counter]:
            if isinstance(entry, dict) and re.search("Reply|Comment", str(entry.get("interactionType"))):
                replies = whole_number(str(entry.get("userInteractionCount")))
                return None if replies is None else replies + 1
    return None
