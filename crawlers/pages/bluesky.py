"""Bluesky: answers of searchPosts, feeds and threads (https://docs.bsky.app/docs/api/app-bsky-feed-search-posts)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from crawlers.pages.answer import Answer, with_parameter
from crawlers.pages.body import clean_lines
from crawlers.pages.dates import parse_machine
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected

SOFTWARE = "bluesky"
MAX_REPLIES_DEEP = 50
# An author who says the first wants to be seen by members only; the others are decisions of the network.
_WITHHELD = {
    "!no-unauthenticated": "members_only",
    "!hide": "hidden",
    "!takedown": "hidden",
    "!suspend": "hidden",
    "bot": "bot",
}
_ADDRESS = re.compile(r"at://(?P<did>[^/]+)/app\.bsky\.feed\.post/(?P<key>[^/?#]+)$")


def recognises(answer: Answer) -> bool:
    """Whether the answer holds posts of the network, or none where they would be."""
    if any(True for _ in _views(answer)):
        return True
    return "/xrpc/app.bsky.feed." in answer.url and bool({"posts", "feed", "thread"} & answer.top.keys())


def read(answer: Answer) -> Page:
    """The posts that may be kept; the others are counted by what keeps them back."""
    collected = Collected()
    for number, view in enumerate(_views(answer)):
        if number == MAX_POSTS:
            collected.cut = True
            break
        if (reason := withheld(view)) is not None:
            collected.withheld[reason] += 1
        else:
            collected.add(_post(view, answer))
    cursor = answer.top.get("cursor")
    return Page(
        software=SOFTWARE,
        kind="thread" if "thread" in answer.top else "feed",
        url=answer.url,
        posts=tuple(collected.posts),
        next_page=with_parameter(answer.url, "cursor", cursor) if isinstance(cursor, str) and cursor else None,
        notes=(*answer.document.notes, *collected.notes()),
    )


def _views(answer: Answer) -> Iterator[dict[str, Any]]:
    found = [*answer.objects("posts"), *_fed(answer), *_threaded(answer.top.get("thread"))]
    yield from (view for view in found if _ADDRESS.match(str(view.get("uri"))) and isinstance(view.get("record"), dict))


def _fed(answer: Answer) -> list[dict[str, Any]]:
    """The posts of a feed; what is only passed on has a reason."""
    entries = [entry for entry in answer.objects("feed") if not entry.get("reason")]
    return [entry["post"] for entry in entries if isinstance(entry.get("post"), dict)]


def _threaded(thread: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if not isinstance(thread, dict) or depth > MAX_REPLIES_DEEP:
        return
    if isinstance(thread.get("post"), dict):
        yield thread["post"]
    replies = thread.get("replies")
    for reply in replies if isinstance(replies, list) else ():
        yield from _threaded(reply, depth + 1)


def withheld(view: dict[str, Any]) -> str | None:
    """Why a post is not kept, by the labels of its author and its own; None where it may."""
    author = view.get("author") if isinstance(view.get("author"), dict) else {}
    record_labels = view["record"].get("labels")
    own = record_labels.get("values") if isinstance(record_labels, dict) else None
    for labels in (author.get("labels") if author else None, view.get("labels"), own):
        for label in labels if isinstance(labels, list) else ():
            if isinstance(label, dict) and not label.get("neg") and (reason := _WITHHELD.get(str(label.get("val")))):
                return reason
    return None


def _post(view: dict[str, Any], answer: Answer) -> Post:
    record = view["record"]
    author = view.get("author") if isinstance(view.get("author"), dict) else {}
    handle = str((author or {}).get("handle") or "") or None
    moment = parse_machine(str(record.get("createdAt") or view.get("indexedAt") or ""), answer.document.hints)
    reply = record.get("reply") if isinstance(record.get("reply"), dict) else {}
    parent = reply.get("parent") if reply and isinstance(reply.get("parent"), dict) else {}
    match = _ADDRESS.match(str(view["uri"]))
    assert match is not None
    return Post(
        native_id=str(view["uri"]),
        author=handle,
        author_role=role_of(str((author or {}).get("displayName") or "") or handle, known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        text=clean_lines(str(record.get("text") or "")),
        parent_id=str(parent["uri"]) if parent and parent.get("uri") else None,
        permalink=f"https://bsky.app/profile/{match['did']}/post/{match['key']}",
    )
