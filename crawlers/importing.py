"""Own data from files through the same path as a crawl: privacy, brand, ledger, scores, store. No network."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from crawlers.book import field_counts
from crawlers.card import SourceCard
from crawlers.columns import ColumnMap
from crawlers.drafting import Drafter, Drafts
from crawlers.health import close
from crawlers.pages.page import Page
from crawlers.rows.answers import Answer, AnswerReader, RowFaultError
from crawlers.rows.opening import kind_of, rows_of
from crawlers.rows.row import Row, RowFileError
from crawlers.running import CrawlOptions, Processor, Progress, RunSummary
from index.blindness import IMPORT
from index.brand import BrandRules
from index.ledger import FrontierPage, Ledger, LedgerBusyError, Link, Note, PageResult, Quarantined, Run
from index.store import StoreError

__all__ = ["RowFileError", "import_rows"]

logger = logging.getLogger(__name__)

SOFTWARE = "import"
CHUNK_ROWS = 100


@dataclass
class Import:
    """One file on its way."""

    card: SourceCard
    columns: ColumnMap
    run: Run
    drafter: Drafter
    reader: AnswerReader
    rules: str
    rows: Generator[Row, None, None]
    total: int
    done: int = 0

    @property
    def place(self) -> str:
        """Where the rows are: stands in for an address."""
        return f"import://{self.card.name}/"


def import_rows(
    stream: BinaryIO,
    card: SourceCard,
    *,
    brand: BrandRules,
    ledger: Ledger,
    intake: Processor,
    options: CrawlOptions,
    progress: Callable[[Progress], None] | None = None,
) -> RunSummary:
    """Take the rows of a file (seekable, binary) into the intake's store; returns how it went.

    The same file with the same card goes on where an interrupted import stopped, and changes nothing when it is
    imported again. Raises `RowFileError` where the file can't be read at all: nothing is written then. A fault further
    down ends the run as "failed"; what stood before it is kept.
    """
    now = options.clock()
    columns = card.columns
    reason = card.refusal(now.date()) if columns is not None else f"Karte „{card.name}“ hat kein columns für Dateien."
    if reason is not None or columns is None:
        run_id = ledger.refuse(card.name, reason=reason or "", now=now)
        return _summary(ledger, run_id)
    digest, lines = _fingerprint(stream)
    _check(stream, card, columns)
    key = f"{digest}-{card.digest}-{columns.digest}-{brand.version}"
    start = [Link(f"import://{card.name}/0", chain=f"import://{card.name}/")]
    expected = card.expected.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    try:
        run = ledger.begin(card.name, digest=key, start=start, expected=expected, now=now, fresh=options.fresh)
    except LedgerBusyError as error:
        return RunSummary(card.name, "refused", str(error), {"id": None, "source": card.name, "fates": {}})
    try:
        work = _opened(stream, card, columns, run, brand, options, lines)
        _audit(ledger, work)
        try:
            return _work(work, ledger, intake, options, progress)
        finally:
            work.rows.close()
    finally:
        ledger.release(card.name)


def _opened(
    stream: BinaryIO,
    card: SourceCard,
    columns: ColumnMap,
    run: Run,
    brand: BrandRules,
    options: CrawlOptions,
    lines: int,
) -> Import:
    drafter = Drafter(
        card, brand, options.secret, spider=SOFTWARE, retention_days=options.retention_days, keep=options.keep
    )
    reader = AnswerReader(columns, options.secret, options.clock(), card.name)
    rules = f"{brand.version}+{columns.digest}"
    return Import(card, columns, run, drafter, reader, rules, _rows(stream, card, columns), lines)


def _rows(stream: BinaryIO, card: SourceCard, columns: ColumnMap) -> Generator[Row, None, None]:
    return rows_of(
        stream,
        wanted=columns.wanted,
        encoding=card.encoding,
        delimiter=columns.delimiter,
        sheet=columns.sheet,
        staff=columns.staff,
    )


def _check(stream: BinaryIO, card: SourceCard, columns: ColumnMap) -> None:
    """Read the first rows, so that a wrong file is told before anything is written."""
    rows = _rows(stream, card, columns)
    try:
        for _ in islice(rows, CHUNK_ROWS):
            pass
    finally:
        rows.close()


def _fingerprint(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 of the file, and about how many rows it has (for the progress bar)."""
    sha, lines = hashlib.sha256(), 0
    stream.seek(0)
    mark = b"\nFrom " if kind_of(stream) == "mbox" else b"\n"
    while chunk := stream.read(1_000_000):
        sha.update(chunk)
        lines += chunk.count(mark)
    stream.seek(0)
    return sha.hexdigest()[:24], lines


def _audit(ledger: Ledger, work: Import) -> None:
    audit = work.card.model_dump(mode="json", include={"basis", "evidence", "checked_on", "checked_by", "valid_until"})
    ledger.put_fact(work.run.id, "audit", audit | {"policies": {}})


