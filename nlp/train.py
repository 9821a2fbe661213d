"""Trains the shipped model: fine-tunes the encoder on labelled texts, calibrates, writes adapter and heads."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp import answers, contrast
from nlp.adapter import load_adapter
from nlp.calibrating import Labelled, calibrated
from nlp.checkpoint import drop_checkpoint
from nlp.corpora import CORPORA, Row, read_rows
from nlp.encoder import Encoder, default_threads
from nlp.examples import JOINED, Lesson, lessons
from nlp.finetune import Learner, Targets, Tuned, finetune
from nlp.fitting import whitening
from nlp.head import LABELS, NAME, NONCOMMERCIAL, HeadConfig, Heads, load_heads, save_heads
from nlp.irony import irony_bound, with_irony
from nlp.recipe import Recipe
from nlp.topic_fitting import DEFAULT_TOPICS, TOPIC_ENTRIES, topic_rows, with_background, with_topics
from nlp.topic_rows import descriptions, groups
from nlp.vector_cache import Progress, document_vectors
from nlp.weights import EncoderFiles, encoder_files

Vectors = NDArray[np.float32]

SAMPLE = 1000
"""Texts from which the scale of vectors is taken."""
PLAIN_ROWS = 500
"""Rows per training file that the heads for irony and answers see as plain texts."""
MIN_SCALE = 1e-4


@dataclass(frozen=True)
class Learned:
    """What the fine-tuning gave besides the adapter: heads, the scale that they expect, where topics are kept."""

    tuned: Tuned
    mean: Vectors
    scale: Vectors
    targets: Targets


def train(
    data_folder: Path,
    output_folder: Path,
    *,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
    cache_folder: Path | None = None,
    files: EncoderFiles | None = None,
    commercial_only: bool = True,
    contrast_folder: Path = contrast.FOLDER,
    answers_folder: Path = answers.FOLDER,
    start: Path | None = None,
) -> dict[str, Any]:
    """Fine-tunes on `data_folder/train/*.jsonl`, calibrates on one half of `dev/*.jsonl`, writes adapter and heads.

    Vectors are kept in `cache_folder` (default: `output_folder/vectors`) chunk by chunk and the learner's state in
    `output_folder`: a killed run goes on where it was. Rows of corpora whose licence forbids commercial use are left
    out unless `commercial_only` is False. `contrast_folder` and `answers_folder` hold the sentences of our own. With
    `start` the training goes on from the model in that folder, of the same layers and rank. Returns the training facts
    of the config. Raises ValueError where rows are no labelled texts or missing, WeightsError without encoder or where
    `start` doesn't fit.
    """
    started = time.monotonic()
    recipe = recipe or Recipe()
    files = files or encoder_files()
    cache = cache_folder or output_folder / "vectors"
    parts = {path.stem: _rows(path, commercial_only) for path in sorted((data_folder / "train").glob("*.jsonl"))}
    if not any(parts.values()):
        raise ValueError(f"{data_folder / 'train'} holds no labelled rows")
    unseen = {path.stem: _rows(path, False) for path in sorted((data_folder / "dev").glob("*.jsonl"))}
    own = contrast.contrasts("train", folder=contrast_folder)
    learned = _tuned(parts, own, output_folder, cache, files, recipe, progress, start)
    encoder = Encoder(
        files,
        layers=recipe.layers,
        threads=default_threads(),
        adapter=load_adapter(output_folder),
        one_spelling=recipe.one_spelling,
    )
    dev = [_labelled(name, rows, encoder, cache, progress) for name, rows in unseen.items()]
    begun = load_heads(start) if start else None
    # What a model that we start from learned is in the new one, too.
    commercial = commercial_only and (begun is None or begun.config.name != NONCOMMERCIAL)
    facts = {
        "recipe": recipe.model_dump(),
        "start": begun.revision if begun else None,
        "commercial_only": commercial,
        "rows": _counts(parts.values()),
        "calibration_rows": _counts(unseen.values()),
    }
    heads = _heads(learned, encoder, [part for part in dev if part.rows], NAME if commercial else NONCOMMERCIAL)
    sentences = [item.text for item in own]
    if begun and recipe.topics:
        heads = with_background(_with_topics_of(begun, heads), sentences, encoder, cache)
    else:
        rows = topic_rows(data_folder, commercial_only=commercial_only)
        heads = with_topics(heads, rows, sentences, encoder, cache, progress=progress)
    plain = [row.text for rows in parts.values() for row in rows[:PLAIN_ROWS]]
    asking = answers.examples("train", folder=answers_folder)
    heads = _with_irony(heads, own, plain, dev, lambda texts: document_vectors(texts, encoder, cache))
    told = [item.vectors for item in encoder.encode(answers.telling(plain))] if asking else []
    heads = answers.with_answers(heads, asking, document_vectors([item.text for item in asking], encoder, cache), told)
    facts |= heads.config.training | {"minutes": round((time.monotonic() - started) / 60, 1)}
    config = heads.config.model_copy(update={"training": facts})
    save_heads(replace(heads, config=config), output_folder)
    drop_checkpoint(output_folder)
    return facts


def _with_topics_of(begun: Heads, heads: Heads) -> Heads:
    """The heads with what another model's topics weigh.

    A brand's topics are new to the encoder; those that it learned no longer are, and fitted on them it is trusted
    too far.
    """
    kept = {name: getattr(begun.config, name) for name in TOPIC_ENTRIES}
    return replace(heads, config=heads.config.model_copy(update=kept))


def _with_irony(
    heads: Heads,
    own: Sequence[contrast.Contrast],
    plain: Sequence[str],
    dev: Sequence[Labelled],
    embed: Callable[[Sequence[str]], Vectors],
) -> Heads:
    heads = with_irony(heads, own, embed([item.text for item in own]), embed(plain))
    bound = irony_bound(heads, dev) if any(item.irony for item in own) else None
    return replace(heads, config=heads.config.model_copy(update={"irony_threshold": bound}))


def _rows(path: Path, commercial_only: bool) -> list[Row]:
    rows = [row for row in read_rows(path) if row.label in LABELS]
    if commercial_only:
        rows = [row for row in rows if row.domain not in CORPORA or CORPORA[row.domain].commercial]
    return rows


def _tuned(
    parts: Mapping[str, Sequence[Row]],
    own: Sequence[contrast.Contrast],
    folder: Path,
    cache: Path,
    files: EncoderFiles,
    recipe: Recipe,
    progress: Progress | None,
    start: Path | None,
) -> Learned:
    # As written: kept near what the base model says of a text's usual spelling, other spellings are learned with it.
    base = Encoder(files, layers=recipe.layers[-1:], threads=default_threads())
    texts = {name: [row.text for row in rows] for name, rows in parts.items()}
    texts["contrast"] = [item.text for item in own]
    found = [document_vectors(part, base, cache, title=name, progress=progress) for name, part in texts.items()]
    topics = document_vectors(descriptions(groups()), base, cache)
    targets = Targets(np.concatenate(found), *whitening(np.concatenate(found)), topics)
    encoder = Encoder(
        files,
        layers=recipe.layers,
        threads=default_threads(),
        trainable=True,
        one_spelling=recipe.one_spelling,
    )
    shown = lessons([row for rows in parts.values() for row in rows], own, encoder, recipe)
    begun = (load_adapter(start), load_heads(start)) if start else None
    mean, scale = (begun[1].mean, begun[1].scale) if begun else _standard(shown, encoder, recipe)
    corpora = [*sorted({lesson.corpus for lesson in shown}), JOINED]
    if unknown := set(recipe.drawn) - set(corpora):
        raise ValueError(
            f"the recipe draws from unknown corpora: {', '.join(sorted(unknown))}; there are {', '.join(corpora[:-1])}"
        )
    learner = Learner(encoder, recipe, corpora, (mean, scale), targets)
    if begun:
        if begun[0] is None:
            raise ValueError(f"{start} holds no adapter to start from")
        learner.begin_at(begun[0], begun[1])
    return Learned(finetune(learner, shown, folder, progress=progress), mean, scale, targets)


def _standard(shown: Sequence[Lesson], encoder: Encoder, recipe: Recipe) -> tuple[Vectors, Vectors]:
    """Mean and scale of some lessons' vectors before the fine-tuning."""
    drawn = np.random.default_rng(recipe.seed).permutation(len(shown))[:SAMPLE]
    vectors = np.stack([item.document for item in encoder.encode([shown[number].text for number in drawn])])
    return vectors.mean(axis=0), vectors.std(axis=0) + np.float32(MIN_SCALE)


def _heads(learned: Learned, encoder: Encoder, dev: Sequence[Labelled], name: str) -> Heads:
    config = HeadConfig(
        name=name,
        encoder=encoder.revision,
        layers=encoder.layers,
        one_spelling=encoder.one_spelling,
        certain=0.0,
        calibrations={},
        **DEFAULT_TOPICS,
    )
    targets, tuned = learned.targets, learned.tuned
    nothing = np.zeros((0, encoder.sizes.hidden), dtype=np.float32)
    heads = Heads(
        config, learned.mean, learned.scale, tuned.weight, tuned.bias, targets.mean, targets.whitening, nothing
    )
    return calibrated(heads, dev)


def _labelled(name: str, rows: Sequence[Row], encoder: Encoder, cache: Path, progress: Progress | None) -> Labelled:
    vectors = document_vectors([row.text for row in rows], encoder, cache, title=name, progress=progress)
    labels = np.array([LABELS.index(row.label) for row in rows if row.label in LABELS], dtype=np.int64)
    return Labelled(tuple(rows), vectors, labels)


def _counts(parts: Iterable[Sequence[Row]]) -> dict[str, int]:
    return dict(sorted(Counter(row.corpus for rows in parts for row in rows).items()))
