"""Tombstones: an erased id or author is remembered as a hash, which keeps it out and can't be read back."""

from __future__ import annotations

import hashlib
from typing import Literal

Kind = Literal["id", "author"]


def stone(kind: Kind, value: str) -> str:
    """The SHA-256, in hex, that stands for an erased id or author in both stores."""
    return hashlib.sha256(f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")).hexdigest()
