"""Keys of APIs: which a source needs, who may be shown them, and how they go into requests. Never in addresses."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from crawlers.addresses import first_addresses
from crawlers.card import SourceCard, is_loopback_host

NEEDED: Mapping[str, tuple[str, ...]] = {
    "bluesky": ("BRANDMELDER_BLUESKY_HANDLE", "BRANDMELDER_BLUESKY_APP_PASSWORD"),
    "youtube": ("BRANDMELDER_YOUTUBE_KEY",),
    "reddit": ("BRANDMELDER_REDDIT_CLIENT_ID", "BRANDMELDER_REDDIT_CLIENT_SECRET"),
}
"""The environment variables that a family needs."""
KEY_HOSTS: Mapping[str, frozenset[str]] = {
    "youtube": frozenset({"www.googleapis.com", "youtube.googleapis.com"}),
    "reddit": frozenset({"oauth.reddit.com"}),
}
"""The only hosts that see a key, besides this machine. A Bluesky account's server is its owner's choice."""
TOKEN_SECONDS = 1800.0
"""Tokens live for one (Reddit) or two hours (Bluesky)."""


@dataclass(frozen=True)
class Login:
    """How a source's requests are signed: fixed `headers`, or a token that a request to `url` brings."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str | None = None
    body: bytes = field(default=b"", repr=False)
    body_type: str = ""
    body_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = ""
    """The name of the token in the JSON of the answer."""


def refusal(card: SourceCard, keys: Mapping[str, str]) -> str | None:
    """Why an API source can't be asked, as a German sentence; None where it can."""
    if not card.reads_data:
        return None
    if missing := [name for name in NEEDED.get(card.family, ()) if not keys.get(name)]:
        return f"Der Quelle „{card.name}“ fehlt in der Umgebung: {', '.join(missing)}. Es wurde nichts gefragt."
    if not first_addresses(card):
        return f"Quelle „{card.name}“ nennt nichts, wonach gefragt werden soll (ask, siehe docs/sources.md)."
    allowed = KEY_HOSTS.get(card.family)
    hosts = {urlsplit(url).hostname or "" for url in card.start_urls}
    if allowed is not None and (strangers := sorted(h for h in hosts if h not in allowed and not is_loopback_host(h))):
        return f"Quelle „{card.name}“: Der Schlüssel geht nur an {', '.join(sorted(allowed))}, nicht an {strangers[0]}."
    if card.family in NEEDED and any(_is_open(url) for url in card.start_urls):
        return f"Quelle „{card.name}“: Ein Schlüssel geht nur über https."
    return None


def _is_open(url: str) -> bool:
    """Whether everybody on the way could read a key."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_loopback_host(parts.hostname or "")


def login_of(card: SourceCard, keys: Mapping[str, str]) -> Login | None:
    """How the requests of a card are signed; None where they needn't be. The keys are those that `refusal` asks for."""
    if card.family not in NEEDED:
        return None
    first, *more = (keys[name] for name in NEEDED[card.family])
    if card.family == "youtube":
        return Login(headers={"X-Goog-Api-Key": first})
    parts = urlsplit(card.start_urls[0])
    if card.family == "bluesky":
        body = json.dumps({"identifier": first, "password": more[0]}).encode()
        url = urlunsplit((parts.scheme, parts.netloc, "/xrpc/com.atproto.server.createSession", "", ""))
        return Login(url=url, body=body, body_type="application/json", token="accessJwt")
    signature = base64.b64encode(f"{first}:{more[0]}".encode()).decode()
    host = "www.reddit.com" if parts.hostname == "oauth.reddit.com" else parts.netloc
    return Login(
        url=urlunsplit((parts.scheme, host, "/api/v1/access_token", "", "")),
        body=b"grant_type=client_credentials",
        body_type="application/x-www-form-urlencoded",
        body_headers={"Authorization": f"Basic {signature}"},
        token="access_token",
    )
