"""How well a run read its source, in numbers: against what the site announces, and against the source's last runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

FIELDS = ("author", "date", "text")
EARLIER_RUNS = 5
# Three threads that all end at the same number are no chance.
LEAST_THREADS = 3
NEW_FATES = ("stored", "updated", "near_copy")
COMPLETE = ("done", "suspicious")


def measure(
    record: Mapping[str, Any],
    threads: Sequence[tuple[int | None, int]],
    earlier: Sequence[Mapping[str, Any]],
    *,
    card: str,
) -> dict[str, Any]:
    """The health of a run for its record.

    `threads` are the posts announced and read per thread, `earlier` the source's runs before this one, newest first,
    `card` names what makes runs comparable (the card's digest).
    """
    pages = record["pages"]
    with_posts, without = pages.get("read", 0), pages.get("empty_thread", 0)
    alike = [run for run in earlier if run["health"].get("card") == card and run["outcome"] in COMPLETE]
    return {
        "card": card,
        "pages_without_posts": round(without / (with_posts + without), 3) if with_posts + without else None,
        "coverage": coverage(record["fields"]),
        "announced": announced(threads),
        "stuck_at": stuck_at(threads),
        "usual": usual(alike[:EARLIER_RUNS]),
        "same_since": same_since(record, alike),
    }


def coverage(fields: Mapping[str, int]) -> dict[str, float]:
    """The share of posts with an author, a date, words; empty where there are no posts."""
    posts = fields.get("posts", 0)
    return {name: round(fields.get(name, 0) / posts, 3) for name in FIELDS} if posts else {}


def announced(threads: Sequence[tuple[int | None, int]]) -> dict[str, int]:
    """Posts that threads announce, and how many of these were read; threads that announce nothing don't count."""
    told = [(said, read) for said, read in threads if said is not None]
    return {
        "threads": len(told),
        "posts": sum(said for said, _ in told),
        "read": sum(min(said, read) for said, read in told),
        "short": sum(read < said for said, read in told),
    }


def stuck_at(threads: Sequence[tuple[int | None, int]]) -> int | None:
    """The number of posts at which threads end although they announce more: the pager isn't followed."""
    ends = Counter(read for said, read in threads if said is not None and read < said)
    if not ends:
        return None
    number, times = ends.most_common(1)[0]
    return number if times >= LEAST_THREADS and times > 0.6 * sum(ends.values()) else None


def usual(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the source's last runs brought, in the middle; empty where there are none."""
    if not runs:
        return {}
    shares = {
        name: [run["health"]["coverage"][name] for run in runs if name in run["health"].get("coverage", {})]
        for name in FIELDS
    }
    return {
        "runs": len(runs),
        "posts": median(run["yielded"] for run in runs),
        "coverage": {name: median(found) for name, found in shares.items() if found},
    }


def same_since(record: Mapping[str, Any], alike: Sequence[Mapping[str, Any]]) -> str | None:
    """Since when all runs bring the same number of posts and none that is new; None where this one differs.

    Runs that leave threads out, since nothing changed there, bring any number.
    """
    since = None
    for run in (record, *alike):
        is_new = any(run["fates"].get(fate) for fate in NEW_FATES)
        is_partial = bool(run.get("pages", {}).get("unchanged_thread"))
        if is_new or (not is_partial and (run["yielded"] != record["yielded"] or not run["yielded"])):
            break
        since = run["started_at"]
    return None if since == record["started_at"] else since


def days_between(since: str, until: str) -> float:
    """Days between two times of the ledger."""
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds() / 86_400
