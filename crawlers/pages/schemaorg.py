"""Review pages: schema.org reviews by the rules that broken shops taught, with the visible HTML as fallback."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from crawlers.pages.dates import UNKNOWN
from crawlers.pages.document import Document, Element, select, whole_number
from crawlers.pages.embedded_state import embedded_reviews
from crawlers.pages.fuller import key_text, starts_alike, with_full_texts
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import Collected, build_page, followable, page_title
from crawlers.pages.shown_reviews import shown_comments, shown_reviews
from crawlers.pages.structured import Reply, Review, json_ld, stated_reviews, walk
from crawlers.pages.urls import canonical_url, clean_url

SOFTWARE = "schemaorg"

_MIN_WORDS = 2
_ANSWER = re.compile(
    r"(?:^|(?<=[.!?…] ))\W{0,10}(?:(?:Antwort|Kommentar|Stellungnahme|Rückmeldung) (?:des|der|vom|von der)"
    r" (?:Inhaber|Eigentümer|Händler|Verkäufer|Hersteller"
    r"|Betreiber|Anbieter|Shop|Firma|Unternehmen|Geschäftsführ)\w*|(?:Owner|Business|Seller) response"
    r"|Response from the owner)\b[^\n:]{0,60}(?::|$)",
    re.I | re.M,
)
_PRODUCT_TYPES = re.compile(
    r"(?:Product|ProductGroup|Recipe|LodgingBusiness|Hotel|LocalBusiness|Organization|Restaurant|Book|SoftwareApplication|Service|Place)$"
)
_PRODUCT_LINKS = (
    "[itemtype$='/Product'] a[itemprop~=url], a[itemprop~=url][href]",
    ".product-box a.product--title, .product--box a[href], .product-box a.product-name, .product-name a",
    ".product-image-link",
    "li.product a.woocommerce-LoopProduct-link, li.product > a[href], .product-item-link, .product-title a",
    ".product-card a[href]",
    "[itemtype$='/ListItem'] a[itemprop~=item]:not([itemtype])",
    "a[href*='/bewertungen'], a[href*='/reviews'], a[href*='/rezensionen'], a[href*='/erfahrungen']",
)
_REVIEWED = {"review", "reviews", "aggregateRating"}
_PAGE_PARAMETER = re.compile(r"(?:\w*(?:page|seite)\w*|p|pg|offset|start|from|o)=\d+$", re.I)
_NEXT = (
    "link[rel~=next][href], a[rel~=next][href]",
    ".pagination a.next[href]",
    ".pagination .next a[href]",
    "a.pagination-next[href], a[class*=next-page][href], li.next a[href], a.next[href]",
    "a[aria-label*='chste'][href], a[title*='chste Seite'][href], a[aria-label*=Next][href], a[aria-label*=next][href]",
)


def recognises(document: Document) -> bool:
    """Whether the page states or shows reviews, or is a list of products that have some."""
    return bool(
        select(
            document.root,
            "[itemtype*='/Review'], [typeof*=Review], .hreview, [itemtype$='/AggregateRating'], [itemtype$='/Product']",
        )
        or any(_mentions_reviews(script) for script in select(document.root, "script[type*='ld+json']"))
        or embedded_reviews(document)
        or shown_reviews(document)
    )


def _mentions_reviews(script: Element) -> bool:
    return re.search(r'"(?:\w*Review|AggregateRating|Product|ItemList)"', script.text or "") is not None


def read(document: Document) -> Page:
    """A page's reviews, or the product links of a list."""
    reviews, notes = usable_reviews(document)
    collected = Collected()
    for review in reviews:
        for post in _posts(review, document):
            collected.add(post)
    links = followable(document, _product_links(document))
    if collected.posts or reviews:
        kind, title = "reviews", _subject(document) or page_title(document, "h1")
    else:
        kind, title = ("listing" if len(links) > 1 else "other"), page_title(document, "h1")
        if kind == "other":
            notes.append("no review with a text on this page")
    return build_page(
        document,
        software=SOFTWARE,
        kind="reviews" if kind == "reviews" else "listing" if kind == "listing" else "other",
        title=title,
        collected=collected,
        links=links,
        next_page=_next_page(document),
        expected_posts=_expected(document) if kind == "reviews" else None,
        notes=notes,
    )


