"""Retries that wait: as long as Retry-After asks, else longer each time. A host in trouble is not pushed."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response
from scrapy.utils.misc import load_object

from crawlers.gate.verdict import RETRY_LATER, reserved

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

HTTP_TOO_MANY = 429
# No window is this long in seconds: larger numbers are times.
EPOCHS_FROM = 1_000_000_000.0


class PatientRetryMiddleware:
    """Retries what RETRY_HTTP_CODES and RETRY_EXCEPTIONS name, RETRY_TIMES times.

    The first pause is RETRY_PAUSE seconds and doubles. A Retry-After above RETRY_AFTER_CAP seconds isn't waited for:
    the answer stands, and until then the host isn't asked for anything else either.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._codes = {int(code) for code in settings.getlist("RETRY_HTTP_CODES")}
        self._exceptions = tuple(
            load_object(name) if isinstance(name, str) else name for name in settings.getlist("RETRY_EXCEPTIONS")
        )
        self._pause = settings.getfloat("RETRY_PAUSE")
        self._cap = settings.getfloat("RETRY_AFTER_CAP")
        self._silent_until: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PatientRetryMiddleware:
        """Scrapy's way to build it."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Refuse what a host has asked to be asked later."""
        if time.monotonic() < self._silent_until.get(urlsplit(request.url).netloc, 0.0):
            raise reserved(RETRY_LATER)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """A new request after a pause where the status is a passing one, else the response."""
        if response.status not in self._codes:
            return response
        asked = asked_pause(response, now=datetime.now(UTC))
        if asked is not None and asked > self._cap:
            logger.warning("%s asks to wait %.0f s, more than %.0f: given up", request.url, asked, self._cap)
            self._silent_until[urlsplit(request.url).netloc] = time.monotonic() + asked
            return response
        return await self._again(request, f"http_{response.status}", asked) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """A new request after a pause where the fault may pass."""
        if not isinstance(exception, self._exceptions):
            return None
        return await self._again(request, type(exception).__name__, None)

    async def _again(self, request: Request, reason: str, asked: float | None) -> Request | None:
        spider = self._crawler.spider
        assert spider is not None
        again = get_retry_request(request, spider=spider, reason=reason, logger=logger, give_up_log_level="INFO")
        if again is not None:
            pause = self._pause * 2 ** (again.meta["retry_times"] - 1)
            await asyncio.sleep(pause if asked is None else max(asked, pause))
        return again


def asked_pause(response: Response, *, now: datetime) -> float | None:
    """Seconds that an answer asks to wait: Retry-After, or for 429 the end of the API's rate-limit window.

    The latter as Mastodon (an ISO time), Bluesky (a Unix time) and Reddit (seconds) give it.
    """
    asked = retry_after(response.headers.get(b"Retry-After"), now=now)
    if asked is not None or response.status != HTTP_TOO_MANY:
        return asked
    for name in (b"X-RateLimit-Reset", b"RateLimit-Reset"):
        text = (response.headers.get(name) or b"").decode("latin-1").strip()
        if re.fullmatch(r"\d{1,10}(?:\.\d{1,6})?", text):
            seconds = float(text)
            return max(0.0, seconds - now.timestamp()) if seconds > EPOCHS_FROM else seconds
        try:
            until = datetime.fromisoformat(text)
        except ValueError:
            continue
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
        return max(0.0, (until - now).total_seconds())
    return None


def retry_after(value: bytes | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header (seconds or an HTTP date) asks to wait from `now`; None without one."""
    text = (value or b"").decode("latin-1").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return max(0.0, (when - now).total_seconds())
