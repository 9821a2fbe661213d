"""/ai.txt: a site's word to those who collect texts for machines (https://site.spawning.ai/spawning-ai-txt).

Written like robots.txt. There are no agents to tell apart: whoever keeps any machine out there means text mining.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawlers.gate.patterns import longest_match, path_of

_LINE = re.compile(r"^\s*(allow|disallow|content-usage)\s*:\s*([^#\r\n]*)", re.IGNORECASE | re.MULTILINE)
# "Disallow: *.html" keeps a kind of content out. Pages of words are text, whatever their address ends with.
_TEXT_KIND = re.compile(r"^/?\*?\.?(?:txt|text|html?|xhtml|php|aspx?|md|rtf|docx?|odt|pdf|json|xml)\$?$", re.IGNORECASE)
_REFUSAL = re.compile(r"=\s*(?:n|\?0)\b", re.IGNORECASE)
MAX_CHARACTERS = 500_000


@dataclass(frozen=True)
class AiTxt:
    """What a host's /ai.txt keeps out: everything, or the paths that `disallowed` match and no longer `allowed`."""

    closed: bool = False
    disallowed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def reserves(self, url: str) -> bool:
        """Whether the page at this address is reserved."""
        if self.closed:
            return True
        path = path_of(url)
        return longest_match(self.disallowed, path) > longest_match(self.allowed, path)


def ai_txt(status: int | None, body: bytes) -> AiTxt:
    """Rules from the answer to /ai.txt. Without an answer of 200 there are none: most sites have no such file."""
    if status != 200:
        return AiTxt()
    text = body[:MAX_CHARACTERS].decode("utf-8-sig", errors="replace")
    lines = [(name.lower(), value.strip()) for name, value in _LINE.findall(text)]
    disallowed = tuple(value for name, value in lines if name == "disallow" and value)
    closed = any(_TEXT_KIND.match(value) for value in disallowed) or any(
        name == "content-usage" and _REFUSAL.search(value) for name, value in lines
    )
    return AiTxt(closed, disallowed, tuple(value for name, value in lines if name == "allow" and value))
