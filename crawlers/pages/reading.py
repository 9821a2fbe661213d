"""One response in, one `Page` out: which software made it, and what it says. Pure functions, no network, no clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from crawlers.pages import (
    article_comments,
    bbpress,
    bluesky,
    discourse,
    discourse_json,
    fallback,
    flarum,
    forumieren,
    invision,
    jsonapi,
    khoros,
    khoros_json,
    lemmy,
    machina,
    mastodon,
    mybb,
    nodebb,
    nodebb_json,
    phpbb,
    questions,
    reddit,
    schemaorg,
    smf,
    vanilla,
    vbulletin3,
    vbulletin4,
    vbulletin5,
    wbb3,
    woltlab,
    wordpress,
    wordpress_rest,
    xenforo1,
    xenforo2,
    youtube,
)
from crawlers.pages.answer import Answer, read_answer
from crawlers.pages.dates import DateHints
from crawlers.pages.document import Document, decode, flat, parse, select
from crawlers.pages.feed import is_feed, read_feed
from crawlers.pages.page import Page
from crawlers.pages.posts import page_title

MAX_BYTES = 12 * 1024 * 1024
"""Larger responses are not read: no page of words is that long, and a tree takes about twenty times its bytes."""


@dataclass(frozen=True)
class Family:
    """A software's pages: how to recognise and how to read them."""

    name: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], Page]


# Detection order of docs/sources.md, "Detection": the first that recognises the page reads it.
FAMILIES = (
    Family(xenforo2.SOFTWARE, xenforo2.recognises, xenforo2.read),
    Family(xenforo1.SOFTWARE, xenforo1.recognises, xenforo1.read),
    Family(woltlab.SOFTWARE, woltlab.recognises, woltlab.read),
    Family(wbb3.SOFTWARE, wbb3.recognises, wbb3.read),
    Family(vbulletin5.SOFTWARE, vbulletin5.recognises, vbulletin5.read),
    Family(vbulletin4.SOFTWARE, vbulletin4.recognises, vbulletin4.read),
    Family(vbulletin3.SOFTWARE, vbulletin3.recognises, vbulletin3.read),
    Family(forumieren.SOFTWARE, forumieren.recognises, forumieren.read),
    Family(phpbb.SOFTWARE, phpbb.recognises, phpbb.read),
    Family(discourse.SOFTWARE, discourse.recognises, discourse.read),
    Family(nodebb.SOFTWARE, nodebb.recognises, nodebb.read),
    Family(flarum.SOFTWARE, flarum.recognises, flarum.read),
    Family(smf.SOFTWARE, smf.recognises, smf.read),
    Family(mybb.SOFTWARE, mybb.recognises, mybb.read),
    Family(invision.SOFTWARE, invision.recognises, invision.read),
    Family(khoros.SOFTWARE, khoros.recognises, khoros.read),
    Family(vanilla.SOFTWARE, vanilla.recognises, vanilla.read),
    Family(bbpress.SOFTWARE, bbpress.recognises, bbpress.read),
    Family(machina.SOFTWARE, machina.recognises, machina.read),
    Family(questions.SOFTWARE, questions.recognises, questions.read),
    Family(wordpress.SOFTWARE, wordpress.recognises, wordpress.read),
    Family(fallback.SOFTWARE, fallback.recognises_marked, fallback.read),
    Family(schemaorg.SOFTWARE, schemaorg.recognises, schemaorg.read),
    Family(article_comments.SOFTWARE, article_comments.recognises, article_comments.read),
    Family(wordpress.SOFTWARE, wordpress.recognises_site, wordpress.read),
    Family(fallback.SOFTWARE, fallback.recognises, fallback.read),
)


@dataclass(frozen=True)
class DataFamily:
    """A software's JSON answers: how to recognise and how to read them. Neither raises for any JSON."""

    name: str
    recognises: Callable[[Answer], bool]
    read: Callable[[Answer], Page]


