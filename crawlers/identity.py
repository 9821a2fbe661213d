"""Which post is which, also on the next crawl, another page of the pager, or after an edit."""

from __future__ import annotations

import hashlib
from collections import Counter
from urllib.parse import urlsplit

from crawlers.card import host_of
from crawlers.pages.page import Page, Post
from crawlers.pages.urls import canonical_url
from crawlers.privacy import author_key
from index.mention import mention_id

NUMBER_WHOLE_SITE = frozenset({"discourse", "khoros"})
"""Software whose feeds of newest posts name them by the same numbers as their threads do."""
SITE_WIDE = frozenset({"wordpress", "feed", "app_store", "mastodon", "bluesky", "lemmy", "youtube", "reddit"})
"""Software whose native ids are unique on their host, whichever page, feed or answer shows the post."""


def post_ids(page: Page, *, source: str, chain: str, secret: bytes) -> tuple[str, ...]:
    """One id per post of the page, in order.

    The platform's own id where it gives one, else the post's own address. Posts with neither (reviews on a product
    page) are told apart by author and day, which an edit leaves alone; where even these are missing, by their words.
    The pager's first page `chain` stands for the place, since such posts move along the pager.
    """
    addresses = Counter(post.permalink for post in page.posts)
    seen: Counter[str] = Counter()
    ids = []
    for post in page.posts:
        address = post.permalink if addresses[post.permalink] == 1 else None
        native = _native(post, page, chain, address) or _by_author(post, canonical_url(chain), secret)
        seen[native] += 1
        if seen[native] > 1 and not post.native_id:
            native = f"{native}|{seen[native]}"
        ids.append(mention_id(source, page.software, native))
    return tuple(ids)


def _native(post: Post, page: Page, chain: str, address: str | None) -> str | None:
    place = canonical_url(chain)
    if post.native_id:
        # Forums number the posts of the whole site, review pages often those of one product.
        if page.kind == "thread" or page.software in NUMBER_WHOLE_SITE:
            return post.native_id
        # On the other blogs of a card other comments have the same numbers.
        return f"{host_of(page.url) if page.software in SITE_WIDE else place}|{post.native_id}"
    if address is None:
        return None
    if fragment := urlsplit(address).fragment:
        return f"{place}#{fragment}"
    own = canonical_url(address)
    return None if own in (place, canonical_url(page.url)) else own


def _by_author(post: Post, place: str, secret: bytes) -> str:
    day = "" if post.published_at is None else post.published_at.date().isoformat()
    author = author_key(secret, host=place, author=post.author)
    if author and day:
        return f"{place}|{author}|{day}"
    words = hashlib.sha256(post.text.casefold().encode()).hexdigest()[:16]
    return f"{place}|{author or ''}|{day}|{words}"
