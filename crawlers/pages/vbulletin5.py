"""vBulletin 5 and 6: topics with their comments, and channels."""

from __future__ import annotations

from crawlers.pages import vbulletin
from crawlers.pages.boards import (
    cached_boxes,
    heading,
    images_text,
    is_number,
    list_page,
    loose_moment,
    make_post,
    name_in,
    own_link,
    thread_page,
)
from crawlers.pages.body import BodyText, read_body
from crawlers.pages.dates import Moment, parse_machine, parse_text
from crawlers.pages.document import Document, Element, attribute, classes, first, flat, has, select
from crawlers.pages.page import Page, Post
from crawlers.pages.posts import next_link, own_title, page_title

SOFTWARE = "vbulletin5"

_BODIES = (
    ".js-post__content-text",
    "[itemprop=text]",
    "[itemprop=articleBody]",
    ".OLD__post-content-text",
    ".js-comment__content-text",
    "[class*='comment-text'], [class*='comment__text'], [class*='comment-content']",
)
_QUOTES = (".bbcode_container", ".bbcode_quote")
_NOISE = (
    ".post-signature, .b-post__edit-note, .OLD__edit-note, .spoilertitle, .b-bbcode-code",
    ".js-post-info, .b-post__footer",
    ".b-gallery-thumbnail-list__caption, .h-hide-imp, .bbcode-attachment",
)


def recognises(document: Document) -> bool:
    """Whether the page is vBulletin 5's or 6's, by its generator, its body's id or its own posts."""
    if version := vbulletin.version(document):
        return version in {"5", "6"}
    names = document.class_names
    return (
        "vb-page-body" in document.id_stems
        or {"b-post", "js-post"} <= names
        or {"js-topic-item", "topic-title"} <= names
    )


def read(document: Document) -> Page:
    """A topic's posts, or the topics and channels of a list."""
    containers = _containers(document)
    document = vbulletin.in_own_time(document, containers, _date_line)
    if not containers and not _is_topic(document):
        return _list(document)
    title = heading(document, ".js-main-title", "h1.main-title", "h1", drop=".prefix, .b-topic-prefix") or page_title(
        document
    )
    return thread_page(
        document,
        software=SOFTWARE,
        title=title,
        containers=containers,
        body_of=_body,
        read=lambda container: _post(document, container, title),
        next_page=_next_page(document),
        expected_posts=vbulletin.expected_posts(document),
    )


def _is_topic(document: Document) -> bool:
    return has(document.root, ".conversation-list", ".js-conversation-content", ".stream-view--conversation")


def _list(document: Document) -> Page:
    topics = select(document.root, "a.topic-title[href], .js-topic-title[href], .topic-title a[href]")
    channels = select(
        document.root, "a.forum-title[href], a.subforum-title[href], .forum-title a[href], .b-channel a.title[href]"
    )
    return list_page(
        document,
        software=SOFTWARE,
        title=heading(document, "h1.main-title", "h1") or page_title(document),
        links=[*topics, *channels],
        next_page=lambda: _next_page(document),
        certain=has(document.root, ".topic-list", ".js-topic-list", ".forum-list-container", ".channel-list"),
    )


def _containers(document: Document) -> list[Element]:
    """Posts, and the comments inside them that have words."""

    def find() -> list[Element]:
        posts = select(document.root, ".b-post[data-node-id]")
        comments = select(
            document.root, ".js-comments__comments > [data-node-id], .b-comments__comments > [data-node-id]"
        )
        known = set(posts)
        return [*posts, *(node for node in comments if node not in known and _body(node) is not None)]

    return cached_boxes(document, SOFTWARE, find)


def _body(container: Element) -> Element | None:
    return first(container, *_BODIES)


def _commented(container: Element) -> str | None:
    """The post that a comment stands under."""
    for node in container.iterancestors():
        if node.get("data-node-id") and "b-post" in classes(node):
            return f"post{node.get('data-node-id')}"
    return None


def _post(document: Document, container: Element, thread: str | None) -> Post | None:
    body, number = _body(container), container.get("data-node-id")
    if body is None or not is_number(number):
        return None
    post = make_post(
        document,
        native_id=f"post{number}",
        name=name_in(container, ".author a", ".author", "[itemprop=author] [itemprop=name]", ".b-userinfo__username"),
        badges=_badges(container),
        known=has(container, ".b-userinfo", ".userinfo"),
        moment=_moment(document, container, body),
        words=_words(body),
        quoted=vbulletin.QUOTED,
        form="post",
        title=own_title(_subject(container), thread),
        permalink=own_link(document, container, body, f"#post{number}"),
    )
    return post if post.parent_id else post.model_copy(update={"parent_id": _commented(container)})


def _words(body: Element) -> BodyText:
    vbulletin.mark_boxes(body, ".bbcode_container")
    return read_body(body, quotes=_QUOTES, noise=_NOISE)


def _subject(container: Element) -> str:
    """A post's subject without the prefix, which is a link."""
    node = first(container, ".b-post__title", ".js-post-title")
    return "" if node is None else " ".join(" ".join(node.xpath("text()")).split())


def _badges(container: Element) -> str:
    words = [flat(node) for node in select(container, ".usertitle, .b-userinfo__title, .b-userinfo__rank")]
    return " | ".join([*words, images_text(select(container, ".b-userinfo__rank img"))])


_DATES = (".b-post__timestamp", ".post-date", ".OLD__post-date", "time[itemprop=dateCreated]", "time")


def _date_line(container: Element) -> str:
    return next((text for css in _DATES for node in select(container, css) if (text := flat(node))), "")


def _moment(document: Document, container: Element, body: Element) -> Moment:
    if (moment := parse_machine(container.get("data-node-publishdate"), document.hints)).at:
        return moment
    # The time element's attribute is in the server's zone and doesn't say so; the shown time is in the footer's.
    if (moment := parse_text(_date_line(container), document.hints)).at:
        return moment
    moment = parse_machine(attribute(container, "time[itemprop=dateCreated], time", "datetime"), document.hints)
    return moment if moment.at else loose_moment(container, body, document.hints)


def _next_page(document: Document) -> str | None:
    return next_link(document, "a.js-pagenav-next-button[href]", "a.right-arrow[href]")
