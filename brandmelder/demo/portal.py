"""The demo's review portal: two pages state their reviews in JSON-LD, two in microdata; newest first, with paging."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from brandmelder.demo.answer import Answer, Request, long_date, templates
from brandmelder.demo.content import PORTAL_NAME, Review, ReviewPage, World

REVIEWS_PER_PAGE = 10
ROBOTS = """User-agent: *
Disallow: /konto/
Disallow: /melden/
Disallow: /suche
"""


class Portal:
    """Answers requests for the portal's pages from the world's reviews; keeps no state."""

    name = PORTAL_NAME

    def __init__(self, world: World) -> None:
        self._pages = {page.slug: page for page in world.pages}
        self._environment = templates()

    def answer(self, request: Request) -> Answer:
        """The page for a request; 403 for members' pages, 404 for what does not exist."""
        if request.path == "/robots.txt":
            return Answer(ROBOTS, content_type="text/plain; charset=utf-8")
        if request.path == "/":
            return self._index(request)
        if any(request.path.startswith(line.split()[-1]) for line in ROBOTS.splitlines()[1:]):
            return self._message(403, "Bitte melden Sie sich an.")
        kind, _, name = request.path.strip("/").partition("/")
        if kind == "erfahrungen" and name in self._pages:
            return self._reviews(request, self._pages[name])
        if kind == "bewertung":
            return self._permalink(name)
        return self._message(404, "Diese Seite gibt es nicht.")

    def _index(self, request: Request) -> Answer:
        pages = list(self._pages.values())
        items = [
            {"@type": "ListItem", "position": position, "name": page.name, "url": request.base + _address(page, 1)}
            for position, page in enumerate(pages, start=1)
        ]
        linked_data = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
        return self._page("portal_index.html", pages=pages, linked_data=linked_data)

    def _reviews(self, request: Request, page: ReviewPage) -> Answer:
        current, total = request.number("seite", 1), len(page.reviews)
        pages = -(-total // REVIEWS_PER_PAGE)
        if not 1 <= current <= pages:
            return self._message(404, "So viele Bewertungen gibt es hier noch nicht.")
        shown = page.reviews[(current - 1) * REVIEWS_PER_PAGE : current * REVIEWS_PER_PAGE]
        counts = Counter(review.stars for review in page.reviews)
        marked = page.markup == "microdata"
        return self._page(
            "portal_page.html",
            base=request.base,
            page=page,
            pages=pages,
            current=current,
            address=lambda number: _address(page, number),
            reviews=shown,
            marked=marked,
            linked_data=None if marked else _linked_data(page, shown, request.base),
            average=_average(page),
            total=total,
            counts=[(stars, counts[stars]) for stars in range(5, 0, -1)],
            german=long_date,
        )

    def _permalink(self, name: str) -> Answer:
        """Redirects to the place where a review stands today: newer ones push it to later pages."""
        for page in self._pages.values():
            for place, review in enumerate(page.reviews):
                if str(review.id) == name:
                    target = f"{_address(page, place // REVIEWS_PER_PAGE + 1)}#bewertung-{review.id}"
                    return Answer("", status=302, headers=(("Location", target),))
        return self._message(404, "Diese Bewertung gibt es nicht.")

    def _message(self, status: int, message: str) -> Answer:
        return replace(self._page("portal_message.html", message=message), status=status)

    def _page(self, template: str, **values: object) -> Answer:
        return Answer(self._environment.get_template(template).render(portal_name=PORTAL_NAME, **values))


def _address(page: ReviewPage, number: int) -> str:
    return f"/erfahrungen/{page.slug}" + (f"?seite={number}" if number > 1 else "")


def _average(page: ReviewPage) -> float:
    return sum(review.stars for review in page.reviews) / len(page.reviews)


def _linked_data(page: ReviewPage, shown: tuple[Review, ...], base: str) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": page.name,
        "description": page.about,
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": f"{_average(page):.1f}",
            "reviewCount": len(page.reviews),
            "bestRating": 5,
            "worstRating": 1,
        },
        "review": [_stated(review, page, base) for review in shown],
    }


def _stated(review: Review, page: ReviewPage, base: str) -> dict[str, Any]:
    """One review as schema.org states it; what it lacks (title, text, answer) is left out."""
    stated: dict[str, Any] = {
        "@type": "Review",
        "identifier": str(review.id),
        "url": f"{base}/bewertung/{review.id}",
        "author": {"@type": "Person", "name": review.author},
        "datePublished": review.at.isoformat(),
        "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5, "worstRating": 1},
    }
    if review.title:
        stated["name"] = review.title
    if review.text:
        stated["reviewBody"] = review.text
    if review.reply:
        stated["comment"] = {
            "@type": "Comment",
            "author": {"@type": "Organization", "name": page.name},
            "datePublished": review.reply.at.isoformat(),
            "text": review.reply.text,
        }
    return stated
