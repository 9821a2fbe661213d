"""Brand profiles: who the brand is, where to listen, and what its customers talk about."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from brandmelder.errors import UsageError
from brandmelder.texts import tr
from crawlers.card import SourceCard
from crawlers.yaml_file import YamlError, read_yaml
from index.brand import BrandRules, names_query
from index.mention import JOURNEY_PHASES
from index.query import Query, QuerySyntaxError, parse_query
from nlp.taxonomy import Taxonomy, Topic


class ProfilePart(BaseModel):
    """Base of all parts: unknown keys are an error, so that a typing mistake isn't silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def checked_query(text: str) -> str:
    """The text, if the query language can read it; else a ValueError that shows where not."""
    try:
        parse_query(text)
    except QuerySyntaxError as error:
        raise ValueError(f"{error} (character {error.position + 1} of the query)") from error
    return text


class Competitor(ProfilePart):
    """Another brand that is counted beside ours, by its own query."""

    name: str = Field(min_length=1)
    query: str

    _query = field_validator("query")(checked_query)


class AlertSettings(ProfilePart):
    """When to raise an alarm. Windows in days; the budget is the most mails a week."""

    windows: tuple[int, ...] = (1, 7)
    min_mentions: int = Field(5, ge=2)
    weekly_budget: int = Field(5, ge=1)

    @field_validator("windows")
    @classmethod
    def _known_windows(cls, windows: tuple[int, ...]) -> tuple[int, ...]:
        if not windows or not set(windows) <= {1, 7}:
            raise ValueError("windows are 1 (a day) or 7 (a week)")
        return windows


class Profile(ProfilePart):
    """One brand. `query` decides what is ours; without it, any of `names` and `aliases` does."""

    name: str = Field(min_length=1)
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    query: str | None = None
    exclude: str | None = None
    competitors: tuple[Competitor, ...] = ()
    sources: tuple[SourceCard, ...] = ()
    topics: tuple[Topic, ...] = ()
    retention_days: int | None = Field(90, ge=1)
    min_group: int = Field(5, ge=1)
    alerts: AlertSettings = AlertSettings()

    @field_validator("query", "exclude")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        return None if text is None else checked_query(text)

    @field_validator("topics")
    @classmethod
    def _topics(cls, topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
        for topic in topics:
            if topic.journey_phase is not None and topic.journey_phase not in JOURNEY_PHASES:
                raise ValueError(f"topic {topic.id}: journey_phase must be one of {', '.join(JOURNEY_PHASES)}")
        _unique([topic.id for topic in topics], "topic id")
        return topics

    @field_validator("sources", "competitors")
    @classmethod
    def _names_differ(cls, parts: tuple[SourceCard, ...], info: ValidationInfo) -> tuple[SourceCard, ...]:
        _unique([part.name for part in parts], f"name in {info.field_name}")
        return parts

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if not (self.query or self.names or self.aliases):
            raise ValueError("give names, aliases or a query: without one nothing could be found")
        return self

    def rules(self) -> BrandRules:
        """What decides whether a text is about this brand or a competitor."""
        return BrandRules(
            name=self.name,
            query=parse_query(self.query or names_query([*self.names, *self.aliases])),
            exclusions=None if self.exclude is None else parse_query(self.exclude),
            competitors=self._competitor_queries(),
        )

    def taxonomy(self) -> Taxonomy:
        """The topics as the model takes them."""
        return Taxonomy(topics=self.topics)

    def cards(self, names: list[str]) -> list[SourceCard]:
        """The source cards of the given names, all for no names. Raises `UsageError` for an unknown name."""
        known = {card.name: card for card in self.sources}
        unknown = [name for name in names if name not in known]
        if unknown:
            has = ", ".join(known) or tr("keine", "none")
            raise UsageError(
                tr(
                    f"Das Profil kennt keine Quelle {unknown[0]!r}. Es hat: {has}.",
                    f"The profile has no source {unknown[0]!r}. It has: {has}.",
                )
            )
        return [known[name] for name in names] if names else list(self.sources)

    def _competitor_queries(self) -> dict[str, Query]:
        return {competitor.name: parse_query(competitor.query) for competitor in self.competitors}


def _unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is given twice")


def find_profile(name: str, folder: Path) -> Path:
    """The file of a profile: a path, or the name of one in `folder`. Raises `UsageError` where there is none."""
    candidates = [Path(name), folder / f"{name}.yaml", folder / f"{name.lower()}.yaml"]
    for path in candidates:
        if path.is_file():
            return path
    raise UsageError(
        tr(
            f"Kein Markenprofil {name!r} gefunden. Gib den Pfad einer YAML-Datei an; «brandmelder init» legt eine an.",
            f"No brand profile {name!r} found. Give the path of a YAML file; 'brandmelder init' writes one.",
        )
    )


def read_profile(name: str, folder: Path) -> Profile:
    """Read a profile by path or name. Raises `UsageError` with file and line of each fault."""
    try:
        return read_yaml(find_profile(name, folder), Profile)
    except YamlError as error:
        raise UsageError(str(error)) from error
