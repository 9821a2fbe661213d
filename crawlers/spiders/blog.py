"""Blogs and news: lists of articles lead to articles, these to further pages of their comments."""

from __future__ import annotations

from typing import ClassVar

from crawlers.pages.page import PageKind
from crawlers.spiders.base import CardSpider


class BlogSpider(CardSpider):
    """Reads comments, from pages or WordPress's REST API. An article without comments is usual, so it is no fault."""

    name = "blog"
    follows: ClassVar[frozenset[PageKind]] = frozenset({"listing", "other", "comments"})
    empty_fate: ClassVar[str | None] = None
