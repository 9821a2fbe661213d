"""Fits the head that tells who asks for an answer: `python -m nlp.answers DATA_FOLDER MODEL_FOLDER` refits a model's.

Nobody labelled the corpora for this. So sentences of our own (data/answers) say what asking is, and sentences of the
corpora that have neither a question mark nor a word of request count as telling, so that the head knows how customers
write who want nothing. Half of those texts are left for the threshold.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from nlp.contrast import Split, filled
from nlp.corpora import CORPORA, read_rows
from nlp.head import ANSWER, Heads, save_heads
from nlp.loading import load_parts

Vectors = NDArray[np.float32]

FOLDER = Path(__file__).resolve().parent / "data" / "answers"
ASKING = "asks"
"""The file of those that ask; what stands in others tells."""
PENALTY = 0.01
"""Inverse strength of the squared-weights penalty: a few hundred sentences and a thousand numbers each."""
CORPUS_SHARE = 1.0
"""What all sentences of the corpora together weigh, as a multiple of our own telling sentences."""
LOWEST_THRESHOLD = 0.5
FALSE_ANSWERS = 0.03
"""Share of texts without a sign of asking that may be flagged."""
ROWS = 400
"""Rows per training file."""
REQUEST = re.compile(
    r"\?|\b(?:bitte|könn(?:t|te|en|ten)|kann man|wann|wieso|warum|wer|wo|wie|welche\w*|hilfe|help|wäre|würde|meldet"
    r"|frage\w*)\b",
    re.I,
)


@dataclass(frozen=True)
class Example:
    """A sentence of our own, and whether it asks for something."""

    text: str
    asks: bool


def examples(split: Split, *, folder: Path = FOLDER) -> list[Example]:
    """Our own sentences; a template belongs to training or to testing as a whole.

    Raises ValueError where a template's slots and text differ.
    """
    return [
        Example(text, path.stem == ASKING)
        for path in sorted(folder.glob("*.yaml"))
        for entry in YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        if entry["split"] == split
        for text in filled(entry)
    ]


def telling(texts: Sequence[str]) -> list[str]:
    """The texts without a sign that anything is asked."""
    return [text for text in texts if not REQUEST.search(text)]


def with_answers(heads: Heads, own: Sequence[Example], vectors: Vectors, corpora: Sequence[Vectors]) -> Heads:
    """The heads with a row for the need for an answer, fitted on our own sentences (n, width) and on telling texts of
    the corpora, each as its sentences (k, width). A row that is there is replaced; without examples nothing changes."""
    from sklearn.linear_model import LogisticRegression

    shown, others = [text for text in corpora[::2] if len(text)], [text for text in corpora[1::2] if len(text)]
    sentences = np.concatenate([vectors[:0], *shown])
    gold = np.array([item.asks for item in own] + [False] * len(sentences), dtype=bool)
    if not gold.any() or gold.all():
        return heads
    told = len(own) - int(gold.sum())
    weights = np.concatenate([np.ones(len(own)), np.full(len(sentences), CORPUS_SHARE * told / max(1, len(sentences)))])
    standard = (np.concatenate([vectors, sentences]) - heads.mean) / heads.scale
    model = LogisticRegression(C=PENALTY, max_iter=2000).fit(standard, gold, sample_weight=weights)
    weight = np.concatenate([heads.weight[:ANSWER], np.asarray(model.coef_, dtype=np.float32)])
    bias = np.concatenate([heads.bias[:ANSWER], np.asarray(model.intercept_, dtype=np.float32)])
    config = heads.config.model_copy(update={"answer_threshold": LOWEST_THRESHOLD})
    fitted = replace(heads, config=config, weight=weight, bias=bias)
    return replace(fitted, config=config.model_copy(update={"answer_threshold": _threshold(fitted, others)}))


def _threshold(heads: Heads, texts: Sequence[Vectors]) -> float:
    """The lowest one that flags at most `FALSE_ANSWERS` of the texts."""
    found = [heads.answer(heads.scores(text)) for text in texts]
    highest = [float(values.max()) for values in found if values is not None]
    if not highest:
        return LOWEST_THRESHOLD
    # Rounded up: down, more than that share would be flagged.
    return max(LOWEST_THRESHOLD, ceil(100 * float(np.quantile(highest, 1 - FALSE_ANSWERS))) / 100)


def check(heads: Heads, own: Sequence[Example], vectors: Vectors) -> dict[str, Any]:
    """Figures on our own sentences: n, precision and recall of those that ask, accuracy, the threshold."""
    found, threshold = heads.answer(heads.scores(vectors)), heads.config.answer_threshold
    if found is None or threshold is None:
        return {}
    flagged = found >= threshold
    gold = np.array([item.asks for item in own], dtype=bool)
    hits = int((flagged & gold).sum())
    return {
        "n": len(own),
        "accuracy": round(float((flagged == gold).mean()), 3),
        "precision": round(hits / max(1, int(flagged.sum())), 3),
        "recall": round(hits / max(1, int(gold.sum())), 3),
        "threshold": threshold,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Refit the row of a trained model and print figures on the test sentences as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder with train/*.jsonl")
    parser.add_argument("model", type=Path, help="folder of the model; its heads are replaced")
    options = parser.parse_args(arguments)
    heads, encoder = load_parts(options.model)
    plain = [text for path in sorted((options.data / "train").glob("*.jsonl")) for text in commercial_texts(path)]
    own, unseen = examples("train"), examples("test")
    told = [item.vectors for item in encoder.encode(telling(plain))]
    mine, theirs = (
        np.stack([item.document for item in encoder.encode([one.text for one in part])]) for part in (own, unseen)
    )
    heads = with_answers(heads, own, mine, told)
    save_heads(heads, options.model)
    sys.stdout.write(json.dumps(check(heads, unseen, theirs)) + "\n")


def commercial_texts(path: Path) -> list[str]:
    """The first texts of a corpus file whose licence allows commercial use."""
    rows = [row for row in read_rows(path) if row.domain not in CORPORA or CORPORA[row.domain].commercial]
    return [row.text for row in rows[:ROWS]]


if __name__ == "__main__":
    main()
