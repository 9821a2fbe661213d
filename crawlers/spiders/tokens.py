"""Signs the requests of API sources. A login that fails is tried once per run: servers lock accounts for less."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from crawlers.gate.middleware import POLICY_KEY
from crawlers.keys import TOKEN_SECONDS, Login

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

MAX_ANSWER = 100_000


class LoginFailedError(IgnoreRequest):
    """The API did not accept the key; the message says what it answered, never what it was sent."""


class TokenMiddleware:
    """Puts the headers of the spider's attribute `login` (a `Login`, or None) into its requests."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._since = 0.0
        self._failed: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TokenMiddleware:
        """Scrapy's way to build it."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Sign a request that has passed the gate. Raises `LoginFailedError`."""
        login = getattr(self._crawler.spider, "login", None)
        if not isinstance(login, Login) or request.meta.get(POLICY_KEY):
            return
        for name, value in login.headers.items():
            request.headers[name] = value
        if login.url is not None:
            request.headers["Authorization"] = f"Bearer {await self._current(login, login.url)}"

    async def _current(self, login: Login, url: str) -> str:
        async with self._lock:
            if self._failed is not None:
                raise LoginFailedError(self._failed)
            if self._token is None or time.monotonic() - self._since > TOKEN_SECONDS:
                self._token = await self._ask(login, url)
                self._since = time.monotonic()
            return self._token

    async def _ask(self, login: Login, url: str) -> str:
        # A login with one's own account is no crawling: of the gate only the rules for addresses hold.
        meta = {POLICY_KEY: True, "download_maxsize": MAX_ANSWER, "dont_redirect": True}
        headers = {"Content-Type": login.body_type, "Accept": "application/json", **login.body_headers}
        request = Request(
            url, method="POST", body=login.body, headers=headers, callback=NO_CALLBACK, dont_filter=True, meta=meta
        )
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:
            raise self._failure(f"login: {type(error).__name__}") from error
        if response.status != 200:
            raise self._failure(f"login: HTTP {response.status}")
        try:
            token = json.loads(response.body).get(login.token)
        except (ValueError, AttributeError) as error:
            raise self._failure("login: no readable answer") from error
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise self._failure("login: an answer without a token")
        return token

    def _failure(self, words: str) -> LoginFailedError:
        logger.warning("%s", words)
        self._failed = words
        return LoginFailedError(words)