def usable_reviews(document: Document) -> tuple[list[Review], list[str]]:
    """The reviews with a real text, each once, and notes on what was left out.

    A text of less than two words, or the same under two or more reviews, is a template's filler: the visible page is
    asked instead, and where it has nothing either, the review is dropped and counted.
    """
    shown = shown_reviews(document)
    unique = _without_duplicates(stated_reviews(document))
    fillers = _fillers(unique)
    if any(_is_filler(review, fillers) for review in unique):
        shown_texts = [*shown, *shown_comments(document)]
        filled = [_filled(review, shown_texts, fillers) for review in unique]
    else:
        filled = [*unique]
    stated = with_full_texts([review for review in filled if review is not None], document)
    notes = (
        [f"review_without_text: {len(filled) - len(stated)} had only a rating or a filler"]
        if len(stated) < len(filled)
        else []
    )
    if not stated and (embedded := embedded_reviews(document)):
        stated = embedded
        notes.append("reviews read from the page's embedded data: its markup states none with a text")
    elif not stated and shown:
        stated = shown
        notes.append("reviews read from the visible page: its markup states none with a text")
    return _without_duplicates(stated), notes


def _fillers(reviews: Iterable[Review]) -> frozenset[str]:
    """Texts that a template puts under many reviews; two customers of a dozen may both write "Alles bestens"."""
    counts = Counter(key_text(review.text) for review in reviews)
    many = sum(counts.values()) / 4
    return frozenset(text for text, count in counts.items() if count > 1 and count >= many)


def _is_filler(review: Review, fillers: frozenset[str]) -> bool:
    return len(review.text.split()) < _MIN_WORDS or key_text(review.text) in fillers


def _filled(review: Review, shown: list[Review], fillers: frozenset[str]) -> Review | None:
    if not _is_filler(review, fillers):
        return review
    match = next((other for other in shown if _same_person_and_day(review, other)), None)
    return replace(review, text=match.text, title=review.title or match.title) if match else None


def _same_person_and_day(stated: Review, shown: Review) -> bool:
    if stated.raw_author.casefold() != shown.raw_author.casefold() or not stated.raw_author:
        return False
    return stated.at.at is None or shown.at.at is None or stated.at.at.date() == shown.at.at.date()


def _without_duplicates(reviews: list[Review]) -> list[Review]:
    """Each review once: the same author (where both name one), day (where both have one) and text.

    Texts count as one by their first 80 characters, a text cut with dots by what it has.
    """
    kept: list[Review] = []
    by_text: dict[str, list[int]] = {}
    for review in reviews:
        keys = _places(review)
        places = (place for key in keys for place in by_text.get(key, ()))
        twin = next((place for place in places if _is_twin(kept[place], review)), None)
        if twin is None:
            for key in keys:
                by_text.setdefault(key, []).append(len(kept))
            kept.append(review)
        else:
            kept[twin] = _merged(kept[twin], review)
    return kept


def _places(review: Review) -> tuple[str, str]:
    """Where a text's twins are filed: under its first words and its author, and under its first 80 characters."""
    key = key_text(review.text)
    return f"{key[:12]}\n{review.raw_author.casefold()}", key[:80]


def _is_twin(one: Review, other: Review) -> bool:
    return _may_be_same(one, other) and starts_alike(one.text, other.text)


def _may_be_same(one: Review, other: Review) -> bool:
    authors = {review.raw_author.casefold() for review in (one, other) if review.raw_author}
    days = {review.at.at.date() for review in (one, other) if review.at.at is not None}
    ids = {review.native_id for review in (one, other) if review.native_id}
    if one.element is not None and other.element is not None and (not authors or not days):
        return False
    return len(authors) <= 1 and len(days) <= 1 and (len(ids) <= 1 or bool(authors and days))


def _merged(one: Review, other: Review) -> Review:
    """The first of two syntaxes, completed by the second."""
    return replace(
        one,
        text=other.text if len(other.text) > len(one.text) else one.text,
        author=one.author or other.author,
        raw_author=one.raw_author or other.raw_author,
        at=one.at if one.at.at is not None else other.at,
        rating=one.rating or other.rating,
        title=one.title or other.title,
        native_id=one.native_id or other.native_id,
        permalink=one.permalink or other.permalink,
        replies=one.replies or other.replies,
        element=one.element if one.element is not None else other.element,
    )


