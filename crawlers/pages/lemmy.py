"""Lemmy: posts, comments and searches of its API, version 3 (https://join-lemmy.org/api/)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.answer import Answer, with_parameter
from crawlers.pages.body import clean_lines
from crawlers.pages.dates import parse_machine
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected

SOFTWARE = "lemmy"
_OPTED_OUT = re.compile(r"#\s*(?:nobots?|noindex|nosearch|noarchive)\b", re.I)
_API = re.compile(r"/api/v[34]/(?:post|comment|search)")


def recognises(answer: Answer) -> bool:
    """Whether the answer lists posts or comments with their creators, or none where they would be."""
    if any(_is_view(view, kind) for kind in ("post", "comment") for view in answer.objects(f"{kind}s")[:3]):
        return True
    return bool(_API.search(urlsplit(answer.url).path)) and bool({"posts", "comments"} & answer.top.keys())


def _is_view(view: dict[str, Any], kind: str) -> bool:
    return isinstance(view.get(kind), dict) and isinstance(view.get("creator"), dict) and "ap_id" in view[kind]


def read(answer: Answer) -> Page:
    """The posts and comments that stand; withdrawn ones and those of bots are counted."""
    posts = [view for view in answer.objects("posts") if _is_view(view, "post")]
    comments = [view for view in answer.objects("comments") if _is_view(view, "comment")]
    addresses = {str(view["comment"].get("id")): str(view["comment"]["ap_id"]) for view in comments}
    collected = Collected()
    for kind, view in [*(("post", view) for view in posts), *(("comment", view) for view in comments)][:MAX_POSTS]:
        if (reason := _withheld(view, view[kind])) is not None:
            collected.withheld[reason] += 1
        else:
            collected.add(_post(view, view[kind], answer, addresses))
    return Page(
        software=SOFTWARE,
        kind="feed",
        url=answer.url,
        posts=tuple(collected.posts),
        next_page=_next_page(answer, max(len(posts), len(comments))),
        notes=(*answer.document.notes, *collected.notes()),
    )


def _withheld(view: dict[str, Any], part: dict[str, Any]) -> str | None:
    creator = view["creator"]
    if part.get("deleted") or part.get("removed"):
        return "withdrawn"
    if creator.get("bot_account"):
        return "bot"
    if creator.get("deleted") or creator.get("banned") or view.get("creator_banned_from_community"):
        return "withdrawn"
    return "nobot" if _OPTED_OUT.search(str(creator.get("bio") or "")) else None


def _post(view: dict[str, Any], part: dict[str, Any], answer: Answer, addresses: dict[str, str]) -> Post:
    creator = view["creator"]
    published = str(part.get("published") or part.get("published_at") or "")
    # Before 0.19 the times came without their zone, which is UTC.
    moment = parse_machine(
        published if re.search(r"(?:Z|[+-]\d\d:?\d\d)$", published) else f"{published}Z", answer.document.hints
    )
    title = str(part.get("name") or "").strip()
    text = clean_lines(str(part.get("body") or part.get("content") or ""))
    is_staff = bool(creator.get("admin") or view.get("creator_is_admin") or view.get("creator_is_moderator"))
    return Post(
        native_id=str(part["ap_id"]),
        author=_name(creator),
        author_role="staff" if is_staff else role_of(str(creator.get("display_name") or ""), known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        title=title if text and title else None,
        text=text or title,
        parent_id=_parent(part, view, addresses),
        permalink=answer.document.absolute(str(part["ap_id"])),
    )


def _name(creator: dict[str, Any]) -> str | None:
    name, host = str(creator.get("name") or ""), urlsplit(str(creator.get("actor_id") or "")).hostname
    return f"{name}@{host}" if name and host else name or None


def _parent(part: dict[str, Any], view: dict[str, Any], addresses: dict[str, str]) -> str | None:
    """The comment above by its path "0.5.9", or the post of one that stands at the top."""
    path = str(part.get("path") or "").split(".")
    if len(path) > 2:
        return addresses.get(path[-2])
    post = view.get("post")
    return str(post["ap_id"]) if len(path) == 2 and isinstance(post, dict) and post.get("ap_id") else None


def _next_page(answer: Answer, count: int) -> str | None:
    cursor = answer.top.get("next_page")
    if isinstance(cursor, str) and cursor:
        return with_parameter(answer.url, "page_cursor", cursor)
    query = parse_qs(urlsplit(answer.url).query)
    page, limit = query.get("page", [""])[0], query.get("limit", [""])[0]
    if page.isdecimal() and limit.isdecimal() and count >= int(limit) > 0:
        return with_parameter(answer.url, "page", str(int(page) + 1))
    return None
