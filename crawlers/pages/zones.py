"""The zone of the times that a board prints, as its footer states it."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from crawlers.pages.dates import BERLIN
from crawlers.pages.document import Document, brief, select

_ZONE = re.compile(
    r"(?:Alle Zeit(?:en|angaben)(?: sind)?(?: in)?|All times are(?: in)?)\s+(?P<zone>UTC|GMT|WEZ|MEZ|MESZ|CET|CEST)\s*"
    r"(?P<offset>[+-]\s*\d{1,2}(?::\d{2})?)?(?P<rest>.{0,40})",
    re.I,
)
_ZONE_PLACES = 300


def stated_zone(document: Document) -> tzinfo:
    """The zone that the board states in its footer; the hints' zone without such a statement.

    phpBB from 3.1 on and vBulletin name today's offset of a real zone, so +1 and +2 mean Berlin; phpBB 3.0 applies the
    stated offset ("UTC + 1 Stunde [ Sommerzeit ]") to every date.
    """
    # The footer stands last; a page without one is not searched to its beginning.
    for node in select(document.root, "[title*='/']")[-_ZONE_PLACES:]:
        if brief(node, 40).startswith(("UTC", "GMT")) and (named := _named_zone(node.get("title"))):
            return named
    places = select(
        document.root,
        "li, p, td, div.copyright, div.smallfont, span.gensmall, .rightside, .timezone, #footer_time, .footer_time"
        ", #footer-current-datetime",
    )
    for node in reversed(places[-_ZONE_PLACES:]):
        text = brief(node, 1000) if len(node) < 12 else ""
        if match := _ZONE.search(text):
            return _of_offset(match)
    return document.hints.tz


def _named_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name.replace("Europa/", "Europe/").strip())
    except (ValueError, OSError, LookupError):
        return None


def _of_offset(match: re.Match[str]) -> tzinfo:
    if match["zone"].upper() in {"MEZ", "MESZ", "CET", "CEST"}:
        return BERLIN
    digits = (match["offset"] or "+0").replace(" ", "")
    hours, _, minutes = digits[1:].partition(":")
    total = (int(hours) * 60 + int(minutes or 0)) * (-1 if digits[0] == "-" else 1)
    fixed = re.search(r"Stunde|hour|Sommerzeit|DST", match["rest"], re.I) is not None
    if not fixed and total in {60, 120}:
        return BERLIN
    if re.search(r"Sommerzeit|DST", match["rest"], re.I):
        total += 60
    return timezone(timedelta(minutes=max(-1439, min(1439, total))))
