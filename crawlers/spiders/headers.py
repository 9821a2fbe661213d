"""What the headers of an answer tell its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.http import Response


def link_header(response: Response) -> str | None:
    """The answer's `Link` headers as one value; None without any."""
    values = response.headers.getlist(b"Link")
    return ", ".join(value.decode("latin-1") for value in values) or None
