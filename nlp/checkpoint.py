"""The state of a training on disk: written whole or not at all, so that a killed training goes on where it was."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.quantised import WeightsError

NAME = "checkpoint.safetensors"
STEPS = "steps"

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name after `steps` steps."""

    tensors: dict[str, Vectors]
    steps: int


def write_checkpoint(folder: Path, tensors: Mapping[str, Vectors], steps: int) -> None:
    """Replaces the folder's checkpoint in one move."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{NAME}.part"
    with part.open("wb") as file:
        file.write(save({name: np.ascontiguousarray(values) for name, values in tensors.items()}, {STEPS: str(steps)}))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / NAME)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The folder's checkpoint, None where there is none. Raises WeightsError where it is damaged."""
    from safetensors import SafetensorError, safe_open

    path = folder / NAME
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            steps = int((file.metadata() or {})[STEPS])
            return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, steps)  # noqa: SIM118 - no mapping
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise WeightsError(f"{path} is damaged ({error}); delete it to begin anew") from error


def drop_checkpoint(folder: Path) -> None:
    """Removes the checkpoint of a training that came to its end."""
    (folder / NAME).unlink(missing_ok=True)
