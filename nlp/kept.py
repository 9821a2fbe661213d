"""What is kept of a scored text, so that its topics can be found anew without another pass of the encoder."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.scorer import ScoringInput

Vectors = NDArray[np.float32]

FORMAT = 1
"""Raised whenever `rounded` or the bytes change; part of a scorer's revision, since rounding touches scores."""
STEPS = 127
_HEADER = struct.Struct("<16sIHH")
_CHECK = struct.Struct("<I")


@dataclass(frozen=True)
class KeptSentences:
    """A text's own sentences, without those of its title.

    `spans` are their offsets in the text (n, 2), `scores` the heads' raw scores of their sentiment (n, labels): which
    polarity these mean depends on the channel. `steps` (n, hidden) are their whitened topic vectors as `rounded` gives
    them.
    """

    spans: NDArray[np.int32]
    scores: Vectors
    steps: NDArray[np.int8]

    @property
    def directions(self) -> Vectors:
        """The whitened vectors, of length 1."""
        whole = self.steps.astype(np.float32)
        # Sums of whole numbers below 2**24 are exact, in any order.
        lengths = np.sqrt(np.square(whole).sum(axis=1, keepdims=True))
        return np.asarray(whole / np.maximum(lengths, 1.0), dtype=np.float32)


def rounded(white: Vectors) -> NDArray[np.int8]:
    """Vectors (n, hidden) in one byte per number: only their directions count, so each is scaled to its largest one."""
    largest = np.maximum(np.abs(white).max(axis=1, keepdims=True, initial=0.0), np.float32(1e-9))
    return np.asarray(np.rint(white / largest * STEPS), dtype=np.int8)


def kept_key(item: ScoringInput, revision: str) -> bytes:
    """What the vectors of a text depend on, as 16 bytes: the scorer's revision, title and text."""
    words = "\x1f".join((revision, item.title or "", item.text))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()[:16]


def packed(kept: KeptSentences, key: bytes) -> bytes:
    """As bytes, one per number of the vectors and about 400 per sentence: a header, the arrays, a checksum."""
    count, hidden = kept.steps.shape
    body = b"".join(
        (
            _HEADER.pack(key, count, kept.scores.shape[1], hidden),
            np.ascontiguousarray(kept.spans, dtype="<i4").tobytes(),
            np.ascontiguousarray(kept.scores, dtype="<f4").tobytes(),
            np.ascontiguousarray(kept.steps, dtype=np.int8).tobytes(),
        )
    )
    return body + _CHECK.pack(zlib.crc32(body))


def unpacked(data: bytes, key: bytes) -> KeptSentences | None:
    """What `packed` wrote; None where it belongs to another text or revision, or is damaged."""
    if len(data) < _HEADER.size + _CHECK.size or data[:16] != key:
        return None
    body = data[: -_CHECK.size]
    if _CHECK.unpack(data[-_CHECK.size :])[0] != zlib.crc32(body):
        return None
    _, count, labels, hidden = _HEADER.unpack_from(body)
    first = _HEADER.size + 8 * count
    second = first + 4 * count * labels
    if len(body) != second + count * hidden:
        return None
    return KeptSentences(
        np.frombuffer(body[_HEADER.size : first], dtype="<i4").reshape(count, 2).astype(np.int32),
        np.frombuffer(body[first:second], dtype="<f4").reshape(count, labels).astype(np.float32),
        np.frombuffer(body[second:], dtype=np.int8).reshape(count, hidden),
    )
