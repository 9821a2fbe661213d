"""Review sites: listings lead to products, products to the next pages of their reviews."""

from __future__ import annotations

from typing import ClassVar

from crawlers.spiders.base import CardSpider


class ReviewSpider(CardSpider):
    """Reads a review site. A product without reviews is usual, so it is no fault."""

    name = "reviews"
    empty_fate: ClassVar[str | None] = None
