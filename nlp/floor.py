"""The floor that the transformer has to beat: TF-IDF of words and characters with a logistic regression.

`python -m nlp.floor DATA_FOLDER [--all]` trains it on the same rows as the shipped heads (`--all`: also on those whose
licence forbids commercial use) and prints its figures and the scorer's side by side, per dev file, on the rows that no
calibration has seen. The floor is shown as fitted and with the same calibration that the scorer gets.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.calibrating import OWN_BALANCE
from nlp.cleaning import clean
from nlp.corpora import CORPORA, Row, read_rows
from nlp.evaluation import macro_f1
from nlp.fitting import fit_calibration
from nlp.head import LABELS, softmax
from nlp.scorer import Scorer, ScoringInput
from nlp.taxonomy import Taxonomy

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]


def labelled(path: Path, *, commercial_only: bool) -> list[Row]:
    """The rows of a file that have a label and, if asked, a licence for commercial use."""
    return [
        row
        for row in read_rows(path)
        if row.label in LABELS and (not commercial_only or row.domain not in CORPORA or CORPORA[row.domain].commercial)
    ]


def fit_floor(rows: Sequence[Row]) -> Any:
    """TF-IDF of words (1-2) and characters within words (2-5), balanced by nothing, with a logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    model = make_pipeline(make_union(words, characters), LogisticRegression(C=4.0, max_iter=300))
    return model.fit([clean(row.text) for row in rows], [str(row.label) for row in rows])


def floor_scores(model: Any, rows: Sequence[Row]) -> Vectors:
    """Log-probabilities (n, labels) in the order of `LABELS`; a label that training lacked gets -20."""
    probabilities = model.predict_proba([clean(row.text) for row in rows])
    scores = np.full((len(rows), len(LABELS)), -20.0, dtype=np.float32)
    for column, label in enumerate(model.classes_):
        scores[:, LABELS.index(label)] = np.log(np.maximum(probabilities[:, column], 1e-9))
    return scores


def compare(data_folder: Path, scorer: Scorer, *, commercial_only: bool = True) -> dict[str, Any]:
    """Per dev file, on its held-out half: n and [accuracy, macro-F1] of floor, calibrated floor and scorer."""
    train_rows = [
        row
        for path in sorted((data_folder / "train").glob("*.jsonl"))
        for row in labelled(path, commercial_only=commercial_only)
    ]
    model = fit_floor(train_rows)
    return {
        path.stem: _compare_file(labelled(path, commercial_only=False), model, scorer)
        for path in sorted((data_folder / "dev").glob("*.jsonl"))
    }


def _compare_file(rows: Sequence[Row], model: Any, scorer: Scorer) -> dict[str, Any]:
    seen, unseen = [row for row in rows if row.calibrates], [row for row in rows if not row.calibrates]
    gold = _numbers(unseen)
    raw = floor_scores(model, unseen)
    domain = CORPORA.get(rows[0].domain)
    mixed = domain is None or domain.annotates_mixed
    calibration = fit_calibration([(floor_scores(model, seen), _numbers(seen), mixed)], balance=OWN_BALANCE)
    calibrated = softmax(raw * calibration.temperature + np.array(calibration.bias, dtype=np.float32))
    results = scorer.score([ScoringInput(row.text, channel=row.corpus) for row in unseen], taxonomy=Taxonomy())
    ours = np.array([LABELS.index(result.sentiment) for result in results], dtype=np.int64)
    return {
        "n": len(unseen),
        "floor": _figures(gold, raw.argmax(axis=1)),
        "floor_calibrated": _figures(gold, calibrated.argmax(axis=1)),
        "scorer": _figures(gold, ours),
    }


def _numbers(rows: Sequence[Row]) -> Numbers:
    return np.array([LABELS.index(row.label) for row in rows if row.label in LABELS], dtype=np.int64)


def _figures(gold: Numbers, found: Numbers) -> list[float]:
    return [round(float((gold == found).mean()), 4), round(macro_f1(gold, found), 4)]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this module."""
    import sys

    from nlp.loading import load_scorer

    parser = argparse.ArgumentParser(prog="python -m nlp.floor", description="TF-IDF against the shipped scorer")
    parser.add_argument("data_folder", type=Path)
    parser.add_argument("--all", action="store_true", help="also train the floor on non-commercial rows")
    options = parser.parse_args(arguments)
    result = compare(options.data_folder, load_scorer(), commercial_only=not options.all)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
