"""The encoder's linear maps in bfloat16 and in int8, for processors on which these are faster than float32.

In both, layer norms and residuals stay float32, and a row's figures don't depend on the rows beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from nlp.forward import Layer, Linear, Map, Runs

if TYPE_CHECKING:
    import torch

HALF_ROWS = 256
"""Rows of each product in bfloat16. Always as many: how a kernel splits its sums may depend on that number."""
ENGINE = "fbgemm"
LOUD = 16
"""Channels that stay float32: in BERT's layer norms a few are ten times as large as the others, and one scale for all
would leave these few steps (Dettmers et al. 2022, "LLM.int8()")."""
SMOOTHED = 0.5
"""How far the channels' sizes are evened out before rounding (Xiao et al. 2023, "SmoothQuant")."""
GRID = 4
"""Scales are powers of two in steps of a quarter, so that float32's last digits, which differ between processors, make
no other scale."""
LEAST = 1e-6
MOST_WEIGHT = 127
STEPS = 255
# On AVX2 two neighbouring products are added in 16 bits: 255 times their weights must not pass 32,767.
MOST_PAIR = 128
RARE = 0.005


@dataclass(frozen=True)
class Half:
    """x -> x W^T + b in bfloat16, sums in float32. Rows come as multiples of `HALF_ROWS`."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """States (tokens, in) of either type to (tokens, out) in bfloat16."""
        import torch

        parts = states.to(torch.bfloat16).view(-1, HALF_ROWS, states.shape[1]).unbind(0)
        return torch.cat([torch.nn.functional.linear(part, self.weight, self.bias) for part in parts])


@dataclass(frozen=True)
class Eight:
    """x -> x W^T + b with W and x in 8 bits, sums in whole numbers: exact on every processor.

    `scale` evens the channels out and is 0 for the loud ones, which go through `loud_weight` in float32. Each row has a
    scale of its own, the largest of its values; W's rows have theirs. `low` is where a row's values end below, in
    parts of that.
    """

    packed: Any
    bias: torch.Tensor
    scale: torch.Tensor
    loud: torch.Tensor
    loud_weight: torch.Tensor
    low: float

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """States (tokens, in) to (tokens, out)."""
        import torch

        loud = torch.addmm(self.bias, states.index_select(1, self.loud), self.loud_weight)
        quiet = states * self.scale
        top = _top(quiet, self.low)
        step = (1 - self.low) / STEPS
        product = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
        found = product(quiet.div_(top), step, round(-self.low / step), self.packed)
        return loud.addcmul_(found, top)


def halved(layer: Layer) -> Layer:
    """The layer in bfloat16."""
    import torch

    return _replaced(
        layer, lambda linear, _: Half(linear.weight.to(torch.bfloat16), linear.bias.to(torch.bfloat16)), {}
    )


def in_eight_bits(layers: Sequence[Layer], states: torch.Tensor, runs: Runs) -> list[Layer]:
    """The layers in int8, fitted on what they get where the first gets `states` (see `nlp.forward.Layers.entered`)."""
    found = []
    for layer in layers:
        seen: dict[int, torch.Tensor] = {}
        states = _replaced(layer, _watched, seen)(states, runs)
        found.append(_replaced(layer, eight, seen))
    return found


def eight(linear: Linear, seen: torch.Tensor) -> Eight:
    """A map in int8, fitted on states (n, in) that it gets."""
    import torch

    peaks = seen.abs().amax(0)
    # GELU's range begins at -0.17, however far it goes up: half of a symmetric scale would stay unused.
    positive = bool(seen.min() > -0.2)
    loud = torch.sort(peaks.argsort(descending=True)[: min(LOUD, len(peaks) // 4)]).values
    sizes = peaks.clamp_min(1e-3) ** -SMOOTHED * linear.weight.abs().amax(0).clamp_min(1e-4) ** (1 - SMOOTHED)
    sizes = 2 ** ((GRID * (sizes / sizes.log().mean().exp()).log2()).round() / GRID)
    scale = sizes.index_fill(0, loud, 0.0)
    quiet = seen * scale
    low = -1.0
    if positive:
        lowest = torch.quantile((quiet / _top(quiet, 0.0)).amin(1), RARE).item()
        low = max(-1.0, min(-0.02, round(lowest * 64 - 0.5) / 64))
    weight = (linear.weight / sizes).index_fill(1, loud, 0.0)
    return Eight(_packed(weight), linear.bias, scale, loud, linear.weight.index_select(1, loud).t().contiguous(), low)


def _top(states: torch.Tensor, low: float) -> torch.Tensor:
    """Each row's largest value, or largest size where it goes as far down as up."""
    import torch

    if low > -1:
        return states.amax(1, keepdim=True).clamp_min_(LEAST)
    largest: torch.Tensor = torch.linalg.vector_norm(states, float("inf"), dim=1, keepdim=True)
    return largest.clamp_min_(LEAST)


def _packed(weight: torch.Tensor) -> Any:
    """A matrix in 8 bits, a scale per row."""
    import torch

    pairs = weight.view(len(weight), -1, 2)
    of_one_sign = torch.maximum(pairs.clamp_min(0).sum(2), (-pairs).clamp_min(0).sum(2)).amax(1)
    scales = torch.maximum(weight.abs().amax(1) / MOST_WEIGHT, of_one_sign / (MOST_PAIR - 1)).clamp_min(1e-12)
    engine = torch.backends.quantized.engine
    torch.backends.quantized.engine = ENGINE
    try:
        with warnings.catch_warnings():
            # Torch moves its quantisation elsewhere; the products stay.
            warnings.simplefilter("ignore")
            zeros = torch.zeros(len(weight), dtype=torch.int64)
            numbers = torch.quantize_per_channel(weight, scales.double(), zeros, 0, torch.qint8)
            return torch.ops.quantized.linear_prepack(numbers, None)
    finally:
        torch.backends.quantized.engine = engine


def _watched(linear: Linear, seen: dict[int, torch.Tensor]) -> Map:
    def watching(states: torch.Tensor) -> torch.Tensor:
        seen[id(linear)] = states
        return linear(states)

    return watching


def _replaced(layer: Layer, make: Callable[..., Map], seen: dict[int, torch.Tensor]) -> Layer:
    """The layer with each linear map made anew from itself and what it saw (`_watched` fills that)."""

    def made(name: str) -> Map:
        linear = cast("Linear", getattr(layer, name))
        return make(linear, seen if make is _watched else seen.get(id(linear)))

    return replace(
        layer, attention=made("attention"), attended=made("attended"), inner=made("inner"), outer=made("outer")
    )
