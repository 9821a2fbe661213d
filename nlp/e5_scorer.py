"""The shipped scorer: heads on the vectors of multilingual-e5-small with its adapter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.encoder import PREPARATION, Encoded, Encoder
from nlp.head import LABELS, Heads
from nlp.kept import FORMAT, KeptSentences, kept_key, packed, rounded, unpacked
from nlp.language import detect
from nlp.quantised import WeightsError
from nlp.scorer import AspectScore, Label, Scored, ScoringInput, Tags, TextScores
from nlp.taxonomy import Taxonomy
from nlp.topics import TopicMatcher

Vectors = NDArray[np.float32]

DIGITS = 4
MAX_TITLE = 300
NEGATIVE, NEUTRAL, POSITIVE = (LABELS.index(label) for label in ("negative", "neutral", "positive"))


@dataclass(frozen=True)
class Composed:
    """Title and text as one; the text's offsets begin at `start`."""

    whole: str
    start: int


class E5Scorer:
    """Scores sentiment (document and sentences), irony and topics. Deterministic; figures are rounded to four digits.

    A text taken for ironic is marked uncertain: its words say the opposite of what they mean. A text needs an answer
    where one of its sentences asks for something. Both stay None where the heads learned nothing about them.
    """

    def __init__(self, encoder: Encoder, heads: Heads) -> None:
        """Raises WeightsError where the heads were fitted on another encoder."""
        if heads.config.encoder != encoder.revision or heads.config.layers != encoder.layers:
            raise WeightsError("the heads were fitted on another encoder or other layers of it")
        self.name = heads.config.name
        self.revision = f"{heads.revision}-{encoder.revision[:6]}-{PREPARATION}.{FORMAT}"
        self.precision = encoder.precision
        self.encoder = encoder
        self.heads = heads
        self._topics = TopicMatcher(heads, self._phrase_vectors)

    def score(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[TextScores]:
        """One result per input, in order. Empty texts are neutral and uncertain; long ones are cut by the encoder."""
        return [item.scores for item in self.score_with_vectors(inputs, taxonomy=taxonomy)]

    def score_with_vectors(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[Scored]:
        """`nlp.scorer.Retagger.score_with_vectors`."""
        if not inputs:
            return []
        composed = [compose(item) for item in inputs]
        encoded = self.encoder.encode([item.whole for item in composed])
        channels = [item.channel for item in inputs]
        raw = self.heads.scores(np.stack([item.document for item in encoded]))
        documents = self.heads.probabilities(raw, channels)
        kept = [self._kept(parts, item) for parts, item in zip(composed, encoded, strict=True)]
        tags = self._tags(list(zip(inputs, kept, strict=True)), taxonomy)
        scores = map(self._scores, composed, encoded, documents, self.heads.irony(raw).tolist(), tags)
        data = [packed(one, kept_key(item, self.revision)) for item, one in zip(inputs, kept, strict=True)]
        return [Scored(*pair) for pair in zip(scores, data, strict=True)]

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Whitened document vectors (n, hidden) of texts, as `nlp.relevance` takes them."""
        if not texts:
            return np.zeros((0, self.encoder.sizes.hidden), dtype=np.float32)
        return self._topics.whitened(self._phrase_vectors(texts))

    def retag(
        self, inputs: Sequence[ScoringInput], kept: Sequence[bytes | None], *, taxonomy: Taxonomy
    ) -> list[Tags | None]:
        """`nlp.scorer.Retagger.retag`."""
        known = [
            None if data is None else unpacked(data, kept_key(item, self.revision))
            for item, data in zip(inputs, kept, strict=True)
        ]
        pairs = [(item, sentences) for item, sentences in zip(inputs, known, strict=True) if sentences is not None]
        tags = iter(self._tags(pairs, taxonomy))
        return [None if sentences is None else next(tags) for sentences in known]

    def _scores(
        self, parts: Composed, encoded: Encoded, probabilities: Vectors, irony: float, tags: Tags
    ) -> TextScores:
        if not encoded.sentences:
            return _nothing(parts)
        sentiment, rounded = decided(probabilities)
        bound = self.heads.config.irony_threshold
        ironic = None if bound is None else round(irony, DIGITS) >= bound
        return TextScores(
            sentiment=sentiment,
            probabilities=rounded,
            polarity=round(rounded["positive"] - rounded["negative"], DIGITS),
            confidence=rounded[sentiment],
            uncertain=bool(ironic) or rounded[sentiment] < self.heads.config.certain,
            irony=ironic,
            needs_answer=self._asks(encoded),
            language=detect(parts.whole),
            topics=tags.topics,
            aspects=tags.aspects,
        )

    def _asks(self, encoded: Encoded) -> bool | None:
        """Whether any sentence asks for an answer."""
        found = self.heads.answer(self.heads.scores(encoded.vectors))
        bound = self.heads.config.answer_threshold
        return None if found is None or bound is None else round(float(found.max()), DIGITS) >= bound

    def _kept(self, parts: Composed, encoded: Encoded) -> KeptSentences:
        """The text's own sentences; the title's have no offsets in the text."""
        own = [index for index, sentence in enumerate(encoded.sentences) if sentence.start >= parts.start]
        spans = [(encoded.sentences[index].start, encoded.sentences[index].end) for index in own]
        vectors = encoded.vectors[own]
        return KeptSentences(
            np.array(spans, dtype=np.int32).reshape(-1, 2) - parts.start,
            self.heads.scores(vectors)[:, : len(LABELS)],
            rounded(self._topics.whitened(self._topic_part(vectors))),
        )

    def _tags(self, texts: Sequence[tuple[ScoringInput, KeptSentences]], taxonomy: Taxonomy) -> list[Tags]:
        """Topics from what is kept, also when scoring: so that a text scored anew gets the very same ones."""
        if not texts or not taxonomy.topics:
            return [Tags((), ())] * len(texts)
        words = [item.text[start:end] for item, kept in texts for start, end in kept.spans.tolist()]
        found = self._topics.match_whitened(words, np.concatenate([kept.directions for _, kept in texts]), taxonomy)
        channels = [item.channel for item, kept in texts for _ in kept.spans]
        moods = self.heads.probabilities(np.concatenate([kept.scores for _, kept in texts]), channels)
        ends = np.cumsum([len(kept.spans) for _, kept in texts]).tolist()
        tags = []
        for (_, kept), end in zip(texts, ends, strict=True):
            rows = slice(end - len(kept.spans), end)
            tags.append(_tags_of(self._aspects(kept, found[rows], moods[rows], taxonomy)))
        return tags

    def _aspects(
        self, kept: KeptSentences, found: Vectors, moods: Vectors, taxonomy: Taxonomy
    ) -> Iterator[AspectScore]:
        for (start, end), topics, mood in zip(kept.spans.tolist(), found, moods, strict=True):
            polarity = round(float(mood[POSITIVE]) - float(mood[NEGATIVE]), DIGITS)
            for topic in self._topics.pick(topics):
                probability = round(float(topics[topic]), DIGITS)
                yield AspectScore(taxonomy.topics[topic].id, polarity, probability, start, end)

    def _phrase_vectors(self, phrases: Sequence[str]) -> Vectors:
        return self._topic_part(np.stack([item.document for item in self.encoder.encode(phrases)]))

    def _topic_part(self, vectors: Vectors) -> Vectors:
        """The last layer asked for: topics are compared there."""
        return vectors[:, -self.encoder.sizes.hidden :]


def compose(item: ScoringInput) -> Composed:
    """A title that the text doesn't begin with anyway stands before it, as a sentence of its own."""
    title = (item.title or "").strip()[:MAX_TITLE]
    if not title or item.text.lstrip().casefold().startswith(title.casefold()):
        return Composed(item.text, 0)
    return Composed(f"{title}\n\n{item.text}", len(title) + 2)


def decided(probabilities: Vectors) -> tuple[Label, dict[Label, float]]:
    """The likeliest label of the rounded probabilities; on a tie the first in `LABELS`: rounding can't flip it."""
    rounded = {label: round(float(value), DIGITS) for label, value in zip(LABELS, probabilities, strict=True)}
    return max(LABELS, key=lambda label: rounded[label]), rounded


def _tags_of(aspects: Iterable[AspectScore]) -> Tags:
    """The aspects, and their topics, the surest first."""
    listed = tuple(aspects)
    strongest: dict[str, float] = {}
    for aspect in listed:
        strongest[aspect.topic] = max(strongest.get(aspect.topic, 0.0), aspect.probability)
    return Tags(tuple(sorted(strongest, key=lambda topic: -strongest[topic])), listed)


def _nothing(parts: Composed) -> TextScores:
    return TextScores(
        sentiment="neutral",
        probabilities=dict.fromkeys(LABELS, 1 / len(LABELS)),
        polarity=0.0,
        confidence=1 / len(LABELS),
        uncertain=True,
        irony=None,
        needs_answer=None,
        language=detect(parts.whole),
        topics=(),
        aspects=(),
    )
