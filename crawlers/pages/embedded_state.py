"""Reviews in the data that a page's own scripts start from (Next.js and the like), where its markup states none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from crawlers.pages.body import read_fragment
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine
from crawlers.pages.document import Document, select
from crawlers.pages.fields import identifier, part, person, words
from crawlers.pages.json_values import whole
from crawlers.pages.ratings import number, scaled
from crawlers.pages.structured import MAX_REVIEWS, Reply, Review, walk
from index.mention import Rating

_SCRIPTS = "script#__NEXT_DATA__, script[type='application/json']"
_ASSIGNED = re.compile(r"window\.__\w{2,40}__\s{0,4}=\s{0,4}(?=[{\[])")
_LISTS = re.compile(r"(?:reviews?|bewertungen|rezensionen|testimonials|ratings)(?:list)?$", re.I)
_TEXTS = ("text", "reviewText", "reviewBody", "body", "content", "comment", "message", "description")
_TITLES = ("title", "headline", "subject", "reviewTitle")
_RATINGS = ("rating", "stars", "score", "ratingValue", "reviewRating", "overallRating")
_DATES = (
    "publishedDate",
    "datePublished",
    "published_at",
    "publishedAt",
    "createdAt",
    "created_at",
    "submittedAt",
    "date",
)
_PEOPLE = ("consumer", "author", "user", "reviewer", "customer")
_NAMES = ("displayName", "name", "nickname", "username")
_REPLIES = ("reply", "companyReply", "response", "ownerResponse", "merchantReply")
_IDS = ("id", "reviewId", "uuid")
_MIN_WORDS = 2
_MAX_SCRIPT = 4_000_000


def embedded_reviews(document: Document) -> list[Review]:
    """The reviews in the page's embedded data: what has a text and a rating or a time, in a list named for reviews."""
    if "embedded_reviews" not in document.cache:
        found = [review for tree in _trees(document) for node in _nodes(tree) if (review := _review(node, document))]
        document.cache["embedded_reviews"] = found[:MAX_REVIEWS]
    reviews: list[Review] = document.cache["embedded_reviews"]
    return reviews


def _trees(document: Document) -> Iterator[Any]:
    for script in select(document.root, _SCRIPTS):
        yield from _loaded(script.text or "")
    for script in select(document.root, "script:not([src]):not([type*=json])"):
        content = script.text or ""
        if len(content) <= _MAX_SCRIPT and (match := _ASSIGNED.search(content)):
            yield from _loaded(content[match.end() :])


def _loaded(content: str) -> Iterator[Any]:
    """The JSON value that a text begins with; JavaScript that is no JSON is not read."""
    if len(content) > _MAX_SCRIPT or not re.search(r"review|bewertung|rezension|testimonial|rating", content, re.I):
        return
    try:
        yield whole(json.JSONDecoder(strict=False).raw_decode(content.lstrip())[0], content)
    except (ValueError, RecursionError):
        return


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    for node in walk(tree):
        for name, value in node.items():
            if isinstance(value, list) and _LISTS.search(name):
                yield from (item for item in value if isinstance(item, dict))


def _review(node: Mapping[str, Any], document: Document) -> Review | None:
    text = _text(node, document)
    rating, at = _rating(node), _moment(node, document)
    if len(text.split()) < _MIN_WORDS or (rating is None and at.at is None):
        return None
    people = [part(node, name) for name in _PEOPLE]
    names = [one.get(name) for one in people for name in _NAMES] + [node.get(name) for name in _PEOPLE]
    shown = next((name for name in names if words(name)), "")
    return Review(
        text=text,
        author=person(shown),
        raw_author=words(shown),
        at=at,
        rating=rating,
        title=next((title for name in _TITLES if (title := words(node.get(name)))), None),
        native_id=next((found for name in _IDS if (found := identifier(node.get(name)))), None),
        replies=tuple(reply for name in _REPLIES if (reply := _reply(node.get(name), document))),
    )


def _text(node: Mapping[str, Any], document: Document) -> str:
    """The longest text, without HTML."""
    found = [read_fragment(value, document) for name in _TEXTS if isinstance(value := node.get(name), str)]
    return max(found, key=len, default="")


def _rating(node: Mapping[str, Any]) -> Rating | None:
    for name in _RATINGS:
        value = node.get(name)
        given = value if isinstance(value, dict) else {"value": value}
        stated = number(given.get("ratingValue", given.get("value")))
        if stated is not None:
            best, worst = number(given.get("bestRating", given.get("max"))), number(given.get("worstRating"))
            return scaled(stated, best, worst)
    return None


def _moment(node: Mapping[str, Any], document: Document) -> Moment:
    for place in (node, part(node, "dates")):
        for name in _DATES:
            text = words(value) if isinstance(value := place.get(name), str) else identifier(value) or ""
            if text and (moment := parse_machine(text, document.hints)).at:
                return moment
    return UNKNOWN


def _reply(value: Any, document: Document) -> Reply | None:
    node = value if isinstance(value, dict) else {"text": value}
    text = _text(node, document)
    return Reply(text, None, _moment(node, document), None) if text else None
