"""Fits how likeness, and heads learned from a few texts, become the probability of a topic:
`python -m nlp.topic_fitting DATA_FOLDER MODEL_FOLDER` refits a model's.

Everything is fitted on training rows whose aspects people annotated (`nlp.topic_rows`), and judged on the fifth of them
from which the encoder learned no topics. Heads are shown draws of the others in several sizes, so that they are trusted
as far as they are right on texts that they have not seen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp import contrast
from nlp.corpora import CORPORA, Row, held_back, read_rows
from nlp.encoder import Encoder
from nlp.head import Heads, TopicBlend, save_heads
from nlp.loading import load_parts
from nlp.taxonomy import Judged, Taxonomy
from nlp.topic_heads import LEAST, TopicHeads, fit_heads, shown_by
from nlp.topic_rows import Flags, Numbers, Part, Vectors, parts
from nlp.topics import TopicMatcher
from nlp.vector_cache import Progress, document_vectors

Embed = Callable[[Sequence[str]], Vectors]
Odds = NDArray[np.float64]

DEFAULT_TOPICS: dict[str, Any] = {"topic_weights": (0.5, 3.9, 1.2), "topic_offset": -3.9, "topic_threshold": 0.3}
"""Used where the training rows carry no aspects."""
TOPIC_ENTRIES = (*DEFAULT_TOPICS, "topic_blend")
MIN_ROWS = 200
MIN_GOLD = 3
# From 0.2 on: a lower threshold finds a little more and makes hotspots that nobody can follow.
THRESHOLDS = tuple(round(0.2 + 0.05 * step, 2) for step in range(11))
AS_GOOD = 0.005
"""Differences of macro-F1 that count as none."""
PER_TOPIC = (4, 8, 16)
"""Examples per topic that are drawn, as a taxonomy has them."""
JUDGED_TEXTS = (100, 300, 900)
"""Texts that are drawn with all their topics or none, as corrections come; of a group's as many as there are."""
DRAWS = 3
SEED = 23
GROUP_ROWS = 2500
"""Rows of each group that the fit reads."""
BACKGROUND = 300
"""Our own sentences that stand for texts about nothing in particular."""
ROUNDS = 4


@dataclass(frozen=True)
class Bag:
    """Signs (sentences, topics, k) of texts; each sentence's text; gold (texts, topics); which topics count."""

    signs: Odds
    owner: Numbers
    gold: Flags
    counts: Flags


def fit_topics(heads: Heads, parts: Sequence[Part], embed: Embed) -> dict[str, Any]:
    """Config entries for topics, fitted on training parts. `embed` gives the last layer's vectors of texts.

    The heads' `topic_background` is taken as it is. Too few annotated rows give `DEFAULT_TOPICS`.
    """
    unseen = [part for _, part in _split(parts)]
    if sum(len(part.texts) for part in parts) < MIN_ROWS or not any(part.gold.any() for part in unseen):
        return DEFAULT_TOPICS
    known = _Known(embed, parts)
    # Without a blend the matcher learns no heads by itself.
    matcher = TopicMatcher(replace(heads, config=heads.config.model_copy(update={"topic_blend": None})), known)
    bags = [_likeness(matcher, part, part.group.taxonomy) for part in unseen]
    weights, offset = _fitted(bags)
    entries: dict[str, Any] = {"topic_weights": tuple(weights), "topic_offset": offset}
    judged = [(1 / (1 + np.exp(-(bag.signs @ weights + offset))), part) for bag, part in zip(bags, unseen, strict=True)]
    entries["topic_threshold"] = _threshold({value: macro_f1(judged, value, least=MIN_GOLD) for value in THRESHOLDS})
    entries["topic_blend"] = _blend(matcher, heads, parts, np.array([*weights, 1.0]), known)
    return entries


def _threshold(figures: Mapping[float, float]) -> float:
    """The lowest of those that are as good as the best: a complaint that isn't found costs more than one too many."""
    return min(value for value, figure in figures.items() if figure >= max(figures.values()) - AS_GOOD)


def macro_f1(judged: Sequence[tuple[Vectors | Odds, Part]], threshold: float, *, least: int) -> float:
    """Mean F1 over all topics with at least `least` texts, from probabilities (sentences, topics) per part."""
    figures = [f1(part.found(found, threshold), part.gold)[part.gold.sum(axis=0) >= least] for found, part in judged]
    joined = np.concatenate(figures)
    return float(joined.mean()) if len(joined) else 0.0


