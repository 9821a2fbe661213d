"""What people's corrections teach: topics that they named, and texts that don't mean the brand."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest

from crawlers.intake import BrandFilter
from index.judgement import CONFIRMED, SET_ASIDE
from index.mention import Mention
from index.query import clause, parse_query
from index.store import Store
from nlp.relevance import Relevance, enough
from nlp.scorer import Embedder, Scorer
from nlp.taxonomy import Judged, Taxonomy

MOST = 1000
"""The newest corrections that are learned from: each costs a pass of the encoder when a run starts."""

OURS = 300
"""The newest mentions that stand for the brand, beside the confirmed ones."""


def taught(taxonomy: Taxonomy, store: Store) -> Taxonomy:
    """The taxonomy with the texts whose topics a person corrected. Raises `StoreError` where the store can't answer."""
    if not taxonomy.topics:
        return taxonomy
    store.refresh()
    corrected = [item for item in store.scan(parse_query("work.correction.at:*")) if _names_topics(item)]
    newest = nlargest(MOST, corrected, key=_when)
    # In the order of their ids, so that the same corrections make the same version.
    judged = tuple(_judged(mention) for mention in sorted(newest, key=lambda mention: mention.id))
    return taxonomy.model_copy(update={"judged": judged})


def _names_topics(mention: Mention) -> bool:
    return mention.work.correction is not None and mention.work.correction.topics is not None


def _when(mention: Mention) -> tuple[float, str]:
    correction = mention.work.correction
    return (0.0 if correction is None else correction.at.timestamp(), mention.id)


def _judged(mention: Mention) -> Judged:
    correction = mention.work.correction
    return Judged(text=mention.text, topics=() if correction is None else correction.topics or ())


def brand_filter(brand: str, store: Store, scorer: Scorer) -> BrandFilter | None:
    """What all texts teach that people said don't mean the brand; None where they are too few, or the model can't.

    Nothing is kept between runs: it learns from what the store holds, so that an erased text is forgotten and a
    judgement that was taken back has no effect any more. Raises `StoreError` where the store can't answer.
    """
    if not isinstance(scorer, Embedder):
        return None
    store.refresh()
    named = clause("brands", brand)
    others = [item.text for item in _scanned(store, f"{named} AND work.not_us:true") if item.work.note != SET_ASIDE]
    if not others:
        return None
    newest = store.search(parse_query(f"{named} AND is_copy:false AND NOT work.not_us:true"), limit=OURS).mentions
    noted = _scanned(store, f"{named} AND NOT work.not_us:true AND work.note:bestätigt")
    confirmed = [item for item in noted if item.work.note == CONFIRMED]
    ours = list(dict.fromkeys(item.text for item in [*newest, *confirmed]))
    return BrandFilter(brand, Relevance(scorer.vectors, ours, others)) if enough(ours, others) else None


def _scanned(store: Store, query: str) -> Iterator[Mention]:
    return store.scan(parse_query(query))
