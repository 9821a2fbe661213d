"""The one model of the system: a `Mention` is one thing that one person wrote about a brand, once."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Channel = Literal["review", "forum", "social", "app_store", "blog", "survey", "mail"]
AuthorRole = Literal["customer", "staff", "unknown"]
DatePrecision = Literal["second", "minute", "day", "month", "year", "unknown"]
SentimentLabel = Literal["negative", "neutral", "positive", "mixed"]
WorkStatus = Literal["open", "in_progress", "done"]
JourneyPhase = Literal["awareness", "consideration", "purchase", "onboarding", "usage", "support", "loyalty", "exit"]

CHANNELS: tuple[str, ...] = get_args(Channel)
SENTIMENTS: tuple[str, ...] = get_args(SentimentLabel)
JOURNEY_PHASES: tuple[str, ...] = get_args(JourneyPhase)

Probability = Annotated[float, Field(ge=0, le=1)]
Polarity = Annotated[float, Field(ge=-1, le=1)]
Offset = Annotated[int, Field(ge=0)]


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC): ä as one character, not as a and two dots. German text mostly is."""
    return unicodedata.normalize("NFC", text)


# No index takes a and two dots for an ä, so that a mention never holds them.
Prose = Annotated[str, AfterValidator(composed)]


class Value(BaseModel):
    """Base of all parts: immutable, and unknown fields are an error."""

    # Numbers that JSON doesn't know are written by name, so that a store can refuse them, instead of as null.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Rating(Value):
    """A rating as the page gave it and on the common scale: `normalised` runs from 0 (worst) to 1 (best)."""

    value: float
    best: float
    worst: float
    normalised: Probability


class MatchedTerm(Value):
    """A brand term found in `Mention.text`: `text[start:end]`, in characters."""

    brand: str
    term: str
    start: Offset
    end: Offset


class Sentiment(Value):
    """The document's sentiment. `polarity` is p(positive) - p(negative); `confidence` the winner's probability."""

    label: SentimentLabel
    probabilities: dict[SentimentLabel, Probability]
    polarity: Polarity
    confidence: Probability
    uncertain: bool


class Aspect(Value):
    """What is said about one topic in `Mention.text[start:end]` (characters)."""

    topic: str
    polarity: Polarity
    probability: Probability
    start: Offset
    end: Offset


class Provenance(Value):
    """What produced the scores and the text, so that a change of figures can be traced to it."""

    model: str | None = None
    model_revision: str | None = None
    rules_version: str | None = None
    taxonomy_version: str | None = None
    spider: str | None = None
    spider_version: str | None = None
    gate: str | None = None


class Correction(Value):
    """A person's judgement, kept beside the model's."""

    sentiment: SentimentLabel | None = None
    topics: tuple[str, ...] | None = None
    by: str
    at: AwareDatetime


class Work(Value):
    """What people did with the mention. Crawls never overwrite it."""

    correction: Correction | None = None
    not_us: bool = False
    status: WorkStatus = "open"
    owner: str | None = None
    due: date | None = None
    note: Prose | None = None


class Mention(Value):
    """One statement of one author. Texts are plain (no markup) and composed (`composed`), times timezone-aware.

    Offsets count the characters of the composed text.

    `text` holds neither quotes nor signatures and carries typed tokens such as `[TEL]` in place of personal data.
    `published_at` is None where the page gives no date (`date_precision` is then "unknown").
    """

    # identity
    id: str
    content_hash: str
    source: str
    platform: str
    channel: Channel
    url: str
    thread_url: str | None = None
    thread_title: Prose | None = None
    native_id: str | None = None
    parent_id: str | None = None
    # people
    author_key: str | None = None
    author_role: AuthorRole = "unknown"
    # times
    published_at: AwareDatetime | None = None
    date_precision: DatePrecision = "unknown"
    crawled_at: AwareDatetime
    scored_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    # content
    title: Prose | None = None
    text: Prose
    language: str | None = None
    rating: Rating | None = None
    # brand
    brands: tuple[str, ...] = ()
    matched_terms: tuple[MatchedTerm, ...] = ()
    relevance: Probability | None = None
    # scores
    sentiment: Sentiment | None = None
    aspects: tuple[Aspect, ...] = ()
    topics: tuple[str, ...] = ()
    journey_phase: JourneyPhase | None = None
    touchpoint: str | None = None
    needs_answer: bool | None = None
    irony: bool | None = None
    # copies
    copy_group: str | None = None
    is_copy: bool = False
    # provenance and work
    provenance: Provenance = Provenance()
    work: Work = Work()


def mention_id(source: str, platform: str, native: str) -> str:
    """The stable identity of a post: hash of source, platform and the platform's native id (else the canonical URL).

    The hash is 128 bits of SHA-256 in hex; the parts are separated by a character that none of them contains.
    """
    return hashlib.sha256("\x1f".join((source, platform, native)).encode()).hexdigest()[:32]


def content_hash(*, title: str | None, text: str, rating: Rating | None, author_role: str) -> str:
    """Changes exactly when what the author says changes: an edit is one update, a changed layout is none."""
    parts = (
        title or "",
        text,
        "" if rating is None else f"{rating.value:g}/{rating.best:g}/{rating.worst:g}",
        author_role,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
