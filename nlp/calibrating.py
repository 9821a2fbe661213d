"""Fits what turns scores into probabilities and doubts: calibrations per channel, the bounds of certainty and irony."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nlp.corpora import CHANNEL_SOURCES, CORPORA, REVIEWS, Row
from nlp.fitting import fit_calibration
from nlp.head import LABELS, Heads

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

CERTAIN_ACCURACY = 0.6
OWN_BALANCE = 0.15
POOLED_BALANCE = 0.5
"""How far labels count alike (`fit_calibration`): little where a channel's own texts tell how common a label is,
more where several corpora stand in for them."""
FALSE_IRONY = 0.03
"""Share of plain reviews that may be flagged as ironic."""
MIN_REVIEWS = 100


@dataclass(frozen=True)
class Labelled:
    """Rows with a label, their vectors and label numbers."""

    rows: tuple[Row, ...]
    vectors: Vectors
    labels: Numbers


def calibrated(heads: Heads, dev_parts: Sequence[Labelled]) -> Heads:
    """One calibration per channel, the confidence under which a label is uncertain, the bound of irony."""
    scores: dict[str, tuple[Vectors, Numbers, bool]] = {}
    for part in dev_parts:
        for corpus in sorted({row.corpus for row in part.rows}):
            chosen = [index for index, row in enumerate(part.rows) if row.corpus == corpus and row.calibrates]
            if chosen:
                domain = CORPORA.get(part.rows[chosen[0]].domain)
                mixed = domain is None or domain.annotates_mixed
                scores[corpus] = (heads.scores(part.vectors[chosen]), part.labels[chosen], mixed)
    calibrations = {}
    for channel, sources in CHANNEL_SOURCES.items():
        known = [scores[source] for source in sources if source in scores]
        if known:
            parts = [(raw[:, : len(LABELS)], labels, mixed) for raw, labels, mixed in known]
            calibrations[channel] = fit_calibration(parts, balance=OWN_BALANCE if len(sources) == 1 else POOLED_BALANCE)
    config = heads.config.model_copy(update={"calibrations": calibrations})
    found = {
        "certain": _certain(replace(heads, config=config), scores),
        "irony_threshold": _irony_bound(heads, dev_parts),
    }
    return replace(heads, config=config.model_copy(update=found))


def _certain(heads: Heads, scores: Mapping[str, tuple[Vectors, Numbers, bool]]) -> float:
    """The lowest confidence from which on, within 0.05 above it, at least `CERTAIN_ACCURACY` of labels are right."""
    confidence, right = [], []
    for corpus, (raw, labels, _) in scores.items():
        probabilities = heads.probabilities(raw, [corpus] * len(raw))
        confidence.append(probabilities.max(axis=1))
        right.append(probabilities.argmax(axis=1) == labels)
    if not confidence:
        return 0.5
    sure, correct = np.concatenate(confidence), np.concatenate(right)
    for threshold in np.arange(0.35, 0.7, 0.01):
        near = (sure >= threshold) & (sure < threshold + 0.05)
        if near.sum() >= 20 and correct[near].mean() >= CERTAIN_ACCURACY:
            return round(float(threshold), 2)
    return 0.5


def _irony_bound(heads: Heads, dev_parts: Sequence[Labelled]) -> float:
    """The lowest bound from 0.5 on that flags at most `FALSE_IRONY` of plain reviews; 1 where there are too few."""
    vectors = [
        part.vectors[index]
        for part in dev_parts
        for index, row in enumerate(part.rows)
        if row.domain in REVIEWS and row.calibrates
    ]
    if len(vectors) < MIN_REVIEWS:
        return 1.0
    found = heads.irony(heads.scores(np.stack(vectors)))
    return max(0.5, round(float(np.quantile(found, 1 - FALSE_IRONY)) + 0.005, 2))
