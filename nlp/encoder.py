"""The sentence encoder: document and sentence vectors of many texts from one pass of the transformer per text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlp.adapter import Adapter, merge
from nlp.cleaning import canonical, clean
from nlp.forward import Layers
from nlp.precision import SAMPLE, Precision, Wanted, settle
from nlp.quantised import WeightFile, dequantise
from nlp.sentences import Sentence, split_all
from nlp.trainable import Trainable
from nlp.weights import REVISION, EncoderFiles

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding

Vectors = NDArray[np.float32]
Network = Layers | Trainable

PREFIX = "query: "
MAX_TOKENS = 512
PREPARATION = 2
"""Raised whenever cleaning, sentence split or pooling change: old vectors and scores don't hold for new texts."""
SPELLING = "canonical"
"""In the revision of an encoder that reads texts in one spelling: others' vectors don't fit."""
MAX_WINDOWS = 4
"""A text fills at most four windows of 512 tokens (about 1,500 words); what lies behind is not scored."""
BATCH_TOKENS = 2048
"""Tokens per forward pass: the bound of memory."""
GROUP = 256
"""Texts that are tokenised and sorted by length together."""
LAYER_NAMES = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}


@dataclass(frozen=True)
class Prepared:
    """A text ready for the encoder: its sentences, their cleaned words as token ids, each token's sentence."""

    sentences: tuple[Sentence, ...]
    ids: NDArray[np.int64]
    owner: NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """The vectors of one text; `width` numbers per encoder layer asked for, in the layers' order.

    `document` is the mean over all tokens, `vectors[i]` over the tokens of `sentences[i]` (offsets into the text as
    given). A text without words has the zero vector and no sentences.
    """

    document: Vectors
    sentences: tuple[Sentence, ...]
    vectors: Vectors


@dataclass(frozen=True)
class Window:
    """A part of a text that fits into one pass: tokens `start` to `end` of text `text`."""

    text: int
    start: int
    end: int


