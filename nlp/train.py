"""Trains the shipped heads: embeds the labelled texts once (resumable), fits, calibrates, writes the heads."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.corpora import CHANNEL_SOURCES, CORPORA, Row, read_rows
from nlp.encoder import Encoder, default_threads
from nlp.fitting import fit_calibration, fit_linear, whitening
from nlp.head import LABELS, HeadConfig, Heads, save_heads
from nlp.topic_fitting import DEFAULT_TOPICS, TopicPart, fit_topics
from nlp.vector_cache import Progress, document_vectors

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

LAYERS = (6, 9, 12)
DECAY = 0.01
CERTAIN_ACCURACY = 0.6


@dataclass(frozen=True)
class Labelled:
    """Rows with a label, their vectors and label numbers."""

    rows: tuple[Row, ...]
    vectors: Vectors
    labels: Numbers


def train(
    data_folder: Path,
    output_folder: Path,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    cache_folder: Path | None = None,
    encoder: Encoder | None = None,
    commercial_only: bool = True,
) -> dict[str, Any]:
    """Fits the heads on `data_folder/train/*.jsonl`, calibrates them on one half of `dev/*.jsonl`, writes them.

    Vectors are kept in `cache_folder` (default: `output_folder/vectors`) chunk by chunk: a killed run goes on there.
    Rows of corpora whose licence forbids commercial use are left out unless `commercial_only` is False. `seed` is
    recorded; the problems are convex and start at zero, so it changes nothing. Returns the training facts of the
    config. Raises ValueError where rows are no labelled texts or missing, WeightsError without encoder.
    """
    started = time.monotonic()
    if encoder is None:
        from nlp.weights import encoder_files

        encoder = Encoder(encoder_files(), layers=LAYERS, threads=default_threads())
    cache = cache_folder or output_folder / "vectors"
    fitted = [
        _labelled(path, encoder, cache, commercial_only, progress)
        for path in sorted((data_folder / "train").glob("*.jsonl"))
    ]
    tuned = [_labelled(path, encoder, cache, False, progress) for path in sorted((data_folder / "dev").glob("*.jsonl"))]
    if not any(len(part.rows) for part in fitted):
        raise ValueError(f"{data_folder / 'train'} holds no labelled rows")
    heads = fit([part for part in fitted if part.rows], [part for part in tuned if part.rows], encoder, seed=seed)
    facts = {**heads.config.training, "minutes": round((time.monotonic() - started) / 60, 1)}
    heads = _with_training(heads, facts)
    save_heads(heads, output_folder)
    return facts


def fit(train_parts: Sequence[Labelled], dev_parts: Sequence[Labelled], encoder: Encoder, *, seed: int = 0) -> Heads:
    """The heads from labelled vectors; without dev rows the calibration is the identity."""
    rows = [row for part in train_parts for row in part.rows]
    vectors = np.concatenate([part.vectors for part in train_parts])
    labels = np.concatenate([part.labels for part in train_parts])
    mean, scale = vectors.mean(axis=0), vectors.std(axis=0) + 1e-4
    names = sorted({row.corpus for row in rows})
    corpora = np.array([names.index(row.corpus) for row in rows], dtype=np.int64)
    weights = np.array([_weight(row) for row in rows], dtype=np.float32)
    weight, bias = fit_linear((vectors - mean) / scale, labels, corpora, weights, decay=DECAY)
    hidden = encoder.sizes.hidden
    topic_mean, topic_whitening = whitening(vectors[:, -hidden:])
    config = HeadConfig(
        encoder=encoder.revision,
        layers=encoder.layers,
        certain=0.0,
        calibrations={},
        **DEFAULT_TOPICS,
        training={"seed": seed, "rows": _counts(train_parts), "calibration_rows": _counts(dev_parts)},
    )
    heads = Heads(config, mean, scale, weight, bias, topic_mean, topic_whitening)
    parts = [TopicPart(part.rows, part.vectors[:, -hidden:]) for part in train_parts]
    unseen = [TopicPart(part.rows, part.vectors[:, -hidden:]) for part in dev_parts]
    topics, figures = fit_topics(heads, parts, unseen, lambda texts: _embedded(encoder, texts))
    config = config.model_copy(update={**topics, "training": {**config.training, **figures}})
    return _calibrated(_replaced(heads, config), dev_parts)


def _embedded(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    return np.stack([item.document for item in encoder.encode(texts)])[:, -encoder.sizes.hidden :]


def _labelled(path: Path, encoder: Encoder, cache: Path, commercial_only: bool, progress: Progress | None) -> Labelled:
    rows = [row for row in read_rows(path) if row.label in LABELS]
    if commercial_only:
        rows = [row for row in rows if row.domain not in CORPORA or CORPORA[row.domain].commercial]
    vectors = document_vectors([row.text for row in rows], encoder, cache, title=path.stem, progress=progress)
    labels = np.array([LABELS.index(row.label) for row in rows if row.label in LABELS], dtype=np.int64)
    return Labelled(tuple(rows), vectors, labels)


def _weight(row: Row) -> float:
    return CORPORA[row.domain].weight if row.domain in CORPORA else 1.0


def _counts(parts: Sequence[Labelled]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in parts:
        for row in part.rows:
            counts[row.corpus] = counts.get(row.corpus, 0) + 1
    return counts


def _calibrated(heads: Heads, dev_parts: Sequence[Labelled]) -> Heads:
    """One calibration per channel, and the confidence under which a label is called uncertain."""
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
            calibrations[channel] = fit_calibration(known)
    config = heads.config.model_copy(update={"calibrations": calibrations})
    heads = _replaced(heads, config)
    return _replaced(heads, config.model_copy(update={"certain": _certain(heads, scores)}))


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


def _with_training(heads: Heads, facts: dict[str, Any]) -> Heads:
    return _replaced(heads, heads.config.model_copy(update={"training": facts}))


def _replaced(heads: Heads, config: HeadConfig) -> Heads:
    return Heads(config, heads.mean, heads.scale, heads.weight, heads.bias, heads.topic_mean, heads.topic_whitening)
