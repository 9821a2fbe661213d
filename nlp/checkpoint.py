"""The state of a training on disk: written whole or not at all, so that a killed training goes on where it was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.quantised import WeightsError

NAME = "checkpoint.safetensors"
STEPS = "steps"
PLAN = "plan"

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name after `steps` steps of the training that `plan` names."""

    tensors: dict[str, Vectors]
    steps: int
    plan: str


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replaces the folder's checkpoint in one move."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{NAME}.part"
    with part.open("wb") as file:
        tensors = {name: np.ascontiguousarray(values) for name, values in checkpoint.tensors.items()}
        file.write(save(tensors, {STEPS: str(checkpoint.steps), PLAN: checkpoint.plan}))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / NAME)


def read_checkpoint(folder: Path, *, plan: str) -> Checkpoint | None:
    """The folder's checkpoint, None where there is none.

    Raises WeightsError where it is damaged or belongs to another training: other texts, another recipe or encoder.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / NAME
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            found = Checkpoint(tensors, int(facts[STEPS]), facts[PLAN])
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise WeightsError(f"{path} is damaged ({error}); delete it to begin anew") from error
    if found.plan != plan:
        raise WeightsError(
            f"{path} belongs to a training on other texts or with another recipe; delete it to begin anew"
        )
    return found


def drop_checkpoint(folder: Path) -> None:
    """Removes the checkpoint of a training that came to its end."""
    (folder / NAME).unlink(missing_ok=True)
