"""Signatures by which near-copies of a text are found: reposts, copied reviews, press releases in many places."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from nlp.cleaning import clean

if TYPE_CHECKING:
    from datasketch import MinHash

PERMUTATIONS = 128
SEED = 1
SHINGLE = 3
MIN_WORDS = 8
MAX_CHARACTERS = 20_000
TYPED_TOKEN = re.compile(r"\[[A-Z_]+\]")
WORD = re.compile(r"[^\W\d_]+")
IGNORED = frozenset({"user", "http", "rt"})


def signature(text: str) -> tuple[int, ...] | None:
    """MinHash of the text's word triples: 128 numbers below 2**32, equal in every process; None under eight words.

    Case, punctuation, numbers, links, handles and typed tokens such as `[TEL]` don't count. The share of equal
    positions of two signatures estimates the Jaccard similarity of the texts' triples. Only the first 20,000
    characters are read.
    """
    plain = TYPED_TOKEN.sub(" ", clean(text[:MAX_CHARACTERS])).casefold()
    words = [word for word in WORD.findall(plain) if word not in IGNORED]
    if len(words) < MIN_WORDS:
        return None
    shingles = {" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
    minhash = _empty().copy()
    minhash.update_batch([shingle.encode() for shingle in sorted(shingles)])
    return tuple(minhash.hashvalues.tolist())


def similarity(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """Estimated Jaccard similarity 0..1 of two signatures (Broder 1997). Raises ValueError for other lengths."""
    if len(first) != len(second) or not first:
        raise ValueError("signatures of different lengths can't be compared")
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


@cache
def _empty() -> MinHash:
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, seed=SEED)
