"""Flarum's data as JSON:API: posts, discussions, and what a page embeds for its script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.answer import Answer
from crawlers.pages.document import attribute, parse
from crawlers.pages.fields import body_of, count, identifier, moment_of, moments_by, part, person, site_root, words
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected, build_page
from crawlers.pages.urls import clean_url

SOFTWARE = "flarum"
PAGE = 50
"""Posts per request: as many as Flarum sends at most."""

NOISE = (
    "a.PostMention, .PostMention, .Post-poll, .PostPoll, .FoFPoll, .fof-upload, .ButtonGroup[data-fof-upload]",
    ".Post-mentionedBy, .Post-likedBy, .link-preview, .LinkPreview, .bbcode-hidden",
)
_STAFF_GROUPS = frozenset({"1", "4"})  # Flarum's own groups of administrators and moderators
_MAX_RESOURCES = 20_000


@dataclass(frozen=True)
class Resources:
    """The objects of a JSON:API answer: its own, and all of them by type and id."""

    own: Sequence[Mapping[str, Any]]
    known: Mapping[tuple[str, str], Mapping[str, Any]]

    def related(self, resource: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
        """Type and id of the resources that one refers to under a name."""
        data = part(resource, "relationships", name).get("data")
        entries = data if isinstance(data, list) else [data]
        return [key for entry in entries[:_MAX_RESOURCES] if (key := _key(entry)) is not None]

    def one(self, resource: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """The attributes of the resource that one refers to; nothing where it isn't in the answer."""
        keys = self.related(resource, name)
        return part(self.known.get(keys[0], {}), "attributes") if keys else {}


def resources_of(value: Any) -> Resources:
    """The resources of an answer, or of what a page embeds ("resources" and "apiDocument")."""
    top = value if isinstance(value, dict) else {}
    data = top.get("data")
    own = [entry for entry in (data if isinstance(data, list) else [data]) if isinstance(entry, dict) and _key(entry)]
    included = [entry for entry in _list(top.get("included")) if _key(entry) is not None]
    known = {key: entry for entry in (*included, *own)[:_MAX_RESOURCES] if (key := _key(entry)) is not None}
    return Resources(own, known)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _key(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        return None
    number = identifier(entry.get("id"))
    return (entry["type"], number) if number else None


def recognises(answer: Answer) -> bool:
    """Whether an answer is Flarum's: JSON:API of its posts or discussions."""
    if "data" not in answer.top:
        return False
    own = resources_of(answer.value).own
    if not own:
        return answer.top["data"] == [] and urlsplit(answer.url).path.endswith(("/api/posts", "/api/discussions"))
    attributes = part(own[0], "attributes")
    if own[0]["type"] == "posts":
        return "contentType" in attributes
    return own[0]["type"] == "discussions" and ("commentCount" in attributes or "slug" in attributes)


def read(answer: Answer) -> Page:
    """The posts of a discussion, or the addresses of discussions."""
    found = resources_of(answer.value)
    if _is_posts(answer, found):
        return thread_page(answer, found, next_page=_stated_next(answer))
    if isinstance(answer.top.get("data"), dict):
        return discussion_page(answer, found)
    return _listing(answer, found)


def discussion_page(answer: Answer, found: Resources) -> Page:
    """A discussion with the posts that come with it; the others are read from the beginning of its posts' list."""
    number = identifier(found.own[0].get("id"))
    total = count(part(found.own[0], "attributes").get("commentCount")) or 0
    more = number is not None and total > len(_posts(found))
    return thread_page(answer, found, next_page=posts_address(root_of(answer.url), number) if number and more else None)


def _is_posts(answer: Answer, found: Resources) -> bool:
    return bool(found.own and found.own[0]["type"] == "posts") or (
        not found.own and urlsplit(answer.url).path.endswith("/posts")
    )


def root_of(url: str, *, home: bool = False) -> str:
    """The forum's address, whichever of its pages an address names."""
    return site_root(url, "/api/", "/d/", "/t/", "/all", "/tags", home=home)


def posts_address(root: str, discussion: str, offset: int = 0) -> str:
    """Where a discussion's posts lie."""
    return f"{root}/api/posts?filter[discussion]={discussion}&page[offset]={offset}&page[limit]={PAGE}"


def _posts(found: Resources) -> list[Mapping[str, Any]]:
    """The posts with attributes, each once, in the order of their numbers where they have some."""
    every = [
        entry
        for (kind, _), entry in found.known.items()
        if kind == "posts" and part(entry, "attributes") and not _elsewhere(found, entry)
    ]
    return sorted(every, key=lambda entry: count(part(entry, "attributes").get("number")) or 0)


def _elsewhere(found: Resources, post: Mapping[str, Any]) -> bool:
    """Whether a post came along only because it answers one of this discussion from another discussion."""
    own = found.own[0] if found.own and found.own[0]["type"] == "discussions" else None
    stated = found.related(post, "discussion")
    return own is not None and bool(stated) and stated[0] != _key(own)


def thread_page(answer: Answer, found: Resources, *, next_page: str | None) -> Page:
    """The page of a discussion's posts."""
    posts = list(found.own) if found.own and found.own[0]["type"] == "posts" else _posts(found)
    comments = [post for post in posts if part(post, "attributes").get("contentType", "comment") == "comment"]
    standing = [post for post in comments if _stands(part(post, "attributes"))]
    collected = Collected(cut=len(standing) > MAX_POSTS)
    for post in standing[:MAX_POSTS]:
        collected.add(_post(answer, found, post))
    discussion = next(
        (part(entry, "attributes") for (kind, _), entry in found.known.items() if kind == "discussions"), {}
    )
    gone = len(comments) - len(standing)
    notes = [f"deleted_post: {gone} hidden by their authors or the board"] if gone else []
    if not posts:
        notes.append("empty_thread: a discussion's answer without posts")
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="thread",
        title=words(discussion.get("title")) or None,
        collected=collected,
        next_page=next_page,
        expected_posts=count(discussion.get("commentCount")),
        notes=notes,
    )


