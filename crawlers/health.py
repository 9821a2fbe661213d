"""Whether a run was healthy. An empty or thin crawl is a result that is written down, not silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crawlers.card import Expected
from index.ledger import Outcome

BOUNDED = "bounded/"
# From this share of pages without an answer on, what came is not the whole picture.
SUSPICIOUS_FAILURES = 0.2
NAMED_ROWS = 3


def judge(record: Mapping[str, Any], expected: Expected) -> tuple[Outcome, str | None]:
    """The outcome of a finished run, and why, in German; "done" without a reason where there is nothing to say."""
    if failures := list(_failures(record, expected)):
        return "failed", "; ".join(failures)
    stops = [f"{kind.removeprefix(BOUNDED)} ({n})" for kind, n in record["events"].items() if kind.startswith(BOUNDED)]
    if stops:
        return "bounded", f"vorzeitig angehalten: {', '.join(stops)}"
    if doubts := list(_doubts(record, expected)):
        return "suspicious", "; ".join(doubts)
    return "done", None


def _failures(record: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    same = record["pages"].get("not_modified", 0)
    read = record["pages"].get("read", 0) + same
    if not read:
        pages = ", ".join(f"{fate} ({n})" for fate, n in record["pages"].items())
        yield f"keine Seite gelesen: {pages or 'keine erreicht'}"
    if expected.min_pages is not None and read < expected.min_pages:
        yield f"{read} Seiten gelesen, erwartet mindestens {expected.min_pages}"
    # What a page that hasn't changed since the last run brings, isn't counted again.
    if not same and expected.min_posts is not None and record["yielded"] < expected.min_posts:
        yield f"{record['yielded']} Beiträge gefunden, erwartet mindestens {expected.min_posts}"


def _doubts(record: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    pages = record["pages"]
    failed = sum(n for fate, n in pages.items() if fate.startswith("failed/"))
    if failed and failed >= SUSPICIOUS_FAILURES * sum(pages.values()):
        yield f"{failed} von {sum(pages.values())} Seiten ohne Antwort"
    if bad := record["fates"].get("quarantined/row", 0):
        kept = [note["message"] for note in record["notes"] if note["kind"] == "quarantined/row"]
        yield f"{bad} Zeilen nicht übernommen: {'; '.join(kept[:NAMED_ROWS])}{' …' if bad > NAMED_ROWS else ''}"
    if not record["yielded"] and not pages.get("not_modified"):
        yield "kein Beitrag gefunden"
    if expected.max_posts is not None and record["yielded"] > expected.max_posts:
        yield f"{record['yielded']} Beiträge gefunden, erwartet höchstens {expected.max_posts}"
