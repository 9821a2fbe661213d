"""Stored mentions get the topics of a changed taxonomy: from kept vectors, without a crawl."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import islice

from brandmelder.outdated import ours
from brandmelder.profile import Profile
from crawlers.intake import Scoring, in_place, input_of, outdated, with_tags
from index.copies import CopyIndex
from index.mention import JourneyPhase, Mention
from index.query import conjunction
from index.store import Store
from index.vectors import Kept, VectorFile
from nlp.scorer import Retagger, Scorer, Tags
from nlp.taxonomy import Taxonomy

PIECE = 2000
"""Mentions that are read from the store at once: what others change in it meanwhile is seen by the next piece."""
BATCH = 128
IMPORTED = "import"
"""The spider of own data, whose rows may name a journey phase."""


@dataclass(frozen=True)
class Retagged:
    """What became of stored mentions: `retagged` from kept vectors; `without_vectors` and `other_model` were scored
    anew; `failed` couldn't be; `gone` were deleted or changed by others meanwhile."""

    retagged: int = 0
    without_vectors: int = 0
    other_model: int = 0
    failed: int = 0
    gone: int = 0

    @property
    def written(self) -> int:
        """Those that have the topics now."""
        return self.retagged + self.without_vectors + self.other_model

    def __add__(self, other: Retagged) -> Retagged:
        return Retagged(*map(sum, zip(astuple(self), astuple(other), strict=True)))


class Retagging:
    """Brings a brand's stored mentions to a taxonomy and a model. What is done isn't outdated any more, so a killed one
    goes on where it was."""

    def __init__(
        self,
        profile: Profile,
        *,
        store: Store,
        scorer: Scorer,
        taxonomy: Taxonomy,
        copies: CopyIndex,
        vectors: VectorFile,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._scorer = scorer
        self._taxonomy = taxonomy
        self._version = taxonomy.version
        self._copies = copies
        self._vectors = vectors
        self._clock = clock
        self._scoring = Scoring(scorer, taxonomy, clock=clock, keeps=True)
        self._query = conjunction(ours(profile), outdated(scorer, taxonomy))

    def total(self) -> int:
        """How many mentions are outdated."""
        self._store.refresh()
        return self._store.search(self._query, limit=0).total

    def run(self, advance: Callable[[int], object]) -> Retagged:
        """Retag all of them; `advance` gets the size of each batch. Raises `StoreError` where the store fails."""
        done = Retagged()
        for piece in self._pieces():
            for start in range(0, len(piece), BATCH):
                batch = piece[start : start + BATCH]
                done += self._batch(batch)
                advance(len(batch))
        return done

    def _pieces(self) -> Iterator[list[Mention]]:
        after = ""
        while piece := list(islice(self._store.scan(self._query, after=after), PIECE)):
            yield piece
            after = piece[-1].id

    def _batch(self, mentions: Sequence[Mention]) -> Retagged:
        kept = self._vectors.get([mention.id for mention in mentions])
        phases = {mention.id: _named_phase(mention, kept.get(mention.id)) for mention in mentions}
        now, tagged, rest = self._clock(), list[Mention](), list[Mention]()
        for mention, tags in zip(mentions, self._tags(mentions, kept), strict=True):
            phase = phases[mention.id]
            if tags is None:
                rest.append(mention.model_copy(update={"journey_phase": phase}))
            else:
                taxonomy, version = self._taxonomy, self._version
                tagged.append(with_tags(mention, tags, taxonomy=taxonomy, version=version, phase=phase, now=now))
        scored, fresh, _ = self._scoring.scored(rest)
        written = self._write([*tagged, *scored])
        self._vectors.put({id: one for id, one in fresh.items() if id in written})
        current = {mention.id for mention in rest if self._is_of_this_model(mention)}
        anew = [mention.id for mention in scored if mention.id in written]
        return Retagged(
            retagged=sum(mention.id in written for mention in tagged),
            without_vectors=sum(id in current for id in anew),
            other_model=sum(id not in current for id in anew),
            failed=len(rest) - len(scored),
            gone=len(tagged) + len(scored) - len(written),
        )

    def _is_of_this_model(self, mention: Mention) -> bool:
        return mention.provenance.model_revision == self._scorer.revision

    def _tags(self, mentions: Sequence[Mention], kept: Mapping[str, Kept]) -> list[Tags | None]:
        if not isinstance(self._scorer, Retagger):
            return [None] * len(mentions)
        usable = [
            kept[mention.id].data if mention.id in kept and self._is_of_this_model(mention) else None
            for mention in mentions
        ]
        return self._scorer.retag([input_of(mention) for mention in mentions], usable, taxonomy=self._taxonomy)

    def _write(self, mentions: Sequence[Mention]) -> set[str]:
        """Write mentions over what is stored, but for those that others have changed or deleted since they were read.

        Returns the ids of those written.
        """
        known = self._store.known([mention.id for mention in mentions])
        same = [one for one in mentions if one.id in known and known[one.id].content_hash == one.content_hash]
        places = self._copies.places([mention.id for mention in same])
        placed = [in_place(mention, places[mention.id]) if mention.id in places else mention for mention in same]
        results = self._store.upsert(placed) if placed else []
        # What is new to the store was deleted in this very moment.
        if back := [result.id for result in results if result.fate == "stored"]:
            self._store.delete(back)
        return {result.id for result in results if result.fate in ("updated", "unchanged")}


def _named_phase(mention: Mention, kept: Kept | None) -> JourneyPhase | None:
    """The journey phase that the source named, not the topics. Of own data for which nothing is kept any more it can't
    be told: then the phase stays as it is."""
    if kept is not None:
        return kept.phase
    return mention.journey_phase if mention.provenance.spider == IMPORTED else None
