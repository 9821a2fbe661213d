"""The sender's own newest words in the text of a mail: what stands before quotes, signatures and disclaimers."""

from __future__ import annotations

import re
from collections.abc import Iterable

# From one of these lines on, everything is somebody else's or nobody's words.
_CUT = re.compile(
    r"^\s*(?:"
    r"-{2,}\s*(?:urspr(?:ü|ue)ngliche (?:nachricht|mail)|original[ -]?(?:message|nachricht|mail)"
    r"|weitergeleitete nachricht|forwarded message|urspr\. mail)\s*-*"
    r"|-{5,}\s*$|_{10,}\s*$|-- ?$"
    r"|(?:anfang|beginn) der (?:weitergeleiteten|ursprünglichen) (?:nachricht|e-?mail)\b.*"
    r"|begin forwarded message:.*"
    r"|(?:von meinem|gesendet (?:von|mit|über)|von (?:unterwegs|meinem \w+) gesendet|diese nachricht wurde von meinem"
    r"|sent from (?:my|mail|outlook)|get outlook for|holen sie sich outlook|outlook für)\b.*"
    r"|(?:diese (?:e-?mail|nachricht) (?:enthält|ist|kann)|der inhalt dieser (?:e-?mail|nachricht)"
    r"|this (?:e-?mail|message) (?:contains|is|may|and any))\b.*"
    r")$",
    re.I,
)  # fmt: skip
# "Am 3. März 2026 um 10:12 schrieb Kornblume Kundendienst <service@...>:" may run over two or three lines.
_ATTRIBUTION = re.compile(
    r"^\s*(?:>\s*)?(?:am|on|le)\b[^\n]{0,200}(?:\n[^\n]{0,200}){0,2}?"
    r"\b(?:schrieb(?! (?:ich|mir|uns|ihnen|sie|wir|man)\b)|hat geschrieben|wrote(?! me\b)|a écrit)\b[^\n]{0,200}"
    r"(?:\n[^\n]{0,200}){0,2}?:\s*$"
    r"|^\s*[^\n]{0,120}<[^\s<>]+@[^\s<>]+>\s+(?:schrieb|hat am [^\n]{0,80} geschrieben|wrote)[^\n]{0,80}:\s*$",
    re.I | re.M,
)
_HEADER = re.compile(r"^\s*\*?(?:von|from|gesendet|sent|datum|date|an|to|cc|betreff|subject)\*?\s*:", re.I)
_CLOSING = re.compile(
    r"^\s*(?:(?:mit |viele |liebe |beste |schöne |herzliche |freundliche |sonnige )*"
    r"(?:freundlichen? |besten |lieben |herzlichen |vielen )?(?:grüßen?|grüssen?|gruß|gruss|gruessen?)"
    r"|mfg|lg|vg|bg|hochachtungsvoll|(?:kind|best) regards|best wishes|sincerely)\b[^.!?\n]{0,40}[,.!]?\s*$",
    re.I,
)
_AFTER_CLOSING = 15
_LONG = 90


def own_words(text: str, *, names: Iterable[str] = ()) -> str:
    """The words above the first quote, forwarded mail, signature or disclaimer, without quoted lines.

    Below a closing formula only short lines (name, company, telephone) are taken for a signature, so that a postscript
    stays. Where everything is quoted (answers between the lines) the own lines between the quotes are kept.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    attribution = _ATTRIBUTION.search(text)
    head = text if attribution is None else text[: attribution.start()]
    lines = _before_cut(head.split("\n"))
    own = [line for line in lines if not line.lstrip().startswith((">", "|>"))]
    if not any(line.strip() for line in own) and attribution is not None:
        below = text[attribution.end() :].split("\n")
        own = [line for line in _before_cut(below) if not line.lstrip().startswith((">", "|>"))]
    return "\n".join(_without_signature(own, tuple(names))).strip()


def _before_cut(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        if _CUT.match(line) or _is_header_block(lines, place):
            return lines[:place]
    return lines


def _is_header_block(lines: list[str], place: int) -> bool:
    """Outlook repeats the headers of the mail that is answered: three of them within a few lines."""
    if not _HEADER.match(lines[place]):
        return False
    return sum(_HEADER.match(line) is not None for line in lines[place : place + 6]) >= 3


def _without_signature(lines: list[str], names: tuple[str, ...]) -> list[str]:
    for place, line in enumerate(lines):
        if _CLOSING.match(line):
            return [*lines[:place], *_after_signature(lines[place + 1 :])]
    return _without_name(lines, names)


def _without_name(lines: list[str], names: tuple[str, ...]) -> list[str]:
    """The lines without a last one that only says who writes."""
    own = {part.casefold() for name in names for part in (name, *name.split())}
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].strip(" ,.-").casefold() in own):
        end -= 1
    return lines[:end]


def _after_signature(below: list[str]) -> list[str]:
    """What stands below a signature: a postscript, or nothing."""
    for place, line in enumerate(below[:_AFTER_CLOSING]):
        if re.match(r"\s*(?:p\.?\s?s\.?|ps|nachtrag)\s*[:.]?\s", line, re.I) or len(line.strip()) > _LONG:
            return below[place:]
    return []
