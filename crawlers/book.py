"""One source's run as the spider sees it: which page is next, and what a page becomes in the ledger."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crawlers.addresses import first_addresses
from crawlers.card import SourceCard, host_of
from crawlers.drafting import Drafts, is_text, left_out
from crawlers.gate.category import board_category
from crawlers.gate.policies import Policies
from crawlers.gate.reservation import Signals
from crawlers.gate.verdict import ALLOWED, RETRY_LATER
from crawlers.marks import Marks, Validators
from crawlers.pages.page import Page
from crawlers.pages.urls import clean_url, is_forbidden
from crawlers.threads import Threads
from index.ledger import FrontierPage, Ledger, Link, Note, PageResult, Run

logger = logging.getLogger(__name__)

# A thread is read to its end before the next begins, and all that is known before a listing's next page.
PRIORITY_NEXT_PAGE = 2
PRIORITY_LINK = 1
PRIORITY_NEXT_LISTING = 0
PRIORITY_QUIET = -1
SPOOL_LIMIT = 2000
# While one page is being read, the next is asked for.
MOST_UNDER_WAY = 2
NOT_MODIFIED = "not_modified"
# The kinds whose pages lead on to others.
LISTINGS = frozenset({"listing", "other"})


def utc_now() -> datetime:
    """The clock of the runs."""
    return datetime.now(UTC)


def start_links(card: SourceCard, *, quiet: Sequence[str] = ()) -> list[Link]:
    """The first pages of a run: the card's start addresses, and last of all threads that seem to be as they were."""
    urls = first_addresses(card) if card.reads_data else map(clean_url, card.start_urls)
    begin = [Link(url, chain=url, priority=PRIORITY_LINK) for url in dict.fromkeys(urls)]
    return begin + [Link(url, chain=url, priority=PRIORITY_QUIET) for url in quiet]


def field_counts(page: Page) -> dict[str, int]:
    """How many posts a page has, and how many of them name an author, a date, and have words of their own."""
    return {
        "posts": len(page.posts),
        "author": sum(post.author is not None for post in page.posts),
        "date": sum(post.published_at is not None for post in page.posts),
        "text": sum(bool(post.text.strip()) for post in page.posts),
    }


@dataclass(frozen=True)
class PageRead:
    """A page that was read: what it says, its posts as drafts, what it reserves, and which links the spider takes."""

    task: FrontierPage
    page: Page
    drafts: Drafts
    signals: Signals
    links: tuple[str, ...]
    empty_fate: str | None = None
    more: tuple[str, ...] = ()
    """Further pages of the same thread, besides the next one."""
    validators: Validators = field(default_factory=Validators)


@dataclass(frozen=True)
class PageUnchanged:
    """A page that says that it is as it was when an earlier run read it (HTTP 304)."""

    task: FrontierPage


@dataclass(frozen=True)
class PageFailed:
    """A page that brought nothing: its fate such as "failed/http_500", and the words of the fault."""

    task: FrontierPage
    fate: str
    message: str | None = None


