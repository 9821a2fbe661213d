"""What the forum families share: assembling posts, counting what was left out, links and languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawlers.pages.document import Document, Element, attribute, flat, select
from crawlers.pages.moments import last_posts
from crawlers.pages.page import Page, PageKind, Post
from crawlers.pages.urls import canonical_url, clean_url, is_forbidden

_PAGE_WORD = re.compile(r"^\s*(?:nächste|weiter|next|»|›|>)", re.I)

MAX_POSTS = 1000
"""No board shows more on a page; a page made to keep the reader busy does."""


@dataclass
class Collected:
    """Posts of one page as they come, unique by native id, with a count of those left out."""

    posts: list[Post] = field(default_factory=list)
    empty: int = 0
    repeated: int = 0
    unreadable: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    cut: bool = False
    seen: set[str] = field(default_factory=set)

    def add(self, post: Post | None) -> None:
        """Takes a post unless it has no words left or its id was seen."""
        if post is None:
            self.unreadable += 1
        elif not post.text.strip():
            self.empty += 1
        elif post.native_id is not None and post.native_id in self.seen:
            self.repeated += 1
        else:
            self.seen.add(post.native_id or "")
            self.posts.append(post)

    def notes(self) -> list[str]:
        """One note per reason for which something was left out, with its count."""
        reasons = (
            (self.empty, "empty_post: {} without own words (only quotes, pictures or removed content)"),
            (self.repeated, "repeated_post: {} shown twice on this page"),
            (self.unreadable, "unreadable_post: {} without a readable body"),
        )
        notes = [text.format(count) for count, text in reasons if count]
        if self.withheld:
            why = ", ".join(f"{reason} {count}" for reason, count in sorted(self.withheld.items()))
            notes.append(f"withheld_post: {self.withheld.total()} that their authors or the server keep back ({why})")
        return [*notes, f"too_many_posts: only the first {MAX_POSTS} were read"] if self.cut else notes


def collect(containers: Iterable[Element], read: Callable[[Element], Post | None]) -> Collected:
    """Reads each container by the family's function, `MAX_POSTS` of them at most."""
    collected = Collected()
    for index, container in enumerate(containers):
        if index == MAX_POSTS:
            collected.cut = True
            break
        collected.add(read(container))
    return collected


def own_title(subject: str, thread: str | None) -> str | None:
    """A post's own subject; None where it only repeats the thread's title ("Re: ...")."""
    bare = re.sub(r"^(?:(?:re|aw|antw(?:ort)?)\s*:\s*)+", "", subject.strip(), flags=re.I)
    if not bare or (thread and bare.casefold() == thread.casefold()):
        return None
    return subject.strip()


def followable(document: Document, elements: Iterable[Element]) -> tuple[str, ...]:
    """The clean addresses of links on the same site that a spider may ask for, each page once, in page order."""
    found: dict[str, str] = {}
    for element in elements:
        url = document.absolute(element.get("href"))
        if url is None or is_forbidden(url) or not document.same_site(url):
            continue
        found.setdefault(canonical_url(url), clean_url(url))
    found.pop(canonical_url(document.url), None)
    return tuple(found.values())


def next_link(document: Document, *selectors: str) -> str | None:
    """The next page: the first of `link[rel=next]`, `a[rel=next]` and the family's selectors that leads elsewhere."""
    for css in ("link[rel~=next][href]", "a[rel~=next][href]", *selectors):
        for element in select(document.root, css):
            url = document.absolute(element.get("href"))
            if url is None or is_forbidden(url) or not document.same_site(url):
                continue
            if canonical_url(url) != canonical_url(document.url):
                return clean_url(url)
    return None


def page_title(document: Document, *selectors: str) -> str | None:
    """The page's heading by the family's selectors, else og:title, else the title element."""
    for css in selectors:
        for element in select(document.root, css):
            if text := flat(element):
                return text
    if og := attribute(document.root, "meta[property='og:title']", "content"):
        return og
    titles = select(document.root, "head > title") or select(document.root, "title")
    return flat(titles[0]) or None if titles else None


def build_page(
    document: Document,
    *,
    software: str,
    kind: PageKind,
    title: str | None,
    collected: Collected | None = None,
    links: tuple[str, ...] = (),
    next_page: str | None = None,
    expected_posts: int | None = None,
    notes: Iterable[str] = (),
    activity: Mapping[str, datetime] | None = None,
) -> Page:
    """The page object, with the document's and the collection's notes put together.

    `activity` tells when a listing's threads were last written in, where the listing is none for people.
    """
    shown = last_posts(document, links) if activity is None and kind == "listing" else (activity or {}).items()
    posts = tuple(collected.posts) if collected else ()
    return Page(
        software=software,
        kind=kind,
        url=document.url,
        title=title,
        language=document.language,
        posts=posts,
        links=links,
        next_page=next_page,
        expected_posts=expected_posts,
        notes=(*document.notes, *notes, *(collected.notes() if collected else ())),
        last_posts=tuple(shown),
    )
