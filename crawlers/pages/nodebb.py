"""NodeBB's pages for people: topics and categories, in the themes Persona, Harmony and their children."""

from __future__ import annotations

import re

from crawlers.pages.document import Document, attribute, flat, has, select, whole_number
from crawlers.pages.nodebb_json import NOISE, SOFTWARE
from crawlers.pages.page import Page
from crawlers.pages.posts import build_page, next_link, page_title
from crawlers.pages.rules import ThreadRules, read_by
from crawlers.pages.twins import data_links

__all__ = ["SOFTWARE", "read", "recognises"]

_POSTS = '[component="post"][data-pid]'
_COUNT = '[component="topic/post-count"]'
_NEXT = ('[component="pagination"] .next:not(.disabled) a[href]', ".pagination .next:not(.disabled) a[href]")
_RULES = ThreadRules(
    software=SOFTWARE,
    posts=_POSTS,
    native_id=lambda box: (box.get("data-pid") or "").strip() or None,
    body=('[component="post/content"]',),
    author=("@data-username", '[itemprop="author"]', '[data-username] a[href*="/user/"]'),
    times=("", "meta[itemprop=datePublished]", "a.permalink .timeago, a.permalink.timeago", ".timeago"),
    title=('[component="topic/title"]', '[component="post/header"] h1', "h1"),
    noise=NOISE,
    roles=".avatar, [component='user/picture'], a[href*='/user/']",
    badges=".group-label, [component='user/badge'], .user-title, a[href*='/groups/']",
    deleted=".deleted",
    answers=(
        "[component='post/parent']@data-topid",
        "[component='post/parent']@data-parent-pid",
        "[component='post/parent']@href",
        "a[data-topid]@data-topid",
    ),
    parent=re.compile(r"/post/(\d{1,18})|^(\d{1,18})$"),
    permalink=("a.permalink[href]", "a[component='post/permalink'][href]", "a.post-index[href]"),
    thread_path=re.compile(r"/topic/\d+(?:/|$)"),
    next_page=_NEXT,
    expected=lambda document: _expected(document),
)


def recognises(document: Document) -> bool:
    """Whether a page is NodeBB's, by its components."""
    return has(
        document.root,
        _POSTS,
        '[component="category/topic"], [component="categories/category"], [component="category"][data-cid]',
        '[component="topic/title"], [component="topic"][data-tid]',
        "link[href*='nodebb'], script[src*='nodebb.min.js'], meta[name=generator][content^=NodeBB]",
    )


def read(document: Document) -> Page:
    """A topic's posts, or the topics and categories of a list; a list leads to JSON."""
    page = read_by(document, _RULES)
    if page.kind == "thread":
        return page
    topics = select(
        document.root, '[component="category/topic"] a[href*="/topic/"], [component="topic/header"] a[href]'
    )
    boards = select(
        document.root, '[component="categories/category"] a[href], [component="category"] a[href*="/category/"]'
    )
    links = data_links(document, SOFTWARE, [*topics, *boards])
    listing = bool(links) or has(document.root, '[component="category"], [component="category/topic"]')
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing" if listing else "other",
        title=page_title(document, '[component="category/title"]', "h1"),
        links=links,
        next_page=next_link(document, *_NEXT) if listing else None,
        notes=() if listing else ["no topic and no category on this page"],
    )


def _expected(document: Document) -> int | None:
    count = attribute(document.root, _COUNT, "title")
    nodes = select(document.root, _COUNT)
    return whole_number(count or (flat(nodes[0]) if nodes else ""))
