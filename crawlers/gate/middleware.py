"""The gate in Scrapy's downloader: every request passes it, also each hop of a redirect and each retry."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawlers.card import host_of
from crawlers.gate.access import Access
from crawlers.gate.address import AddressGuard, is_public
from crawlers.gate.aitxt import ai_txt
from crawlers.gate.category import board_names, denied_category
from crawlers.gate.policies import Policies
from crawlers.gate.reservation import META_SCAN_CHARACTERS, Signals, response_signals, tdmrep_rules, tdmrep_verdict
from crawlers.gate.resolving import names as private_names
from crawlers.gate.robots import robots_rules
from crawlers.gate.verdict import GateRefusal, forbidden, reserved
from crawlers.pages.urls import is_feed_address, is_forbidden

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# Requests of the gate itself (robots.txt, tdmrep.json): only the address rules hold for them.
POLICY_KEY = "gate_policy"
SIGNALS_KEY = "gate_signals"
POLICIES_KEY = "gate_policies"
# Requests for feeds, which are no pages for spiders that follow links.
FEED_KEY = "gate_feed"
POLICY_BYTES = 1_000_000
POLICY_SECONDS = 20


class GateMiddleware:
    """Refuses requests (`GateRefusal`) and notes on answers what they reserve (`request.meta[SIGNALS_KEY]`).

    The spider must have an attribute `access` of type `Access`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._addresses = AddressGuard()
        self._policies: dict[str, Policies] = {}
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
            _check_destination(request, access)
        await self._check_address(request.url, access)
        if not policy:
            await self._check_policies(request, access)

    async def _check_address(self, url: str, access: Access) -> None:
        if access.allow_private:
            private_names.allow(urlsplit(url).hostname or "")
        elif not await self._addresses.is_public_url(url):
            raise forbidden("private_address")

    async def _check_policies(self, request: Request, access: Access) -> None:
        url, origin = request.url, _origin(request.url)
        policies = await self._policies_of(origin)
        request.meta[POLICIES_KEY] = policies
        if refusal := policies.robots.refusal(url):
            raise GateRefusal(refusal)
        if policies.robots.crawl_delay > access.crawl_delay_cap:
            raise reserved("crawl_delay_too_long")
        if policies.ai_txt.reserves(url):
            raise reserved("ai_txt")
        await self._pace(origin, policies.robots.crawl_delay)

    async def _policies_of(self, origin: str) -> Policies:
        """What the host's policy files say. The files behind a closed robots.txt are not asked for."""
        if origin not in self._policies:
            status, body = await self._policy(f"{origin}/robots.txt")
            robots = robots_rules(status, body)
            logger.info("robots.txt of %s: status %s, %s", origin, status, robots.closed or "read")
            policies = Policies(robots, robots_status=status)
            if robots.closed is None:
                policies = replace(policies, **await self._reservations(origin))
            self._policies[origin] = policies
        return self._policies[origin]

    async def _reservations(self, origin: str) -> dict[str, Any]:
        status, body = await self._policy(f"{origin}/.well-known/tdmrep.json")
        ai_status, ai_body = await self._policy(f"{origin}/ai.txt")
        return {
            "tdmrep": tuple(tdmrep_rules(body)) if status == 200 else (),
            "tdmrep_status": status,
            "ai_txt": ai_txt(ai_status, ai_body),
            "ai_txt_status": ai_status,
        }

    async def _pace(self, origin: str, delay: float) -> None:
        """Wait until `delay` seconds have passed since the last page of this origin was asked for."""
        now = time.monotonic()
        start = max(now, self._asked_at.get(origin, now - delay) + delay)
        self._asked_at[origin] = start
        if start > now:
            await asyncio.sleep(start - now)

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

    def process_exception(self, request: Request, exception: Exception) -> None:
        """A name that led inside when it was connected to is refused like one that does so from the start."""
        if isinstance(exception, CannotResolveHostError) and private_names.was_refused(
            urlsplit(request.url).hostname or ""
        ):
            raise forbidden("private_address") from exception

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse answers from private addresses; put what the others reserve into the request's meta."""
        address = response.ip_address
        if not self._access.allow_private and address is not None and not is_public(str(address)):
            raise forbidden("private_address")
        if not request.meta.get(POLICY_KEY) and 200 <= response.status < 300:
            request.meta[SIGNALS_KEY] = self._signals(response)
        return response

    def _signals(self, response: Response) -> Signals:
        policies = self._policies.get(_origin(response.url))
        rules = () if policies is None else policies.tdmrep
        well_known = tdmrep_verdict(rules, response.url)
        return response_signals(headers_of(response), start_of(response.body), well_known=well_known)


def headers_of(response: Response) -> dict[str, list[str]]:
    """A response's headers by lower-case name."""
    return {
        name.decode("latin-1").lower(): [value.decode("latin-1") for value in values]
        for name, values in response.headers.items()
    }


def _check_destination(request: Request, access: Access) -> None:
    if host_of(request.url) not in access.hosts:
        raise forbidden("other_host")
    fine = access.data or (request.meta.get(FEED_KEY) and is_feed_address(request.url))
    if not fine and is_forbidden(request.url):
        raise forbidden("session_or_member_page")
    if (category := denied_category(board_names(request.url), also=access.deny)) is not None:
        raise forbidden(f"category_{category}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def start_of(body: bytes) -> str:
    """The start of a page, good enough to read meta tags, which are ASCII in every encoding that pages use."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body[: 2 * META_SCAN_CHARACTERS].decode("utf-16", errors="replace")
    return body[:META_SCAN_CHARACTERS].decode("latin-1")