class Encoder:
    """multilingual-e5-small, with an adapter or without. Not thread-safe; one instance per process suffices."""

    def __init__(
        self,
        files: EncoderFiles,
        *,
        layers: Sequence[int] = (12,),
        threads: int | None = None,
        adapter: Adapter | None = None,
        trainable: bool = False,
        one_spelling: bool = False,
        precision: Wanted = "fp32",
    ) -> None:
        """Loads weights and tokenizer. `layers` are counted from 1; `threads` None leaves torch's choice.

        A `trainable` one has a `transformers.BertModel` inside, which is slower to load and to run.
        `one_spelling` tells whether texts are read in one spelling (`nlp.cleaning.canonical`) or as written.
        `precision` "auto" takes the fastest, by a self-test; a trainable one is always in "fp32". Raises WeightsError
        where a file is damaged or the adapter doesn't fit.
        """
        import torch
        from tokenizers import Tokenizer

        if threads is not None:
            torch.set_num_threads(max(1, threads))
        self.layers = tuple(layers)
        self.revision = revision_of(adapter, one_spelling=one_spelling)
        self.one_spelling = one_spelling
        self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
        self._tokenizer.encode_special_tokens = True
        weights = WeightFile(files.weights)
        self.sizes = weights.sizes
        self._words = weights.rows("emb.word", weights.sizes.hidden)
        state = _state(weights)
        if adapter is not None:
            merge(state, adapter)
        self.network: Network = Trainable(state, weights.sizes) if trainable else Layers(state, weights.sizes)
        self._prefix = self._tokenizer.encode(PREFIX.strip(), add_special_tokens=False).ids
        self.limit = min(MAX_TOKENS, weights.sizes.positions) - len(self._prefix) - 2
        self.precision: Precision = "fp32"
        if isinstance(self.network, Layers) and precision != "fp32":
            self.precision = self._lowered(self.network, precision)

    @property
    def width(self) -> int:
        """Numbers per vector."""
        return self.sizes.hidden * len(self.layers)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """The vectors of each text, in order. Any text is accepted; long ones are cut (`MAX_WINDOWS`)."""
        found: list[Encoded] = []
        for start in range(0, len(texts), GROUP):
            found.extend(self.encode_prepared(self.prepare(texts[start : start + GROUP])))
        return found

    def encode_prepared(self, prepared: Sequence[Prepared]) -> list[Encoded]:
        """The vectors of texts that are tokenised already, in order; all are sorted by length together."""
        totals = [np.zeros((len(item.sentences), self.width), dtype=np.float32) for item in prepared]
        windows = [window for index, item in enumerate(prepared) for window in _windows(index, item, self.limit)]
        windows.sort(key=lambda window: window.end - window.start)
        for batch in _batches(windows, overhead=len(self._prefix) + 2):
            for window, states in zip(batch, self._forward(batch, prepared), strict=True):
                _add(totals[window.text], prepared[window.text].owner[window.start : window.end], states)
        return [_pooled(item, total) for item, total in zip(prepared, totals, strict=True)]

    def encode_tokens(self, item: Prepared) -> tuple[Encoded, Vectors]:
        """One text's vectors, as `encode_prepared` gives them, and the states of its tokens (tokens, width)."""
        batches = _batches(list(_windows(0, item, self.limit)), overhead=len(self._prefix) + 2)
        parts = [states for batch in batches for states in self._forward(batch, [item])]
        states = np.concatenate(parts) if parts else np.zeros((0, self.width), dtype=np.float32)
        totals = np.zeros((len(item.sentences), self.width), dtype=np.float32)
        for window, own in zip(_windows(0, item, self.limit), parts, strict=True):
            _add(totals, item.owner[window.start : window.end], own)
        return _pooled(item, totals), states

    def prepare(self, texts: Sequence[str]) -> list[Prepared]:
        """Splits, cleans and tokenises texts; sentences of which nothing is left are dropped."""
        kept: list[list[tuple[Sentence, str]]] = []
        for text, sentences in zip(texts, split_all(texts), strict=True):
            cleaned = [(sentence, self.line(text[sentence.start : sentence.end])) for sentence in sentences]
            kept.append([pair for pair in cleaned if pair[1]])
        encodings = iter(self.tokens([words for pairs in kept for _, words in pairs]))
        return [self._prepared([(sentence, next(encodings).ids) for sentence, _ in pairs]) for pairs in kept]

    def line(self, text: str) -> str:
        """A sentence as the encoder reads it."""
        return canonical(text) if self.one_spelling else clean(text)

    def tokens(self, lines: Sequence[str]) -> list[Encoding]:
        """The tokens of cleaned lines with their offsets there, without prefix and special tokens."""
        return self._tokenizer.encode_batch(list(lines), add_special_tokens=False) if lines else []

    def _prepared(self, parts: Sequence[tuple[Sentence, list[int]]]) -> Prepared:
        parts = [(sentence, ids) for sentence, ids in parts if ids]
        ids = np.array([number for _, numbers in parts for number in numbers], dtype=np.int64)
        owner = np.repeat(np.arange(len(parts)), [len(numbers) for _, numbers in parts])
        room = MAX_WINDOWS * self.limit
        ids, owner = ids[:room], owner[:room].astype(np.int64)
        count = int(owner[-1]) + 1 if len(owner) else 0
        return Prepared(tuple(sentence for sentence, _ in parts[:count]), ids, owner)

    def _forward(self, batch: Sequence[Window], prepared: Sequence[Prepared]) -> list[Vectors]:
        """The token states of each window, without prefix and special tokens."""
        import torch

        parts = [prepared[window.text].ids[window.start : window.end] for window in batch]
        with torch.inference_mode():
            states = torch.cat(self.states(parts, self.layers), dim=-1).numpy()
        ends = np.cumsum([len(part) for part in parts])
        return [states[end - len(part) : end] for end, part in zip(ends, parts, strict=True)]

    def states(self, texts: Sequence[NDArray[np.int64]], layers: Sequence[int]) -> list[torch.Tensor]:
        """One forward pass over texts given as token ids: per layer the states (tokens of all texts, hidden).

        Prefix and special tokens are added and their states left out. Every text needs a token and at most `limit`.
        """
        import torch

        embedded, positions, lengths = self._laid_out(texts)
        found = self.network(embedded, positions, lengths, layers)
        last = torch.tensor(lengths).repeat_interleave(torch.tensor(lengths)) - 1
        own = (positions > len(self._prefix)) & (positions < last)
        return [states[own] for states in found]

    def _lowered(self, network: Layers, precision: Wanted) -> Precision:
        lines = self.tokens([self.line(text) for text in SAMPLE])
        return settle(network, self._laid_out([np.array(line.ids[: self.limit]) for line in lines]), precision)

    def _laid_out(self, texts: Sequence[NDArray[np.int64]]) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
        """Word vectors of texts behind each other with prefix and special tokens, their places, the texts' lengths."""
        import torch

        rows = [np.concatenate([[0, *self._prefix], ids, [2]]) for ids in texts]
        lengths = [len(row) for row in rows]
        positions = np.concatenate([np.arange(length) for length in lengths])
        return torch.from_numpy(self._embed(np.concatenate(rows))), torch.from_numpy(positions), lengths

    def _embed(self, ids: NDArray[np.int64]) -> Vectors:
        """Word embeddings, dequantised for these tokens only: the whole table would be 384 MB."""
        unique, places = np.unique(ids, return_inverse=True)
        rows = dequantise(self._words[unique].reshape(-1, 18)).reshape(len(unique), self.sizes.hidden)
        return rows[places.reshape(ids.shape)]


