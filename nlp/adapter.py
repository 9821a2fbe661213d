"""LoRA adapters (Hu et al. 2021) in PEFT's file format: low-rank changes that are merged into the encoder's weights."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.quantised import WeightsError

Matrix = NDArray[np.float32]

TENSORS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
MAX_BYTES = 64 * 1024 * 1024
KEY = re.compile(r"base_model\.model\.(?P<module>encoder\.layer\.[\w.]+)\.lora_(?P<side>[AB])\.weight")


@dataclass(frozen=True)
class Adapter:
    """Per module of the encoder the factors A (rank, in) and B (out, rank); its weight grows by `scale` * B @ A."""

    factors: Mapping[str, tuple[Matrix, Matrix]]
    scale: float
    revision: str


def load_adapter(folder: Path) -> Adapter | None:
    """The adapter in a folder, None where there is none. Raises WeightsError where it is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = folder / TENSORS
    if not path.exists():
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES} bytes")
        raw, text = path.read_bytes(), (folder / CONFIG).read_bytes()
        config = json.loads(text)
        scale = float(config["lora_alpha"]) / int(config["r"])
        factors = _paired(load(raw))
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError, SafetensorError) as error:
        raise WeightsError(f"the adapter in {folder} can't be read: {error}") from error
    return Adapter(factors, scale, hashlib.sha256(raw + text).hexdigest()[:8])


def _paired(tensors: Mapping[str, NDArray[Any]]) -> dict[str, tuple[Matrix, Matrix]]:
    sides: dict[str, dict[str, Matrix]] = {}
    for name, values in tensors.items():
        match = KEY.fullmatch(name)
        if match is None or values.ndim != 2 or not np.isfinite(values).all():
            raise ValueError(f"unexpected or damaged tensor {name}")
        sides.setdefault(match["module"], {})[match["side"]] = values.astype(np.float32)
    if any(pair.keys() != {"A", "B"} or pair["B"].shape[1] != pair["A"].shape[0] for pair in sides.values()):
        raise ValueError("factors don't fit together")
    return {module: (pair["A"], pair["B"]) for module, pair in sides.items()}


def merge(state: dict[str, NDArray[np.float32]], adapter: Adapter) -> None:
    """Adds an adapter to the encoder's matrices, in place. Raises WeightsError where it doesn't fit them."""
    for module, (a, b) in adapter.factors.items():
        key = f"{module}.weight"
        if key not in state or state[key].shape != (b.shape[0], a.shape[1]):
            raise WeightsError(f"the adapter doesn't fit the encoder at {module}")
        state[key] = state[key] + np.float32(adapter.scale) * (b @ a)
