"""The heads on the encoder's vectors: what is fitted, how it is calibrated per channel, how it is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlp.quantised import WeightsError
from nlp.scorer import Label

Vectors = NDArray[np.float32]

LABELS: tuple[Label, ...] = ("negative", "neutral", "positive", "mixed")
IRONY, ANSWER = len(LABELS), len(LABELS) + 1
NAME = "brandmelder-e5"
NONCOMMERCIAL = f"{NAME}-noncommercial"
"""The name of a model that learned from texts whose licence forbids commercial use."""
GENERAL = "general"
TENSORS = "heads.safetensors"
CONFIG = "config.json"
MAX_BYTES = 16 * 1024 * 1024


class Calibration(BaseModel):
    """Maps raw scores to probabilities: softmax(temperature * score + bias), one bias per label in `LABELS`' order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=1.0, gt=0, le=100)
    bias: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


class TopicBlend(BaseModel):
    """How the signs of likeness and a taxonomy's own heads (nlp.topic_heads) are weighed together.

    Log-odds are signs times `base + per_doubling * log2(shown) + per_judged * log2(1 + judged)`: strength, label named,
    noun named, head, and a constant. `shown` counts the texts that the topic was given, `most` at most; `judged` the
    texts of which all topics are known, `most_judged` at most: those tell what is about none of the topics.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: tuple[float, float, float, float, float]
    per_doubling: tuple[float, float, float, float, float]
    per_judged: tuple[float, float, float, float, float]
    most: int = Field(ge=2)
    most_judged: int = Field(ge=0)


class HeadConfig(BaseModel):
    """Everything about the heads that is not a matrix. `certain` is the confidence under which a label is uncertain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, ge=1, le=1)
    name: str = NAME
    encoder: str
    layers: tuple[int, ...] = Field(min_length=1, max_length=64)
    one_spelling: bool = False
    """Whether the encoder reads texts in one spelling (`nlp.cleaning.canonical`)."""
    certain: float = Field(ge=0, le=1)
    calibrations: dict[str, Calibration]
    topic_threshold: float = Field(ge=0, le=1)
    topic_weights: tuple[float, float, float]
    topic_offset: float
    topic_blend: TopicBlend | None = None
    """None where nothing was learned about how far to trust a taxonomy's own heads: then likeness alone counts."""
    irony_threshold: float | None = Field(default=None, ge=0, le=1)
    """The probability from which on a text is flagged as ironic; None where nothing was learned about irony."""
    answer_threshold: float | None = Field(default=None, ge=0, le=1)
    """The probability from which on a text needs an answer; None where nothing was learned about that."""
    training: dict[str, Any] = {}


@dataclass(frozen=True)
class Heads:
    """Fitted heads. `mean` and `scale` standardise a vector, `weight` (labels + 1 or 2, width) and `bias` score it.

    The row behind the labels' is irony's; where the need for an answer was learned, one more is.

    `topic_mean` and `topic_whitening` centre and decorrelate sentence vectors before they are compared with topics.
    `topic_background` (n, hidden) are whitened vectors of sentences about nothing in particular.
    """

    config: HeadConfig
    mean: Vectors
    scale: Vectors
    weight: Vectors
    bias: Vectors
    topic_mean: Vectors
    topic_whitening: Vectors
    topic_background: Vectors
    revision: str = field(default="")

    def scores(self, vectors: Vectors) -> Vectors:
        """Raw scores (n, labels + 1 or 2) of vectors (n, width)."""
        standard = (vectors - self.mean) / self.scale
        # A matrix product rounds a row differently with other rows beside it; resumed runs have other batches.
        return np.asarray(np.einsum("nw,lw->nl", standard, self.weight) + self.bias, dtype=np.float32)

    def probabilities(self, scores: Vectors, channels: Sequence[str | None]) -> Vectors:
        """Calibrated probabilities (n, labels) from `scores`; channels without a calibration use the general one."""
        return softmax(self.logits(scores, channels))

    def logits(self, scores: Vectors, channels: Sequence[str | None]) -> Vectors:
        """What `probabilities` is the softmax of (n, labels): temperature * score + bias, a linear map of `scores`."""
        found = [self.calibration(channel) for channel in channels]
        temperature = np.array([item.temperature for item in found], dtype=np.float32).reshape(-1, 1)
        bias = np.array([item.bias for item in found], dtype=np.float32).reshape(-1, len(LABELS))
        return np.asarray(scores[:, : len(LABELS)] * temperature + bias, dtype=np.float32)

    def irony(self, scores: Vectors) -> Vectors:
        """Probabilities (n) of irony from `scores`."""
        return _logistic(scores[:, IRONY])

    def answer(self, scores: Vectors) -> Vectors | None:
        """Probabilities (n) from `scores` that an answer is asked for; None where that was not learned."""
        return None if self.config.answer_threshold is None else _logistic(scores[:, ANSWER])

    def calibration(self, channel: str | None) -> Calibration:
        """The calibration of a channel."""
        known = self.config.calibrations
        return known.get(channel or GENERAL) or known.get(GENERAL) or Calibration()


