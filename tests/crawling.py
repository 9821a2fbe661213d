"""A small forum to crawl, and a crawl of it with the real parts; only the scorer is a small one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lexicon_scorer import TAXONOMY, LexiconScorer
from website import Answer, Site

from crawlers.card import SourceCard
from crawlers.intake import Intake
from crawlers.running import CrawlOptions, Progress, RunSummary, crawl
from index.brand import BrandRules
from index.copies import CopyIndex
from index.embedded import EmbeddedStore
from index.ledger import Ledger
from index.query import parse_query
from index.vectors import VectorFile

SECRET = b"nur zum Testen"
RULES = BrandRules(name="kornblume", query=parse_query("Kornblume"), exclusions=parse_query("Stellenanzeige"))
FIRST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POSTS_PER_PAGE = 5
THREADS_PER_PAGE = 4
# Retries must not make tests slow; everything else is as in production.
FAST = {"RETRY_PAUSE": 0.01, "DOWNLOAD_TIMEOUT": 5}


@dataclass
class ForumPost:
    text: str
    author: str = "Birte"
    at: datetime = FIRST


@dataclass
class Forum:
    """Threads by title on one board, with paging; `site` serves it as phpBB 3.3 would.

    `shows_last_posts` gives the board a column with each thread's newest post and its order; `gone` are the numbers of
    removed threads.
    """

    threads: dict[str, list[ForumPost]] = field(default_factory=dict)
    extra_head: str = ""
    shows_last_posts: bool = False
    gone: set[int] = field(default_factory=set)

    def serve(self) -> Site:
        site = Site({"/viewforum.php": self._board, "/viewtopic.php": self._topic})
        site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /intern/\n", content_type="text/plain")
        return site

    def _start(self, path: str) -> int:
        return int(parse_qs(urlsplit(path).query).get("start", ["0"])[0])

    def _board(self, path: str) -> str:
        start = self._start(path)
        listed = [(n, title) for n, title in enumerate(self.threads) if n not in self.gone]
        if self.shows_last_posts:
            listed.sort(key=lambda row: self.threads[row[1]][-1].at, reverse=True)
        shown = listed[start : start + THREADS_PER_PAGE]
        rows = "".join(
            f'<li class="row"><a class="topictitle" href="./viewtopic.php?f=2&amp;t={n}&amp;sid=0123456789abcdef">'
            f"{escape(title)}</a><a class='username' href='./memberlist.php?mode=viewprofile&amp;u=7'>Birte</a>"
            f"{self._last_post(n, title)}</li>"
            for n, title in shown
        )
        more = start + THREADS_PER_PAGE if start + THREADS_PER_PAGE < len(listed) else None
        pager = self._pager(f"./viewforum.php?f=2&amp;start={more}" if more else None)
        return self._html("viewforum", "Kundenforum", f'<ul class="topiclist">{rows}</ul>{pager}')

    def _last_post(self, number: int, title: str) -> str:
        if not self.shows_last_posts:
            return ""
        last = self.threads[title][-1]
        return (
            f'<dd class="lastpost"><span>von <a class="username" href="#">{escape(last.author)}</a>'
            f' <a href="./viewtopic.php?f=2&amp;t={number}&amp;p=9#p9">Neuester Beitrag</a><br>'
            f'<time datetime="{last.at.isoformat()}">{last.at:%d.%m.%Y, %H:%M}</time></span></dd>'
        )

    def _topic(self, path: str) -> Answer | str:
        number, start = int(parse_qs(urlsplit(path).query)["t"][0]), self._start(path)
        if number >= len(self.threads) or number in self.gone:
            return Answer("<h1>Das Thema existiert nicht.</h1>", status=404)
        title, posts = list(self.threads.items())[number]
        shown = [(place, post) for place, post in enumerate(posts) if post.text][start : start + POSTS_PER_PAGE]
        body = "".join(self._post(number * 1000 + place, post) for place, post in shown)
        more = start + POSTS_PER_PAGE if start + POSTS_PER_PAGE < sum(bool(post.text) for post in posts) else None
        pager = self._pager(f"./viewtopic.php?f=2&amp;t={number}&amp;start={more}" if more else None)
        return self._html("viewtopic", title, f'<h2 class="topic-title">{escape(title)}</h2>{body}{pager}')

    def _post(self, number: int, post: ForumPost) -> str:
        return f"""<div id="p{number}" class="post"><dl class="postprofile"><dt><a class="username"
            href="./memberlist.php?mode=viewprofile&amp;u=5">{escape(post.author)}</a></dt></dl>
            <div class="postbody"><p class="author">von <a class="username" href="#">{escape(post.author)}</a> »
            <time datetime="{post.at.isoformat()}">{post.at:%d.%m.%Y, %H:%M}</time></p>
            <div class="content">{post.text}</div></div></div>"""

    def _pager(self, url: str | None) -> str:
        link = f'<li class="arrow next"><a rel="next" href="{url}">Nächste</a></li>' if url else ""
        return f'<div class="pagination"><ul>{link}</ul><a href="./search.php">Suche</a></div>'

    def _html(self, section: str, title: str, body: str) -> str:
        return f"""<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>{escape(title)}</title>
            {self.extra_head}</head><body id="phpbb" class="nojs notouch section-{section} ltr">
            <a href="./ucp.php?mode=login">Anmelden</a><div id="page-body">{body}</div></body></html>"""


OPENINGS = ("Gestern kam", "Heute früh brachte der Fahrer", "Letzte Woche bestellte ich", "Im Laden sah ich")
GOODS = ("Süßkartoffeln", "Äpfel", "Haferflocken", "Käse vom Hof", "grüne Bohnen", "Brot", "Möhren")
VERDICTS = (
    "die Lieferung von Kornblume war leider zu spät",
    "die Hotline von Kornblume war freundlich",
    "bei Kornblume bin ich sonst zufrieden",
    "Kornblume hat das Paket kaputt abgestellt",
    "der Kundendienst von Kornblume blieb unfreundlich",
)
ENDINGS = (
    "Was meint ihr dazu?",
    "So viel dazu.",
    "Nie wieder!",
    "Gerne wieder.",
    "Mal sehen, wie es weitergeht.",
    "Tja.",
)


def sentence(thread: int, place: int) -> str:
    """A German post that names the brand; different numbers give texts that are no near-copies of each other."""
    k = thread * 31 + place
    words = (OPENINGS[k % 4], GOODS[k % 7], VERDICTS[k % 5], ENDINGS[k % 6], GOODS[(k // 3) % 7])
    return f"{words[0]} {words[1]}, {words[2]}. {words[3]} Und dann noch {words[4]} aus Kiste {thread}-{place}."


def small_forum(threads: int = 6, posts: int = 12) -> Forum:
    """Threads of posts that all name the brand, umlauts and ß included."""
    return Forum(
        {
            f"Größe und Gemüse, Thema {t}": [
                ForumPost(sentence(t, n), f"nutzer_{(t * 7 + n) % 9}", FIRST + timedelta(hours=t * 24 + n))
                for n in range(posts)
            ]
            for t in range(threads)
        }
    )


def card_for(site_url: str, *starts: str, **changes: Any) -> SourceCard:
    values: dict[str, Any] = {
        "name": "kundenforum",
        "start_urls": [site_url + start for start in starts or ("/viewforum.php?f=2",)],
        "family": "forum",
        "channel": "forum",
        "basis": "own",
        "evidence": "eigene Testseite",
        "allow_private": True,
        "delay": 0,
    }
    return SourceCard.model_validate(values | changes)


@dataclass
class Parts:
    """Store, ledger and the rest in a folder, as a command would open them."""

    folder: Path

    def __enter__(self) -> Parts:
        self.store = EmbeddedStore(self.folder / "store")
        self.ledger = Ledger(self.folder / "ledger.sqlite3")
        self.copies = CopyIndex(self.folder / "copies.sqlite3")
        self.vectors = VectorFile(self.folder / "vectors.sqlite3")
        return self

    def __exit__(self, *_: object) -> None:
        self.vectors.close()
        self.copies.close()
        self.ledger.close()
        self.store.close()

    def crawl(
        self,
        *cards: SourceCard,
        scrapy: Mapping[str, Any] = FAST,
        scorer: Any = None,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> list[RunSummary]:
        choices = {"secret": SECRET, "scrapy": scrapy} | options
        opened = CrawlOptions(**choices)
        intake = Intake(
            self.ledger,
            store=self.store,
            scorer=scorer or LexiconScorer(),
            taxonomy=TAXONOMY,
            copies=self.copies,
            clock=opened.clock,
            vectors=self.vectors,
        )
        return crawl(cards, brand=RULES, ledger=self.ledger, intake=intake, options=opened, progress=progress)

    def mentions(self) -> list[Any]:
        return list(self.store.scan(parse_query("")))


def assert_adds_up(records: Sequence[Mapping[str, Any]]) -> None:
    for record in records:
        assert record["yielded"] == sum(record["fates"].values()), record
        assert record["spooled"] == 0


def run_killed(child: BaseProcess, kill_after: float | None) -> float:
    """Start a process; kill it after so many seconds, or wait for its end. Returns the seconds that it ran."""
    started = time.monotonic()
    child.start()
    child.join(kill_after)
    if child.exitcode is None and child.pid is not None:
        os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return time.monotonic() - started
