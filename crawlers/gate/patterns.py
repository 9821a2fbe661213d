"""Path patterns as robots.txt writes them: prefixes, `*` for anything, `$` for the end (RFC 9309 2.2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

MAX_STARS = 20


def path_of(url: str) -> str:
    """Path and query of an address, what the patterns are compared with."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Every star multiplies the work of a mismatch; a pattern made to be slow is read as the shorter, stricter one.
    pieces = [re.escape(piece) for piece in re.sub(r"\*+", "*", pattern.removesuffix("$")).split("*")]
    if len(pieces) > MAX_STARS:
        return re.compile(".*?".join(pieces[:MAX_STARS]), re.DOTALL)
    return re.compile(".*?".join(pieces) + ("$" if pattern.endswith("$") else ""), re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern covers a path."""
    return _compiled(pattern).match(path) is not None


def longest_match(patterns: Iterable[str], path: str) -> int:
    """The length of the longest pattern that covers the path, 0 where none does."""
    return max((len(pattern) for pattern in patterns if matches(pattern, path)), default=0)