def _stands(attributes: Mapping[str, Any]) -> bool:
    return (
        not attributes.get("isHidden") and not attributes.get("hiddenAt") and attributes.get("isApproved") is not False
    )


def _post(answer: Answer, found: Resources, post: Mapping[str, Any]) -> Post | None:
    attributes, html = part(post, "attributes"), part(post, "attributes").get("contentHtml")
    body = body_of(answer, html, noise=NOISE)
    if body is None:
        return None
    moment = moment_of(answer, attributes.get("createdAt"), attributes.get("time"))
    user = found.one(post, "user")
    author = person(user.get("displayName"), user.get("username"))
    return Post(
        native_id=identifier(post.get("id")),
        author=author,
        author_role=_role(found, post, author),
        published_at=moment.at,
        date_precision=moment.precision,
        text=body.text,
        parent_id=_mentioned(answer, html),
        permalink=_permalink(answer, found, post),
    )


def _mentioned(answer: Answer, html: Any) -> str | None:
    """The post that a reply begins with, as Flarum links it."""
    if not isinstance(html, str) or "PostMention" not in html:
        return None
    tree = parse(f"<div>{html}</div>", url=answer.url, hints=answer.document.hints)
    number = attribute(tree.root, "a.PostMention[data-id]", "data-id") or ""
    return number if re.fullmatch(r"\d{1,18}", number) else None


def _role(found: Resources, post: Mapping[str, Any], author: str | None) -> str:
    user = next((found.known.get(key, {}) for key in found.related(post, "user")), {})
    groups = found.related(user, "groups")
    names = [words(part(found.known.get(key, {}), "attributes").get("nameSingular")) for key in groups]
    if any(number in _STAFF_GROUPS for _, number in groups):
        return "staff"
    return role_of(author, badges=" | ".join(names), known="groups" in part(user, "relationships"))


def _permalink(answer: Answer, found: Resources, post: Mapping[str, Any]) -> str | None:
    number = count(part(post, "attributes").get("number"))
    keys = found.related(post, "discussion")
    discussion = keys[0][1] if keys else asked_discussion(answer.url)
    return f"{root_of(answer.url)}/d/{discussion}/{number}" if discussion and number else None


def asked_discussion(url: str) -> str | None:
    """The discussion that an address asks for."""
    if match := re.search(r"/(?:d|api/discussions)/(\d{1,18})(?:-|/|$)", urlsplit(url).path):
        return match.group(1)
    return next(
        (value for value in parse_qs(urlsplit(url).query).get("filter[discussion]", []) if value.isdecimal()), None
    )


def _stated_next(answer: Answer) -> str | None:
    href = part(answer.top, "links").get("next")
    if isinstance(href, dict):
        href = href.get("href")
    url = answer.document.absolute(href) if isinstance(href, str) else None
    return clean_url(url) if url and answer.document.same_site(url) else None


def _listing(answer: Answer, found: Resources) -> Page:
    root = root_of(answer.url)
    own = [(identifier(entry.get("id")), entry) for entry in found.own if entry.get("type") == "discussions"]
    threads = {posts_address(root, number): entry for number, entry in own if number and number.isdecimal()}
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="listing",
        title=None,
        links=tuple(threads),
        next_page=_stated_next(answer),
        activity=moments_by(
            answer, ((url, part(entry, "attributes").get("lastPostedAt")) for url, entry in threads.items())
        ),
    )
