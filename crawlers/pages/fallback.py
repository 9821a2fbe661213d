"""Threads of unknown software: schema.org items, else repeated boxes that each hold a permalink and a time.

What it reads is a guess by the page's shape, and the page's notes say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from crawlers.pages.body import read_body, read_fragment
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine
from crawlers.pages.document import Document, Element, affordable, brief, flat, select, size
from crawlers.pages.items import has_text, holding_reviews, items_of, post_of, with_parents
from crawlers.pages.moments import moment_at
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import MAX_POSTS, Collected, build_page, collect, next_link, page_title
from crawlers.pages.structured import json_ld, walk
from crawlers.pages.urls import clean_url, is_forbidden

SOFTWARE = "generic"

_ITEMS = ("DiscussionForumPosting", "Question", "Answer", "Comment", "SocialMediaPosting")
_FORUM_ITEMS = ("DiscussionForumPosting", "Answer")
_TEXTS = ("text", "articleBody", "commentText", "description")
_FRAGMENT = re.compile(r"#((?:p|post|msg|message|comment|kommentar|beitrag)[-_]?(\d{1,18}))$", re.I)
_ELEMENT_ID = re.compile(r"^(?:p|post|msg|message|comment|kommentar|beitrag)[-_]?(\d{1,18})$", re.I)
_MIN_SIBLINGS = 3
_MAX_ANCHORS = 3 * MAX_POSTS
_MAX_LABEL = 80
_MAX_BYLINE = 180
_AUTHORS = (
    "[itemprop='author'] [itemprop='name']",
    "[itemprop='author']",
    "[rel='author']",
    ".author, .username, .user-name, .poster, .nick, .nickname",
    "a[href*='/profil'], a[href*='/user'], a[href*='/member'], a[href*='/mitglied'], a[href*='/benutzer']"
    ", a[href*='/nutzer']",
    "[class*='author'], [class*='username'], [class*='user-name']",
)
_BODIES = (
    "[itemprop~='text'], [itemprop~='articleBody'], [itemprop~='commentText']",
    ".post-body, .postbody, .post-content, .post-text, .post_body, .entry-content, .message-body, .message-content"
    ", .message-text, .comment-body, .comment-content, .comment-text, .posttext",
    ".content, .body, .text, .message",
    "[class*='content'], [class*='body'], [class*='text'], [class*='message']",
)
_NOISE = (
    "time, .signature, .sig, [class*='signature'], [class*='signatur'], .meta, .header, .footer, .author, .username",
    ".avatar, .actions, .buttons, .toolbar, .controls, nav, form, .permalink, [class*='permalink']",
)
_TIMES = ("time[datetime]", "[data-time], [data-timestamp]", "abbr[title]", "time",
    ".date, .datum, [class*='date'], [class*='Date'], [class*='datum']",
          "[class*='time'], [class*='Time'], [class*='zeit']", "small, span, p, td, div")  # fmt: skip
_MAX_PLACES = 60


def recognises_marked(document: Document) -> bool:
    """Whether the page marks up posts of a forum or answers, and no reviews."""
    return bool(items_of(document, *_FORUM_ITEMS)) and not holding_reviews(document) and bool(_marked(document))


def recognises(document: Document) -> bool:
    """Whether the page has the shape of a thread in any of the ways that are read here."""
    return bool(_marked(document) or _stated(document) or _repeated(document))


def read(document: Document) -> Page:
    """The posts by the first of the ways that finds some, and a note that says by which."""
    if marked := _marked(document):
        parents = dict(marked)
        posts = collect([item for item, _ in marked], lambda item: post_of(document, item, parent_id=parents[item]))
        return _page(document, posts, "its schema.org items")
    if stated := _stated(document):
        return _page(document, _collected(stated), "its JSON-LD")
    boxes = _repeated(document)
    return _page(
        document, collect(boxes, lambda box: _guessed(document, box)), "repeated boxes with permalink and time"
    )


def _page(document: Document, collected: Collected, way: str) -> Page:
    return build_page(
        document,
        software=SOFTWARE,
        kind="thread",
        title=page_title(document, "h1"),
        collected=collected,
        next_page=next_link(document, ".pagination a.next[href], a.next[href], li.next a[href]"),
        notes=[f"fallback: unknown software, read by {way}"],
    )


def _marked(document: Document) -> list[tuple[Element, str | None]]:
    """Items with a text of their own; a lone comment or question may be anything."""
    if "fallback_items" not in document.cache:
        items = affordable(document, items_of(document, *_ITEMS))
        found = [(item, parent) for item, parent in with_parents(document, items) if has_text(document, item)]
        kinds = {item.get("itemtype", "").rpartition("/")[2] for item, _ in found}
        enough = len(found) > 1 or kinds & {"DiscussionForumPosting"}
        document.cache["fallback_items"] = found if enough else []
    marked: list[tuple[Element, str | None]] = document.cache["fallback_items"]
    return marked


def _stated(document: Document) -> list[Post]:
    """The posts of a thread that the page states in JSON-LD together with its answers."""
    if "fallback_stated" not in document.cache:
        nodes = [node for tree in json_ld(document) for node in walk(tree) if _kind(node) in _ITEMS]
        posts = [post for node in islice(nodes, MAX_POSTS) if (post := _from_node(document, node)) is not None]
        # A single one is a summary of the thread, and often cut.
        document.cache["fallback_stated"] = posts if len(posts) > 1 else []
    stated: list[Post] = document.cache["fallback_stated"]
    return stated


def _kind(node: dict[str, Any]) -> str:
    kind = node.get("@type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    return kind.rpartition("/")[2] if isinstance(kind, str) else ""


def _from_node(document: Document, node: dict[str, Any]) -> Post | None:
    text = next((node[name] for name in _TEXTS if isinstance(node.get(name), str)), None)
    if text is None:
        return None
    author = node.get("author")
    author = author[0] if isinstance(author, list) and author else author
    name = author.get("name") if isinstance(author, dict) else author
    shown = name.strip() if isinstance(name, str) else ""
    moment = _first_time(document, node)
    url = next((node[key] for key in ("url", "@id") if isinstance(node.get(key), str)), None)
    permalink = document.absolute(url)
    match = re.search(r"(\d{1,18})/?$", permalink or "")
    return Post(
        native_id=match.group(1) if match else None,
        author=None if is_placeholder(shown) else shown,
        author_role=role_of(shown, known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        text=read_fragment(text, document),
        permalink=permalink if permalink and not is_forbidden(permalink) else None,
    )


def _first_time(document: Document, node: dict[str, Any]) -> Moment:
    for key in ("dateCreated", "datePublished"):
        if isinstance(node.get(key), str) and (moment := parse_machine(node[key], document.hints)).at:
            return moment
    return UNKNOWN


def _collected(posts: list[Post]) -> Collected:
    collected = Collected()
    for post in posts:
        collected.add(post)
    return collected


@dataclass(frozen=True)
class _Permalink:
    """A place that names a post: a link with its number in the fragment, or an element with its number as id."""

    node: Element
    number: str
    name: str


def _permalinks(document: Document) -> Iterator[_Permalink]:
    for node in islice(select(document.root, "a[href*='#']"), _MAX_ANCHORS):
        if match := _FRAGMENT.search(node.get("href")):
            yield _Permalink(node, match.group(2), match.group(1))
    for node in islice(select(document.root, "[id]"), _MAX_ANCHORS):
        if match := _ELEMENT_ID.match(node.get("id")):
            yield _Permalink(node, match.group(1), node.get("id"))


def _repeated(document: Document) -> list[Element]:
    """The boxes of the parent that has most children with a post's number of their own"
    ", if three of them have times."""
    if "fallback_boxes" not in document.cache:
        document.cache["fallback_boxes"] = _find_boxes(document)
    boxes: list[Element] = document.cache["fallback_boxes"]
    return boxes


