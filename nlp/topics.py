"""Topics of sentences: likeness to a taxonomy's labels, descriptions and examples, turned into a probability."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nlp.head import Heads, TopicBlend
from nlp.taxonomy import Taxonomy, Topic
from nlp.topic_heads import LEAST, TopicHeads, fit_heads, shown_by

Vectors = NDArray[np.float32]

MAX_PER_SENTENCE = 2
SECOND_SHARE = 0.6
"""A sentence has a second topic only where that is nearly as likely as the first."""
BEST_PHRASES = 3
BACKGROUND = 2000
BACKGROUND_SEED = 7
KEPT_TAXONOMIES = 16
MIN_DEVIATION = 1e-3
MIN_STEM = 4
WORD = re.compile(r"[^\W\d_]+")
FOLDED = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})


@dataclass(frozen=True)
class TopicVectors:
    """A taxonomy in vector space: all phrases, the topic of each, and what an unrelated sentence scores per topic.

    `names` and `nouns` are the word stems of each topic's label and of the nouns of its description. `heads` were
    learned from its examples and judged texts; None where there are too few, or where the model can't weigh them.
    """

    ids: tuple[str, ...]
    phrases: Vectors
    owner: NDArray[np.int64]
    usual: Vectors
    deviation: Vectors
    names: tuple[tuple[str, ...], ...]
    nouns: tuple[tuple[str, ...], ...]
    heads: TopicHeads | None = None


class TopicMatcher:
    """Compares sentences with topics. Vectors of a taxonomy are computed once per taxonomy version.

    Three signs are weighed by a logistic regression. The strength: E5 vectors all point in a similar direction, so
    they are centred and whitened first (WhiteningBERT, Huang et al. 2021); it is the mean cosine of the topic's three
    nearest phrases, in standard deviations above what random directions score, so that more examples don't find more.
    Whether the topic's label is named. Whether, failing that, a noun of its description is. Where people gave a topic
    texts of its own, a head learned from them is a fourth sign, the weightier the more texts there are.
    """

    def __init__(self, heads: Heads, embed: Callable[[Sequence[str]], Vectors]) -> None:
        """`embed` gives the topic vectors (n, hidden) of phrases."""
        self._heads = heads
        self._embed = embed
        self._known: OrderedDict[str, TopicVectors] = OrderedDict()

    @property
    def threshold(self) -> float:
        """The probability from which on a sentence has a topic."""
        return self._heads.config.topic_threshold

    def vectors(self, taxonomy: Taxonomy) -> TopicVectors:
        """The taxonomy's vectors, from the cache where its version was seen."""
        found = self._known.get(taxonomy.version)
        if found is None:
            found = self._known[taxonomy.version] = self._build(taxonomy)
            if len(self._known) > KEPT_TAXONOMIES:
                self._known.popitem(last=False)
        self._known.move_to_end(taxonomy.version)
        return found

    def match(self, sentences: Sequence[str], vectors: Vectors, taxonomy: Taxonomy) -> Vectors:
        """Probabilities (sentences, topics) that a sentence is about a topic."""
        return self.match_whitened(sentences, self.whitened(vectors), taxonomy)

    def match_whitened(self, sentences: Sequence[str], white: Vectors, taxonomy: Taxonomy) -> Vectors:
        """`match` of vectors that are `whitened` already. A sentence's row doesn't depend on the others beside it."""
        config = self._heads.config
        topics = self.vectors(taxonomy)
        signs = self._signs(sentences, white, topics)
        odds = np.full(signs.shape[:2], config.topic_offset, dtype=np.float32)
        for place, weight in enumerate(config.topic_weights):
            odds += np.float32(weight) * signs[:, :, place]
        heads = topics.heads
        if heads is not None and config.topic_blend is not None and len(sentences):
            learned = heads.odds(sentences, white)
            odds = np.where(heads.shown >= LEAST, blended(signs, learned, heads, config.topic_blend), odds)
        return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float32)

    def signs(self, sentences: Sequence[str], vectors: Vectors, taxonomy: Taxonomy) -> Vectors:
        """The three signs (sentences, topics, 3): strength, label named, a noun of the description named."""
        return self._signs(sentences, self.whitened(vectors), self.vectors(taxonomy))

    def _signs(self, sentences: Sequence[str], white: Vectors, topics: TopicVectors) -> Vectors:
        signs = np.zeros((len(sentences), len(topics.ids), 3), dtype=np.float32)
        if not topics.ids or not sentences:
            return signs
        signs[:, :, 0] = (self._raw(white, topics) - topics.usual) / topics.deviation
        for row, sentence in enumerate(sentences):
            folded = sentence.casefold().translate(FOLDED)
            named = np.array([any(stem in folded for stem in stems) for stems in topics.names])
            meant = np.array([any(stem in folded for stem in stems) for stems in topics.nouns])
            signs[row, :, 1] = named
            signs[row, :, 2] = meant & ~named
        return signs

    def pick(self, probabilities: Vectors) -> list[int]:
        """The topics of one sentence, strongest first; see `chosen`."""
        order = np.argsort(-probabilities, kind="stable")
        kept = chosen(probabilities[None, :], self.threshold)[0]
        return [int(index) for index in order if kept[index]]

    def whitened(self, vectors: Vectors) -> Vectors:
        """Centred, decorrelated vectors of length 1."""
        white = (vectors - self._heads.topic_mean) @ self._heads.topic_whitening
        return np.asarray(white / np.maximum(np.linalg.norm(white, axis=-1, keepdims=True), 1e-6), dtype=np.float32)

    def _raw(self, white: Vectors, topics: TopicVectors) -> Vectors:
        # Neither a matrix product nor a mean: the order of their sums depends on the number of rows.
        similar = np.einsum("nw,pw->np", white, topics.phrases)
        columns = []
        for index in range(len(topics.ids)):
            best = np.sort(similar[:, topics.owner == index], axis=1)[:, ::-1][:, :BEST_PHRASES]
            columns.append(sum(best[:, place] for place in range(best.shape[1])) / best.shape[1])
        return np.stack(columns, axis=1)

    def _build(self, taxonomy: Taxonomy) -> TopicVectors:
        phrases = [(i, phrase) for i, topic in enumerate(taxonomy.topics) for phrase in _phrases(topic)]
        white = self.whitened(self._embed([phrase for _, phrase in phrases])) if phrases else np.zeros((0, 1))
        count = len(taxonomy.topics)
        bare = TopicVectors(
            ids=tuple(topic.id for topic in taxonomy.topics),
            phrases=np.asarray(white, dtype=np.float32),
            owner=np.array([index for index, _ in phrases], dtype=np.int64),
            usual=np.zeros(count, dtype=np.float32),
            deviation=np.ones(count, dtype=np.float32),
            names=tuple(_stems(topic.label, nouns=False) for topic in taxonomy.topics),
            nouns=tuple(_stems(topic.description, nouns=True) for topic in taxonomy.topics),
        )
        if not phrases:
            return bare
        bare = replace(bare, heads=self._learned(taxonomy))
        random = np.random.default_rng(BACKGROUND_SEED).standard_normal((BACKGROUND, white.shape[1]), dtype=np.float32)
        raw = self._raw(random / np.linalg.norm(random, axis=1, keepdims=True), bare)
        return replace(bare, usual=raw.mean(axis=0), deviation=np.maximum(raw.std(axis=0), MIN_DEVIATION))

    def _learned(self, taxonomy: Taxonomy) -> TopicHeads | None:
        shown = shown_by(taxonomy)
        if self._heads.config.topic_blend is None or shown.counts.max() < LEAST:
            return None
        return fit_heads(shown, self.whitened(self._embed(shown.texts)), self._heads.topic_background)


