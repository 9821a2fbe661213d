"""What all spiders share: one page of the ledger after the other, each ending in exactly one outcome."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy import Request, Spider, signals
from scrapy.http import Response

from crawlers.book import PageFailed, PageRead, RunBook
from crawlers.card import host_of
from crawlers.drafting import Drafter, Drafts
from crawlers.gate.access import access_of
from crawlers.gate.middleware import POLICIES_KEY, SIGNALS_KEY
from crawlers.gate.policies import Policies
from crawlers.gate.reservation import Signals
from crawlers.keys import Login
from crawlers.pages.page import Page, PageKind
from crawlers.pages.reading import read_page
from crawlers.pages.twins import as_pointer, without_data_links
from crawlers.scheduler import TASK_KEY
from crawlers.spiders.faults import fate_of
from crawlers.spiders.headers import link_header
from index.ledger import FrontierPage

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)


class CardSpider(Spider):
    """Reads the pages of one card. `crawlers.running.crawl` builds it with the run's book and drafter."""

    name = "auto"
    follows: ClassVar[frozenset[PageKind]] = frozenset({"listing", "other", "reviews"})
    """The kinds of pages whose links are followed."""
    empty_fate: ClassVar[str | None] = "empty_thread"
    """The fate of a page that should have posts and has none; None where that is usual."""

    def __init__(self, *, book: RunBook, drafter: Drafter, login: Login | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.book = book
        self.drafter = drafter
        self.login = login
        self.access = access_of(book.card)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's way to build it."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.on_error, signal=signals.spider_error)
        crawler.signals.connect(spider.on_item_error, signal=signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler hands out the frontier, which the start addresses seeded."""
        none: tuple[Request, ...] = ()
        for request in none:
            yield request

    def request_for(self, task: FrontierPage) -> Request:
        """The request for a page of the frontier."""
        return Request(task.url, callback=self.parse, errback=self.failed, dont_filter=True, meta={TASK_KEY: task})

    async def parse(self, response: Response, **_: Any) -> AsyncIterator[PageRead]:
        """Read a page and make drafts of its posts, in a thread: a large page must not stop the others."""
        task: FrontierPage = response.meta[TASK_KEY]
        found: Signals = response.meta.get(SIGNALS_KEY) or Signals(None)
        self._hear(response.meta)
        page, drafts = await asyncio.to_thread(self._understand, response, task, found)
        links = page.links if page.kind in self.follows else ()
        more = page.links if page.kind == "thread" else ()
        yield PageRead(task, page, drafts, found, links, self._empty_fate(page, task), more)

    def _understand(self, response: Response, task: FrontierPage, found: Signals) -> tuple[Page, Drafts]:
        now = self.book.clock()
        content_type = _content_type(response, self.book.card.encoding)
        page = read_page(
            response.body, url=response.url, content_type=content_type, now=now, link_header=link_header(response)
        )
        if found.reason is not None or page.kind == "reserved":
            return without_data_links(page), Drafts()
        page = as_pointer(page)
        return page, self.drafter.drafts(page, chain=task.chain, now=now)

    def _empty_fate(self, page: Page, task: FrontierPage) -> str | None:
        """What a page without posts counts as: a listing or an index is read all the same."""
        if page.kind == "thread":
            return self.empty_fate
        if page.kind == "other" and not page.links:
            return (self.empty_fate if task.depth > 0 else None) or "empty_page"
        return None

    async def failed(self, failure: Failure) -> AsyncIterator[PageFailed]:
        """Every failure is the page's outcome; the run goes on."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        fate, message = fate_of(failure.value or RuntimeError())
        self._hear(request.meta)
        yield PageFailed(request.meta[TASK_KEY], fate, message)

    def _hear(self, meta: Mapping[str, Any]) -> None:
        policies = meta.get(POLICIES_KEY)
        if isinstance(policies, Policies):
            self.book.heard(host_of(meta[TASK_KEY].url), policies)

    def on_error(self, failure: Failure, response: Response) -> None:
        """A fault of ours while reading a page: counted like one of the site's, so that the run goes on."""
        self._give_up(response.request, f"failed/reading_{type(failure.value).__name__}")

    def on_item_error(self, item: Any, response: Response, failure: Failure) -> None:  # noqa: ARG002 - named by Scrapy
        """The outcome itself could not be written."""
        logger.error("outcome not written: %s", type(failure.value).__name__)
        self._give_up(response.request, f"failed/writing_{type(failure.value).__name__}")

    def _give_up(self, request: Request | None, fate: str) -> None:
        task = request.meta.get(TASK_KEY) if request is not None else None
        if isinstance(task, FrontierPage):
            requests = int(self.crawler.stats.get_value("downloader/request_count", 0))
            try:
                self.book.failed(PageFailed(task, fate), requests=requests)
            except sqlite3.Error:
                logger.exception("the ledger can't be written to, %s ends here", self.book.card.name)
                self.book.give_up()


def _content_type(response: Response, encoding: str | None) -> str | None:
    """The response's content type; the card's encoding overrules what the server says."""
    header = response.headers.get(b"Content-Type")
    declared = header.decode("latin-1") if header else None
    if encoding is None:
        return declared
    return f"{(declared or 'text/html').split(';')[0].strip()}; charset={encoding}"
