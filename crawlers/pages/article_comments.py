"""Comments under articles of systems that we don't know by name: a loose reader, and it says so."""

from __future__ import annotations

import re

from crawlers.pages import commenting
from crawlers.pages.commenting import COMMENT_WORDS
from crawlers.pages.document import Document, Element, affordable, brief, has, select, size
from crawlers.pages.page import Page, Post
from crawlers.pages.people import role_of
from crawlers.pages.posts import build_page, collect, page_title
from crawlers.pages.urls import clean_url

SOFTWARE = "article_comments"
# A part with the text alone is no unit: a quote in it brings a name and a date of somebody else.
_NO_UNITS = commenting.META_WORDS | frozenset(
    re.findall(
        r"\w+",
        """
    title recent recentcomments latest neueste widget sidebar teaser link list area section toggle headline hint
    rules policy write new pagination nav empty closed text txt message inhalt copy
""",
    )
)
_TAGS = frozenset({"div", "li", "article", "section", "dl", "tr", "td", "p", "blockquote", "aside"})
_MIN_WORDS = 1
_WIDGETS = frozenset({"recent", "recentcomments", "latest", "neueste", "widget", "sidebar"})
MAX_JUDGED = 60_000
JUDGEMENT = 12
MAX_COMMENT = 4000
"""Elements; what is larger is no comment."""
"""Elements that are looked at to find the comments, those of nested parts counted once for each."""


def recognises(document: Document) -> bool:
    """Whether parts of the page are marked as comments and each has an author or a date."""
    return bool(_units(document))


def read(document: Document) -> Page:
    """The comments of the page, with a note that they were read without knowing the system."""
    units = _units(document)
    others = set(units)
    collected = collect(affordable(document, units), lambda unit: _post(document, unit, others))
    return build_page(
        document,
        software=SOFTWARE,
        kind="comments",
        title=page_title(document, "article h1", "h1"),
        collected=collected,
        notes=["fallback: comments read by the names of page parts, the system is unknown"],
    )


def _units(document: Document) -> list[Element]:
    """The innermost parts that are marked as comments and have both a frame (author or date) and words."""
    if "article_comments" not in document.cache:
        left_out = _left_out(document)
        marked = [node for node in document.root.iter(*_TAGS) if _is_marked(node) and node not in left_out]
        document.cache["article_comments"] = _innermost(marked)
    found: list[Element] = document.cache["article_comments"]
    return found


def _innermost(marked: list[Element]) -> list[Element]:
    """The units that hold no other one, in page order; parts nested in each other are judged from the inside."""
    around: set[Element] = set()
    units, spent = list[Element](), 0
    for node in reversed(marked):
        if node in around:
            continue
        # A judgement has its price also where a part is empty.
        spent += size(node) + JUDGEMENT
        if spent > MAX_JUDGED:
            break
        if _is_unit(node):
            units.append(node)
            for parent in node.iterancestors():
                if parent in around:
                    break
                around.add(parent)
    return units[::-1]


def _is_marked(node: Element) -> bool:
    tokens = commenting.words_of(node.get("class") or "")
    return any(token & COMMENT_WORDS and not token & _NO_UNITS for token in tokens)


def _left_out(document: Document) -> set[Element]:
    """What stands in forms and in lists of the newest comments of the whole site."""
    found: set[Element] = set()
    for node in document.root.iter():
        if node in found or not isinstance(node.tag, str):
            continue
        if commenting.has_word(node, _WIDGETS) or (node.tag == "form" and not _holds_page(node)):
            found.update(node.iterdescendants())
    return found


def _holds_page(form: Element) -> bool:
    """Whether a form is the frame of the whole page, as ASP.NET makes it."""
    return has(form, "h1", "main", "article")


def _is_unit(node: Element) -> bool:
    if size(node) > MAX_COMMENT:
        return False
    if select(node, "textarea, input[type=email]") and not commenting.has_date(node):
        return False
    if not (commenting.has_date(node) or commenting.author(node)):
        return False
    return len(commenting.words(node).text.split()) >= _MIN_WORDS


def _post(document: Document, unit: Element, units: set[Element]) -> Post | None:
    own = commenting.own_part(unit, units)
    around = _around(unit, units)
    number = commenting.number(own) or (commenting.number(around) if around is not None else None)
    name = commenting.author(own)
    moment = commenting.moment(own, document)
    title = _title(own, name)
    return Post(
        native_id=number,
        author=name,
        author_role=role_of(name, known=False),
        published_at=moment.at,
        date_precision=moment.precision,
        title=title,
        text=commenting.words(own).text,
        permalink=clean_url(document.url) + (f"#{number}" if number else ""),
    )


def _title(own: Element, name: str | None) -> str | None:
    for heading in select(own, "h3, h4, h5, h6, [property='schema:name']"):
        text = brief(heading, 200)
        if text and (name is None or name not in text) and not commenting.has_date(heading):
            return text
    return None


def _around(unit: Element, units: set[Element]) -> Element | None:
    """The frame of a comment whose id stands on an outer element."""
    frame = None
    for parent in list(unit.iterancestors())[:3]:
        if parent.tag in {"body", "main"} or any(node in units and node is not unit for node in parent.iter()):
            break
        if commenting.number(parent):
            frame = parent
    return frame