# The first that recognises the answer reads it.
DATA_FAMILIES: tuple[DataFamily, ...] = (
    DataFamily(discourse_json.SOFTWARE, discourse_json.recognises, discourse_json.read),
    DataFamily(nodebb_json.SOFTWARE, nodebb_json.recognises, nodebb_json.read),
    DataFamily(jsonapi.SOFTWARE, jsonapi.recognises, jsonapi.read),
    DataFamily(khoros_json.SOFTWARE, khoros_json.recognises, khoros_json.read),
    DataFamily(youtube.SOFTWARE, youtube.recognises, youtube.read),
    DataFamily(bluesky.SOFTWARE, bluesky.recognises, bluesky.read),
    DataFamily(lemmy.SOFTWARE, lemmy.recognises, lemmy.read),
    DataFamily(reddit.SOFTWARE, reddit.recognises, reddit.read),
    DataFamily(mastodon.SOFTWARE, mastodon.recognises, mastodon.read),
    DataFamily(wordpress_rest.SOFTWARE, wordpress_rest.recognises, wordpress_rest.read),
)

_WALLS = (
    (
        "login_wall",
        re.compile(
            r"(?:du musst|sie müssen|you must|bitte)\b.{0,60}(?:angemeldet|anmelden|einloggen|logged in|log in"
            r"|registriert)",
            re.I,
        ),
    ),
    (
        "wait_page",
        re.compile(
            r"just a moment|checking your browser|einen moment,? bitte|bitte warten|enable javascript and cookies|ddos",
            re.I,
        ),
    ),
    (
        "consent_page",
        re.compile(
            r"(?:cookies?|datenschutz|consent|einwilligung).{0,200}(?:akzeptieren|zustimmen|accept|agree)", re.I | re.S
        ),
    ),
)
_WALL_WORDS = 400


def read_page(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    now: datetime,
    hints: DateHints | None = None,
    link_header: str | None = None,
) -> Page:
    """Reads one response: HTML, JSON, RSS or Atom.

    `content_type` and `link_header` are the HTTP headers' values, `now` the (aware) time of the response, from which
    relative dates count; `hints` override the reading of dates (zone of naive times, Europe/Berlin by default; order
    of numbers). Never raises for any bytes: what can't be read is a page of kind "other" whose notes say why.
    """
    hints = hints or DateHints(now=now)
    if not _is_address(url):
        return _other(url, "bad_url: not an http(s) address")
    if len(body) > MAX_BYTES:
        return _other(url, f"too_large: {len(body)} bytes, read up to {MAX_BYTES}")
    if not body.strip(b"\x00 \t\r\n"):
        return _other(url, "empty_body: the response holds nothing")
    if _is_binary(body, content_type):
        return _other(url, "not_html: the response is no text")
    answer = read_answer(body, url=url, hints=hints, content_type=content_type, link_header=link_header)
    if answer is not None:
        return _read_data(answer)
    if is_feed(body):
        return read_feed(body, url=url, hints=hints, content_type=content_type)
    document = parse(decode(body, content_type), url=url, hints=hints)
    family = next((family for family in FAMILIES if family.recognises(document)), None)
    if family is None:
        return _unknown(document)
    page = family.read(document)
    return page if page.posts or page.links else _with_wall(page, document)


def _read_data(answer: Answer) -> Page:
    family = next((family for family in DATA_FAMILIES if family.recognises(answer)), None)
    return _other(answer.url, "unknown_json: no known API answer") if family is None else family.read(answer)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _is_binary(body: bytes, content_type: str | None) -> bool:
    if content_type and re.match(
        r"\s*(?:image|audio|video|font)/|\s*application/(?:pdf|zip|octet-stream)", content_type, re.I
    ):
        return True
    return body.startswith((b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b"))


def _other(url: str, note: str) -> Page:
    return Page(software="unknown", kind="other", url=url, notes=(note,))


def _unknown(document: Document) -> Page:
    page = Page(
        software="unknown",
        kind="other",
        url=document.url,
        title=page_title(document),
        language=document.language,
        notes=(*document.notes, "no known software and no reviews on this page"),
    )
    return _with_wall(page, document)


def _with_wall(page: Page, document: Document) -> Page:
    """A page without content that asks for a login, a consent or patience is not the page that was meant."""
    wall = _wall(document)
    if wall is None:
        return page
    return page.model_copy(
        update={"kind": "other", "notes": (*page.notes, f"{wall}: the page shows no content to strangers")}
    )


def _wall(document: Document) -> str | None:
    words = flat(document.root)
    if select(document.root, "input[type=password]") and not select(
        document.root, "nav input[type=password], header input[type=password]"
    ):
        return "login_wall"
    if len(words.split()) > _WALL_WORDS:
        return None
    return next((name for name, pattern in _WALLS if pattern.search(words)), None)
