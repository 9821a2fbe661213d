"""Mentions with topics of an older taxonomy: which they are, and who is changing them just now."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from brandmelder.console import say
from brandmelder.errors import UsageError
from brandmelder.profile import Profile
from brandmelder.texts import tr
from index.query import Query, clause, parse_query
from index.store import StoreError

if TYPE_CHECKING:
    from crawlers.intake import Intake

logger = logging.getLogger(__name__)

MARK = "retag.begun"
LOCK = "retag.lock"
LOCK_SECONDS = 0.5


def ours(profile: Profile) -> Query:
    """The mentions that runs with this profile bring: of its brand, and from its sources, also about competitors."""
    parts = [clause("brands", profile.name), *(clause("source", card.name) for card in profile.sources)]
    return parse_query(" OR ".join(parts))


def review(intake: Intake, profile: Profile, brand: str) -> None:
    """After a run: forget what is kept of deleted mentions, and say how many stored ones have older topics.

    `brand` is what the caller calls the profile. Where the store fails meanwhile nothing is said: the run is over.
    """
    try:
        intake.sweep()
        count = intake.count_outdated(ours(profile))
    except StoreError as error:
        logger.info("not looked for older topics: %s", error)
        return
    if count:
        call = f"brandmelder retag --brand {brand}"
        say(
            tr(
                f"{count} Erwähnungen tragen noch alte Themen: {call}",
                f"{count} mentions still have older topics: {call}",
            )
        )


@contextmanager
def changing_topics(data: Path) -> Iterator[None]:
    """Only one process changes topics at a time. Raises `UsageError` where another one is at it."""
    lock = FileLock(data / LOCK)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        raise UsageError(
            tr(
                "Ein anderer Prozess gibt den Erwähnungen gerade neue Themen.",
                "Another process is giving the mentions new topics just now.",
            )
        ) from error
    try:
        yield
    finally:
        lock.release()


def are_topics_changing(data: Path) -> bool:
    """Whether a process changes topics right now."""
    if not (data / LOCK).exists():
        return False
    lock = FileLock(data / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def note_changes(data: Path) -> None:
    """Topics are about to change. The note outlives a kill."""
    (data / MARK).touch(mode=0o600)


def have_topics_changed(data: Path) -> bool:
    """Whether topics were changed since `topics_settled`."""
    return (data / MARK).exists()


def topics_settled(data: Path) -> None:
    """The alerts know what the new topics bring to light."""
    (data / MARK).unlink(missing_ok=True)
