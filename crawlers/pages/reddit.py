"""Reddit: listings of its API with an own key (https://www.reddit.com/dev/api/)."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import urljoin

from crawlers.pages.answer import Answer, with_parameter
from crawlers.pages.body import clean_lines
from crawlers.pages.dates import parse_machine
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import MAX_POSTS, Collected

SOFTWARE = "reddit"
SITE = "https://www.reddit.com/"
_KINDS = frozenset({"t1", "t3"})  # comments and submissions
_GONE = frozenset({"[deleted]", "[removed]", "[gelöscht]", "[entfernt]"})


def recognises(answer: Answer) -> bool:
    """Whether the answer is a listing, or the pair of them that a submission's page is."""
    return any(listing.get("kind") == "Listing" for listing in _listings(answer))


def _listings(answer: Answer) -> list[dict[str, Any]]:
    return [answer.value] if isinstance(answer.value, dict) else answer.objects()


def read(answer: Answer) -> Page:
    """Submissions and comments that stand; withdrawn ones and those of bots are counted."""
    collected, after = Collected(), None
    for listing in _listings(answer):
        data = listing.get("data") if isinstance(listing.get("data"), dict) else {}
        children = (data or {}).get("children")
        after = (data or {}).get("after") or after
        for child in children[:MAX_POSTS] if isinstance(children, list) else ():
            if isinstance(child, dict) and child.get("kind") in _KINDS and isinstance(child.get("data"), dict):
                _add(child["data"], answer, collected)
    return Page(
        software=SOFTWARE,
        kind="feed",
        url=answer.url,
        posts=tuple(collected.posts),
        next_page=with_parameter(answer.url, "after", after) if isinstance(after, str) else None,
        notes=(*answer.document.notes, *collected.notes()),
    )


def _add(data: dict[str, Any], answer: Answer, collected: Collected) -> None:
    author, body = str(data.get("author") or ""), str(data.get("body") or data.get("selftext") or "")
    if author in _GONE or body.strip() in _GONE or data.get("removed_by_category"):
        collected.withheld["withdrawn"] += 1
    elif author == "AutoModerator":
        collected.withheld["bot"] += 1
    elif data.get("name"):
        collected.add(_post(data, author, body, answer))
    else:
        collected.add(None)


def _post(data: dict[str, Any], author: str, body: str, answer: Answer) -> Post:
    created = data.get("created_utc")
    stated = str(int(created)) if isinstance(created, int | float) else ""
    moment = parse_machine(stated, answer.document.hints)
    # Without raw_json=1 the API escapes three characters.
    raw = "raw_json=1" in answer.url
    title, text = (part if raw else html.unescape(part) for part in (str(data.get("title") or ""), body))
    text = clean_lines(text)
    return Post(
        native_id=str(data["name"]),
        author=author or None,
        author_role="staff" if data.get("distinguished") else role_of(author, known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        title=title.strip() or None if text else None,
        text=text or title.strip(),
        parent_id=str(data["parent_id"]) if data.get("parent_id") else None,
        permalink=urljoin(SITE, str(data["permalink"])) if str(data.get("permalink") or "").startswith("/r/") else None,
    )
