"""The schema.org reviews that a page states about itself: JSON-LD, microdata, on demand RDFa.

extruct reads the syntaxes; this module finds the reviews in what it returns and brings them to one shape. Each JSON-LD
script and each microdata review is given to extruct by itself: one broken script loses only itself, and a review keeps
its HTML element, in which a missing text can be looked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import extruct
import lxml.html

from crawlers.pages.body import read_body, read_fragment
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, copy_of, first, flat, keep_first, select, size, squeeze
from crawlers.pages.json_values import whole
from crawlers.pages.people import is_placeholder
from crawlers.pages.ratings import number, parse_rating, scaled
from index.mention import Rating

_REVIEW = re.compile(r"(?:^|[/#:])(?:User|Employer|Critic)?Review$|(?:^|[/#:])Recommendation$")
_REPLY_KEYS = ("comment", "comments", "publisherResponse", "reviewReply", "ownerResponse", "response", "answer")
_TEXT_KEYS = ("reviewBody", "description", "text")
MAX_REVIEWS = 1000
_MAX_NODES = 200_000
_MAX_REPAIRED = 200_000
_MAX_REVIEW_ELEMENTS = 1500
_BYLINE = re.compile(
    r"^(?:Bewertung |Rezension |Kommentar |verfasst |geschrieben )?(?:von|by)\s*:?\s+(?P<name>[^\n]{1,50}?)(?:,"
    r"|\s*\(|\s+(?:am|vom|aus|on)\b|$)",
    re.I | re.M,
)


@dataclass(frozen=True)
class Reply:
    """The owner's answer to a review, marked up apart from it."""

    text: str
    author: str | None
    at: Moment
    native_id: str | None


@dataclass(frozen=True)
class Review:
    """A review as stated; `text` may be empty or a placeholder until the rules of `schemaorg` have run."""

    text: str
    author: str | None
    raw_author: str
    at: Moment
    rating: Rating | None
    title: str | None = None
    native_id: str | None = None
    permalink: str | None = None
    replies: tuple[Reply, ...] = ()
    element: Element | None = None


def stated_reviews(document: Document) -> list[Review]:
    """All reviews of the page in JSON-LD, then in microdata; RDFa only where both are silent."""
    found = [*_json_ld(document), *_microdata(document)]
    if not found and select(document.root, "[typeof*=Review]"):
        found = list(_rdfa(document))
    return found


def is_review_type(value: Any) -> bool:
    """Whether an @type (a name, an address, or a list of them) is a review; AggregateRating never is."""
    names = value if isinstance(value, list) else [value]
    return any(isinstance(name, str) and _REVIEW.search(name) for name in names)


