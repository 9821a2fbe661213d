"""Reviews as the visible page shows them, for pages whose markup states none: known review widgets, hReview, and lists
of boxes that each hold stars, a date and a text under a heading about reviews."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawlers.pages.body import read_body
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, affordable, attribute, classes, first, flat, select, size
from crawlers.pages.people import is_placeholder
from crawlers.pages.ratings import number, parse_rating, scaled
from crawlers.pages.structured import MAX_REVIEWS, REPLY_BOXES, Reply, Review
from index.mention import Rating


@dataclass(frozen=True)
class Widget:
    """Where a review widget keeps a review's parts; selectors work inside `item`."""

    item: str
    body: str
    author: str
    date: str
    rating: str
    title: str = "[class*=title]"
    reply: str = "[class*=reply]"
    id_attribute: str = "id"


WIDGETS = (
    Widget(
        ".jdgm-rev",
        body=".jdgm-rev__body",
        author=".jdgm-rev__author",
        date=".jdgm-rev__timestamp",
        rating=".jdgm-rev__rating",
        title=".jdgm-rev__title",
        reply=".jdgm-rev__reply",
        id_attribute="data-review-id",
    ),
    Widget(
        "#reviews li.review",
        body=".description",
        author=".woocommerce-review__author",
        date="time",
        rating=".star-rating",
        title=".review-title",
        reply="li.comment",
    ),
    Widget(
        ".product-detail-review-item",
        body=".product-detail-review-item-content",
        author=".product-detail-review-item-author, [itemprop=author]",
        date=".product-detail-review-item-date, time",
        rating=".product-review-rating, .point-rating",
        title=".product-detail-review-item-title",
    ),
    Widget(
        ".review--entry",
        body=".content--box, .entry--content p",
        author=".entry--author .content--field",
        date=".entry--header .content--field",
        rating=".product--rating",
        title=".content--title, h4",
        reply=".review--entry.is--answer, .review--answer",
    ),
    Widget(
        ".spr-review",
        body=".spr-review-content-body",
        author=".spr-review-header-byline strong",
        date=".spr-review-header-byline strong + strong",
        rating=".spr-review-header-starratings, .spr-starratings",
        title=".spr-review-header-title",
        reply=".spr-review-reply",
    ),
    Widget(
        ".hreview",
        body=".description",
        author=".reviewer .fn, .reviewer",
        date=".dtreviewed",
        rating=".rating",
        title=".summary",
    ),
)

_REGION = re.compile(r"review|bewertung|rezension|kundenmeinung|erfahrungsbericht|testimonial", re.I)
# On a page that states a rating of its own, lists with these names hold its reviews; elsewhere they hold anything.
_LOOSE_REGION = re.compile(_REGION.pattern + "|comments|votes|erfahrung|meinung", re.I)
_RATED_PAGE = "[itemtype$='/AggregateRating'], [itemtype$='/Review'], [typeof*=AggregateRating]"
_RATED = re.compile(r"star|rating|bewertung|stern|score|kugel", re.I)
_BODY_CLASS = re.compile(r"comment|text|body|content|description|inhalt|message|beschreibung|kommentar", re.I)
_BYLINE = re.compile(
    r"(?:^|\b(?:von|by|Bewertung von|Rezension von)\s+)(?P<name>\S(?:.{0,60}?\S)?)\s*(?:,|\||·|-|–)?\s+(?:am|vom"
    r"|on|um)?\s*\d{1,2}\.\s?(?:\d{1,2}\.|\w+)",
    re.I,
)
_EMPTY_STAR = re.compile(r"empty|off\b|leer|grey|gray|outline|inactive", re.I)
_USER_NAMES = "[class*=user-name], [class*=username]"
_MAX_REGIONS = 5000
_MAX_BOXES = 2000
_MAX_BOX_ELEMENTS = 600


def shown_reviews(document: Document) -> list[Review]:
    """The visible reviews; the result is kept with the document, since recognising and reading both ask for it."""
    if "shown_reviews" not in document.cache:
        document.cache["shown_reviews"] = _shown(document)
    found: list[Review] = document.cache["shown_reviews"]
    return found


def _shown(document: Document) -> list[Review]:
    for widget in WIDGETS:
        if items := select(document.root, widget.item):
            read = affordable(document, _first_boxes(items, document))
            reviews = [review for item in read if (review := _from_widget(item, widget, document)) is not None]
            if reviews:
                return reviews
    return _from_boxes(document)


def _first_boxes(items: list[Element], document: Document) -> list[Element]:
    if len(items) > MAX_REVIEWS:
        left = len(items) - MAX_REVIEWS
        document.notes.append(f"too_many_reviews: {left} after the first {MAX_REVIEWS} were not read")
    return items[:MAX_REVIEWS]


def _from_widget(item: Element, widget: Widget, document: Document) -> Review | None:
    body = first(item, widget.body)
    text = read_body(body, noise=(widget.reply, *REPLY_BOXES)).text if body is not None else ""
    if not text:
        return None
    raw_author = flat(first(item, widget.author)).strip("—–-: ")
    return Review(
        text=text,
        author=None if is_placeholder(raw_author) else raw_author,
        raw_author=raw_author,
        at=_moment(first(item, widget.date), document),
        rating=_rating(first(item, widget.rating)),
        title=flat(first(item, widget.title)) or None,
        native_id=item.get(widget.id_attribute) or None,
        replies=tuple(_replies(item, widget, document)),
    )


def _replies(item: Element, widget: Widget, document: Document) -> Iterator[Reply]:
    for node in select(item, widget.reply):
        if text := read_body(node).text:
            yield Reply(text=text, author=None, at=_moment(first(node, "time"), document), native_id=node.get("id"))
            return


