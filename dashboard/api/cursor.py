"""Continuation marks of searches: opaque to callers, good for one query, order and moment only."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime


class CursorError(ValueError):
    """The mark is not one of ours, or of another search."""


@dataclass(frozen=True)
class Cursor:
    """Where a page ended. `now` is the moment that `now-7d` meant on the first page, so that pages don't shift."""

    query: str
    order: str
    now: datetime
    after: str

    def encode(self) -> str:
        """The mark."""
        parts = [_digest(self.query, self.order), self.now.isoformat(), self.after]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_cursor(mark: str, *, query: str, order: str) -> Cursor:
    """The place of a mark of this query and order. Raises `CursorError`."""
    try:
        text = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4))
        digest, now, after = json.loads(text)
        moment = datetime.fromisoformat(now)
    except (ValueError, TypeError) as error:
        raise CursorError from error
    if digest != _digest(query, order) or moment.tzinfo is None or not isinstance(after, str):
        raise CursorError
    return Cursor(query, order, moment, after)


def _digest(query: str, order: str) -> str:
    return hashlib.sha256(f"{order}\x00{query}".encode()).hexdigest()[:16]
