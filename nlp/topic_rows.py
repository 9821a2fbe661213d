"""Texts whose aspects people annotated, by the small taxonomies that data/aspects.json maps them to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.corpora import Row
from nlp.encoder import Encoder
from nlp.taxonomy import Taxonomy, Topic
from nlp.topics import chosen
from nlp.vector_cache import Progress, sentence_vectors

Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

ASPECTS = Path(__file__).resolve().parent / "data" / "aspects.json"


@dataclass(frozen=True)
class Group:
    """A taxonomy of our own and what it stands for: corpus domains, and per topic the annotated aspects."""

    domains: tuple[str, ...]
    taxonomy: Taxonomy
    aspects: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Part:
    """Texts of one group. `vectors` belong to `sentences`, `owner` is each sentence's text; `documents` are the texts'.

    `gold` (texts, topics) says what was annotated.
    """

    group: Group
    texts: tuple[str, ...]
    gold: Flags
    documents: Vectors
    sentences: tuple[str, ...]
    vectors: Vectors
    owner: Numbers

    def only(self, places: Numbers) -> Part:
        """Those texts alone, in the order of `places`."""
        new = np.full(len(self.texts), -1, dtype=np.int64)
        new[places] = np.arange(len(places))
        kept = np.flatnonzero(new[self.owner] >= 0)
        return Part(
            group=self.group,
            texts=tuple(self.texts[place] for place in places),
            gold=self.gold[places],
            documents=self.documents[places],
            sentences=tuple(self.sentences[place] for place in kept),
            vectors=self.vectors[kept],
            owner=new[self.owner[kept]],
        )

    def found(self, probabilities: NDArray[np.floating[Any]], threshold: float) -> Flags:
        """Topics (texts, topics) from probabilities (sentences, topics), as the scorer gives them: any sentence's."""
        flags = np.zeros_like(self.gold)
        np.logical_or.at(flags, self.owner, chosen(np.asarray(probabilities, dtype=np.float32), threshold))
        return flags


def groups(path: Path = ASPECTS) -> list[Group]:
    """The mapping of annotated aspects to topics."""
    return [
        Group(
            tuple(group["domains"]),
            Taxonomy(topics=tuple(_topic(item) for item in group["topics"])),
            tuple(frozenset(item["aspects"]) for item in group["topics"]),
        )
        for group in json.loads(path.read_text(encoding="utf-8"))["groups"]
    ]


def descriptions(groups: Sequence[Group]) -> list[str]:
    """One text for each topic of all groups in turn: its label, description and examples."""
    topics = [topic for group in groups for topic in group.taxonomy.topics]
    return [". ".join((topic.label, topic.description, *topic.examples)) for topic in topics]


def annotated(row: Row, groups: Sequence[Group]) -> Vectors | None:
    """Which topics of all groups in turn a row was annotated with: 1 or 0, and -1 where nobody judged it.

    None for rows of no group.
    """
    if all(row.domain not in group.domains for group in groups):
        return None
    names = {name for name, _ in row.aspects}
    gold = [
        float(bool(names & aspects)) if row.domain in group.domains else -1.0
        for group in groups
        for aspects in group.aspects
    ]
    return np.array(gold, dtype=np.float32)


def _topic(item: dict[str, Any]) -> Topic:
    return Topic(id=item["id"], label=item["label"], description=item["description"], examples=tuple(item["examples"]))


def parts(
    rows: Sequence[Row], encoder: Encoder, cache: Path, *, most: int | None = None, progress: Progress | None = None
) -> list[Part]:
    """The rows of each group with their vectors of the last layer, from the cache where it has them.

    Texts without words are left out; `most` takes that many of each group, spread evenly. Groups without rows are
    left out.
    """
    made = []
    for group in groups():
        own = [row for row in rows if row.domain in group.domains]
        if most is not None and len(own) > most:
            own = [own[place] for place in np.linspace(0, len(own) - 1, most).astype(int)]
        if own:
            made.append(_part(group, own, encoder, cache, progress))
    return made


def _part(group: Group, rows: Sequence[Row], encoder: Encoder, cache: Path, progress: Progress | None) -> Part:
    texts = [row.text for row in rows]
    found = sentence_vectors(texts, encoder, cache, title=group.domains[0], progress=progress)
    gold = [[any(name in names for name, _ in row.aspects) for names in group.aspects] for row in rows]
    spans = zip(found.owner, found.spans, strict=True)
    part = Part(
        group=group,
        texts=tuple(texts),
        gold=np.array(gold, dtype=bool),
        documents=found.documents,
        sentences=tuple(texts[text][start:end] for text, (start, end) in spans),
        vectors=found.sentences,
        owner=found.owner,
    )
    return part.only(np.unique(found.owner))
