"""What a look at a site found, as `brandmelder probe` prints it. Pure functions of the answers."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from lxml import etree
from pydantic import AwareDatetime

from crawlers.card import host_of
from crawlers.gate.policies import Policies
from crawlers.gate.reservation import signal_report, tdmrep_verdict
from crawlers.pages.dates import DateHints, parse_machine
from crawlers.pages.page import Page, Post
from crawlers.privacy import author_key, scrub
from crawlers.texts import printable, writable
from index.mention import AuthorRole, DatePrecision, Rating, Value

SHOWN_POSTS = 5
SHOWN_CHARACTERS = 1_000
MAX_ENTRIES = 5_000
_LEAST_SPAN = timedelta(hours=6)
_DATES = ("pubDate", "published", "updated", "date", "lastmod")
_NOTICE = re.compile(
    r"\b44\s*b\b.{0,40}UrhG|UrhG.{0,40}\b44\s*b\b|Nutzungsvorbehalt|Text[- ]und[- ]Data[- ]Mining", re.I | re.S
)


class Signal(Value):
    """One signal of the gate: what was found in it, and whether it reserves the page."""

    name: str
    found: str
    reserves: bool


class Listed(Value):
    """A feed or sitemap: its address, what answered, how many entries it has, and from when they are."""

    url: str
    answer: str
    kind: str | None = None
    entries: int = 0
    oldest: AwareDatetime | None = None
    newest: AwareDatetime | None = None


class Size(Value):
    """How large and lively the site seems. Each number says what was seen, not what there is; None: nothing seen."""

    links_on_page: int = 0
    more_pages: bool = False
    pages_in_sitemaps: int | None = None
    announced_posts_per_thread: float | None = None
    posts_per_week: float | None = None
    newest: AwareDatetime | None = None
    oldest: AwareDatetime | None = None
    seen_in: str | None = None


class ProbePost(Value):
    """A post as it would be kept: personal data replaced by tokens, its author by a pseudonym of this call only."""

    native_id: str | None
    author_key: str | None
    author_role: AuthorRole
    published_at: AwareDatetime | None
    date_precision: DatePrecision
    title: str | None
    text: str
    rating: Rating | None
    permalink: str | None


class Probe(Value):
    """All that a look at a site found. `verdict` is the gate's on the address itself."""

    url: str
    final_url: str
    software: str
    kind: str
    title: str | None
    language: str | None
    verdict: str
    signals: tuple[Signal, ...]
    crawl_delay: float
    feeds: tuple[Listed, ...]
    sitemaps: tuple[Listed, ...]
    size: Size
    posts: tuple[ProbePost, ...]
    requests: int
    notes: tuple[str, ...]
    card: str


def gate_signals(
    policies: Policies | None, verdict: str, url: str, headers: dict[str, list[str]], html: str
) -> list[Signal]:
    """Every signal that the gate knows with what was found; `headers` and `html` are empty where nothing answered."""
    said = [] if policies is None else _file_signals(policies, verdict, url)
    reason = verdict.partition("/")[2]
    for name, found in signal_report(headers, html).items():
        said.append(Signal(name=name, found=printable(found)[:200], reserves=reason.startswith(name)))
    if _NOTICE.search(html):
        said.append(
            Signal(name="page_text", found="§ 44b UrhG oder Nutzungsvorbehalt im Text der Seite", reserves=False)
        )
    return said


def _file_signals(policies: Policies, verdict: str, url: str) -> list[Signal]:
    robots = policies.robots
    closed = robots.closed or robots.refusal(url)
    answer = "keine Antwort" if policies.robots_status is None else f"HTTP {policies.robots_status}"
    tdm = tdmrep_verdict(policies.tdmrep, url)
    words = {True: "reserviert", False: "frei", None: "nennt diese Adresse nicht" if policies.tdmrep else ""}
    ai = policies.ai_txt.reserves(url)
    return [
        Signal(name="robots_txt", found=f"{answer}{f', {closed}' if closed else ''}", reserves=closed is not None),
        Signal(
            name="crawl_delay",
            found=f"{robots.crawl_delay:g} s" if robots.crawl_delay else "",
            reserves=verdict == "reserved/crawl_delay_too_long",
        ),
        Signal(name="tdmrep_json", found=words[tdm], reserves=verdict == "reserved/tdmrep_json"),
        Signal(
            name="ai_txt", found="" if policies.ai_txt_status != 200 else ("reserviert" if ai else "frei"), reserves=ai
        ),
    ]


