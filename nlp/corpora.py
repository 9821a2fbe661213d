"""The labelled corpora: reading them, what each is, and which channel's texts it resembles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.cleaning import detokenise

MAX_LINE = 1_000_000


@dataclass(frozen=True)
class Corpus:
    """What is known of a corpus: `domain` is its mark in the rows; `annotates_mixed` whether it has that label."""

    domain: str
    tokenised: bool = False
    weight: float = 1.0
    annotates_mixed: bool = False
    commercial: bool = True


CORPORA = {
    corpus.domain: corpus
    for corpus in (
        Corpus("public-transport-tweets"),
        Corpus("rail-social", commercial=False),
        Corpus("tweets-politics", tokenised=True, annotates_mixed=True),
        Corpus("tweets-general", tokenised=True),
        Corpus("dialog-insults", weight=0.2),
        *(
            Corpus(domain, annotates_mixed=True)
            for domain in ("coursera", "food", "hotel", "laptop", "phone", "restaurant", "sight")
        ),
    )
}
"""By the `domain` field of the rows. Commercial: the licence allows use in a model that is sold."""

REVIEWS = frozenset({"coursera", "food", "hotel", "laptop", "phone", "restaurant", "sight"})
CHANNEL_SOURCES = {
    "general": ("tweets-general", "tweets-politics", "public-transport-tweets", "reviews"),
    "review": ("reviews",),
    "app_store": ("reviews",),
    "survey": ("reviews",),
    "social": ("tweets-general", "tweets-politics", "public-transport-tweets"),
    "forum": ("rail-social", "reviews"),
    "blog": ("rail-social", "reviews"),
    "mail": ("rail-social", "reviews"),
    "reviews": ("reviews",),
    "tweets-general": ("tweets-general",),
    "tweets-politics": ("tweets-politics",),
    "public-transport-tweets": ("public-transport-tweets",),
    "rail-social": ("rail-social",),
}
"""Which dev corpora calibrate a channel; the lower half are the corpora's own priors, used when they are evaluated."""


@dataclass(frozen=True)
class Row:
    """One labelled text, as people wrote it; `corpus` is the domain, reviews of all domains count as one."""

    text: str
    label: str | None
    corpus: str
    domain: str
    aspects: tuple[tuple[str, str], ...] = ()

    @property
    def calibrates(self) -> bool:
        """Whether this row belongs to the half of a dev file that calibration may see (by the text's hash)."""
        return in_calibration_half(self.text)


def in_calibration_half(text: str) -> bool:
    """Splits dev files in two by the text alone, so that every run and every machine splits alike."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).digest()[0] % 2 == 0


def held_back(text: str) -> bool:
    """A fifth of the training texts whose annotated topics the encoder never learns from: on these it is fitted how
    far topics can be trusted."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).digest()[1] % 5 == 0


def corpus_of(row: dict[str, Any]) -> str | None:
    """The known corpus that a row belongs to, None for foreign data."""
    domain = row.get("domain")
    if domain not in CORPORA:
        return None
    return "reviews" if domain in REVIEWS else str(domain)


def natural_text(row: dict[str, Any]) -> str:
    """The row's text, without the spaces of a tokenised corpus."""
    text = str(row["text"])
    source = str(row.get("source", ""))
    return detokenise(text) if "PotTS" in source or "SB10k" in source else text


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a corpus file. Raises ValueError naming the line where one is not a labelled text."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                raw = json.loads(line)
                domain = str(raw.get("domain") or path.stem)
                aspects = tuple((str(item[0]), str(item[1])) for item in raw.get("aspects") or ())
                label = None if raw.get("label") is None else str(raw["label"])
                yield Row(natural_text(raw), label, corpus_of(raw) or domain, domain, aspects)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                raise ValueError(f"{path}, line {number}: not a labelled text ({error})") from error
