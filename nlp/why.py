"""Why one text is read as it is: what its sentences and its words contribute to its polarity.

The head is linear and sees the mean of all token states, so a text's calibrated scores (before the softmax) are exactly
the mean of what it would say of each token's state, as in a class activation map (Zhou et al. 2016, "Learning Deep
Features for Discriminative Localization"). Polarity, p(positive) - p(negative), is a function of these four numbers,
and integrated gradients (Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks") from "nothing known" (all
labels equally likely, polarity 0) share it out among the tokens. So the contributions of all tokens add up to the
text's polarity, those of a sentence's tokens to the sentence's contribution, those of a word's to the word's. A neutral
sentence in a negative text contributes a little to the positive side: it softens.

A token's state knows its neighbours, so the contribution says where the model holds something against a text, not yet
that it would think otherwise without that word. Therefore the words that weigh most are left out, one at a time
(occlusion: Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks"; Li et al. 2016, "Understanding
Neural Networks through Representation Erasure"), and named only where both agree. What leaving out changes needn't add
up to anything: where two words say the same, leaving out one changes little. What is named first is chosen by three
things: the contribution, what leaving the word out changes, and how the word is read by itself. None of them finds the
word that a reader would name as often as all three together.

All this is about what the model attends to, not about what a reader would, or what is true.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from nlp.cleaning import HANDLE, LINK, clean, located
from nlp.e5_scorer import DIGITS, NEGATIVE, POSITIVE, Composed, E5Scorer, compose, decided
from nlp.encoder import MAX_WINDOWS, Prepared
from nlp.head import LABELS, softmax
from nlp.scorer import Label, ScoringInput
from nlp.sentences import MAX_CHARACTERS, Sentence

Vectors = NDArray[np.float32]
Shares = NDArray[np.float64]

NAMED = 3
"""So many words are named at most that make a text negative, and so many that make it positive."""
TRIED = 6
"""So many words are left out in turn on either side, the weightiest first."""
LEAST = 0.1
"""A word is tried only where its contribution is at least this part of the weightiest word's."""
HARDLY = 0.1
"""A word is named only where it weighs at least this part of what the first of its side does."""
TRUST = 2.0
"""How much more a word's contribution weighs than what leaving it out changes, and than its own reading."""
WHOLE = 160
"""A text of so many tokens is read again as a whole without a word, of a longer one only the word's sentence."""
MAX_TOKENS = 2 * TRIED * WHOLE
"""So many tokens are read again at most; long sentences leave room for fewer words."""
STEPS = 64
"""Nodes of the Gauss-Legendre rule along the integrated gradients' path; the error is far below the rounding."""

EMOJI = r"[\p{Extended_Pictographic}\p{Regional_Indicator}--[\d#*©®™]]"
UNIT = regex.compile(
    rf"""(?P<skipped>&\#?\w{{1,10}};)
    | (?P<link>{LINK.pattern}) | {HANDLE.pattern}
    | [:;=8][-o*']?[()\[\]dDpPoO/\\|3]+(?!\w) | \b[xX]D+\b | <3 | \^_?\^
    | {EMOJI}(?:{EMOJI}|[\p{{Emoji_Modifier}}\u200d\ufe0f])*
    | [\p{{L}}\p{{N}}_](?:[\w\p{{M}}\p{{Cf}}] | [-'’*](?=\w) | (?<=\d)[.,:](?=\d))*
    | [!?]*[!?]""",
    regex.VERBOSE | regex.VERSION1 | regex.IGNORECASE,
)
"""Links, handles, emoticons, runs of emoji, words and numbers, exclamation and question marks."""


@dataclass(frozen=True)
class SentenceReason:
    """`text[start:end]` in characters; of the title where `in_title`.

    `polarity` is the sentence's own, -1 to 1. `contribution` is its part of the text's polarity: the parts of all
    sentences add up to that, but for rounding.
    """

    start: int
    end: int
    in_title: bool
    polarity: float
    contribution: float


@dataclass(frozen=True)
class WordReason:
    """`text[start:end]` in characters; of the title where `in_title`.

    `contribution` is its part of its sentence's contribution, below 0 where it makes the text more negative; what is
    missing to the sentence's is punctuation's. `without` is the polarity that the text would have without this word,
    None where that was not tried.
    """

    start: int
    end: int
    in_title: bool
    contribution: float
    without: float | None = None


