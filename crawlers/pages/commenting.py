"""Comments under articles, whatever template shows them: their words, authors, times and ids by what classes say.

Templates name the parts of a comment in words ("comment-text", "kommentarDatum", "c-comment-card__timestamp"), so class
names are split into words here and judged by these.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice

from crawlers.pages.body import BodyText, read_body
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, attribute, brief, copy_of, first, flat, select
from crawlers.pages.people import is_placeholder

COMMENT_WORDS = frozenset(
    {"comment", "comments", "kommentar", "kommentare", "leserbrief", "leserbriefe", "leserkommentar", "usercomment"}
)
BODY_WORDS = frozenset({"text", "body", "content", "message", "inhalt", "copy", "entry", "txt"})
META_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    author autor meta metadata date datum time zeit timestamp avatar gravatar avartar reply antworten like likes
    dislike vote votes voting rating number says permalink info information form respond action actions share
    report melden moderation awaiting name nickname username benutzer benutzername user profile count counter
    button buttons toolbar tools badge edit login children replies vcard commentmetadata head header footer
    controls feedback flag spinner icon
""",
    )
)
_CAMEL = re.compile(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])")
_GLUED = re.compile(r"^(comments?|kommentare?)(text|body|content|message|author|date|meta|time|list|info)$")
_BODIES = (
    "[property='schema:text'], [itemprop=text], [itemprop=commentText]",
    ".wp-block-comment-content",
    ".comment-content, .comment_content, .comment-text, .comment_text, .commenttext, .commentText, .comment-entry",
)
_NAMES = (
    ".wp-block-comment-author-name",
    ".comment-author .fn, .comment-author cite, .vcard .fn, cite.fn, b.fn, span.fn",
    "[itemprop=author] [itemprop=name], [property='schema:author'] [property='schema:name'], [itemprop=author]",
    "cite",
)
_NAME_WORDS = frozenset(
    {"author", "autor", "nickname", "username", "benutzer", "benutzername", "name", "user", "verfasser", "writer"}
)
_DATE_WORDS = frozenset(
    {"date", "datum", "time", "zeit", "timestamp", "metadata", "commentmetadata", "meta", "published", "info"}
)
_BOXES = frozenset(
    {"box", "wrapper", "wrap", "container", "con", "info", "information", "link", "inner", "vcard", "meta", ""}
)
_NO_NAME = re.compile(
    r"^\W*(?:(?:zu)?antworten?|reply|melden|report|link|permalink|zitieren|teilen|#?\d+|login|anmelden)\W*$"
    r"|\d+\s*(?:Kommentare?|Comments?|Antworten|Leserbriefe?)\b|^(?:Kommentare?|Comments?|Leserbriefe?)\b",
    re.I,
)
_PERSON_LINK = re.compile(
    r"/(?:user|users|profile?|autor(?:en)?|author|mitglied(?:er)?|members?|nutzer|people)[/.?]", re.I
)
_TAIL = re.compile(
    r"\s*(?:\b(?:sagte?|schrieb|schreibt|meint(?:e)?|says|said|wrote|kommentierte?)\b\s*(?:am\b.*)?:?|[|/·•–,:]|\bam\b.*)\s*$",
    re.I,
)
_DATED = re.compile(
    r"\d{1,2}\.\s?(?:\d{1,2}\.|[A-ZÄ][a-zä]{2,9})\s?\d{2,4}|\d{4}-\d{2}-\d{2}"
    r"|\bvor \w+ (?:Sek|Min|Stunde|Tag|Woche|Monat|Jahr)"
    r"|\b(?:heute|gestern)\b|\b[A-Z][a-z]{2,8} \d{1,2}, \d{4}|\d{1,2}/\d{1,2}/\d{2,4}",
    re.I,
)
_NUMBER = re.compile(r"(?:comment|kommentar|c)?[-_]?(\d{2,20})$", re.I)
_OWN_NUMBER = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}(\d{2,20})$")
MAX_NAME = 80
LOOKED_AT = 600
"""Elements of one comment that are searched for its frame: templates need a few dozen."""
TRIED = 12
"""Elements of one comment that may turn out to be its body."""


