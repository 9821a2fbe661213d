"""The topics of a brand: what customers talk about, where on their journey, at which touchpoint."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field


class Topic(BaseModel):
    """One topic. `description` and `examples` are German sentences: they are what texts are compared with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    label: str
    description: str
    examples: tuple[str, ...] = ()
    journey_phase: str | None = None
    touchpoint: str | None = None


class Judged(BaseModel):
    """A text whose topics a person named: all that it has of the taxonomy, so none where `topics` is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    topics: tuple[str, ...] = ()


class Taxonomy(BaseModel):
    """An ordered set of topics, and what people's corrections taught about them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: tuple[Topic, ...] = ()
    judged: tuple[Judged, ...] = ()

    @property
    def version(self) -> str:
        """Changes with any word of it, so that stored tags can be told from current ones."""
        without = None if self.judged else {"judged"}
        return hashlib.sha256(self.model_dump_json(exclude=without).encode()).hexdigest()[:12]