def revision_of(adapter: Adapter | None, *, one_spelling: bool = False) -> str:
    """Names weights, tokenizer, spelling and adapter: vectors of different revisions must not be mixed."""
    known = f"{REVISION}-{SPELLING}" if one_spelling else REVISION
    return known if adapter is None else f"{known}-{adapter.revision}"


def default_threads() -> int | None:
    """OMP_NUM_THREADS where it is set (torch reads it itself), else the cores that this process may use."""
    if os.environ.get("OMP_NUM_THREADS"):
        return None
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _state(weights: WeightFile) -> dict[str, NDArray[np.float32]]:
    sizes = weights.sizes
    width, inner = sizes.hidden, sizes.inner
    shapes = {"fi": (inner, width), "fo": (width, inner)}
    state = {
        "embeddings.position_embeddings.weight": weights.values("emb.pos", (sizes.positions, width)),
        "embeddings.token_type_embeddings.weight": weights.values("emb.type", (sizes.types, width)),
        "embeddings.LayerNorm.weight": weights.values("emb.ln.w", (width,)),
        "embeddings.LayerNorm.bias": weights.values("emb.ln.b", (width,)),
    }
    for layer in range(sizes.layers):
        for ours, theirs in LAYER_NAMES.items():
            shape = (width,) if theirs in ("aln", "oln") else shapes.get(theirs, (width, width))
            key = f"encoder.layer.{layer}.{ours}"
            state[f"{key}.weight"] = weights.values(f"l{layer}.{theirs}.w", shape)
            state[f"{key}.bias"] = weights.values(f"l{layer}.{theirs}.b", shape[:1])
    return {name: np.ascontiguousarray(values) for name, values in state.items()}


def _windows(index: int, item: Prepared, limit: int) -> Iterator[Window]:
    """Whole sentences as long as they fit; a sentence longer than a window is cut."""
    start, total = 0, len(item.ids)
    while start < total:
        end = min(start + limit, total)
        if end < total:
            boundary = int(np.searchsorted(item.owner, item.owner[end]))
            end = boundary if boundary > start else end
        yield Window(index, start, end)
        start = end


def _batches(windows: Sequence[Window], *, overhead: int) -> Iterator[list[Window]]:
    """Neighbours in length, never more than `BATCH_TOKENS` at once."""
    batch: list[Window] = []
    tokens = 0
    for window in windows:
        length = window.end - window.start + overhead
        if batch and tokens + length > BATCH_TOKENS:
            yield batch
            batch, tokens = [], 0
        batch.append(window)
        tokens += length
    if batch:
        yield batch


def _add(totals: Vectors, owner: NDArray[np.int64], states: Vectors) -> None:
    """Adds the tokens' states to their sentences' totals; `owner` never falls."""
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    totals[owner[starts]] += np.add.reduceat(states, starts, axis=0)


def _pooled(item: Prepared, totals: Vectors) -> Encoded:
    counts = np.bincount(item.owner, minlength=len(item.sentences)).astype(np.float32)
    document = totals.sum(axis=0) / max(1.0, float(counts.sum()))
    vectors = np.asarray(totals / np.maximum(counts, 1.0)[:, None], dtype=np.float32)
    return Encoded(np.asarray(document, dtype=np.float32), item.sentences, vectors)
