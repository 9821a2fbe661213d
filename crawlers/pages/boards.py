"""What the classic board families share: threads with deleted posts, lists, pagers by number, dates in odd places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

from crawlers.pages.body import BodyText
from crawlers.pages.dates import UNKNOWN, DateHints, Moment, parse_text, with_order
from crawlers.pages.document import Document, Element, affordable, brief, classes, select, set_class
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import MAX_POSTS, build_page, collect, followable
from crawlers.pages.urls import clean_url, is_forbidden, without_session

_REMOVED = re.compile(
    r"\b(?:Beitrag|Nachricht|post|message)\b.{0,80}\b(?:gelöscht|entfernt|deleted|removed)\b"
    r"|\b(?:gelöschter|entfernter|deleted|removed) (?:Beitrag|post|message)\b",
    re.I | re.S,
)
_NOT_THE_POSTS_DATE = re.compile(
    r"regist|join|dabei seit|mitglied seit|member since|beitritt|geburt|birth|zuletzt|geändert|bearbeitet|edit|last"
    r"|letzte|online|aktiv|seen",
    re.I,
)
_FILE_NAME = re.compile(r"\.[a-z0-9]{2,5}$|^(?:Anhang|Attachment)\s+\d+$", re.I)
_MAX_PLACES = 400
_MAX_LEVELS = 15
_MAX_LINKS = 3000
_NAVIGATION = (
    "nav, .navigation, .breadcrumb, .breadcrumbs, #breadcrumb, .breadcrumbTabMenu, .navbit, .navbar, #navbar"
    ", .navigate_section, .linktree, .navBar, .crumbs, #footer, footer, .footer, select"
)


def thread_page(
    document: Document,
    *,
    software: str,
    title: str | None,
    containers: Iterable[Element],
    body_of: Callable[[Element], Element | None],
    read: Callable[[Element], Post | None],
    next_page: str | None,
    expected_posts: int | None = None,
) -> Page:
    """A thread: its posts, those withdrawn counted, and a note where a thread's address shows no post at all."""
    boxes = list(containers)
    standing = [box for box in boxes if not _is_removed(box, body_of)]
    removed = len(boxes) - len(standing)
    return build_page(
        document,
        software=software,
        kind="thread",
        title=title,
        collected=collect(standing, read),
        next_page=next_page,
        expected_posts=expected_posts,
        notes=[
            *([] if boxes else ["empty_thread: a thread's address, but no post on the page"]),
            *([f"deleted_post: {removed} withdrawn by their authors or the board"] if removed else []),
        ],
    )


def _is_removed(container: Element, body_of: Callable[[Element], Element | None]) -> bool:
    """Whether a post is one that the board marks as deleted; some still carry their hidden words."""
    if any(re.search(r"(?:^|[a-z_-])[Dd]eleted(?:$|[A-Z_-])", name) for name in classes(container)):
        return True
    return body_of(container) is None and bool(_REMOVED.search(brief(container, 1000)))


def list_page(
    document: Document,
    *,
    software: str,
    title: str | None,
    links: Iterable[Element],
    next_page: Callable[[], str | None],
    certain: bool,
) -> Page:
    """A list of threads and boards; without links, one only where the page is `certain` to be such a list."""
    found = followable(document, links)
    listing = bool(found) or certain
    return build_page(
        document,
        software=software,
        kind="listing" if listing else "other",
        title=title,
        links=found,
        next_page=next_page() if listing else None,
        notes=() if listing else ["no thread and no board on this page"],
    )


def links_like(document: Document, address: re.Pattern[str]) -> list[Element]:
    """The links whose clean path and query match, breadcrumbs, menus and footers left out."""
    skipped = _navigation(document)
    found: dict[str, Element] = {}
    for link in select(document.root, "a[href]"):
        if link not in skipped:
            found.setdefault(link.get("href"), link)
    if len(found) > _MAX_LINKS:
        document.notes.append(f"too_many_links: only the first {_MAX_LINKS} of {len(found)} were looked at")
    return [link for href, link in islice(found.items(), _MAX_LINKS) if _is_like(document.absolute(href), address)]


def _is_like(url: str | None, address: re.Pattern[str]) -> bool:
    return bool(url and not is_forbidden(url) and address.search(clean_url(url).partition("//")[2]))


def _navigation(document: Document) -> set[Element]:
    parts: set[Element] = set()
    for css in _NAVIGATION.split(", "):
        for place in select(document.root, css):
            if place not in parts:
                parts.update(place.iter())
    return parts


def boxes_around(document: Document, bodies: str, marks: str) -> list[Element]:
    """The nearest ancestor of each body that also holds a mark of its author, for skins without ids on posts' boxes.

    Only the nearest ancestors are looked at: a page made to keep the reader busy nests its posts in each other.
    """
    holders = {
        node
        for mark in islice(select(document.root, marks), 4 * MAX_POSTS)
        for node in islice(mark.iterancestors(), _MAX_LEVELS)
    }
    found: dict[Element, None] = {}
    for body in islice(select(document.root, bodies), MAX_POSTS):
        around = (node for node in islice(body.iterancestors(), _MAX_LEVELS) if node in holders)
        if (nearest := next(around, None)) is not None:
            found.setdefault(nearest)
    return list(found)