def _moment(node: Element | None, document: Document) -> Moment:
    if node is None:
        return UNKNOWN
    for name in ("datetime", "data-content", "data-time", "data-timestamp", "title", "content"):
        if (moment := parse_machine(node.get(name), document.hints)).at:
            return moment
    return parse_text(flat(node), document.hints)


def _rating(node: Element | None) -> Rating | None:
    if node is None:
        return None
    for name in ("data-score", "data-rating", "data-stars"):
        if node.get(name) and (value := number(node.get(name))) is not None:
            return scaled(value)
    inner = first(node, ".value, .value-title, [class*=rating-value]")
    if inner is not None:
        best = first(node, ".best")
        value = number(inner.get("title") or flat(inner))
        return scaled(value, number(flat(best)) if best is not None else None) if value is not None else None
    for text in (node.get("aria-label"), node.get("title"), flat(node)):
        if text and (rating := parse_rating(text)):
            return rating
    return _drawn(node)


def _drawn(node: Element) -> Rating | None:
    """Stars drawn as elements: the empty ones say so in their class."""
    stars = [
        part for part in node.iter() if isinstance(part.tag, str) and any(_is_star(name) for name in classes(part))
    ]
    leaves = [star for star in stars if not any(star is other.getparent() for other in stars)]
    if not 1 <= len(leaves) <= 10:
        return None
    full = sum(not _EMPTY_STAR.search(star.get("class")) for star in leaves)
    return scaled(float(full), float(max(5, len(leaves))), 0.0 if full == 0 else None)


def _is_star(name: str) -> bool:
    return (
        re.search(r"(?:^|[-_])(?:star|stern|kugel)(?:$|[-_])", name, re.I) is not None and "rating" not in name.lower()
    )


def shown_comments(document: Document) -> list[Review]:
    """Boxes with a name, a date and a text, rated or not: candidates for the texts of reviews stated without one."""
    return _from_boxes(document, unrated=True)


def _from_boxes(document: Document, *, unrated: bool = False) -> list[Review]:
    best: list[Review] = []
    region = _LOOSE_REGION if unrated or select(document.root, _RATED_PAGE) else _REGION
    left = _MAX_BOXES
    for boxes in _groups(document.root, region, least=1 if unrated else 2):
        if len(boxes) > left:
            document.notes.append(f"too_many_boxes: only {_MAX_BOXES} were tried as reviews")
        if not left:
            break
        boxes, left = boxes[:left], max(0, left - len(boxes))
        reviews = [review for box in boxes if (review := _from_box(box, document, unrated=unrated)) is not None]
        if len(reviews) > len(best) and len(reviews) * 2 > len(boxes):
            best = reviews
    return best


def _groups(root: Element, name: re.Pattern[str], *, least: int) -> Iterator[list[Element]]:
    """Siblings of one shape inside a part of the page that names itself after reviews."""
    seen: set[Element] = set()
    for region in select(root, "[id], [class]"):
        if region in seen or not name.search(f"{region.get('id') or ''} {region.get('class') or ''}"):
            continue
        for parent in (region, *region.iterdescendants("div", "ul", "ol", "section")):
            if parent in seen:
                continue
            if len(seen) > _MAX_REGIONS:
                return
            seen.add(parent)
            by_shape: dict[tuple[str, frozenset[str]], list[Element]] = {}
            for child in parent:
                if child.tag in {"div", "li", "article", "blockquote", "section"}:
                    by_shape.setdefault((child.tag, classes(child)), []).append(child)
            yield from (boxes for boxes in by_shape.values() if least <= len(boxes))


def _from_box(box: Element, document: Document, *, unrated: bool) -> Review | None:
    if size(box) > _MAX_BOX_ELEMENTS:
        return None
    rated = next((node for node in select(box, "[class]") if _RATED.search(node.get("class"))), None)
    rating = _rating(rated) or parse_rating(attribute(box, "[aria-label*=von], [title*=von]", "title"))
    body = _body(box)
    if body is None or (rating is None and not unrated):
        return None
    head = " ".join(flat(node) for node in _heads(box, body))
    moment = parse_text(head, document.hints)
    text = read_body(body, noise=REPLY_BOXES).text
    if moment.at is None or len(text.split()) < 2:
        return None
    raw_author = _byline(box, head)
    return Review(
        text=text,
        author=None if is_placeholder(raw_author) else raw_author,
        raw_author=raw_author,
        at=moment,
        rating=rating,
        native_id=box.get("id"),
    )


def _body(box: Element) -> Element | None:
    """The longest innermost part that names itself a text, else the longest paragraph; never one around the stars."""
    marked = [node for node in select(box, "p, div, span, td, dd, q") if _BODY_CLASS.search(node.get("class") or "")]
    outer = {parent for node in marked for parent in node.iterancestors()}
    inner = [node for node in marked or select(box, "p") if node not in outer and not select(node, "[class*=star]")]
    return max(inner, key=lambda node: len(flat(node)), default=None)


def _heads(box: Element, body: Element) -> Iterator[Element]:
    """The box's short labels outside the body."""
    own = {body, *body.iterdescendants()}
    for node in select(box, "small, time, span, div, p, strong, b, em, footer, header, cite"):
        if not len(node) and node not in own and 0 < len(flat(node)) <= 120:
            yield node


def _byline(box: Element, head: str) -> str:
    named = first(box, "[class*=author], [class*=Author], [class*=autor], [itemprop=author], cite.fn", _USER_NAMES)
    if named is not None and 0 < len(flat(named)) <= 60:
        return re.sub(r"^(?:von|by)\s*:?\s+", "", flat(named), flags=re.I)
    match = _BYLINE.search(head)
    return match["name"].strip() if match else ""
