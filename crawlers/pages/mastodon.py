"""Mastodon timelines and what speaks its API: public posts of people who don't mind being found.

https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from crawlers.pages.answer import Answer, with_parameter
from crawlers.pages.body import read_body
from crawlers.pages.dates import parse_machine
from crawlers.pages.document import parse
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected

SOFTWARE = "mastodon"
_TIMELINE = re.compile(r"/api/v1/timelines/|/api/v1/accounts/[^/]+/statuses")
_OPTED_OUT = re.compile(r"#\s*(?:<[^>]*>\s*)*(?:nobots?|noindex|nosearch|noarchive)\b", re.I)
_MENTIONS = ("a.mention:not(.hashtag), .u-url.mention:not(.hashtag)", ".invisible")


def recognises(answer: Answer) -> bool:
    """Whether the answer is a list of statuses, a search with some, or one status."""
    if isinstance(answer.value, dict):
        return _is_status(answer.value) or any(_is_status(entry) for entry in answer.objects("statuses")[:1])
    entries = answer.objects()
    return any(_is_status(entry) for entry in entries[:3]) or (
        not entries and bool(_TIMELINE.search(urlsplit(answer.url).path))
    )


def _is_status(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("account"), dict) and "uri" in entry and "visibility" in entry


def read(answer: Answer) -> Page:
    """The statuses that may be kept; the others are counted by what keeps them back."""
    statuses = _statuses(answer)
    addresses = {str(status.get("id")): _native_id(status) for status in statuses}
    collected = Collected()
    for status in statuses[:MAX_POSTS]:
        if (reason := withheld(status)) is not None:
            collected.withheld[reason] += 1
        else:
            collected.add(_post(status, answer, addresses))
    return Page(
        software=SOFTWARE,
        kind="feed",
        url=answer.url,
        posts=tuple(collected.posts),
        next_page=_next_page(answer, statuses),
        notes=(*answer.document.notes, *collected.notes()),
    )


def _statuses(answer: Answer) -> list[dict[str, Any]]:
    if isinstance(answer.value, dict):
        found = [answer.value] if _is_status(answer.value) else answer.objects("statuses")
    else:
        found = answer.objects()
    return [status for status in found if _is_status(status)]


def withheld(status: dict[str, Any]) -> str | None:
    """Why a status is not kept: its kind, its visibility, or its author's wish not to be found; None where it may."""
    account = status["account"]
    if status.get("reblog"):
        return "reblog"
    if status.get("visibility") != "public":
        return "not_public"
    if account.get("bot") or account.get("group"):
        return "bot"
    if account.get("noindex") or account.get("indexable") is False:
        return "noindex"
    if account.get("suspended") or account.get("limited"):
        return "limited"
    listed = account.get("fields")
    fields = [field for field in listed if isinstance(field, dict)] if isinstance(listed, list) else []
    words = " ".join([str(account.get("note") or ""), *(f"{part.get('name')} {part.get('value')}" for part in fields)])
    return "nobot" if _OPTED_OUT.search(words) else None


def _post(status: dict[str, Any], answer: Answer, addresses: dict[str, str]) -> Post:
    moment = parse_machine(str(status.get("created_at") or ""), answer.document.hints)
    name = str(status["account"].get("acct") or "")
    tree = parse(f"<div>{status.get('content') or ''}</div>", url=answer.url, hints=answer.document.hints).root
    return Post(
        native_id=addresses[str(status.get("id"))],
        author=_full_name(name, str(status["uri"])) or None,
        author_role=role_of(str(status["account"].get("display_name") or "") or name, known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        title=str(status.get("spoiler_text") or "").strip() or None,
        text=read_body(tree, quotes=(".quote-inline",), noise=_MENTIONS).text,
        parent_id=addresses.get(str(status.get("in_reply_to_id"))),
        permalink=_nameless(str(status.get("url") or status.get("uri") or ""), name),
    )


def _full_name(name: str, uri: str) -> str:
    """The account with its server, as other servers name it; `uri` is that of its status."""
    host = urlsplit(uri).hostname
    return name if not name or "@" in name or not host else f"{name}@{host}"


def _native_id(status: dict[str, Any]) -> str:
    return _nameless(str(status["uri"]), str(status["account"].get("acct") or "")) or str(status["uri"])


def _nameless(address: str, name: str) -> str | None:
    """The address without the author's name in it: what is stored must not tell who wrote it.

    A server's own web address for a status works without one: /statuses/<number>.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return None
    bare = name.partition("@")[0].lower()
    segments = parts.path.lower().split("/")
    if not bare or not {bare, f"@{bare}", f"@{name.lower()}"} & set(segments):
        return address
    return f"{parts.scheme}://{parts.netloc}/statuses/{parts.path.rstrip('/').rpartition('/')[2]}"


def _next_page(answer: Answer, statuses: list[dict[str, Any]]) -> str | None:
    url = answer.document.absolute(answer.links.get("next"))
    if url and answer.document.same_site(url):
        return url
    if answer.links or not statuses or not isinstance(answer.value, list):
        return None
    return with_parameter(answer.url, "max_id", str(statuses[-1].get("id")))
