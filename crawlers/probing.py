"""A look at a site through the same gate as a crawl: a dozen requests at most, nothing stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from crawlers.card import MIN_DELAY_SECONDS, host_of, is_loopback_host
from crawlers.fetching import CRAWL_DELAY_CAP_SECONDS, FetchError, scrapy_settings
from crawlers.gate.access import Access
from crawlers.gate.policies import Policies
from crawlers.gate.reservation import Signals
from crawlers.pages.document import decode, parse, select
from crawlers.pages.page import Page
from crawlers.pages.reading import read_page
from crawlers.probe_card import draft_card
from crawlers.probe_report import (
    SHOWN_POSTS,
    Listed,
    Probe,
    gate_signals,
    listed,
    shown_posts,
    sitemap_links,
    size_of,
)
from crawlers.reactor import submit

MAX_FEEDS = 3
MAX_SITEMAPS = 3
MAX_PAGES = 4
# Where the software puts its feed when the page doesn't name one.
_FEEDS = {
    "phpbb": "feed",
    "xenforo2": "forums/-/index.rss",
    "wordpress": "comments/feed/",
    "discourse": "/posts.rss",
    "nodebb": "/recent.rss",
    "smf": "index.php?action=.xml;type=atom",
    "mybb": "syndication.php?type=atom1.0",
    "vbulletin4": "external.php?type=RSS2",
    "vbulletin5": "external?type=rss2",
}  # fmt: skip


@dataclass
class Visit:
    """One request: the answer, or the fate of the failure; what the gate heard on the way."""

    url: str
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, list[str]] = field(default_factory=dict)
    fate: str | None = None
    message: str | None = None
    policies: Policies | None = None
    signals: Signals = field(default_factory=lambda: Signals(None))

    @property
    def verdict(self) -> str:
        """The gate's verdict on this address; "unknown" where no answer came."""
        if self.fate is not None:
            return self.fate if self.fate.startswith(("reserved/", "forbidden/")) else "unknown"
        return "allowed" if self.signals.reason is None else f"reserved/{self.signals.reason}"


Ask = Callable[..., Any]


def probe(
    url: str,
    *,
    contact: str = "",
    allow_private: bool | None = None,
    report: Callable[[str], None] = lambda _: None,
    scrapy: Mapping[str, Any] | None = None,
) -> Probe:
    """Look at a site: software, gate verdict per signal, feeds, sitemaps, size, five posts, a draft card.

    An address without scheme is taken as https. `report` is told each address before it is asked for. A reserved site
    gives a `Probe` that says so, without posts. Raises `FetchError` (German) where the address leads to no page.
    """
    url = url.strip() if "://" in url else f"https://{url.strip()}"
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
    settings = scrapy_settings(contact=contact, overrides=overrides | dict(scrapy or {}))
    return submit(_probe(url, access, settings, report)).result()


async def _probe(url: str, access: Access, settings: Any, report: Callable[[str], None]) -> Probe:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    outcome: list[Probe | BaseException] = []

    class ProbeSpider(Spider):
        """Looks around and asks for no more than it needs."""

        name = "probe"

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.access = access

        async def start(self) -> AsyncIterator[Any]:
            async def ask(address: str, *, feed: bool = False) -> Visit:
                report(address)
                return await _ask(self.crawler.engine, address, feed=feed)

            try:
                found = await _look_around(url, ask)
                requests = int(self.crawler.stats.get_value("downloader/request_count", 0))
                outcome.append(found.model_copy(update={"requests": requests}))
            except Exception as error:  # noqa: BLE001 - raised again outside of the reactor
                outcome.append(error)
            none: tuple[Any, ...] = ()
            for request in none:
                yield request

    await Crawler(ProbeSpider, settings).crawl_async()
    if not outcome:
        raise FetchError(f"{url} wurde nicht gelesen.")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


async def _ask(engine: Any, url: str, *, feed: bool) -> Visit:
    from scrapy import Request
    from scrapy.http.request import NO_CALLBACK

    from crawlers.gate.middleware import FEED_KEY, POLICIES_KEY, SIGNALS_KEY, headers_of
    from crawlers.spiders.faults import fate_of

    request = Request(url, callback=NO_CALLBACK, dont_filter=True, meta={FEED_KEY: feed})
    visit = Visit(url)
    try:
        response = await engine.download_async(request)
    except Exception as error:  # noqa: BLE001 - whatever went wrong is this address's fate
        visit.fate, visit.message = fate_of(error)
        visit.policies = request.meta.get(POLICIES_KEY)
        return visit
    asked = response.request or request
    visit.url, visit.body = response.url, response.body
    visit.policies = asked.meta.get(POLICIES_KEY)
    visit.headers = headers_of(response)
    visit.content_type = next(iter(visit.headers.get("content-type", ())), None)
    if not 200 <= response.status < 300:
        visit.fate = f"failed/http_{response.status}"
    visit.signals = asked.meta.get(SIGNALS_KEY) or Signals(None)
    return visit


