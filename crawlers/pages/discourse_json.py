"""Discourse's JSON: topics and their further posts, lists of topics and categories, the newest posts of a site."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from crawlers.pages.answer import Answer
from crawlers.pages.body import BodyText
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

SOFTWARE = "discourse"
BATCH = 20
"""Posts per request: as many as Discourse sends with a topic itself."""
MAX_BATCHES = 500

QUOTES = ("aside.quote",)
NOISE = (
    "aside.onebox, .onebox, .onebox-body, a.inline-onebox, .lightbox-wrapper, .poll, details.elided, .hidden-post",
    ".discourse-event, .md-table-buttons, .codeblock-button-wrapper, .small-action, a.anchor, .user-status-message",
)
_PLACES = ("/t/", "/c/", "/latest", "/top", "/new", "/hot", "/posts", "/categories", "/site.json", "/tag/")
_NORMAL = 1
QUOTED = re.compile(r"(?P<topic>\d*)/(?P<number>\d{1,7})$")
"""A quote's source as `crawlers.pages.body` reads it from Discourse's data attributes: topic and post number."""


def recognises(answer: Answer) -> bool:
    """Whether an answer is Discourse's, by its keys."""
    top = answer.top
    if isinstance(top.get("post_stream"), dict) or isinstance(top.get("topic_list"), dict):
        return True
    if isinstance(top.get("category_list"), dict) or isinstance(top.get("latest_posts"), list):
        return True
    return isinstance(top.get("cooked"), str) and "post_number" in top


def read(answer: Answer) -> Page:
    """A topic's posts, the newest posts of the site, or the addresses of topics and categories."""
    top = answer.top
    if isinstance(top.get("post_stream"), dict):
        return _topic(answer)
    if isinstance(top.get("latest_posts"), list):
        return _newest(answer)
    if "cooked" in top:
        return _page(answer, "thread", [top], title=None)
    return _listing(answer)


def topic_address(root: str, topic: str) -> str:
    """Where a topic's JSON lies."""
    return f"{root}/t/{topic}.json"


def as_json(url: str) -> str:
    """The address of a list's JSON: Discourse itself names the page for people in `more_topics_url`."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith(".json"):
        path = f"{path or '/latest'}.json"
    return clean_url(urlunsplit(parts._replace(path=path, fragment="")))


def _root(answer: Answer) -> str:
    return site_root(answer.url, *_PLACES)


def _topic(answer: Answer) -> Page:
    top, posts = answer.top, answer.objects("post_stream", "posts")
    title = words(top.get("title")) or plain_words(top.get("fancy_title")) or None
    batches, cut = _batches(answer, posts)
    notes = [f"too_many_batches: only the first {MAX_BATCHES} of the topic's posts.json are named"] if cut else []
    if not posts:
        notes.append("empty_thread: a topic's answer without posts")
    expected = count(top.get("posts_count"))
    return _page(answer, "thread", posts, title=title, more=batches, expected=expected, notes=notes)


def _batches(answer: Answer, posts: Sequence[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """The addresses of the topic's posts that this answer doesn't hold, and whether there would be more."""
    topic = identifier(answer.top.get("id")) or _topic_in(answer.url)
    stream = part(answer.top, "post_stream").get("stream")
    if topic is None or not isinstance(stream, list):
        return [], False
    here = {identifier(post.get("id")) for post in posts}
    numbers = (entry for entry in stream if isinstance(entry, int) and not isinstance(entry, bool))
    rest = [number for number in dict.fromkeys(numbers) if str(number) not in here]
    chunks = [rest[start : start + BATCH] for start in range(0, len(rest), BATCH)]
    base = f"{_root(answer)}/t/{topic}/posts.json"
    urls = [f"{base}?{urlencode([('post_ids[]', n) for n in chunk], safe='[]')}" for chunk in chunks[:MAX_BATCHES]]
    return urls, len(chunks) > MAX_BATCHES


def _topic_in(url: str) -> str | None:
    match = re.search(r"/t/(?:[^/]+/)?(\d+)(?:/|\.json|$)", urlsplit(url).path)
    return match.group(1) if match else None


def _newest(answer: Answer) -> Page:
    posts = answer.objects("latest_posts")
    numbers = [number for post in posts if (number := count(post.get("id")))]
    following = with_query(answer.url, before=min(numbers)) if numbers and min(numbers) > 1 else None
    return _page(answer, "feed", posts, title=None, more=[following] if following else [])


def _page(
    answer: Answer,
    kind: str,
    posts: Sequence[Mapping[str, Any]],
    *,
    title: str | None,
    more: Sequence[str] = (),
    expected: int | None = None,
    notes: Sequence[str] = (),
) -> Page:
    standing = [post for post in posts if _stands(post)]
    collected = Collected(cut=len(standing) > MAX_POSTS)
    numbers = {count(post.get("post_number")): identifier(post.get("id")) for post in posts}
    for post in standing[:MAX_POSTS]:
        collected.add(_post(answer, post, numbers, whole_site=kind == "feed"))
    gone = len(posts) - len(standing)
    left = [f"left_out_post: {gone} hidden, deleted or written by the software itself"] if gone else []
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="feed" if kind == "feed" else "thread",
        title=title,
        collected=collected,
        links=tuple(more[1:]),
        next_page=more[0] if more else None,
        expected_posts=expected,
        notes=[*notes, *left],
    )


def _stands(post: Mapping[str, Any]) -> bool:
    """Whether a post is a person's and still to be seen: no small action, whisper, hidden or deleted one."""
    if post.get("post_type", _NORMAL) != _NORMAL or post.get("action_code"):
        return False
    return not (post.get("hidden") or post.get("deleted_at") or post.get("user_deleted"))


