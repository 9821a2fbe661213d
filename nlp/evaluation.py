"""How well a scorer does on labelled texts: per file, per channel, with intervals, as plain data.

Figures of a block: accuracy with its Wilson 95 % interval; macro-F1, the mean F1 over the labels that occur in the gold
labels (a prediction of another label, such as `mixed` where the corpus has none, is an error of the gold label), with a
95 % bootstrap interval; ECE, the expected calibration error over 15 equal bins of confidence: sum over bins of
(rows in bin / rows) * |accuracy in bin - mean confidence in bin| (Guo et al. 2017). Coverage: where only the most
confident rows are judged (selective classification, Geifman & El-Yaniv 2017), the share of rows for which accuracy is
still 90 %, and the accuracy of the most confident 80 %. Most published figures know three labels; for comparison with
them, rows labelled `mixed` are left out and the likeliest of the other three labels counts (`without_mixed`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.corpora import corpus_of, in_calibration_half, natural_text
from nlp.scorer import Label, Scorer, ScoringInput
from nlp.taxonomy import Taxonomy

LABELS: tuple[Label, ...] = ("negative", "neutral", "positive", "mixed")
BINS = 15
BATCH = 256
WANTED_ACCURACY = 0.9
COVERED = 0.8
RESAMPLES = 300
Z = 1.959964
MIXED = LABELS.index("mixed")
CORE = ("n", "accuracy", "macro_f1", "ece", "coverage_at_90", "accuracy_at_80")
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """One row after scoring; `held_out` tells rows that calibration has not seen from those that it may have."""

    gold: int
    found: int
    found_of_three: int
    confidence: float
    uncertain: bool
    ironic: bool
    channel: str
    held_out: bool


def read_lines(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """JSONL rows. Raises ValueError naming file and line where one is not an object with a text and a known label."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise ValueError(f"{name}, line {number}: not JSON") from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise ValueError(f"{name}, line {number}: no field `text` with a string")
        if row.get("label") is not None and row["label"] not in LABELS:
            raise ValueError(f"{name}, line {number}: label is none of {', '.join(LABELS)} or null")
        yield row


