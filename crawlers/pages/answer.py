"""A response that is data and not a page: JSON of an API, in the shape that its readers get."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from crawlers.pages.dates import DateHints
from crawlers.pages.document import Document, decode, parse
from crawlers.pages.json_values import whole

_JSON_TYPE = re.compile(r"\s*(?:application|text)/(?:[\w.-]+\+)?json\b", re.I)
_RELATION = re.compile(r"<([^<>\s]{1,2000})>\s*;[^<]{0,200}?\brel=\"?([\w -]{1,60})\"?")


@dataclass(frozen=True)
class Answer:
    """The parsed JSON `value` of an API's answer.

    `document` stands for the response (its `url`, `hints`, `notes`, `absolute`; an empty tree), so that `read_fragment`
    reads HTML inside the JSON. `links` are the addresses of the HTTP header `Link` by relation ("next").
    """

    value: Any
    document: Document
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.document.url

    @property
    def top(self) -> Mapping[str, Any]:
        """The value where it is an object, else an empty one: for `recognises`, which must not raise."""
        return self.value if isinstance(self.value, dict) else {}

    def objects(self, *path: str) -> list[dict[str, Any]]:
        """The objects of the list at a path of keys ("post_stream", "posts"); of the answer itself without one.

        Whatever else stands there counts as an empty list.
        """
        found = self.value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def read_answer(
    body: bytes, *, url: str, hints: DateHints, content_type: str | None = None, link_header: str | None = None
) -> Answer | None:
    """The answer of a body that is JSON, an object or a list; None for any other. Never raises."""
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start not in (b"{", b"[") and not _JSON_TYPE.match(content_type or ""):
        return None
    try:
        text = decode(body, content_type or "application/json; charset=utf-8").lstrip("\ufeff")
        value = whole(json.loads(text), text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict | list):
        return None
    return Answer(value, parse("", url=url, hints=hints), link_relations(link_header))


def with_parameter(url: str, name: str, value: str) -> str:
    """The address with a query parameter set, its others left as they are and in their order."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode({name: value})])))


def link_relations(header: str | None) -> dict[str, str]:
    """The addresses of a `Link` header (RFC 8288) by relation; the first one of each."""
    found: dict[str, str] = {}
    for url, relations in _RELATION.findall((header or "")[:8000]):
        for relation in relations.lower().split():
            found.setdefault(relation, url)
    return found