def blended(signs: Vectors, learned: Vectors, heads: TopicHeads, blend: TopicBlend) -> Vectors:
    """Log-odds (sentences, topics) of signs (sentences, topics, 3) and the heads' odds; see `TopicBlend`."""
    weights = (
        np.array(blend.base)[:, None]
        + np.array(blend.per_doubling)[:, None] * np.log2(np.clip(heads.shown, 1, blend.most))
        + np.array(blend.per_judged)[:, None] * np.log2(1 + min(heads.judged, blend.most_judged))
    )
    # In float64 and sum by sum: the order of sums must not depend on the number of rows.
    odds = weights[3] * learned + weights[4]
    for place in range(3):
        odds = odds + weights[place] * signs[:, :, place]
    return np.asarray(odds, dtype=np.float32)


def chosen(probabilities: Vectors, threshold: float) -> NDArray[np.bool_]:
    """Which topics (sentences, topics) are given: at most two above the threshold, the second not far behind."""
    ranks = (-probabilities).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    least = np.maximum(threshold, SECOND_SHARE * probabilities.max(axis=1, keepdims=True, initial=0.0))
    return np.asarray((ranks < MAX_PER_SENTENCE) & (probabilities >= least))


def _phrases(topic: Topic) -> list[str]:
    """Label, description and a few examples, each once; at least one, as a topic of no words still has its id.

    Of many examples the head says more, and the nearest of many is near to anything.
    """
    examples = () if len(topic.examples) >= LEAST else topic.examples
    texts = dict.fromkeys((topic.label, topic.description, *examples))
    return [text for text in texts if text.strip()] or [topic.id]


def _stems(text: str, *, nouns: bool) -> tuple[str, ...]:
    """Words without their last two letters, umlauts folded: a rough stem that also finds compounds and plurals."""
    words = [word for word in WORD.findall(text) if len(word) >= MIN_STEM and (not nouns or word[0].isupper())]
    folded = [word.casefold().translate(FOLDED) for word in words]
    return tuple(
        dict.fromkeys(word[: max(MIN_STEM, len(word) - 2)] if len(word) > MIN_STEM + 1 else word for word in folded)
    )