def listed(url: str, body: bytes, *, now: datetime) -> Listed:
    """What a feed or sitemap says: its kind, its entries and their times. Never raises for any bytes."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return Listed(url=url, answer="kein XML")
    name = _local(root)
    kind = {"rss": "rss", "RDF": "rss", "feed": "atom", "urlset": "sitemap", "sitemapindex": "sitemapindex"}.get(name)
    if kind is None:
        return Listed(url=url, answer=f"weder Feed noch Sitemap ({printable(name)[:40]})")
    entries = [node for node in root.iter() if _local(node) in ("item", "entry", "url", "sitemap")][:MAX_ENTRIES]
    times = [at for entry in entries if (at := _time_of(entry, now)) is not None]
    return Listed(
        url=url,
        answer="HTTP 200",
        kind=kind,
        entries=len(entries),
        oldest=min(times, default=None),
        newest=max(times, default=None),
    )


def sitemap_links(body: bytes) -> list[str]:
    """The addresses that a sitemap or an index of sitemaps names."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return []
    nodes = () if root is None else root.iter()
    return [(node.text or "").strip() for node in nodes if _local(node) == "loc"][:MAX_ENTRIES]


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _time_of(entry: etree._Element, now: datetime) -> datetime | None:
    for child in entry:
        if _local(child) in _DATES:
            moment = parse_machine(child.text, DateHints(now=now))
            if moment.at is not None:
                return moment.at
    return None


def shown_posts(pages: Iterable[Page]) -> list[ProbePost]:
    """The first posts of the pages, without personal data. The pseudonyms' key is thrown away."""
    key = secrets.token_bytes(32)
    posts: list[ProbePost] = []
    for page in map(writable, pages):
        names = tuple({post.author for post in page.posts if post.author})
        for post in page.posts:
            if len(posts) < SHOWN_POSTS and post.text.strip():
                posts.append(_shown(post, page, names, key))
    return posts


def _shown(post: Post, page: Page, names: Sequence[str], key: bytes) -> ProbePost:
    pseudonym = author_key(key, host=host_of(page.url), author=post.author)
    return ProbePost(
        native_id=post.native_id,
        author_key=None if pseudonym is None else hashlib.sha256(pseudonym.encode()).hexdigest()[:8],
        author_role=post.author_role,
        published_at=post.published_at,
        date_precision=post.date_precision,
        title=scrub(post.title, names=names).text if post.title else None,
        text=scrub(post.text, names=names).text[:SHOWN_CHARACTERS],
        rating=post.rating,
        permalink=post.permalink,
    )


def size_of(first: Page | None, pages: Sequence[Page], feeds: Sequence[Listed], sitemaps: Sequence[Listed]) -> Size:
    """An estimate from what was seen: entries of the liveliest feed, else the posts of the pages that were read."""
    announced = [page.expected_posts for page in pages if page.expected_posts]
    times = [post.published_at for page in pages for post in page.posts if post.published_at is not None]
    rhythm = max((found for feed in feeds if (found := _rhythm_of_feed(feed)) is not None), default=None)
    seen_in = None if rhythm is None else "feed"
    if rhythm is None and len(pages) > 0:
        rhythm, seen_in = _rhythm(len(times), min(times, default=None), max(times, default=None)), "pages"
    feed_times = [at for feed in feeds for at in (feed.oldest, feed.newest) if at is not None]
    return Size(
        links_on_page=0 if first is None else len(first.links),
        more_pages=first is not None and first.next_page is not None,
        pages_in_sitemaps=sum(found.entries for found in sitemaps if found.kind == "sitemap") or None,
        announced_posts_per_thread=float(median(announced)) if announced else None,
        posts_per_week=rhythm,
        newest=max([*times, *feed_times], default=None),
        oldest=min([*times, *feed_times], default=None),
        seen_in=seen_in if rhythm is not None else None,
    )


def _rhythm_of_feed(feed: Listed) -> float | None:
    return _rhythm(feed.entries, feed.oldest, feed.newest)


def _rhythm(count: int, oldest: datetime | None, newest: datetime | None) -> float | None:
    """Posts per week between the oldest and the newest one; None where they are too few or too close to say."""
    if oldest is None or newest is None or count < 3 or newest - oldest < _LEAST_SPAN:
        return None
    return round((count - 1) / ((newest - oldest) / timedelta(weeks=1)), 1)
