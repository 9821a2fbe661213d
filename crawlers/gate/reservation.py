"""Machine-readable "no" of rights holders in headers, meta tags and /.well-known/tdmrep.json. Pure functions.

TDM Reservation Protocol: https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/
AI preferences (draft): https://datatracker.ietf.org/doc/draft-ietf-aipref-attach/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawlers.gate.patterns import matches, path_of

PRODUCT_TOKEN = "brandmelder"
# noarchive counts: what we store is a copy.
NO_USE = {"noindex", "none", "noai", "noarchive"}
NO_FOLLOW = {"nofollow", "none", "noai"}
# Directives that take a value after a colon; any other word before a colon names an agent.
VALUED = {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}
META_SCAN_CHARACTERS = 300_000

_META = re.compile(r"<meta\b([^>]{0,1000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_REFUSAL = re.compile(r"\b[\w-]+\s*=\s*(?:n|\?0)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Signals:
    """What a response says about its use. `reason` is None where nothing forbids it."""

    reason: str | None
    follow: bool = True


def response_signals(headers: Mapping[str, Sequence[str]], html: str, *, well_known: bool | None) -> Signals:
    """Judge a response by its headers (lower-case names), its meta tags and what tdmrep.json says for its address.

    For TDM the header overrides the file and the meta tag the header; an absent or malformed one overrides nothing.
    """
    metas = _metas(html)
    if tdm := _tdm_reason(headers, metas, well_known):
        return Signals(tdm, follow=False)
    if _says_no(headers.get("content-usage", ())) or _says_no(metas.get("content-usage", ())):
        return Signals("content_usage", follow=False)
    return _robots_signals(headers.get("x-robots-tag", ()), metas)


def _tdm_reason(
    headers: Mapping[str, Sequence[str]], metas: Mapping[str, list[str]], well_known: bool | None
) -> str | None:
    reason = "tdmrep_json" if well_known else None
    for values, name in (
        (headers.get("tdm-reservation", ()), "tdm_header"),
        (metas.get("tdm-reservation"), "tdm_meta"),
    ):
        word = (values or [""])[-1].strip()
        if word in ("0", "1"):
            reason = name if word == "1" else None
    return reason


def _robots_signals(header: Sequence[str], metas: Mapping[str, list[str]]) -> Signals:
    tags = directives(header)
    meta = {word for name in ("robots", PRODUCT_TOKEN) for value in metas.get(name, ()) for word in _words(value)}
    follow = not (tags | meta) & NO_FOLLOW
    if hit := sorted(tags & NO_USE):
        return Signals(f"x_robots_tag_{hit[0]}", follow)
    if hit := sorted(meta & NO_USE):
        return Signals(f"meta_robots_{hit[0]}", follow)
    return Signals(None, follow)


def directives(values: Iterable[str]) -> set[str]:
    """The directives of X-Robots-Tag headers that concern us: those without an agent, or with ours.

    An agent's name before a colon holds until the end of its header line.
    """
    found: set[str] = set()
    for value in values:
        ours = True
        for part in value.split(","):
            name, colon, rest = part.strip().lower().partition(":")
            if colon and name.strip() not in VALUED:
                ours = name.strip() in (PRODUCT_TOKEN, "*")
                part = rest
            if ours:
                found.add(part.strip().lower())
    return found


def _words(value: str) -> set[str]:
    return {word.strip().lower() for word in re.split(r"[,\s]+", value) if word.strip()}


def _says_no(values: Iterable[str]) -> bool:
    return any(_REFUSAL.search(value) for value in values)


def _metas(html: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for match in _META.finditer(_without_comments(html[:META_SCAN_CHARACTERS])):
        attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(match[1])}
        name = attributes.get("name") or attributes.get("http-equiv")
        if name and "content" in attributes:
            found.setdefault(name.strip().lower(), []).append(attributes["content"])
    return found


def _without_comments(html: str) -> str:
    """Linear in time also for pages made of comment openings, which a regular expression isn't."""
    kept, position = [], 0
    while (start := html.find("<!--", position)) >= 0 and (end := html.find("-->", start + 4)) >= 0:
        kept.append(html[position:start])
        position = end + 3
    return "".join([*kept, html[position:]])


def tdmrep_rules(body: bytes) -> list[tuple[str, bool]]:
    """The (location, reserved) rules of a tdmrep.json in file order; malformed parts are as if absent."""
    try:
        entries: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    rules = []
    for entry in entries if isinstance(entries, list) else ():
        location = entry.get("location") if isinstance(entry, dict) else None
        word = entry.get("tdm-reservation") if isinstance(entry, dict) else None
        if isinstance(location, str) and word in (0, 1, "0", "1"):
            rules.append((location, str(int(word)) == "1"))
    return rules


def tdmrep_verdict(rules: Sequence[tuple[str, bool]], url: str) -> bool | None:
    """What the first rule that matches the URL's path says; None where none does. Locations are robots.txt patterns."""
    path = path_of(url)
    return next((reserved for location, reserved in rules if matches(location, path)), None)


def signal_report(headers: Mapping[str, Sequence[str]], html: str) -> dict[str, str]:
    """What headers and meta tags say, signal by signal, for a person to read: the words found, "" where silent."""
    metas = _metas(html)
    robots = sorted(
        {word for name in ("robots", PRODUCT_TOKEN) for value in metas.get(name, ()) for word in _words(value)}
    )
    return {
        "tdm_header": ", ".join(headers.get("tdm-reservation", ())),
        "tdm_meta": ", ".join(metas.get("tdm-reservation", ())),
        "content_usage": ", ".join([*headers.get("content-usage", ()), *metas.get("content-usage", ())]),
        "x_robots_tag": ", ".join(headers.get("x-robots-tag", ())),
        "meta_robots": ", ".join(robots),
    }