def f1(found: Flags, gold: Flags) -> Vectors:
    """F1 of each column."""
    hits = (found & gold).sum(axis=0)
    return np.asarray(2 * hits / np.maximum(1, found.sum(axis=0) + gold.sum(axis=0)), dtype=np.float32)


class _Known:
    """Embeds texts; those of the parts are known already, others are embedded once."""

    def __init__(self, embed: Embed, parts: Sequence[Part]) -> None:
        self._embed = embed
        self._vectors = {
            text: vector for part in parts for text, vector in zip(part.texts, part.documents, strict=True)
        }

    def __call__(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self._embed(missing), strict=True))
        return np.stack([self._vectors[text] for text in texts])


def _likeness(matcher: TopicMatcher, part: Part, taxonomy: Taxonomy) -> Bag:
    signs = matcher.signs(part.sentences, part.vectors, taxonomy).astype(np.float64)
    return Bag(signs, part.owner, part.gold, np.ones(part.gold.shape[1], dtype=bool))


def _blend(matcher: TopicMatcher, heads: Heads, parts: Sequence[Part], start: Odds, known: Embed) -> TopicBlend | None:
    """Weights that grow or shrink with the texts shown."""
    chance = np.random.default_rng(SEED)
    bags, every = list[Bag](), list[TopicHeads]()
    for part, unseen in _split(parts):
        for taxonomy in _drawn(part, chance):
            shown = shown_by(taxonomy)
            learned = fit_heads(shown, matcher.whitened(known(shown.texts)), heads.topic_background)
            every.append(learned)
            bags.append(
                _with_head(_likeness(matcher, unseen, taxonomy), learned, matcher.whitened(unseen.vectors), unseen)
            )
    if not any(bag.counts.any() for bag in bags):
        return None
    first = np.zeros(14)
    first[:4] = start
    weights, offset = _fitted(bags, first)
    five = [tuple(values) for values in ([*weights[:4], offset], weights[4:9], weights[9:])]
    return TopicBlend(
        base=five[0],
        per_doubling=five[1],
        per_judged=five[2],
        most=max(int(learned.shown.max()) for learned in every),
        most_judged=max(learned.judged for learned in every),
    )


def _with_head(bag: Bag, learned: TopicHeads, white: Vectors, part: Part) -> Bag:
    """The bag with fourteen signs per sentence and topic: four, then five times each of `TopicBlend`'s two counts."""
    odds = learned.odds(part.sentences, white)[:, :, None]
    four = np.concatenate([bag.signs, odds], axis=2)
    five = np.concatenate([four, np.ones_like(odds)], axis=2)
    doublings = np.log2(np.maximum(1, learned.shown))[None, :, None]
    signs = np.concatenate([four, five * doublings, five * np.log2(1 + learned.judged)], axis=2)
    return replace(bag, signs=signs, counts=learned.shown >= LEAST)


