"""Whether a text means the brand, learned from texts that people said don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.topic_heads import linear_numbers

Vectors = NDArray[np.float32]

FEWEST, FEWEST_OURS = 3, 20
"""Texts about something else, and about the brand, below which nothing is learned."""
PENALTY = 10.0
WRONGLY = 0.1
"""Share of texts about the brand among those set aside, judged by models that didn't see them."""
FOLDS = 5


class Relevance:
    """A logistic regression on whitened document vectors and parts of words, fitted anew from all texts each time.

    `bound` is the probability up to which a text is taken for one that doesn't mean the brand.
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
    return len(ours) >= FEWEST_OURS and len(others) >= FEWEST


def _fitted(numbers: Any, gold: NDArray[np.bool_]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=500).fit(numbers, gold)


def _bound(numbers: Any, gold: NDArray[np.bool_]) -> float:
    """The highest probability under which nearly all texts are about something else, judged by models that didn't see
    them. A complaint that is set aside by mistake costs more than a text that a person has to mark.

    At most the middle between both kinds: texts about the brand that are alike must not make every other one foreign.
    0, under which nothing lies, where none of the others is found so.
    """
    from sklearn.model_selection import StratifiedKFold

    unseen = np.zeros(len(gold))
    folds = StratifiedKFold(min(FOLDS, int(gold.sum()), int((~gold).sum())), shuffle=True, random_state=0)
    for shown, held in folds.split(np.zeros(len(gold)), gold):
        unseen[held] = _fitted(numbers[shown], gold[shown]).predict_proba(numbers[held])[:, 1]
    ours, others = np.sort(unseen[gold]), np.sort(unseen[~gold])
    below = np.searchsorted(others, ours)
    places = np.arange(len(ours))
    fine = (below > 0) & (places <= WRONGLY * (places + below))
    if not fine.any():
        return 0.0
    middle = (ours.mean() + others.mean()) / 2
    return float(np.floor(min(ours[fine][-1], middle) * 10_000 - 1) / 10_000)
