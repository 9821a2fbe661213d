"""The verdicts of the gate, and how they travel through Scrapy."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest

ALLOWED = "allowed"
RETRY_LATER = "retry_after"


class GateRefusal(IgnoreRequest):
    """The gate says no. `verdict` is "reserved/<reason>" (a rights holder's word) or "forbidden/<reason>" (ours)."""

    def __init__(self, verdict: str) -> None:
        super().__init__(verdict)
        self.verdict = verdict


def reserved(reason: str) -> GateRefusal:
    """The rights holder keeps robots or text and data mining out."""
    return GateRefusal(f"reserved/{reason}")


def forbidden(reason: str) -> GateRefusal:
    """Our own rules keep us out: another host, a private address, a login page."""
    return GateRefusal(f"forbidden/{reason}")
