"""What a source may be asked for, as the gate needs to know it."""

from __future__ import annotations

from dataclasses import dataclass

from crawlers.card import SourceCard


@dataclass(frozen=True)
class Access:
    """The limits of one crawl: hosts (see `card.host_of`), private addresses, seconds of Crawl-delay at most."""

    hosts: frozenset[str]
    allow_private: bool
    delay: float
    crawl_delay_cap: float
    deny: tuple[str, ...] = ()
    """Words for boards that are left alone, besides those of `crawlers.gate.category`."""
    data: bool = False
    """Whether a feed or an API is read: "/rss/" or "/search" are no pages for people there."""


def access_of(card: SourceCard) -> Access:
    """The limits that a card sets."""
    return Access(
        card.hosts, card.allow_private, card.delay, card.budget.crawl_delay_seconds, card.deny, card.reads_data
    )