def walk(data: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON tree in document order; iterative, and bounded for hostile input."""
    stack: list[Any] = [data]
    seen = 0
    while stack and seen < _MAX_NODES:
        node = stack.pop()
        seen += 1
        if isinstance(node, dict):
            yield node
            stack.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            stack.extend(reversed(node))


def _json_ld(document: Document) -> Iterator[Review]:
    trees = json_ld(document)
    by_id = {str(node["@id"]): node for tree in trees for node in walk(tree) if "@id" in node and len(node) > 1}
    answered = {id(reply) for tree in trees for node in walk(tree) for reply in _reply_nodes(node)}
    stated = (node for tree in trees for node in walk(tree) if is_review_type(node.get("@type")))
    nodes = [node for node in stated if id(node) not in answered]
    if len(nodes) > MAX_REVIEWS:
        document.notes.append(
            f"too_many_reviews: {len(nodes) - MAX_REVIEWS} after the first {MAX_REVIEWS} were not read"
        )
    for node in nodes[:MAX_REVIEWS]:
        yield _review(node, document, by_id)


def json_ld(document: Document) -> list[Any]:
    """The parsed JSON-LD scripts; a broken one is noted on the document and skipped."""
    if "json_ld" not in document.cache:
        document.cache["json_ld"] = list(_scripts(document))
    trees: list[Any] = document.cache["json_ld"]
    return trees


def _scripts(document: Document) -> Iterator[Any]:
    for script in select(document.root, "script[type*='ld+json']"):
        content = (script.text or "").strip()
        if not content:
            continue
        try:
            yield _loads(content)
        except (ValueError, RecursionError):
            document.notes.append("broken JSON-LD: one script could not be read")


def _loads(content: str) -> Any:
    """Reads a script as it stands, else as extruct repairs it (comments, trailing commas)."""
    bare = re.sub(r"^(?://)?\s*(?:<!--|<!\[CDATA\[)", "", content.strip("; \n\r\t"))
    bare = (bare[:-40] + re.sub(r"(?://)?\s{0,8}(?:-->|\]\]>)$", "", bare[-40:])).rstrip("; \n\r\t")
    try:
        return whole(json.loads(bare, strict=False), bare)
    except ValueError:
        if len(bare) > _MAX_REPAIRED:
            raise
        found = extruct.JsonLdExtractor().extract(f'<script type="application/ld+json">{bare}</script>')
        return whole(found, bare)


def _microdata(document: Document) -> Iterator[Review]:
    scopes = select(document.root, "[itemscope][itemtype]")
    marked = [element for element in scopes if _is_review(element) and not _is_reply_scope(element)]
    if len(marked) > MAX_REVIEWS:
        left = len(marked) - MAX_REVIEWS
        document.notes.append(f"too_many_reviews: {left} after the first {MAX_REVIEWS} were not read")
    for element in marked[:MAX_REVIEWS]:
        if keep_first(element, _MAX_REVIEW_ELEMENTS):
            document.notes.append("long_review: one was read up to its first parts only")
        node = _microdata_node(element, document)
        review = _review(node, document, {})
        text = _scope_text(element, document) or review.text
        if review.at.at is None:
            review = replace(review, at=_shown_time(element, document))
        if not review.raw_author and (byline := _BYLINE.search(_outside_text(element))):
            name = byline["name"].strip()
            review = replace(review, author=None if is_placeholder(name) else name, raw_author=name)
        yield replace(review, text=text, element=element)


def _outside_text(review: Element) -> str:
    """The labels of a review's box, its text and its ratings left out, one a line."""
    labels = (node for node in review.iter() if isinstance(node.tag, str) and node.get("itemprop") not in _TEXT_KEYS)
    return "\n".join(text for node in labels if (text := squeeze(node.text or "")) and len(text) <= 100)


def _is_reply_scope(element: Element) -> bool:
    inside = any(_is_review(parent) for parent in element.iterancestors())
    return inside or (element.get("itemprop") or "") in _REPLY_KEYS


def _is_review(element: Element) -> bool:
    return any(is_review_type(name) for name in (element.get("itemtype") or "").split())


def _microdata_node(element: Element, document: Document) -> dict[str, Any]:
    own = copy_of(element)
    own.attrib.pop("itemprop", None)
    own.extend(_referenced(element, document))
    html = lxml.html.tostring(own, encoding="unicode")
    try:
        data = extruct.extract(html, base_url=document.base, syntaxes=["microdata"], uniform=True, errors="ignore")
    except (KeyError, ValueError, RecursionError):
        # extruct drops what it can't read, then misses it.
        document.notes.append("broken microdata: one review's markup could not be read")
        return {}
    return next((node for node in data.get("microdata", []) if isinstance(node, dict)), {})


def _referenced(element: Element, document: Document) -> list[Element]:
    """Copies of the parts that a review names by `itemref`: they may stand anywhere on the page."""
    names = (element.get("itemref") or "").split()
    if not names:
        return []
    if "by_id" not in document.cache:
        document.cache["by_id"] = {node.get("id"): node for node in select(document.root, "[id]")}
    parts = (document.cache["by_id"].get(name) for name in names[:10])
    return [_without_tail(part) for part in parts if part is not None and size(part) < _MAX_REVIEW_ELEMENTS]


def _without_tail(element: Element) -> Element:
    return copy_of(element)


def _rdfa(document: Document) -> Iterator[Review]:
    html = lxml.html.tostring(document.root, encoding="unicode")
    try:
        data = extruct.extract(html, base_url=document.base, syntaxes=["rdfa"], uniform=True, errors="ignore")
    except (KeyError, ValueError, RecursionError):
        document.notes.append("broken RDFa: the page's markup could not be read")
        return
    plain = json.loads(re.sub(r'"https?://schema\.org/', '"', json.dumps(data.get("rdfa", []))))
    by_id = {str(node["@id"]): node for node in walk(plain) if "@id" in node and len(node) > 1}
    for node in walk(plain):
        if is_review_type(node.get("@type")):
            yield _review({key: _rdfa_value(value, by_id) for key, value in node.items()}, document, by_id)


def _rdfa_value(value: Any, by_id: dict[str, Any]) -> Any:
    """RDFa wraps every value as [{"@value": ...}] or [{"@id": ...}]."""
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(single, dict) and "@value" in single:
        return single["@value"]
    if isinstance(single, dict) and set(single) == {"@id"} and single["@id"] in by_id:
        return {key: _rdfa_value(inner, {}) for key, inner in by_id[single["@id"]].items()}
    return single


def _review(node: dict[str, Any], document: Document, by_id: dict[str, Any]) -> Review:
    raw_author = _name(node.get("author"), by_id) or _name(node.get("creator"), by_id)
    return Review(
        text=_body(node, document),
        author=None if is_placeholder(raw_author) else raw_author,
        raw_author=raw_author,
        at=_time(node, document),
        rating=_rating(node.get("reviewRating") or node.get("rating"), by_id),
        title=_title(node),
        native_id=_identifier(node),
        permalink=document.absolute(_string(node.get("url"))),
        replies=tuple(_reply(reply, document, by_id) for reply in _reply_nodes(node)),
    )


def _body(node: dict[str, Any], document: Document) -> str:
    for key in _TEXT_KEYS:
        text = read_fragment(_string(node.get(key)), document)
        if len(text.split()) >= 2:
            return text
    return next((text for key in _TEXT_KEYS if (text := read_fragment(_string(node.get(key)), document))), "")


def _string(value: Any) -> str:
    if isinstance(value, list):
        return next((text for item in value if (text := _string(item))), "")
    if isinstance(value, dict):
        return _string(value.get("@value") or value.get("name"))
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _title(node: dict[str, Any]) -> str | None:
    title = squeeze(_string(node.get("name") or node.get("headline")))
    return re.sub(r"<[^>]+>", "", title) or None


def _name(value: Any, by_id: dict[str, Any]) -> str:
    """The name of an author given as text, Person, reference or list of these."""
    if isinstance(value, list):
        return next((name for item in value if (name := _name(item, by_id))), "")
    if isinstance(value, dict):
        if "name" not in value and "@id" in value:
            value = by_id.get(str(value["@id"]), value)
        parts = (
            value.get("name"),
            value.get("alternateName"),
            f"{_string(value.get('givenName'))} {_string(value.get('familyName'))}",
        )
        return next((name for part in parts if (name := squeeze(_string(part)))), "")
    return squeeze(value) if isinstance(value, str) else ""


def _time(node: dict[str, Any], document: Document) -> Moment:
    for key in ("datePublished", "dateCreated", "uploadDate", "date", "dateModified"):
        text = _string(node.get(key))
        moment = parse_machine(text, document.hints)
        if moment.at is None:
            moment = parse_text(text, document.hints)
        if moment.at is not None:
            return moment
    return UNKNOWN


def _rating(value: Any, by_id: dict[str, Any]) -> Rating | None:
    if isinstance(value, list):
        return next((rating for item in value if (rating := _rating(item, by_id))), None)
    if isinstance(value, dict):
        if "ratingValue" not in value and "@id" in value:
            value = by_id.get(str(value["@id"]), value)
        best, worst = number(_string(value.get("bestRating"))), number(_string(value.get("worstRating")))
        stated = _string(value.get("ratingValue"))
        bare = number(stated) if re.fullmatch(r"-?\d+(?:[.,]\d+)?", stated) else None
        return scaled(bare, best, worst) if bare is not None else parse_rating(stated, best=best, worst=worst)
    return parse_rating(_string(value)) if value is not None else None


def _identifier(node: dict[str, Any]) -> str | None:
    for key in ("identifier", "@id", "id"):
        value = node.get(key)
        if isinstance(value, dict):
            value = value.get("value") or value.get("propertyID")
        if text := _string(value):
            return None if text.startswith("_:") else text
    return None


def _reply_nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    if not is_review_type(node.get("@type")):
        return []
    values = [node[key] for key in _REPLY_KEYS if key in node]
    flat_values = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat_values if isinstance(item, dict)]


