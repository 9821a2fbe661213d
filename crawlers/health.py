"""Whether a run was healthy. An empty or thin crawl is a result that is written down, not silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crawlers.card import Expected
from crawlers.measuring import days_between, measure
from index.ledger import Ledger, Outcome

BOUNDED = "bounded/"
# From this share of pages without an answer on, what came is not the whole picture.
SUSPICIOUS_FAILURES = 0.2
NAMED_ROWS = 3
SUSPICIOUS_EMPTY, FAILED_EMPTY = 0.2, 0.5
# Fewer pages, threads or runs than this say nothing.
LEAST = 3
LEAST_MISSING, ANNOUNCED_SHARE = 5, 0.8
LEAST_USUAL, DRIFT_POSTS, DRIFT_COVERAGE = 10, 0.5, 0.3
EARLIER = 200
LABELS = {"author": "Verfasser", "date": "Datum", "text": "Text"}


def close(ledger: Ledger, run_id: str, expected: Expected, *, card: str, comparable: bool, now: datetime) -> None:
    """Measure, judge and end a run. `card` names what makes runs comparable; `comparable` is False for sources whose
    runs bring only what is new."""
    record = ledger.run(run_id)
    earlier = [run for run in ledger.runs(limit=EARLIER, source=record["source"]) if run["id"] != run_id]
    health = measure(record, ledger.threads(run_id), earlier if comparable else [], card=card)
    ledger.put_fact(run_id, "health", health)
    outcome, why = judge(record | {"health": health}, expected, now=now)
    ledger.end(run_id, outcome=outcome, reason=why, now=now)


def judge(record: Mapping[str, Any], expected: Expected, *, now: datetime) -> tuple[Outcome, str | None]:
    """The outcome of a finished run, and why, in German; "done" without a reason where there is nothing to say."""
    if failures := list(_failures(record, expected)):
        return "failed", "; ".join(failures)
    stops = [f"{kind.removeprefix(BOUNDED)} ({n})" for kind, n in record["events"].items() if kind.startswith(BOUNDED)]
    if stops:
        return "bounded", f"vorzeitig angehalten: {', '.join(stops)}"
    doubts = [*_doubts(record, expected), *_drifts(record["health"], record), *_standstill(record, expected, now)]
    if doubts:
        return "suspicious", "; ".join(doubts)
    return "done", None


def _failures(record: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    same = _known(record)
    read = record["pages"].get("read", 0) + same
    if not read:
        pages = ", ".join(f"{fate} ({n})" for fate, n in record["pages"].items())
        yield f"keine Seite gelesen: {pages or 'keine erreicht'}"
    if expected.min_pages is not None and read < expected.min_pages:
        yield f"{read} Seiten gelesen, erwartet mindestens {expected.min_pages}"
    # What a page that hasn't changed since the last run brings, isn't counted again.
    if not same and expected.min_posts is not None and record["yielded"] < expected.min_posts:
        yield f"{record['yielded']} Beiträge gefunden, erwartet mindestens {expected.min_posts}"

    without = record["health"]["pages_without_posts"] or 0.0
    empty = record["pages"].get("empty_thread", 0)
    if empty >= LEAST and without > FAILED_EMPTY:
        yield f"{empty} Seiten ohne Beiträge ({without:.0%}): Anmeldung, Hinweisseite oder geänderte Seiten?"
    for name, least in expected.min_coverage.items():
        share = record["health"]["coverage"].get(name)
        if share is not None and share < least:
            yield f"{LABELS[name]} bei {share:.0%} der Beiträge erkannt, erwartet mindestens {least:.0%}"


def _drifts(health: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """What differs from what the site announces and from the runs before."""
    said, stuck = health["announced"], health["stuck_at"]
    if stuck is not None:
        yield f"Themen enden bei {stuck} Beiträgen, obwohl sie mehr ankündigen: {said['short']} von {said['threads']}"
    elif said["posts"] - said["read"] >= LEAST_MISSING and said["read"] < ANNOUNCED_SHARE * said["posts"]:
        yield f"{said['read']} von {said['posts']} angekündigten Beiträgen gelesen"
    usual = health["usual"]
    if usual.get("runs", 0) < LEAST or record["pages"].get("not_modified"):
        return
    if not _known(record) and usual["posts"] >= LEAST_USUAL and record["yielded"] < DRIFT_POSTS * usual["posts"]:
        yield f"{record['yielded']} Beiträge gefunden, sonst etwa {usual['posts']:g}"
    for name, share in health["coverage"].items():
        before = usual["coverage"].get(name)
        if before is not None and share < before - DRIFT_COVERAGE:
            yield f"{LABELS[name]} bei {share:.0%} der Beiträge erkannt, sonst bei {before:.0%}"


def _standstill(record: Mapping[str, Any], expected: Expected, now: datetime) -> Iterator[str]:
    """Success after success, and the same ten reviews for ever."""
    since = record["health"]["same_since"]
    if since is None or expected.quiet_days is None or record["pages"].get("not_modified"):
        return
    if days_between(since, now.isoformat()) >= expected.quiet_days:
        day = datetime.fromisoformat(since)
        yield f"steht seit {day:%d.%m.%Y} bei {record['yielded']} Beiträgen, keiner davon neu (expected.quiet_days)"


def _known(record: Mapping[str, Any]) -> int:
    """How many pages and threads weren't asked for, or sent, because nothing has changed in them."""
    return int(record["pages"].get("not_modified", 0)) + int(record["pages"].get("unchanged_thread", 0))


def _doubts(record: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    pages = record["pages"]
    failed = sum(n for fate, n in pages.items() if fate.startswith("failed/"))
    if failed and failed >= SUSPICIOUS_FAILURES * sum(pages.values()):
        yield f"{failed} von {sum(pages.values())} Seiten ohne Antwort"
    without, empty = record["health"]["pages_without_posts"] or 0.0, pages.get("empty_thread", 0)
    if empty >= LEAST and without >= SUSPICIOUS_EMPTY:
        yield f"{empty} Seiten ohne Beiträge ({without:.0%})"
    if bad := record["fates"].get("quarantined/row", 0):
        kept = [note["message"] for note in record["notes"] if note["kind"] == "quarantined/row"]
        yield f"{bad} Zeilen nicht übernommen: {'; '.join(kept[:NAMED_ROWS])}{' …' if bad > NAMED_ROWS else ''}"
    if not record["yielded"] and not _known(record):
        yield "kein Beitrag gefunden"
    if expected.max_posts is not None and record["yielded"] > expected.max_posts:
        yield f"{record['yielded']} Beiträge gefunden, erwartet höchstens {expected.max_posts}"
