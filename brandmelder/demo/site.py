"""Serves the demo's two sites on loopback, each on a port of its own, as any web server would."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol, Self
from urllib.parse import parse_qs, urlsplit

from brandmelder.demo.answer import Answer, Request
from brandmelder.demo.content import load_world
from brandmelder.demo.forum import Forum
from brandmelder.demo.portal import Portal

HOST = "127.0.0.1"
# Asked for first, so that links into the demo's pages survive a restart of it; a taken port is no reason to fail.
FORUM_PORT, PORTAL_PORT = 8741, 8742


class Site(Protocol):
    """Anything that answers requests."""

    name: str

    def answer(self, request: Request) -> Answer:
        """The response to a GET."""


class SiteServer:
    """One site on `http://127.0.0.1:PORT`, served by daemon threads from `start` to `stop`.

    `port` 0 means any free one; where another port is taken, any free one is used too.
    """

    def __init__(self, site: Site, *, port: int = 0) -> None:
        self.site = site
        self.requests: list[str] = []
        try:
            self._server = _Server((HOST, port), _Handler)
        except OSError:
            self._server = _Server((HOST, 0), _Handler)
        self._server.served = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The site's address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> Self:
        """Begins to serve in the background."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops serving and frees the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass(frozen=True)
class DemoSites:
    """The demo's running sites."""

    forum: SiteServer
    portal: SiteServer


@contextlib.contextmanager
def serve_demo(
    end: date | None = None, *, forum_port: int = FORUM_PORT, portal_port: int = PORTAL_PORT
) -> Iterator[DemoSites]:
    """Serve both sites for the twelve weeks that end on `end` (see `load_world`) until the block is left."""
    world = load_world(end)
    with (
        SiteServer(Forum(world), port=forum_port) as forum,
        SiteServer(Portal(world), port=portal_port) as portal,
    ):
        yield DemoSites(forum, portal)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Elsewhere this only skips the wait after a restart; on Windows two demos would share one port.
    allow_reuse_address = sys.platform != "win32"
    served: SiteServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "Demo"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answers with the site's page."""
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        """Answers as for GET, without the body."""
        self._respond(with_body=False)

    def _respond(self, *, with_body: bool) -> None:
        served = self.server.served
        served.requests.append(self.path)
        answer = served.site.answer(self._request(served.url))
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _request(self, base: str) -> Request:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            cookies = {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("Cookie", "")).items()}
        except CookieError:
            cookies = {}
        return Request(parts.path, query, cookies, base)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet: the demo's messages are for people."""
