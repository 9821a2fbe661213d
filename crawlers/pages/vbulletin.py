"""What vBulletin 3 and 4 share: announced counts, boxes that are quotes, code or spoilers by their label, dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from crawlers.pages.boards import with_dates_of
from crawlers.pages.document import Document, Element, brief, classes, select, set_class, whole_number
from crawlers.pages.zones import stated_zone

POST_ID = re.compile(r"^(?:post|edit)_?(\d+)$")
QUOTED = re.compile(r"#post_?(\d+)|[?&]p=(\d+)|/node/(\d+)")
THREAD_ADDRESS = re.compile(
    r"/showthread\.php\?(?:t=\d+|\d+-[^&]*)(?:&f=\d+)?$|/showthread\.php/\d+-[^/?]+$|/threads/\d+-[^/?]+/?$"
)
FILES = "a[href*='attachment.php?']"
_BOX_LABEL = re.compile(r"^(?:Zitat|Quote|Code|PHP(?:-Code)?|HTML(?:-Code)?|Attach(?:ment|ed)?\w*)\b.{0,30}$", re.I)
_LABELS = frozenset({"smallfont", "bbcode_description"})
_RESULTS = re.compile(
    r"(?:Ergebnis(?:se)?|results?)\s+[\d.,]+\s+(?:bis|to|-)\s+[\d.,]+\s+(?:von|of)\s+(?P<all>\d[\d.,]*)", re.I
)


def version(document: Document) -> str | None:
    """The first digit of the version that the generator names; None where it names none or another software."""
    match = re.match(r"vbulletin\D{0,3}(\d)", document.generator)
    return match.group(1) if match else None


def loads_script(document: Document, name: str) -> bool:
    """Whether the page loads one of vBulletin's own scripts, as pages without the generator still do."""
    return any(f"clientscript/{name}" in (node.get("src") or "") for node in document.root.iter("script"))


def expected_posts(document: Document) -> int | None:
    """The number of posts of a thread: "Ergebnis 1 bis 20 von 3.086", shown or as the title of the pager's links."""
    for node in select(document.root, ".postpagestats, [id^=postpagestats]"):
        if match := _RESULTS.search(brief(node, 200)):
            return whole_number(match["all"])
    for node in select(document.root, "a[title], span[title]"):
        if match := _RESULTS.search(node.get("title")[:200]):
            return whole_number(match["all"])
    return None


def mark_boxes(body: Element, boxes: str) -> None:
    """Names the boxes of a body by what their label says, so that quotes go and the words in spoilers stay.

    vBulletin builds quotes, code and spoilers (a common plug-in) from the same markup and tells them apart in words.
    """
    for box in select(body, boxes):
        # The label is among the first parts; boxes may be nested, so the rest isn't searched.
        parts = islice(box.iterdescendants("div", "legend", "span"), 4)
        label = next((part for part in parts if part.tag == "legend" or classes(part) & _LABELS), None)
        words = "" if label is None else brief(label, 60)
        if label is not None and words.lower().startswith(("spoiler", "versteckt", "hidden")):
            set_class(box, "spoiler-box")
            set_class(label, "spoilertitle")
        elif _BOX_LABEL.match(words):
            set_class(box, "bbcode_container")


def in_own_time(document: Document, containers: list[Element], line_of: Callable[[Element], str]) -> Document:
    """The document with the zone that the footer states and the order of numbers that the posts' dates show."""
    zoned = replace(document, hints=replace(document.hints, tz=stated_zone(document)))
    return with_dates_of(zoned, (line_of(container) for container in containers))
