"""NodeBB's JSON: topics page by page, and lists of topics and categories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.answer import Answer
from crawlers.pages.fields import (
    body_of,
    count,
    identifier,
    moment_of,
    moments_by,
    part,
    person,
    plain_words,
    site_root,
    with_query,
    words,
)
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected, build_page
from crawlers.pages.urls import clean_url

SOFTWARE = "nodebb"

NOISE = (
    '.plugin-poll, [component="poll"], .poll, .attachments, [component="post/event"], .card-header .embed',
    ".github-embeds-container, .github-embed, .iframely-container, .iframely-embed, .link-preview, .card.embed",
)
_TOPIC_LISTS = frozenset({"recent", "popular", "top", "category", "tag", "unread", "world"})


def recognises(answer: Answer) -> bool:
    """Whether an answer is NodeBB's, by its keys."""
    top = answer.top
    if "tid" in top and isinstance(top.get("posts"), list):
        return True
    if any("tid" in topic for topic in answer.objects("topics")[:3]):
        return True
    if any("cid" in category for category in answer.objects("categories")[:3]):
        return True
    template = part(top, "template").get("name") or top.get("template")
    return isinstance(template, str) and template in {*_TOPIC_LISTS, "topic", "categories"} and "pagination" in top


def read(answer: Answer) -> Page:
    """A topic's posts, or the addresses of topics and categories."""
    top = answer.top
    return _topic(answer) if "tid" in top and isinstance(top.get("posts"), list) else _listing(answer)


def topic_address(root: str, topic: str) -> str:
    """Where a topic's JSON lies."""
    return f"{root}/api/topic/{topic}"


def _root(answer: Answer) -> str:
    return site_root(answer.url, "/api/")


def _topic(answer: Answer) -> Page:
    posts = answer.objects("posts")
    standing = [post for post in posts if not post.get("deleted") and not post.get("scheduled")]
    collected = Collected(cut=len(standing) > MAX_POSTS)
    for post in standing[:MAX_POSTS]:
        collected.add(_post(answer, post))
    gone = len(posts) - len(standing)
    notes = [f"deleted_post: {gone} withdrawn by their authors or the board"] if gone else []
    if not posts:
        notes.append("empty_thread: a topic's answer without posts")
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="thread",
        title=words(answer.top.get("titleRaw")) or plain_words(answer.top.get("title")) or None,
        collected=collected,
        next_page=_next_page(answer),
        expected_posts=count(answer.top.get("postcount")),
        notes=notes,
    )


def _post(answer: Answer, post: Mapping[str, Any]) -> Post | None:
    body = body_of(answer, post.get("content"), noise=NOISE)
    if body is None:
        return None
    user = part(post, "user")
    moment = moment_of(answer, post.get("timestampISO"), post.get("timestamp"))
    author = person(user.get("username"), user.get("displayname"))
    native_id = identifier(post.get("pid"))
    return Post(
        native_id=native_id,
        author=author,
        author_role=role_of(author, badges=_badges(user), known=bool(user)),
        published_at=moment.at,
        date_precision=moment.precision,
        text=body.text,
        parent_id=_parent(post),
        permalink=f"{_root(answer)}/post/{native_id}" if native_id and native_id.isdecimal() else None,
    )


def _badges(user: Mapping[str, Any]) -> str:
    groups = user.get("selectedGroups")
    shown = [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
    names = [words(group.get(key)) for group in shown for key in ("userTitle", "name")]
    if user.get("isAdmin") is True or user.get("isMod") is True:
        names.append("Moderator")
    return " | ".join([*names, words(user.get("customUserTitle"))])


def _parent(post: Mapping[str, Any]) -> str | None:
    """The post that is answered. An answer to the topic itself names none, or the topic's first post."""
    parent = identifier(post.get("toPid"))
    return None if parent in {None, "0", identifier(post.get("pid"))} else parent


def _next_page(answer: Answer) -> str | None:
    pagination = part(answer.top, "pagination")
    following = part(pagination, "next")
    here = _here(answer, pagination)
    pages = count(pagination.get("pageCount")) or 0
    if following.get("active") is False or (here >= pages and not following.get("active")):
        return None
    number = count(following.get("page")) or here + 1
    return clean_url(with_query(answer.url, page=number)) if number > here else None


def _here(answer: Answer, pagination: Mapping[str, Any]) -> int:
    stated = count(pagination.get("currentPage"))
    asked = parse_qs(urlsplit(answer.url).query).get("page", ["1"])[0]
    return stated or (int(asked) if asked.isdecimal() and len(asked) < 8 else 1)


def _listing(answer: Answer) -> Page:
    root, links = _root(answer), list[str]()
    last = list[tuple[str, Any]]()
    for topic in answer.objects("topics")[:MAX_POSTS]:
        number = identifier(topic.get("tid"))
        if number and not topic.get("deleted") and not topic.get("scheduled"):
            links.append(topic_address(root, number))
            last.append((links[-1], topic.get("lastposttime")))
    for category in (*answer.objects("categories"), *answer.objects("children"))[:MAX_POSTS]:
        slug = words(category.get("slug"))
        # A category that only links elsewhere has no topics of its own.
        if slug and not category.get("link") and not category.get("disabled") and re.match(r"\d+(?:/|$)", slug):
            links.append(clean_url(f"{root}/api/category/{slug}"))
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="listing",
        title=words(answer.top.get("titleRaw"))
        or plain_words(answer.top.get("name") or answer.top.get("title"))
        or None,
        links=tuple(dict.fromkeys(links)),
        next_page=_next_page(answer),
        activity=moments_by(answer, last),
    )
