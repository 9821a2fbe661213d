"""What the policy files of a host say, read once per crawl."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crawlers.gate.aitxt import AiTxt
from crawlers.gate.robots import RobotsRules

KEPT_RULES = 50


@dataclass(frozen=True)
class Policies:
    """robots.txt, tdmrep.json and ai.txt of one origin; a status is None where no answer came or nobody asked."""

    robots: RobotsRules
    robots_status: int | None = None
    tdmrep: tuple[tuple[str, bool], ...] = ()
    tdmrep_status: int | None = None
    ai_txt: AiTxt = field(default_factory=AiTxt)
    ai_txt_status: int | None = None

    def summary(self) -> dict[str, Any]:
        """What the audit of a run says about this origin."""
        return {
            "robots_status": self.robots_status,
            "robots": self.robots.closed or "read",
            "crawl_delay": self.robots.crawl_delay,
            "tdmrep_status": self.tdmrep_status,
            "tdmrep": [{"location": location, "reserved": reserved} for location, reserved in self.tdmrep[:KEPT_RULES]],
            "ai_txt_status": self.ai_txt_status,
            "ai_txt": "closed" if self.ai_txt.closed else list(self.ai_txt.disallowed[:KEPT_RULES]),
        }
