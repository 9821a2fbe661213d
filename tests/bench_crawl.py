"""Measures a crawl against a bare Scrapy spider: `python -m tests.bench_crawl` (`make bench-crawl`).

Both fetch the same pages of one generated forum on loopback, one at a time, without pauses, each in a process of its
own. The bare spider knows all addresses beforehand and extracts nothing. Ours finds its way, passes the gate, reads,
pseudonymises, keeps its ledger and stores; only the model is replaced by a constant answer. Prints pages per second of
both, their ratio, and our peak memory in each quarter of the pages.

    --threads N --posts N    the size of the forum (5,000 threads of 20 posts: --threads 5000 --posts 20)
    --answer MS              how long the site takes for a page besides making it (100, a quick forum; 0: at once)
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """What one process did: pages, seconds, and for ours posts in the store and memory (MiB) by quarter."""

    pages: int
    seconds: float
    stored: int = 0
    memory: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        return self.pages / self.seconds


def memory_mib() -> float:
    """What this process itself holds in memory now, without the pages of files that it has mapped.

    Mapped pages of the search index are the kernel's cache: it drops them when memory is short, and how many there are
    follows the index, not the crawl.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
    return int(own.split()[1]) / 2**10


def quarters(samples: Sequence[tuple[int, float]], total: int) -> tuple[float, ...]:
    """The highest memory in each quarter of `total` pages; `samples` are (pages done, MiB)."""
    highest = [0.0] * 4
    for done, mib in samples:
        place = min(3, done * 4 // max(total, 1))
        highest[place] = max(highest[place], mib)
    return tuple(round(mib, 1) for mib in highest)


def bare(url: str, paths: Sequence[str]) -> Measured:
    """A spider that asks for the pages and does nothing with them."""
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess

    answered = 0

    class Bare(Spider):
        name = "bare"

        async def start(self) -> Any:
            for path in paths:
                yield Request(url + path, dont_filter=True)

        def parse(self, response: Any, **_: Any) -> None:
            nonlocal answered
            answered += response.status == 200

    settings = {"CONCURRENT_REQUESTS": 1, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_DELAY": 0}
    process = CrawlerProcess(settings)
    process.crawl(Bare)
    start = time.perf_counter()
    process.start()
    return Measured(answered, time.perf_counter() - start)


class ConstantScorer:
    """Gives every text the same scores, at no cost."""

    name, revision = "constant", "1"

    def score(self, inputs: Sequence[Any], *, taxonomy: Any) -> list[Any]:
        from nlp.scorer import TextScores

        shares = {"negative": 0.2, "neutral": 0.6, "positive": 0.2, "mixed": 0.0}
        return [TextScores("neutral", shares, 0.0, 0.6, False, False, False, "de", (), ()) for _ in inputs]


def ours(url: str, folder: Path, total: int) -> Measured:
    """The crawl as `brandmelder run` does it."""
    # pytest puts this folder on the path for the modules there that import each other.
    sys.path.insert(0, str(ROOT / "tests"))
    from crawlers.spiders import spider_of
    from nlp.near_copies import signature
    from tests.crawling import Parts, card_for

    # What is loaded once per process is no part of what a page costs.
    signature("Einmal vorweg, damit alles geladen ist, was eine Seite braucht, auch für längere Texte wie diesen hier.")
    spider_of("forum")
    samples: list[tuple[int, float]] = []
    # A card's own budget would end a large forum early.
    card = card_for(url, about_brand=True, budget={"pages": 10**6, "minutes": 10**4, "depth": 50})
    with Parts(folder) as parts:
        start = time.perf_counter()
        (summary,) = parts.crawl(
            card,
            scorer=ConstantScorer(),
            scrapy={"LOG_LEVEL": "ERROR"},
            progress=lambda progress: samples.append((progress.pages_done, memory_mib())),
        )
        parts.store.refresh()
        taken = time.perf_counter() - start
        stored = parts.store.describe()["mentions"]
    return Measured(summary.record["pages"]["read"], taken, stored, quarters(samples, total))


@contextmanager
def served(threads: int, posts: int, answer: float) -> Iterator[str]:
    """The forum in a process of its own."""
    command = [sys.executable, "-m", "tests.bench_site", str(threads), str(posts), str(answer)]
    site = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert site.stdout is not None
    try:
        yield site.stdout.readline().strip()
    finally:
        site.kill()
        site.wait()
        site.stdout.close()


def measured(options: argparse.Namespace, role: str, url: str) -> Measured:
    """One of the two, in a process of its own."""
    size = ["--threads", str(options.threads), "--posts", str(options.posts)]
    command = [sys.executable, "-m", "tests.bench_crawl", "--role", role, "--url", url, *size]
    command += ["--profile"] if options.profile and role == "ours" else []
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Measured(**found | {"memory": tuple(found["memory"])})


def work(options: argparse.Namespace) -> None:
    """What a process of its own does: measure, print."""
    from tests.bench_site import BenchSite

    paths = BenchSite(options.threads, options.posts).paths()
    if options.role == "bare":
        result = bare(options.url, paths)
    else:
        profile = cProfile.Profile() if options.profile else None
        if profile is not None:
            profile.enable()
        with tempfile.TemporaryDirectory() as name:
            result = ours(options.url, Path(name), len(paths))
        if profile is not None:
            profile.disable()
            pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(60)
    sys.stdout.write(json.dumps(result.__dict__) + "\n")


def main(arguments: Sequence[str] | None = None) -> Measured:
    """Measure and print; returns what our crawl did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=500)
    parser.add_argument("--posts", type=int, default=20)
    parser.add_argument("--answer", type=float, default=100.0)
    parser.add_argument("--profile", action="store_true", help="print where our process spends its time")
    parser.add_argument("--role", choices=["bare", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.role:
        work(options)
        return Measured(0, 1.0)
    with served(options.threads, options.posts, options.answer) as url:
        theirs, mine = measured(options, "bare", url), measured(options, "ours", url)
    write = sys.stdout.write
    write(f"{options.threads:,} threads, {mine.stored:,} posts stored, {mine.pages:,} pages (bare: {theirs.pages:,})\n")
    ratio = mine.rate / theirs.rate
    write(f"bare Scrapy: {theirs.rate:.1f} pages/s; ours: {mine.rate:.1f} pages/s; ratio {ratio:.2f}\n")
    drift = mine.memory[3] / mine.memory[1] - 1 if mine.memory[1] else 0.0
    peaks = ", ".join(f"{mib:.0f}" for mib in mine.memory)
    write(f"peak memory by quarter: {peaks} MiB; last against second: {drift:+.0%}\n")
    return mine


if __name__ == "__main__":
    main()
