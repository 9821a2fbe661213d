"""How well a scorer reads the demo, against the judgement of its authors. Nothing here reaches the served pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from brandmelder.demo.content import WEEKS, Truth, World
from nlp.scorer import Scorer, ScoringInput, TextScores
from nlp.taxonomy import Taxonomy


@dataclass(frozen=True)
class JudgedText:
    """One customer's text about the brand with its true scores; `week` runs from 1 to 12."""

    id: str
    text: str
    title: str | None
    channel: str
    week: int
    truth: Truth

    def row(self) -> dict[str, Any]:
        """As a line for `brandmelder evaluate`, which needs `text` and `label`."""
        return {
            "id": self.id,
            "text": self.text,
            "title": self.title,
            "channel": self.channel,
            "label": self.truth.sentiment,
            "topics": list(self.truth.topics),
            "week": self.week,
        }


@dataclass(frozen=True)
class Agreement:
    """Shares from 0 to 1: sentiment accuracy, precision and recall of topics over all (text, topic) pairs."""

    texts: int
    sentiment: float
    topic_precision: float
    topic_recall: float


@dataclass(frozen=True)
class WeeklyComplaints:
    """Negative customers' texts about the brand, per week (index 0 is week 1), for one topic."""

    topic: str
    counts: tuple[int, ...]


def judged_texts(world: World) -> Iterator[JudgedText]:
    """What customers wrote about the brand: no answers of staff, no birds, no empty texts."""
    monday = world.end - timedelta(days=7 * WEEKS - 1)
    for _, post in world.posts():
        if post.truth.about_brand and post.author not in world.members.staff:
            week = (post.at.date() - monday).days // 7 + 1
            yield JudgedText(f"forum-{post.id}", post.text, None, "forum", week, post.truth)
    for _, review in world.reviews():
        if review.text:
            week = (review.at.date() - monday).days // 7 + 1
            yield JudgedText(f"review-{review.id}", review.text, review.title or None, "review", week, review.truth)


def scored(texts: list[JudgedText], scorer: Scorer, taxonomy: Taxonomy) -> list[TextScores]:
    """The scorer's scores, in order."""
    inputs = [ScoringInput(text.text, title=text.title, channel=text.channel) for text in texts]
    return scorer.score(inputs, taxonomy=taxonomy)


def agreement(texts: list[JudgedText], scores: list[TextScores]) -> Agreement:
    """How often scores and authors agree. Raises `ValueError` for no texts."""
    if not texts:
        raise ValueError("nothing to compare")
    pairs = list(zip(texts, scores, strict=True))
    right = sum(score.sentiment == text.truth.sentiment for text, score in pairs)
    shared = sum(len(set(score.topics) & set(text.truth.topics)) for text, score in pairs)
    found = sum(len(score.topics) for score in scores)
    true = sum(len(text.truth.topics) for text in texts)
    return Agreement(len(texts), right / len(texts), shared / max(found, 1), shared / max(true, 1))


def weekly_complaints(texts: list[JudgedText], scores: list[TextScores] | None = None) -> list[WeeklyComplaints]:
    """Complaints per topic and week, most first: by the scores, or without them by the authors' judgement."""
    judged: Sequence[Truth | TextScores] = [text.truth for text in texts] if scores is None else scores
    counts: dict[str, list[int]] = {}
    for text, judgement in zip(texts, judged, strict=True):
        for topic in judgement.topics if judgement.sentiment == "negative" else ():
            counts.setdefault(topic, [0] * WEEKS)[text.week - 1] += 1
    ordered = sorted(counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [WeeklyComplaints(topic, tuple(weeks)) for topic, weeks in ordered]
