"""Forumieren and other boards of Forumotion: topics and forums, in the skins that imitate phpBB, Invision and PunBB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from crawlers.pages.document import Document, Element, brief, classes, has, select, squeeze
from crawlers.pages.page import Page
from crawlers.pages.posts import next_link
from crawlers.pages.rules import ThreadRules, read_by
from crawlers.pages.urls import clean_url

SOFTWARE = "forumieren"

_NUMBER = re.compile(r"(?:^|\s)post--(\d{1,18})(?:\s|$)")
_HOST = re.compile(
    r"(?:^|\.)(?:forumieren\.(?:com|de|net|eu|org)|forumotion\.(?:com|net|eu)|superforum\.(?:de|fr)|aktiv-forum\.com)$"
)
_PAGE = re.compile(r"/(?P<what>[tf]\d+)(?:p(?P<offset>\d{1,7}))?-")
_PROFILE = ".postprofile, .poster-profile, .post-profile, .post-author, .user-basic-info, .author-contact"
_RULES = ThreadRules(
    software=SOFTWARE,
    posts="[class*='post--']",
    native_id=lambda box: _native_id(box),
    body=(
        ".post-entry .entry-content",
        ".post-entry",
        ".entry-content",
        ".post-content .content",
        ".content",
        ".post-content",
        "div.postbody",
        "span.postbody",
        "td.postbody",
    ),
    author=(
        ".postprofile-head strong",
        ".postprofile strong a, .postprofile a[href^='/u'] strong, .postprofile dt strong",
        "p.author a[href^='/u'], p.author strong, .author a[href^='/u']",
        "span.name strong, span.name a, .username, .post-author-name, .post-author a[href^='/u']",
        ".user .user-basic-info a, .posthead a[href^='/u'], a[href^='/u'] strong, a[href^='/u']",
    ),
    times=(
        "p.author",
        ".post-date",
        ".posthead h2, .posthead",
        ".post-head .date, .postdate",
        ".author",
        ".postdetails:not(.poster-profile)",
        "time",
    ),
    title=(
        "h1.page-title",
        "h1.cattitle",
        "h1.topic-title, .topic-title-container h1",
        "h1.ipbform, .maintitle h1",
        "h1",
    ),
    quotes=("blockquote", "dl.codebox", ".quote_content", ".quotetitle"),
    noise=(
        f"{_PROFILE}, .signature_div, [id^=sig], .postprofile-head, .postbody-head, .post-header, p.author, h3, .clear",
        ".topic-title, .profile-icons, .posting-icons, .fa_like_div, .fa_vote, .vote, .post-footer, .attachbox"
        ", .attach",
        ".spoiler_title, .code_title, .postedit, .edited, .post-options, .codebox, .pub_google, ins.adsbygoogle",
    ),
    roles=_PROFILE,
    ranks=lambda box: _bare_ranks(box),
    badges=".postprofile dl > dd:nth-of-type(1), .poster-profile > b, .poster-profile > strong"
    ", .post-author-rank, .rank"
    ", .user-rank, .postprofile-rank, .poster-profile > img[alt]",
    parent=re.compile(r"#p?(\d{1,18})$"),
    parent_form="p{}",
    permalink=(
        "h3 a[href*='#']",
        "h2 a[href*='#']",
        ".topic-title a[href*='#']",
        ".postdetails a[href*='#']",
        ".post-date a[href*='#'], .post-title a[href*='#']",
    ),
    thread_path=re.compile(r"/t\d+(?:p\d+)?-"),
    threads="a.topictitle[href], .topic-title a[href], .topictitle a[href], h2.topic-title a[href]"
    ", .row-title a[href^='/t']",
    boards="a.forumtitle[href], a.forumlink[href], .hierarchy a[href^='/f'], .forum-title a[href]"
    ", .category-title a[href^='/f']",
    list_marks="a.forumlink, a.forumtitle, a.topictitle",
    list_title=("h1.page-title", "h1.cattitle", "h1"),
)


def recognises(document: Document) -> bool:
    """Whether a page is a Forumotion board's, by its host or the servers that its scripts come from."""
    if _HOST.search((urlsplit(document.url).hostname or "").lower()):
        return True
    return has(
        document.root,
        "script[src*='illiweb.com/rs'], link[href*='illiweb.com/rs'], script[src*='illiweb.com/fa']",
        "script[src*='.forumotion.com'], link[href*='hitsk.in/rs'], script[src*='hitsk.in/rs'], #fa_toolbar",
    )


def read(document: Document) -> Page:
    """A topic's posts or a forum's topics; the number 0 is an advertisement's."""
    named = [(box, match.group(1)) for box in select(document.root, _RULES.posts) if (match := _post_class(box))]
    boxes = [box for box, number in named if number != "0"]
    page = read_by(document, _RULES, containers=_outermost(boxes))
    return page.model_copy(update={"next_page": _next_page(document)}) if page.kind != "other" else page


def _post_class(box: Element) -> re.Match[str] | None:
    return _NUMBER.search(box.get("class") or "")


def _native_id(box: Element) -> str | None:
    match = _post_class(box)
    return f"p{match.group(1)}" if match else None


def _bare_ranks(box: Element) -> Iterator[str]:
    """phpBB 2's and PunBB's skins write the rank between the avatar and the fields of the profile."""
    for profile in select(box, ".poster-profile, .user-basic-info"):
        words = [profile.text or ""]
        for part in profile:
            if part.tag == "div" or "label" in classes(part):
                break
            words.extend(("" if part.tag == "a" else brief(part, 60), part.tail or ""))
        yield squeeze(" ".join(words))[:120]


def _outermost(boxes: list[Element]) -> list[Element]:
    """Table skins mark several rows of a post: the one that holds its words counts."""
    inner = set(boxes)
    return [
        box for box in boxes if not any(parent in inner for parent in box.iterancestors()) and has(box, *_RULES.body)
    ]


def _next_page(document: Document) -> str | None:
    """The marked next page, else the smallest offset after this page's: "/t7p15-name" follows "/t7-name"."""
    if marked := next_link(document):
        return marked
    here = _PAGE.search(urlsplit(document.url).path)
    if here is None:
        return None
    following: dict[int, str] = {}
    for link in select(document.root, "a[href*='p'][href*='-']"):
        url = document.absolute(link.get("href"))
        there = _PAGE.search(urlsplit(url).path) if url and document.same_site(url) else None
        if url and there and there["what"] == here["what"] and int(there["offset"] or 0) > int(here["offset"] or 0):
            following.setdefault(int(there["offset"]), clean_url(url))
    return following[min(following)] if following else None
