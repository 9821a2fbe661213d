"""What a write makes of a stored mention: the rules of `Store.upsert`, used by both stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.mention import Mention

# A new crawl or a new scoring run changes these without the mention saying anything else.
UNCOMPARED = frozenset({"crawled_at", "scored_at", "expires_at", "work"})


def merged(stored: Mention, new: Mention) -> Mention:
    """The new mention with what the stored one keeps: its `work` and its first known `published_at` with precision."""
    kept: dict[str, object] = {"work": stored.work}
    if stored.published_at is not None:
        kept |= {"published_at": stored.published_at, "date_precision": stored.date_precision}
    return new.model_copy(update=kept)


def update_of(stored: Mention, new: Mention) -> Mention | None:
    """What is to be written over `stored`, or None where the new mention says nothing new (`unchanged`)."""
    candidate = merged(stored, new)
    return None if same(stored, candidate) else candidate


def replacement_of(stored: Mention, new: Mention) -> Mention | None:
    """What is to be written so that the store holds exactly `new`: the rule of `Store.restore`."""
    return None if stored == new else new


def same(left: Mention, right: Mention) -> bool:
    """Equal in everything but `crawled_at`, `scored_at`, `expires_at` and `work`."""
    return all(getattr(left, name) == getattr(right, name) for name in Mention.model_fields if name not in UNCOMPARED)


def last_of_each(mentions: Sequence[Mention]) -> Mapping[str, int]:
    """The position at which each id of a call is written: of equal ids the last wins."""
    return {mention.id: position for position, mention in enumerate(mentions)}


def is_erased(mention: Mention, *, ids: frozenset[str], author_keys: frozenset[str]) -> bool:
    """Whether a tombstone keeps the mention out."""
    return mention.id in ids or (mention.author_key is not None and mention.author_key in author_keys)
