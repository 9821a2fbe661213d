"""What the dashboard is told about the brand and the store, read once from the file that the command line writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.mention import JourneyPhase

CONFIG_VARIABLE = "BRANDMELDER_DASHBOARD_CONFIG"

Language = Literal["de", "en"]
# No longer than what a URL may ask for (`state.MAX_LENGTH`).
Name = Annotated[str, Field(min_length=1, max_length=80)]


class ConfigError(RuntimeError):
    """The dashboard can't start with this configuration; `key` names the text that says so to people."""

    def __init__(self, key: str, detail: str) -> None:
        super().__init__(f"{key}: {detail}")
        self.key = key
        self.detail = detail


class TopicConfig(BaseModel):
    """One topic of the brand's taxonomy, as people shall read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    label: Annotated[str, Field(min_length=1, max_length=200)]
    journey_phase: JourneyPhase | None = None
    touchpoint: str | None = None


class DashboardConfig(BaseModel):
    """Everything that the pages need besides the mentions themselves.

    `brand` and `competitors` are written as they stand in `Mention.brands`; `sources` maps names of sources to what
    people call them, for those that have such a title. `store` is the URL of an Elasticsearch
    server; without it the embedded store in the folder `data` is read. The ledger of crawls and the alerts always lie
    in `data`. `base_url` is where people reach the pages (for links in alert mails). Cells with fewer than `min_group`
    mentions are greyed. Secrets never stand here: the server's API key comes from the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    brand: Name
    data: Path
    sources: dict[str, str] = {}
    competitors: tuple[Name, ...] = ()
    topics: tuple[TopicConfig, ...] = ()
    store: str | None = None
    elastic_prefix: str = "brandmelder"
    elastic_ca: Path | None = None
    language: Language = "de"
    min_group: Annotated[int, Field(ge=1, le=1000)] = 5
    base_url: str = "http://127.0.0.1:8501"

    def topic_label(self, topic: str) -> str:
        """The label of a topic; a topic that is no longer in the taxonomy keeps its id."""
        return next((known.label for known in self.topics if known.id == topic), topic)


def read_config(arguments: Sequence[str] = (), environment: Mapping[str, str] = os.environ) -> DashboardConfig:
    """The configuration in the file named by the first argument, else by `BRANDMELDER_DASHBOARD_CONFIG`.

    Raises `ConfigError`.
    """
    named = arguments[0] if arguments else environment.get(CONFIG_VARIABLE, "").strip()
    if not named:
        raise ConfigError("config_unset", CONFIG_VARIABLE)
    try:
        content = Path(named).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config_unreadable", f"{named}: {error}") from error
    try:
        return DashboardConfig.model_validate_json(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'JSON'}: {item['msg']}" for item in error.errors()
        )
        raise ConfigError("config_invalid", f"{named}: {problems}") from error


def write_config(config: DashboardConfig, path: Path) -> None:
    """Write the file that `read_config` reads, for its owner only."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(config.model_dump_json(indent=2), encoding="utf-8")