def evaluate(
    files: Mapping[str, Iterable[Mapping[str, Any]]],
    scorer: Scorer,
    *,
    channel: str | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> dict[str, Any]:
    """Compares scores with labels: `{"scorer", "revision", "files": {name: block}, "channels": {name: block}, "all"}`.

    A row's `channel` chooses the calibration; without it a known corpus (by `domain`) gets its own, other rows the
    general one. The argument `channel` replaces all rows' channels ("general": the general one). Rows whose label is
    null are counted in `skipped`. A block is `{"n", "skipped", "accuracy", "accuracy_interval", "macro_f1",
    "macro_f1_interval", "ece", "labels": {label: {"n", "precision", "recall", "f1"}}, "confusion": {gold: {found: n}},
    "coverage_at_90", "accuracy_at_80", "bins": [{"confidence", "accuracy", "n"}], "curve": [{"coverage", "accuracy"}],
    "uncertain_share", "irony_share", "accuracy_certain", "without_mixed": {"n", "accuracy", "macro_f1"}, "held_out"}`;
    figures of an empty block are null. `held_out` holds n, accuracy, macro_f1, ece, coverage_at_90, accuracy_at_80 and
    without_mixed of those rows of known corpora that calibration never saw (null for others).
    `progress` is called with the file's name and how many of its rows are done.
    """
    blocks: dict[str, Any] = {}
    everything: list[Judged] = []
    skipped = 0
    for name, rows in files.items():
        judged, without = _judge(rows, scorer, channel, partial(progress or _silent, name))
        blocks[name] = block(judged, without)
        everything.extend(judged)
        skipped += without
    channels = {
        channel: block([row for row in everything if row.channel == channel], 0)
        for channel in sorted({row.channel for row in everything})
    }
    return {
        "scorer": scorer.name,
        "revision": scorer.revision,
        "files": blocks,
        "channels": channels,
        "all": block(everything, skipped),
    }


def block(judged: Sequence[Judged], skipped: int) -> dict[str, Any]:
    """The figures of some rows, as `evaluate` documents them."""
    gold, found, sure = _columns(judged)
    matrix = _confusion(gold, found)
    certain = np.array([not row.uncertain for row in judged], dtype=bool)
    unseen = [row for row in judged if row.held_out]
    return {
        **_core(judged),
        "skipped": skipped,
        "accuracy_interval": wilson(int((gold == found).sum()), len(judged)),
        "macro_f1_interval": _bootstrap(gold, found),
        "labels": {label: _of_label(matrix, index) for index, label in enumerate(LABELS)},
        "confusion": {
            label: dict(zip(LABELS, (int(n) for n in matrix[index]), strict=True)) for index, label in enumerate(LABELS)
        },
        "bins": _bins(sure, gold == found),
        "curve": [
            {"coverage": round(share, 2), "accuracy": _rounded(accuracy_at(sure, gold == found, share))}
            for share in np.arange(0.05, 1.001, 0.05)
            if len(judged)
        ],
        "uncertain_share": _rounded(float(1 - certain.mean())) if len(judged) else None,
        "irony_share": _rounded(sum(row.ironic for row in judged) / len(judged)) if len(judged) else None,
        "accuracy_certain": _rounded(float((gold == found)[certain].mean())) if certain.any() else None,
        "held_out": _core(unseen) if unseen else None,
    }


def macro_f1(gold: Numbers, found: Numbers) -> float:
    """The mean F1 over the labels that occur in `gold`."""
    matrix = _confusion(gold, found)
    right = np.diag(matrix).astype(float)
    total = matrix.sum(axis=0) + matrix.sum(axis=1)
    present = matrix.sum(axis=1) > 0
    return float((2 * right[present] / total[present]).mean()) if present.any() else 0.0


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """ECE over 15 equal bins of confidence, as in the module's text."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == index).mean() * abs(right[bins == index].mean() - confidence[bins == index].mean())
        for index in np.unique(bins)
    ]
    return float(sum(gaps))


def coverage_at(confidence: NDArray[np.float64], right: NDArray[np.bool_], accuracy: float) -> float:
    """The largest share of rows, the most confident first, of which at least `accuracy` are right; equals go together.

    0 where even the most confident rows are worse.
    """
    order = np.argsort(-confidence, kind="stable")
    counts = np.arange(1, len(order) + 1)
    last_of_equals = np.append(np.diff(confidence[order]) != 0, True)
    good = last_of_equals & (np.cumsum(right[order]) >= accuracy * counts)
    return float(counts[good].max() / len(order)) if good.any() else 0.0


def accuracy_at(confidence: NDArray[np.float64], right: NDArray[np.bool_], coverage: float) -> float:
    """The accuracy of the most confident share of the rows, at least one of them."""
    kept = np.argsort(-confidence, kind="stable")[: max(1, round(coverage * len(confidence)))]
    return float(right[kept].mean())


def wilson(hits: int, n: int) -> list[float] | None:
    """Wilson's 95 % interval of a share (Wilson 1927), None where n is 0."""
    if n == 0:
        return None
    share = hits / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * float(np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))) / (1 + Z * Z / n)
    return [_rounded(max(0.0, centre - half)), _rounded(min(1.0, centre + half))]


