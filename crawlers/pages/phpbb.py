"""phpBB 3.0 to 3.3: topics and forums in prosilver and its children, and in table skins such as subsilver2."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.body import BodyText, read_body
from crawlers.pages.dates import UNKNOWN, Moment, parse_machine, parse_text
from crawlers.pages.document import (
    Document,
    Element,
    affordable,
    brief,
    classes,
    first,
    flat,
    has,
    select,
    whole_number,
)
from crawlers.pages.page import Page, Post
from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.posts import MAX_POSTS, build_page, collect, followable, next_link, own_title, page_title
from crawlers.pages.urls import clean_url
from crawlers.pages.zones import stated_zone

SOFTWARE = "phpbb"

_POST_ID = re.compile(r"^p(?:ost)?_?(\d+)$")
_POST_REFERENCE = re.compile(r"#p(\d+)|[?&;]p=(\d+)|^(?:post_?)?(\d+)$")
_QUOTES = (
    "blockquote",
    ".quotecontent",
    ".quotewrapper",
    ".quotetitle",
)
_NOISE = (
    ".postprofile, .post-profile, .postauthor, .profile-icons, .post-buttons, .postbuttons, p.author, h3",
    ".post-title, .back2top",
    ".codebox, .attachbox, .inline-attachment, .attachtitle, .attachcontent, .notice, .signature, .post-notice, .rules",
    ".postlikes, .thanks, .post-reactions, .reactions, .sig, [id^=sig]",
)
_BODIES = (
    ".postbody .content",
    ".post-content .content",
    ".content",
    ".post-text",
    ".posttext",
    ".postbody",
    ".message",
    ".post_body",
)
_EXPECTED = re.compile(r"(?<!\d)(\d[\d.,\u00a0 ]*)\s*(?:Beiträge?n?|Beitrag|posts?|messages?)\b", re.I)
_DATE_LABEL = re.compile(r"(?:Verfasst|Geschrieben|Erstellt|Posted|Postet)\s*(?:am|on)?\s*:?\s*", re.I)


def recognises(document: Document) -> bool:
    """Whether the page is a phpBB board's, by its body, its templates or its own wording."""
    body = document.root.find(".//body")
    names = (body.get("class") or "") if body is not None else ""
    if body is not None and (
        body.get("id") == "phpbb" or re.search(r"\bsection-(?:view|index|app|ucp|post)|\bnojs notouch\b", names)
    ):
        return True
    if select(document.root, "a.topictitle, a.forumtitle, dl.postprofile, #phpbb, b.postauthor"):
        return True
    script = urlsplit(document.url).path.rsplit("/", 1)[-1]
    powered = select(document.root, "a[href*='phpbb.com'], a[href*='phpbb.de']")
    return script in {"viewtopic.php", "viewforum.php"} and bool(powered or _containers(document))


def read(document: Document) -> Page:
    """A topic's posts or a forum's topics."""
    document = replace(document, hints=replace(document.hints, tz=stated_zone(document)))
    if _is_topic(document):
        return _topic(document)
    links = followable(
        document, [*select(document.root, "a.topictitle"), *select(document.root, "a.forumtitle, a.subforum")]
    )
    listing = bool(links) or "viewforum" in document.url
    return build_page(
        document,
        software=SOFTWARE,
        kind="listing" if listing else "other",
        title=page_title(document, "h2.forum-title", "#pageheader h2", "#page-body h2"),
        links=links,
        next_page=_next_page(document) if listing else None,
        notes=() if listing else ["no topic and no forum on this page"],
    )


def _is_topic(document: Document) -> bool:
    body = document.root.find(".//body")
    names = (body.get("class") or "") if body is not None else ""
    return "section-viewtopic" in names or "viewtopic" in urlsplit(document.url).path or bool(_containers(document))


def _topic(document: Document) -> Page:
    title = page_title(document, "h2.topic-title", "a.titles", ".topic-title", "#page-body h2", "h1.topic-title")
    containers, deleted = _standing(_containers(document))
    collected = collect(containers, lambda container: _post(document, container, title))
    return build_page(
        document,
        software=SOFTWARE,
        kind="thread",
        title=title,
        collected=collected,
        next_page=_next_page(document),
        expected_posts=_expected(document),
        notes=[
            *([] if containers else ["empty_thread: a topic's address, but no post on the page"]),
            *([f"deleted_post: {deleted} withdrawn by their authors or the board"] if deleted else []),
        ],
    )


def _standing(containers: list[Element]) -> tuple[list[Element], int]:
    """The posts that stand, and the number of deleted ones: the page still carries their words, but hides them."""
    standing = [node for node in containers if "deleted" not in classes(node)]
    return standing, len(containers) - len(standing)


def _containers(document: Document) -> list[Element]:
    """The posts' boxes: by element id, in table skins the table around the post's anchor."""
    if "phpbb" not in document.cache:
        document.cache["phpbb"] = _boxes(document)
    found: list[Element] = document.cache["phpbb"]
    return found


def _boxes(document: Document) -> list[Element]:
    named = [node for node in select(document.root, "[id^=p]") if _POST_ID.match(node.get("id"))]
    posts = [node for node in affordable(document, named) if has(node, *_BODIES)]
    if posts:
        return posts
    anchors = (anchor for anchor in select(document.root, "a[name^=p]") if _POST_ID.match(anchor.get("name")))
    tables = (_table_of(anchor) for anchor in islice(anchors, MAX_POSTS))
    return affordable(document, (table for table in tables if table is not None))


