"""YAML files into models, with errors that name the line: people edit profiles and cards by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.error import YAMLError as ReadError

Model = TypeVar("Model", bound=BaseModel)
MAX_BYTES = 1_000_000


class YamlError(ValueError):
    """A YAML file that can't be used; the message lists each fault with file and 1-based line."""


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a model. Raises `YamlError` for a file that is missing, no YAML, or invalid."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise YamlError(f"{path}: larger than {MAX_BYTES} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise YamlError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise YamlError(f"{path}: not UTF-8 text") from error
    return parse_yaml(text, model, name=str(path))


def parse_yaml(text: str, model: type[Model], *, name: str) -> Model:
    """Read YAML text into a model; `name` stands for the file in messages. Raises `YamlError`."""
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise YamlError(f"{name}:{line}: {error.problem}") from error
    except (ReadError, RecursionError, ValueError) as error:
        raise YamlError(f"{name}: no readable YAML") from error
    if not isinstance(tree, CommentedMap):
        raise YamlError(f"{name}:1: expected 'key: value' lines")
    try:
        return model.model_validate(_plain(tree))
    except ValidationError as error:
        faults = sorted((_line(tree, fault["loc"]), _dotted(fault["loc"]), fault["msg"]) for fault in error.errors())
        raise YamlError("\n".join(f"{name}:{line}: {place}: {message}" for line, place, message in faults)) from error


def _plain(value: Any) -> Any:
    """The tree without ruamel's own types, which pydantic would refuse in strict places."""
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return str(value) if isinstance(value, str) else value


def _dotted(location: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in location) or "file"


def _line(tree: Any, location: Sequence[int | str]) -> int:
    """The 1-based line of the deepest part of the location that stands in the file."""
    line = 1
    for part in location:
        if isinstance(tree, CommentedMap) and part in tree:
            line = int(tree.lc.key(part)[0]) + 1
        elif isinstance(tree, CommentedSeq) and isinstance(part, int) and part < len(tree):
            line = int(tree.lc.item(part)[0]) + 1
        else:
            break
        tree = tree[part]
    return line
