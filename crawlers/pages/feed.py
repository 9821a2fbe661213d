"""RSS and Atom, also Apple's customer reviews and WordPress's comment feeds, by feedparser."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from crawlers.pages.body import read_fragment
from crawlers.pages.dates import DateHints, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, decode, flat, parse, squeeze
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import MAX_POSTS, Collected
from crawlers.pages.ratings import number, scaled
from crawlers.pages.urls import canonical_url, clean_url, is_forbidden

SOFTWARE = "feed"
WORDPRESS, APP_STORE = "wordpress", "app_store"
MAX_BYTES = 5_000_000
_START = re.compile(rb"<(?:rss|feed|rdf:RDF|atom:feed)[\s>]", re.I)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|body)\b", re.I)
_DECLARATION = re.compile(r"^[\s\ufeff]*<\?xml[^>]{0,300}\?>")
_ENTITY = re.compile(rb"<!ENTITY", re.I)
_WP_COMMENT = re.compile(r"#comment-(\d{1,18})$")
_PING = re.compile(r"^\[?(?:\[…\]|…|\[\.\.\.\]).*(?:\[…\]|…|\[\.\.\.\])\]?$", re.S)
_CUT = re.compile(r"(?:\[…\]|\[\.\.\.\]|…|\.\.\.|Weiterlesen\b.{0,60}|Continue reading\b.{0,60})\s*$")
_APP_PAGE = re.compile(r"/page=(\d{1,2})(?=/)")
APP_PAGES = 10
"""Apple serves ten pages of fifty reviews each."""


def is_feed(body: bytes) -> bool:
    """Whether a response is RSS, RDF or Atom, by its first element."""
    start = body[:3000]
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = start.decode("utf-16", "ignore").encode()
    found, page = _START.search(start), _HTML.search(start)
    return found is not None and (page is None or found.start() < page.start())


def read_feed(body: bytes, *, url: str, hints: DateHints, content_type: str | None = None) -> Page:
    """The entries of a feed as posts. Never raises: a broken feed gives what can be read of it, with a note."""
    if len(body) > MAX_BYTES or _ENTITY.search(body[:20_000]):
        note = "too_large: larger than a feed is" if len(body) > MAX_BYTES else "entities: declares its own entities"
        return Page(software=SOFTWARE, kind="feed", url=url, notes=(note,))
    feed = _parsed(body, content_type)
    document = parse("", url=url, hints=hints)
    entries = feed["entries"][:MAX_POSTS]
    software = _software(entries)
    if software == APP_STORE:
        entries, notes = _reviews(entries)
    elif software == WORDPRESS:
        entries, notes = _comments(entries, document)
    else:
        notes = []
    collected = Collected()
    for entry in entries:
        collected.add(_post(entry, document, software))
    if feed.get("bozo") and not collected.posts:
        notes.append("broken_feed: no entry can be read")
    return Page(
        software=software,
        kind="comments" if software == WORDPRESS else "feed",
        url=url,
        title=_plain(feed["feed"].get("title")) or None,
        language=_language(feed["feed"]),
        posts=tuple(collected.posts),
        links=() if software == APP_STORE else _links(entries, document),
        next_page=_next_page(feed["feed"], document, software, bool(collected.posts)),
        notes=(*document.notes, *notes, *_cut_notes(collected), *collected.notes()),
    )


def _parsed(body: bytes, content_type: str | None) -> Any:
    # Imported here: commands that read no feed should not pay for it.
    import feedparser

    # Decoded here, by the rules for all pages: feedparser raises for some declared encodings.
    text = _DECLARATION.sub("", decode(body, content_type), count=1)
    headers = {"content-type": "application/xml; charset=utf-8"}
    # A stream, because feedparser opens addresses and files when it is given a string.
    stream = BytesIO(text.encode("utf-8", "replace"))
    try:
        return feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        return {"entries": [], "feed": {}, "bozo": True}


def _software(entries: list[Any]) -> str:
    if any("im_rating" in entry or "im_version" in entry for entry in entries):
        return APP_STORE
    places = [_place(entry) for entry in entries]
    return WORDPRESS if places and all(_WP_COMMENT.search(place) for place in places) else SOFTWARE


def _place(entry: Mapping[str, Any]) -> str:
    """The address that names a comment: its link, else its id."""
    link, id = str(entry.get("link") or ""), str(entry.get("id") or "")
    return link if _WP_COMMENT.search(link) else id


def _reviews(entries: list[Any]) -> tuple[list[Any], list[str]]:
    """Apple's first entry may be the app itself, which has no rating."""
    rated = [entry for entry in entries if "im_rating" in entry]
    apps = len(entries) - len(rated)
    return rated, [f"no_review: {apps} entries that describe the app left out"] if apps else []


