"""Around every request: headers, the size of bodies, one line of log, and no traceback for anybody."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from dashboard.api.problems import LOG, problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


class Guard:
    """ASGI middleware. The log names the key's id and the path, never the query string, the headers or the body."""

    def __init__(self, app: ASGIApp, lang: str, max_body: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.lang = lang
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from starlette.exceptions import HTTPException

        scope.setdefault("state", {})
        began, status, left = time.monotonic(), 0, self.max_body

        async def bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        try:
            if _announced(scope) > self.max_body:
                await problem(413, self.lang, headers={"Connection": "close"})(scope, receive, sending)
                return
            await self.app(scope, bounded, sending)
        except Exception as error:  # noqa: BLE001  (whatever it is, the caller gets no insight)
            incident = secrets.token_hex(4)
            LOG.error("incident %s: %s", incident, type(error).__name__)
            if status:
                raise ConnectionError from None
            await problem(500, self.lang, incident=incident)(scope, receive, sending)
        finally:
            key = scope["state"].get("key_id", "-")
            path = ascii(scope["path"])[1:-1][:200]
            LOG.info("%s %s %d %.0f ms key %s", scope["method"], path, status, 1000 * (time.monotonic() - began), key)


def _announced(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
