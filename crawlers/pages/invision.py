"""Invision Community 4 and 5: topics and forums."""

from __future__ import annotations

import re

from crawlers.pages.document import Document, brief, has, select, whole_number
from crawlers.pages.page import Page
from crawlers.pages.rules import ThreadRules, by_pattern, read_by

SOFTWARE = "invision"

_COUNTED = re.compile(r"(\d[\d.,\u00a0 ]*)\s*(?:Beiträge?n?|Beitrag|posts?)\b", re.I)
_RULES = ThreadRules(
    software=SOFTWARE,
    posts="article[id^='elComment_'], div.ipsComment[id^='elComment_']",
    native_id=by_pattern(r"^(elComment_\d{1,18})$", "id"),
    body=("[data-role='commentContent']", ".cPost_contentWrap", ".ipsComment_content .ipsType_richText"),
    author=(
        "aside .cAuthorPane_author, .ipsComment_author .cAuthorPane_author",
        ".cAuthorPane_author a, .cAuthorPane_author",
        ".ipsEntry__username .ipsUsername, .ipsEntry__header .ipsUsername, .ipsEntry__username > a:first-child",
        ".ipsEntry__username, a.ipsUsername, .ipsUsername",
        ".ipsComment_author strong a, .ipsComment_header a[href*='/profile/']",
    ),
    times=(
        ".ipsComment_meta > a time, .ipsComment_meta a[href*='findComment'] time",
        ".ipsEntry__date time, .ipsEntry__topRow time, .ipsPhotoPanel__secondary time, a[href*='findComment'] time",
        ".ipsComment_meta time",
        "time[datetime]",
    ),
    title=(
        "h1.ipsType_pageTitle .ipsType_break.ipsContained",
        "h1.ipsType_pageTitle",
        "h1.ipsPageHeader__title",
        ".ipsPageHeader h1",
        "h1",
    ),
    quotes=("blockquote.ipsQuote", ".ipsQuote_citation", "blockquote[data-ipsquote]"),
    noise=(
        ".ipsSpoiler_header, .ipsEmbedded, .ipsEmbeddedOther, .ipsEmbeddedVideo, .ipsEmbeddedBlock"
        ", [data-excludequote]",
        ".ipsAttachLink, .ipsAttachLink_block, .ipsCode, pre.ipsCode, [data-role='memberSignature']",
        ".ipsItemControls, .ipsReact",
        ".ipsComment_editInfo, .ipsEdited, [data-el='edited']",
        ".ipsEntry__controls, .ipsOnlyForMarker, details.ipsRichTextBox > summary",
    ),
    roles="[data-role='group'], .cAuthorPane_info, .ipsEntry__group, .ipsEntry__author, .cAuthorPane",
    badges="[data-role='group'], .ipsEntry__group, .cAuthorGroupIcon img, .ipsComment_authorGroup"
    ", [data-role='rank-title'], .cAuthorPane_moderator",
    staff=".cAuthorPane_badge--moderator, .ipsEntry__moderatorBadge, .ipsAvatarStack__badge--moderator"
    ", .ipsEntry--staff",
    deleted=".ipsModerated, .ipsComment_hidden, .cPost_hidden, .ipsEntry--hidden",
    parent=re.compile(r"^(\d{1,18})$|[?&]comment=(\d{1,18})|#(?:comment-|findComment-)(\d{1,18})"),
    parent_form="elComment_{}",
    permalink=(
        "a[data-role='shareComment'][href]",
        ".ipsComment_meta a[href*='comment=']",
        "a[href*='do=findComment']",
    ),
    thread_path=re.compile(r"/topic/\d+-"),
    threads=".ipsDataItem_title a[href*='/topic/'], .ipsData__title a[href*='/topic/']"
    ", a[data-ipshover-target][href*='/topic/']",
    boards=".ipsDataItem_title a[href*='/forum/'], .ipsData__title a[href*='/forum/'], .cForumGrid__title a[href]"
    ", .ipsDataItem_subList a[href*='/forum/'], .cForumTitle a[href*='/forum/']",
    list_marks=".cForumList, .cTopicList, [data-role='forumsList'], .ipsData--topic-list",
    list_title=("h1.ipsType_pageTitle", "h1.ipsPageHeader__title", "h1"),
    next_page=(".ipsPagination_next:not(.ipsPagination_inactive) a[href]", ".ipsPagination__next a[href]"),
    expected=lambda document: _expected(document),
)


def recognises(document: Document) -> bool:
    """Whether a page is Invision Community's, by its body, its feed of comments or its lists."""
    return has(
        document.root,
        "body.ipsApp, body[data-pageapp][data-pagemodule], html[data-ips-path], [data-role='commentFeed']",
        "article[id^='elComment_'], .ipsComment[id^='elComment_'], .ipsDataItem_title, .ipsData__title",
    )


def read(document: Document) -> Page:
    """A topic's posts or a forum's topics."""
    return read_by(document, _RULES)


def _expected(document: Document) -> int | None:
    for node in select(document.root, "[data-role='comment_count']"):
        if match := _COUNTED.search(brief(node, 200)):
            return whole_number(match.group(1))
    return None
