"""Errors as `application/problem+json` (RFC 9457): what is wrong and where, never how it happened inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from index.query import QuerySyntaxError
from index.store import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
LOG = logging.getLogger("brandmelder.api")

# status: (German, English)
TITLES: Mapping[int, tuple[str, str]] = {
    400: ("Die Anfrage ist nicht lesbar", "The request can't be read"),
    401: ("Kein gültiger API-Schlüssel", "No valid API key"),
    403: ("Das darf dieser Schlüssel nicht", "This key may not do that"),
    404: ("Nicht gefunden", "Not found"),
    405: ("Diese Methode gibt es hier nicht", "This method isn't offered here"),
    413: ("Die Anfrage ist zu groß", "The request is too large"),
    422: ("Ein Wert der Anfrage passt nicht", "A value of the request doesn't fit"),
    429: ("Zu viele Anfragen", "Too many requests"),
    500: ("Fehler im Dienst", "The service failed"),
    503: ("Der Speicher antwortet gerade nicht", "The store doesn't answer now"),
}


class ProblemError(Exception):
    """Ends a request with this status. `detail` is (German, English); `more` are further members of the problem."""

    def __init__(
        self,
        status: int,
        detail: tuple[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more


def title(status: int, lang: str) -> str:
    """The general sentence of a status."""
    return TITLES.get(status, TITLES[500 if status >= 500 else 400])[lang != "de"]


def problem(
    status: int, lang: str, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The answer to a request that failed."""
    from starlette.responses import JSONResponse

    body: dict[str, Any] = {"type": "about:blank", "title": title(status, lang), "status": status}
    if detail is not None:
        body["detail"] = detail
    return JSONResponse(body | more, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI, lang: str) -> None:
    """Answer every error that the routes raise."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
    from starlette.requests import Request

    async def stated(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        detail = None if error.detail is None else error.detail[lang != "de"]
        return problem(error.status, lang, detail, headers=error.headers, **error.more)

    async def plain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, lang, headers=error.headers)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [{"at": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
        return problem(422, lang, errors=faults[:20])

    async def query(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, QuerySyntaxError)
        return problem(400, lang, error.message(lang), code=error.code, position=error.position)

    async def store(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StoreError)
        if is_callers(error):
            return problem(400, lang, str(error))
        LOG.error("store: %s", error)
        return problem(503, lang, headers={"Retry-After": "10"})

    app.add_exception_handler(ProblemError, stated)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(QuerySyntaxError, query)
    app.add_exception_handler(StoreError, store)


def is_callers(error: StoreError) -> bool:
    """Whether the store refused what was asked, rather than failed: a wrong bound, too many buckets."""
    cause = error.__cause__
    if cause is None or isinstance(cause, OSError):
        return cause is None
    status = getattr(cause, "status_code", None)
    return status == 400 or (status is None and isinstance(cause, ValueError | TypeError))
