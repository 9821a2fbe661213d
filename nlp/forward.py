"""The encoder's layers for inference: BERT's forward pass (Devlin et al. 2019, post-norm, GELU) on plain tensors.

Training goes through `transformers.BertModel` (`nlp.trainable`); importing that takes longer than scoring a hundred
posts, so scoring doesn't need it. A test compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlp.quantised import Sizes

if TYPE_CHECKING:
    import torch

Matrices = Mapping[str, NDArray[np.float32]]
Map = Callable[["torch.Tensor"], "torch.Tensor"]
"""A linear map of states (tokens, in) to (tokens, out): `Linear`, or one of `nlp.lowered`."""
Runs = Sequence[tuple[int, int]]
"""Texts of one length behind each other: how many, and their tokens."""

ROWS = 16
"""Products of fewer rows, and of other rows than a multiple, are rounded differently with several threads."""


@dataclass(frozen=True)
class Linear:
    """x -> x W^T + b."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """States (tokens, in) to (tokens, out)."""
        import torch

        return torch.addmm(self.bias, states, self.weight.t())


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last axis."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """States of the same shape."""
        import torch

        return torch.nn.functional.layer_norm(states, self.weight.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True)
class Layer:
    """One transformer layer; query, key and value lie in one matrix, since one product is faster than three."""

    attention: Map
    attended: Map
    attended_norm: Norm
    inner: Map
    outer: Map
    outer_norm: Norm
    heads: int

    def __call__(self, states: torch.Tensor, runs: Runs) -> torch.Tensor:
        """States (tokens, hidden) of texts that lie behind each other."""
        import torch

        parts = self.attention(states).split_with_sizes([count * length for count, length in runs])
        found = torch.cat([_attended(part, count, self.heads) for part, (count, _) in zip(parts, runs, strict=True)])
        states = self.attended_norm(states + self.attended(found))
        return self.outer_norm(states + self.outer(torch.nn.functional.gelu(self.inner(states))))


def _attended(part: torch.Tensor, count: int, heads: int) -> torch.Tensor:
    """Attention of `count` texts of one length, each to itself, from (tokens, 3 * hidden) to (tokens, hidden).

    Without padding and masks a text's figures don't depend on its neighbours, to the last bit: so a resumed run, whose
    batches are others, scores like an undisturbed one.
    """
    import torch

    tokens, width = part.shape
    query, key, value = part.view(count, tokens // count, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)
    found = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    return found.transpose(1, 2).reshape(tokens, width // 3)


def runs_of(lengths: Iterable[int]) -> Runs:
    """Neighbours of the same length together: their attention is computed in one call."""
    return [(len(list(same)), length) for length, same in groupby(lengths)]


class Layers:
    """All layers of the encoder; made from the state that `transformers.BertModel` would load."""

    def __init__(self, state: Matrices, sizes: Sizes) -> None:
        import torch

        def tensor(*names: str) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(np.concatenate([state[name] for name in names])))

        def linear(*names: str) -> Linear:
            return Linear(*(tensor(*(f"{name}.{part}" for name in names)) for part in ("weight", "bias")))

        def norm(name: str) -> Norm:
            return Norm(tensor(f"{name}.weight"), tensor(f"{name}.bias"), sizes.eps)

        self._positions = tensor("embeddings.position_embeddings.weight")
        self._type = tensor("embeddings.token_type_embeddings.weight")[0]
        self._norm = norm("embeddings.LayerNorm")
        self.rows = ROWS
        self.layers = [
            Layer(
                attention=linear(*(f"{place}.attention.self.{part}" for part in ("query", "key", "value"))),
                attended=linear(f"{place}.attention.output.dense"),
                attended_norm=norm(f"{place}.attention.output.LayerNorm"),
                inner=linear(f"{place}.intermediate.dense"),
                outer=linear(f"{place}.output.dense"),
                outer_norm=norm(f"{place}.output.LayerNorm"),
                heads=sizes.heads,
            )
            for place in (f"encoder.layer.{number}" for number in range(sizes.layers))
        ]

    def __call__(
        self, embedded: torch.Tensor, positions: torch.Tensor, lengths: Sequence[int], wanted: Sequence[int]
    ) -> list[torch.Tensor]:
        """States (tokens, hidden) after each layer of `wanted` (counted from 1, 0 for the embeddings).

        `embedded` are word vectors (tokens, hidden) of texts behind each other, `positions` each token's place in its
        text, `lengths` the texts' tokens.
        """
        states, runs = self.entered(embedded, positions, lengths)
        found = {0: states}
        for number, layer in enumerate(self.layers[: max(wanted)], start=1):
            states = layer(states, runs)
            if number in wanted:
                found[number] = states
        return [found[number][: len(embedded)] for number in wanted]

    def entered(
        self, embedded: torch.Tensor, positions: torch.Tensor, lengths: Sequence[int]
    ) -> tuple[torch.Tensor, Runs]:
        """What the first layer gets: as in the call, behind it rows of zeros up to a multiple of `rows`."""
        import torch

        states = self._norm(embedded + self._type + self._positions[positions])
        missing = -len(states) % self.rows
        if not missing:
            return states, runs_of(lengths)
        return torch.nn.functional.pad(states, (0, 0, 0, missing)), [*runs_of(lengths), (1, missing)]
