"""Fits the head that tells irony: our own ironic sentences against plain ones of our own and texts of the corpora.

Nobody labelled the corpora for irony. Most of their texts have none, so each counts a little as plain; without them the
head would learn to tell tweets from reviews.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nlp.calibrating import Labelled
from nlp.contrast import Contrast
from nlp.head import IRONY, Heads

Vectors = NDArray[np.float32]

PENALTY = 0.01
"""Inverse strength of the squared-weights penalty: a few hundred sentences and a thousand numbers each."""
CORPUS_SHARE = 0.3
"""What all texts of the corpora together weigh, as a multiple of our own plain sentences."""
FALSE_IRONY = 0.05
"""Share of a corpus' texts that may be flagged."""
MIN_TEXTS = 100


def with_irony(heads: Heads, own: Sequence[Contrast], vectors: Vectors, corpora: Vectors) -> Heads:
    """The heads with irony's row fitted on our own sentences (n, width) and texts of the corpora (m, width)."""
    from sklearn.linear_model import LogisticRegression

    gold = np.array([item.irony for item in own] + [False] * len(corpora), dtype=bool)
    if not gold.any() or not len(corpora):
        return heads
    plain = len(own) - int(gold.sum())
    weights = np.concatenate([np.ones(len(own)), np.full(len(corpora), CORPUS_SHARE * plain / len(corpora))])
    standard = (np.concatenate([vectors, corpora]) - heads.mean) / heads.scale
    model = LogisticRegression(C=PENALTY, max_iter=2000).fit(standard, gold, sample_weight=weights)
    weight, bias = heads.weight.copy(), heads.bias.copy()
    weight[IRONY], bias[IRONY] = model.coef_[0], model.intercept_[0]
    return replace(heads, weight=weight, bias=bias)


def irony_bound(heads: Heads, dev_parts: Sequence[Labelled]) -> float | None:
    """The lowest probability that flags at most `FALSE_IRONY` of any corpus' texts; None where there are too few."""
    found: dict[str, list[Vectors]] = {}
    for part in dev_parts:
        for row, vector in zip(part.rows, part.vectors, strict=True):
            if row.calibrates:
                found.setdefault(row.corpus, []).append(vector)
    if not found or min(len(vectors) for vectors in found.values()) < MIN_TEXTS:
        return None
    bounds = [
        float(np.quantile(heads.irony(heads.scores(np.stack(vectors))), 1 - FALSE_IRONY)) for vectors in found.values()
    ]
    return min(1.0, round(max(bounds) + 0.005, 2))
