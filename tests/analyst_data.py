"""The mentions behind docs/analysts.md: the demo's texts with their authors' own judgement, always the same.

No model takes part, so that the figures of the page stand still. The twelve weeks end on 29 March 2026, the day on
which Berlin's clocks went forward.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from brandmelder.demo.content import BRAND, ForumPost, Review, Truth, load_world
from brandmelder.profile import Profile
from crawlers.yaml_file import read_yaml
from index.mention import Aspect, Correction, Mention, Provenance, Rating, Sentiment, Work, content_hash, mention_id

END = date(2026, 3, 29)
READ_AT = datetime(2026, 3, 30, 4, 0, tzinfo=UTC)
COMPETITOR = "Flinkrad"
_POLARITY = {"negative": -0.8, "neutral": 0.0, "positive": 0.8, "mixed": -0.1}


@cache
def analyst_mentions() -> tuple[Mention, ...]:
    """All mentions of the demo brand and its competitor, oldest first."""
    world = load_world(END)
    drafts = [
        _mention(
            post,
            post.truth,
            source="speichenrunde",
            platform="phpbb",
            channel="forum",
            url=f"https://speichenrunde.example/viewtopic.php?p={post.id}",
            thread_url=f"https://speichenrunde.example/viewtopic.php?t={thread.id}",
            thread_title=thread.title,
            author_role="staff" if post.author in world.members.staff else "customer",
        )
        for thread, post in world.posts()
    ]
    drafts += [
        _mention(
            review,
            review.truth,
            source="erfahrungskiste",
            platform="schema.org",
            channel="review",
            url=f"https://erfahrungskiste.example/{page.slug}#r{review.id}",
            title=review.title or None,
            rating=Rating(value=review.stars, best=5, worst=1, normalised=(review.stars - 1) / 4),
            author_role="customer",
        )
        for page, review in world.reviews()
        if review.text
    ]
    return tuple(_with_copies(sorted((draft for draft in drafts if draft is not None), key=_age)))


def _age(mention: Mention) -> tuple[datetime, str]:
    assert mention.published_at is not None
    return mention.published_at, mention.id


def _share(entry: str, salt: str) -> float:
    """A number from 0 to 1 that is always the same for an entry."""
    return int(hashlib.sha256(f"{salt} {entry}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def _mention(post: ForumPost | Review, truth: Truth, **values: object) -> Mention | None:
    brands = (BRAND,) * truth.about_brand + (COMPETITOR,) * (COMPETITOR in post.text)
    if not brands:
        return None
    id = mention_id(str(values["source"]), str(values["platform"]), str(post.id))
    confidence = round(0.42 + 0.56 * _share(id, "confidence"), 2)
    rest = (1 - confidence) / 3
    phases = {topic.id: topic for topic in _profile().topics}
    first = phases.get(truth.topics[0]) if truth.topics else None
    staff = values["author_role"] == "staff"
    return Mention(
        id=id,
        content_hash=content_hash(
            title=values.get("title"),
            text=post.text,
            rating=values.get("rating"),
            author_role=str(values["author_role"]),
        ),
        native_id=str(post.id),
        author_key=hashlib.sha256(post.author.encode()).hexdigest()[:32],
        published_at=post.at,
        date_precision="minute",
        crawled_at=READ_AT,
        scored_at=READ_AT,
        text=post.text,
        language="de",
        brands=brands,
        relevance=0.95,
        sentiment=Sentiment(
            label=truth.sentiment,
            probabilities={name: confidence if name == truth.sentiment else rest for name in _POLARITY},
            polarity=_POLARITY[truth.sentiment],
            confidence=confidence,
            uncertain=confidence < 0.5,
        ),
        topics=truth.topics,
        aspects=tuple(_aspects(truth, post.text)),
        journey_phase=first.journey_phase if first else None,
        touchpoint=first.touchpoint if first else None,
        needs_answer=not staff and post.text.rstrip().endswith("?"),
        irony=truth.irony,
        copy_group=truth.copy,
        provenance=Provenance(model="authors", model_revision="1", spider="demo", gate="allowed"),
        work=_work(id, truth),
        **values,
    )


@cache
def _profile() -> Profile:
    return read_yaml(Path(str(files("brandmelder.demo").joinpath("profile.yaml"))), Profile)


def _aspects(truth: Truth, text: str) -> Iterator[Aspect]:
    """What is said about each topic: of mixed voices the first is bad, the others are good."""
    for place, topic in enumerate(truth.topics):
        polarity = _POLARITY[truth.sentiment]
        if truth.sentiment == "mixed":
            polarity = 0.6 if place else -0.6
        yield Aspect(topic=topic, polarity=polarity, probability=0.9, start=0, end=len(text))


def _work(id: str, truth: Truth) -> Work:
    """A little of what people would have done: mistaken finds, corrections, cases that are closed."""
    chance = _share(id, "work")
    if chance < 0.02:
        return Work(not_us=True)
    if chance < 0.05 and truth.sentiment == "neutral":
        return Work(correction=Correction(sentiment="negative", by="team", at=READ_AT))
    return Work(status="done") if chance > 0.85 else Work()


def _with_copies(mentions: Sequence[Mention]) -> Iterator[Mention]:
    """The first text of a group is the original."""
    seen: set[str] = set()
    for mention in mentions:
        copy = mention.copy_group is not None and mention.copy_group in seen
        if mention.copy_group is not None:
            seen.add(mention.copy_group)
        yield mention.model_copy(update={"is_copy": copy})
