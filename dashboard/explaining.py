"""What explains a mention's sentiment: given by whoever starts the dashboard, which itself knows no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class SentenceShare(Protocol):
    """A sentence, `text[start:end]` (of the title where `in_title`), and its part of the text's polarity."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def in_title(self) -> bool: ...
    @property
    def contribution(self) -> float: ...


class WordShare(SentenceShare, Protocol):
    """A word likewise; `without` is the polarity that the text would have without it, None where nobody tried."""

    @property
    def without(self) -> float | None: ...


class Explanation(Protocol):
    """Why a text is read as it is; `negative` and `positive` are the weightiest words, `complete` says if all was read.

    `polarity` goes from -1 to 1; the sentences' contributions add up to it.
    """

    @property
    def sentiment(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def polarity(self) -> float: ...
    @property
    def sentences(self) -> Sequence[SentenceShare]: ...
    @property
    def words(self) -> Sequence[WordShare]: ...
    @property
    def negative(self) -> Sequence[WordShare]: ...
    @property
    def positive(self) -> Sequence[WordShare]: ...
    @property
    def complete(self) -> bool: ...


Explain = Callable[[str, str | None, str | None], Explanation]
"""From text, title and channel to an explanation; for one thread at a time."""


class NoExplanationError(RuntimeError):
    """Nothing can be explained, for the reason given: the model is missing or damaged."""


_opener: Callable[[], Explain] | None = None


def provide(opener: Callable[[], Explain]) -> None:
    """Say, once per process, how explanations are made. `opener` may take seconds and raise `NoExplanationError`."""
    global _opener
    _opener = opener


def is_provided() -> bool:
    """Whether anything can be explained here at all."""
    return _opener is not None


def opened() -> Explain:
    """Load what explains; takes seconds. Raises `NoExplanationError`."""
    if _opener is None:
        raise NoExplanationError("-")
    return _opener()
