"""WordPress: comments under posts, in classic and block themes, and the lists of posts that lead to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from crawlers.pages import commenting
from crawlers.pages.document import (
    Document,
    Element,
    affordable,
    attribute,
    classes,
    first,
    flat,
    has,
    select,
    whole_number,
)
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import build_page, collect, followable, page_title
from crawlers.pages.urls import canonical_url, clean_url

SOFTWARE = "wordpress"
_ID = re.compile(r"(?:li-|div-)?comment-(\d{1,18})$")
_PING = frozenset({"pingback", "trackback"})
_COMMENT_PAGE = re.compile(r"/comment-page-(\d{1,6})(?:/|$)|[?&]cpage=(\d{1,6})")
_ANNOUNCED = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d{1,6})\s+(?:\w+\s+)?(?:Kommentare?|Gedanken?|Antworten?|Reaktionen|Meinungen|Comments?|thoughts?"
    r"|Replies|Reply|Responses?)\b",
    re.I,
)
_LISTS = frozenset({"blog", "archive", "category", "tag", "home", "search-results", "date"})


def recognises(document: Document) -> bool:
    """Whether comments stand on the page as WordPress marks them; product reviews of its shops are not meant."""
    if not _containers(document) or select(document.root, "li.review[id^=li-comment-]"):
        return False
    lists = ".commentlist, .comment-list, .wp-block-comment-template, [class*=thread-even], [class*=depth-1]"
    return has(document.root, lists) or recognises_site(document)


def recognises_site(document: Document) -> bool:
    """Whether WordPress made the page at all."""
    generator = attribute(document.root, "meta[name=generator]", "content") or ""
    return generator.startswith("WordPress") or bool(
        select(
            document.root, "link[rel='https://api.w.org/'], link[href*='/wp-content/'], script[src*='/wp-includes/']"
        )
    )


def read(document: Document) -> Page:
    """A post's comments, or the posts of a list."""
    boxes = _containers(document)
    body = document.root.find(".//body")
    names = classes(body) if body is not None else frozenset()
    if not boxes and (names & _LISTS) and not names & {"single", "single-post"}:
        return _listing(document)
    title = page_title(document, "h1.entry-title", ".wp-block-post-title", "h1.post-title", "article h1", "h1")
    notes = _notes(document, boxes)
    comments = {box: number for box, number in boxes.items() if not classes(box) & _PING}
    every = set(boxes)
    collected = collect(affordable(document, comments), lambda box: _post(document, box, boxes, every))
    links, following = _pager(document)
    return build_page(
        document,
        software=SOFTWARE,
        kind="comments",
        title=title,
        collected=collected,
        links=links,
        next_page=following,
        expected_posts=_announced(document),
        notes=notes,
    )


def _notes(document: Document, boxes: dict[Element, str]) -> list[str]:
    pings = sum(1 for box in boxes if classes(box) & _PING)
    notes = [f"pingback: {pings} notices of other sites left out"] if pings else []
    if not boxes:
        notes.append("no_comments: none on this page")
    if select(document.root, "#disqus_thread"):
        notes.append("loaded_by_script: comments by Disqus, which no page holds")
    return notes


def _containers(document: Document) -> dict[Element, str]:
    """The comments' outermost elements with their numbers, in page order."""
    if "wordpress" not in document.cache:
        document.cache["wordpress"] = dict(_find(document))
    found: dict[Element, str] = document.cache["wordpress"]
    return found


def _find(document: Document) -> Iterator[tuple[Element, str]]:
    taken: set[str] = set()
    for node in select(document.root, "[id*=comment-]"):
        match = _ID.match(node.get("id"))
        if match is None or match.group(1) in taken or node.tag in {"a", "span", "p", "input", "h2", "h3", "h4"}:
            continue
        taken.add(match.group(1))
        yield node, match.group(1)


