"""Mentions for tests: German sentences of our own about the fictional brand Kornblume, a home-delivery shop."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from index.mention import Aspect, MatchedTerm, Mention, Provenance, Rating, Sentiment, content_hash, mention_id

FIRST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

SENTENCES: tuple[tuple[str, str], ...] = (
    ("Die Lieferung von Kornblume kam drei Tage zu spät und der Karton war aufgerissen.", "negative"),
    ("Im Laden am Hafen wurde ich freundlich beraten, das Müsli schmeckt großartig.", "positive"),
    ("Ich habe bei Kornblume bestellt und warte auf die Bestätigung.", "neutral"),
    ("Der Kundendienst ruft nicht zurück, obwohl ich dreimal geschrieben habe.", "negative"),
    ("Schöne Verpackung, aber die Äpfel waren faul.", "mixed"),
    ("Die neue App stürzt nach dem Anmelden sofort ab.", "negative"),
    ("Die Straße war gesperrt, trotzdem stand der Fahrer pünktlich vor der Tür.", "positive"),
    ("Gibt es die Haferflocken auch in der großen Tüte?", "neutral"),
)
TOPICS = ("lieferung", "beratung", "bestellung", "kundendienst", "qualitaet", "app")
SOURCES = ("marktforum", "testportal", "gartenblog")
CHANNELS = ("forum", "review", "blog")


def make_mention(number: int = 0, **overrides: Any) -> Mention:
    """A complete, valid mention; equal numbers give equal mentions, other numbers other ids, texts and hours.

    Any field of `Mention` can be given; `id` and `content_hash` follow from the others unless given.
    """
    source = overrides.get("source", SOURCES[number % len(SOURCES)])
    sentence, label = SENTENCES[number % len(SENTENCES)]
    text = overrides.get("text", f"{sentence} Das war Bestellung {number}.")
    values: dict[str, Any] = {
        "source": source,
        "platform": "phpbb",
        "channel": CHANNELS[SOURCES.index(source)] if source in SOURCES else "forum",
        "native_id": f"post-{number}",
        "url": f"https://{source}.example/beitrag/{number}",
        "thread_url": f"https://{source}.example/thema/{number // 10}",
        "thread_title": f"Erfahrungen mit Kornblume, Teil {number // 10}",
        "author_key": hashlib.sha256(f"person-{number % 50}".encode()).hexdigest()[:32],
        "author_role": "customer",
        "published_at": FIRST + timedelta(hours=number),
        "date_precision": "minute",
        "crawled_at": FIRST + timedelta(days=90),
        "scored_at": FIRST + timedelta(days=90, minutes=1),
        "title": None,
        "text": text,
        "language": "de",
        "rating": make_rating(number % 5 + 1) if number % 3 == 1 else None,
        "brands": ("kornblume",),
        "matched_terms": matched(text),
        "relevance": 0.9,
        "sentiment": make_sentiment(label),
        "topics": (TOPICS[number % len(TOPICS)],),
        "aspects": (make_aspect(TOPICS[number % len(TOPICS)], label, text),),
        "journey_phase": "usage",
        "touchpoint": "online",
        "needs_answer": number % 4 == 3,
        "irony": False,
        "provenance": Provenance(
            model="probe",
            model_revision="r1",
            rules_version="v1",
            taxonomy_version="t1",
            spider="forum",
            spider_version="1",
            gate="allowed",
        ),
    } | overrides
    values.setdefault("id", mention_id(values["source"], values["platform"], values["native_id"] or values["url"]))
    if "content_hash" not in values:
        values["content_hash"] = content_hash(
            title=values["title"], text=values["text"], rating=values["rating"], author_role=values["author_role"]
        )
    return Mention(**values)


def make_mentions(count: int, **overrides: Any) -> list[Mention]:
    """`make_mention` for the numbers 0 to count - 1."""
    return [make_mention(number, **overrides) for number in range(count)]


def make_rating(stars: int) -> Rating:
    """One to five stars."""
    return Rating(value=stars, best=5, worst=1, normalised=(stars - 1) / 4)


def make_sentiment(label: str, confidence: float = 0.8) -> Sentiment:
    """The given label at the given probability, the rest shared equally."""
    rest = (1 - confidence) / 3
    probabilities = {
        word: confidence if word == label else rest for word in ("negative", "neutral", "positive", "mixed")
    }
    return Sentiment(
        label=label,
        probabilities=probabilities,
        polarity=probabilities["positive"] - probabilities["negative"],
        confidence=confidence,
        uncertain=confidence < 0.5,
    )


def make_aspect(topic: str, label: str, text: str) -> Aspect:
    """One statement about the topic that spans the text's first sentence."""
    polarity = {"negative": -0.8, "positive": 0.8}.get(label, 0.0)
    return Aspect(topic=topic, polarity=polarity, probability=0.9, start=0, end=text.find(".") + 1 or len(text))


def matched(text: str, term: str = "Kornblume", brand: str = "kornblume") -> tuple[MatchedTerm, ...]:
    """The first place at which the brand's name stands in the text."""
    start = text.find(term)
    return () if start < 0 else (MatchedTerm(brand=brand, term=term, start=start, end=start + len(term)),)
