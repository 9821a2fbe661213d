"""What to ask for. A spider follows links; what a page says is read in `crawlers.pages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlers.card import Family
    from crawlers.spiders.base import CardSpider


def spider_of(family: Family) -> type[CardSpider]:
    """The spider of a family of sources."""
    from crawlers.spiders.base import CardSpider
    from crawlers.spiders.blog import BlogSpider
    from crawlers.spiders.data import ApiSpider, FeedSpider
    from crawlers.spiders.forum import ForumSpider
    from crawlers.spiders.reviews import ReviewSpider

    sites = {"forum": ForumSpider, "reviews": ReviewSpider, "blog": BlogSpider, "auto": CardSpider, "feed": FeedSpider}
    return sites.get(family, ApiSpider)
