"""Document vectors of labelled texts, kept on disk chunk by chunk, so that a killed training goes on where it was."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from nlp.encoder import PREPARATION, Encoder

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

CHUNK = 500


@dataclass(frozen=True)
class SentenceVectors:
    """Vectors of texts and of their sentences: `owner` is each sentence's text, `spans` its offsets in that."""

    documents: Vectors
    sentences: Vectors
    owner: NDArray[np.int64]
    spans: NDArray[np.int64]


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


def sentence_vectors(
    texts: Sequence[str], encoder: Encoder, folder: Path, *, title: str = "", progress: Progress | None = None
) -> SentenceVectors:
    """The last layer's vectors of texts and their sentences, from the cache where their chunk is known."""
    folder.mkdir(parents=True, exist_ok=True)
    hidden = encoder.sizes.hidden
    nothing = np.zeros((0, hidden), dtype=np.float32)
    found = [SentenceVectors(nothing, nothing, np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.int64))]
    for start in range(0, len(texts), CHUNK):
        if progress:
            progress(title, start, len(texts))
        part = _sentence_chunk(texts[start : start + CHUNK], encoder, folder)
        found.append(SentenceVectors(part.documents, part.sentences, part.owner + start, part.spans))
    if progress:
        progress(title, len(texts), len(texts))
    return SentenceVectors(
        np.concatenate([part.documents for part in found]),
        np.concatenate([part.sentences for part in found]),
        np.concatenate([part.owner for part in found]),
        np.concatenate([part.spans for part in found]),
    )


def _sentence_chunk(texts: Sequence[str], encoder: Encoder, folder: Path) -> SentenceVectors:
    path = folder / chunk_name(texts, encoder.revision, encoder.layers[-1:]).replace(".npy", ".npz")
    known = _known_sentences(path, len(texts), encoder.sizes.hidden)
    if known is not None:
        return known
    encoded, hidden = encoder.encode(texts), encoder.sizes.hidden
    spans = [(sentence.start, sentence.end) for item in encoded for sentence in item.sentences]
    made = SentenceVectors(
        np.stack([item.document[-hidden:] for item in encoded]).astype(np.float16).astype(np.float32),
        np.concatenate([item.vectors[:, -hidden:] for item in encoded]).astype(np.float16).astype(np.float32),
        np.repeat(np.arange(len(encoded)), [len(item.sentences) for item in encoded]).astype(np.int64),
        np.array(spans, dtype=np.int64).reshape(-1, 2),
    )
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
        np.savez(
            file,
            documents=made.documents.astype(np.float16),
            sentences=made.sentences.astype(np.float16),
            owner=made.owner,
            spans=made.spans,
        )
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
    return made


def _known_sentences(path: Path, texts: int, hidden: int) -> SentenceVectors | None:
    try:
        # Opened here: numpy leaves a damaged file open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
            documents, sentences = data["documents"].astype(np.float32), data["sentences"].astype(np.float32)
            owner, spans = data["owner"].astype(np.int64), data["spans"].astype(np.int64)
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    whole = documents.shape == (texts, hidden) and sentences.shape == (len(owner), hidden) == (len(spans), hidden)
    return SentenceVectors(documents, sentences, owner, spans) if whole else None


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
