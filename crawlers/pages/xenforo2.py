"""XenForo 2.0 to 2.3: threads and forum lists, whatever the style and the language."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from crawlers.pages.body import BodyText, read_body
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, affordable, attribute, classes, first, flat, select, whole_number
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import build_page, collect, followable, next_link, page_title
from crawlers.pages.urls import clean_url

SOFTWARE = "xenforo2"

_QUOTES = (".bbCodeBlock--quote", "blockquote[data-quote]")
_NOISE = (
    ".bbCodeBlock--code, .bbCodeBlock--screenLimited, .bbCodeBlock--unfurl, .bbCodeCode, .js-selectToQuoteEnd",
    ".bbCodeSpoiler-button, .message-lastEdit, .message-signature, .message-attachments, .attachment",
    ".lbContainer-zoomer",
)
_POST_ID = re.compile(r"post-(\d+)")
_QUOTED = re.compile(r"(?:post:\s*|[?&]id=|post-|posts/)(\d+)")
_THREAD_PATH = re.compile(r"/(?:threads|themen)/|[?&/]threads/")
_STAFF_CLASSES = frozenset(
    {"userBanner--staff", "message-staffPost", "username--staff", "username--moderator", "username--admin"}
)


def recognises(document: Document) -> bool:
    """Whether the page is XenForo 2's, by the marks of its root element."""
    root = document.root
    if root.get("id") == "XF" or (root.get("data-app") == "public" and root.get("data-template") is not None):
        return True
    return bool(document.class_names & {"message--post", "structItem--thread"})


def read(document: Document) -> Page:
    """A thread's posts or a forum's threads."""
    template = document.root.get("data-template") or ""
    containers = affordable(document, _containers(document.root))
    if (
        containers
        or template.startswith(("thread_view", "thread_question"))
        or _THREAD_PATH.search(urlsplit(document.url).path)
    ):
        return _thread(document, containers)
    threads = select(document.root, ".structItem--thread .structItem-title a[href]")
    forums = select(document.root, ".node-title a[href], .node--forum .node-title a[href], .subNodeLink[href]")
    links = followable(document, [*(link for link in threads if "labelLink" not in classes(link)), *forums])
    listing = bool(links) or template.startswith(("forum_", "category_"))
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing" if listing else "other",
        title=page_title(document, "h1.p-title-value"),
        links=links,
        next_page=_next_page(document) if listing else None,
        notes=() if listing else ["no thread and no forum on this page"],
    )


def _containers(root: Element) -> list[Element]:
    """Posts only: comments under posts and messages of profiles are other articles."""
    return select(root, ".message--post[data-content], .message[data-content^='post-']")


def _thread(document: Document, containers: list[Element]) -> Page:
    collected = collect(containers, lambda container: _post(document, container))
    return build_page(
        document,
        software=SOFTWARE,
        kind="thread",
        title=_title(document),
        collected=collected,
        next_page=_next_page(document),
        expected_posts=_expected(document),
        notes=() if containers else ["empty_thread: a thread's address, but no post on the page"],
    )


def _title(document: Document) -> str | None:
    heading = first(document.root, "h1.p-title-value")
    if heading is None:
        return page_title(document)
    for label in select(heading, ".label, .labelLink, .label-append, .u-srOnly"):
        label.drop_tree()
    return flat(heading) or None


def _post(document: Document, container: Element) -> Post | None:
    body = first(container, ".message-body .bbWrapper", ".message-body", ".bbWrapper")
    if body is None:
        return None
    native_id = _native_id(container)
    words = read_body(body, quotes=_QUOTES, noise=_NOISE)
    moment = _moment(document, container, body)
    author = (
        container.get("data-author") or flat(first(container, ".message-name .username", ".message-name"))
    ).strip()
    return Post(
        native_id=native_id,
        author=None if is_placeholder(author) else author,
        author_role=_role(container, author),
        published_at=moment.at,
        date_precision=moment.precision,
        text=words.text,
        parent_id=_parent(words),
        permalink=_permalink(document, container, native_id),
    )


def _native_id(container: Element) -> str | None:
    for name in ("data-content", "id"):
        if match := _POST_ID.search(container.get(name) or ""):
            return f"post-{match.group(1)}"
    return None


def _role(container: Element, author: str) -> str:
    profile = first(container, ".message-user, .message-articleUserInfo")
    marked = classes(container) | {
        name for node in select(container, ".userBanner, .username") for name in classes(node)
    }
    if marked & _STAFF_CLASSES:
        return "staff"
    badges = " | ".join(
        flat(node) for node in select(container, ".message-user .userBanner, .message-userTitle, .userTitle")
    )
    return role_of(author, badges=badges, known=profile is not None)


def _moment(document: Document, container: Element, body: Element) -> Moment:
    inside = set(body.iter("time"))
    for node in select(container, ".message-attribution time, .message-date time, time.u-dt, time"):
        if node in inside or any("message-lastEdit" in classes(parent) for parent in node.iterancestors()):
            continue
        for value in (node.get("datetime"), node.get("data-time"), node.get("data-timestamp")):
            if (moment := parse_machine(value, document.hints)).at:
                return moment
        for value in (node.get("title"), flat(node)):
            if (moment := parse_text(value, document.hints)).at:
                return moment
    attribution = first(container, ".message-attribution-main, .message-attribution")
    if attribution is not None:
        return parse_text(flat(attribution), document.hints)
    return _thread_moment(document) if "message--article" in classes(container) else UNKNOWN


def _thread_moment(document: Document) -> Moment:
    """When the thread was started: an article shows its date under the page's title only."""
    return parse_machine(attribute(document.root, ".p-description time[datetime]", "datetime"), document.hints)


def _parent(words: BodyText) -> str | None:
    for target in words.quoted:
        if match := _QUOTED.search(target):
            return f"post-{match.group(1)}"
    return None


def _permalink(document: Document, container: Element, native_id: str | None) -> str | None:
    if native_id is None:
        return None
    href = attribute(container, f".message-attribution a[href*='{native_id}'], a[href$='#{native_id}']", "href")
    return document.absolute(href) or f"{clean_url(document.url)}#{native_id}"


def _next_page(document: Document) -> str | None:
    return next_link(
        document, "a.pageNav-jump--next[href]", "a.pageNavSimple-el--next[href]", ".pageNav-page--current + li a[href]"
    )


def _expected(document: Document) -> int | None:
    """The first post and its replies, as the structured data counts them."""
    for script in select(document.root, "script[type*='ld+json']"):
        try:
            data = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and (count := _replies(data)) is not None:
            return count + 1
    return None


def _replies(data: dict[str, object]) -> int | None:
    for node in (data, data.get("mainEntity")):
        if not isinstance(node, dict):
            continue
        counted = node.get("interactionStatistic")
        for counter in counted if isinstance(counted, list) else [counted]:
            if isinstance(counter, dict) and re.search(r"Reply|Comment", str(counter.get("interactionType"))):
                return whole_number(str(counter.get("userInteractionCount")))
        for name in ("commentCount", "answerCount"):
            if name in node:
                return whole_number(str(node[name]))
    return None
