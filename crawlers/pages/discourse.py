"""Discourse's pages without scripts: what crawlers and browsers without JavaScript get to see."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages.discourse_json import NOISE, QUOTED, QUOTES, SOFTWARE, as_json
from crawlers.pages.document import Document, Element, attribute, has, select
from crawlers.pages.fields import site_root
from crawlers.pages.page import Page
from crawlers.pages.posts import build_page, next_link, page_title
from crawlers.pages.rules import ThreadRules, read_by
from crawlers.pages.twins import data_links, twin
from crawlers.pages.urls import clean_url

__all__ = ["SOFTWARE", "read", "recognises"]

_TOPIC = re.compile(r"/t/(?:[^/]+/)?(\d+)(?:/|$)")
_POST = re.compile(r"^post_(\d{1,7})$")


def recognises(document: Document) -> bool:
    """Whether a page is Discourse's, by its generator, its setup or its posts for crawlers."""
    generator = attribute(document.root, "meta[name=generator]", "content") or ""
    return generator.startswith("Discourse") or has(
        document.root, "meta#data-discourse-setup, .crawler-post, discourse-assets, meta[name='discourse-base-uri']"
    )


def read(document: Document) -> Page:
    """A topic's posts, or the topics of a list; a list leads to JSON."""
    topic = _topic_of(document)
    page = read_by(document, _rules(topic or ""))
    if page.kind == "thread":
        return _with_addresses(document, page, topic)
    links = data_links(
        document,
        SOFTWARE,
        [
            *select(document.root, ".topic-list a.title, a.raw-topic-link, .topic-list-item a.title, .crawler-topic a"),
            *select(document.root, ".category-list a[href*='/c/'], .category-box a[href*='/c/'], .subcategories a"),
        ],
    )
    # Without its script the page may show nothing at all; the list behind it lies beside it.
    data = () if links else (twin(SOFTWARE, document.url) or as_json(f"{_root(document)}/latest"),)
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing",
        title=page_title(document, "h1"),
        links=links or data,
        next_page=next_link(document) if links else None,
    )


def _root(document: Document) -> str:
    return site_root(document.url, "/t/", "/c/", "/latest", "/categories", "/tag/", "/top", "/u/", home=True)


def _topic_of(document: Document) -> str | None:
    canonical = attribute(document.root, "link[rel=canonical]", "href") or ""
    for url in (document.url, canonical):
        if match := _TOPIC.search(urlsplit(url).path):
            return match.group(1)
    return None


def _with_addresses(document: Document, page: Page, topic: str | None) -> Page:
    """Posts with the address that Discourse gives them: their numbers count within the topic only."""
    if topic is None:
        return page
    base = f"{_root(document)}/t/-/{topic}"
    posts = [
        post.model_copy(update={"permalink": clean_url(f"{base}/{(post.native_id or '').rpartition('/')[2]}")})
        for post in page.posts
    ]
    return page.model_copy(update={"posts": tuple(posts)})


def _rules(topic: str) -> ThreadRules:
    def native_id(box: Element) -> str | None:
        match = _POST.match(box.get("id") or "")
        return f"{topic}/{match.group(1)}" if match else None

    return ThreadRules(
        software=SOFTWARE,
        posts=".crawler-post[id^='post_'], .topic-body[id^='post_']",
        native_id=native_id,
        body=(".post[itemprop~='text']", ".post[itemprop~='articleBody']", "div.post", "[itemprop~='text']"),
        author=(".creator [itemprop='name']", ".creator a", ".creator"),
        times=("time.post-time", ".crawler-post-infos time", "time[itemprop='datePublished']", "time"),
        title=("#topic-title h1 a", "#topic-title h1", "h1 a", "h1"),
        quotes=QUOTES,
        noise=NOISE,
        staff=".creator .moderator, .creator .admin, .user-title--moderator",
        parent=re.compile(rf"^({re.escape(topic)}/\d{{1,7}})$") if topic else QUOTED,
        thread_path=_TOPIC,
    )