def _work(
    work: Import,
    ledger: Ledger,
    intake: Processor,
    options: CrawlOptions,
    progress: Callable[[Progress], None] | None,
) -> RunSummary:
    """Chunk after chunk into the spool and out of it. Whatever stops it leaves the run to be continued."""
    run, fault = work.run.id, None
    for leftover in ledger.leftovers(work.card.name, but=run):
        _drain(leftover, intake)
        ledger.end(leftover, outcome="interrupted", reason="unterbrochen und nicht fortgesetzt", now=options.clock())
    try:
        while (task := ledger.next_page(run)) is not None:
            try:
                result = _next_chunk(work, task)
            except RowFileError as error:
                fault, result = (
                    str(error),
                    PageResult("failed/file", notes=[Note("failed/file", work.place, str(error))]),
                )
            ledger.finish_page(run, task, result, now=options.clock())
            _drain(run, intake)
            _report(work, ledger, progress)
        _drain(run, intake)
    except (StoreError, KeyboardInterrupt) as error:
        reason = str(error) if isinstance(error, StoreError) else "abgebrochen"
        ledger.pause(run, reason=reason, now=options.clock())
        if isinstance(error, KeyboardInterrupt):
            raise
        return _summary(ledger, run)
    if fault is not None:
        ledger.end(run, outcome="failed", reason=fault, now=options.clock())
    else:
        close(ledger, run, work.card.expected, card=IMPORT, comparable=False, now=options.clock())
    return _summary(ledger, run)


def _drain(run_id: str, intake: Processor) -> None:
    while intake.process(run_id):
        pass


def _next_chunk(work: Import, task: FrontierPage) -> PageResult:
    """The rows of a chunk as one page. Rows before it (a resumed import) are read again for their identities only."""
    start = int(task.url.rpartition("/")[2])
    while work.done < start:
        row = next(work.rows, None)
        if row is None:
            break
        work.done += 1
        _answer(work, row)
    rows = list(islice(work.rows, CHUNK_ROWS))
    work.done += len(rows)
    chunk = Chunk(work)
    for row in rows:
        chunk.add(row)
    more = len(rows) == CHUNK_ROWS
    following = Link(f"{work.place}{work.done}", chain=task.chain, position=task.position + 1)
    return chunk.result(links=[following] if more else [])


def _answer(work: Import, row: Row) -> Answer | str:
    """The row's answer, or in German why there is none."""
    try:
        return work.reader.read(row)
    except RowFaultError as fault:
        return str(fault)


@dataclass
class Chunk:
    """What the rows of a chunk became."""

    work: Import
    posts: list[tuple[str, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    fates: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    fields: dict[str, int] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take a row to its draft, or to the fate that it has already."""
        if row.dropped is not None:
            self.fates[row.dropped] = self.fates.get(row.dropped, 0) + 1
            return
        answer = _answer(self.work, row)
        if isinstance(answer, str):
            place, words = f"{self.work.place}#zeile-{row.number}", f"Zeile {row.number}: {answer}"
            self.quarantined.append(Quarantined("row", place, words))
            self.notes.append(Note("quarantined/row", place, words))
            return
        page = self._page(answer)
        _add(self.fields, field_counts(page))
        self._take(self._drafts(page, answer), answer)

    def _page(self, answer: Answer) -> Page:
        url = f"{self.work.place}{answer.post.native_id}"
        return Page(software=SOFTWARE, kind="thread", url=url, language=self.work.card.language, posts=(answer.post,))

    def _drafts(self, page: Page, answer: Answer) -> Drafts:
        drafter = self.work.drafter
        now = self.work.reader.now
        return drafter.drafts(page, chain=self.work.place, now=now, names=answer.names)

    def _take(self, drafts: Drafts, answer: Answer) -> None:
        self.posts.extend((id, self._completed(draft, answer)) for id, draft in drafts.posts)
        self.seen.extend(drafts.ids)
        self.notes.extend(drafts.notes)
        self.quarantined.extend(drafts.quarantined)
        _add(self.fates, drafts.fates)

    def _completed(self, draft: str, answer: Answer) -> str:
        """The draft with its phase, and with the mapping as part of the rules: another mapping is an update."""
        values = json.loads(draft)
        values["journey_phase"] = answer.phase
        values["provenance"]["rules_version"] = self.work.rules
        values["provenance"]["gate"] = None
        return json.dumps(values)

    def result(self, *, links: list[Link]) -> PageResult:
        """The chunk as the ledger takes it."""
        return PageResult(
            "read",
            posts=self.posts,
            seen=self.seen,
            fates=self.fates,
            links=links,
            notes=self.notes,
            quarantined=self.quarantined,
            fields=self.fields,
        )


def _add(counts: dict[str, int], more: object) -> None:
    if isinstance(more, dict):
        for name, n in more.items():
            counts[name] = counts.get(name, 0) + n


def _report(work: Import, ledger: Ledger, progress: Callable[[Progress], None] | None) -> None:
    if progress is not None:
        yielded, spooled = ledger.totals(work.run.id)
        progress(Progress(work.card.name, work.done, max(0, work.total - work.done), yielded, spooled))


def _summary(ledger: Ledger, run_id: str) -> RunSummary:
    record = ledger.run(run_id)
    return RunSummary(record["source"], record["outcome"], record["reason"], record)
