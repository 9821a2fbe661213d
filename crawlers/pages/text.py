"""From a cleaned element to plain text, by HTML's own rules of white space.

html-text is not used for bodies: it puts a space at every inline tag ("Un<b>glaub</b>lich" becomes three words, which
moves offsets and breaks search) and recurses, so that a nested page ends in a RecursionError.
"""

from __future__ import annotations

import re

from lxml import etree

from crawlers.pages.document import Element

_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "figure", "section",
    "article", "header", "footer", "hr", "form", "fieldset",
})  # fmt: skip
_LINES = frozenset({
    "div", "li", "tr", "dt", "dd", "option", "address", "center", "main", "aside", "nav", "details", "summary",
    "figcaption", "caption",
})  # fmt: skip
_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "head", "title", "iframe", "object", "embed", "svg", "math",
    "select", "textarea",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_EMOTICON = re.compile(r"[<>]?[:;=8xX][-^'oc]?[()\[\]DPpOo3/\\|*$@#sS]{1,2}$|^<3$|^\^\^$|^-\.-$")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")


def plain_text(element: Element) -> str:
    """The visible text of an element (its tail not included), lines and paragraphs kept.

    White space collapses as in a browser, soft hyphens and zero-width characters go, smilies keep what the author
    typed (an emoji or an emoticon as the image's alternative text).
    """
    parts: list[str] = []
    skipping: Element | None = None
    for event, node in etree.iterwalk(element, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if skipping is None and event == "start":
            if tag in _SKIPPED or not tag:
                skipping = node
            else:
                _open(node, tag, parts)
        elif event == "end":
            if skipping is None:
                parts.append(_edge(tag))
            if skipping is node:
                skipping = None
            if skipping is None and node is not element:
                parts.append(_collapse(node.tail))
    return tidy("".join(parts))


def _open(node: Element, tag: str, parts: list[str]) -> None:
    if tag == "br":
        parts.append("\n")
    elif tag == "img":
        parts.append(_smiley(node))
    else:
        parts.append(_edge(tag))
        parts.append(_collapse(node.text))


def _edge(tag: str) -> str:
    """Marks for tidy(): U+E001 the end of a line, U+E002 of a paragraph; they merge, as margins do."""
    if tag in _PARAGRAPHS:
        return "\ue002"
    if tag in _LINES:
        return "\ue001"
    return " " if tag in _CELLS else ""


def _collapse(text: str | None) -> str:
    return re.sub(r"[\s\ue000-\ue002]+", " ", text) if text else ""


def _smiley(image: Element) -> str:
    alt = (image.get("alt") or "").strip()
    if not alt or len(alt) > 12:
        return ""
    if any(is_emoji(character) for character in alt) or _EMOTICON.match(alt):
        return f" {alt} " if alt.isascii() else alt
    return ""


def is_emoji(character: str) -> bool:
    """Whether a character belongs to the pictographic blocks (emoji, dingbats, miscellaneous symbols)."""
    return "\U0001f000" <= character <= "\U0001faff" or "\u2600" <= character <= "\u27bf"


def tidy(text: str) -> str:
    """Settles the marks of lines and paragraphs and the spaces around them; at most one empty line in a row."""
    # Runs of spaces go first: the patterns below would try each of their starts.
    text = re.sub(r"[ \t]{2,}", " ", _INVISIBLE.sub("", text).replace("\u00a0", " "))
    # A line break directly before the end of its block shows nothing.
    text = re.sub(r"[ \t]*(?:\n[ \t]*)?([\ue001\ue002][ \ue001\ue002]*)", _merge, text)
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", text)
    text = re.sub(r"[ \t]{2,}", " ", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _merge(match: re.Match[str]) -> str:
    return "\n\n" if "\ue002" in match.group(1) else "\n"
