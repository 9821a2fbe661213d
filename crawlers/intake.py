"""From the spool to the store: near-copies, scores, write, fate. The one place of the crawlers that knows `nlp`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

from index.copies import CopyEntry, CopyIndex, CopyPlace
from index.judgement import SET_ASIDE
from index.ledger import Ledger, Note, Quarantined, Spooled
from index.mention import Aspect, JourneyPhase, Mention, Sentiment, Work
from index.query import Query, clause, conjunction, parse_query
from index.store import Known, Store, WriteResult
from index.vectors import Kept, VectorFile
from nlp.near_copies import signature
from nlp.relevance import Relevance
from nlp.scorer import Retagger, Scored, Scorer, ScoringInput, Tags, TextScores
from nlp.taxonomy import Taxonomy

logger = logging.getLogger(__name__)

ALONE = CopyPlace(group=None, is_copy=False)
SWEPT = 50_000
"""Mentions that are looked up after a run to forget what is kept of deleted ones."""
PHASES: tuple[str, ...] = get_args(JourneyPhase)


@dataclass(frozen=True)
class Outcome:
    """What became of one mention: its fate, and for a quarantined one why."""

    fate: str
    note: Note | None = None


@dataclass(frozen=True)
class BrandFilter:
    """Tells which new mentions of a brand probably mean something else of that name."""

    brand: str
    relevance: Relevance


class Scoring:
    """Scores drafts in batches; a text that can't be scored doesn't keep the others from it."""

    def __init__(
        self, scorer: Scorer, taxonomy: Taxonomy, *, clock: Callable[[], datetime], keeps: bool = False
    ) -> None:
        """`keeps` tells whether to keep what finds topics anew, where the scorer can do that."""
        self._scorer = scorer
        self._taxonomy = taxonomy
        self._clock = clock
        self._keeps = keeps

    def scored(self, drafts: Sequence[Mention]) -> tuple[list[Mention], dict[str, Kept], dict[str, Outcome]]:
        """The drafts with scores, what to keep of them, and the outcomes of those that can't be scored."""
        if not drafts:
            return [], {}, {}
        now = self._clock()
        scored, kept, outcomes = list[Mention](), dict[str, Kept](), dict[str, Outcome]()
        for draft, found in zip(drafts, self._scores(drafts), strict=True):
            if isinstance(found, Outcome):
                outcomes[draft.id] = found
                continue
            scored.append(with_scores(draft, found.scores, scorer=self._scorer, taxonomy=self._taxonomy, now=now))
            if found.kept:
                kept[draft.id] = Kept(found.kept, draft.journey_phase)
        return scored, kept, outcomes

    def _scores(self, drafts: Sequence[Mention]) -> list[Scored | Outcome]:
        inputs = [input_of(draft) for draft in drafts]
        try:
            return list(self._score(inputs))
        except Exception:
            logger.exception("batch of %d texts not scored, trying them one by one", len(inputs))
        return [self._single_score(draft, one) for draft, one in zip(drafts, inputs, strict=True)]

    def _single_score(self, draft: Mention, one: ScoringInput) -> Scored | Outcome:
        try:
            return self._score([one])[0]
        except Exception as error:
            logger.exception("not scored: %s", draft.id)
            return Outcome("quarantined/scoring", Note("quarantined/scoring", draft.url, type(error).__name__))

    def _score(self, inputs: Sequence[ScoringInput]) -> list[Scored]:
        if self._keeps and isinstance(self._scorer, Retagger):
            return self._scorer.score_with_vectors(inputs, taxonomy=self._taxonomy)
        return [Scored(scores, b"") for scores in self._scorer.score(inputs, taxonomy=self._taxonomy)]