@dataclass(frozen=True)
class Explanation:
    """The text's scores and what they come from; sentences and words in reading order.

    `negative` and `positive` are the words that weigh most on either side, the weightiest first, `NAMED` at most (see
    the module). `complete` is False where the text goes on behind what the model reads.
    """

    sentiment: Label
    confidence: float
    polarity: float
    sentences: tuple[SentenceReason, ...]
    words: tuple[WordReason, ...]
    negative: tuple[WordReason, ...]
    positive: tuple[WordReason, ...]
    complete: bool


def explain(scorer: E5Scorer, item: ScoringInput) -> Explanation:
    """What the sentences and the words of one text contribute to its polarity (see the module).

    Offsets are characters of `item.text`; where the text doesn't begin with its title anyway, also of `item.title`.
    Sentiment, confidence and polarity are those of `scorer.score`. Costs one pass over the text as scoring
    does, and about as much for `MAX_TOKENS` more: bounded for texts of any length. A text without words has no
    sentences. Deterministic; figures are rounded to four digits.
    """
    parts = compose(item)
    reading = _Reading(scorer, parts.whole, item.channel)
    place = _Place(item, parts)
    if not reading.prepared.sentences:
        sentiment, probabilities = decided(np.full(len(LABELS), 1 / len(LABELS), dtype=np.float32))
        return Explanation("neutral", probabilities[sentiment], 0.0, (), (), (), (), complete=not reading.is_cut)
    sentiment, probabilities = decided(softmax(reading.logits))
    shares = reading.shares()
    words = _words(reading, shares)
    tried = _tried(reading, words)
    reasons = [
        WordReason(*place.of(word.span), _rounded(word.contribution), tried[index].without if index in tried else None)
        for index, word in enumerate(words)
    ]
    polarity = round(probabilities["positive"] - probabilities["negative"], DIGITS)
    return Explanation(
        sentiment=sentiment,
        confidence=probabilities[sentiment],
        polarity=polarity,
        sentences=_sentences(reading, shares, place),
        words=tuple(reasons),
        negative=tuple(reasons[index] for index in _named(words, tried, polarity, side=-1)),
        positive=tuple(reasons[index] for index in _named(words, tried, polarity, side=1)),
        complete=not reading.is_cut,
    )


@dataclass(frozen=True)
class _Trial:
    """The polarity of a text without one of its words, and of that word by itself."""

    without: float
    alone: float


@dataclass(frozen=True)
class _Word:
    """A word, its sentence's number, and its contribution."""

    span: Sentence
    sentence: int
    contribution: float


