"""Heads of a taxonomy's own: what texts that people gave to topics teach about each, learned within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.cleaning import clean
from nlp.taxonomy import Taxonomy

Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]

LEAST = 4
"""Texts that a topic needs for a head; below, likeness alone decides."""
PENALTY = 10.0
"""Inverse strength of the squared-weights penalty, for vectors of length 1; 3 to 30 made no difference."""
BACKGROUND_WEIGHT = 60.0
"""The most that all background sentences together weigh, in texts: with many texts of its own a topic needs none."""
LETTERS = (3, 5)
LETTER_SPACE = 2**15


@dataclass(frozen=True)
class Shown:
    """What people gave to topics: texts, and which topics each has (texts, topics).

    `judged` counts those of which all topics are known, the others are examples.
    """

    texts: tuple[str, ...]
    gold: Flags
    judged: int

    @property
    def counts(self) -> NDArray[np.int64]:
        """Texts per topic."""
        return np.asarray(self.gold.sum(axis=0), dtype=np.int64)


@dataclass(frozen=True)
class TopicHeads:
    """A linear head per topic on whitened sentence vectors and on parts of words.

    `shown` counts each topic's texts; one with less than `LEAST` has a head of zeros. `judged` is `Shown.judged`.
    """

    shown: NDArray[np.int64]
    judged: int
    weight: Vectors
    letters: Vectors
    bias: Vectors

    @cached_property
    def _by_letters(self) -> Vectors:
        """Laid out as a product with sparse rows needs it, which would else copy it each time."""
        return np.ascontiguousarray(self.letters.T)

    def odds(self, sentences: Sequence[str], white: Vectors) -> Vectors:
        """Raw log-odds (sentences, topics), as far apart as the head was sure in its own texts."""
        # Not a matrix product: that rounds a row differently with other rows beside it.
        of_vectors = np.einsum("nw,tw->nt", white, self.weight)
        return np.asarray(of_vectors + word_parts(sentences) @ self._by_letters + self.bias, dtype=np.float32)


def shown_by(taxonomy: Taxonomy) -> Shown:
    """The examples of all topics and the judged texts. A text that stands with several topics has them all; what a
    person judged goes before the examples."""
    places = {topic.id: place for place, topic in enumerate(taxonomy.topics)}
    found: dict[str, set[int]] = {}
    for topic in taxonomy.topics:
        for text in topic.examples:
            found.setdefault(text, set()).add(places[topic.id])
    # A topic that the taxonomy no longer has teaches nothing, also not that a text is about none of the others.
    taught = set[str]()
    for judged in taxonomy.judged:
        known = {places[name] for name in judged.topics if name in places}
        if known or not judged.topics:
            found[judged.text] = known
            taught.add(judged.text)
    texts = tuple(text for text in found if text.strip())
    gold = np.zeros((len(texts), len(places)), dtype=bool)
    for row, text in enumerate(texts):
        gold[row, list(found[text])] = True
    return Shown(texts, gold, judged=sum(text in taught for text in texts))


def fit_heads(shown: Shown, white: Vectors, background: Vectors) -> TopicHeads:
    """Heads from whitened vectors of the texts shown and of sentences about nothing in particular.

    Per topic a logistic regression: its own texts against those of the others and the background. The three weigh
    alike, so that the odds don't depend on how often people gave examples; `TopicBlend` sets them right.
    """
    count, width = len(shown.texts), white.shape[1]
    numbers = linear_numbers([*shown.texts, *[""] * len(background)], np.concatenate([white, background]))
    counts = shown.counts
    weights = np.zeros((len(counts), width + LETTER_SPACE), dtype=np.float32)
    bias = np.zeros(len(counts), dtype=np.float32)
    for topic in np.flatnonzero(counts >= LEAST):
        gold = np.concatenate([shown.gold[:, topic], np.zeros(len(background), dtype=bool)])
        if not gold.all():
            weights[topic], bias[topic] = _fitted(numbers, gold, count)
    return TopicHeads(counts, shown.judged, weights[:, :width], weights[:, width:], bias)


def _fitted(numbers: Any, gold: Flags, shown: int) -> tuple[Vectors, float]:
    from sklearn.linear_model import LogisticRegression

    own = float(gold.sum())
    weights = np.ones(len(gold))
    others = ~gold[:shown]
    weights[:shown][others] = own / max(1, int(others.sum()))
    weights[shown:] = min(own, BACKGROUND_WEIGHT) / max(1, len(gold) - shown)
    model = LogisticRegression(C=PENALTY, max_iter=500).fit(numbers, gold, sample_weight=weights)
    return np.asarray(model.coef_[0], dtype=np.float32), float(model.intercept_[0])


def linear_numbers(texts: Sequence[str], white: Vectors) -> Any:
    """What a linear head sees of texts: whitened vectors and `word_parts` beside each other, as a sparse matrix."""
    from scipy.sparse import csr_matrix, hstack

    return csr_matrix(hstack([csr_matrix(white), word_parts(texts)]))


def word_parts(texts: Sequence[str]) -> Any:
    """Which sequences of three to five letters stand in the words of texts: a sparse matrix, rows of length 1."""
    return _parts().transform([clean(text).casefold() for text in texts])


@cache
def _parts() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char_wb",
        ngram_range=LETTERS,
        n_features=LETTER_SPACE,
        binary=True,
        alternate_sign=False,
        dtype=np.float32,
    )