@lru_cache(maxsize=4096)
def words_of(names: str) -> tuple[frozenset[str], ...]:
    """The words of each class in a class attribute: "c-comment-card__text" has comment, card and text."""
    return tuple(frozenset(_split(token)) for token in names.split()[:40])


def _split(token: str) -> Iterator[str]:
    for part in re.split(r"[-_]+", _CAMEL.sub("-", token[:80])):
        glued = _GLUED.match(part.lower())
        yield from glued.groups() if glued else (part.lower(),)


def has_word(element: Element, words: Collection[str]) -> bool:
    """Whether a class of the element has one of the words."""
    return any(not token.isdisjoint(words) for token in words_of(element.get("class") or ""))


def names_a(element: Element, words: Collection[str]) -> bool:
    """Whether a class of the element ends in one of the words, boxes aside: "comment-author-box" names an author,
    "field--name-comment-body" a body."""
    return any(last in words for last in _named(element.get("class") or ""))


@lru_cache(maxsize=4096)
def _named(names: str) -> tuple[str, ...]:
    parts = [[part for part in _split(token) if part not in _BOXES] for token in names.split()[:40]]
    return tuple(found[-1] for found in parts if found)


def is_meta(element: Element) -> bool:
    """Whether an element is part of a comment's frame (author, date, buttons) by its classes.

    The last part of a name decides: "comment-author-box" frames the author, "author-comment-text" is a text.
    """
    return _frames(element.get("class") or "")


@lru_cache(maxsize=4096)
def _frames(names: str) -> bool:
    for token in names.split()[:40]:
        parts = [part for part in _split(token) if part]
        if len(parts) <= 4 and not META_WORDS.isdisjoint(parts) and BODY_WORDS.isdisjoint(parts[-1:]):
            return True
    return False


def own_part(container: Element, others: Collection[Element]) -> Element:
    """A copy of a comment without those nested in it."""
    nested = [node for node in container.iterdescendants() if node in others] if others else []
    marks = [(node, node.get("data-nested-comment")) for node in nested]
    for node in nested:
        node.set("data-nested-comment", "1")
    own = copy_of(container)
    for node, before in marks:
        if before is None:
            del node.attrib["data-nested-comment"]
    for node in select(own, "[data-nested-comment], .children"):
        if node.getparent() is not None:
            node.drop_tree()
    return own


def words(own: Element) -> BodyText:
    """What the comment says: its body element if the template names one, else all but the frame."""
    for css in _BODIES:
        for body in select(own, css)[:TRIED]:
            if not _framed(body, own) and (found := _read(body)).text:
                return found
    tried = 0
    for node in islice(own.iterdescendants("div", "p", "section", "span", "td", "dd", "article"), LOOKED_AT):
        tokens = words_of(node.get("class") or "")
        if any(token & BODY_WORDS and (token & COMMENT_WORDS or len(token) == 1) for token in tokens):
            if is_meta(node) or _framed(node, own):
                continue
            if (found := _read(node)).text:
                return found
            tried += 1
        if tried == TRIED:
            break
    return _read(own)


def _framed(node: Element, own: Element) -> bool:
    for parent in node.iterancestors():
        if parent is own:
            return False
        if is_meta(parent):
            return True
    return False


def _read(body: Element) -> BodyText:
    # The frame is cleared on a copy of its own: authors and dates are still looked for in `body`.
    bare = copy_of(body)
    for node in list(bare.iterdescendants()):
        if isinstance(node.tag, str) and node.getparent() is not None and _is_frame(node):
            node.drop_tree()
    return read_body(bare, noise=(".comment-subscription-form", ".cs-rating", ".sharedaddy", ".cld-like-dislike-wrap"))


def _is_frame(node: Element) -> bool:
    if node.tag in {"time", "form", "cite", "footer", "header", "nav", "button", "h1", "h2", "h3", "h4", "h5", "h6"}:
        return node.tag != "cite" or "fn" in (node.get("class") or "") or node.getnext() is not None
    if node.tag == "a" and _PERSON_LINK.search(node.get("href") or "") and not _in_text(node):
        return True
    return is_meta(node)