def _reply(node: dict[str, Any], document: Document, by_id: dict[str, Any]) -> Reply:
    author = _name(node.get("author"), by_id) or None
    return Reply(text=_body(node, document), author=author, at=_time(node, document), native_id=_identifier(node))


def _scope_text(review: Element, document: Document) -> str:
    """The review's text from its own elements: line breaks kept, owner replies inside it left out."""
    for name in _TEXT_KEYS:
        for node in select(review, f"[itemprop~={name}]"):
            if _scope_of(node) is not review:
                continue
            stated = node.get("content") if node.tag == "meta" else None
            text = read_body(node, noise=REPLY_BOXES).text if stated is None else read_fragment(stated, document)
            if len(text.split()) >= 2:
                return text
    return ""


REPLY_BOXES = (
    "[itemprop=comment], [itemprop=publisherResponse], .jdgm-rev__reply, .owner-response, .owner-reply",
    ".merchant-reply",
    ".review--reply, .review-reply, .reply, .response, .business-response, .seller-response, .answer, .comment-answer",
    "[class*=owner-], [class*=antwort], [class*=Antwort], .review--answer, .company-reply, .vendor-reply",
)


def _scope_of(node: Element) -> Element | None:
    return next((parent for parent in node.iterancestors() if parent.get("itemscope") is not None), None)


def _shown_time(review: Element, document: Document) -> Moment:
    node = first(review, "time[datetime]")
    if node is not None and (moment := parse_machine(node.get("datetime"), document.hints)).at:
        return moment
    shown = first(review, "time, .date, [class*=date], [class*=datum]")
    return parse_text(flat(shown), document.hints) if shown is not None else UNKNOWN
