"""Topics of sentences: similarity to a taxonomy's descriptions and examples, turned into a probability."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.head import Heads
from nlp.taxonomy import Taxonomy

Vectors = NDArray[np.float32]

MAX_PER_SENTENCE = 2
BEST_PHRASES = 2
BACKGROUND = 2000
BACKGROUND_SEED = 7
KEPT_TAXONOMIES = 16
MIN_DEVIATION = 1e-3


@dataclass(frozen=True)
class TopicVectors:
    """A taxonomy in vector space: all phrases, the topic of each, and what an unrelated sentence scores per topic."""

    ids: tuple[str, ...]
    phrases: Vectors
    owner: NDArray[np.int64]
    usual: Vectors
    deviation: Vectors


class TopicMatcher:
    """Compares sentence vectors with topics. Vectors of a taxonomy are computed once per taxonomy version.

    E5 vectors all point in a similar direction, so they are centred and whitened first (WhiteningBERT, Huang et al.
    2021). A topic's score is the mean cosine of its two nearest phrases, in standard deviations above what sentences
    without the topic score (estimated on random directions, so a topic with more examples isn't found more often).
    """

    def __init__(self, heads: Heads, embed: Callable[[Sequence[str]], Vectors]) -> None:
        """`embed` gives the topic vectors (n, hidden) of phrases."""
        self._heads = heads
        self._embed = embed
        self._known: OrderedDict[str, TopicVectors] = OrderedDict()

    def vectors(self, taxonomy: Taxonomy) -> TopicVectors:
        """The taxonomy's vectors, from the cache where its version was seen."""
        found = self._known.get(taxonomy.version)
        if found is None:
            found = self._known[taxonomy.version] = self._build(taxonomy)
            if len(self._known) > KEPT_TAXONOMIES:
                self._known.popitem(last=False)
        self._known.move_to_end(taxonomy.version)
        return found

    def match(self, sentences: Vectors, taxonomy: Taxonomy) -> Vectors:
        """Probabilities (sentences, topics) that a sentence is about a topic."""
        topics = self.vectors(taxonomy)
        if not topics.ids or not len(sentences):
            return np.zeros((len(sentences), len(topics.ids)), dtype=np.float32)
        config = self._heads.config
        strength = (self._raw(self.whitened(sentences), topics) - topics.usual) / topics.deviation
        return np.asarray(
            1.0 / (1.0 + np.exp(-(config.topic_slope * strength + config.topic_offset))), dtype=np.float32
        )

    def pick(self, probabilities: Vectors) -> list[int]:
        """The topics of one sentence, strongest first: at most two, all above the threshold."""
        order = np.argsort(-probabilities, kind="stable")[:MAX_PER_SENTENCE]
        return [int(index) for index in order if probabilities[index] >= self._heads.config.topic_threshold]

    def whitened(self, vectors: Vectors) -> Vectors:
        """Centred, decorrelated vectors of length 1."""
        white = (vectors - self._heads.topic_mean) @ self._heads.topic_whitening
        return np.asarray(white / np.maximum(np.linalg.norm(white, axis=-1, keepdims=True), 1e-6), dtype=np.float32)

    def _raw(self, white: Vectors, topics: TopicVectors) -> Vectors:
        similar = white @ topics.phrases.T
        columns = []
        for index in range(len(topics.ids)):
            own = np.sort(similar[:, topics.owner == index], axis=1)[:, ::-1]
            columns.append(own[:, :BEST_PHRASES].mean(axis=1))
        return np.stack(columns, axis=1)

    def _build(self, taxonomy: Taxonomy) -> TopicVectors:
        phrases = [(i, phrase) for i, topic in enumerate(taxonomy.topics) for phrase in _phrases(topic)]
        ids = tuple(topic.id for topic in taxonomy.topics)
        if not phrases:
            empty = np.zeros(0, dtype=np.float32)
            return TopicVectors(ids, np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.int64), empty, empty)
        white = self.whitened(self._embed([phrase for _, phrase in phrases]))
        owner = np.array([index for index, _ in phrases], dtype=np.int64)
        zero = np.zeros(len(ids), dtype=np.float32)
        bare = TopicVectors(ids, white, owner, zero, zero + 1)
        random = np.random.default_rng(BACKGROUND_SEED).standard_normal((BACKGROUND, white.shape[1]), dtype=np.float32)
        raw = self._raw(random / np.linalg.norm(random, axis=1, keepdims=True), bare)
        deviation = np.maximum(raw.std(axis=0), MIN_DEVIATION)
        return TopicVectors(ids, white, owner, raw.mean(axis=0), deviation)


def _phrases(topic: object) -> list[str]:
    label, description = getattr(topic, "label", ""), getattr(topic, "description", "")
    texts = [description, *getattr(topic, "examples", ())]
    kept = [text for text in dict.fromkeys(texts) if text.strip()]
    return kept or [label]
