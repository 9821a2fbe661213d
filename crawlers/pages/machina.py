"""django-machina 1.x: topics and forums, in German and English, with the bundled and with own templates."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages.body import read_body
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, affordable, attribute, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import build_page, collect, followable, next_link, own_title, page_title
from crawlers.pages.urls import clean_url

SOFTWARE = "machina"

_NOISE = (".post-signature, .edit-info, .attachments, .attachment, .post-controls",)
_TOPIC_PATH = re.compile(r"/topic/[^/]+-\d+/?$")
_BY = re.compile(r"^\s*(?:Von|By|Par|Por)\s*:\s*", re.I)
_POST_REFERENCE = re.compile(r"[?&]post=(\d+)|#(\d+)$")


def recognises(document: Document) -> bool:
    """Whether a page is django-machina's, by its stylesheets, its scripts or its own classes."""
    names = document.class_names
    if names & {"topic-name-link", "forum-name-link"} or {"post-content-wrapper", "post-content"} <= names:
        return True
    if "card" in names and names & {"topiclist", "forumlist"}:
        return True
    loaded = (node.get("href") or node.get("src") or "" for node in document.root.iter("link", "script"))
    return any("machina." in address or "/machina/" in address for address in loaded)


def read(document: Document) -> Page:
    """A topic's posts, or the topics and forums of a list."""
    if _containers(document) or _TOPIC_PATH.search(urlsplit(document.url).path):
        return _topic(document)
    # The links inside a row to its last post lead to the same topic, so only the names are followed.
    links = followable(
        document,
        [*select(document.root, "a.topic-name-link"), *select(document.root, "a.forum-name-link, .sub-forums a")],
    )
    listing = bool(links) or bool(select(document.root, ".topiclist, .forumlist"))
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing" if listing else "other",
        title=page_title(document, "#main_container h1", "h1"),
        links=links,
        next_page=_next_page(document) if listing else None,
        notes=() if listing else ["no topic and no forum on this page"],
    )


def _containers(document: Document) -> list[Element]:
    if "machina" not in document.cache:
        boxes = affordable(document, select(document.root, ".post[id]"))
        document.cache["machina"] = [node for node in boxes if has(node, ".post-content")]
    found: list[Element] = document.cache["machina"]
    return found


def _topic(document: Document) -> Page:
    title = page_title(document, "#main_container h1", "h1")
    containers = _containers(document)
    collected = collect(containers, lambda container: _post(document, container, title))
    return build_page(
        document,
        software=SOFTWARE,
        kind="thread",
        title=title,
        collected=collected,
        next_page=_next_page(document),
        notes=() if containers else ["empty_thread: a topic's address, but no post on the page"],
    )


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body = first(container, ".post-content")
    if body is None:
        return None
    native_id = container.get("id")
    words = read_body(body, noise=_NOISE)
    moment = _moment(document, container)
    author, shown = _author(container)
    subject = re.sub(r"\s*¶\s*$", "", flat(first(container, ".subject, h4")))
    return Post(
        native_id=native_id,
        author=author,
        author_role=role_of(
            shown, badges=flat(first(container, ".post-sidebar .rank, .post-sidebar .badge")), known=bool(shown)
        ),
        published_at=moment.at,
        date_precision=moment.precision,
        title=own_title(subject, thread),
        text=words.text,
        parent_id=next((found for target in words.quoted if (found := _referenced(target))), None),
        permalink=_permalink(document, container, native_id),
    )


def _referenced(target: str) -> str | None:
    match = _POST_REFERENCE.search(target)
    return next(filter(None, match.groups())) if match else None


def _byline(container: Element) -> str:
    for node in select(container, "p small, small.text-muted, .post-meta"):
        text = flat(node)
        if _BY.match(text) or _is_byline(text):
            return text
    return ""


def _is_byline(text: str) -> bool:
    """Whether a short line looks like "Von: Name am Datum"."""
    return len(text) < 200 and re.search(r"\b(?:am|on)\b.*\d{4}", text) is not None


def _author(container: Element) -> tuple[str | None, str]:
    name = flat(
        first(container, ".post-sidebar .username a", ".post-sidebar .username", "p small a[href*='/profile/']")
    )
    if not name:
        match = re.match(r"(.+?)\s+(?:am|on)\s+.*\d{4}", _BY.sub("", _byline(container)))
        name = match.group(1) if match else ""
    return (None if is_placeholder(name) else name), name


def _moment(document: Document, container: Element) -> Moment:
    if (moment := parse_machine(attribute(container, "small time, p time", "datetime"), document.hints)).at:
        return moment
    line = _byline(container)
    author = first(container, "p small a")
    if author is not None:
        line = line.replace(flat(author), " ", 1)
    return parse_text(line, document.hints) if line else UNKNOWN


def _permalink(document: Document, container: Element, native_id: str) -> str:
    links = (link.get("href") for link in select(container, ".subject a[href], h4 a[href]"))
    href = next((href for href in links if href.endswith(f"#{native_id}")), None)
    return document.absolute(href) or f"{clean_url(document.url)}#{native_id}"


def _next_page(document: Document) -> str | None:
    """The page after the active one; the arrow's link is relative ("?page=2") and empty on the last page."""
    for bar in select(document.root, "ul.pagination"):
        items = select(bar, "li.page-item")
        active = next((flat(item) for item in items if "active" in (item.get("class") or "").split()), "")
        if not active.isdigit():
            continue
        for link in select(bar, "a.page-link[href*='page=']"):
            if re.search(rf"[?&]page={int(active) + 1}\b", link.get("href")):
                return clean_url(document.absolute(link.get("href")) or "")
    return next_link(document)
