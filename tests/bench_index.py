"""Measures the stores, side by side in one run: `python -m tests.bench_index` (`make bench-index`).

1. Indexing into Elasticsearch: our store against `elasticsearch.helpers.parallel_bulk` of the same JSON.
2. The embedded store: writing until everything can be searched, against SQLite alone inserting the same JSON; and
   reading all of it as matches of a query.
3. At growing numbers of mentions in both stores: what the hotspot page asks, question by question and as a whole.

The server is ELASTICSEARCH_URL, else one started from ELASTICSEARCH_HOME; without either, its parts are left out.
Making the mentions (`tests.bench_mentions`) is never part of a time. `--json FILE` keeps all figures.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from dashboard.config import DashboardConfig
from dashboard.loaders import _QUESTIONS, Figures
from dashboard.state import FilterState, previous
from dashboard.views.hotspots import GRIDS
from index.embedded import EmbeddedStore
from index.mention import CHANNELS, JOURNEY_PHASES
from index.query import Query
from index.store import Store
from tests.bench_mentions import BRANDS, DAYS, NEWEST, SOURCES, TOPICS, mentions
from tests.bench_writes import (
    CALL,
    Work,
    calls,
    elastic,
    elastic_store,
    embedded,
    parallel_bulk,
    parallel_bulk_guessed,
    seconds,
    sqlite_alone,
    streamed,
    worked,
)

SIZES = (10_000, 100_000, 1_000_000)
WRITES = 20_000
ROUNDS = 3
PAGES = 20
# The aims (docs/stores.md).
ELASTIC_RATIO = 0.8
EMBEDDED_RATE = 5_000
GROWTH = 15.0
SLOWEST_MS = 300.0


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def memory() -> str:
    """What this process holds now and held at most, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return f"{pages * resource.getpagesize() / 2**20:,.0f} MiB, at most {peak:,.0f} MiB"


def load() -> str:
    """What else the machine does."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg()) + f" on {os.cpu_count()} cores"


# reading


class Direct(Figures):
    """The dashboard's questions with its own queries, straight to a store: without its cache."""

    def __init__(self, store: Store) -> None:
        super().__init__(DashboardConfig(brand=BRANDS[0], data=Path()))
        self._store = store
        self.times: dict[str, list[float]] = {}

    def _ask(self, kind: str, query: Query, *arguments: Any) -> Any:
        start = time.perf_counter()
        answer = _QUESTIONS[kind](self._store, query, *arguments)
        name = " ".join([kind, *(argument for argument in arguments if isinstance(argument, str))])
        self.times.setdefault(name, []).append(time.perf_counter() - start)
        return answer


def hotspot_page(figures: Figures, state: FilterState) -> list[object]:
    """All that a first visit to the hotspot page asks with this filter: page head, filter bar, ranking, grids."""
    before = previous(state)
    return [
        figures.newest_day(state.brand),
        figures.choices(state.brand),
        figures.picture(state, GRIDS),
        figures.cells(before, "source") if before is not None else [],
    ]


