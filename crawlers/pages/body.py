"""What an author wrote in a post's body: quotes, attributions, signatures and buttons are taken out, in this order.

1. the profile's quote nodes, 2. other quotes inside the body (never the body itself), 3. attribution lines before a
removed quote or linking to a post, 4. signatures, edit notes, reaction bars, spoiler buttons (spoiler text stays),
code, attachments, 5. mail-style lines that start with ">".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawlers.pages.document import Document, Element, attribute, classes, copy_of, flat, parse, select
from crawlers.pages.text import plain_text, tidy

QUOTE_MARK = "\ue003"
_GENERIC_QUOTES = "blockquote, .quote, [class*=quote], [class*=Quote], aside.quote"
_NOT_QUOTES = re.compile(r"unquote|quote-?(?:button|link|icon|btn|control)|selectToQuote", re.I)
_NOISE = (
    "script, style, noscript, template, button, input, select, textarea, iframe, object, embed, audio, video, canvas",
    ".signature, .messageSignature, .message-signature, .post-signature, .postsignature, .forum-signature",
    ".user-signature",
    ".bbCodeBlock--code, .bbCodeCode, .codebox, .codeBox, .codeblock, .code_block, .bbc_code, .mycode_code",
    "pre.code, pre > code",
    ".codetitle, .codecontent, .codehead",
    ".attachbox, .attachments, .attachmentbox, .inline-attachment, .attachment-inline, .attach_list, dl.file",
    ".message-lastEdit, .messageEditNote, .editDate, .lastedit, .edit-info, .edited-note, .edited_by",
    ".post-notice, .notice",
    ".reactionsBar, .reactionSummary, .reactions, .like-bar, .likes, .thanks, .post-reactions, .vote-bar",
    ".bbCodeSpoiler-button, .bbCodeBlock-title, .spoiler-button, .spoilerbutton, .spoiler-toggle",
    ".spoiltitle, .spoilertitle",
    ".sp-head, summary",
    ".js-selectToQuoteEnd, .js-expandLink, .bbCodeBlock-expandLink, .sr-only-signature, .u-srOnly",
    ".visually-hidden, .sr-only",
    ".bbCodeBlock--unfurl, .onebox, .embed, [data-s9e-mediaembed], .bbMediaWrapper",
)
_ATTRIBUTION = re.compile(
    r"(?:schrieb|schreibt|sagte in|sagte|hat gesagt|hat (?:folgendes )?geschrieben|meinte|Zitat von|Zitat"
    r"|wrote|said in|said|Originally posted by|Quote from|Quote)\b.{0,80}$",
    re.I,
)
_NAMED_ATTRIBUTION = re.compile(r"^(?:Zitat(?: von)?|Quote(?: from)?|Originally posted by)\b.{0,80}$", re.I)
_POST_LINK = re.compile(
    r"#(?:p|pid|post|msg|comment|js-post)-?\d+|/post-\d+|[?&;](?:p|pid|postID|msg)=\d+|/posts?/\d+|/goto/post", re.I
)
_EDIT_NOTE = re.compile(
    r"^[\[(]?\s*(?:zuletzt (?:bearbeitet|geändert|editiert|modifiziert)|bearbeitet von|geändert von"
    r"|zuletzt von .{1,80} bearbeitet|dieser beitrag wurde"
    r"|last edited|edited by|\d+\s*mal editiert)\b.{0,200}$",
    re.I,
)
_SIGNATURE_LINE = re.compile(r"^\s*(?:_{8,}|-- ?)\s*$")
_MAIL_QUOTE = re.compile(r"^\s*(?:>|&gt;)+(?![.:;)\]-])")
_MAIL_ATTRIBUTION = re.compile(r"^(?:Am|On)\b.{3,120}(?:schrieb|wrote).{0,60}:\s*$", re.I)
_BBCODE_QUOTE = re.compile(r"\[(?P<end>/)?quote(?:=[^\]\n]{0,200})?\]", re.I)


_ESCAPED = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|[aou]uml|szlig|[lrb]dquo|[nm]dash|hellip|euro|#\d{2,5});"
    r"|<(?:br|/?p|/?b)\s*/?>",
    re.I,
)


_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_CLASS_NAME = re.compile(r"\.([\w-]+)")


@dataclass(frozen=True)
class BodyText:
    """The author's own words, and the link targets of the posts that were quoted, in order."""

    text: str
    had_quote: bool
    quoted: tuple[str, ...] = ()


def read_body(body: Element, *, quotes: Sequence[str] = (), noise: Sequence[str] = ()) -> BodyText:
    """Reads a post's body element; the document itself stays as it is.

    `quotes` are the profile's selectors for quotes, `noise` those for other things to drop, both within the body.
    """
    own = copy_of(body)
    quoted: list[str] = []
    for css in (*quotes, _GENERIC_QUOTES):
        for node in select(own, css):
            if _is_quote(node, css in quotes):
                quoted.extend(_quoted_posts(node))
                _replace(node, QUOTE_MARK)
    quoted = [*_linked_attributions(own), *quoted]
    names = {name for node in own.iter("*") for name in classes(node)}
    for css in _single((*noise, *_NOISE)):
        if _needed_classes(css) <= names:
            for node in select(own, css):
                _replace(node, "")
    raw = plain_text(own)
    return BodyText(clean_lines(raw), QUOTE_MARK in raw or "[quote" in raw.lower(), tuple(quoted))


