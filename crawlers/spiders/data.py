"""Feeds and APIs: what the card asks for and the next pages that the answers name; nothing else is followed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import Response

from crawlers.book import PageRead, PageUnchanged
from crawlers.marks import Validators
from crawlers.pages.page import PageKind
from crawlers.scheduler import TASK_KEY
from crawlers.spiders.base import CardSpider
from index.ledger import FrontierPage

NOT_MODIFIED = 304
MAX_HEADER = 500


class FeedSpider(CardSpider):
    """Reads feeds, by conditional requests: what hasn't changed since the last run isn't sent again."""

    name = "feed"
    follows: ClassVar[frozenset[PageKind]] = frozenset()
    empty_fate: ClassVar[str | None] = None

    def request_for(self, task: FrontierPage) -> Request:
        """The request for a page of the frontier, with the validators of the last run."""
        request = super().request_for(task)
        headers = self.book.marks.headers(task)
        for name, value in headers.items():
            request.headers[name] = value
        if headers:
            request.meta["handle_httpstatus_list"] = [NOT_MODIFIED]
        return request

    async def parse(self, response: Response, **more: Any) -> AsyncIterator[Any]:
        """Read an answer; one that is as before is an outcome of its own."""
        if response.status == NOT_MODIFIED:
            yield PageUnchanged(response.meta[TASK_KEY])
            return
        async for outcome in super().parse(response, **more):
            yield replace(outcome, validators=_validators(response)) if isinstance(outcome, PageRead) else outcome


class ApiSpider(FeedSpider):
    """Reads an API's answers; `crawlers.spiders.tokens` puts the key of the environment into its requests."""

    name = "api"


def _validators(response: Response) -> Validators:
    return Validators(_header(response, b"ETag"), _header(response, b"Last-Modified"))


def _header(response: Response, name: bytes) -> str | None:
    value = response.headers.get(name)
    text = value.decode("latin-1").strip() if value else ""
    return text if text and len(text) <= MAX_HEADER and text.isprintable() else None
