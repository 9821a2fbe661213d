"""What need not be asked again: threads that a listing shows to be as they were, and the listing's pages after them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from crawlers.drafting import Drafts, left_out
from crawlers.pages.page import Page
from index.ledger import FrontierPage, Ledger, Run
from index.ledger_records import ChainFate
from index.ledger_threads import KnownThread

# People correct what they wrote within days, and a listing that names only the day says little about the same day.
SETTLED = timedelta(days=2)
GONE = frozenset({"failed/http_404", "failed/http_410"})
# Fewer threads don't show in which order a listing is.
MIN_ORDERED = 3


class Threads:
    """The threads of one run. Used in the reactor's thread only.

    `recheck` is for runs that look for stored posts and nothing else, `backfill` for those that read everything.
    """

    def __init__(self, ledger: Ledger, run: Run, *, recheck: bool = False, backfill: bool = False) -> None:
        self._ledger = ledger
        self._run = run
        self.recheck = recheck
        self._skips = not (recheck or backfill)
        self._saw_everything: bool | None = None

    def follows(self, page: Page) -> bool:
        """Whether a page's links are followed: a re-check goes on to the other pages of an article's comments only."""
        return not self.recheck or page.kind == "comments"

    def unchanged(self, page: Page) -> frozenset[str]:
        """The threads of a listing that need not be asked for: their last post is the one that was read, and had been
        there for days by then."""
        if not self._skips or not page.last_posts:
            return frozenset()
        known = self._ledger.known_threads.unchanged(self._run.id, dict(page.last_posts))
        return frozenset(url for url, thread in known.items() if _is_settled(thread))

    def ends(self, page: Page) -> bool:
        """Whether the pages of a listing after this one hold nothing new: it is in the order of the last posts, all
        its threads are unchanged, and the last run has seen all that comes after them."""
        times = [at for _, at in page.last_posts]
        if len(times) < max(len(page.links), MIN_ORDERED) or not _is_by_activity(times):
            return False
        known = self._ledger.known_threads.unchanged(self._run.id, dict(page.last_posts)) if self._skips else {}
        if len(known) < len(times):
            return False
        if self._saw_everything is None:
            self._saw_everything = self._ledger.known_threads.saw_everything(self._run.id)
        return self._saw_everything

    def wanted(self, drafts: Drafts) -> Drafts:
        """The drafts to keep: for a re-check those of stored posts, and nothing is counted of the others."""
        if not self.recheck:
            return drafts
        sought = self._ledger.known_threads.sought(self._run.id, drafts.ids)
        return replace(
            drafts, posts=tuple(post for post in drafts.posts if post[0] in sought), fates={}, notes=(), quarantined=()
        )

    def fate_of_page(self, task: FrontierPage, page: Page, drafts: Drafts, *, cut_off: bool) -> ChainFate | None:
        """What a page that was read means for its thread; None for pages that are no part of one."""
        if page.kind not in ("thread", "comments", "reviews"):
            return None
        if cut_off or drafts.quarantined:
            return "broken"
        if page.kind == "thread":
            return "read" if drafts.ids or left_out(page) else "broken"
        if not self.recheck:
            return None
        return "read" if page.kind == "comments" or _shows_all_reviews(task, page) else "broken"

    def fate_of_failure(self, task: FrontierPage, fate: str) -> ChainFate:
        """What a page without an answer means for its thread: "gone" only where we know that it was there."""
        if fate not in GONE or task.position > 0:
            return "broken"
        known = self.recheck or self._ledger.known_threads.is_known(self._run.id, task.chain)
        return "gone" if known else "broken"


def _is_settled(thread: KnownThread) -> bool:
    return thread.read_at - thread.activity >= SETTLED


def _is_by_activity(times: list[datetime]) -> bool:
    """Whether times descend, but for what is pinned to the top: at most half of them."""
    rises = [place for place, (one, other) in enumerate(pairwise(times), start=1) if other > one]
    return not rises or rises[-1] <= len(times) // 2


def _shows_all_reviews(task: FrontierPage, page: Page) -> bool:
    """Shops show the newest reviews only: one that is missing may still stand behind a button."""
    alone = task.position == 0 and page.next_page is None
    return alone and page.expected_posts is not None and len(page.posts) >= page.expected_posts
