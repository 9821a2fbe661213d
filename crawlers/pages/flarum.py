"""Flarum's pages: the data that they carry for their script, else the bare posts for browsers without one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from crawlers.pages.answer import Answer
from crawlers.pages.document import Document, first, flat, has, select
from crawlers.pages.fields import identifier, part
from crawlers.pages.json_values import whole
from crawlers.pages.jsonapi import NOISE, SOFTWARE, Resources, posts_address, resources_of, root_of, thread_page
from crawlers.pages.page import Page
from crawlers.pages.posts import build_page, next_link, page_title
from crawlers.pages.rules import ThreadRules, read_by
from crawlers.pages.twins import data_links

__all__ = ["SOFTWARE", "read", "recognises"]

Key = tuple[str, str]
_PER_PAGE = 20
_LOAD = re.compile(r"\bapp\.load\(\s*(?=\{)")
_RULES = ThreadRules(
    software=SOFTWARE,
    posts="#flarum-content article, .container > div > article, noscript article",
    native_id=lambda box: box.get("data-id"),
    body=(".Post-body",),
    author=(".PostUser-name", ".PostUser h3"),
    times=("time",),
    title=("#flarum-content h1", "noscript h1", "h1"),
    noise=NOISE,
    deleted=".Post--hidden",
    thread_path=re.compile(r"/d/\d+(?:-|/|$)"),
)


def recognises(document: Document) -> bool:
    """Whether a page is Flarum's, by its content element and its scripts."""
    return has(document.root, "#flarum-content, #flarum-json-payload, #flarum-loading, script[src*='/assets/forum-']")


def read(document: Document) -> Page:
    """A discussion's posts, or the discussions of a list; a list leads to JSON."""
    payload = _payload(document)
    found = resources_of(payload.get("apiDocument"))
    path = urlsplit(document.url).path
    if found.own and found.own[0]["type"] in {"discussions", "posts"} and re.search(r"/d/\d+", path):
        page = _from_data(document, payload, found)
        if page.posts:
            return page
    if has(document.root, "article .Post-body") or re.search(r"/d/\d+(?:-|/|$)", path):
        page = read_by(document, _RULES)
        return page.model_copy(
            update={"notes": (*page.notes, "bare_posts: the page without its script shows no dates and no ids")}
        )
    return _listing(document, found)


def _payload(document: Document) -> dict[str, Any]:
    node = first(document.root, "script#flarum-json-payload")
    text = (node.text or "") if node is not None else _loaded(document)
    try:
        value = whole(json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0], text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _loaded(document: Document) -> str:
    """What Flarum 1 hands to its script in a call."""
    for script in select(document.root, "script:not([src])"):
        if match := _LOAD.search(script.text or ""):
            return (script.text or "")[match.end() :]
    return ""


def _from_data(document: Document, payload: dict[str, Any], found: Resources) -> Page:
    answer = Answer(payload["apiDocument"], document)
    every = resources_of({"data": list(found.own), "included": [*_resources(payload), *found.known.values()]})
    # What the page embeds beside the discussion may hold posts of others.
    known = {**every.known, **found.known}
    page = thread_page(answer, replace(every, known=_without_later_answers(every, known)), next_page=None)
    total, number = page.expected_posts, identifier(found.own[0].get("id"))
    further = total is not None and total > len(page.posts)
    return page.model_copy(update={"next_page": _further(document, number) if further else None})


def _without_later_answers(found: Resources, known: Mapping[Key, Mapping[str, Any]]) -> Mapping[Key, Mapping[str, Any]]:
    """The resources without posts of later pages, which come along because they mention a post of this one.

    The discussion names all its posts in order; those of the page are the first `_PER_PAGE` of the longest run.
    """
    order = found.related(found.own[0], "posts")
    runs = [
        list(run) for there, run in groupby(order, lambda key: bool(part(known.get(key, {}), "attributes"))) if there
    ]
    if not runs:
        return known
    shown = frozenset(max(runs, key=len)[:_PER_PAGE])
    return {key: entry for key, entry in known.items() if key[0] != "posts" or key in shown}


def _further(document: Document, number: str | None) -> str | None:
    return next_link(document) or (posts_address(root_of(document.url), number) if number else None)


def _resources(payload: dict[str, Any]) -> list[Any]:
    stated = payload.get("resources")
    return (
        [entry for entry in stated if isinstance(entry, dict) and entry.get("type") != "posts"]
        if isinstance(stated, list)
        else []
    )


def _listing(document: Document, found: Resources) -> Page:
    root = root_of(document.url, home=True)
    numbers = [identifier(entry.get("id")) for entry in found.own if entry.get("type") == "discussions"]
    links = tuple(posts_address(root, number) for number in numbers if number and number.isdecimal())
    links = links or data_links(document, SOFTWARE, select(document.root, "#flarum-content a[href], noscript a[href]"))
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing",
        title=flat(first(document.root, "#flarum-content h1")) or page_title(document),
        links=links or (f"{root}/api/discussions",),
        next_page=next_link(document) if links else None,
    )
