"""Khoros Communities (Lithium): topics and boards of its classic pages."""

from __future__ import annotations

import re

from crawlers.pages.document import Document, has
from crawlers.pages.khoros_json import NOISE, QUOTES, SOFTWARE
from crawlers.pages.page import Page
from crawlers.pages.rules import ThreadRules, by_pattern, read_by

__all__ = ["SOFTWARE", "read", "recognises"]

_TOPICS = ("td-p", "m-p", "ta-p", "qaq-p", "idi-p", "ba-p", "idc-p")
# A list's links to single messages (their last ones) lead to threads that it names by their beginning, too.
_BEGINNINGS = tuple(kind for kind in _TOPICS if kind not in {"m-p", "idc-p"})
_PATH = rf"/t5/.+/(?:{'|'.join(_TOPICS)})/\d+"
_RULES = ThreadRules(
    software=SOFTWARE,
    posts=".lia-message-view-wrapper, [class*='lia-js-data-messageUid-']",
    native_id=by_pattern(r"(?:^|messageUid-)(\d{1,18})(?:\s|$)", "data-lia-message-uid", "class"),
    body=(
        "[itemprop='text'] .lia-message-body-content",
        ".lia-message-body-content",
        ".lia-message-body",
        "[itemprop='text']",
    ),
    author=(
        ".lia-message-author-username .lia-user-name-link, .UserName .lia-user-name-link"
        ", .lia-user-name .lia-user-name-link",
        ".lia-user-name-link, .lia-user-name .login-bold, .lia-component-common-widget-user-name, .UserName",
        "[itemprop='author'] [itemprop='name']",
    ),
    times=(
        ".lia-message-posted-on .local-friendly-date, .lia-message-posted-on time",
        ".lia-message-posted-on",
        ".lia-message-post-date .local-friendly-date, .lia-message-dates .local-friendly-date",
        ".lia-message-post-date .DateTime, .lia-message-dates .DateTime",
        "[itemprop='datePublished'], [itemprop='dateCreated']",
    ),
    title=(
        "h1.lia-message-subject-banner",
        ".lia-message-subject-banner .lia-message-subject",
        ".PageTitle h1 .lia-link-navigation",
        ".lia-message-subject h1",
        "h1.lia-page-title, .PageTitle h1",
        ".lia-message-subject",
        "h1",
    ),
    quotes=QUOTES,
    noise=NOISE,
    roles=".lia-message-author-rank, .lia-user-rank-icon, .lia-component-author-rank, [class*='lia-user-rank-']",
    badges=".lia-message-author-rank, .lia-component-author-rank, .lia-user-rank-icon img, img.lia-user-rank-icon"
    ", img.lia-user-rank-icon-left, img.lia-user-rank-icon-right",
    staff=".lia-message-author-employee, .lia-employee-badge",
    deleted=".lia-message-deleted",
    permalink=("a.lia-message-permalink[href]", ".lia-message-position-in-thread a[href]", "a.permalink[href]"),
    thread_path=re.compile(_PATH),
    threads=", ".join(f"a[href*='/{kind}/']:not([href*='/jump-to/']):not([href*='/page/'])" for kind in _BEGINNINGS),
    boards="a[href*='/bd-p/']:not([href*='/page/']), a[href*='/ct-p/'], a[href*='/qa-p/']",
    list_marks=".MessageList, .lia-list-slim, .lia-component-boards-widget",
    list_title=(".PageTitle h1", "h1"),
    next_page=(".lia-paging-page-next a[href]", "a.lia-link-navigation[rel='next'][href]"),
)


def recognises(document: Document) -> bool:
    """Whether a page is Khoros's, by the classes of its body and its messages."""
    return has(document.root, "body.lia-body, #lia-body, .lia-message-view-wrapper, .lia-page, .lia-quilt")


def read(document: Document) -> Page:
    """A topic's messages or a board's topics."""
    return read_by(document, _RULES)
