"""The gate in Scrapy's downloader: every request passes it, also each hop of a redirect and each retry."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawlers.card import host_of
from crawlers.gate.access import Access
from crawlers.gate.address import AddressGuard, is_public
from crawlers.gate.reservation import META_SCAN_CHARACTERS, Signals, response_signals, tdmrep_rules, tdmrep_verdict
from crawlers.gate.robots import RobotsRules, robots_rules
from crawlers.gate.verdict import GateRefusal, forbidden, reserved
from crawlers.pages.urls import is_forbidden

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# Requests of the gate itself (robots.txt, tdmrep.json): only the address rules hold for them.
POLICY_KEY = "gate_policy"
SIGNALS_KEY = "gate_signals"
POLICY_BYTES = 1_000_000
POLICY_SECONDS = 20


class GateMiddleware:
    """Refuses requests (`GateRefusal`) and notes on answers what they reserve (`request.meta[SIGNALS_KEY]`).

    The spider must have an attribute `access` of type `Access`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._addresses = AddressGuard()
        self._robots: dict[str, RobotsRules] = {}
        self._tdmrep: dict[str, list[tuple[str, bool]]] = {}
        self._asked_at: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GateMiddleware:
        """Scrapy's way to build it."""
        return cls(crawler)

    @property
    def _access(self) -> Access:
        access = getattr(self._crawler.spider, "access", None)
        if not isinstance(access, Access):
            raise TypeError(f"{self._crawler.spider!r} doesn't say what it may access")
        return access

    async def process_request(self, request: Request) -> None:
        """Raise `GateRefusal` unless the request may be made; wait as long as the host's Crawl-delay asks."""
        access = self._access
        if urlsplit(request.url).scheme not in ("http", "https"):
            raise forbidden("scheme")
        policy = bool(request.meta.get(POLICY_KEY))
        if not policy:
            _check_destination(request.url, access)
        if not access.allow_private and not await self._addresses.is_public_url(request.url):
            raise forbidden("private_address")
        if not policy:
            await self._check_robots(request.url, access)

    async def _check_robots(self, url: str, access: Access) -> None:
        origin = _origin(url)
        rules = await self._rules(origin)
        if refusal := rules.refusal(url):
            raise GateRefusal(refusal)
        if rules.crawl_delay > access.crawl_delay_cap:
            raise reserved("crawl_delay_too_long")
        await self._load_tdmrep(origin)
        await self._pace(origin, rules.crawl_delay)

    async def _pace(self, origin: str, delay: float) -> None:
        """Wait until `delay` seconds have passed since the last page of this origin was asked for."""
        now = time.monotonic()
        start = max(now, self._asked_at.get(origin, now - delay) + delay)
        self._asked_at[origin] = start
        if start > now:
            await asyncio.sleep(start - now)

    async def _rules(self, origin: str) -> RobotsRules:
        if origin not in self._robots:
            status, body = await self._policy(f"{origin}/robots.txt")
            self._robots[origin] = robots_rules(status, body)
            logger.info("robots.txt of %s: status %s, %s", origin, status, self._robots[origin].closed or "read")
        return self._robots[origin]

    async def _load_tdmrep(self, origin: str) -> None:
        if origin not in self._tdmrep:
            status, body = await self._policy(f"{origin}/.well-known/tdmrep.json")
            self._tdmrep[origin] = tdmrep_rules(body) if status == 200 else []

    async def _policy(self, url: str) -> tuple[int | None, bytes]:
        """Status and body of a policy file; (None, b"") where no answer came."""
        seconds = min(POLICY_SECONDS, self._crawler.settings.getfloat("DOWNLOAD_TIMEOUT"))
        meta = {POLICY_KEY: True, "download_maxsize": POLICY_BYTES, "download_timeout": seconds}
        request = Request(url, callback=NO_CALLBACK, dont_filter=True, meta=meta)
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there is no answer, and that closes the gate
            logger.warning("no answer from %s: %s", url, type(error).__name__)
            return None, b""
        return response.status, response.body

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse answers from private addresses; put what the others reserve into the request's meta."""
        address = response.ip_address
        if not self._access.allow_private and address is not None and not is_public(str(address)):
            raise forbidden("private_address")
        if not request.meta.get(POLICY_KEY) and 200 <= response.status < 300:
            request.meta[SIGNALS_KEY] = self._signals(response)
        return response

    def _signals(self, response: Response) -> Signals:
        headers = {
            name.decode("latin-1").lower(): [value.decode("latin-1") for value in values]
            for name, values in response.headers.items()
        }
        rules = self._tdmrep.get(_origin(response.url), [])
        return response_signals(headers, _start_of(response.body), well_known=tdmrep_verdict(rules, response.url))


def _check_destination(url: str, access: Access) -> None:
    if host_of(url) not in access.hosts:
        raise forbidden("other_host")
    if is_forbidden(url):
        raise forbidden("session_or_member_page")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def _start_of(body: bytes) -> str:
    """The start of a page, good enough to read meta tags, which are ASCII in every encoding that pages use."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body[: 2 * META_SCAN_CHARACTERS].decode("utf-16", errors="replace")
    return body[:META_SCAN_CHARACTERS].decode("latin-1")
