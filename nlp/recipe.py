"""How the model is fine-tuned: every number that a person may want to try another value of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Recipe(BaseModel):
    """Read from YAML by `brandmelder train --recipe FILE`; recorded in the model's config."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: tuple[int, ...] = Field(default=(9, 11, 12), min_length=1)
    """Layers whose token states are averaged into vectors; topics are compared in the last one."""
    epochs: int = Field(default=3, ge=1, le=50)
    rank: int = Field(default=16, ge=1, le=256)
    """Rank of the LoRA factors; their scale is two."""
    first_layer: int = Field(default=5, ge=1)
    """The lowest layer that learns, counted from 1."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    rate: float = Field(default=8e-4, gt=0)
    head_rate: float = Field(default=2e-3, gt=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    decay: float = Field(default=0.01, ge=0)
    step_tokens: int = Field(default=1024, ge=64)
    """Tokens per optimiser step."""
    max_tokens: int = Field(default=96, ge=8)
    """Tokens of a text that training looks at."""
    drawn: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Share of a corpus' texts that an epoch draws, by the corpus' name; all of those that are not named."""
    joined: float = Field(default=0.15, ge=0, le=1)
    """Share of texts that are joined with others of their corpus: a praise and a complaint become one mixed text."""
    parts: int = Field(default=2, ge=2, le=5)
    """So many texts are joined at most; more than two teach sentences to keep their own sense in long texts."""
    one_spelling: bool = False
    """Whether texts are read in one spelling (`nlp.cleaning.canonical`), so that other spellings score alike."""
    respelled: float = Field(default=0.15, ge=0, le=1)
    """Share of texts that are shown in another spelling."""
    keep: float = Field(default=0.3, ge=0)
    """Weight of keeping the last layer's topic vectors where the base model has them."""
    topics: float = Field(default=0.0, ge=0)
    """Weight of finding annotated topics in the last layer; the heads for that are dropped afterwards."""
    irony: float = Field(default=0.5, ge=0)
    """Weight of the irony head's loss."""
    contrast: float = Field(default=1.0, ge=0)
    """Weight of our own contrast sentences."""
    seed: int = 0
