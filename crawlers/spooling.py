"""The item pipeline: what a spider says about a page goes into the ledger, in one transaction per page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawlers.book import PageFailed, PageRead, PageUnchanged, RunBook

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class SpoolPipeline:
    """Writes `PageRead` and `PageFailed` into the run's book."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SpoolPipeline:
        """Scrapy's way to build it."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Write a page's outcome; other items pass."""
        book = getattr(self._crawler.spider, "book", None)
        if not isinstance(book, RunBook):
            return item
        requests = int(self._crawler.stats.get_value("downloader/request_count", 0))
        if isinstance(item, PageRead):
            book.read(item, requests=requests)
        elif isinstance(item, PageUnchanged):
            book.unchanged(item, requests=requests)
        elif isinstance(item, PageFailed):
            book.failed(item, requests=requests)
        return item
