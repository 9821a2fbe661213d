"""A web site on loopback for crawl tests: fixed pages, programmable faults, and a record of every request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """One response. `pause` seconds pass before it is sent; `cut` ends the connection before all is there."""

    body: bytes | str = b""
    status: int = 200
    content_type: str | None = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    cut: bool = False

    @property
    def data(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


Page = Answer | str | bytes | Callable[[str], Answer | str | bytes]


@dataclass(frozen=True)
class Asked:
    """A request that the site saw: the path with its query, the headers, and when (seconds, monotonic)."""

    path: str
    headers: Mapping[str, str]
    at: float


class Site:
    """Pages by path with query; a callable page gets the path. `faults` are answered once each, before the page."""

    def __init__(self, pages: Mapping[str, Page] | None = None) -> None:
        self.pages: dict[str, Page] = dict(pages or {})
        self.fallback: Page = Answer("<h1>Nicht gefunden</h1>", status=404)
        self.faults: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        self.posted: list[tuple[str, bytes]] = []
        self.delay = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        """All paths asked for so far, but those of the gate."""
        gate = ("/robots.txt", "/.well-known/tdmrep.json", "/ai.txt")
        return [request.path for request in self.asked if request.path not in gate]

    def answer(self, path: str) -> Answer:
        if self.faults.get(path):
            return self.faults[path].pop(0)
        page = self.pages.get(path, self.pages.get(urlsplit(path).path, self.fallback))
        if callable(page) and not isinstance(page, Answer):
            page = page(path)
        return page if isinstance(page, Answer) else Answer(page)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(Asked(self.path, dict(self.headers.items()), time.monotonic()))
                answer = site.answer(self.path)
                if answer.pause or site.delay:
                    time.sleep(answer.pause or site.delay)
                try:
                    self._send(answer)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                site.posted.append((self.path, body))
                self.do_GET()

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                if answer.content_type is not None:
                    self.send_header("Content-Type", answer.content_type)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.data) + (100 if answer.cut else 0)))
                self.end_headers()
                self.wfile.write(answer.data)
                if answer.cut:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def serving(pages: Mapping[str, Page] | None = None) -> Iterator[Site]:
    """A site that is closed at the end of the block."""
    site = Site(pages)
    try:
        yield site
    finally:
        site.close()
