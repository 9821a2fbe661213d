"""YouTube's Data API: comments under videos (https://developers.google.com/youtube/v3/docs/commentThreads/list)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from crawlers.pages.answer import Answer, with_parameter
from crawlers.pages.body import clean_lines, read_fragment
from crawlers.pages.dates import parse_machine
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected

SOFTWARE = "youtube"
_KINDS = frozenset({"youtube#commentThreadListResponse", "youtube#commentListResponse"})


def recognises(answer: Answer) -> bool:
    """Whether the answer lists comments."""
    return answer.top.get("kind") in _KINDS


def read(answer: Answer) -> Page:
    """Comments and the replies that came with them; the channel's own are staff."""
    collected, missing = Collected(), 0
    for number, (comment, channel) in enumerate(_comments(answer)):
        if number == MAX_POSTS:
            collected.cut = True
            break
        collected.add(_post(comment, channel, answer))
    for thread in answer.objects("items"):
        snippet, replies = _part(thread, "snippet"), _part(thread, "replies").get("comments")
        announced = snippet.get("totalReplyCount")
        shown = len(replies) if isinstance(replies, list) else 0
        missing += max(announced - shown, 0) if isinstance(announced, int) else 0
    token = answer.top.get("nextPageToken")
    return Page(
        software=SOFTWARE,
        kind="comments",
        url=answer.url,
        posts=tuple(collected.posts),
        next_page=with_parameter(answer.url, "pageToken", token) if isinstance(token, str) and token else None,
        notes=(
            *answer.document.notes,
            *([f"more_replies: {missing} replies are not in this answer"] if missing else []),
            *collected.notes(),
        ),
    )


def _part(thing: Any, name: str) -> dict[str, Any]:
    found = thing.get(name) if isinstance(thing, dict) else None
    return found if isinstance(found, dict) else {}


def _comments(answer: Answer) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Each comment with the channel whose video it is about."""
    for item in answer.objects("items"):
        snippet = _part(item, "snippet")
        if not (top := _part(snippet, "topLevelComment")):
            yield item, snippet.get("channelId")
            continue
        channel = snippet.get("channelId")
        yield top, channel
        replies = _part(item, "replies").get("comments")
        yield from ((reply, channel) for reply in replies or () if isinstance(reply, dict))


def _post(comment: dict[str, Any], channel: str | None, answer: Answer) -> Post | None:
    snippet = _part(comment, "snippet")
    if not snippet or not comment.get("id"):
        return None
    name = str(snippet.get("authorDisplayName") or "").strip() or None
    moment = parse_machine(str(snippet.get("publishedAt") or ""), answer.document.hints)
    own = channel is not None and _part(snippet, "authorChannelId").get("value") == channel
    plain = snippet.get("textOriginal")
    shown = str(snippet.get("textDisplay") or "")
    as_html = "textFormat=plainText" not in answer.url
    text = (
        clean_lines(str(plain)) if plain else read_fragment(shown, answer.document) if as_html else clean_lines(shown)
    )
    return Post(
        native_id=str(comment["id"]),
        author=name,
        author_role="staff" if own else role_of(name, known=channel is not None),
        published_at=moment.at,
        date_precision=moment.precision,
        text=text,
        parent_id=str(snippet["parentId"]) if snippet.get("parentId") else None,
        permalink=_permalink(snippet, str(comment["id"])),
    )


def _permalink(snippet: dict[str, Any], id: str) -> str | None:
    video = snippet.get("videoId")
    return f"https://www.youtube.com/watch?{urlencode({'v': video, 'lc': id})}" if video else None
