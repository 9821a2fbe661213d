"""robots.txt by RFC 9309, read so that doubt means no (https://www.rfc-editor.org/rfc/rfc9309)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

from crawlers.gate.patterns import longest_match, path_of
from crawlers.gate.reservation import PRODUCT_TOKEN

# RFC 9309 2.5: at least 500 KiB must be read.
MAX_BYTES = 512_000
# Sites that shut out the framework by its name mean us too.
ALSO_US = "scrapy"
_NOTICE = re.compile(
    r"\b44\s*b\b|text[-\s]*(?:und|and|&)[-\s]*data[-\s]*mining|\bTDM\b|2019/790|nutzungsvorbehalt", re.IGNORECASE
)
# AI preferences (draft-ietf-aipref-attach): "Content-Usage: [path] preferences"; any refusal is one to us.
_USAGE = re.compile(r"^[ \t]*content-usage[ \t]*:[ \t]*(?:(/\S*)[ \t]+)?([^#\r\n]*)", re.IGNORECASE | re.MULTILINE)
_REFUSAL = re.compile(r"=\s*(?:n|\?0)\b", re.IGNORECASE)


@dataclass(frozen=True)
class RobotsRules:
    """What a host's robots.txt says to us. `closed` is the reason why nothing may be asked, whatever the path."""

    parser: Protego | None = None
    closed: str | None = None
    usage: tuple[tuple[str, bool], ...] = ()
    """Paths with a Content-Usage line, and whether it refuses."""

    def refusal(self, url: str) -> str | None:
        """The verdict against asking for this URL, None where it may be asked for."""
        if self.closed is not None:
            return self.closed
        if self.parser is None:
            return None
        if not self.parser.can_fetch(url, PRODUCT_TOKEN):
            return "reserved/robots_txt"
        if not self.parser.can_fetch(url, ALSO_US):
            return "reserved/robots_txt_scrapy"
        return "reserved/robots_content_usage" if self._usage_refused(url) else None

    def _usage_refused(self, url: str) -> bool:
        path = path_of(url)
        no = longest_match((pattern for pattern, refused in self.usage if refused), path)
        return no > 0 and no >= longest_match((pattern for pattern, refused in self.usage if not refused), path)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that the file names."""
        return () if self.parser is None else tuple(dict.fromkeys(self.parser.sitemaps))

    @property
    def crawl_delay(self) -> float:
        """Seconds that the host wants between two requests; 0 where it wants nothing."""
        if self.parser is None:
            return 0.0
        rate = self.parser.request_rate(PRODUCT_TOKEN)
        per_request = rate.seconds / rate.requests if rate is not None and rate.requests else 0.0
        return max(self.parser.crawl_delay(PRODUCT_TOKEN) or 0.0, per_request)


def robots_rules(status: int | None, body: bytes = b"") -> RobotsRules:
    """Rules from the answer to /robots.txt; `status` None means that no answer came (timeout, DNS, refused, loop).

    4xx means no rules (RFC 9309 2.3.1.3); 5xx, 429 and no answer mean that nothing may be asked (2.3.1.4).
    """
    if status is None:
        return RobotsRules(closed="reserved/robots_unreachable")
    if status == 429 or status >= 500:
        return RobotsRules(closed=f"reserved/robots_http_{status}")
    if 400 <= status < 500:
        return RobotsRules()
    if not 200 <= status < 300:
        return RobotsRules(closed="reserved/robots_unreachable")
    text = body[:MAX_BYTES].decode("utf-8-sig", errors="replace")
    if _NOTICE.search(text):
        return RobotsRules(closed="reserved/robots_44b_notice")
    usage = tuple((path or "/", _REFUSAL.search(words) is not None) for path, words in _USAGE.findall(text))
    return RobotsRules(parser=Protego.parse(text), usage=usage)
