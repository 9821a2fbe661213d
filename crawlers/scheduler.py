"""Scrapy's scheduler on the ledger: the frontier outlives the process, and pages come in a repeatable order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler

from crawlers.book import RunBook
from index.ledger import FrontierPage

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

TASK_KEY = "ledger_page"


@runtime_checkable
class AsksByBook(Protocol):
    """A spider that reads the pages of a `RunBook`."""

    book: RunBook

    def request_for(self, task: FrontierPage) -> Request:
        """The request for a page of the frontier."""


class LedgerScheduler(BaseScheduler):
    """Hands out one page of the ledger after the other; redirects and retries come first."""

    def __init__(self) -> None:
        self._again: deque[Request] = deque()
        self._spider: AsksByBook | None = None

    def open(self, spider: Spider) -> Deferred[None] | None:
        """Scrapy calls this once."""
        if not isinstance(spider, AsksByBook):
            raise TypeError(f"{spider!r} has no book; start it with crawlers.running.crawl")
        self._spider = spider
        return None

    def has_pending_requests(self) -> bool:
        """Whether there is more to ask for, now or later."""
        return bool(self._again) or (self._spider is not None and self._spider.book.is_open())

    def enqueue_request(self, request: Request) -> bool:
        """Takes redirects and retries of pages under way."""
        self._again.append(request)
        return True

    def next_request(self) -> Request | None:
        """The next request, None while the pages under way must be read first, or nothing is left."""
        if self._again:
            return self._again.popleft()
        if self._spider is None:
            return None
        task = self._spider.book.next_page()
        return None if task is None else self._spider.request_for(task)