class _Reading:
    """One text as the scorer reads it: its sentences, and the calibrated scores of the whole, of parts, of tokens."""

    def __init__(self, scorer: E5Scorer, whole: str, channel: str | None) -> None:
        self._scorer = scorer
        self._channel = channel
        self.whole = whole
        self.prepared = scorer.encoder.prepare([whole])[0]
        self.encoded, self._states = scorer.encoder.encode_tokens(self.prepared)
        self.logits = self._logits(self.encoded.document[None])[0]

    @property
    def tokens(self) -> int:
        """Tokens that were read."""
        return len(self.prepared.ids)

    @property
    def is_cut(self) -> bool:
        """Whether the text goes on behind what was read."""
        sentences = self.prepared.sentences
        rest = self.whole[sentences[-1].end if sentences else 0 :]
        return self.tokens >= MAX_WINDOWS * self._scorer.encoder.limit or bool(clean(rest[:MAX_CHARACTERS]))

    def length(self, sentence: int) -> int:
        """Tokens of a sentence."""
        return int(np.count_nonzero(self.prepared.owner == sentence))

    def shares(self) -> Shares:
        """Each token's part of the polarity, by integrated gradients from all scores zero to the text's."""
        scores = self._logits(self._states).astype(np.float64)
        return np.asarray(scores @ _mean_gradient(self.logits) / self.tokens, dtype=np.float64)

    def sentence_logits(self) -> Vectors:
        """Calibrated scores of each sentence (n, labels)."""
        return self._logits(self.encoded.vectors)

    def places(self) -> list[tuple[int, int]]:
        """Where in the text each token stands; a token that stands for nothing there ends where it starts."""
        found: list[tuple[int, int]] = []
        sentences = self.prepared.sentences
        one_spelling = self._scorer.encoder.one_spelling
        lines = [
            located(self.whole[sentence.start : sentence.end], one_spelling=one_spelling) for sentence in sentences
        ]
        for sentence, (_, origins), encoding in zip(
            sentences, lines, self._scorer.encoder.tokens([line for line, _ in lines]), strict=True
        ):
            for start, end in encoding.offsets:
                inside = (origins[start][0], origins[end - 1][1]) if end > start else (0, 0)
                found.append((sentence.start + inside[0], sentence.start + inside[1]))
        # The last sentence may have been cut.
        return found[: self.tokens]

    def logits_without(self, words: Sequence[_Word]) -> Vectors:
        """Calibrated scores (n, labels) of the text without each of some words."""
        prepared, whole = self.prepared, self.tokens <= WHOLE
        texts = []
        for word in words:
            sentence = prepared.sentences[word.sentence]
            line = self.whole[sentence.start : word.span.start] + self.whole[word.span.end : sentence.end]
            inner = np.array(self._scorer.encoder.tokens([self._scorer.encoder.line(line)])[0].ids, dtype=np.int64)
            before, after = prepared.ids[prepared.owner < word.sentence], prepared.ids[prepared.owner > word.sentence]
            texts.append(np.concatenate([before, inner, after]) if whole else inner)
        if whole:
            return self._scores_of(texts)
        # The text's scores are the mean of its sentences', so a changed one changes them by its share.
        changed = sorted({word.sentence for word in words})
        alone = dict(zip(changed, self._scores_of([prepared.ids[prepared.owner == n] for n in changed]), strict=True))
        parts = np.array([self.length(word.sentence) / self.tokens for word in words], dtype=np.float32)[:, None]
        differences = self._scores_of(texts) - np.stack([alone[word.sentence] for word in words])
        return np.asarray(self.logits + parts * differences, dtype=np.float32)

    def logits_alone(self, words: Sequence[_Word]) -> Vectors:
        """Calibrated scores (n, labels) of each of some words by itself."""
        encoder = self._scorer.encoder
        lines = [encoder.line(self.whole[word.span.start : word.span.end]) for word in words]
        return self._scores_of([np.array(found.ids, dtype=np.int64) for found in encoder.tokens(lines)])

    def _scores_of(self, texts: Sequence[NDArray[np.int64]]) -> Vectors:
        """Calibrated scores of texts given by their token ids; zeros, nothing known, for one without any."""
        found = np.zeros((len(texts), len(LABELS)), dtype=np.float32)
        filled = [row for row, ids in enumerate(texts) if len(ids)]
        if filled:
            prepared = [Prepared((Sentence(0, 0),), texts[row], np.zeros_like(texts[row])) for row in filled]
            encoded = self._scorer.encoder.encode_prepared(prepared)
            found[filled] = self._logits(np.stack([item.document for item in encoded]))
        return found

    def _logits(self, vectors: Vectors) -> Vectors:
        return self._scorer.heads.logits(self._scorer.heads.scores(vectors), [self._channel] * len(vectors))


class _Place:
    """From places in title and text as one to places in either."""

    def __init__(self, item: ScoringInput, parts: Composed) -> None:
        title = item.title or ""
        self._start = parts.start
        self._margin = len(title) - len(title.lstrip())

    def of(self, span: Sentence) -> tuple[int, int, bool]:
        """Start, end, and whether they lie in the title."""
        if span.start >= self._start:
            return span.start - self._start, span.end - self._start, False
        return span.start + self._margin, span.end + self._margin, True


def units(text: str, start: int, end: int) -> list[Sentence]:
    """What counts as one word between two places: words, links, handles, emoticons, runs of emoji, marks like "?!"."""
    found = []
    for match in UNIT.finditer(text, start, end):
        whole = match[0].rstrip(".,;:!?)\"'") if match["link"] else match[0]
        if not match["skipped"] and whole.strip("_"):
            found.append(Sentence(match.start(), match.start() + len(whole)))
    return found


