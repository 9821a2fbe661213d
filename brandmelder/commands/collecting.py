"""Commands that read the web: run and extract."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urljoin, urlsplit

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from brandmelder.commands.showing import write_dashboard_config
from brandmelder.common import ledger_path, opened_store, opened_vectors
from brandmelder.console import messages, put_json, put_line, say
from brandmelder.errors import AttentionError, UsageError
from brandmelder.formats import german_time
from brandmelder.models import opened_scorer
from brandmelder.outdated import review
from brandmelder.profile import Profile, find_profile, read_profile
from brandmelder.settings import Settings
from brandmelder.texts import tr
from crawlers.card import SourceCard
from crawlers.pages.page import Page

if TYPE_CHECKING:
    from crawlers.intake import Intake
    from crawlers.running import CrawlOptions, RunSummary
    from crawlers.running import Progress as SourceProgress
    from index.ledger import Ledger

GOOD_OUTCOMES = frozenset({"done"})
MAX_FILE_BYTES = 50_000_000
UNKNOWN_ADDRESS = "http://unknown.invalid/"
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d{4}\)(https?://[^\s>]{1,2000})")


class ExtractFormat(StrEnum):
    """How `extract` answers."""

    json = "json"
    text = "text"


def run_sources(
    settings: Settings,
    brand: Annotated[str, typer.Option(help=tr("Markenprofil (Pfad oder Name)", "brand profile (path or name)"))],
    source: Annotated[
        list[str] | None, typer.Option(help=tr("nur diese Quelle; mehrfach möglich", "this source only; repeatable"))
    ] = None,
    recheck: Annotated[
        bool,
        typer.Option(
            "--recheck",
            help=tr(
                "nur die Originale der gespeicherten Erwähnungen: Geändertes erneuern, Gelöschtes löschen",
                "only the originals of stored mentions: update what was edited, delete what is gone",
            ),
        ),
    ] = False,
    backfill: Annotated[
        bool,
        typer.Option(
            "--backfill", help=tr("auch lesen, was schon gelesen wurde", "read also what has been read before")
        ),
    ] = False,
) -> None:
    """Crawl, match, score and store; prints one JSON object with each run's fates."""
    if recheck and backfill:
        raise UsageError(
            tr("--recheck und --backfill schließen einander aus.", "--recheck and --backfill exclude each other.")
        )
    profile = read_profile(brand, settings.data / "profiles")
    cards = [card for card in profile.cards(source or []) if source or card.columns is None]
    if recheck and not source:
        cards = [card for card in cards if not card.reads_data]
    if not cards:
        raise UsageError(
            tr(
                f"Das Profil {brand} hat noch keine Quellen; docs/crawling.md zeigt, wie eine aussieht.",
                f"The profile {brand} has no sources yet; docs/crawling.md shows what one looks like.",
            )
        )
    remember_profile(settings, profile, brand)
    summaries = collect(settings, profile, cards, recheck=recheck, backfill=backfill, brand=brand)
    put_json({"runs": [dict(summary.record) for summary in summaries]})
    tell(summaries)


