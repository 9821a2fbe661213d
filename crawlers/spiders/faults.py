"""Why a page brought nothing, in words that can be counted."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError

from crawlers.gate.verdict import GateRefusal
from crawlers.spiders.tokens import LoginFailedError

_FATES: tuple[tuple[type[BaseException], str], ...] = (
    (DownloadTimeoutError, "failed/timeout"),
    (CannotResolveHostError, "failed/dns"),
    (DownloadConnectionRefusedError, "failed/connection_refused"),
    (DownloadCancelledError, "failed/too_large"),
    (ResponseDataLossError, "failed/incomplete"),
    (DownloadFailedError, "failed/connection"),
)
MAX_WORDS = 200


def fate_of(error: BaseException) -> tuple[str, str | None]:
    """The fate of a page by what was raised, and a word more where there is one. Never the answer's content."""
    if isinstance(error, GateRefusal):
        return error.verdict, None
    if isinstance(error, HttpError):
        return f"failed/http_{error.response.status}", None
    words = str(error)[:MAX_WORDS] or None
    if isinstance(error, LoginFailedError):
        return "failed/login", words
    if isinstance(error, IgnoreRequest):
        return _ignored(words or ""), words
    return next((fate for kind, fate in _FATES if isinstance(error, kind)), f"failed/{type(error).__name__}"), words


def _ignored(words: str) -> str:
    """Scrapy's middlewares tell their reasons apart by words only."""
    if "max redirections" in words:
        return "failed/redirect_loop"
    return "failed/too_large" if "exceed" in words else "failed/ignored"
