"""Which precision the model scores with: set, or chosen once per machine and kept in the data folder.

A later call, which may go on after a kill, so scores with the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from brandmelder.settings import Settings

if TYPE_CHECKING:
    from nlp.precision import Precision

NAME = "precision.json"


def precision_of(settings: Settings) -> Precision | None:
    """The precision that is set, or else was chosen on this machine before; None where none was."""
    if settings.precision != "auto":
        return settings.precision
    try:
        kept = json.loads((settings.data / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("machine") != _machine(settings):
        return None
    found = kept.get("precision")
    return cast("Precision", found) if found in ("fp32", "bf16", "int8") else None


def keep_precision(settings: Settings, precision: Precision) -> None:
    """Remember what was chosen on this machine, where the data folder can be written."""
    text = json.dumps({"machine": _machine(settings), "precision": precision})
    part = settings.data / f"{NAME}.{os.getpid()}"
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(settings.data / NAME)
    except OSError:
        # A data folder that can't be written: the next call tests again.
        return


def _machine(settings: Settings) -> str:
    """What the choice depends on: processor, cores, threads and torch."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    facts = sorted({line for line in lines if line.startswith(("model name", "flags"))}) or [platform.processor()]
    threads = settings.threads or os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    return hashlib.sha256("\n".join([*facts, str(threads), version("torch")]).encode()).hexdigest()[:16]
