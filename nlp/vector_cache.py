"""Document vectors of labelled texts, kept on disk chunk by chunk, so that a killed training goes on where it was."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.encoder import Encoder

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

CHUNK = 500
PREPARATION = 1
"""Raised whenever cleaning, sentence split or pooling change, so that old vectors are not used for new texts."""


def document_vectors(
    texts: Sequence[str], encoder: Encoder, folder: Path, *, title: str = "", progress: Progress | None = None
) -> Vectors:
    """The document vectors (n, width) of texts, from the cache where their chunk is known."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [np.zeros((0, encoder.width), dtype=np.float32)]
    for start in range(0, len(texts), CHUNK):
        if progress:
            progress(title, start, len(texts))
        parts.append(_chunk(texts[start : start + CHUNK], encoder, folder))
    if progress:
        progress(title, len(texts), len(texts))
    return np.concatenate(parts)


def chunk_name(texts: Sequence[str], revision: str, layers: Sequence[int]) -> str:
    """The file name of a chunk: a hash of everything that its vectors depend on."""
    digest = hashlib.sha256(f"{revision}|{tuple(layers)}|{PREPARATION}".encode())
    for text in texts:
        digest.update(b"\x00" + text.encode("utf-8", errors="replace"))
    return f"{digest.hexdigest()[:32]}.npy"


def _chunk(texts: Sequence[str], encoder: Encoder, folder: Path) -> Vectors:
    path = folder / chunk_name(texts, encoder.revision, encoder.layers)
    known = _known(path, (len(texts), encoder.width))
    if known is not None:
        return known
    vectors = np.stack([item.document for item in encoder.encode(texts)]).astype(np.float16)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
        np.save(file, vectors)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
    return vectors.astype(np.float32)


def _known(path: Path, shape: tuple[int, int]) -> Vectors | None:
    try:
        vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vectors.astype(np.float32) if vectors.shape == shape else None
