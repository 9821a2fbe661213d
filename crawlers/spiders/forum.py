"""Forums: boards lead to threads, threads to their next pages."""

from __future__ import annotations

from typing import ClassVar

from crawlers.pages.page import PageKind
from crawlers.spiders.base import CardSpider


class ForumSpider(CardSpider):
    """Reads a forum. A thread without posts is a login wall, a cookie banner or a reader that needs repair."""

    name = "forum"
    follows: ClassVar[frozenset[PageKind]] = frozenset({"listing", "other"})
