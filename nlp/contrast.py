"""Sentences of our own that differ in what decides their meaning: negation, irony, conditions, mixed voices, and more.

Some are kept as templates (data/contrast/*.yaml) and expanded here. A template belongs to training or to testing as a
whole, so that the test shows what carries over to other wordings. The others are single posts and reviews
(data/contrast/train/*.tsv and test/*.tsv: label, tab, text; the label `ironic` is negative with irony), split by
blocks, as neighbours tell of the same things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from nlp.scorer import Label

FOLDER = Path(__file__).resolve().parent / "data" / "contrast"
MAX_VARIANTS = 12
IRONIC = "ironic"
LABEL_OF_MARK: dict[str, Label] = {
    "negative": "negative",
    "neutral": "neutral",
    "positive": "positive",
    "mixed": "mixed",
    IRONIC: "negative",
}
SLOT = re.compile(r"\{(\w+)\}")

Split = Literal["train", "test"]


@dataclass(frozen=True)
class Contrast:
    """One sentence or post. `kind` is the file it comes from; `irony` marks praise that means the opposite."""

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
    for path in sorted((folder / split).glob("*.tsv")):
        found.extend(_written(path))
    return found


def _written(path: Path) -> Iterator[Contrast]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        mark, _, text = line.partition("\t")
        label = LABEL_OF_MARK.get(mark)
        if label is None or not text.strip():
            raise ValueError(f"{path.name}, line {number}: expected a label, a tab and a text")
        yield Contrast(text, label, mark == IRONIC, path.stem, f"{path.parent.name}-{path.stem}-{number}")


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