async def _look_around(url: str, ask: Ask) -> Probe:
    from crawlers.pages.urls import is_feed_address

    now = datetime.now(UTC)
    main: Visit = await ask(url, feed=is_feed_address(url))
    if main.verdict == "unknown":
        why = f"{main.fate}: {main.message}" if main.message else f"{main.fate}"
        raise FetchError(f"{url} wurde nicht gelesen ({why}).")
    html = decode(main.body, main.content_type) if main.body else ""
    first, pages = None, list[Page]()
    feeds, sitemaps = list[Listed](), list[Listed]()
    if main.verdict == "allowed":
        first = _read(main, now)
        pages = [first, *await _sample(first, ask, now)]
        feeds = [await _listed(address, ask, now, feed=True) for address in _feed_addresses(main, first, html, now)]
        sitemaps = await _sitemaps(main, ask, now)
        if first.kind == "feed" or (main.body.lstrip()[:5] == b"<?xml" and not feeds):
            feeds = [listed(main.url, main.body, now=now)]
    size = size_of(first, pages, feeds, sitemaps)
    delay = 0.0 if main.policies is None else main.policies.robots.crawl_delay
    return Probe(
        url=url,
        final_url=main.url,
        software="unknown" if first is None else first.software,
        kind="reserved" if first is None else first.kind,
        title=None if first is None else first.title,
        language=None if first is None else first.language,
        verdict=main.verdict,
        signals=tuple(gate_signals(main.policies, main.verdict, main.url, main.headers, html)),
        crawl_delay=delay,
        feeds=tuple(feeds),
        sitemaps=tuple(sitemaps),
        size=size,
        posts=tuple(shown_posts(pages)),
        requests=0,
        notes=() if first is None else first.notes,
        card=draft_card(main.url, first, size=size, verdict=main.verdict, crawl_delay=delay, today=now.date()),
    )


def _read(visit: Visit, now: datetime) -> Page:
    return read_page(visit.body, url=visit.url, content_type=visit.content_type, now=now)


async def _sample(first: Page, ask: Ask, now: datetime) -> list[Page]:
    """Pages behind the first one until five posts are there; a board's overview leads to a board, that to a thread."""
    pages = list[Page]()
    waiting = [] if len(first.posts) >= SHOWN_POSTS else list(first.links)
    while waiting and len(pages) < MAX_PAGES and sum(len(page.posts) for page in (first, *pages)) < SHOWN_POSTS:
        visit = await ask(waiting.pop(0))
        if visit.verdict != "allowed":
            pages.append(Page(software="unknown", kind="reserved", url=visit.url))
            continue
        page = _read(visit, now)
        pages.append(page)
        if not page.posts:
            known = {first.url, *(seen.url for seen in pages)}
            waiting = [link for link in page.links if link not in known and link not in waiting] + waiting
    return [page for page in pages if page.kind != "reserved"]


def _feed_addresses(main: Visit, page: Page, html: str, now: datetime) -> list[str]:
    """Feeds that the page names, else the one that its software is known to have; only on the same host."""
    from crawlers.pages.dates import DateHints

    document = parse(html, url=main.url, hints=DateHints(now=now))
    links = select(document.root, "link[rel~=alternate][type*='rss'], link[rel~=alternate][type*='atom']")
    found = [url for link in links if (url := document.absolute(link.get("href"))) is not None]
    if not found and page.software in _FEEDS:
        found = [urljoin(main.url, _FEEDS[page.software])]
    same = (url for url in found if host_of(url) == host_of(main.url))
    return list(dict.fromkeys(same))[:MAX_FEEDS]


async def _sitemaps(main: Visit, ask: Ask, now: datetime) -> list[Listed]:
    """The sitemaps of robots.txt, else the usual place; of an index also its first one."""
    named = () if main.policies is None else main.policies.robots.sitemaps
    waiting = [url for url in named if host_of(url) == host_of(main.url)] or [urljoin(main.url, "/sitemap.xml")]
    found = list[Listed]()
    while waiting and len(found) < MAX_SITEMAPS:
        url = waiting.pop(0)
        visit = await ask(url)
        found.append(_listing_of(visit, now))
        if found[-1].kind == "sitemapindex":
            inner = [link for link in sitemap_links(visit.body) if host_of(link) == host_of(main.url)]
            waiting = inner[:1] + waiting
    return [entry for entry in found if entry.kind is not None or named]


async def _listed(url: str, ask: Ask, now: datetime, *, feed: bool) -> Listed:
    return _listing_of(await ask(url, feed=feed), now)


def _listing_of(visit: Visit, now: datetime) -> Listed:
    if visit.verdict != "allowed":
        return Listed(url=visit.url, answer=visit.fate or visit.verdict)
    return listed(visit.url, visit.body, now=now)