def _table_of(anchor: Element) -> Element | None:
    for table in anchor.iterancestors("table"):
        if has(table, ".postbody"):
            return table
    return None


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    number = _number(container)
    body = first(container, *_BODIES)
    if body is None:
        return None
    words = read_body(body, quotes=_QUOTES, noise=_NOISE)
    moment = _moment(document, container, body)
    author = _author(container)
    profile = first(container, ".postprofile, .post-profile, td.profile, .post-author")
    subject = flat(first(container, ".postbody h3 a, h3 a, .post-title a, td.gensmall div a[href^='#p']"))
    return Post(
        native_id=f"p{number}",
        author=author,
        author_role=role_of(author, badges=_rank(container), known=profile is not None),
        published_at=moment.at,
        date_precision=moment.precision,
        title=own_title(subject, thread),
        text=words.text,
        parent_id=_parent(words),
        permalink=_permalink(document, container, number),
    )


def _number(container: Element) -> str:
    for name in (container.get("id"), *(anchor.get("name") for anchor in select(container, "a[name^=p]"))):
        if name and (match := _POST_ID.match(name)):
            return match.group(1)
    return ""


def _author(container: Element) -> str | None:
    for css in (
        ".postprofile .username, .postprofile .username-coloured, .postprofile .guest",
        "p.author .username, p.author .username-coloured, .author .username, .author .username-coloured",
        "p.author strong, .author strong",
        "b.postauthor, .postauthor",
        ".postprofile dt a, .postprofile dt strong",
        ".username, .username-coloured",
    ):
        for node in select(container, css):
            name = flat(node)
            if name:
                return None if is_placeholder(name) else name
    return None


def _rank(container: Element) -> str:
    """Rank titles and rank pictures of the profile box; labelled lines ("Wohnort: ...") are no ranks."""
    parts = [flat(node) for node in select(container, ".profile-rank, .rank, .postrank, td.profile td.postdetails")]
    labels = select(container, ".postprofile dd")
    parts.extend(text for node in labels if not select(node, "strong, b") and ":" not in (text := flat(node)))
    images = select(container, ".postprofile dd img, td.profile img, .profile-rank img")
    return " | ".join([*parts, *(f"{image.get('alt') or ''} {image.get('title') or ''}" for image in images)])


def _moment(document: Document, container: Element, body: Element) -> Moment:
    inside = set(body.iter("time"))
    for node in select(container, "time[datetime]"):
        if node not in inside and (moment := parse_machine(node.get("datetime"), document.hints)).at:
            return moment
    for node in select(container, "p.author, .author, .post-date, .postdate, td.gensmall, .responsive-hide"):
        text = flat(node)
        tail = text.rpartition("»")[2] if "»" in text else _DATE_LABEL.split(text)[-1]
        if (moment := parse_text(tail, document.hints)).at:
            return moment
    return UNKNOWN


def _parent(words: BodyText) -> str | None:
    for target in words.quoted:
        if match := _POST_REFERENCE.search(target):
            return f"p{next(filter(None, match.groups()))}"
    return None


def _permalink(document: Document, container: Element, number: str) -> str:
    url = document.absolute(_own_link(container, f"#p{number}", f"p={number}")) or document.url
    return f"{clean_url(url)}#p{number}"


def _own_link(container: Element, fragment: str, parameter: str) -> str | None:
    """The post's link to itself: in the line of its author, or with its number as a parameter."""
    beside_author = set(select(container, "p.author a[href]"))
    for link in select(container, "a[href]"):
        href: str = link.get("href")
        if href.endswith(fragment) and (link in beside_author or parameter in href):
            return href.strip() or None
    return None


def _expected(document: Document) -> int | None:
    for node in select(document.root, ".pagination, .topic-actions, .action-bar, td.gensmall, .nav"):
        if match := _EXPECTED.search(brief(node, 2000)):
            return whole_number(match.group(1))
    return None


def _next_page(document: Document) -> str | None:
    marked = next_link(
        document, "li.arrow.next a[href]", ".pagination li.next a[href]", ".pagination a.next", "a.right-box.right"
    )
    if marked:
        return marked
    return _after_current(document) or _by_offset(document)


def _after_current(document: Document) -> str | None:
    """In phpBB 3.0 the current page is a bare number among links: the next page is the link with one more."""
    for bar in select(document.root, ".pagination, td.gensmall, td.nav"):
        links = {text: link for link in reversed(select(bar, "a[href]")) if (text := brief(link, 6)).isdecimal()}
        if not links:
            continue
        for node in select(bar, "strong, li.active span, b"):
            number = "" if _inside_link(node) else brief(node, 6)
            link = links.get(str(int(number) + 1)) if number.isdecimal() else None
            url = document.absolute(link.get("href")) if link is not None else None
            if url:
                return clean_url(url)
    return None


def _inside_link(node: Element) -> bool:
    return any(True for _ in node.iterancestors("a"))


def _by_offset(document: Document) -> str | None:
    """Last resort: the smallest `start` after this page's among links to the same topic or forum."""
    here = parse_qs(urlsplit(document.url).query)
    path = urlsplit(document.url).path
    following: dict[int, str] = {}
    for link in select(document.root, "a[href*='start=']"):
        url = document.absolute(link.get("href"))
        query = parse_qs(urlsplit(url).query) if url else {}
        if url is None or urlsplit(url).path != path or query.get("t") != here.get("t") or "sk" in query:
            continue
        start = query.get("start", [""])[0]
        if start.isdigit() and int(start) > int(here.get("start", ["0"])[0] or 0):
            following.setdefault(int(start), clean_url(url))
    return following[min(following)] if following else None
