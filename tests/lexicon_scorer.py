"""A small scorer that truly computes from the text: for tests whose theme is not the model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlp.scorer import AspectScore, Scored, ScoringInput, Tags, TextScores
from nlp.taxonomy import Taxonomy, Topic

GOOD = {"gut", "toll", "freundlich", "schnell", "zufrieden", "großartig", "pünktlich", "lecker", "prima"}
BAD = {"schlecht", "kaputt", "defekt", "spät", "enttäuscht", "ärgerlich", "verdorben", "unfreundlich", "teuer"}
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")

TAXONOMY = Taxonomy(
    topics=(
        Topic(id="lieferung", label="Lieferung", description="Die Lieferung kommt, der Fahrer, das Paket.",
              journey_phase="purchase", touchpoint="paket"),
        Topic(id="service", label="Service", description="Der Kundendienst antwortet, die Hotline.",
              journey_phase="support", touchpoint="telefon"),
    )
)  # fmt: skip


class LexiconScorer:
    """Counts good and bad words; a topic is where a word of its description stands."""

    name = "lexicon"
    revision = "1"

    def score(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[TextScores]:
        return [self._one(one.text, taxonomy) for one in inputs]

    def _one(self, text: str, taxonomy: Taxonomy) -> TextScores:
        polarity = _polarity(text)
        aspects = tuple(_aspects(text, taxonomy))
        positive, negative = (1 + polarity) / 2 * 0.8, (1 - polarity) / 2 * 0.8
        label = "neutral" if polarity == 0 else "positive" if polarity > 0 else "negative"
        return TextScores(
            sentiment=label,
            probabilities={"negative": negative, "neutral": 0.1, "positive": positive, "mixed": 0.1},
            polarity=polarity,
            confidence=max(positive, negative),
            uncertain=polarity == 0,
            irony=None,
            needs_answer="?" in text,
            language=None,
            topics=tuple(dict.fromkeys(aspect.topic for aspect in aspects)),
            aspects=aspects,
        )


class KeepingScorer(LexiconScorer):
    """Keeps a copy of the text for finding topics anew, and counts the texts that it scored."""

    def __init__(self, revision: str = "1") -> None:
        self.revision = revision
        self.scored = 0

    def score(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[TextScores]:
        self.scored += len(inputs)
        return super().score(inputs, taxonomy=taxonomy)

    def score_with_vectors(self, inputs: Sequence[ScoringInput], *, taxonomy: Taxonomy) -> list[Scored]:
        scores = self.score(inputs, taxonomy=taxonomy)
        return [Scored(one, self._kept(item)) for one, item in zip(scores, inputs, strict=True)]

    def retag(
        self, inputs: Sequence[ScoringInput], kept: Sequence[bytes | None], *, taxonomy: Taxonomy
    ) -> list[Tags | None]:
        return [
            self._tags(item.text, taxonomy) if data == self._kept(item) else None
            for item, data in zip(inputs, kept, strict=True)
        ]

    def _tags(self, text: str, taxonomy: Taxonomy) -> Tags:
        one = self._one(text, taxonomy)
        return Tags(one.topics, one.aspects)

    def _kept(self, item: ScoringInput) -> bytes:
        return f"{self.revision}|{item.title}|{item.text}".encode()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _polarity(text: str) -> float:
    good = sum(word in GOOD for word in _words(text))
    bad = sum(word in BAD for word in _words(text))
    return 0.0 if good + bad == 0 else (good - bad) / (good + bad)


def _aspects(text: str, taxonomy: Taxonomy) -> list[AspectScore]:
    found = []
    for match in SENTENCE.finditer(text):
        words = set(_words(match.group()))
        found += [
            AspectScore(topic.id, _polarity(match.group()), 0.9, match.start(), match.end())
            for topic in taxonomy.topics
            if words & {word for word in _words(topic.description) if len(word) > 4}
        ]
    return found
