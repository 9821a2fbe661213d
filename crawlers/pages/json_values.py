"""Values of JSON that anyone may have written: escapes such as `\\ud800` bring halves of characters into strings."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

Value = TypeVar("Value", bound=Any)

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def whole(value: Value, source: str) -> Value:
    """The value that was read from `source`, with U+FFFD for each half of a surrogate pair, which UTF-8 can't write.

    Raises RecursionError where it is nested too deeply.
    """
    if not _SURROGATE.search(source):
        return value
    text = json.dumps(value, ensure_ascii=False)
    found: Value = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return found
