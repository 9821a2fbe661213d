"""How relevance learns from clicks: `python -m nlp.relevance_check FILE --cache FOLDER`.

The rows of the file say by `relevance` whether the text means the brand (GermEval 2017: the railway, in texts found by
the word for it). One half of them, by the texts' hashes, gives the clicks and the texts about the brand, the other half
is judged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp.corpora import in_calibration_half, natural_text
from nlp.loading import load_parts
from nlp.relevance import Relevance
from nlp.topics import TopicMatcher, Vectors
from nlp.vector_cache import document_vectors

CLICKS = (3, 10, 30, 100)
OURS = 300
DRAWS = 5
SEED = 41


def check(texts: Sequence[str], means: Sequence[bool], vectors: Vectors) -> dict[str, Any]:
    """Per number of clicks, the means of `DRAWS` draws on the other half: the share of texts about something else that
    are set aside (`found`), the share of texts about the brand that are set aside (`wrongly`), and the probability that
    a text about the brand gets the higher figure of two (`auc`). `vectors` are whitened."""
    from sklearn.metrics import roc_auc_score

    known = dict(zip(texts, vectors, strict=True))
    pairs = list(dict(zip(texts, means, strict=True)).items())
    shown = [pair for pair in pairs if in_calibration_half(pair[0])]
    judged = [pair for pair in pairs if not in_calibration_half(pair[0])]
    gold = np.array([ours for _, ours in judged], dtype=bool)
    ours, others = ([text for text, kind in shown if kind is wanted] for wanted in (True, False))
    chance = np.random.default_rng(SEED)
    figures: dict[str, Any] = {"ours": int(gold.sum()), "others": int((~gold).sum())}
    for clicks in (count for count in CLICKS if count <= len(others)):
        draws = []
        for _ in range(DRAWS):
            drawn = [[part[place] for place in chance.permutation(len(part))] for part in (ours, others)]
            model = Relevance(
                lambda wanted: np.stack([known[text] for text in wanted]), drawn[0][:OURS], drawn[1][:clicks]
            )
            found = np.array(model([text for text, _ in judged]))
            aside = found <= model.bound
            draws.append((aside[~gold].mean(), aside[gold].mean(), roc_auc_score(gold, found)))
        names = ("found", "wrongly", "auc")
        figures[f"{clicks} clicks"] = dict(zip(names, np.mean(draws, axis=0).round(3).tolist(), strict=True))
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of the shipped model as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, help="JSONL with text and relevance")
    parser.add_argument("--cache", type=Path, required=True, help="folder where vectors are kept")
    options = parser.parse_args(arguments)
    rows = [json.loads(line) for line in options.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = [row for row in rows if isinstance(row.get("relevance"), bool)]
    heads, encoder = load_parts()
    texts = [natural_text(row) for row in rows]
    matcher = TopicMatcher(heads, lambda wanted: document_vectors(wanted, encoder, options.cache))
    vectors = matcher.whitened(document_vectors(texts, encoder, options.cache)[:, -encoder.sizes.hidden :])
    sys.stdout.write(json.dumps(check(texts, [row["relevance"] for row in rows], vectors), indent=2) + "\n")


if __name__ == "__main__":
    main()
