"""Fits how likeness becomes the probability of a topic, on aspects that people annotated (aspects.json maps them)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.corpora import Row
from nlp.head import Heads
from nlp.taxonomy import Taxonomy, Topic
from nlp.topics import TopicMatcher, chosen

Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]

ASPECTS = Path(__file__).resolve().parent / "data" / "aspects.json"
DEFAULT_TOPICS: dict[str, Any] = {"topic_weights": (0.5, 3.9, 1.2), "topic_offset": -3.9, "topic_threshold": 0.3}
"""Used where the training rows carry no aspects."""
MIN_GOLD = 3
MIN_ROWS = 200
# From 0.3 on: a lower threshold finds a little more and makes hotspots that nobody can follow.
THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(9))


@dataclass(frozen=True)
class TopicPart:
    """Rows of a corpus with their topic vectors."""

    rows: tuple[Row, ...]
    vectors: Vectors


@dataclass(frozen=True)
class Compared:
    """Rows of one group compared with its topics: signs (rows, topics, 3), gold (rows, topics), calibration half."""

    signs: Vectors
    gold: Flags
    seen: Flags


def fit_topics(
    heads: Heads,
    train_parts: Sequence[TopicPart],
    dev_parts: Sequence[TopicPart],
    embed: Callable[[Sequence[str]], Vectors],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Config entries for topics, and figures: macro- and micro-F1 on the half of the dev rows that tuned nothing.

    Weights and offset come from the training rows, the threshold from one half of the dev rows.
    """
    matcher = TopicMatcher(heads, embed)
    fitted = list(_compared(matcher, train_parts))
    if sum(len(item.gold) for item in fitted) < MIN_ROWS or not any(item.gold.any() for item in fitted):
        return DEFAULT_TOPICS, {}
    from sklearn.linear_model import LogisticRegression

    signs = np.concatenate([item.signs.reshape(-1, 3) for item in fitted])
    model = LogisticRegression(C=100.0).fit(signs, np.concatenate([item.gold.ravel() for item in fitted]))
    weights = np.array([round(float(value), 4) for value in model.coef_[0]])
    offset = round(float(model.intercept_[0]), 4)
    judged = [(1 / (1 + np.exp(-(item.signs @ weights + offset))), item) for item in _compared(matcher, dev_parts)]
    threshold = max(THRESHOLDS, key=lambda value: _f1(judged, value, seen=True)[0]) if judged else 0.3
    macro, micro = _f1(judged, threshold, seen=False)
    entries = {"topic_weights": tuple(weights.tolist()), "topic_offset": offset, "topic_threshold": threshold}
    return entries, {"topics": {"macro_f1": round(macro, 4), "micro_f1": round(micro, 4)}} if judged else {}


def _compared(matcher: TopicMatcher, parts: Sequence[TopicPart]) -> Iterator[Compared]:
    for group in json.loads(ASPECTS.read_text(encoding="utf-8"))["groups"]:
        taxonomy = Taxonomy(topics=tuple(_topic(item) for item in group["topics"]))
        for part in parts:
            chosen = [index for index, row in enumerate(part.rows) if row.domain in group["domains"]]
            if not chosen:
                continue
            rows = [part.rows[index] for index in chosen]
            gold = [
                [any(name in item["aspects"] for name, _ in row.aspects) for item in group["topics"]] for row in rows
            ]
            signs = matcher.signs([row.text for row in rows], part.vectors[chosen], taxonomy)
            yield Compared(signs, np.array(gold, dtype=bool), np.array([row.calibrates for row in rows], dtype=bool))


def _topic(item: dict[str, Any]) -> Topic:
    return Topic(id=item["id"], label=item["label"], description=item["description"], examples=tuple(item["examples"]))


def _f1(judged: Sequence[tuple[Vectors, Compared]], threshold: float, *, seen: bool) -> tuple[float, float]:
    """Macro-F1 over topics with at least three gold rows, and micro-F1, on one half of the rows."""
    figures: list[float] = []
    totals = np.zeros(3, dtype=np.int64)
    for probabilities, item in judged:
        rows = item.seen == seen
        values, gold = probabilities[rows], item.gold[rows]
        found = chosen(values, threshold)
        counts = np.stack([(found & gold).sum(axis=0), found.sum(axis=0), gold.sum(axis=0)])
        enough = counts[2] >= MIN_GOLD
        figures.extend((2 * counts[0] / (counts[1] + counts[2]))[enough].tolist())
        totals += counts[:, enough].sum(axis=1)
    micro = float(2 * totals[0] / max(1, totals[1] + totals[2]))
    return (float(np.mean(figures)) if figures else 0.0), micro