def _logistic(scores: Vectors) -> Vectors:
    return np.asarray(1.0 / (1.0 + np.exp(-scores)), dtype=np.float32)


def softmax(scores: Vectors) -> Vectors:
    """Row-wise softmax, shifted by each row's maximum."""
    exponent = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(exponent / exponent.sum(axis=-1, keepdims=True), dtype=np.float32)


def save_heads(heads: Heads, folder: Path) -> None:
    """Writes the heads as safetensors (half precision where it costs nothing) and JSON."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        "mean": heads.mean,
        "scale": heads.scale,
        "weight": heads.weight,
        "bias": heads.bias,
        "topic_mean": heads.topic_mean,
        "topic_whitening": heads.topic_whitening.astype(np.float16),
        "topic_background": heads.topic_background.astype(np.float16),
    }
    save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, folder / TENSORS)
    text = json.dumps(heads.config.model_dump(mode="json"), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def load_heads(folder: Path) -> Heads:
    """Reads heads written by `save_heads`. Raises WeightsError where a file is missing, damaged or doesn't fit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        raw = _read(folder / CONFIG), _read(folder / TENSORS)
        config = HeadConfig.model_validate_json(raw[0])
        tensors = {name: values.astype(np.float32) for name, values in load(raw[1]).items()}
    except (OSError, ValidationError, SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(f"the heads in {folder} can't be read: {error}") from error
    # Models fitted before there were heads of a taxonomy's own have no background.
    hidden = tensors["topic_mean"].shape if "topic_mean" in tensors else ()
    tensors.setdefault("topic_background", np.zeros((0, *hidden), dtype=np.float32))
    _check(config, tensors, folder)
    return Heads(config=config, revision=hashlib.sha256(raw[0] + raw[1]).hexdigest()[:12], **tensors)


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES} bytes")
    return path.read_bytes()


def _check(config: HeadConfig, tensors: Mapping[str, Vectors], folder: Path) -> None:
    width = tensors["mean"].size if "mean" in tensors else 0
    hidden = width // len(config.layers)
    rows = len(LABELS) + (1 if config.answer_threshold is None else 2)
    shapes = {
        "mean": (width,),
        "scale": (width,),
        "weight": (rows, width),
        "bias": (rows,),
        "topic_mean": (hidden,),
        "topic_whitening": (hidden, hidden),
        "topic_background": (len(tensors["topic_background"]), hidden),
    }
    if {name: values.shape for name, values in tensors.items()} != shapes or width % len(config.layers):
        raise WeightsError(f"the heads in {folder} have unexpected shapes")
    if not all(np.isfinite(values).all() for values in tensors.values()) or not (tensors["scale"] > 0).all():
        raise WeightsError(f"the heads in {folder} are damaged")