class RunBook:
    """Keeps the budgets and turns page outcomes into ledger transactions. Used in the reactor's thread only."""

    def __init__(
        self,
        ledger: Ledger,
        run: Run,
        card: SourceCard,
        *,
        clock: Callable[[], datetime] = utc_now,
        recheck: bool = False,
        backfill: bool = False,
    ) -> None:
        self.ledger = ledger
        self.run = run
        self.card = card
        self.clock = clock
        self._started = time.monotonic()
        self._failures = 0
        self._requests = 0
        self._broken = False
        self._under_way: dict[int, str] = {}
        self.marks = Marks(ledger, run, reads_data=card.reads_data, backfill=backfill)
        self.threads = Threads(ledger, run, recheck=recheck, backfill=backfill)
        self._audit: dict[str, Any] = {
            **card.model_dump(mode="json", include={"basis", "evidence", "checked_on", "checked_by", "valid_until"}),
            "policies": {},
        }

    def heard(self, origin: str, policies: Policies) -> None:
        """Keep for the audit what a host's policy files said."""
        if origin not in self._audit["policies"]:
            self._audit["policies"][origin] = policies.summary()
            self.ledger.put_fact(self.run.id, "audit", self._audit)

    def give_up(self) -> None:
        """The ledger can't be written to: ask for nothing more. What is open stays open for another process."""
        self._broken = True

    def is_open(self) -> bool:
        """Whether pages are still to be asked for, now or when the spool has room again."""
        return not self._broken and self.ledger.is_open(self.run.id)

    def next_page(self) -> FrontierPage | None:
        """The page to ask for now; None where none is left, or those before it must be read or processed first.

        A page is under way from here until its outcome is written. Pages of one thread are asked for one after the
        other, since what a page says decides whether the next one is needed.
        """
        # A site in trouble is asked for one page at a time.
        if self._broken or len(self._under_way) >= (1 if self._failures else MOST_UNDER_WAY):
            return None
        task = self.ledger.next_page(self.run.id, but=self._under_way)
        if task is None or task.chain in self._under_way.values():
            return None
        stop = self._spent_budget()
        if stop is not None:
            if not self._under_way:
                logger.warning("%s: %s, %d pages left out", self.card.name, stop.kind, self._drop_open(stop))
            return None
        if self.ledger.spooled(self.run.id) >= SPOOL_LIMIT:
            return None
        self._under_way[task.seq] = task.chain
        return task

    def _drop_open(self, stop: Note) -> int:
        return self.ledger.drop_open_pages(self.run.id, note=stop, now=self.clock(), but=self._under_way)

    def _spent_budget(self) -> Note | None:
        budget = self.card.budget
        if self._failures >= budget.failures_in_a_row:
            return Note("bounded/stuck", message=f"{self._failures} Seiten nacheinander ohne Antwort")
        if self.ledger.pages_done(self.run.id) + len(self._under_way) >= budget.pages:
            return Note("bounded/page_budget", message=f"nach {budget.pages} Seiten")
        if time.monotonic() - self._started >= budget.minutes * 60:
            return Note("bounded/time_budget", message=f"nach {budget.minutes:g} Minuten")
        return None

    def failed(self, outcome: PageFailed, *, requests: int) -> None:
        """Write down a page that brought nothing. `requests` counts all requests of this process so far."""
        verdict = outcome.fate if outcome.fate.startswith(("reserved/", "forbidden/")) else "unknown"
        thread = self.threads.fate_of_failure(outcome.task, outcome.fate)
        fate = outcome.fate.replace("failed/", "gone/") if thread == "gone" else outcome.fate
        # A verdict is an answer; only silence and errors in a row mean that the source is in trouble.
        self._failures = self._failures + 1 if verdict == "unknown" and thread != "gone" else 0
        note = Note(fate, outcome.task.url, outcome.message)
        logger.info("%s: %s", fate, outcome.task.url)
        result = PageResult(fate, gate=verdict, notes=[note], requests=self._new(requests), chain_fate=thread)
        self._write(outcome.task, result)
        if outcome.fate == f"reserved/{RETRY_LATER}":
            stop = Note(f"bounded/{RETRY_LATER}", outcome.task.url, "die Seite bittet um eine längere Pause")
            self._drop_open(stop)

    def unchanged(self, outcome: PageUnchanged, *, requests: int) -> None:
        """Write down a page that an earlier run read and that hasn't changed since."""
        self._failures = 0
        self._write(outcome.task, PageResult(NOT_MODIFIED, gate=ALLOWED, requests=self._new(requests)))

    def read(self, outcome: PageRead, *, requests: int) -> None:
        """Write down a page that was read, its posts and where it leads."""
        self._failures = 0
        if (verdict := self._verdict(outcome)) is not None:
            self._write(outcome.task, self._refused(outcome, verdict, requests))
            return
        drafts = self.threads.wanted(outcome.drafts)
        new = self.ledger.unseen(self.run.id, drafts.ids)
        links, known, notes = self._links(outcome, new=new)
        goes_on = any(link.chain == outcome.task.chain for link in links)
        cut_off = any(note.kind.startswith("bounded/") for note in notes)
        fate = "read"
        if outcome.empty_fate is not None and not drafts.ids:
            fate = outcome.empty_fate
            notes.append(Note(fate, outcome.task.url, "; ".join(outcome.page.notes)[:300] or None))
        result = PageResult(
            fate,
            gate=ALLOWED,
            posts=drafts.posts,
            seen=drafts.ids,
            fates=drafts.fates,
            links=links,
            notes=[*notes, *drafts.notes],
            quarantined=drafts.quarantined,
            requests=self._new(requests),
            fields=field_counts(outcome.page),
            announced=outcome.page.expected_posts if outcome.page.kind == "thread" else None,
            mark=self.marks.after(outcome.task, outcome.page, outcome.validators, goes_on=goes_on or cut_off),
            read=len(new) + sum(left_out(outcome.page).values()) if outcome.page.kind == "thread" else 0,
            activity=dict(outcome.page.last_posts),
            unchanged=known,
            chain_fate=self.threads.fate_of_page(outcome.task, outcome.page, outcome.drafts, cut_off=cut_off),
            platform=outcome.page.software,
        )
        self._write(outcome.task, result)

    def _verdict(self, outcome: PageRead) -> str | None:
        """Why nothing of an answered page may be kept; None where it may."""
        page = outcome.page
        if outcome.signals.reason is not None:
            return f"reserved/{outcome.signals.reason}"
        if page.kind == "reserved":
            return "reserved/page"
        is_board = page.kind == "listing"
        category = board_category(outcome.task.url, page.title, is_board=is_board, also=self.card.deny)
        return None if category is None else f"forbidden/category_{category}"

    def _refused(self, outcome: PageRead, fate: str, requests: int) -> PageResult:
        """Nothing of a reserved page is kept; its links are followed where it allows that."""
        follow = outcome.signals.follow and outcome.page.kind != "reserved" and fate.startswith("reserved/")
        links = self._links(outcome, new=set())[0] if follow else []
        logger.info("%s: %s", fate, outcome.task.url)
        note = Note(fate, outcome.task.url)
        return PageResult(fate, gate=fate, links=links, notes=[note], requests=self._new(requests), chain_fate="broken")

    def _write(self, task: FrontierPage, result: PageResult) -> None:
        self.ledger.finish_page(self.run.id, task, result, now=self.clock())
        self._under_way.pop(task.seq, None)

    def _new(self, requests: int) -> int:
        new, self._requests = requests - self._requests, requests
        return new

    def _links(self, outcome: PageRead, *, new: set[str]) -> tuple[list[Link], list[str], list[Note]]:
        """Where the page leads, the threads that need not be asked for, and the notes about where it is not followed.
        `new`: its posts that are new."""
        task, notes = outcome.task, list[Note]()
        followed = outcome.links if self.threads.follows(outcome.page) else ()
        urls = [url for url in dict.fromkeys(map(clean_url, followed)) if self._may_ask(url)]
        unknown = self.ledger.unknown_urls(self.run.id, urls)
        fresh = [url for url in urls if url in unknown]
        unchanged = self.threads.unchanged(outcome.page)
        known = [url for url in fresh if url in unchanged]
        asked = (url for url in fresh if url not in unchanged)
        links = [self._link(task, url) for url in asked]
        if links and task.depth >= self.card.budget.depth:
            notes.append(Note("bounded/depth", task.url, f"{len(links)} Verweise nicht verfolgt"))
            links = []
        following = self._next_page(outcome, brings=bool(new or fresh))
        if isinstance(following, Note):
            notes.append(following)
        elif following is not None:
            links.append(following)
            more, left_out = self._more(outcome)
            links.extend(more)
            notes.extend(left_out)
        return links, known, notes

    def _link(self, task: FrontierPage, url: str) -> Link:
        if self.threads.recheck:
            # The other pages of an article's comments: it was read whole when all of them were.
            return Link(
                url, chain=task.chain, position=task.position + 1, depth=task.depth, priority=PRIORITY_NEXT_PAGE
            )
        return Link(url, chain=url, depth=task.depth + 1, priority=PRIORITY_LINK)

    def _more(self, outcome: PageRead) -> tuple[list[Link], list[Note]]:
        """Further pages of the thread where one page names them all, up to the budget of a thread."""
        task = outcome.task
        urls = [url for url in dict.fromkeys(map(clean_url, outcome.more)) if self._may_ask(url)]
        room = max(self.card.budget.pages_per_thread - task.position - 2, 0)
        unknown = self.ledger.unknown_urls(self.run.id, urls)
        links = [
            Link(url, chain=task.chain, position=place, depth=task.depth, priority=PRIORITY_NEXT_PAGE)
            for place, url in enumerate(urls[:room], start=task.position + 2)
            if url in unknown
        ]
        cut = [Note("bounded/pages_per_thread", task.url, f"{len(urls) - room} Seiten")] if len(urls) > room else []
        return links, cut

    def _next_page(self, outcome: PageRead, *, brings: bool) -> Link | Note | None:
        """The pager's next page; a note where it doesn't end by itself, None at its end."""
        if outcome.page.next_page is None:
            return None
        task, url = outcome.task, outcome.page.next_page
        if self.marks.reached(task, outcome.page) or self.threads.ends(outcome.page):
            return None
        if self.threads.recheck and outcome.page.links and outcome.page.kind in LISTINGS:
            return None  # the thread's address leads to a list now
        url = url if self.card.reads_data else clean_url(url)
        if not self._may_ask(url):
            return Note("skipped/next_page", url)
        if (chain := self.ledger.chain_of(self.run.id, url)) is not None:
            # Known from elsewhere, it is read in any case; known from this pager, the pager goes round in circles.
            loop = Note("bounded/pager_loop", task.url, "die nächste Seite war schon da")
            return loop if chain == task.chain and not self.threads.recheck else None
        if not brings and (task.position > 0 or outcome.drafts.ids):
            return Note("bounded/pager_repeats", task.url, "bringt keinen neuen Beitrag und keinen neuen Verweis")
        if task.position + 1 >= self.card.budget.pages_per_thread:
            return Note("bounded/pages_per_thread", task.url, f"nach {task.position + 1} Seiten")
        priority = PRIORITY_NEXT_LISTING if outcome.page.kind in LISTINGS else PRIORITY_NEXT_PAGE
        return Link(url, chain=task.chain, position=task.position + 1, depth=task.depth, priority=priority)

    def _may_ask(self, url: str) -> bool:
        fine = self.card.reads_data or not is_forbidden(url)
        return fine and host_of(url) in self.card.hosts and is_text(url)