def _find_boxes(document: Document) -> list[Element]:
    children: dict[Element, dict[Element, str]] = {}
    for place in _permalinks(document):
        node = place.node
        for parent in islice(node.iterancestors(), 12):
            children.setdefault(parent, {}).setdefault(node, place.number)
            node = parent
    groups = [list(group) for group in children.values() if len(set(group.values())) >= _MIN_SIBLINGS]
    for group in sorted(groups, key=len, reverse=True)[:5]:
        same = [box for box in group if box.tag == group[0].tag]
        boxes = [box for box in affordable(document, same) if _time_of(document, box, None).at is not None]
        worded = [box for box in boxes if _body(box) is not None]
        if len(worded) >= _MIN_SIBLINGS:
            return worded
    return []


def _guessed(document: Document, box: Element) -> Post | None:
    body, number, name = _body(box), *_name_of(box)
    if body is None:
        return None
    author = _author(box, body)
    moment = _time_of(document, box, body)
    return Post(
        native_id=name,
        author=None if is_placeholder(author) else author,
        author_role=role_of(author, known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        text=read_body(body, noise=_NOISE).text,
        permalink=_own_link(document, box, number) or (f"{clean_url(document.url)}#{name}" if name else None),
    )


def _name_of(box: Element) -> tuple[str | None, str | None]:
    for node in (box, *select(box, "[id]")):
        if match := _ELEMENT_ID.match(node.get("id") or ""):
            return match.group(1), node.get("id")
    for node in select(box, "a[href*='#']"):
        if match := _FRAGMENT.search(node.get("href")):
            return match.group(2), match.group(1)
    return None, None


def _own_link(document: Document, box: Element, number: str | None) -> str | None:
    for link in select(box, "a[href*='#']"):
        match = _FRAGMENT.search(link.get("href"))
        url = document.absolute(link.get("href"))
        if match and match.group(2) == number and url and document.same_site(url) and not is_forbidden(url):
            return url
    return None


def _body(box: Element) -> Element | None:
    """The part that holds most words among the best named parts; places with the post's permalink or time are heads."""
    number, _ = _name_of(box)
    for css in _BODIES:
        parts = [part for part in select(box, css) if flat(part) and not _is_head(part, number)]
        if parts:
            return _inner(max(parts, key=lambda part: len(flat(part))))
    paragraphs = [part for part in select(box, "p, td, div") if size(part) < 200 and not _is_head(part, number)]
    worded = [part for part in paragraphs if len(flat(part).split()) >= 2 and not select(part, "div, td, p")]
    return max(worded, key=lambda part: len(flat(part)), default=None)


def _inner(body: Element) -> Element:
    """Some boards write the whole post as a blockquote, which in others is somebody else's words."""
    for quote in select(body, "blockquote"):
        if re.search("post|message|content|text", quote.get("class") or "", re.I):
            return quote
    return body


def _is_head(part: Element, number: str | None) -> bool:
    matches = (_FRAGMENT.search(link.get("href")) for link in select(part, "a[href*='#']"))
    return bool(select(part, "time")) or any(match and match.group(2) == number for match in matches)


def _author(box: Element, body: Element) -> str:
    inside = set(body.iter())
    for css in _AUTHORS:
        for node in select(box, css):
            if node not in inside and (name := brief(node, _MAX_LABEL)):
                return name
    return ""


def _time_of(document: Document, box: Element, body: Element | None) -> Moment:
    inside = set(body.iter()) if body is not None else set()
    for css in _TIMES:
        for node in islice(select(box, css), _MAX_PLACES):
            if node in inside or (body is not None and body in set(node.iter())):
                continue
            if (brief(node, _MAX_BYLINE) or node.get("datetime") or node.get("title")) and (
                moment := moment_at(document, node)
            ).at:
                return moment
    return UNKNOWN
