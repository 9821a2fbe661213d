"""Finds the files of a Hugging Face checkpoint: in a folder, in Hugging Face's cache, or by downloading them there.

Only files without code are looked at: configuration, tokenizer, and weights as safetensors. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.head import CONFIG
from nlp.head import TENSORS as HEADS
from nlp.huggingface_labels import LabelMap, map_labels
from nlp.quantised import WeightsError

SETTING = "BRANDMELDER_MODEL"
HUB_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?)(?:@(?P<version>[\w./-]+))?", re.ASCII)
WEIGHTS = ("model*.safetensors", "model*.safetensors.index.json")
WORDS = ("tokenizer.json", "vocab*.txt", "vocab*.json", "*.model")
MORE = (CONFIG, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
PICKLED = ("pytorch_model*.bin", "*.pt", "*.pth")
TASK = "ForSequenceClassification"
MAX_CONFIG = 16 * 1024 * 1024


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint on this machine: what it was called, where it lies, what it says of itself."""

    name: str
    folder: Path
    config: Mapping[str, Any]

    def paths(self) -> list[Path]:
        """The files that are used, by name."""
        patterns = (*WEIGHTS, *WORDS, *MORE)
        return sorted({path for pattern in patterns for path in self.folder.glob(pattern) if path.is_file()})

    def digest(self) -> str:
        """SHA-256 of all files that are used; reads them whole."""
        sums = hashlib.sha256()
        for path in self.paths():
            with path.open("rb") as file:
                sums.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        return sums.hexdigest()

    def labels(self, given: str = "") -> LabelMap:
        """What its labels mean; `given` and WeightsError as in `map_labels`."""
        try:
            return map_labels(label_names(self.config), given)
        except WeightsError as error:
            raise WeightsError(f"{self.name}: {error}") from error


def is_checkpoint(model: str | Path | None) -> bool:
    """Whether a model's name means a Hugging Face checkpoint rather than a model of our own; looks at no network.

    A folder with heads of ours is ours; another folder is a checkpoint where it looks like one. What is no folder is a
    checkpoint where it could be a name on the Hugging Face Hub.
    """
    if model is None:
        return False
    folder = Path(model)
    if not folder.is_dir():
        return HUB_NAME.fullmatch(str(model)) is not None
    if (folder / HEADS).exists():
        return False
    marks = any(any(folder.glob(pattern)) for pattern in (*WEIGHTS, *PICKLED))
    return marks or "model_type" in (_read(folder / CONFIG) or {})


def checkpoint_files(model: str | Path, *, download: bool = True) -> CheckpointFiles:
    """The files of a checkpoint, checked as far as that goes without torch and transformers.

    A name on the Hub may end with `@` and a version (branch, tag or commit). Without `download`, and with
    HF_HUB_OFFLINE=1, only what is in Hugging Face's cache is found. Raises WeightsError with what to do.
    """
    folder = Path(model)
    name = folder.absolute().name
    if not folder.is_dir():
        name, folder = str(model), _from_hub(str(model), download)
    config = _read(folder / CONFIG)
    if config is None:
        raise WeightsError(f"{name}: {folder / CONFIG} is missing or no JSON object")
    found = CheckpointFiles(name, folder, config)
    _check(found)
    return found


def label_names(config: Mapping[str, Any]) -> list[str]:
    """A checkpoint's labels in the order of its outputs; transformers writes none down where there are two unnamed."""
    given = config.get("id2label")
    if given is None:
        count = config.get("num_labels", 2)
        return [f"LABEL_{index}" for index in range(count if isinstance(count, int) else 0)]
    try:
        names = {int(key): str(name) for key, name in dict(given).items()}
    except (TypeError, ValueError):
        names = {}
    if not names or sorted(names) != list(range(len(names))):
        raise WeightsError("the entry id2label of its config.json is damaged")
    return [names[index] for index in range(len(names))]


def _from_hub(model: str, download: bool) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    parts = HUB_NAME.fullmatch(model)
    if parts is None:
        raise WeightsError(f"{model} is neither a folder nor a name on the Hugging Face Hub")
    disable_progress_bars()
    offline = constants.is_offline_mode()
    try:
        return Path(
            snapshot_download(
                parts["name"],
                revision=parts["version"],
                allow_patterns=[*WEIGHTS, *WORDS, *MORE],
                ignore_patterns=["*/*"],
                local_files_only=offline or not download,
            )
        )
    except LocalEntryNotFoundError as error:
        if offline:
            raise WeightsError(
                f"{model} is no folder here and not in Hugging Face's cache, and HF_HUB_OFFLINE=1 forbids to fetch it. "
                f"Please call once with HF_HUB_OFFLINE=0, or set {SETTING} to a folder with the checkpoint's files"
            ) from error
        if not download:
            raise WeightsError(
                f"{model} is no folder here and not in Hugging Face's cache yet; the next call that scores fetches it"
            ) from error
        cause = error.__cause__
        reason = f"HTTP status {cause.response.status_code}" if isinstance(cause, HfHubHTTPError) else "no connection"
        raise WeightsError(_unreachable(model, reason)) from error
    except HfHubHTTPError as error:
        raise WeightsError(_unreachable(model, f"HTTP status {error.response.status_code}")) from error
    except (OSError, ValueError) as error:
        raise WeightsError(_unreachable(model, str(error).splitlines()[0] if str(error) else "-")) from error


def _unreachable(model: str, reason: str) -> str:
    return (
        f"{model} is no folder here and can't be fetched from the Hugging Face Hub ({reason}). Please check {SETTING} "
        "and the connection; a private model needs HF_TOKEN"
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > MAX_CONFIG:
            return None
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _check(files: CheckpointFiles) -> None:
    kinds = files.config.get("architectures")
    kinds = [str(kind) for kind in kinds] if isinstance(kinds, list) else []
    if not any(kind.endswith(TASK) for kind in kinds):
        raise WeightsError(
            f"{files.name} is no sequence-classification checkpoint (its config.json names the architecture "
            f"{', '.join(kinds) or '-'}), so it tells no sentiment"
        )
    folder = files.folder
    weights = [path for path in folder.glob(WEIGHTS[0]) if path.is_file()]
    if not weights and any(any(folder.glob(pattern)) for pattern in PICKLED):
        raise WeightsError(
            f"{folder} holds its weights as a pickle only, which can run code when it is read. Please convert them to "
            "safetensors (transformers' save_pretrained does)"
        )
    if not weights:
        raise WeightsError(f"{files.name} has no weights as safetensors (model.safetensors)")
    for path in weights:
        _check_tensors(path)
    if not any(any(folder.glob(pattern)) for pattern in WORDS):
        raise WeightsError(f"{files.name} has no tokenizer ({', '.join(WORDS)})")


def _check_tensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except (OSError, ValueError, SafetensorError) as error:
        raise WeightsError(f"{path} is damaged: {error}") from error
