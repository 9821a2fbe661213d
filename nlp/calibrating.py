"""Fits what turns scores into probabilities and doubts: calibrations per channel, the bound of certainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nlp.corpora import CHANNEL_SOURCES, CORPORA, Row
from nlp.fitting import fit_calibration
from nlp.head import LABELS, Heads

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

CERTAIN_ACCURACY = 0.6
OWN_BALANCE = 0.15
POOLED_BALANCE = 0.5
"""How far labels count alike (`fit_calibration`): little where a channel's own texts tell how common a label is,
more where several corpora stand in for them."""


@dataclass(frozen=True)
class Labelled:
    """Rows with a label, their vectors and label numbers."""

    rows: tuple[Row, ...]
    vectors: Vectors
    labels: Numbers


def calibrated(heads: Heads, dev_parts: Sequence[Labelled]) -> Heads:
    """One calibration per channel, and the confidence under which a label is uncertain."""
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
    certain = _certain(replace(heads, config=config), scores)
    return replace(heads, config=config.model_copy(update={"certain": certain}))


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
