"""Posts that a page marks up as schema.org items: questions, answers, comments and forum posts in microdata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from itertools import islice

from crawlers.pages.body import read_body
from crawlers.pages.dates import UNKNOWN, Moment
from crawlers.pages.document import Document, Element, brief, has, select
from crawlers.pages.moments import moment_at
from crawlers.pages.page import Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import MAX_POSTS
from crawlers.pages.urls import clean_url, is_forbidden

_TYPE = re.compile(r"schema\.org/(?P<name>\w+)\b")
_TEXTS = ("text", "articleBody", "commentText", "description")
_TIMES = ("dateCreated", "datePublished", "commentTime", "dateModified")
_IDS = ("data-questionid", "data-answerid", "data-pid", "data-post-id", "data-comment-id", "data-id")
_NUMBER = re.compile(r"(\d{1,18})$")
_UTC_TITLE = re.compile(r"^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})Z")
_MAX_NAME = 120
_QUOTES = ("blockquote",)
_NOISE = (
    "pre",
    "[itemprop='comment']",
    "[itemprop='suggestedAnswer'], [itemprop='acceptedAnswer']",
    "[itemprop='author']",
)


def items_of(document: Document, *types: str) -> list[Element]:
    """The items of some schema.org types, in page order; no more than a page is read for."""
    found = (node for node in select(document.root, "[itemscope][itemtype]") if type_of(node) in types)
    return list(islice(found, MAX_POSTS + 1))


def type_of(node: Element) -> str | None:
    """The bare name of an item's schema.org type."""
    match = _TYPE.search(node.get("itemtype") or "")
    return match["name"] if match else None


def own(document: Document, item: Element, name: str) -> list[Element]:
    """The elements that state a property of an item itself, not of an item inside it."""
    if "item_properties" not in document.cache:
        document.cache["item_properties"] = _properties(document)
    found: list[Element] = document.cache["item_properties"].get((item, name), [])
    return found


def _properties(document: Document) -> dict[tuple[Element, str], list[Element]]:
    """The elements of each property of each item, gathered in one walk."""
    found: dict[tuple[Element, str], list[Element]] = {}
    scope_of: dict[Element, Element | None] = {}
    for node in document.root.iter("*"):
        parent = node.getparent()
        outer = None if parent is None else parent if parent.get("itemscope") is not None else scope_of.get(parent)
        scope_of[node] = outer
        if outer is not None:
            for name in (node.get("itemprop") or "").split()[:8]:
                found.setdefault((outer, name), []).append(node)
    return found


def item_id(document: Document, item: Element) -> str | None:
    """An item's own id: its element's, a data attribute's, or the number at the end of its address."""
    kind = (type_of(item) or "item").lower()
    for place in (item, *select(item, "[data-questionid]")[:1]):
        if place is item and (item.get("id") or "") and _NUMBER.search(item.get("id")):
            return str(item.get("id"))
        for name in _IDS:
            if value := (place.get(name) or "").strip()[:100]:
                return f"{kind}-{value}"
    for link in own(document, item, "url"):
        if match := _NUMBER.search((link.get("href") or link.get("content") or "").rstrip("/")):
            return f"{kind}-{match.group(1)}"
    return None


def has_text(document: Document, item: Element) -> bool:
    """Whether an item states a text of its own."""
    return any(node.tag != "meta" for name in _TEXTS for node in own(document, item, name))


def post_of(document: Document, item: Element, *, parent_id: str | None = None) -> Post | None:
    """The post that an item is; None where it states no text."""
    body = next((node for name in _TEXTS for node in own(document, item, name) if node.tag != "meta"), None)
    if body is None:
        return None
    words = read_body(body, quotes=_QUOTES, noise=_NOISE)
    author, moment, native_id = _author(document, item), _moment(document, item), item_id(document, item)
    return Post(
        native_id=native_id,
        author=None if is_placeholder(author) else author,
        author_role=role_of(author, badges=_badges(document, item), known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        text=words.text,
        parent_id=parent_id if parent_id != native_id else None,
        permalink=_permalink(document, item, native_id),
    )


def _author(document: Document, item: Element) -> str:
    for node in own(document, item, "author") + own(document, item, "creator"):
        names = [node] if node.get("itemscope") is None else own(document, node, "name")
        for name in names:
            if text := (name.get("content") or brief(name, _MAX_NAME)).strip():
                return text
        if names == [] and (text := brief(node, _MAX_NAME)):
            return text
    return ""


def _badges(document: Document, item: Element) -> str:
    people = [node for node in own(document, item, "author") if node.get("itemscope") is not None]
    marks = [
        mark
        for node in people
        for mark in select(node, ".mod-flair, .s-badge__moderator, .s-badge__staff, .badge, .role")
    ]
    return " | ".join(f"{brief(mark, _MAX_NAME)} {mark.get('title') or ''}" for mark in marks)


def _moment(document: Document, item: Element) -> Moment:
    for name in _TIMES:
        for node in own(document, item, name):
            if (moment := moment_at(document, node)).at:
                return _as_shown(document, node, moment)
    return UNKNOWN


def _as_shown(document: Document, node: Element, moment: Moment) -> Moment:
    """A time stated without its zone, in UTC where the page shows the same time so: "2024-03-12 13:05:00Z"."""
    stated = (node.get("datetime") or node.get("content") or "").replace("T", " ").strip()
    if moment.at is None or not re.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", stated):
        return moment
    if "shown_utc" not in document.cache:
        titles = (title.get("title") for title in select(document.root, "[title$='Z'], [title*='Z,']"))
        document.cache["shown_utc"] = {f"{m[1]} {m[2]}" for title in titles if (m := _UTC_TITLE.match(title))}
    return Moment(moment.at.replace(tzinfo=UTC), moment.precision) if stated in document.cache["shown_utc"] else moment


def _permalink(document: Document, item: Element, native_id: str | None) -> str | None:
    for link in own(document, item, "url"):
        url = document.absolute(link.get("href") or link.get("content"))
        if url and document.same_site(url) and not is_forbidden(url):
            return url
    return f"{clean_url(document.url)}#{item.get('id')}" if native_id and item.get("id") else None


def holding_reviews(document: Document) -> bool:
    """Whether the page is a shop's or a review portal's: its questions and comments are beside the matter."""
    return has(document.root, "[itemtype*='schema.org/Review'], [itemtype$='schema.org/Product']")


def with_parents(document: Document, items: Iterable[Element]) -> list[tuple[Element, str | None]]:
    """Each item with the id of the item that it lies in, as answers lie in their question."""
    found, known = [], dict[Element, str | None]()
    for item in items:
        known[item] = item_id(document, item)
        parent = next((outer for outer in item.iterancestors() if outer in known), None)
        found.append((item, known.get(parent) if parent is not None else None))
    return found
