"""WordPress's REST API (`/wp-json/wp/v2/`): comments, and posts that lead to theirs.

https://developer.wordpress.org/rest-api/reference/comments/
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from crawlers.pages.answer import Answer
from crawlers.pages.body import read_fragment
from crawlers.pages.dates import parse_machine
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import MAX_POSTS, Collected
from crawlers.pages.urls import clean_url
from crawlers.pages.wordpress import SOFTWARE as SOFTWARE

_ROUTE = re.compile(r"/wp/v2/(comments|posts|pages)(?:/|$)")
PER_PAGE = 100


def recognises(answer: Answer) -> bool:
    """Whether the answer is one of WordPress's lists, or a single comment, or its refusal."""
    if isinstance(answer.value, dict):
        return _is_comment(answer.value) or str(answer.value.get("code", "")).startswith("rest_")
    return bool(_route(answer)) or any(_is_comment(entry) or _is_post(entry) for entry in answer.objects()[:3])


def _route(answer: Answer) -> str | None:
    """What the address asks for; plain permalinks put the route into a parameter."""
    parts = urlsplit(answer.url)
    match = _ROUTE.search(parts.path) or _ROUTE.search(parts.query.replace("%2F", "/").split("&")[0])
    return match.group(1) if match else None


def _is_comment(entry: dict[str, Any]) -> bool:
    return "author_name" in entry and "post" in entry and isinstance(entry.get("content"), dict)


def _is_post(entry: dict[str, Any]) -> bool:
    return "slug" in entry and "comment_status" in entry and isinstance(entry.get("title"), dict)


def read(answer: Answer) -> Page:
    """The comments of an answer, or for posts the addresses of their comments."""
    if answer.top.get("code") and not _is_comment(answer.value):
        note = f"refused: the API answers {str(answer.top['code'])[:80]}"
        return Page(software=SOFTWARE, kind="other", url=answer.url, notes=(note,))
    entries = [answer.value] if isinstance(answer.value, dict) else answer.objects()
    if entries and not _is_comment(entries[0]) and _is_post(entries[0]):
        return _posts(answer, entries)
    collected, pings = Collected(), 0
    for entry in entries[:MAX_POSTS]:
        if not _is_comment(entry) or entry.get("status", "approved") != "approved":
            continue
        if entry.get("type", "comment") in ("pingback", "trackback"):
            pings += 1
        else:
            collected.add(_comment(entry, answer))
    notes = [f"pingback: {pings} notices of other sites left out"] if pings else []
    return Page(
        software=SOFTWARE,
        kind="comments",
        url=answer.url,
        posts=tuple(collected.posts),
        next_page=_next_page(answer),
        notes=(*answer.document.notes, *notes, *collected.notes()),
    )


def _comment(entry: dict[str, Any], answer: Answer) -> Post:
    name = html.unescape(str(entry.get("author_name") or "")).strip()
    author = None if is_placeholder(name) else name
    moment = parse_machine(_utc(entry.get("date_gmt")) or str(entry.get("date") or ""), answer.document.hints)
    link = answer.document.absolute(str(entry.get("link") or ""))
    # A user number of 0 is a guest; who of the others is staff, the answer doesn't say.
    guest = entry.get("author") == 0
    return Post(
        native_id=f"comment-{entry.get('id')}",
        author=author,
        author_role=role_of(author, known=guest),
        published_at=moment.at,
        date_precision=moment.precision,
        text=read_fragment(str(entry["content"].get("rendered") or ""), answer.document),
        parent_id=f"comment-{entry['parent']}" if entry.get("parent") else None,
        permalink=f"{clean_url(link)}#comment-{entry.get('id')}" if link else None,
    )


def _utc(value: Any) -> str | None:
    return f"{value}Z" if isinstance(value, str) and re.fullmatch(r"[\dT:-]{19}", value) else None


def _posts(answer: Answer, entries: list[dict[str, Any]]) -> Page:
    links = [_comments_of(answer.url, entry["id"]) for entry in entries if isinstance(entry.get("id"), int)]
    return Page(software=SOFTWARE, kind="listing", url=answer.url, links=tuple(links), next_page=_next_page(answer))


def _comments_of(url: str, number: int) -> str:
    parts = urlsplit(url)
    query = urlencode({"post": number, "per_page": PER_PAGE})
    path = re.sub(r"/wp/v2/(?:posts|pages).*$", "/wp/v2/comments", parts.path)
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _next_page(answer: Answer) -> str | None:
    url = answer.document.absolute(answer.links.get("next"))
    return clean_url(url) if url and answer.document.same_site(url) else None