def cached_boxes(document: Document, key: str, find: Callable[[], Iterable[Element]]) -> list[Element]:
    """The posts' boxes, looked for once per document."""
    if key not in document.cache:
        document.cache[key] = affordable(document, find())
    found: list[Element] = document.cache[key]
    return found


def make_post(
    document: Document,
    *,
    native_id: str,
    name: str,
    badges: str,
    known: bool,
    moment: Moment,
    words: BodyText,
    quoted: re.Pattern[str],
    form: str,
    title: str | None = None,
    permalink: str | None = None,
) -> Post:
    """A post. `quoted` finds a post's number in a quote's reference, `form` is what native ids put before numbers."""
    return Post(
        native_id=native_id,
        author=None if is_placeholder(name) else name,
        author_role=role_of(name, badges=badges, known=known),
        published_at=moment.at,
        date_precision=moment.precision,
        title=title,
        text=words.text,
        parent_id=_parent(words, quoted, form, native_id),
        permalink=permalink or f"{clean_url(document.url)}#{native_id}",
    )


def _parent(words: BodyText, quoted: re.Pattern[str], form: str, own: str) -> str | None:
    for target in words.quoted:
        if match := quoted.search(target):
            parent = f"{form}{next(filter(None, match.groups()))}"
            return parent if parent != own else None
    return None


def mark_files(body: Element, links: str) -> None:
    """Names those links of a body that stand for files ("naht.pdf", "Anhang 77"), so that they go with attachments."""
    for link in select(body, links):
        if _FILE_NAME.search(brief(link, 200)):
            set_class(link, "attachment-inline")


def shown_text(node: Element | None) -> str:
    """An element's text on one line without its scripts and styles."""
    if node is None:
        return ""
    return " ".join("".join(node.xpath("descendant-or-self::*[not(self::script or self::style)]/text()")).split())


def images_text(nodes: Iterable[Element]) -> str:
    """What pictures of ranks say: their alternative texts and titles."""
    return " | ".join(f"{node.get('alt') or ''} {node.get('title') or ''}" for node in nodes)


def with_dates_of(document: Document, lines: Iterable[str]) -> Document:
    """The document with the order of day and month that these of its date lines show."""
    return replace(document, hints=with_order(document.hints, list(lines)))


def loose_moment(container: Element, body: Element, hints: DateHints) -> Moment:
    """A date with a time of day in any short line of the post's box outside its body: for skins that move it.

    Lines that speak of joining, editing or last visits are passed over, and so are those behind such a label.
    """
    inside = {*body.iter(), *body.iterancestors()}
    for number, node in enumerate(select(container, "span, td, div, dd, li, a, p, small, time, abbr, em, h4, h5")):
        if number > _MAX_PLACES:
            break
        if node in inside:
            continue
        text = brief(node, 80)
        if not text or _NOT_THE_POSTS_DATE.search(f"{_label(node)} {text} {node.get('class') or ''}"):
            continue
        moment = parse_text(text, hints)
        if moment.precision in {"minute", "second"}:
            return moment
    return UNKNOWN


def _label(node: Element) -> str:
    before = node.getprevious()
    return brief(before, 60) if before is not None and isinstance(before.tag, str) else ""


def next_by_number(document: Document, bars: str, current: str) -> str | None:
    """The link with the number after the current page's, in pagers without a marked next page.

    `bars` selects the pagers, `current` the places in them where the current page's number stands outside a link.
    """
    for bar in affordable(document, select(document.root, bars)):
        links = {text: link for link in reversed(select(bar, "a[href]")) if (text := brief(link, 6)).isdecimal()}
        for node in select(bar, current) if links else ():
            number = brief(node, 8).strip("[]() ")
            link = links.get(str(int(number) + 1)) if number.isdecimal() else None
            url = document.absolute(link.get("href")) if link is not None else None
            if url and not is_forbidden(url) and document.same_site(url):
                return clean_url(url)
    return None


def heading(document: Document, *selectors: str, drop: str = "") -> str | None:
    """The text of the first heading that has any, without labels and icons (`drop`)."""
    for css in selectors:
        for node in select(document.root, css):
            gone = {part for place in (select(node, drop) if drop else ()) for part in place.iter()}
            text = " ".join("".join(_texts(node, gone)).split())
            if text:
                return text
    return None


def _texts(node: Element, gone: set[Element]) -> Iterable[str]:
    for text in node.xpath("descendant-or-self::*[not(self::script or self::style)]/text()"):
        parent = text.getparent()
        if (parent in gone and not text.is_tail) or (text.is_tail and parent.getparent() in gone):
            continue
        yield str(text)


def name_in(container: Element, *selectors: str) -> str:
    """The author's name by the first selector that finds a text."""
    for css in selectors:
        for node in select(container, css):
            if name := shown_text(node):
                return name
    return ""


def own_link(document: Document, container: Element, body: Element, *marks: str) -> str | None:
    """A post's own address: the first link that holds one of the marks ("#post77") and isn't part of its text.

    Session ids are taken out of it.
    """
    inside = set(body.iter("a"))
    for link in container.iter("a"):
        href = link.get("href") or ""
        if link in inside or not any(mark in href for mark in marks):
            continue
        if (url := document.absolute(href)) and not is_forbidden(url):
            return without_session(url)
    return None


def is_number(text: str | None) -> bool:
    """Whether an attribute holds a number as software writes ids: ASCII digits."""
    return re.fullmatch(r"[0-9]{1,20}", text or "") is not None
