"""The shipped scorer: heads on the vectors of multilingual-e5-small with its adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.encoder import PREPARATION, Encoded, Encoder
from nlp.head import LABELS, Heads
from nlp.language import detect
from nlp.quantised import WeightsError
from nlp.scorer import AspectScore, Label, ScoringInput, TextScores
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
        self.revision = f"{heads.revision}-{encoder.revision[:6]}-{PREPARATION}"
        self.encoder = encoder
        self.heads = heads
        self._topics = TopicMatcher(heads, self._phrase_vectors)

    def score(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[TextScores]:
        """One result per input, in order. Empty texts are neutral and uncertain; long ones are cut by the encoder."""
        if not inputs:
            return []
        composed = [compose(item) for item in inputs]
        encoded = self.encoder.encode([item.whole for item in composed])
        channels = [item.channel for item in inputs]
        raw = self.heads.scores(np.stack([item.document for item in encoded]))
        documents = self.heads.probabilities(raw, channels)
        return [
            self._one(item, parts, vectors, probabilities, float(irony), taxonomy)
            for item, parts, vectors, probabilities, irony in zip(
                inputs, composed, encoded, documents, self.heads.irony(raw), strict=True
            )
        ]

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Whitened document vectors (n, hidden) of texts, as `nlp.relevance` takes them."""
        if not texts:
            return np.zeros((0, self.encoder.sizes.hidden), dtype=np.float32)
        return self._topics.whitened(self._phrase_vectors(texts))

    def _one(
        self,
        item: ScoringInput,
        parts: Composed,
        encoded: Encoded,
        probabilities: Vectors,
        irony: float,
        taxonomy: Taxonomy,
    ) -> TextScores:
        if not encoded.sentences:
            return _nothing(item)
        aspects = self._aspects(item, parts, encoded, taxonomy)
        sentiment, rounded = decided(probabilities)
        bound = self.heads.config.irony_threshold
        ironic = None if bound is None else round(irony, DIGITS) >= bound
        strongest: dict[str, float] = {}
        for aspect in aspects:
            strongest[aspect.topic] = max(strongest.get(aspect.topic, 0.0), aspect.probability)
        return TextScores(
            sentiment=sentiment,
            probabilities=rounded,
            polarity=round(rounded["positive"] - rounded["negative"], DIGITS),
            confidence=rounded[sentiment],
            uncertain=bool(ironic) or rounded[sentiment] < self.heads.config.certain,
            irony=ironic,
            needs_answer=self._asks(encoded),
            language=detect(parts.whole),
            topics=tuple(sorted(strongest, key=lambda topic: -strongest[topic])),
            aspects=aspects,
        )

    def _asks(self, encoded: Encoded) -> bool | None:
        """Whether any sentence asks for an answer."""
        found = self.heads.answer(self.heads.scores(encoded.vectors))
        bound = self.heads.config.answer_threshold
        return None if found is None or bound is None else round(float(found.max()), DIGITS) >= bound

    def _aspects(
        self, item: ScoringInput, parts: Composed, encoded: Encoded, taxonomy: Taxonomy
    ) -> tuple[AspectScore, ...]:
        """Topics of the text's own sentences; the title's sentences have no offsets in the text."""
        own = [index for index, sentence in enumerate(encoded.sentences) if sentence.start >= parts.start]
        if not own or not taxonomy.topics:
            return ()
        vectors = encoded.vectors[own]
        words = [parts.whole[encoded.sentences[index].start : encoded.sentences[index].end] for index in own]
        found = self._topics.match(words, self._topic_part(vectors), taxonomy)
        moods = self.heads.probabilities(self.heads.scores(vectors), [item.channel] * len(own))
        aspects = []
        for row, index in enumerate(own):
            sentence = encoded.sentences[index]
            polarity = round(float(moods[row, POSITIVE]) - float(moods[row, NEGATIVE]), DIGITS)
            for topic in self._topics.pick(found[row]):
                probability = round(float(found[row, topic]), DIGITS)
                start, end = sentence.start - parts.start, sentence.end - parts.start
                aspects.append(AspectScore(taxonomy.topics[topic].id, polarity, probability, start, end))
        return tuple(aspects)

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


def _nothing(item: ScoringInput) -> TextScores:
    return TextScores(
        sentiment="neutral",
        probabilities=dict.fromkeys(LABELS, 1 / len(LABELS)),
        polarity=0.0,
        confidence=1 / len(LABELS),
        uncertain=True,
        irony=None,
        needs_answer=None,
        language=detect(item.text),
        topics=(),
        aspects=(),
    )