def _posts(review: Review, document: Document) -> list[Post]:
    own, _, answer = _without_answer(review.text)
    replies = [reply for reply in review.replies if reply.text]
    if answer and not replies:
        replies = [Reply(text=answer, author=None, at=UNKNOWN, native_id=None)]
    native_id = review.native_id or (_derived_id(review, document) if replies else None)
    post = Post(
        native_id=native_id,
        author=review.author,
        author_role=role_of(review.author),
        published_at=review.at.at,
        date_precision=review.at.precision,
        title=review.title if review.title and key_text(review.title) != key_text(review.text) else None,
        text=own,
        rating=review.rating,
        permalink=review.permalink,
    )
    return [post, *(_reply_post(reply, native_id) for reply in replies)]


def _without_answer(text: str) -> tuple[str, str, str]:
    """Customer text, heading and owner's answer, where a shop prints its answer into the review's own text."""
    match = _ANSWER.search(text)
    if match is None or not text[: match.start()].strip():
        return text, "", ""
    return text[: match.start()].strip(), match.group(), text[match.end() :].strip()


def _derived_id(review: Review, document: Document) -> str:
    """A review that is answered needs a name for the answer to point to, also where the page gives it none."""
    parts = (document.url, review.raw_author, str(review.at.at), review.text[:80])
    return "review-" + hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _reply_post(reply: Reply, parent: str | None) -> Post:
    return Post(
        native_id=reply.native_id or (f"{parent}-reply" if parent else None),
        author=reply.author,
        author_role="staff",
        published_at=reply.at.at,
        date_precision=reply.at.precision,
        text=reply.text,
        parent_id=parent,
    )


def _subject(document: Document) -> str | None:
    """What is reviewed: the name of the page's product, recipe or business."""
    for node in _nodes(document):
        name, kind = node.get("name"), node.get("@type")
        if isinstance(name, str) and isinstance(kind, str) and _PRODUCT_TYPES.search(kind) and _REVIEWED & node.keys():
            return " ".join(name.split()) or None
    return None


def _nodes(document: Document) -> list[dict[str, Any]]:
    return [node for tree in json_ld(document) for node in walk(tree)]


def _expected(document: Document) -> int | None:
    """The number of reviews that the page's AggregateRating announces."""
    stated = [
        str(node.get("reviewCount") or "") for node in _nodes(document) if "AggregateRating" in str(node.get("@type"))
    ]
    marked = select(document.root, "[itemtype$='/AggregateRating'] [itemprop~=reviewCount]")
    stated.extend(element.get("content") or "".join(element.itertext()) for element in marked)
    return next((count for text in stated if (count := whole_number(text))), None)


def _next_page(document: Document) -> str | None:
    """The list's next page; shops and blogs also mark the next product or article that way, so addresses decide."""
    here = _without_page(document.url)
    for css in _NEXT:
        for element in select(document.root, css):
            url = document.absolute(element.get("href"))
            if url and document.same_site(url) and _without_page(url) == here and not same_page(url, document.url):
                return clean_url(url)
    return None


def same_page(one: str, other: str) -> bool:
    """Whether two addresses are spellings of the same page."""
    return canonical_url(one) == canonical_url(other)


def _without_page(url: str) -> str:
    parts = urlsplit(canonical_url(url))
    path = re.sub(r"(?:[/,_-](?:page|seite|pg|p)[/=_-]?\d+|[/,_-]\d{1,4}(?=$|/$|\.html?$))", "", parts.path, flags=re.I)
    query = "&".join(pair for pair in parts.query.split("&") if not _PAGE_PARAMETER.match(pair))
    return f"{parts.netloc}{path.rstrip('/')}?{query}"


def _product_links(document: Document) -> list[Element]:
    found = [element for css in _PRODUCT_LINKS for element in select(document.root, css)]
    found.extend({"href": url} for node in _nodes(document) for url in _listed(node))
    return [element for element in found if element.get("href")]


def _listed(node: dict[str, Any]) -> list[str]:
    """The addresses of an ItemList's elements, given as text, as `url`, or in the element's `item`."""
    if "ItemList" not in str(node.get("@type")):
        return []
    elements = node.get("itemListElement")
    urls: list[Any] = []
    for element in elements if isinstance(elements, list) else [elements]:
        item = element.get("item") if isinstance(element, dict) else None
        inner = item if isinstance(item, dict) else {"url": item}
        urls.append(element if isinstance(element, str) else None)
        urls.append(element.get("url") if isinstance(element, dict) else None)
        urls.append(inner.get("url") or inner.get("@id"))
    return [url for url in urls if isinstance(url, str)]
