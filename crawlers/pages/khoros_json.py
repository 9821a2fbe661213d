"""Khoros Communities' JSON: the messages that a LiQL search answers with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.answer import Answer
from crawlers.pages.fields import body_of, count, identifier, moment_of, part, person, plain_words, with_query, words
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected, build_page

SOFTWARE = "khoros"

QUOTES = ("blockquote", ".lia-quote")
NOISE = (
    ".lia-message-signature, .UserSignature, .lia-spoiler-link, .lia-media-object, .lia-inline-image-display-wrapper",
    ".lia-panel-feedback-banner-safe, .lia-panel-feedback-banner-note, .lia-component-solution-info",
    ".video-embed-center, .lia-message-edited-by, li-code, .lia-mentions-blocked, .lia-embeded-content",
)
_LIMIT = re.compile(r"\bLIMIT\s+(\d{1,5})", re.I)
_OFFSET = re.compile(r"\bOFFSET\s+(\d{1,9})", re.I)


def recognises(answer: Answer) -> bool:
    """Whether an answer is that of a search for messages."""
    data = part(answer.top, "data")
    items = answer.objects("data", "items")
    if not items:
        return data.get("list_item_type") == "message"
    return items[0].get("type") == "message" or ("body" in items[0] and "post_time" in items[0])


def read(answer: Answer) -> Page:
    """The messages of a search: of one topic, or the newest of a board."""
    items = answer.objects("data", "items")
    messages = [item for item in items if isinstance(item.get("body"), str)]
    topics = {identifier(part(item, "topic").get("id")) for item in messages}
    collected = Collected(cut=len(messages) > MAX_POSTS)
    for item in messages[:MAX_POSTS]:
        collected.add(_post(answer, item))
    first = next((item for item in messages if not part(item, "parent") and item.get("depth", 0) == 0), {})
    single = len(topics) == 1 and None not in topics
    without = len(items) - len(messages)
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="thread" if single else "feed",
        title=(plain_words(first.get("subject")) or None) if single else None,
        collected=collected,
        next_page=_next_page(answer, len(items)),
        notes=[f"unreadable_post: {without} without a readable body"] if without else [],
    )


def _post(answer: Answer, item: Mapping[str, Any]) -> Post | None:
    body = body_of(answer, item.get("body"), quotes=QUOTES, noise=NOISE)
    if body is None:
        return None
    author, moment = part(item, "author"), moment_of(answer, item.get("post_time"))
    name, rank = person(author.get("login")), words(part(author, "rank").get("name"))
    href = words(item.get("view_href"))
    return Post(
        native_id=identifier(item.get("id")),
        author=name,
        author_role=role_of(name, badges=rank, known=bool(rank)),
        published_at=moment.at,
        date_precision=moment.precision,
        title=plain_words(item.get("subject")) or None,
        text=body.text,
        parent_id=identifier(part(item, "parent").get("id")),
        permalink=answer.document.absolute(href) if href else None,
    )


def _next_page(answer: Answer, shown: int) -> str | None:
    """The same query from a later offset; None where the answer wasn't full."""
    query = parse_qs(urlsplit(answer.url).query).get("q", [""])[0]
    limit = _LIMIT.search(query)
    size = int(limit.group(1)) if limit else count(part(answer.top, "data").get("size")) or 0
    if not limit or size == 0 or shown < size:
        return None
    offset = _OFFSET.search(query)
    start = int(offset.group(1)) if offset else 0
    bare = _OFFSET.sub("", query).strip()
    return with_query(answer.url, q=f"{bare} OFFSET {start + size}")
