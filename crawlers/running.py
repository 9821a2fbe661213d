"""Runs source cards to their end: spiders ask in the reactor's thread, the caller's thread scores and stores."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from crawlers import rechecking
from crawlers.book import RunBook, start_links, utc_now
from crawlers.card import SourceCard
from crawlers.drafting import DEFAULT_RETENTION_DAYS, Drafter
from crawlers.fetching import fetch_page, scrapy_settings
from crawlers.health import close
from crawlers.keys import login_of
from crawlers.keys import refusal as key_refusal
from crawlers.reactor import submit
from index.brand import BrandRules
from index.ledger import Ledger, LedgerBusyError, Run
from index.store import StoreError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = ["CrawlOptions", "DryRun", "Progress", "RunSummary", "crawl", "fetch_page"]

logger = logging.getLogger(__name__)

# Posts that come in meanwhile are stored together, which costs less than each page's by itself.
PAUSE_SECONDS = 1.0
STOP_SECONDS = 20.0
FRESH = timedelta(hours=24)
MAX_THROTTLE_SECONDS = 60.0
# The rate-limit windows of APIs last up to a quarter of an hour, and it pays to wait for their end.
API_WINDOW_SECONDS = 900.0


@dataclass(frozen=True)
class CrawlOptions:
    """What holds for all sources of a crawl.

    `secret` keys the author pseudonyms, `contact` (mail or URL) stands in our user agent, `retention_days` holds for
    cards that name none, `keep` are names that are no personal data (the brand's handles), `keys` are the keys of APIs
    by the names of their environment variables, `fresh` is how long an interrupted run may be continued, `scrapy`
    overrides its settings. `recheck` asks for the originals of stored mentions and for nothing else, `backfill` reads
    also what earlier runs have read.
    """

    secret: bytes = field(repr=False)
    contact: str = ""
    retention_days: int | None = DEFAULT_RETENTION_DAYS
    keep: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    fresh: timedelta = FRESH
    clock: Callable[[], datetime] = utc_now
    scrapy: Mapping[str, Any] = field(default_factory=dict)
    recheck: bool = False
    backfill: bool = False


class Processor(Protocol):
    """What takes posts out of the spool, `batch` at a time: `crawlers.intake.Intake`, or `DryRun`."""

    batch: int

    def process(self, run_id: str) -> int:
        """Take the next batch to its fates; returns its size, 0 for an empty spool."""


class DryRun:
    """Counts posts and stores nothing. Use it with `Ledger(":memory:")`, so that the crawl leaves no trace at all."""

    batch = 500

    def __init__(self, ledger: Ledger, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._ledger = ledger
        self._clock = clock

    def process(self, run_id: str) -> int:
        """All posts of a batch get the fate "dry_run"."""
        batch = self._ledger.batch(run_id, self.batch)
        self._ledger.settle(run_id, [(post.seq, "dry_run") for post in batch], now=self._clock())
        return len(batch)


@dataclass(frozen=True)
class RunSummary:
    """How a run ended; `record` is the ledger's, as `brandmelder status` prints it."""

    source: str
    outcome: str
    reason: str | None
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """How far a source is: pages done and known to be open, posts found, posts that wait for their scores."""

    source: str
    pages_done: int
    pages_open: int
    yielded: int
    spooled: int


@dataclass
class Source:
    """One source while it is being read."""

    card: SourceCard
    run: Run
    book: RunBook
    drafter: Drafter
    crawler: Crawler | None = None
    finished: bool = False
    fault: BaseException | None = None


def crawl(
    cards: Sequence[SourceCard],
    *,
    brand: BrandRules,
    ledger: Ledger,
    intake: Processor,
    options: CrawlOptions,
    progress: Callable[[Progress], None] | None = None,
) -> list[RunSummary]:
    """Read all cards, write what they bring into the intake's store, and return one summary per card, in order.

    Sources on different hosts are read side by side, those that share a host one after the other. Interrupted runs
    go on. A source that may not be read is refused with its reason and doesn't keep the others from being read.
    Where the store fails the runs are interrupted; nothing that was read is lost. `KeyboardInterrupt` ends the
    current batch and the requests under way, leaves the runs to be continued, and is raised again.
    Raises `TypeError` for a re-check with an intake that holds no mentions.
    """
    if options.recheck and not isinstance(intake, rechecking.Holder):
        raise TypeError("a re-check needs an intake with a store")
    summaries: dict[str, RunSummary] = {}
    sources = []
    for card in cards:
        opened = _open(card, brand, ledger, intake, options)
        if isinstance(opened, RunSummary):
            summaries[card.name] = opened
        else:
            sources.append(opened)
    try:
        for source in sources:
            if not options.recheck:
                _close_leftovers(source, ledger, intake, options)
        crawling = submit(_read_all(sources, options))
        _work(sources, crawling, ledger, intake, options, progress)
        summaries |= {source.card.name: _summary(ledger, source.run.id) for source in sources}
    finally:
        for source in sources:
            ledger.release(source.card.name)
    return [summaries[card.name] for card in cards]


def _open(
    card: SourceCard, brand: BrandRules, ledger: Ledger, intake: Processor, options: CrawlOptions
) -> Source | RunSummary:
    now = options.clock()
    if (reason := _refusal(card, options)) is not None:
        return _summary(ledger, ledger.refuse(card.name, reason=reason, now=now))
    if options.recheck and card.reads_data:
        reason = rechecking.refusal(card)
        return RunSummary(card.name, "refused", reason, _never_begun(card, reason, {}))
    expected = card.expected.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    try:
        run = _begin(card, f"{card.digest}-{brand.version}", expected, ledger, intake, options)
    except LedgerBusyError as error:
        return RunSummary(card.name, "refused", str(error), _never_begun(card, str(error), expected))
    logger.info("%s: run %s %s", card.name, run.id, "goes on" if run.resumed else "begins")
    drafter = Drafter(
        card, brand, options.secret, spider=card.family, retention_days=options.retention_days, keep=options.keep
    )
    book = RunBook(ledger, run, card, clock=options.clock, recheck=options.recheck, backfill=options.backfill)
    return Source(card, run, book, drafter)


def _refusal(card: SourceCard, options: CrawlOptions) -> str | None:
    reason = card.refusal(options.clock().date())
    reason = reason or key_refusal(card, options.keys)
    if card.columns is not None:
        reason = f"Die Quelle „{card.name}“ liest Dateien: brandmelder import DATEI --card {card.name}"
    if reason is None and not options.contact and not card.is_loopback:
        reason = f"Ohne Kontaktadresse (BRANDMELDER_CONTACT) wird die Quelle „{card.name}“ nicht gefragt."
    return reason


def _begin(
    card: SourceCard,
    digest: str,
    expected: Mapping[str, int | None],
    ledger: Ledger,
    intake: Processor,
    options: CrawlOptions,
) -> Run:
    now, fresh = options.clock(), options.fresh
    if options.recheck and isinstance(intake, rechecking.Holder):
        chains = rechecking.first_pages(card, intake, ledger)
        start = rechecking.links(card, chains)
        run = ledger.begin(card.name, digest=f"{digest}-recheck", start=start, expected={}, now=now, fresh=fresh)
        rechecking.begin(card, intake, ledger, run, chains, now=now)
        return run
    # An edit shows only in its thread, so a part of the quiet ones is read again every time.
    room = 0 if card.reads_data else card.budget.reread
    start = start_links(card, quiet=ledger.known_threads.longest_unread(card.name, digest, room))
    return ledger.begin(card.name, digest=digest, start=start, expected=expected, now=now, fresh=fresh)


def _never_begun(card: SourceCard, reason: str, expected: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record of a run that isn't in the ledger, because another process keeps that for this source just now."""
    times = {"started_at": None, "ended_at": None}
    counts = {"requests": 0, "yielded": 0, "spooled": 0, "fates": {}}
    return (
        {"id": None, "source": card.name, "outcome": "refused", "reason": reason, "expected": expected} | times | counts
    )


def _close_leftovers(source: Source, ledger: Ledger, intake: Processor, options: CrawlOptions) -> None:
    """Runs that can't be continued keep what they had read: it is stored, then they are closed."""
    for run_id in ledger.leftovers(source.card.name, but=source.run.id):
        while intake.process(run_id):
            pass
        ledger.end(run_id, outcome="interrupted", reason="unterbrochen und nicht fortgesetzt", now=options.clock())


def _work(
    sources: Sequence[Source],
    crawling: Future[None],
    ledger: Ledger,
    intake: Processor,
    options: CrawlOptions,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Empty the spools until the spiders are done and nothing is left."""
    reason = "abgebrochen"
    try:
        while True:
            over = crawling.done()
            taken = [intake.process(source.run.id) for source in sources]
            _report(sources, ledger, progress)
            if over and not any(taken):
                break
            if max(taken, default=0) < intake.batch:
                _wait(crawling)
        crawling.result()
        _conclude(sources, ledger, intake, options)
    except StoreError as error:
        # It is told as the reason of every run that it interrupts.
        logger.info("the store failed: %s", error)
        reason = str(error)
    finally:
        _stop(sources, crawling)
        for source in sources:
            _finish(source, ledger, options, reason)


def _conclude(sources: Sequence[Source], ledger: Ledger, intake: Processor, options: CrawlOptions) -> None:
    """End re-checks whose pages are all done: what is gone leaves the store."""
    for source in sources:
        if isinstance(intake, rechecking.Holder) and source.finished and not ledger.is_open(source.run.id):
            rechecking.conclude(intake, ledger, source.run.id, now=options.clock())


def _wait(crawling: Future[None]) -> None:
    try:
        crawling.exception(timeout=PAUSE_SECONDS)
    except NotYet:
        return


def _report(sources: Sequence[Source], ledger: Ledger, progress: Callable[[Progress], None] | None) -> None:
    if progress is None:
        return
    for source in sources:
        run = source.run.id
        record = ledger.totals(run)
        progress(Progress(source.card.name, ledger.pages_done(run), ledger.pages_open(run), *record))


def _stop(sources: Sequence[Source], crawling: Future[None]) -> None:
    """Let the requests under way end; what they bring still goes into the spool."""
    if crawling.done():
        return
    ending = submit(_stop_all(sources))
    try:
        ending.result(timeout=STOP_SECONDS)
        crawling.exception(timeout=STOP_SECONDS)
    except NotYet:
        logger.warning("a request did not end within %.0f s; it will be asked again", STOP_SECONDS)


def _finish(source: Source, ledger: Ledger, options: CrawlOptions, reason: str) -> None:
    """Close a run that is through; leave any other to be continued."""
    run, now = source.run.id, options.clock()
    open_ends = ledger.is_open(run) or ledger.spooled(run) or ledger.known_threads.is_seeking(run)
    if not source.finished or open_ends:
        fault = "" if source.fault is None else f" ({type(source.fault).__name__}: {source.fault})"
        ledger.pause(run, reason=f"{reason}{fault}", now=now)
        return
    card = source.card
    if options.recheck:
        rechecking.close(ledger, run, now=now)
        return
    close(ledger, run, card.expected, card=card.digest, comparable=not card.reads_data, now=now)


def _summary(ledger: Ledger, run_id: str) -> RunSummary:
    record = ledger.run(run_id)
    return RunSummary(record["source"], record["outcome"], record["reason"], record)


# --- in the reactor's thread


async def _read_all(sources: Sequence[Source], options: CrawlOptions) -> None:
    await asyncio.gather(*(_read_in_turn(group, options) for group in by_host(sources)))


async def _read_in_turn(group: Sequence[Source], options: CrawlOptions) -> None:
    from scrapy.crawler import Crawler

    from crawlers.spiders import spider_of

    for source in group:
        source.crawler = Crawler(spider_of(source.card.family), _settings(source.card, options))
        try:
            await source.crawler.crawl_async(
                book=source.book, drafter=source.drafter, login=login_of(source.card, options.keys)
            )
        except Exception as error:  # one source's fault must not end the others
            logger.exception("%s: the crawl broke off", source.card.name)
            source.fault = error
        else:
            source.finished = True


async def _stop_all(sources: Sequence[Source]) -> None:
    await asyncio.gather(*(source.crawler.stop_async() for source in sources if source.crawler is not None))


def by_host(sources: Sequence[Source]) -> list[list[Source]]:
    """Groups of sources that share a host, directly or through another one."""
    groups: list[list[Source]] = []
    for source in sources:
        touching = [group for group in groups if any(other.card.hosts & source.card.hosts for other in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([other for group in touching for other in group] + [source])
    return groups


def _settings(card: SourceCard, options: CrawlOptions) -> Any:
    own: dict[str, Any] = {
        "DOWNLOAD_DELAY": card.pause,
        "AUTOTHROTTLE_MAX_DELAY": max(card.pause, MAX_THROTTLE_SECONDS),
        "DOWNLOAD_MAXSIZE": card.budget.page_bytes,
    }
    if card.reads_data:
        own["RETRY_AFTER_CAP"] = API_WINDOW_SECONDS
    return scrapy_settings(contact=options.contact, overrides=own | dict(options.scrapy))
