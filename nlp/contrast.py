"""Sentences of our own that differ in what decides their meaning: negation, irony, conditions, mixed voices, and more.

They are kept as templates (data/contrast/*.yaml) and expanded here. A template belongs to training or to testing as a
whole, so that the test shows what carries over to other wordings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from nlp.scorer import Label

FOLDER = Path(__file__).resolve().parent / "data" / "contrast"
MAX_VARIANTS = 12
SLOT = re.compile(r"\{(\w+)\}")

Split = Literal["train", "test"]


@dataclass(frozen=True)
class Contrast:
    """One sentence. `kind` is the file it comes from; `irony` marks praise that means the opposite."""

    text: str
    label: Label
    irony: bool
    kind: str
    template: str


def contrasts(split: Split, *, folder: Path = FOLDER) -> list[Contrast]:
    """The sentences of one split, in the files' order. Raises ValueError where a template is damaged."""
    found: list[Contrast] = []
    for path in sorted(folder.glob("*.yaml")):
        for entry in YAML(typ="safe").load(path.read_text(encoding="utf-8")) or []:
            if entry["split"] == split:
                found.extend(_expanded(entry, path.stem))
    return found


def _expanded(entry: dict[str, Any], kind: str) -> list[Contrast]:
    irony = bool(entry.get("irony", False))
    return [Contrast(text, entry["label"], irony, kind, entry["id"]) for text in filled(entry)]


def filled(entry: Mapping[str, Any]) -> list[str]:
    """The sentences of one template (`id`, `text`, `slots`). Raises ValueError where slots and text differ."""
    slots = entry.get("slots") or {}
    names = list(slots)
    if set(SLOT.findall(entry["text"])) != set(names):
        raise ValueError(f"{entry['id']}: slots and placeholders differ")
    return [
        entry["text"].format_map({name: str(value) for name, value in zip(names, values, strict=True)})
        for values in islice(product(*(slots[name] for name in names)), MAX_VARIANTS)
    ]
