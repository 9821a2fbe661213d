"""Bytes to a tree that survives whatever a server sends, and the few ways to look into it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

import cssselect
import lxml.html
from cssselect import HTMLTranslator
from lxml import etree
from w3lib.encoding import html_to_unicode

from crawlers.pages.dates import DateHints

Element = Any  # lxml ships no types

MAX_ELEMENTS = 60_000
"""No page for people holds more; what follows is cut, so that a page made to keep the reader busy ends in seconds."""
_MAX_READ = 3 * MAX_ELEMENTS // 2

# Control characters that XML forbids; the parser would stop or refuse the tree at some of them.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# The same ones, named by number: they would come out of the parser and couldn't be put back.
_FORBIDDEN_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?", re.I
)
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?=$|[-_])")
_NAMES = "class_names"


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of a response: BOM, HTTP charset, meta charset, then a guess; broken bytes become U+FFFD.

    ISO-8859-1 is read as windows-1252, as every browser does (WHATWG Encoding Standard). A declaration that the bytes
    contradict is overruled: valid UTF-8 with non-ASCII characters is UTF-8, and "UTF-8" that mostly fails to decode
    is windows-1252.
    """
    try:
        encoding, text = html_to_unicode(content_type, body, default_encoding="utf-8", auto_detect_fun=_guess)
    except LookupError:
        # A declared codec that makes no text ("base64", "rot13").
        return body.decode(_guess(body), "replace")
    name = encoding.lower().replace("_", "-")
    if name in {"cp1252", "windows-1252", "iso-8859-1", "latin-1", "iso8859-15", "iso-8859-15", "ascii"}:
        return _as_utf8(body) or text
    if (
        "\ufffd" in text
        and name in {"utf-8", "utf8"}
        and text.count("\ufffd") > sum(ch > "\x7f" and ch != "\ufffd" for ch in text)
    ):
        return body.decode("cp1252", "replace")
    return text


def _guess(body: bytes) -> str:
    return "utf-8" if _as_utf8(body) is not None else "cp1252"


def _as_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True)
class Document:
    """One parsed HTML page.

    `url` is the address of the response, `base` what relative links start from (`<base href>` honoured), `hints` the
    reading of dates without zone or with ambiguous order, `notes` what the reader has to say about the page, `cache`
    holds what several readers ask for.
    """

    root: Element
    url: str
    base: str
    hints: DateHints
    notes: list[str] = field(default_factory=list)
    cache: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.hints.now

    @property
    def tz(self) -> tzinfo:
        return self.hints.tz

    @cached_property
    def language(self) -> str | None:
        """The two-letter language that the page declares for itself."""
        for value in (
            self.root.get("lang"),
            self.root.get("xml:lang"),
            attribute(self.root, "meta[http-equiv=content-language]", "content"),
            attribute(self.root, "meta[name=content-language], meta[name=language]", "content"),
            attribute(self.root, "meta[property='og:locale']", "content"),
        ):
            if value and (match := _LANGUAGE.match(value.strip())):
                return match.group().lower()
        return None

    @property
    def class_names(self) -> frozenset[str]:
        """All classes of the page: what readers ask for before they look closer, since most pages aren't theirs."""
        names: frozenset[str] = getattr(self.root, _NAMES)
        return names

    @cached_property
    def id_stems(self) -> frozenset[str]:
        """All ids of the page up to their first digit: "post_message_" for post_message_77."""
        return frozenset(_STEM.match(value).group() for value in _IDS(self.root))  # type: ignore[union-attr]

    @cached_property
    def generator(self) -> str:
        """The software that the page names in its head, in lower case; "" without one."""
        for node in self.root.iter("meta"):
            if (node.get("name") or "").lower() == "generator":
                return (node.get("content") or "").strip().lower()
        return ""

    def absolute(self, href: str | None) -> str | None:
        """The http(s) address that a link of this page means; None for anchors, scripts and broken addresses."""
        if not href or href.strip().startswith("#"):
            return None
        try:
            url = urljoin(self.base, _FORBIDDEN.sub("", href).strip())
            parts = urlsplit(url)
        except ValueError:
            return None
        return url if parts.scheme in {"http", "https"} and parts.netloc else None

    def same_site(self, url: str) -> bool:
        """Whether the address lies on this page's host ("www." aside), its port included."""
        return _site(url) == _site(self.url)


