"""Fits calibrations and centring: convex problems, so that the same data give the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.head import LABELS, Calibration

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

MIXED = LABELS.index("mixed")
ITERATIONS = 200


def fit_calibration(
    parts: Sequence[tuple[Vectors, Numbers, bool]], *, balance: float, decay: float = 0.003
) -> Calibration:
    """Temperature and biases that make raw scores into probabilities (Guo et al. 2017, with vector bias).

    Each part is one corpus (scores, labels, whether it annotates `mixed`); parts count equally. Where a corpus has no
    `mixed`, that label is left out of its softmax, unless no corpus has it: then its bias becomes strongly negative.
    Rows count by their label's share to the power of `-balance`: 0 is the plain likelihood, which hardly ever finds a
    rare label, 1 treats all labels as equally common.
    """
    import torch

    annotated = any(part[2] for part in parts)
    data = [
        (torch.from_numpy(scores), torch.from_numpy(labels), mixed, torch.from_numpy(_row_weights(labels, balance)))
        for scores, labels, mixed in parts
    ]
    log_temperature = torch.zeros(1, requires_grad=True)
    bias = torch.zeros(len(LABELS), requires_grad=True)

    def loss() -> Any:
        total = decay * (bias.square().sum() + log_temperature.square().sum())
        for scores, labels, mixed, weights in data:
            raw = scores * log_temperature.exp() + bias
            if annotated and not mixed:
                raw = raw[:, :MIXED]
            entropy = torch.nn.functional.cross_entropy(raw, labels, reduction="none")
            total = total + (entropy * weights).sum() / len(data)
        return total

    _minimise([log_temperature, bias], loss)
    values = [round(float(value), 4) for value in bias.detach()]
    temperature = round(float(log_temperature.detach().exp()[0]), 4)
    return Calibration(temperature=temperature, bias=(values[0], values[1], values[2], values[3]))


def _row_weights(labels: Numbers, balance: float) -> Vectors:
    """A weight per row; together they are 1."""
    shares = np.bincount(labels, minlength=len(LABELS)) / max(1, len(labels))
    weights = np.maximum(shares, 1e-9)[labels] ** -balance
    return np.asarray(weights / weights.sum(), dtype=np.float32)


def _minimise(parameters: list[Any], loss: Any) -> None:
    import torch

    optimiser: Any = torch.optim.LBFGS(parameters, max_iter=ITERATIONS, history_size=20, line_search_fn="strong_wolfe")

    def step() -> Any:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value

    optimiser.step(step)


def whitening(vectors: Vectors, *, keep: float = 0.5) -> tuple[Vectors, Vectors]:
    """Mean and symmetric whitening matrix of vectors; `keep` shrinks the covariance towards its mean variance."""
    mean = vectors.mean(axis=0)
    covariance = np.cov((vectors - mean).astype(np.float64), rowvar=False)
    size = covariance.shape[0]
    covariance = (1 - keep) * covariance + keep * np.trace(covariance) / size * np.eye(size)
    values, axes = np.linalg.eigh(covariance)
    matrix = axes @ np.diag(1.0 / np.sqrt(np.maximum(values, 1e-9))) @ axes.T
    return mean.astype(np.float32), matrix.astype(np.float32)
