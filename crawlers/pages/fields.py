"""What the readers of JSON answers share: values that may be of any type, and bodies of HTML inside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from crawlers.pages.answer import Answer
from crawlers.pages.body import BodyText, read_body
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine
from crawlers.pages.document import parse, squeeze
from crawlers.pages.people import is_placeholder

_MESSAGE_KEY = re.compile(r"^\[\[.*\]\]$")


def words(value: Any) -> str:
    """A string on one line; an empty one for anything else. Half a surrogate pair becomes U+FFFD."""
    return squeeze(whole_text(value)) if isinstance(value, str) else ""


def whole_text(value: Any) -> str:
    """A string that can be written as UTF-8, with its line breaks; an empty one for anything else."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else ""


def plain_words(value: Any) -> str:
    """A title that the server escaped for HTML ("Laden &amp; Fahren"), on one line."""
    return squeeze(unescape(words(value)))


def identifier(value: Any) -> str | None:
    """A number or a short string as a platform's own id; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if 0 <= value < 10**18 else None
    text = words(value)
    return text if 0 < len(text) <= 200 else None


def count(value: Any) -> int | None:
    """A whole number that counts something; None for anything else."""
    ok = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if ok else None


def part(value: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path of keys, an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def person(*names: Any) -> str | None:
    """The first name that is one; None for guests, deleted accounts and a template's message keys."""
    for name in names:
        shown = words(name)
        if shown:
            return None if _MESSAGE_KEY.match(shown) or is_placeholder(shown) else shown
    return None


def moment_of(answer: Answer, *values: Any) -> Moment:
    """The first of some machine-readable times: ISO 8601, or an epoch in seconds or milliseconds."""
    for value in values:
        text = words(value) if isinstance(value, str) else str(count_or_none(value) or "")
        if text and (moment := parse_machine(text, answer.document.hints)).at:
            return moment
    return UNKNOWN


def moments_by(answer: Answer, values: Iterable[tuple[str, Any]]) -> dict[str, datetime]:
    """The times among named values, by name; what is no time is left out."""
    moments = {name: moment_of(answer, value).at for name, value in values}
    return {name: at for name, at in moments.items() if at is not None}


def count_or_none(value: Any) -> int | None:
    """A whole number below 10^15, as an epoch is."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else None


def body_of(answer: Answer, html: Any, *, quotes: Sequence[str] = (), noise: Sequence[str] = ()) -> BodyText | None:
    """The author's own words in a body of HTML; None where there is no string."""
    if not isinstance(html, str):
        return None
    tree = parse(f"<div>{whole_text(html)}</div>", url=answer.url, hints=answer.document.hints)
    return read_body(tree.root, quotes=quotes, noise=noise)


def site_root(url: str, *places: str, home: bool = False) -> str:
    """The address that a forum in a folder starts from: what stands before the first of some path parts ("/t/").

    Without any of them it is the host, or for a `home` page its own folder. It ends without a slash.
    """
    parts = urlsplit(url)
    found = [at for place in places if (at := parts.path.find(place)) >= 0]
    path = parts.path[: min(found)] if found else parts.path if home else ""
    return urlunsplit((parts.scheme, parts.netloc, path.rstrip("/"), "", ""))


def with_query(url: str, **values: str | int) -> str:
    """The address with some parameters replaced; the others keep their place."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] not in values]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(values)]), fragment=""))