class Intake:
    """Processes the spool of runs, in the thread of whoever calls it."""

    batch = 64

    def __init__(
        self,
        ledger: Ledger,
        *,
        store: Store,
        scorer: Scorer,
        taxonomy: Taxonomy,
        copies: CopyIndex,
        clock: Callable[[], datetime],
        brand_filter: BrandFilter | None = None,
        vectors: VectorFile | None = None,
    ) -> None:
        """`vectors` keeps what finds the topics of stored mentions anew, where the scorer can do that."""
        self._ledger = ledger
        self._store = store
        self._scorer = scorer
        self._taxonomy = taxonomy
        self._copies = copies
        self._clock = clock
        self._filter = brand_filter
        self._vectors = vectors
        self._scoring = Scoring(scorer, taxonomy, clock=clock, keeps=vectors is not None)
        # Loads its libraries now: an interrupt inside an extension's import would come out as an ImportError.
        signature("")

    def process(self, run_id: str) -> int:
        """Take the next batch of a run through to its fates; returns its size, 0 for an empty spool.

        A process that dies anywhere in here leaves the batch in the spool; doing it again changes nothing more.
        Raises `StoreError` where the store can't take it: the batch stays in the spool then, too.
        """
        batch = self._ledger.batch(run_id, self.batch)
        if not batch:
            return 0
        # Of equal ids the last one is what the page says now.
        latest = {post.id: post for post in batch}
        drafts = {id: Mention.model_validate_json(post.payload) for id, post in latest.items()}
        known = self._store.known(list(drafts))
        prior = self._prior(batch, known)
        outcomes = self._write(drafts, known, {id: prior[post.seq] for id, post in latest.items()})
        fates = [(post.seq, outcomes[post.id].fate if latest[post.id] is post else "unchanged") for post in batch]
        self._ledger.settle(
            run_id,
            fates,
            now=self._clock(),
            quarantined=[
                Quarantined(outcome.fate.partition("/")[2], drafts[id].url, latest[id].payload)
                for id, outcome in outcomes.items()
                if outcome.fate.startswith("quarantined/")
            ],
            notes=[outcome.note for outcome in outcomes.values() if outcome.note is not None],
        )
        return len(batch)

    def stored(self, source: str) -> Iterator[Mention]:
        """What the store holds of a source, streaming."""
        self._store.refresh()
        return self._store.scan(parse_query(f'source:"{source}"'))

    def remove(self, ids: Sequence[str]) -> None:
        """Take mentions out of the store whose originals are gone; near-copies of them find a new first one."""
        self._store.delete(ids)
        self._forget(ids)
        self._copies.remove(list(ids))
        self._move_copies(written={})

    def sweep(self) -> None:
        """Forget what is kept of mentions that are gone: a part of it, the next call goes on."""
        if self._vectors is not None:
            self._vectors.sweep(self._store.known, most=SWEPT)

    def count_outdated(self, ours: Query) -> int:
        """How many of the mentions that `ours` finds have other topics or scores than new ones get."""
        self._store.refresh()
        return self._store.search(conjunction(ours, outdated(self._scorer, self._taxonomy)), limit=0).total

    def _prior(self, batch: Sequence[Spooled], known: Mapping[str, Known]) -> dict[int, str]:
        """What the store held for each post before its first attempt, remembered before this one."""
        fresh = {
            post.seq: known[post.id].content_hash if post.id in known else "" for post in batch if post.prior is None
        }
        if fresh:
            self._ledger.remember_prior(fresh)
        return {post.seq: fresh[post.seq] if post.prior is None else post.prior for post in batch}

    def _write(
        self, drafts: Mapping[str, Mention], known: Mapping[str, Known], prior: Mapping[str, str]
    ) -> dict[str, Outcome]:
        changed = [draft for id, draft in drafts.items() if not self._is_current(draft, known.get(id))]
        scored, kept, outcomes = self._scoring.scored(changed)
        scored = self._filtered(scored, {id for id, before in prior.items() if before == ""})
        places = self._places(scored)
        marked = [in_place(mention, places.get(mention.id, ALONE)) for mention in scored]
        results = {result.id: result for result in self._store.upsert(marked)} if marked else {}
        refused = [id for id, result in results.items() if result.fate in ("dropped", "quarantined")]
        self._copies.remove(refused)
        self._forget(refused)
        if self._vectors is not None:
            self._vectors.put({id: one for id, one in kept.items() if id not in refused})
        self._move_copies(written={mention.id: mention for mention in marked})
        written = {mention.id: mention for mention in marked}
        for id, draft in drafts.items():
            if id not in outcomes:
                outcomes[id] = self._outcome(draft, results.get(id), prior[id], written.get(id))
        return outcomes

    def _filtered(self, mentions: Sequence[Mention], new: Collection[str]) -> list[Mention]:
        """The mentions with their relevance; new ones that probably mean something else are set aside, not left out.

        What is stored keeps what people did with it, so a mention that a person brought back stays.
        """
        if self._filter is None:
            return list(mentions)
        found = self._filter.relevance([mention.text for mention in mentions])
        filtered = []
        for mention, relevance in zip(mentions, found, strict=True):
            update: dict[str, Any] = {"relevance": relevance} if self._filter.brand in mention.brands else {}
            # A text that also names a competitor counts for that one.
            foreign = mention.brands == (self._filter.brand,) and relevance <= self._filter.relevance.bound
            if foreign and mention.id in new:
                update["work"] = Work(not_us=True, note=SET_ASIDE)
            filtered.append(mention.model_copy(update=update))
        return filtered

    def _places(self, mentions: Sequence[Mention]) -> dict[str, CopyPlace]:
        """Which mentions are near-copies of which; texts too short for a signature stand alone."""
        signed = [(mention, signature(mention.text)) for mention in mentions]
        self._copies.remove([mention.id for mention, found in signed if found is None])
        entries = [CopyEntry(mention.id, mention.published_at, found) for mention, found in signed if found is not None]
        return self._copies.add_many(entries)

    def _move_copies(self, *, written: Mapping[str, Mention]) -> None:
        """Bring changed places to the mentions that are stored already, also those that a killed run left behind."""
        moved = self._copies.unsettled()
        held = {id: written.get(id) or self._store.get(id) for id in moved}
        stored = {id: mention for id, mention in held.items() if mention is not None}
        late = [in_place(mention, moved[id]) for id, mention in stored.items()]
        late = [mention for mention in late if mention != stored[mention.id]]
        if late:
            self._store.upsert(late)
        self._copies.settle({id: moved[id] for id in stored})

    def _is_current(self, draft: Mention, known: Known | None) -> bool:
        """Whether the store has this text with scores of this model, these rules and these topics."""
        return known is not None and (
            known.content_hash,
            known.model_revision,
            known.rules_version,
            known.taxonomy_version,
        ) == (draft.content_hash, self._scorer.revision, draft.provenance.rules_version, self._taxonomy.version)

    def _outcome(self, draft: Mention, result: WriteResult | None, prior: str, written: Mention | None) -> Outcome:
        if result is not None and result.fate == "dropped":
            return Outcome(f"dropped/{result.reason or 'store'}")
        if result is not None and result.fate == "quarantined":
            return Outcome("quarantined/store", Note("quarantined/store", draft.url, result.reason))
        if prior == "":
            held = written or self._store.get(draft.id) or draft
            aside = Note("set_aside/not_us", draft.url) if held.work.note == SET_ASIDE else None
            return Outcome("near_copy" if held.is_copy else "stored", aside)
        updated = prior != draft.content_hash or (result is not None and result.fate == "updated")
        return Outcome("updated" if updated else "unchanged")

    def _forget(self, ids: Sequence[str]) -> None:
        if self._vectors is not None:
            self._vectors.remove(ids)