def _site(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def parse(text: str, *, url: str, hints: DateHints) -> Document:
    """Parses any text as HTML; never raises. An empty text gives an empty tree."""
    clean = _FORBIDDEN_REFERENCE.sub(" ", _FORBIDDEN.sub(" ", text)).encode("utf-8", "replace")
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = _tree(clean, parser)
    notes = [] if not _too_deep(parser) else ["nested too deeply: the page was read up to that point"]
    if cut := keep_first(root, MAX_ELEMENTS):
        notes.append(f"too_many_elements: {cut} after the first {MAX_ELEMENTS} were not read")
    remember_classes(root, _classes_below(root))
    return Document(root=root, url=url, base=_base(root, url), hints=hints, notes=notes)


def size(element: Element) -> int:
    """The number of elements below an element."""
    return int(_SIZE(element))


_CLASSES = etree.XPath("//@class", smart_strings=False)
_IDS = etree.XPath("//@id", smart_strings=False)
_STEM = re.compile(r"\D*")
_SIZE = etree.XPath("count(descendant::*)")


def _classes_below(root: Element) -> frozenset[str]:
    return frozenset(name for value in set(_CLASSES(root)) for name in value.split())


def keep_first(root: Element, count: int) -> int:
    """Cuts a tree after its first `count` elements in document order; returns how many elements went."""
    before = size(root)
    if before <= count:
        return 0
    node = next(islice(root.iter("*"), count, None), None)
    while node is not None and node is not root:
        parent = node.getparent()
        del parent[parent.index(node) + 1 :]
        node = parent
    return before - size(root)


def affordable(document: Document, nodes: Iterable[Element]) -> list[Element]:
    """The first of some elements whose subtrees together stay readable.

    Parts of an ordinary page lie beside each other; parts nested in each other hundreds of times would be read
    hundreds of times. What is left out is noted on the document.
    """
    kept: list[Element] = []
    spent = left_out = 0
    for node in nodes:
        spent += size(node) if spent <= _MAX_READ else 0
        if spent > _MAX_READ:
            left_out += 1
        else:
            kept.append(node)
    if left_out:
        document.notes.append(f"nested_parts: {left_out} parts inside each other were not read")
    return kept


def _tree(clean: bytes, parser: Any) -> Element:
    try:
        return lxml.html.document_fromstring(clean or b"<html/>", parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return lxml.html.document_fromstring(b"<html/>")


def _too_deep(parser: Any) -> bool:
    return any("depth" in entry.message.lower() for entry in parser.error_log)


def _base(root: Element, url: str) -> str:
    href = attribute(root, "base[href]", "href")
    try:
        return urljoin(url, href.strip()) if href else url
    except ValueError:
        return url


@lru_cache(maxsize=2048)
def _compiled(css: str, form: str) -> Any:
    return etree.XPath(form.format(HTMLTranslator().css_to_xpath(css, prefix="descendant::")))


@lru_cache(maxsize=1024)
def _parts(css: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The selectors of a group, each with the classes without which it finds nothing."""
    return tuple((found.canonical(), frozenset(_required(found.parsed_tree))) for found in cssselect.parse(css))


def _required(tree: Any) -> Iterator[str]:
    """The classes of a selector; what stands in `:not(...)` and the like is not required."""
    if isinstance(tree, cssselect.parser.Class):
        yield tree.class_name
    elif isinstance(tree, cssselect.parser.CombinedSelector):
        yield from _required(tree.subselector)
    if (inner := getattr(tree, "selector", None)) is not None:
        yield from _required(inner)


@lru_cache(maxsize=8192)
def _possible(css: str, names: frozenset[str]) -> str:
    """The selectors of a group that can find anything where only these classes occur; "" for none."""
    return ", ".join(part for part, required in _parts(css) if required <= names)


def _reduced(element: Element, css: str) -> str:
    """A group of selectors without those whose classes the element's tree lacks: skins differ, most find nothing."""
    names: frozenset[str] | None = getattr(element.getroottree().getroot(), _NAMES, None)
    return css if names is None else _possible(css, names)


def remember_classes(root: Element, names: frozenset[str]) -> None:
    """Tells `select` which classes occur below a root element; it may name more, never less."""
    setattr(root, _NAMES, names)


def set_class(element: Element, name: str) -> None:
    """Gives an element another class."""
    element.set("class", name)
    root = element.getroottree().getroot()
    if (names := getattr(root, _NAMES, None)) is not None:
        remember_classes(root, names | {name})


def copy_of(element: Element) -> Element:
    """A copy that can be changed; keep a reference to it while it is in use. Its tail is left out."""
    own = copy.deepcopy(element)
    own.tail = None
    names = getattr(element.getroottree().getroot(), _NAMES, None)
    if names is not None:
        remember_classes(own, names)
    return own


def select(element: Element, css: str) -> list[Element]:
    """The descendants of an element (not itself) that match a CSS selector, in document order."""
    css = _reduced(element, css)
    found: list[Element] = _compiled(css, "{}")(element) if css else []
    return found


def first(element: Element, *selectors: str) -> Element | None:
    """The first descendant for the first selector that finds any."""
    for css in selectors:
        if found := select(element, css):
            return found[0]
    return None


def has(element: Element, *selectors: str) -> bool:
    """Whether any descendant matches one of the selectors; stops at the first, where `select` finds all."""
    possible = (_reduced(element, css) for css in selectors)
    return any(_compiled(css, "boolean({})")(element) for css in possible if css)


def attribute(element: Element, css: str, name: str) -> str | None:
    """An attribute of the first descendant that matches; None where it is missing or blank."""
    found = first(element, css)
    value = found.get(name) if found is not None else None
    return value.strip() or None if value else None


def flat(element: Element | None) -> str:
    """All text of an element on one line; for names, labels and counts, not for bodies."""
    return "" if element is None else squeeze("".join(element.itertext()))


def brief(element: Element, limit: int) -> str:
    """All text of an element on one line, or nothing where it is longer than `limit` characters: labels are short."""
    parts: list[str] = []
    length = 0
    for part in element.itertext():
        parts.append(part)
        length += len(part) + 1
        if length > 4 * limit:
            return ""
    text = squeeze("".join(parts))
    return text if len(text) <= limit else ""


def squeeze(text: str) -> str:
    """Runs of white space (also no-break and zero-width ones) as one space."""
    return _SPACES.sub(" ", text).strip()


def classes(element: Element) -> frozenset[str]:
    """The single classes of an element."""
    return frozenset((element.get("class") or "").split())


def whole_number(text: str) -> int | None:
    """The first count in a text, German or English thousands separators allowed: "1.234 Beiträge" is 1234."""
    match = re.search(r"\d{1,3}(?:[.,\u00a0\u202f' ]\d{3}){1,4}(?!\d)|\d{1,12}", text)
    return int(re.sub(r"\D", "", match.group())) if match else None
