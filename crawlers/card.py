"""A source card says where to read, by what right, how politely, and what a healthy run brings."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from crawlers.columns import ColumnMap
from crawlers.gate.category import CATEGORY_LABELS, denied_category
from crawlers.yaml_file import read_yaml
from index.mention import Channel, Value

Family = Literal[
    "forum", "reviews", "blog", "feed", "mastodon", "bluesky", "lemmy", "app_store", "youtube", "reddit", "auto"
]
DATA_FAMILIES = frozenset({"feed", "mastodon", "bluesky", "lemmy", "app_store", "youtube", "reddit"})
"""Families whose addresses are those of the card and of their answers' pagers; no link of a page is followed."""
# iTunes services allow about 20 requests a minute, Mastodon 300 in five minutes.
PLATFORM_DELAYS = {"app_store": 3.0}
# YouTube's API policies: what isn't refreshed within 30 days must go.
MAX_RETENTION_DAYS = {"youtube": 30}
Basis = Literal["own", "licence", "api_terms", "tdm_44b"]

# One request per two seconds and host is what a stranger's server may be asked for; only loopback is exempt.
MIN_DELAY_SECONDS = 2.0
# A check of a third party's terms is believed for this long where the card names no other day.
CHECK_VALID_DAYS = 366


def _web_address(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("muss mit http:// oder https:// beginnen und einen Rechner nennen")
    if parts.username or parts.password:
        raise ValueError("darf keine Zugangsdaten enthalten")
    return url.strip()


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Budget(Value):
    """Where a run stops at the latest. A stop by budget is written down with its reason."""

    pages: int = Field(5000, ge=1)
    minutes: float = Field(240, gt=0)
    depth: int = Field(12, ge=0, description="listings and links from a start address to a page; pagers don't count")
    pages_per_thread: int = Field(500, ge=1)
    reread: int = Field(50, ge=0, description="threads that are read again although nothing new shows, in turn")
    page_bytes: int = Field(8_000_000, ge=1_000)
    post_characters: int = Field(20_000, ge=100, description="longer texts are cut, with a note")
    failures_in_a_row: int = Field(10, ge=1)
    crawl_delay_seconds: float = Field(60, ge=0, description="a robots.txt that asks for more is not read")


class Expected(Value):
    """What a healthy run brings; None means no bound. A run below a minimum is failed, above a maximum suspicious."""

    min_posts: int | None = Field(None, ge=0)
    max_posts: int | None = Field(None, ge=0)
    min_pages: int | None = Field(None, ge=0)
    min_coverage: dict[Literal["author", "date", "text"], float] = Field(
        default_factory=dict, description="the least share of posts with an author, a date, words"
    )
    quiet_days: int | None = Field(30, ge=1, description="so long the same posts and no new one is suspicious")


class Ask(Value):
    """What an API is asked for; docs/sources.md says which family takes what. Each entry is a pager of its own."""

    tags: tuple[str, ...] = ()
    local: bool = False
    queries: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    countries: tuple[str, ...] = ("de",)
    videos: tuple[str, ...] = ()


class SourceCard(Value):
    """One source. Written by a person in YAML; docs/crawling.md explains every field."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    title: str = ""
    homepage: str = ""
    start_urls: tuple[WebAddress, ...] = ()
    family: Family = "auto"
    channel: Channel
    enabled: bool | None = None
    basis: Basis | None = None
    checked_on: date | None = None
    checked_by: str = ""
    evidence: str = ""
    valid_until: date | None = None
    allow_private: bool = False
    delay: float = Field(MIN_DELAY_SECONDS, ge=0, le=3600)
    budget: Budget = Budget()
    expected: Expected = Expected()
    retention_days: int | None = Field(None, ge=1, le=3650)
    language: str = "de"
    about_brand: bool = False
    deny: tuple[str, ...] = Field((), description="words for boards that are left alone (crawlers.gate.category)")
    encoding: str | None = None
    ask: Ask = Ask()
    columns: ColumnMap | None = Field(
        None, description="own data: which column of a file is what; without it, a website"
    )

    @model_validator(mode="after")
    def _somewhere(self) -> SourceCard:
        if self.columns is None and not self.start_urls:
            raise ValueError("start_urls: mindestens eine Adresse; oder columns für eine Quelle aus Dateien")
        if self.columns is not None and self.start_urls:
            raise ValueError("start_urls und columns schließen einander aus")
        return self

    @model_validator(mode="after")
    def _polite(self) -> SourceCard:
        if self.delay < MIN_DELAY_SECONDS and not self.is_loopback:
            raise ValueError(
                f"delay: mindestens {MIN_DELAY_SECONDS:g} Sekunden; nur der eigene Rechner ist ausgenommen"
            )
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError as error:
                raise ValueError(f"encoding: {self.encoding} ist unbekannt") from error
        return self

    @property
    def pause(self) -> float:
        """Seconds between two requests: `delay`, or more where the platform's limit asks for it."""
        return self.delay if self.is_loopback else max(self.delay, PLATFORM_DELAYS.get(self.family, 0.0))

    @property
    def reads_data(self) -> bool:
        """Whether the source is a feed or an API and no site whose links are followed."""
        return self.family in DATA_FAMILIES

    @property
    def is_loopback(self) -> bool:
        """Whether all start addresses are on this machine, and the card allows that."""
        return (
            self.allow_private
            and bool(self.start_urls)
            and all(is_loopback_host(urlsplit(url).hostname or "") for url in self.start_urls)
        )

    @property
    def is_enabled(self) -> bool:
        """What `enabled` says; where it says nothing, only this machine's own pages and files are read."""
        return (self.is_loopback or self.columns is not None) if self.enabled is None else self.enabled

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts (see `host_of`) that this source may be asked on."""
        return frozenset(host_of(url) for url in self.start_urls)

    @property
    def digest(self) -> str:
        """Changes when an interrupted run can't be continued: other addresses, another way of reading them."""
        parts: list[Any] = [list(self.start_urls), self.family, self.encoding, self.channel, self.about_brand]
        if self.reads_data:
            parts.append(self.ask.model_dump(mode="json"))
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def refusal(self, today: date) -> str | None:
        """Why this source must not be read, as a German sentence; None where it may.

        DSGVO and UrhG ask for a basis before the first request, so a card without a checked one starts nothing.
        """
        if not self.is_enabled:
            return f"Quelle „{self.name}“ ist nicht freigegeben (enabled: true fehlt)."
        if self.basis is None:
            return f"Quelle „{self.name}“ nennt keine Rechtsgrundlage (basis: own, licence, api_terms oder tdm_44b)."
        if not self.evidence.strip():
            return f"Quelle „{self.name}“ nennt keinen Beleg für ihre Rechtsgrundlage (evidence)."
        if (category := self._denied_category()) is not None:
            return f"Quelle „{self.name}“ gehört zu Bereichen, die nie gelesen werden ({CATEGORY_LABELS[category]})."
        return self._expiry(today)

    def _denied_category(self) -> str | None:
        names = (self.name, self.title, *(unquote(url.partition("://")[2]) for url in self.start_urls))
        return denied_category(*(name.replace(".", " ") for name in names))

    def _expiry(self, today: date) -> str | None:
        if self.valid_until is not None and self.valid_until < today:
            return f"Die Rechtsgrundlage der Quelle „{self.name}“ galt bis {self.valid_until:%d.%m.%Y} (valid_until)."
        if self.basis == "own":
            return None
        if self.checked_on is None or not self.checked_by.strip():
            return (
                f"Quelle „{self.name}“ sagt nicht, wer die Rechtsgrundlage wann geprüft hat (checked_on, checked_by)."
            )
        if self.valid_until is None and (today - self.checked_on).days > CHECK_VALID_DAYS:
            return f"Die Rechtsgrundlage der Quelle „{self.name}“ wurde zuletzt am {self.checked_on:%d.%m.%Y} geprüft."
        return None


def load_card(path: Path) -> SourceCard:
    """Read a card from YAML. Raises `crawlers.yaml_file.YamlError`, which names file and line."""
    return read_yaml(path, SourceCard)


def host_of(url: str) -> str:
    """Host and port for comparisons: lower case, without "www." and without the scheme's usual port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().removeprefix("www.")
    try:
        port = parts.port
    except ValueError:
        return ""
    return host if port is None or port == {"http": 80, "https": 443}.get(parts.scheme) else f"{host}:{port}"


def is_loopback_host(host: str) -> bool:
    """Whether the name itself says that it is this machine (no DNS asked)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
