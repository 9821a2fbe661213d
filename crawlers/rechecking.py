"""Re-checks: the originals of stored mentions are asked for again. What was edited is updated, what is gone is deleted.

Whole threads are read, since posts move along a pager when earlier ones go. A thread that isn't answered, can't be read
whole, or is read by another software than before proves nothing: its mentions stay.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from crawlers.book import PRIORITY_LINK
from crawlers.card import SourceCard
from crawlers.health import BOUNDED, SUSPICIOUS_FAILURES
from crawlers.pages.urls import canonical_url
from index.blindness import RECHECK
from index.ledger import Ledger, Link, Note, Outcome, Run
from index.ledger_threads import Sought, SoughtPost
from index.mention import Mention

logger = logging.getLogger(__name__)

BATCH = 500
DELETED, KEPT = "deleted", "unanswered"
# Above these two, a changed layout is likelier than so many authors who thought better of it.
MANY_ABSENT = 20
SHARE_ABSENT = 0.5
TOO_MANY = "recheck/too_many_absent"
LATER = "recheck/later"


@runtime_checkable
class Holder(Protocol):
    """What holds the mentions: `crawlers.intake.Intake`."""

    def stored(self, source: str) -> Iterator[Mention]:
        """What the store holds of a source."""

    def remove(self, ids: Sequence[str]) -> None:
        """Take mentions out of the store."""


def refusal(card: SourceCard) -> str:
    """Why a feed or an API can't be re-checked, as a German sentence."""
    return (
        f"Die Quelle „{card.name}“ ist ein Feed oder eine Schnittstelle und wird nicht nachgeprüft;"
        " ihre Erwähnungen gehen mit der Aufbewahrungsfrist (retention_days)."
    )


def first_pages(card: SourceCard, holder: Holder, ledger: Ledger) -> list[str]:
    """The threads to ask for, the one first whose reading is longest ago; as many as the card's budget has pages."""
    read = {canonical_url(url): at for url, at in ledger.known_threads.read_at(card.name).items()}
    chains = {chain_of(mention) for mention in holder.stored(card.name)}
    return sorted(chains, key=lambda chain: (read.get(canonical_url(chain), ""), chain))


def begin(card: SourceCard, holder: Holder, ledger: Ledger, run: Run, chains: Sequence[str], *, now: datetime) -> None:
    """Write down what a new run looks for; a run that goes on keeps its list."""
    if ledger.pages_done(run.id):
        return
    ledger.put_fact(run.id, "health", {"card": RECHECK})
    chosen = set(chains[: card.budget.pages])
    posts = (SoughtPost(mention.id, chain_of(mention), mention.platform) for mention in holder.stored(card.name))
    ledger.known_threads.seek(run.id, (post for post in posts if post.chain in chosen))
    if (later := len(chains) - len(chosen)) > 0 and not run.resumed:
        ledger.note(run.id, Note(LATER, message=f"{later} Themen beim nächsten Mal"), now=now)


def links(card: SourceCard, chains: Sequence[str]) -> list[Link]:
    """The first pages of a re-check."""
    return [Link(url, chain=url, priority=PRIORITY_LINK) for url in chains[: card.budget.pages]]


def chain_of(mention: Mention) -> str:
    """The first page of the thread that a mention stands in, else the page that it stands on."""
    return mention.thread_url or mention.url.partition("#")[0]


def conclude(holder: Holder, ledger: Ledger, run_id: str, *, now: datetime) -> None:
    """Delete what is gone and count the fates of all that was not found; a repetition after a kill changes nothing.

    Raises `StoreError` where the store can't be reached.
    """
    states = ledger.known_threads.states(run_id)
    absent = states.get("absent", 0)
    whole = absent + states.get("found", 0)
    doubted = TOO_MANY in ledger.counts(run_id, "note")
    if absent > MANY_ABSENT and absent > SHARE_ABSENT * whole and not doubted:
        message = f"{absent} von {whole} Beiträgen stehen nicht mehr auf ihren Seiten; keiner wurde gelöscht"
        ledger.note(run_id, Note(TOO_MANY, message=message), now=now)
        doubted = True
    kept: list[Sought] = ["open", "unanswered"]
    if doubted:
        kept.append("absent")
    while ids := ledger.known_threads.in_state(run_id, kept, BATCH):
        ledger.known_threads.conclude(run_id, ids, KEPT)
    while ids := ledger.known_threads.in_state(run_id, ["absent", "gone"], BATCH):
        holder.remove(ids)
        ledger.known_threads.conclude(run_id, ids, DELETED)


def close(ledger: Ledger, run_id: str, *, now: datetime) -> None:
    """Judge and end a re-check."""
    outcome, why = judge_recheck(ledger.run(run_id))
    ledger.end(run_id, outcome=outcome, reason=why, now=now)


def judge_recheck(record: Mapping[str, Any]) -> tuple[Outcome, str | None]:
    """The outcome of a re-check, and why, in German."""
    events, fates = record["events"], record["fates"]
    stops = [f"{kind.removeprefix(BOUNDED)} ({n})" for kind, n in events.items() if kind.startswith(BOUNDED)]
    if stops:
        return "bounded", f"vorzeitig angehalten: {', '.join(stops)}"
    if TOO_MANY in events:
        return "suspicious", next(note["message"] for note in record["notes"] if note["kind"] == TOO_MANY)
    kept = fates.get(KEPT, 0)
    if kept and kept >= SUSPICIOUS_FAILURES * record["yielded"]:
        return "suspicious", f"{kept} von {record['yielded']} Erwähnungen ohne Antwort"
    return "done", None
