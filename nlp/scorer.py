"""The contract of everything that scores: texts in, scores out, nothing mutated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Label = Literal["negative", "neutral", "positive", "mixed"]


@dataclass(frozen=True)
class ScoringInput:
    """One text to score. `channel` (review, forum, social, ...) chooses the calibration; None means the general one."""

    text: str
    title: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class AspectScore:
    """One topic in one sentence: `text[start:end]` in characters, polarity -1..1, probability 0..1 of the topic."""

    topic: str
    polarity: float
    probability: float
    start: int
    end: int


@dataclass(frozen=True)
class TextScores:
    """The scores of one text. A value that this version can't give is None, never invented."""

    sentiment: Label
    probabilities: dict[Label, float]
    polarity: float
    confidence: float
    uncertain: bool
    irony: bool | None
    needs_answer: bool | None
    language: str | None
    topics: tuple[str, ...]
    aspects: tuple[AspectScore, ...]


class Scorer(Protocol):
    """Scores texts in batches. Loading happens in the constructor; scoring is deterministic."""

    name: str
    """The model's name, e.g. "brandmelder-e5"."""

    revision: str
    """Changes whenever the same text could get another score."""

    def score(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[TextScores]:
        """One result per input, in order. Any text is accepted, also an empty one; long texts are cut."""


@runtime_checkable
class Embedder(Protocol):
    """What also gives vectors of whole texts, from which `nlp.relevance` learns."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text, in order."""


class Scored(NamedTuple):
    """The scores of a text, and what `Retagger.retag` needs of it, as bytes that only the scorer reads."""

    scores: TextScores
    kept: bytes


class Tags(NamedTuple):
    """What a taxonomy decides about a text: the fields of `TextScores`."""

    topics: tuple[str, ...]
    aspects: tuple[AspectScore, ...]


@runtime_checkable
class Retagger(Scorer, Protocol):
    """A scorer that finds the topics of a text that it has scored anew, for another taxonomy, without another pass."""

    def score_with_vectors(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[Scored]:
        """`score`, and what to keep of each text. That is derived from the text: it has to go with it."""

    def retag(
        self, inputs: Sequence[ScoringInput], kept: Sequence[bytes | None], *, taxonomy: Taxonomy
    ) -> list[Tags | None]:
        """Exactly the tags that `score` would give, in order; None where `kept` is None, damaged, of another text or of
        another revision."""
