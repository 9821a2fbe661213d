"""Threads and lists by declared rules: for software whose pages differ in names, not in kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawlers.pages.body import BodyText, read_body
from crawlers.pages.dates import UNKNOWN, Moment, with_order
from crawlers.pages.document import Document, Element, affordable, attribute, brief, classes, first, has, select
from crawlers.pages.moments import moment_at
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import build_page, collect, followable, next_link, page_title
from crawlers.pages.urls import clean_url, is_forbidden

_MAX_LABEL = 200


@dataclass(frozen=True)
class ThreadRules:
    """How one software writes threads. Selectors are CSS; a tuple is tried in order.

    `native_id` gives a post's id from its box, `author` ("css@attribute", "@attribute" of the box) and `times` ("" is
    the box) are looked for outside the body, `roles` marks the place that shows who is staff (without it a plain
    author's role is unknown), `role_class` is what names of roles begin with among the box's classes, and `staff` is
    what only staff has. `answers` are attributes ("css@attribute") that name the
    post that is answered, `parent` finds the number in them and in what a quote says about its source. `thread_path`
    is the path of threads, `threads` and `boards` are the links of a list that lead on.
    """

    software: str
    posts: str
    native_id: Callable[[Element], str | None]
    body: tuple[str, ...]
    author: tuple[str, ...]
    times: tuple[str, ...]
    title: tuple[str, ...]
    quotes: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    roles: str = ""
    badges: str = ""
    role_class: str = ""
    staff: str = ""
    ranks: Callable[[Element], Iterable[str]] | None = None
    deleted: str = ""
    answers: tuple[str, ...] = ()
    parent: re.Pattern[str] | None = None
    parent_form: str = "{}"
    permalink: tuple[str, ...] = ()
    thread_path: re.Pattern[str] | None = None
    threads: str = ""
    boards: str = ""
    list_marks: str = ""
    list_title: tuple[str, ...] = ("h1",)
    next_page: tuple[str, ...] = ()
    expected: Callable[[Document], int | None] | None = None


def read_by(document: Document, rules: ThreadRules, *, containers: Iterable[Element] | None = None) -> Page:
    """A thread's posts or a list's links. `containers` are the posts' boxes where selectors can't tell them."""
    boxes = affordable(document, select(document.root, rules.posts) if containers is None else containers)
    path = urlsplit(document.url).path
    if boxes or (rules.thread_path is not None and rules.thread_path.search(path)):
        return _thread(document, rules, boxes)
    return _listing(document, rules)


def _thread(document: Document, rules: ThreadRules, boxes: list[Element]) -> Page:
    standing = [box for box in boxes if not _is_deleted(box, rules)]
    gone = len(boxes) - len(standing)
    document = replace(document, hints=with_order(document.hints, _date_lines(standing, rules)))
    return build_page(
        document,
        software=rules.software,
        kind="thread",
        title=page_title(document, *rules.title),
        collected=collect(standing, lambda box: post_by(document, rules, box)),
        next_page=next_link(document, *rules.next_page),
        expected_posts=rules.expected(document) if rules.expected else None,
        notes=[
            *([] if boxes else ["empty_thread: a thread's address, but no post on the page"]),
            *([f"deleted_post: {gone} withdrawn by their authors or the board"] if gone else []),
        ],
    )


def _date_lines(boxes: list[Element], rules: ThreadRules) -> Iterator[str]:
    """What the places of dates and their titles show; of each post the first that shows anything."""
    for box in boxes:
        nodes = (node for css in rules.times if css for node in select(box, css))
        found = (text for node in nodes if (text := f"{node.get('title') or ''} {brief(node, _MAX_LABEL)}".strip()))
        yield next(found, "")


def _is_deleted(box: Element, rules: ThreadRules) -> bool:
    if not rules.deleted:
        return False
    names = {css.strip().removeprefix(".") for css in rules.deleted.split(",")}
    return bool(classes(box) & names) or has(box, rules.deleted)


def _listing(document: Document, rules: ThreadRules) -> Page:
    threads = select(document.root, rules.threads) if rules.threads else []
    boards = select(document.root, rules.boards) if rules.boards else []
    links = followable(document, [*threads, *boards])
    listing = bool(links) or bool(rules.list_marks and has(document.root, rules.list_marks))
    return build_page(
        document,
        software=rules.software,
        kind="listing" if listing else "other",
        title=page_title(document, *rules.list_title),
        links=links,
        next_page=next_link(document, *rules.next_page) if listing else None,
        notes=() if listing else ["no thread and no list on this page"],
    )


def post_by(document: Document, rules: ThreadRules, box: Element) -> Post | None:
    """One post of a thread, None without a body."""
    body = first(box, *rules.body)
    if body is None:
        return None
    native_id = rules.native_id(box)
    words = read_body(body, quotes=rules.quotes, noise=rules.noise)
    inside = set(body.iter())
    moment = moment_in(document, box, rules.times, inside)
    name = _name(box, rules.author, inside)
    return Post(
        native_id=native_id,
        author=None if is_placeholder(name) else name,
        author_role=_role(box, rules, name, inside),
        published_at=moment.at,
        date_precision=moment.precision,
        text=words.text,
        parent_id=_parent(box, words, rules, native_id),
        permalink=_permalink(document, box, rules, native_id),
    )


def _name(box: Element, selectors: tuple[str, ...], inside: set[Element]) -> str:
    for css in selectors:
        place, _, name = css.partition("@")
        for node in select(box, place) if place else [box]:
            text = (node.get(name) or "").strip() if name else brief(node, _MAX_LABEL)
            if text and node not in inside:
                return text
    return ""


def _role(box: Element, rules: ThreadRules, name: str, inside: set[Element]) -> str:
    if rules.staff and any(node not in inside for node in select(box, rules.staff)):
        return "staff"
    shown = [node for node in (select(box, rules.badges) if rules.badges else []) if node not in inside]
    texts = [brief(node, _MAX_LABEL) or node.get("title") or node.get("alt") or "" for node in shown]
    texts.extend(rules.ranks(box) if rules.ranks else ())
    texts.extend(
        cls.removeprefix(rules.role_class)
        for cls in classes(box)
        if rules.role_class and cls.startswith(rules.role_class)
    )
    return role_of(name, badges=" | ".join(texts), known=bool(rules.roles) and has(box, rules.roles))


def moment_in(document: Document, box: Element, selectors: Iterable[str], inside: set[Element]) -> Moment:
    """When a post was written, by the first place that says so; places in its body say when something else was."""
    for css in selectors:
        for node in select(box, css) if css else [box]:
            if node not in inside and (moment := moment_at(document, node)).at:
                return moment
    return UNKNOWN


def _parent(box: Element, words: BodyText, rules: ThreadRules, own: str | None) -> str | None:
    if rules.parent is None:
        return None
    stated = [attribute(box, css, name) or "" for css, _, name in (place.partition("@") for place in rules.answers)]
    for target in (*stated, *words.quoted):
        if match := rules.parent.search(target):
            found = rules.parent_form.format(next(filter(None, match.groups())))
            return found if found != own else None
    return None


def _permalink(document: Document, box: Element, rules: ThreadRules, native_id: str | None) -> str | None:
    for css in rules.permalink:
        url = document.absolute(attribute(box, css, "href"))
        if url and document.same_site(url) and not is_forbidden(url):
            return url
    return f"{clean_url(document.url)}#{native_id}" if native_id else None


def by_pattern(pattern: str, *names: str, form: str = "{}") -> Callable[[Element], str | None]:
    """A reader of ids: the number that a pattern finds in one of some attributes of the box."""
    compiled = re.compile(pattern)

    def find(box: Element) -> str | None:
        for name in names:
            if match := compiled.search(box.get(name) or ""):
                return form.format(match.group(1))
        return None

    return find
