"""Vanilla Forums 2 to 4: discussions and lists of them."""

from __future__ import annotations

import re

from crawlers.pages.document import Document, has, select
from crawlers.pages.page import Page
from crawlers.pages.rules import ThreadRules, by_pattern, read_by

SOFTWARE = "vanilla"

_BODY = (".Message.userContent", ".Message", ".Item-Body .userContent")
_RULES = ThreadRules(
    software=SOFTWARE,
    posts=".ItemDiscussion, .ItemComment[id^='Comment_']",
    native_id=by_pattern(r"^((?:Discussion|Comment)_\d{1,18})$", "id"),
    body=_BODY,
    author=(".Author .Username", ".AuthorWrap .Username", ".Username", ".Author a[title]@title"),
    times=(
        ".Meta .DateCreated time",
        ".DateCreated time",
        ".CommentMeta time, .DiscussionMeta time",
        ".Meta time",
        "time",
    ),
    title=(".PageTitle h1", ".Discussion h1", "h1"),
    quotes=(
        "blockquote.UserQuote",
        "blockquote.Quote",
        ".QuoteFolding",
        ".js-embed.embedResponsive",
        "[data-embedjson]",
    ),
    noise=(
        ".UserSignature, .Signature, .SpoilerTitle, .spoiler-buttonContainer, .Attachments, .AttachFileContainer",
        ".DiscussionEdited, .Reactions, .embedExternal, .embedImage-link, .P.Edited, .CodeBlock, .codeBlock",
    ),
    roles=".AuthorWrap, .AuthorInfo, .Author",
    role_class="Role_",
    badges=".RankTitle, .AuthorTitle, .AuthorInfo .Rank, .MItem.RoleTitle, .Roles",
    deleted=".Deleted, .isDeleted",
    parent=re.compile(r"#(Comment_\d{1,18})|(Discussion_\d{1,18})"),
    permalink=("a.Permalink[href]", ".DateCreated a[href]"),
    thread_path=re.compile(r"/discussion/\d+"),
    threads=".ItemDiscussion .Title a[href*='/discussion/'], .ItemDiscussion a.Title[href]"
    ", .DataList .Discussion a.Title[href]",
    boards=".ItemCategory .Title a[href], a.ItemLink[href*='/categories/']"
    ", .CategoryName a[href*='/categories/'], h3.CategoryName a[href]",
    list_marks=".DataList.Discussions, .CategoryGroup, .CategoryList",
    list_title=("h1.HomepageTitle", "h1"),
    next_page=("a.Next[href]", ".Pager .Next[href]"),
)


def recognises(document: Document) -> bool:
    """Whether a page is Vanilla's, by its body's id and class and the names of its items."""
    return has(
        document.root,
        "body[id^='vanilla_'], body.Vanilla, .ItemDiscussion .Message, .ItemComment[id^='Comment_'], li.ItemDiscussion",
    )


def read(document: Document) -> Page:
    """A discussion's posts or a list's discussions; rows of a list bear the same names as a discussion's first post."""
    return read_by(
        document, _RULES, containers=(box for box in select(document.root, _RULES.posts) if has(box, *_BODY))
    )
