"""What a feed or an API need not tell us again: validators for conditional requests, and where known posts begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median_low

from crawlers.pages.page import Page
from index.ledger import FrontierPage, Ledger, Mark, Run


@dataclass(frozen=True)
class Validators:
    """An answer's `ETag` and `Last-Modified` headers."""

    etag: str | None = None
    modified: str | None = None


class Marks:
    """The marks of one run. For sources that are no feed and no API it does nothing.

    A mark is written when its pager was read to its end, or to the posts of an earlier run: what a killed run left
    out is never taken for known. A `backfill` writes marks, but believes none. Used in the reactor's thread only.
    """

    def __init__(self, ledger: Ledger, run: Run, *, reads_data: bool, backfill: bool = False) -> None:
        self._ledger = ledger
        self._run = run
        self._active = reads_data
        self._believes = reads_data and not backfill
        self._known: dict[str, Mark | None] = {}
        self._begun: dict[str, Mark] = {}

    def _mark(self, chain: str) -> Mark | None:
        if chain not in self._known:
            self._known[chain] = self._ledger.mark(self._run.id, chain) if self._believes else None
        return self._known[chain]

    def headers(self, task: FrontierPage) -> dict[str, str]:
        """The headers of a conditional request for a pager's first page; none where nothing is known."""
        mark = self._mark(task.chain) if task.position == 0 else None
        stated = {} if mark is None else {"If-None-Match": mark.etag, "If-Modified-Since": mark.modified}
        return {name: value for name, value in stated.items() if value}

    def reached(self, task: FrontierPage, page: Page) -> bool:
        """Whether a page has come to the posts of an earlier run: half of it isn't newer than what that run saw.

        Half, because authors may date posts back, and some servers pin old ones to the top.
        """
        mark = self._mark(task.chain)
        times = [post.published_at for post in page.posts if post.published_at is not None]
        if mark is None or mark.newest is None or not times:
            return False
        return median_low(times) <= datetime.fromisoformat(mark.newest)

    def after(self, task: FrontierPage, page: Page, validators: Validators, *, goes_on: bool) -> Mark | None:
        """The mark to write with a page, None while its pager goes on or where its beginning is unknown."""
        if not self._active:
            return None
        if task.position == 0:
            self._begun[task.chain] = self._beginning(task.chain, page, validators)
        return None if goes_on else self._begun.pop(task.chain, None)

    def _beginning(self, chain: str, page: Page, validators: Validators) -> Mark:
        before = self._mark(chain)
        times = [post.published_at.astimezone(UTC) for post in page.posts if post.published_at is not None]
        # A clock that runs ahead must not hide what comes until then.
        times = [time for time in times if time <= datetime.now(UTC)]
        newest = max(times).isoformat() if times else None
        if before is not None and before.newest is not None:
            newest = max(filter(None, (newest, before.newest)))
        return Mark(chain, validators.etag, validators.modified, newest)