def _in_text(link: Element) -> bool:
    """Whether a link stands in running text, as a mention does, and not as the name over a comment."""
    return link.getparent().tag in {"p", "li", "em", "strong", "b", "i"}


def author(own: Element) -> str | None:
    """The name that the comment shows; None for guests and where there is none."""
    for name in _shown_names(own):
        bare = _TAIL.sub("", _TAIL.sub("", name)).strip(" \t|/·•–,:")
        if bare and len(bare) <= MAX_NAME and not _NO_NAME.search(bare):
            return None if is_placeholder(bare) else bare
    return None


def _shown_names(own: Element) -> Iterator[str]:
    for css in _NAMES:
        for node in select(own, css):
            yield node.get("content") or flat(node)
    for node in islice(own.iterdescendants(), LOOKED_AT):
        if isinstance(node.tag, str) and names_a(node, _NAME_WORDS):
            inner = first(node, "strong, b", "a:not(.comment-reply-link)")
            yield flat(inner) if inner is not None and flat(inner) else _before_date(brief(node, 200))
    for link in select(own, "a[href]")[:LOOKED_AT]:
        if _PERSON_LINK.search(link.get("href")):
            yield flat(link)
    for node in select(own, "h3, h4, h5, h6, p.info, small, strong, .comment-meta, .info")[:TRIED]:
        yield _before_date(brief(node, 160))


def _before_date(text: str) -> str:
    """The name of a byline "Anna | Di, 21. April 2020"; nothing where the line has no date."""
    match = _DATED.search(text)
    if match is None:
        return text if len(text.split()) <= 4 else ""
    return re.sub(r"[,|/·•–-]?\s*(?:Mo|Di|Mi|Do|Fr|Sa|So)\w*,?\s*$", "", text[: match.start()])


def moment(own: Element, document: Document) -> Moment:
    """When the comment was written."""
    for node in select(own, "time[datetime], [itemprop=dateCreated], [property='schema:dateCreated'], abbr[title]"):
        stated = node.get("datetime") or node.get("content") or node.get("title")
        if (found := parse_machine(stated, document.hints)).at or (found := parse_text(stated, document.hints)).at:
            return found
    epoch = attribute(own, "[data-comment-timestamp]", "data-comment-timestamp")
    if (found := parse_machine(epoch, document.hints)).at:
        return found
    for line in _date_lines(own):
        if (found := parse_text(line, document.hints)).at:
            return found
    return UNKNOWN


def _date_lines(own: Element) -> Iterator[str]:
    for node in islice(own.iterdescendants(), LOOKED_AT):
        if isinstance(node.tag, str) and (node.tag == "time" or has_word(node, _DATE_WORDS)):
            following = node.getnext()
            line = " ".join(islice(node.itertext(), 30))[:300]
            # Some templates give day and hour an element each.
            if following is not None and node.get("class") and following.get("class") == node.get("class"):
                line = f"{line} {brief(following, 60)}"
            yield line
    for node in islice(own.iterdescendants("small", "h4", "h5", "h6", "span", "p", "div"), LOOKED_AT):
        text = brief(node, 120)
        if _DATED.search(text):
            yield text


def number(own: Element) -> str | None:
    """The site's number of the comment, from an id, an anchor or a data attribute."""
    if match := _OWN_NUMBER.match(own.get("id") or ""):
        return match.group(1)
    for name in ("data-comment-id", "data-commentid", "data-id", "id", "name"):
        for node in (own, *select(own, f"[{name}]")[:LOOKED_AT]):
            if match := _NUMBER.match(node.get(name) or ""):
                return match.group(1)
    return None


def has_date(own: Element) -> bool:
    """Whether a date is shown: an element for times, or a short text that is one."""
    if first(own, "time", "[itemprop=dateCreated]", "[property='schema:dateCreated']") is not None:
        return True
    return any(_DATED.search(line) for line in _date_lines(own))
