"""What the fine-tuning is shown: labelled texts as token ids, some joined in pairs, some in other spellings."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from nlp.contrast import Contrast
from nlp.corpora import CORPORA, REVIEWS, Row, held_back
from nlp.encoder import Encoder
from nlp.head import LABELS
from nlp.recipe import Recipe
from nlp.spelling import respelled
from nlp.topic_rows import Group, annotated, groups

NEGATIVE, NEUTRAL, POSITIVE, MIXED = range(len(LABELS))
NO_WORD = -1.0
"""Nobody said whether a text is ironic."""
PLAIN_REVIEW = 0.2
"""Weight of a review as an example of a text without irony."""
JOINED = "joined"
CONTRAST = "contrast"


@dataclass(frozen=True)
class Lesson:
    """One labelled text. `corpus` names whose idea of the labels it follows, `mixed` whether that idea has `mixed`.

    `irony` is 1, 0 or `NO_WORD`, `irony_weight` how much that counts. `topics` are those of `nlp.topic_rows.annotated`,
    None where nothing is to be learned of them.
    """

    text: str
    ids: NDArray[np.int64]
    label: int
    corpus: str
    mixed: bool
    weight: float
    irony: float = NO_WORD
    irony_weight: float = 0.0
    topics: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Example:
    """One lesson, or some as one text: `parts` are their numbers, `ids` their tokens (maybe in another spelling)."""

    parts: tuple[int, ...]
    ids: tuple[NDArray[np.int64], ...]

    @property
    def tokens(self) -> int:
        """Tokens of all parts."""
        return sum(len(ids) for ids in self.ids)


def lessons(rows: Sequence[Row], contrasts: Sequence[Contrast], encoder: Encoder, recipe: Recipe) -> list[Lesson]:
    """Labelled rows, then contrast sentences as lessons, one each; a text without words has no tokens.

    Raises ValueError where a row's label is none of `LABELS`.
    """
    texts = [*(row.text for row in rows), *(item.text for item in contrasts)]
    prepared = [item.ids[: recipe.max_tokens] for item in encoder.prepare(texts)]
    known = groups()
    made = [_of_row(row, ids, known) for row, ids in zip(rows, prepared, strict=False)]
    made += [_of_contrast(item, ids, recipe) for item, ids in zip(contrasts, prepared[len(rows) :], strict=True)]
    return made


def _of_row(row: Row, ids: NDArray[np.int64], known_topics: Sequence[Group]) -> Lesson:
    known = CORPORA.get(row.domain)
    plain = row.domain in REVIEWS
    return Lesson(
        text=row.text,
        ids=ids,
        label=list[str | None](LABELS).index(row.label),
        corpus=row.corpus,
        mixed=known is None or known.annotates_mixed or row.label == "mixed",
        weight=known.weight if known else 1.0,
        irony=0.0 if plain else NO_WORD,
        irony_weight=PLAIN_REVIEW if plain else 0.0,
        topics=None if held_back(row.text) else annotated(row, known_topics),
    )


def _of_contrast(item: Contrast, ids: NDArray[np.int64], recipe: Recipe) -> Lesson:
    return Lesson(
        text=item.text,
        ids=ids,
        label=LABELS.index(item.label),
        corpus=CONTRAST,
        mixed=True,
        weight=recipe.contrast,
        irony=float(item.irony),
        irony_weight=1.0,
    )


def joined_label(first: int, second: int) -> int:
    """The label of two texts as one: praise and complaint are mixed; next to a neutral text the other one counts."""
    if first == second:
        return first
    if MIXED in (first, second):
        return MIXED
    if NEUTRAL in (first, second):
        return second if first == NEUTRAL else first
    return MIXED


def whole_label(labels: Sequence[int]) -> int | None:
    """The label of some texts as one; None where praise and complaint stand in more than two, as one may outweigh the
    other."""
    label = reduce(joined_label, labels)
    return None if label == MIXED and len(labels) > 2 else label


def batches(shown: Sequence[Lesson], encoder: Encoder, recipe: Recipe, *, epoch: int) -> Iterator[list[Example]]:
    """The batches of an epoch; seed and epoch alone decide them, so that a killed training goes on with the same."""
    chance = random.Random(f"{recipe.seed}-{epoch}")
    order = [
        number
        for number, lesson in enumerate(shown)
        if len(lesson.ids) and (lesson.corpus not in recipe.drawn or chance.random() < recipe.drawn[lesson.corpus])
    ]
    chance.shuffle(order)
    batch: list[Example] = []
    tokens = 0
    for parts in _grouped(order, shown, recipe, chance):
        example = Example(parts, tuple(_spelled(shown[part], encoder, recipe, chance) for part in parts))
        if batch and tokens + example.tokens > recipe.step_tokens:
            yield batch
            batch, tokens = [], 0
        batch.append(example)
        tokens += example.tokens
    if batch:
        yield batch


def _grouped(
    order: Sequence[int], shown: Sequence[Lesson], recipe: Recipe, chance: random.Random
) -> Iterator[tuple[int, ...]]:
    """Most texts alone; some wait until there are as many of their corpus as are to be joined."""
    waiting: dict[str, list[int]] = {}
    wanted: dict[str, int] = {}
    for number in order:
        corpus = shown[number].corpus
        if chance.random() >= recipe.joined:
            yield (number,)
            continue
        together = waiting.setdefault(corpus, [])
        together.append(number)
        if len(together) == 1:
            wanted[corpus] = chance.randint(2, recipe.parts)
        if len(together) == wanted[corpus]:
            yield tuple(waiting.pop(corpus))
    yield from ((number,) for together in waiting.values() for number in together)


def _spelled(lesson: Lesson, encoder: Encoder, recipe: Recipe, chance: random.Random) -> NDArray[np.int64]:
    if chance.random() >= recipe.respelled:
        return lesson.ids
    ids = encoder.prepare([respelled(lesson.text, chance)])[0].ids[: recipe.max_tokens]
    return ids if len(ids) else lesson.ids