def remember_profile(settings: Settings, profile: Profile, brand: str) -> None:
    """Make the data folder, with what dashboard and alerts need to know of the profile."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = find_profile(brand, settings.data / "profiles").resolve()
    (settings.data / "profile.path").write_text(str(path), encoding="utf-8")
    write_dashboard_config(settings, profile)


def collect(
    settings: Settings,
    profile: Profile,
    cards: Sequence[SourceCard],
    *,
    recheck: bool = False,
    backfill: bool = False,
    brand: str | None = None,
) -> list[RunSummary]:
    """Read the sources into the store that the settings name, with a progress bar on stderr.

    `recheck` and `backfill` are those of `crawlers.running.CrawlOptions`; `brand` is what the caller calls the profile.
    """
    from crawlers.running import crawl

    logging.getLogger("scrapy").setLevel(logging.WARNING)
    with opened_intake(settings, profile) as (ledger, intake):
        with bars() as report:
            summaries = crawl(
                cards,
                brand=profile.rules(),
                ledger=ledger,
                intake=intake,
                options=replace(crawl_options(settings, profile), recheck=recheck, backfill=backfill),
                progress=report,
            )
        if all(summary.outcome != "interrupted" for summary in summaries):
            review(intake, profile, brand or profile.name)
    return summaries


def crawl_options(settings: Settings, profile: Profile) -> CrawlOptions:
    """What the settings and the profile say about all sources."""
    from crawlers.running import CrawlOptions

    return CrawlOptions(
        secret=settings.pseudonym_key,
        contact=settings.contact,
        retention_days=profile.retention_days,
        keep=(*profile.handles, *profile.names, *profile.aliases),
        keys=settings.api_keys,
    )


@contextmanager
def opened_intake(settings: Settings, profile: Profile) -> Iterator[tuple[Ledger, Intake]]:
    """The ledger and what takes posts into the store that the settings name.

    At the end it is said which stored mentions have other topics; `brand` is what the profile is called by the caller.
    """
    from brandmelder.corrections import brand_filter, taught
    from crawlers.intake import Intake
    from index.copies import CopyIndex
    from index.ledger import Ledger

    with (
        opened_store(settings) as store,
        closing(Ledger(ledger_path(settings))) as ledger,
        closing(CopyIndex(settings.data / "copies.sqlite3")) as copies,
        opened_vectors(settings) as vectors,
    ):
        scorer = opened_scorer(settings)
        yield (
            ledger,
            Intake(
                ledger,
                store=store,
                scorer=scorer,
                taxonomy=taught(profile.taxonomy(), store),
                copies=copies,
                clock=lambda: datetime.now(UTC),
                brand_filter=brand_filter(profile.name, store, scorer),
                vectors=vectors,
            ),
        )


def extract(
    settings: Settings,
    page: Annotated[str, typer.Argument(help=tr("Datei, Adresse oder - für stdin", "file, URL or - for stdin"))],
    url: Annotated[
        str | None, typer.Option(help=tr("woher die Datei kam", "where the file came from"), show_default=False)
    ] = None,
    format: Annotated[ExtractFormat, typer.Option(help=tr("json oder text", "json or text"))] = ExtractFormat.json,
) -> None:
    """Read one page as the spiders would; stores nothing. A URL passes the same gate as a crawl."""
    result = _fetched(settings, page) if urlsplit(page).scheme in ("http", "https") else _from_file(page, url)
    if format is ExtractFormat.json:
        put_json(result.model_dump(mode="json"))
    else:
        _print_page(result)


def _from_file(name: str, url: str | None) -> Page:
    from crawlers.pages.reading import read_page

    try:
        body = sys.stdin.buffer.read() if name == "-" else _bytes(Path(name))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(tr(f"{name} lässt sich nicht lesen: {reason}.", f"Can't read {name}: {reason}.")) from error
    page = read_page(body, url=url or _own_address(body), now=datetime.now(UTC))
    if url is None:
        note = tr(
            "--url fehlt: Adressen sind aus der Seite geschlossen", "no --url: addresses are inferred from the page"
        )
        page = page.model_copy(update={"notes": (*page.notes, note)})
    return page


def _own_address(body: bytes) -> str:
    """What a page says its own address is, else where its links start from, else one that leads nowhere (RFC 2606).

    A canonical link may be relative to `<base href>`; browsers write where a saved page came from into a comment.
    """
    from parsel import Selector

    try:
        selector = Selector(body=body, encoding="utf-8", type="html")
        base = selector.xpath("//base/@href").get(default="").strip()
        said = selector.xpath("//link[@rel='canonical']/@href").getall()
        said += selector.xpath("//meta[@property='og:url']/@content").getall()
    except ValueError:
        base, said = "", []
    saved = _SAVED_FROM.search(body[:4096])
    whole = [_joined(base, address) for address in said]
    candidates = [saved.group(1).decode("ascii", "replace") if saved else "", *whole, base]
    return next((address for address in candidates if _is_web_address(address)), UNKNOWN_ADDRESS)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UsageError(
            tr(f"{path} ist größer als {MAX_FILE_BYTES} Bytes.", f"{path} is larger than {MAX_FILE_BYTES} bytes.")
        )
    return path.read_bytes()


def _fetched(settings: Settings, url: str) -> Page:
    from crawlers.fetching import fetch_page

    return fetch_page(url, contact=settings.contact)


@contextmanager
def bars() -> Iterator[Any]:
    """One bar per source: pages read of those known, posts found, posts that wait for their scores."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[posts]}"))
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def report(progress: SourceProgress) -> None:
            if progress.source not in tasks:
                tasks[progress.source] = bars.add_task(progress.source, posts="")
            done = progress.pages_done
            posts = tr(
                f"{progress.yielded} Beiträge, {progress.spooled} warten",
                f"{progress.yielded} posts, {progress.spooled} waiting",
            )
            bars.update(tasks[progress.source], completed=done, total=done + progress.pages_open, posts=posts)

        yield report


def tell(summaries: Sequence[RunSummary]) -> None:
    """A line per source on stderr; raises `AttentionError` where one needs a look."""
    for summary in summaries:
        fates = ", ".join(f"{name} {count}" for name, count in sorted(summary.record.get("fates", {}).items()) if count)
        reason = f" ({summary.reason})" if summary.reason else ""
        say(f"{summary.source}: {summary.outcome}{reason}; {fates or tr('keine Beiträge', 'no posts')}")
    odd = [summary.source for summary in summaries if summary.outcome not in GOOD_OUTCOMES]
    if odd:
        raise AttentionError(
            tr(
                f"Bitte ansehen: {', '.join(odd)}. «brandmelder status» zeigt mehr.",
                f"Please look at: {', '.join(odd)}. 'brandmelder status' shows more.",
            )
        )


def _print_page(page: Page) -> None:
    put_line(f"{page.software} · {page.kind} · {page.title or ''}")
    for note in page.notes:
        put_line(f"! {note}")
    for number, post in enumerate(page.posts, start=1):
        head = [f"[{number}]", post.author or "?", f"({post.author_role})", german_time(post.published_at)]
        if post.rating is not None:
            head.append(f"{post.rating.value:g}/{post.rating.best:g}")
        put_line(" ".join(head))
        put_line("\n".join(f"    {line}" for line in (post.text or "").splitlines()))