def table(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The report's main figures as rows: kind (file, channel, all), name, n, skipped and figures, held-out ones."""
    groups = [("file", report["files"]), ("channel", report["channels"]), ("all", {"all": report["all"]})]
    rows = []
    for kind, named in groups:
        for name, item in named.items():
            unseen = item["held_out"] or {}
            figures = {
                key: item[key]
                for key in (
                    "n",
                    "skipped",
                    "accuracy",
                    "macro_f1",
                    "ece",
                    "coverage_at_90",
                    "accuracy_at_80",
                    "uncertain_share",
                    "irony_share",
                )
            }
            held_out = {f"held_out_{key}": unseen.get(key) for key in CORE}
            rows.append({"kind": kind, "name": name, **figures, **held_out, **_three(item)})
    return rows


def _three(item: Mapping[str, Any]) -> dict[str, Any]:
    """The table's columns for rows not labelled mixed: of all rows, and of the held-out ones."""
    unseen = item["held_out"] or {"without_mixed": {}}
    return {
        f"{prefix}three_{key}": part["without_mixed"].get(key)
        for prefix, part in (("", item), ("held_out_", unseen))
        for key in ("n", "accuracy", "macro_f1")
    }


def render(report: Mapping[str, Any]) -> str:
    """The main figures as a plain text table."""
    rows = table(report)
    width = max(len(str(row["name"])) for row in rows)
    keys = [key for key in rows[0] if key not in ("kind", "name")]
    lines = [" ".join([" " * (8 + width), *keys])]
    for row in rows:
        cells = (f"{'-' if row[key] is None else row[key]:>{len(key)}}" for key in keys)
        lines.append(" ".join([f"{row['kind']:<7} {row['name']:<{width}}", *cells]))
    return "\n".join(lines)


def _silent(_name: str, _done: int) -> None:
    pass


def _judge(
    rows: Iterable[Mapping[str, Any]], scorer: Scorer, channel: str | None, progress: Callable[[int], None]
) -> tuple[list[Judged], int]:
    judged: list[Judged] = []
    skipped = 0
    batch: list[dict[str, Any]] = []
    for row in rows:
        if row.get("label") is None:
            skipped += 1
            continue
        batch.append(dict(row))
        if len(batch) == BATCH:
            judged.extend(_score(batch, scorer, channel))
            batch = []
            progress(len(judged))
    judged.extend(_score(batch, scorer, channel))
    progress(len(judged))
    return judged, skipped


def _score(rows: Sequence[dict[str, Any]], scorer: Scorer, channel: str | None) -> list[Judged]:
    channels = [channel or _channel(row) for row in rows]
    texts = [natural_text(row) for row in rows]
    inputs = [
        ScoringInput(text, title=row["title"] if isinstance(row.get("title"), str) else None, channel=channel)
        for row, text, channel in zip(rows, texts, channels, strict=True)
    ]
    results = scorer.score(inputs, taxonomy=Taxonomy())
    return [
        Judged(
            gold=LABELS.index(row["label"]),
            found=LABELS.index(result.sentiment),
            found_of_three=_likeliest_of_three(result.probabilities),
            confidence=result.confidence,
            uncertain=result.uncertain,
            ironic=bool(result.irony),
            channel=channel or "general",
            held_out=corpus_of(row) is not None and not in_calibration_half(text),
        )
        for row, text, channel, result in zip(rows, texts, channels, results, strict=True)
    ]


def _likeliest_of_three(probabilities: Mapping[Label, float]) -> int:
    return max(range(MIXED), key=lambda place: probabilities[LABELS[place]])


def _channel(row: Mapping[str, Any]) -> str | None:
    channel = row.get("channel")
    return channel if isinstance(channel, str) and channel else corpus_of(dict(row))


def _columns(judged: Sequence[Judged]) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
    gold = np.array([row.gold for row in judged], dtype=np.int64)
    found = np.array([row.found for row in judged], dtype=np.int64)
    return gold, found, np.array([row.confidence for row in judged], dtype=np.float64)


def _core(judged: Sequence[Judged]) -> dict[str, Any]:
    gold, found, sure = _columns(judged)
    if not len(gold):
        return dict.fromkeys(CORE) | {"n": 0, "without_mixed": _without_mixed(judged)}
    return {
        "n": len(gold),
        "accuracy": _rounded(float((gold == found).mean())),
        "macro_f1": _rounded(macro_f1(gold, found)),
        "ece": _rounded(expected_calibration_error(sure, gold == found)),
        "coverage_at_90": _rounded(coverage_at(sure, gold == found, WANTED_ACCURACY)),
        "accuracy_at_80": _rounded(accuracy_at(sure, gold == found, COVERED)),
        "without_mixed": _without_mixed(judged),
    }


def _without_mixed(judged: Sequence[Judged]) -> dict[str, Any]:
    rows = [row for row in judged if row.gold != MIXED]
    gold = np.array([row.gold for row in rows], dtype=np.int64)
    found = np.array([row.found_of_three for row in rows], dtype=np.int64)
    if not len(gold):
        return {"n": 0, "accuracy": None, "macro_f1": None}
    return {
        "n": len(gold),
        "accuracy": _rounded(float((gold == found).mean())),
        "macro_f1": _rounded(macro_f1(gold, found)),
    }


def _bins(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """The bins of ECE that hold rows: mean confidence, accuracy and number of rows."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": _rounded(float(confidence[bins == index].mean())),
            "accuracy": _rounded(float(right[bins == index].mean())),
            "n": int((bins == index).sum()),
        }
        for index in np.unique(bins)
    ]


def _confusion(gold: Numbers, found: Numbers) -> Numbers:
    matrix = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(matrix, (gold, found), 1)
    return matrix


def _of_label(matrix: Numbers, index: int) -> dict[str, Any]:
    right, gold, found = int(matrix[index, index]), int(matrix[index].sum()), int(matrix[:, index].sum())
    return {
        "n": gold,
        "precision": _rounded(right / found) if found else None,
        "recall": _rounded(right / gold) if gold else None,
        "f1": _rounded(2 * right / (gold + found)) if gold else None,
    }


def _bootstrap(gold: Numbers, found: Numbers) -> list[float] | None:
    """The 95 % percentile interval of macro-F1 over resampled rows, with a fixed seed."""
    if not len(gold):
        return None
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(gold), len(gold)) for _ in range(RESAMPLES))
    low, high = np.percentile([macro_f1(gold[rows], found[rows]) for rows in drawn], [2.5, 97.5])
    return [_rounded(float(low)), _rounded(float(high))]


def _rounded(value: float) -> float:
    return round(value, 4)