def _post(document: Document, box: Element, boxes: dict[Element, str], every: set[Element]) -> Post | None:
    number = boxes[box]
    own = commenting.own_part(box, every)
    framed = _with_frame(box, own, every)
    name = commenting.author(framed)
    moment = commenting.moment(framed, document)
    said = commenting.words(own)
    names = classes(box) | {token for node in box.iterchildren() for token in classes(node)}
    by_author = bool({"bypostauthor", "by-post-author"} & names) or first(own, ".by-post-author") is not None
    parent = next((boxes[node] for node in box.iterancestors() if node in boxes), None)
    return Post(
        native_id=f"comment-{number}",
        author=name,
        author_role="staff" if by_author else role_of(name, known=any(n.startswith("depth-") for n in names)),
        published_at=moment.at,
        date_precision=moment.precision,
        text=said.text,
        parent_id=f"comment-{parent}" if parent else None,
        permalink=_permalink(document, own, number),
    )


def _with_frame(box: Element, own: Element, every: set[Element]) -> Element:
    """Where the template gives the id to the text alone, its author stands around it."""
    if commenting.author(own) is not None or commenting.has_date(own):
        return own
    for parent in list(box.iterancestors())[:3]:
        if parent.tag not in {"li", "div", "article", "section"} or any(
            node in every and node is not box for node in parent.iter()
        ):
            break
        if commenting.has_date(parent):
            return parent
    return own


def _permalink(document: Document, own: Element, number: str) -> str:
    href = attribute(own, f"a[href$='#comment-{number}']", "href")
    url = document.absolute(href) or document.url
    return f"{clean_url(url)}#comment-{number}"


def _announced(document: Document) -> int | None:
    for node in select(
        document.root, ".comments-title, .comment-title, #comments h2, #comments h3, .wp-block-comments-title"
    ):
        text = flat(node)[:300]
        if match := _ANNOUNCED.search(text):
            return whole_number(match.group(1))
        if re.match(r"(?:ein|one)\b.{0,40}(?:Gedanke|Kommentar|thought|comment|Antwort)", text, re.I):
            return 1
    return None


def _pager(document: Document) -> tuple[tuple[str, ...], str | None]:
    """The other pages of a post's comments, and the one that comes next.

    WordPress shows the newest page first or the oldest, so "older" leads on from the post's own address.
    """
    links = [link for link in select(document.root, "a[href]") if _COMMENT_PAGE.search(link.get("href"))]
    links = [link for link in links if "replytocom" not in link.get("href") and _same_post(document, link.get("href"))]
    pages = followable(document, links)
    marked = ".nav-next a, a.next, .wp-block-comments-pagination-next, .comments-pagination-next a"
    forward = [link for link in select(document.root, marked) if link in links]
    if forward:
        return pages, next(iter(followable(document, forward)), None)
    if pages and not _COMMENT_PAGE.search(document.url):
        here = [
            link
            for link in links
            if re.search(r"nav-previous|\bprev", f"{link.get('class')} {link.getparent().get('class')}")
        ]
        return pages, next(iter(followable(document, here)), pages[0])
    return pages, None


def _same_post(document: Document, href: str) -> bool:
    """Whether a comment page belongs to this post; widgets link to those of others."""
    url = document.absolute(href)
    if url is None:
        return False
    mine, theirs = (_COMMENT_PAGE.sub("/", urlsplit(address).path).rstrip("/") for address in (document.url, url))
    return mine == theirs


def _listing(document: Document) -> Page:
    titles = ".entry-title a, .wp-block-post-title a, a[rel~=bookmark], article h2 a, article h3 a, .post-title a"
    older = ".nav-previous a, a.next.page-numbers, .wp-block-query-pagination-next, a.next, .nav-links a.next"
    here = canonical_url(document.url)
    following = [url for url in followable(document, select(document.root, older)) if canonical_url(url) != here]
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing",
        title=page_title(document, "h1.page-title", "h1.archive-title", "h1"),
        links=followable(document, select(document.root, titles)),
        next_page=next(iter(following), None),
    )
