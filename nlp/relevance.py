"""Whether a text means the brand, learned from texts that people said don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.topic_heads import linear_numbers

Vectors = NDArray[np.float32]

FEWEST = 3
"""Texts of each kind, below which nothing is learned."""
PENALTY = 10.0
WRONGLY = 0.02
"""Share of the texts about the brand that may be set aside, judged by heads that didn't see them."""
FOLDS = 5


class Relevance:
    """A logistic regression on whitened document vectors and parts of words, fitted anew from all texts each time.

    `bound` is the probability under which a text is taken for one that doesn't mean the brand.
    """

    def __init__(self, embed: Callable[[Sequence[str]], Vectors], ours: Sequence[str], others: Sequence[str]) -> None:
        """`ours` mean the brand, `others` don't; see `enough`. `embed` gives whitened vectors (n, hidden) of texts."""
        self._embed = embed
        texts = [*ours, *others]
        gold = np.array([True] * len(ours) + [False] * len(others), dtype=bool)
        numbers = linear_numbers(texts, embed(texts))
        self._model = _fitted(numbers, gold)
        self.bound = _bound(numbers, gold)

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """The probability (four digits) of each text that it means the brand, as if both kinds were equally common."""
        if not texts:
            return []
        # One by one: a product of many rows rounds otherwise than of one.
        rows = [linear_numbers([text], vector[None, :]) for text, vector in zip(texts, self._embed(texts), strict=True)]
        return [round(float(self._model.predict_proba(row)[0, 1]), 4) for row in rows]


def enough(ours: Sequence[str], others: Sequence[str]) -> bool:
    """Whether there are texts enough to learn from."""
    return min(len(ours), len(others)) >= FEWEST


def _fitted(numbers: Any, gold: NDArray[np.bool_]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=500).fit(numbers, gold)


def _bound(numbers: Any, gold: NDArray[np.bool_]) -> float:
    """The probability of the least foreign of the others that stays below nearly all texts about the brand, both judged
    by models that didn't see them. 0 where there is none: then nothing is set aside."""
    from sklearn.model_selection import StratifiedKFold

    unseen = np.zeros(len(gold))
    folds = StratifiedKFold(min(FOLDS, int(gold.sum()), int((~gold).sum())), shuffle=True, random_state=0)
    for shown, held in folds.split(np.zeros(len(gold)), gold):
        unseen[held] = _fitted(numbers[shown], gold[shown]).predict_proba(numbers[held])[:, 1]
    most = np.quantile(unseen[gold], WRONGLY)
    below = unseen[~gold][unseen[~gold] < most]
    return round(float(below.max()), 4) if len(below) else 0.0