def filters(count: int) -> list[FilterState]:
    """What people look at: mostly four weeks, also longer, everything, and narrower filters; no two alike."""
    states = []
    for number in range(count):
        brand = BRANDS[number // 8 % len(BRANDS)]
        end = NEWEST - timedelta(days=3 * number)
        days = (28, 28, 84, 28, 365, 28, 7, DAYS)[number % 8]
        start = max(end - timedelta(days=days - 1), date(2024, 7, 1))
        state = FilterState(brand=brand).between(start, end)
        narrower = (
            {},
            {"sources": (SOURCES[number % len(SOURCES)][0],)},
            {},
            {"topics": (TOPICS[number % len(TOPICS)],)},
            {},
            {"phases": (JOURNEY_PHASES[number % len(JOURNEY_PHASES)],)},
            {"channels": (CHANNELS[number % len(CHANNELS)],)},
            {"copies": "all"},
        )[number % 8]
        states.append(state.but(**narrower))
    return states


@dataclass
class Reading:
    """Times of one store at one size, in milliseconds. `cpu` is what a page took of the cores, in this process."""

    size: int
    rate: float | None
    page: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    questions: dict[str, list[float]] = field(default_factory=dict)

    @property
    def every(self) -> list[float]:
        """The times of all single questions."""
        return [value for values in self.questions.values() for value in values]


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def slow(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def read(store: Store, size: int, rate: float | None, pages: int) -> Reading:
    """Visit the page with every filter once, after one visit that warms the caches of the operating system up."""
    states = filters(pages + 1)
    hotspot_page(Direct(store), states[-1])
    found = Reading(size, rate)
    figures = Direct(store)
    for state in states[:-1]:
        visit = worked(lambda state=state: hotspot_page(figures, state))  # type: ignore[misc]
        found.page.append(1000 * visit.wall)
        found.cpu.append(1000 * visit.cpu)
    found.questions = {kind: [1000 * value for value in values] for kind, values in figures.times.items()}
    return found


def growing(name: str, store: Store, sizes: Sequence[int], pages: int) -> list[Reading]:
    """Fill the store up to each size and read it there; what it holds from an earlier run is not written again."""
    found: list[Reading] = []
    begun = have = store.describe()["mentions"]
    taken = 0.0
    for size in sizes:
        if size < have:
            say(f"{name}: holds {have:,} mentions already, {size:,} are not read")
            continue
        source = mentions(have, size)
        while portion := list(islice(source, 10 * CALL)):
            taken += seconds(lambda portion=portion: [store.upsert(rows) for rows in calls(portion)])  # type: ignore[misc]
        taken += seconds(store.refresh)
        have = size
        found.append(read(store, size, (size - begun) / taken if size > begun else None, pages))
        show(name, found[-1])
    return found


def show(name: str, found: Reading) -> None:
    """The figures of one size."""
    written = "written before" if found.rate is None else f"written at {found.rate:,.0f}/s"
    say(
        f"{name}, {found.size:,} mentions ({written}): a question {middle(found.every):.1f} ms, "
        f"p95 {slow(found.every):.1f} ms; the whole page {middle(found.page):.1f} ms, p95 {slow(found.page):.1f} ms, "
        f"of a core here {middle(found.cpu):.1f} ms, p95 {slow(found.cpu):.1f} ms; memory {memory()}; load {load()}"
    )
    for kind, values in sorted(found.questions.items()):
        say(f"    {kind:24} {middle(values):8.1f} ms, p95 {slow(values):8.1f} ms")


def judge(name: str, found: Sequence[Reading], *, aim: bool) -> None:
    """How the times grow with the mentions, and whether the aims are met."""
    if not found:
        return
    first, last = found[0], found[-1]
    if last.size > first.size:
        wall, cpu = middle(last.page) / middle(first.page), middle(last.cpu) / middle(first.cpu)
        say(
            f"{name}: for {last.size // first.size} times the mentions all aggregations of the page take "
            f"{wall:.1f} times the time, of a core here {cpu:.1f} times (aim: at most {GROWTH:.0f} at 100 times)"
        )
    if aim:
        say(
            f"{name}: p95 at {last.size:,}: all aggregations of the page {slow(last.page):.0f} ms, of a core "
            f"{slow(last.cpu):.0f} ms (aim: below {SLOWEST_MS:.0f} ms)"
        )


def rates(name: str, count: int, ours: list[Work], alternatives: dict[str, list[Work]], aim: str) -> None:
    """Our rate and theirs, and the ratios: of the medians, and round by round."""

    def rate(found: list[Work]) -> str:
        wall, cpu = middle([work.wall for work in found]), middle([work.cpu for work in found])
        return f"{count / wall:,.0f} mentions/s, {1e6 * cpu / count:,.0f} µs of a core for each here"

    mine = middle([work.wall for work in ours])
    say(f"{name}: {rate(ours)} ({aim}; load {load()}; memory {memory()})")
    for other, theirs in alternatives.items():
        rounds = ", ".join(f"{their.wall / our.wall:.2f}" for our, their in zip(ours, theirs, strict=True))
        ratio = middle([work.wall for work in theirs]) / mine
        say(f"    {other}: {rate(theirs)}; ratio of our rate to this {ratio:.2f} (by round {rounds})")


def measure_writes(options: argparse.Namespace, url: str | None) -> dict[str, list[Work]]:
    """Parts 1 and 2, all in turn in each round."""
    rows = list(mentions(0, options.writes))
    # These are the measurement's own: Python's collector would walk all of them in the middle of a time.
    gc.collect()
    gc.freeze()
    measured = ("sqlite", "embedded", "streamed", "helper", "guessed", "elastic")
    times: dict[str, list[Work]] = {name: [] for name in measured}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as name:
            times["sqlite"].append(sqlite_alone(rows, Path(name)))
            times["embedded"].append(embedded(rows, Path(name)))
            times["streamed"].append(streamed(len(rows), Path(name)))
        if url:
            times["helper"].append(parallel_bulk(rows, url))
            times["elastic"].append(elastic(rows, url))
            times["guessed"].append(parallel_bulk_guessed(rows, url))
    others = {"SQLite alone": times["sqlite"]}
    rates("embedded store, until searchable", len(rows), times["embedded"], others, f"aim: {EMBEDDED_RATE:,}/s")
    rates("embedded store, all matches of a query read", len(rows), times["streamed"], {}, "as an export reads")
    if url:
        others = {
            "parallel_bulk into the same indices": times["helper"],
            "parallel_bulk into one index with a guessed mapping": times["guessed"],
        }
        aim = f"aim: a ratio of {ELASTIC_RATIO}"
        rates("Elasticsearch store, until searchable", len(rows), times["elastic"], others, aim)
    return times


def read_embedded(options: argparse.Namespace, folder: Path) -> list[Reading]:
    """Part 3 in the embedded store."""
    store = EmbeddedStore(folder)
    found = growing("embedded store", store, options.sizes, options.pages)
    store.close()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
    say(f"embedded store: {size:,.0f} MiB on disk")
    return found


def measure_reads(options: argparse.Namespace, url: str | None) -> dict[str, list[Reading]]:
    """Part 3."""
    found: dict[str, list[Reading]] = {}
    if not options.without_embedded:
        with tempfile.TemporaryDirectory() as name:
            found["embedded store"] = read_embedded(options, (options.folder or Path(name)) / "store")
    if url:
        with elastic_store(url) as store:
            found["Elasticsearch store"] = growing("Elasticsearch store", store, options.sizes, options.pages)
    for name, readings in found.items():
        judge(name, readings, aim=name == "embedded store")
    return found


@contextmanager
def server(options: argparse.Namespace) -> Iterator[str | None]:
    """The address of a server, None where there is none."""
    from tests.elastic_server import ElasticServer, ServerUnavailableError

    if options.without_elastic or os.environ.get("ELASTICSEARCH_URL"):
        yield None if options.without_elastic else os.environ["ELASTICSEARCH_URL"]
        return
    try:
        started = ElasticServer(heap=options.heap)
    except ServerUnavailableError as error:
        say(f"Elasticsearch store: not measured, {error}")
        yield None
        return
    try:
        yield started.start()
    finally:
        started.stop()


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, help="mentions at which is read, ascending; 0: no reading"
    )
    parser.add_argument("--writes", type=int, default=WRITES, help="mentions per round of writing; 0: no writing")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pages", type=int, default=PAGES, help="visits of the page per size")
    parser.add_argument("--heap", default="1g", help="memory of the server that is started")
    parser.add_argument("--folder", type=Path, help="keep the embedded store here, and go on with the one there")
    parser.add_argument("--without-elastic", action="store_true")
    parser.add_argument("--without-embedded", action="store_true", help="leave out its part 3")
    parser.add_argument("--json", type=Path, help="all figures, for a comparison")
    return parser.parse_args(given)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(size for part in text.split(",") if (size := int(part.replace("_", "")))))


def main(given: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and print; returns the figures."""
    options = arguments(given)
    kept: dict[str, Any] = {}
    say(f"load before: {load()}")
    with server(options) as url:
        if options.writes:
            times = measure_writes(options, url)
            kept["writes"] = {name: [vars(work) for work in found] for name, found in times.items()}
        if options.sizes:
            readings = measure_reads(options, url)
            kept["reads"] = {name: [vars(reading) for reading in found] for name, found in readings.items()}
    if options.json:
        options.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return kept


if __name__ == "__main__":
    main()
