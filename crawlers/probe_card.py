"""A draft of a source card for a site that was looked at: for a person to check, complete and enable."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from math import ceil
from urllib.parse import urlsplit, urlunsplit

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from crawlers.card import MIN_DELAY_SECONDS, host_of
from crawlers.pages.page import Page
from crawlers.probe_report import Size

_FORUM_KINDS = ("thread", "listing")


def draft_card(url: str, page: Page | None, *, size: Size, verdict: str, crawl_delay: float, today: date) -> str:
    """The card as commented YAML. It is switched off and names no basis: that is a person's decision."""
    card = CommentedMap()
    parts = urlsplit(url)
    card["name"] = _name(url)
    card["title"] = (page.title if page is not None and page.title else host_of(url))[:80]
    card["homepage"] = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
    card["start_urls"] = [url]
    card["family"], card["channel"] = _family(page)
    card["enabled"] = False
    card["evidence"] = ""
    card["checked_on"] = today
    card["checked_by"] = ""
    card["valid_until"] = today + timedelta(days=365)
    card["language"] = (page.language if page is not None else None) or "de"
    card["about_brand"] = False
    card["delay"] = max(MIN_DELAY_SECONDS, crawl_delay)
    card["expected"] = CommentedMap(min_posts=_least_posts(size))
    card["budget"] = CommentedMap(pages=_pages(size))
    _comment(card, verdict, size)
    stream = io.StringIO()
    yaml = YAML()
    yaml.width = 4096
    yaml.dump(card, stream)
    return stream.getvalue()


def _comment(card: CommentedMap, verdict: str, size: Size) -> None:
    head = "Entwurf von «brandmelder probe». Vor dem Einschalten: Nutzungsbedingungen lesen, Rechtsgrundlage eintragen."
    if verdict != "allowed":
        head += f"\nACHTUNG: Diese Adresse darf nicht gelesen werden ({verdict})."
    card.yaml_set_start_comment(head)
    notes = {
        "name": "Teil der Kennung jedes Beitrags: später nicht mehr ändern",
        "start_urls": "Foren, Übersichten, Themen oder Produktseiten; andere Rechner werden nicht verfolgt",
        "enabled": "erst nach der Prüfung auf true setzen",
        "evidence": "worauf sich die Rechtsgrundlage stützt; dazu gehört die Zeile\n"
        "basis: own | licence | api_terms | tdm_44b",
        "checked_by": "wer geprüft hat",
        "about_brand": "true, wenn hier jeder Beitrag von der Marke handelt",
        "delay": "Sekunden zwischen zwei Abrufen, mindestens 2",
        "expected": f"ein Lauf mit weniger gilt als gescheitert; gesehen: {_seen(size)}",
    }
    for key, note in notes.items():
        card.yaml_set_comment_before_after_key(key, before=note)


def _name(url: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", host_of(url).lower()).strip("-")[:60] or "quelle"


def _family(page: Page | None) -> tuple[str, str]:
    if page is None or page.software == "unknown":
        return "auto", "forum"
    if page.kind == "reviews":
        return "reviews", "review"
    if page.kind == "feed":
        return "feed", "blog"
    if page.kind == "comments" or page.software.startswith("wordpress"):
        return "blog", "blog"
    return ("forum", "forum") if page.kind in _FORUM_KINDS else ("auto", "forum")


def _least_posts(size: Size) -> int:
    """Half of what a week seems to bring: less would mean that something is wrong with the reading."""
    return 1 if size.posts_per_week is None else max(1, int(size.posts_per_week / 2))


def _pages(size: Size) -> int:
    known = max(size.pages_in_sitemaps or 0, size.links_on_page)
    return min(20_000, max(500, ceil(known * 1.5 / 100) * 100))


def _seen(size: Size) -> str:
    links = f"{size.links_on_page} Verweise auf der Seite"
    return links if size.posts_per_week is None else f"{links}, etwa {size.posts_per_week:g} Beiträge je Woche"
