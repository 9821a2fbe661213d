"""One page, asked for by hand, through the same gate as a crawl."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from crawlers.card import MIN_DELAY_SECONDS, host_of, is_loopback_host
from crawlers.gate.access import Access
from crawlers.pages.page import Page
from crawlers.reactor import submit

CRAWL_DELAY_CAP_SECONDS = 60.0


class FetchError(RuntimeError):
    """The page could not be had, or may not be asked for; the message says why, in German."""


@dataclass
class Fetched:
    """What a request ended with: a page, or its fate and the words of the fault."""

    page: Page | None = None
    fate: str = "failed/lost"
    message: str | None = None


def scrapy_settings(*, contact: str, overrides: Mapping[str, Any]) -> Any:
    """The settings of `crawlers.settings` with our contact address and overrides, as a `scrapy.settings.Settings`."""
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule("crawlers.settings", priority="project")
    if contact:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{contact})", priority="cmdline")
    settings.setdict(dict(overrides), priority="cmdline")
    return settings


def fetch_page(
    url: str, *, contact: str = "", allow_private: bool | None = None, scrapy: Mapping[str, Any] | None = None
) -> Page:
    """Ask for one page and read it. Nothing is stored.

    `allow_private` lets it be on a private address; None allows that where the URL itself names this machine. A page
    that the rights holder reserves is of kind "reserved", the reason in its notes. Raises `FetchError` where there is
    no page, or our own rules keep us from asking (logins, members' pages, private addresses, other hosts).
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(f"{url} ist keine Adresse mit http:// oder https://.")
    local = is_loopback_host(parts.hostname)
    access = Access(
        hosts=frozenset({host_of(url)}),
        allow_private=local if allow_private is None else allow_private,
        delay=0.0 if local else MIN_DELAY_SECONDS,
        crawl_delay_cap=CRAWL_DELAY_CAP_SECONDS,
    )
    overrides = {"DOWNLOAD_DELAY": access.delay, "ITEM_PIPELINES": {}, "SCHEDULER": "scrapy.core.scheduler.Scheduler"}
    fetched = submit(_fetch(url, access, scrapy_settings(contact=contact, overrides=overrides | dict(scrapy or {}))))
    return _page(url, fetched.result())


def _page(url: str, fetched: Fetched) -> Page:
    if fetched.page is not None:
        return fetched.page
    if fetched.fate.startswith("reserved/"):
        return Page(software="unknown", kind="reserved", url=url, notes=(fetched.fate,))
    why = fetched.fate if fetched.message is None else f"{fetched.fate}: {fetched.message}"
    raise FetchError(f"{url} wurde nicht gelesen ({why}).")


async def _fetch(url: str, access: Access, settings: Any) -> Fetched:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawlers.gate.middleware import FEED_KEY, SIGNALS_KEY
    from crawlers.pages.reading import read_page
    from crawlers.spiders.faults import fate_of
    from crawlers.spiders.headers import link_header

    fetched = Fetched()

    class PageSpider(Spider):
        """Asks for the one page."""

        name = "page"

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.access = access

        async def start(self) -> AsyncIterator[Any]:
            yield Request(url, callback=self.parse, errback=self.failed, meta={FEED_KEY: True})

        def parse(self, response: Response, **_: Any) -> None:
            signals = response.meta.get(SIGNALS_KEY)
            if signals is not None and signals.reason is not None:
                fetched.fate = f"reserved/{signals.reason}"
                return
            header = response.headers.get(b"Content-Type")
            content_type = header.decode("latin-1") if header else None
            fetched.page = read_page(
                response.body,
                url=response.url,
                content_type=content_type,
                now=datetime.now(UTC),
                link_header=link_header(response),
            )

        def failed(self, failure: Any) -> None:
            fetched.fate, fetched.message = fate_of(failure.value)

    await Crawler(PageSpider, settings).crawl_async()
    return fetched