@lru_cache(maxsize=64)
def _single(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Each selector by itself: libxml2 joins the results of a group in quadratic time."""
    return tuple(css.strip() for group in groups for css in group.split(","))


@lru_cache(maxsize=1024)
def _needed_classes(css: str) -> frozenset[str]:
    """Classes without which a single selector finds nothing: most posts have none of those that it asks for."""
    return frozenset() if ":" in css else frozenset(_CLASS_NAME.findall(_IN_BRACKETS.sub("", css)))


def _is_quote(node: Element, declared: bool) -> bool:
    if node.getparent() is None or _is_spoiler(node):
        return False
    return declared or not _NOT_QUOTES.search(node.get("class") or "")


def _is_spoiler(node: Element) -> bool:
    """Old boards build spoilers from the quote's boxes: the hidden words are the author's own."""
    names = (node.get("class") or "").lower()
    if "spoil" in names:
        return True
    if not re.search(r"quote-?(?:title|content|wrapper|main|head)", names):
        return False
    title = node.getprevious() if re.search("content|main", names) else node
    return title is not None and isinstance(title.tag, str) and flat(title).lower().startswith("spoiler")


def _quoted_posts(quote: Element) -> list[str]:
    """What a quote says about its source, as the page writes it: data attributes, cite, or a link to a post."""
    for name in ("data-source", "data-post-id", "cite", "data-link", "data-pid", "data-ipsquote-contentcommentid"):
        if value := quote.get(name):
            return [value]
    if value := quote.get("data-post"):
        return [f"{quote.get('data-topic') or ''}/{value}"]
    if value := attribute(quote, "[data-post-id]", "data-post-id"):
        return [value]
    for link in select(quote, "a[href]"):
        if _POST_LINK.search(link.get("href")):
            return [link.get("href")]
    return []


def _replace(node: Element, mark: str) -> None:
    """Empties a node, its tail stays; a mark is left on a line of its own.

    The node stays as an element that shows nothing: moving tails between siblings takes quadratic time.
    """
    if node.getparent() is None:
        return
    tail = node.tail
    node.clear()
    node.tail = tail
    node.tag = "div" if mark else "template"
    node.text = mark or None


def _linked_attributions(body: Element) -> list[str]:
    """Takes out the lines that introduce a quote with a link to its post; returns the links."""
    found = []
    for node in select(body, "p, div.attribution, .quote-attribution, cite"):
        links = select(node, "a[href]")
        text = flat(node)
        targets = [link.get("href") for link in links if _POST_LINK.search(link.get("href"))]
        if len(text) < 160 and targets and _ATTRIBUTION.search(text):
            found.append(targets[0])
            _replace(node, QUOTE_MARK)
    return found


def clean_lines(text: str) -> str:
    """Line-wise cleaning of plain text: attributions before quotes, `>` lines, edit notes, trailing signatures."""
    kept: list[str] = []
    for line in _without_bbcode_quotes(text).split("\n"):
        if QUOTE_MARK in line or _MAIL_QUOTE.match(line):
            _drop_attribution(kept)
        elif _SIGNATURE_LINE.match(line) and any(map(str.strip, kept)):
            break
        elif not _EDIT_NOTE.match(line.strip()):
            kept.append(line)
    return tidy("\n".join(line for line in kept if not _MAIL_ATTRIBUTION.match(line.strip())))


def _without_bbcode_quotes(text: str) -> str:
    """Takes out [quote]...[/quote] that a board left unrendered, nested ones included; unpaired tags stay."""
    parts: list[str] = []
    opened: list[int] = []
    last = 0
    for match in _BBCODE_QUOTE.finditer(text):
        if not match["end"]:
            opened.append(len(parts))
            parts.append(text[last : match.start()])
            last = match.start()
        elif opened:
            del parts[opened.pop() + 1 :]
            parts.append(f"\n{QUOTE_MARK}\n")
            last = match.end()
    return "".join([*parts, text[last:]])


def _drop_attribution(lines: list[str]) -> None:
    """Removes the line that introduces the quote that follows, if the last line is one."""
    index = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].strip()), None)
    if index is None:
        return
    line = lines[index].strip()
    if len(line) <= 140 and (_NAMED_ATTRIBUTION.match(line) or (line.endswith(":") and _ATTRIBUTION.search(line))):
        del lines[index]


def read_fragment(fragment: str, document: Document, *, twice: bool = True) -> str:
    """The plain text of a string that may hold HTML, as JSON-LD bodies do, cleaned like a body."""
    if "<" not in fragment and "&" not in fragment:
        return clean_lines("\n".join(" ".join(line.split()) for line in fragment.splitlines()))
    marked = fragment if re.search(r"<(?:br|p|div|li)\b", fragment, re.I) else fragment.replace("\n", "<br>")
    text = read_body(parse(f"<div>{marked}</div>", url=document.url, hints=document.hints).root).text
    # Shops escape a text once for HTML and once more for its script.
    if twice and _ESCAPED.search(text):
        return read_fragment(text.replace("\n", "<br>"), document, twice=False)
    return text