def _post(
    answer: Answer, post: Mapping[str, Any], numbers: Mapping[int | None, str | None], *, whole_site: bool
) -> Post | None:
    body = body_of(answer, post.get("cooked"), quotes=QUOTES, noise=NOISE)
    if body is None:
        return None
    moment = moment_of(answer, post.get("created_at"))
    topic = identifier(post.get("topic_id")) or identifier(answer.top.get("id")) or _topic_in(answer.url)
    title = (words(post.get("topic_title")) or plain_words(post.get("topic_html_title"))) if whole_site else ""
    return Post(
        native_id=identifier(post.get("id")),
        author=person(post.get("username"), post.get("display_username"), post.get("name")),
        author_role=_role(post),
        published_at=moment.at,
        date_precision=moment.precision,
        title=title or None,
        text=body.text,
        parent_id=_parent(post, body, topic, numbers),
        permalink=_permalink(answer, post, topic),
    )


def _role(post: Mapping[str, Any]) -> str:
    if any(post.get(key) is True for key in ("staff", "admin", "moderator", "group_moderator")):
        return "staff"
    badges = " | ".join((words(post.get("user_title")), words(post.get("primary_group_name"))))
    return role_of(words(post.get("username")), badges=badges)


def _parent(
    post: Mapping[str, Any], body: BodyText, topic: str | None, numbers: Mapping[int | None, str | None]
) -> str | None:
    """The id of the post that is answered, else quoted, where this answer holds it: it is named by its number only."""
    replied = count(post.get("reply_to_post_number"))
    if replied is not None:
        return numbers.get(replied)
    quoted = next((match for target in body.quoted if (match := QUOTED.match(target))), None)
    same = quoted is not None and (not quoted["topic"] or quoted["topic"] == topic)
    return numbers.get(int(quoted["number"])) if quoted and same else None


def _permalink(answer: Answer, post: Mapping[str, Any], topic: str | None) -> str | None:
    if path := words(post.get("post_url")):
        return answer.document.absolute(path)
    number, slug = count(post.get("post_number")), words(post.get("topic_slug") or answer.top.get("slug"))
    if topic is None or number is None:
        return None
    return clean_url("/".join((_root(answer), "t", slug or "-", topic, str(number))))


def _listing(answer: Answer) -> Page:
    root = _root(answer)
    topics = [identifier(topic.get("id")) for topic in answer.objects("topic_list", "topics")]
    links = [topic_address(root, topic) for topic in topics if topic and topic.isdecimal()]
    links.extend(_categories(root, answer.objects("category_list", "categories")))
    more = part(answer.top, "topic_list").get("more_topics_url")
    following = answer.document.absolute(more) if isinstance(more, str) else None
    same = following is not None and answer.document.same_site(following)
    return build_page(
        answer.document,
        software=SOFTWARE,
        kind="listing",
        title=None,
        links=tuple(dict.fromkeys(links)),
        next_page=as_json(following) if same and following else None,
        activity=moments_by(
            answer, ((topic_address(root, number), last) for number, last in _last_posts(answer) if number.isdecimal())
        ),
    )


def _last_posts(answer: Answer) -> Iterator[tuple[str, Any]]:
    for topic in answer.objects("topic_list", "topics"):
        yield identifier(topic.get("id")) or "", topic.get("last_posted_at")


def _categories(root: str, categories: Sequence[Mapping[str, Any]]) -> list[str]:
    links, waiting = list[str](), [*reversed(categories)]
    while waiting and len(links) < MAX_POSTS:
        category = waiting.pop()
        number, slug = identifier(category.get("id")), words(category.get("slug"))
        if number and number.isdecimal():
            links.append(clean_url(f"{root}/c/{slug or '-'}/{number}.json"))
        nested = category.get("subcategory_list")
        if isinstance(nested, list):
            waiting.extend(entry for entry in nested if isinstance(entry, dict))
    return links
