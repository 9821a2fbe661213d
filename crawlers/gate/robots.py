"""robots.txt by RFC 9309, read so that doubt means no (https://www.rfc-editor.org/rfc/rfc9309)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

from crawlers.gate.reservation import PRODUCT_TOKEN

# RFC 9309 2.5: at least 500 KiB must be read.
MAX_BYTES = 512_000
# Sites that shut out the framework by its name mean us too.
ALSO_US = "scrapy"
_NOTICE = re.compile(
    r"\b44\s*b\b|text[-\s]*(?:und|and|&)[-\s]*data[-\s]*mining|\bTDM\b|2019/790|nutzungsvorbehalt", re.IGNORECASE
)
_USAGE = re.compile(r"^\s*content-usage\s*:.*=\s*n\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class RobotsRules:
    """What a host's robots.txt says to us. `closed` is the reason why nothing may be asked, whatever the path."""

    parser: Protego | None = None
    closed: str | None = None

    def refusal(self, url: str) -> str | None:
        """The verdict against asking for this URL, None where it may be asked for."""
        if self.closed is not None:
            return self.closed
        if self.parser is None:
            return None
        if not self.parser.can_fetch(url, PRODUCT_TOKEN):
            return "reserved/robots_txt"
        return None if self.parser.can_fetch(url, ALSO_US) else "reserved/robots_txt_scrapy"

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
    if _USAGE.search(text):
        return RobotsRules(closed="reserved/robots_content_usage")
    return RobotsRules(parser=Protego.parse(text))
