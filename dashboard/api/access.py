"""Who asks: the key of a request, its role and how often it may ask."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dashboard.api.keys import KeyFile, Role, StoredKey
from dashboard.api.problems import ProblemError

if TYPE_CHECKING:
    from starlette.requests import Request

# Wrong keys from one address. There is nothing to guess; this only keeps the log short.
FAILURES = "30/minute"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Brandmelder"'}


class Access:
    """Checks keys and counts requests; in memory, for one process."""

    def __init__(self, keys: KeyFile, rate: str) -> None:
        """`rate` is such as "120/minute". Raises `ValueError` where it isn't."""
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self.keys = keys
        self._rate, self._failures = parse(rate), parse(FAILURES)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def admit(self, request: Request, role: Role) -> StoredKey:
        """The key of a request that needs this role. Raises `ProblemError`."""
        caller = request.client.host if request.client else "-"
        presented = _presented(request)
        entry = None if presented is None else self.keys.check(presented, now=datetime.now(UTC))
        if entry is None:
            self._count(self._failures, f"failed {caller}")
            raise ProblemError(
                401,
                ("Header: Authorization: Bearer SCHLÜSSEL", "header: Authorization: Bearer KEY"),
                headers=_CHALLENGE,
            )
        request.state.key_id = entry.id
        self._count(self._rate, f"key {entry.id}")
        if role == "analyst" and entry.role != "analyst":
            raise ProblemError(
                403,
                (
                    "Für Wortlaute braucht es einen Schlüssel der Rolle analyst.",
                    "Verbatims need a key of role analyst.",
                ),
            )
        return entry

    def _count(self, rate: object, name: str) -> None:
        from limits import RateLimitItem

        assert isinstance(rate, RateLimitItem)
        if self._limiter.hit(rate, name):
            return
        reset = self._limiter.get_window_stats(rate, name).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        raise ProblemError(
            429,
            (f"Erlaubt sind {rate}; weiter in {seconds} s.", f"Allowed: {rate}; go on in {seconds} s."),
            headers={"Retry-After": str(seconds)},
        )


def _presented(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None
