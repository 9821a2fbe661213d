"""Text from pages as the rest of the system can take it: every character can be written as UTF-8."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel

Part = TypeVar("Part", bound=BaseModel)

# C0 and C1 controls but tab and line feed; JSON in pages may bring them, and no store or terminal wants them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def is_text(value: str) -> bool:
    """Whether a string has no lone surrogates, which JSON escapes in pages may bring and UTF-8 can't write."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(value: str) -> str:
    """The string without control characters and lone surrogates."""
    clean = _CONTROLS.sub(" ", value.replace("\r\n", "\n"))
    return clean if is_text(clean) else clean.encode("utf-8", errors="replace").decode()


def writable(part: Part) -> Part:
    """The same part of a page with all its strings `printable`, also those of the parts in it."""
    return part.model_copy(update={name: _writable(value) for name, value in part})


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, tuple):
        return tuple(_writable(child) for child in value)
    return writable(value) if isinstance(value, BaseModel) else value