def _mean_gradient(logits: Vectors) -> Shares:
    """The gradient of polarity by each label's score, averaged over the straight way from zero to `logits`."""
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    ways = ((nodes + 1) / 2)[:, None] * logits.astype(np.float64)
    exponents = np.exp(ways - ways.max(axis=1, keepdims=True))
    probabilities = exponents / exponents.sum(axis=1, keepdims=True)
    direction = np.zeros(len(LABELS))
    direction[POSITIVE], direction[NEGATIVE] = 1.0, -1.0
    gradients = probabilities * (direction - (probabilities @ direction)[:, None])
    return np.asarray(weights / 2 @ gradients, dtype=np.float64)


def _sentences(reading: _Reading, shares: Shares, place: _Place) -> tuple[SentenceReason, ...]:
    sums = np.bincount(reading.prepared.owner, weights=shares, minlength=len(reading.prepared.sentences))
    own = _polarity(reading.sentence_logits())
    return tuple(
        SentenceReason(*place.of(sentence), _rounded(polarity), _rounded(contribution))
        for sentence, polarity, contribution in zip(reading.prepared.sentences, own, sums, strict=True)
    )


def _words(reading: _Reading, shares: Shares) -> list[_Word]:
    """The words that were read; a token counts for the first word that it touches."""
    spans: list[Sentence] = []
    owner: list[int] = []
    for number, sentence in enumerate(reading.prepared.sentences):
        found = units(reading.whole, sentence.start, sentence.end)
        spans += found
        owner += [number] * len(found)
    ends = [span.end for span in spans]
    sums = np.zeros(len(spans))
    places = reading.places()
    for share, (start, end) in zip(shares, places, strict=True):
        index = bisect_right(ends, start)
        if index < len(spans) and spans[index].start < end:
            sums[index] += share
    last = max((end for _, end in places), default=0)
    return [
        _Word(span, number, float(contribution))
        for span, number, contribution in zip(spans, owner, sums, strict=True)
        if span.start < last
    ]


def _tried(reading: _Reading, words: Sequence[_Word]) -> dict[int, _Trial]:
    """The words that weigh most on either side, by number, and what was found by leaving them out."""
    least = LEAST * max((abs(word.contribution) for word in words), default=0.0)
    heavy = sorted(range(len(words)), key=lambda index: -abs(words[index].contribution))
    heavy = [index for index in heavy if abs(words[index].contribution) >= max(least, 10.0**-DIGITS)]
    negative = [index for index in heavy if words[index].contribution < 0][:TRIED]
    positive = [index for index in heavy if words[index].contribution > 0][:TRIED]
    chosen, left = [], MAX_TOKENS
    for index in sorted(negative + positive, key=heavy.index):
        left -= reading.tokens if reading.tokens <= WHOLE else 2 * reading.length(words[index].sentence)
        if left >= 0:
            chosen.append(index)
    if not chosen:
        return {}
    heaviest = [words[index] for index in chosen]
    without, alone = _polarity(reading.logits_without(heaviest)), _polarity(reading.logits_alone(heaviest))
    return {index: _Trial(_rounded(rest), float(own)) for index, rest, own in zip(chosen, without, alone, strict=True)}


def _named(words: Sequence[_Word], tried: Mapping[int, _Trial], polarity: float, *, side: int) -> list[int]:
    """The numbers of the words of one side, -1 or 1, that are named; hardly weighty ones beside the first are not."""
    chosen = list(tried)
    contributions = np.array([words[index].contribution for index in chosen])
    changes = np.array([polarity - tried[index].without for index in chosen])
    alone = np.array([tried[index].alone for index in chosen])
    weights = side * (TRUST * _relative(contributions) + _relative(changes) + _relative(alone))
    agreed = (side * contributions > 0) & (side * changes > 0) & (weights > 0)
    heavy = [place for place in np.argsort(-weights, kind="stable") if agreed[place]]
    return [chosen[place] for place in heavy[:NAMED] if weights[place] >= HARDLY * weights[heavy[0]]]


def _relative(values: Shares) -> Shares:
    """Values as parts of the greatest one."""
    return values / max(float(np.abs(values).max(initial=0.0)), 10.0**-DIGITS)


def _polarity(logits: Vectors) -> Vectors:
    probabilities = softmax(logits)
    return np.asarray(probabilities[:, POSITIVE] - probabilities[:, NEGATIVE], dtype=np.float32)


def _rounded(value: float) -> float:
    # Adding zero turns -0.0 into 0.0.
    return round(float(value), DIGITS) + 0.0