def _comments(entries: list[Any], document: Document) -> tuple[list[Any], list[str]]:
    kept = [entry for entry in entries if not _PING.match(_text(entry, document))]
    pings = len(entries) - len(kept)
    return kept, [f"pingback: {pings} notices of other sites left out"] if pings else []


def _post(entry: Any, document: Document, software: str) -> Post | None:
    name = _author(entry)
    moment = _moment(entry, document.hints)
    stars = number(entry.get("im_rating")) if software == APP_STORE else None
    return Post(
        native_id=_native_id(entry, software),
        author=None if is_placeholder(name) else name,
        author_role=role_of(name, known=software == APP_STORE),
        published_at=moment.at,
        date_precision=moment.precision,
        # A comment's title only says whose it is.
        title=None if software == WORDPRESS else _plain(entry.get("title"))[:300] or None,
        text=_text(entry, document) or ("" if software != SOFTWARE else _plain(entry.get("title"))),
        rating=None if stars is None else scaled(stars, 5, 1),
        permalink=_permalink(entry, document) if software != APP_STORE else None,
    )


def _native_id(entry: Any, software: str) -> str | None:
    if software == WORDPRESS and (match := _WP_COMMENT.search(_place(entry))):
        return f"comment-{match.group(1)}"
    return str(entry.get("id") or entry.get("link") or "")[:500] or None


def _author(entry: Any) -> str:
    """The name alone: some boards put a link to the profile there, mail addresses are common in RSS."""
    detail = entry.get("author_detail") or {}
    whole = _plain(entry.get("author"))
    shown = whole if "@" in whole else _plain(detail.get("name")) or whole
    if "@" in shown:
        return re.sub(r"\S+@\S+", "", shown).strip(" ()<>,")
    return shown[:200]


def _plain(value: Any) -> str:
    text = str(value or "")
    if "<" in text or "&" in text:
        text = flat(parse(f"<div>{html.unescape(text)}</div>", url="http://unknown.invalid/", hints=_NO_DATES).root)
    return squeeze(text)


_NO_DATES = DateHints(now=datetime(2026, 1, 1, tzinfo=UTC))


def _text(entry: Any, document: Document) -> str:
    """The fullest text of an entry: plain where both are there, else the longest content, else the summary."""
    contents = [part for part in entry.get("content") or () if isinstance(part, dict) and part.get("value")]
    plain = [part["value"] for part in contents if part.get("type") == "text/plain"]
    if plain:
        # What a plain text says with "<" or "&" are characters, no markup.
        return read_fragment(html.escape(plain[0], quote=False).replace("\n", "<br>"), document, twice=False)
    values = [part["value"] for part in contents] or [entry.get("summary") or ""]
    return read_fragment(max(values, key=len), document)


def _moment(entry: Any, hints: DateHints) -> Moment:
    for name in ("published", "created", "updated", "date"):
        # The entry's own `get` warns where it takes "published" for a missing "updated".
        stated = dict.get(entry, name)
        if stated and (found := parse_machine(stated, hints)).at:
            return found
        parts = dict.get(entry, f"{name}_parsed")
        if parts:
            year, month, day, hour, minute, second = (int(part) for part in parts[:6])
            return Moment(datetime(year, month, day, hour, minute, second, tzinfo=UTC), "second")
        if stated and (found := parse_text(stated, hints)).at:
            return found
    return Moment(None, "unknown")


def _permalink(entry: Any, document: Document) -> str | None:
    url = document.absolute(str(entry.get("link") or ""))
    fragment = urlsplit(url).fragment if url else ""
    return None if url is None else clean_url(url) + (f"#{fragment}" if fragment else "")


def _links(entries: list[Any], document: Document) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for entry in entries:
        url = document.absolute(str(entry.get("link") or ""))
        if url and document.same_site(url) and not is_forbidden(url):
            found.setdefault(canonical_url(url), clean_url(url))
    return tuple(found.values())


def _next_page(feed: Any, document: Document, software: str, any_posts: bool) -> str | None:
    stated = [link.get("href") for link in feed.get("links") or () if link.get("rel") == "next"]
    url = document.absolute(stated[0]) if stated else None
    match = _APP_PAGE.search(document.url)
    if software == APP_STORE and match is not None:
        following = int(match.group(1)) + 1
        more = any_posts and following <= APP_PAGES
        return _APP_PAGE.sub(f"/page={following}", document.url) if more else None
    if url is None or not document.same_site(url) or url == document.url:
        return None
    return url.partition("?")[0] if software == APP_STORE else url


def _language(feed: Any) -> str | None:
    match = re.match(r"[A-Za-z]{2}(?=$|[-_])", str(feed.get("language") or ""))
    return match.group().lower() if match else None


def _cut_notes(collected: Collected) -> list[str]:
    cut = sum(1 for post in collected.posts if _CUT.search(post.text[-80:]))
    return [f"cut_text: {cut} entries end in dots, the feed holds only their beginnings"] if cut else []