def _split(parts: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """Each part in two: texts that may be shown to heads, and the fifth on which these are judged."""
    for part in parts:
        unseen = np.array([held_back(text) for text in part.texts], dtype=bool)
        if unseen.any() and not unseen.all():
            yield part.only(np.flatnonzero(~unseen)), part.only(np.flatnonzero(unseen))


def _drawn(part: Part, chance: np.random.Generator) -> Iterator[Taxonomy]:
    for _ in range(DRAWS):
        for size in PER_TOPIC:
            yield with_examples(part, size, chance)
        for size in JUDGED_TEXTS:
            yield with_judged(part, chance.permutation(len(part.texts))[:size])


def with_examples(part: Part, size: int, chance: np.random.Generator) -> Taxonomy:
    """The group's taxonomy with texts of the part as examples: of each topic `size`, or all that there are. Its own
    examples stay only where a topic has no text."""
    topics = []
    for place, topic in enumerate(part.group.taxonomy.topics):
        drawn = chance.permutation(np.flatnonzero(part.gold[:, place]))[:size]
        own = tuple(part.texts[number] for number in drawn)
        topics.append(topic.model_copy(update={"examples": own or topic.examples}))
    return Taxonomy(topics=tuple(topics))


def with_judged(part: Part, places: Numbers) -> Taxonomy:
    """The group's taxonomy with texts of the part as if people had named all their topics."""
    names = [topic.id for topic in part.group.taxonomy.topics]
    judged = tuple(
        Judged(text=part.texts[place], topics=tuple(names[topic] for topic in np.flatnonzero(part.gold[place])))
        for place in places
    )
    return part.group.taxonomy.model_copy(update={"judged": judged})


def _fitted(bags: Sequence[Bag], start: Odds | None = None) -> tuple[list[float], float]:
    """Weights and offset of a logistic regression of texts, each by the sentence that speaks most for the topic.

    Which sentence that is depends on the weights, so both are found in turns (MI-SVM, Andrews et al. 2003).
    """
    from sklearn.linear_model import LogisticRegression

    every = np.concatenate([bag.signs[:, bag.counts].reshape(-1, bag.signs.shape[2]) for bag in bags])
    scale = every.std(axis=0) + 1e-6
    weights = np.eye(1, len(scale))[0] if start is None else start
    offset = 0.0
    for _ in range(ROUNDS):
        picked = [_strongest(bag, weights) for bag in bags]
        model = LogisticRegression(C=100.0, max_iter=500).fit(
            np.concatenate([signs for signs, _ in picked]) / scale, np.concatenate([gold for _, gold in picked])
        )
        weights, offset = model.coef_[0] / scale, float(model.intercept_[0])
    return [round(float(value), 4) for value in weights], round(offset, 4)


def _strongest(bag: Bag, weights: Odds) -> tuple[Odds, Flags]:
    """Signs and gold of each text and counted topic, by its sentence with the highest odds."""
    odds = bag.signs @ weights
    signs, gold = [], []
    for topic in np.flatnonzero(bag.counts):
        order = np.lexsort((odds[:, topic], bag.owner))
        last = order[np.append(np.flatnonzero(np.diff(bag.owner[order])), len(order) - 1)]
        signs.append(bag.signs[last, topic])
        gold.append(bag.gold[bag.owner[last], topic])
    return np.concatenate(signs), np.concatenate(gold)


def with_topics(
    heads: Heads,
    rows: Sequence[Row],
    own: Sequence[str],
    encoder: Encoder,
    cache: Path,
    *,
    progress: Progress | None = None,
) -> Heads:
    """The heads with everything about topics fitted on training rows; `own` are sentences of our own."""
    heads = with_background(heads, own, encoder, cache)
    shown = parts(rows, encoder, cache, most=GROUP_ROWS, progress=progress)
    entries = fit_topics(heads, shown, last_layer(encoder))
    return replace(heads, config=heads.config.model_copy(update=entries))


def with_background(heads: Heads, own: Sequence[str], encoder: Encoder, cache: Path) -> Heads:
    """The heads with some of our own sentences as those about nothing in particular."""
    drawn = [own[place] for place in np.linspace(0, len(own) - 1, min(BACKGROUND, len(own))).astype(int)]
    plain = document_vectors(drawn, encoder, cache)[:, -encoder.sizes.hidden :]
    return replace(heads, topic_background=TopicMatcher(heads, last_layer(encoder)).whitened(plain))


def last_layer(encoder: Encoder) -> Embed:
    """What gives the last layer's vectors (n, hidden) of texts."""

    def embed(texts: Sequence[str]) -> Vectors:
        return np.stack([item.document for item in encoder.encode(texts)])[:, -encoder.sizes.hidden :]

    return embed


def topic_rows(data_folder: Path, *, commercial_only: bool) -> list[Row]:
    """The training rows that topics may be fitted on, with or without a label."""
    rows = [row for path in sorted((data_folder / "train").glob("*.jsonl")) for row in read_rows(path)]
    return [row for row in rows if not commercial_only or row.domain not in CORPORA or CORPORA[row.domain].commercial]


def main(arguments: Sequence[str] | None = None) -> None:
    """Refit topics of a trained model and print the config's new entries."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder with train/*.jsonl")
    parser.add_argument("model", type=Path, help="folder of the model; its heads are replaced")
    parser.add_argument("--cache", type=Path, required=True, help="folder where vectors are kept")
    options = parser.parse_args(arguments)
    heads, encoder = load_parts(options.model)
    rows = topic_rows(options.data, commercial_only=bool(heads.config.training.get("commercial_only", True)))
    own = [item.text for item in contrast.contrasts("train")]
    heads = with_topics(heads, rows, own, encoder, options.cache)
    training = {name: value for name, value in heads.config.training.items() if name != "topics"}
    heads = replace(heads, config=heads.config.model_copy(update={"training": training}))
    save_heads(heads, options.model)
    entries = {name: value for name, value in heads.config.model_dump().items() if name.startswith("topic_")}
    sys.stdout.write(json.dumps(entries) + "\n")


if __name__ == "__main__":
    main()