def outdated(scorer: Scorer, taxonomy: Taxonomy) -> Query:
    """Mentions with topics of another taxonomy, or with scores of another model."""
    current = (
        clause("provenance.taxonomy_version", taxonomy.version),
        clause("provenance.model_revision", scorer.revision),
    )
    return parse_query(f"NOT ({' AND '.join(current)})")


def input_of(mention: Mention) -> ScoringInput:
    """What of a mention is scored."""
    return ScoringInput(mention.text, mention.title, mention.channel)


def in_place(mention: Mention, place: CopyPlace) -> Mention:
    """The mention with its place among near-copies."""
    return mention.model_copy(update={"copy_group": place.group, "is_copy": place.is_copy})


def with_scores(mention: Mention, scores: TextScores, *, scorer: Scorer, taxonomy: Taxonomy, now: datetime) -> Mention:
    """The mention with its scores, and with what they were made of."""
    phase, version = mention.journey_phase, taxonomy.version
    tagged = with_tags(mention, scores, taxonomy=taxonomy, version=version, phase=phase, now=now)
    values = {
        "language": scores.language or mention.language,
        "sentiment": Sentiment(
            label=scores.sentiment,
            probabilities=dict(scores.probabilities),
            polarity=scores.polarity,
            confidence=scores.confidence,
            uncertain=scores.uncertain,
        ),
        # What the company itself writes waits for nobody's answer.
        "needs_answer": scores.needs_answer and mention.author_role != "staff",
        "irony": scores.irony,
        "provenance": tagged.provenance.model_copy(update={"model": scorer.name, "model_revision": scorer.revision}),
    }
    return tagged.model_copy(update=values)


def with_tags(
    mention: Mention,
    tags: Tags | TextScores,
    *,
    taxonomy: Taxonomy,
    version: str,
    phase: JourneyPhase | None,
    now: datetime,
) -> Mention:
    """The mention with the topics of a taxonomy of this version. `phase` is what its source named itself."""
    topic = next((topic for topic in taxonomy.topics if topic.id == leading_topic(tags)), None)
    suggested = topic.journey_phase if topic is not None and topic.journey_phase in PHASES else None
    values = {
        "scored_at": now,
        "aspects": tuple(Aspect(**asdict(aspect)) for aspect in tags.aspects),
        "topics": tags.topics,
        # A survey asks in a phase; that beats what the words suggest.
        "journey_phase": phase or suggested,
        "touchpoint": topic.touchpoint if topic is not None else None,
        "provenance": mention.provenance.model_copy(update={"taxonomy_version": version}),
    }
    return mention.model_copy(update=values)


def leading_topic(tags: Tags | TextScores) -> str | None:
    """The topic that gives a mention its journey phase and touchpoint: that of its most negative aspect, because a
    mention is looked at where the experience turns bad; of equals the most probable one; without aspects the first."""
    if tags.aspects:
        return min(tags.aspects, key=lambda aspect: (aspect.polarity, -aspect.probability)).topic
    return tags.topics[0] if tags.topics else None
