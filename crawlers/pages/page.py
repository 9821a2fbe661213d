"""What a response says, in the shape that `brandmelder extract` prints (docs/cli.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from index.mention import AuthorRole, DatePrecision, Rating, Value

PageKind = Literal["thread", "listing", "reviews", "comments", "feed", "other", "reserved"]


class Post(Value):
    """One post or review. `text` is plain, without quotes, signature and buttons; `author` is never stored."""

    native_id: str | None = None
    author: str | None = None
    author_role: AuthorRole = "unknown"
    published_at: AwareDatetime | None = None
    date_precision: DatePrecision = "unknown"
    title: str | None = None
    text: str
    rating: Rating | None = None
    parent_id: str | None = None
    permalink: str | None = None


class Page(Value):
    """One response, read. `links` are the threads, boards or product pages that a spider follows from here.

    The links of a thread are further pages of it, besides `next_page`.

    `expected_posts` is what the platform itself announces for the thread; `notes` tell what was left out and why.
    `last_posts` are the links of a listing with the time of the newest post there, where the listing shows it.
    """

    software: str
    kind: PageKind
    url: str
    title: str | None = None
    language: str | None = None
    posts: tuple[Post, ...] = ()
    links: tuple[str, ...] = ()
    next_page: str | None = None
    expected_posts: int | None = None
    notes: tuple[str, ...] = ()
    last_posts: tuple[tuple[str, AwareDatetime], ...] = Field((), exclude=True)
