"""Whether tantivy's files are whole, told by the checksum that each of them ends with.

tantivy verifies them only on request, which its Python package doesn't offer, and reads on in a damaged file until
something doesn't fit. The end of a file is: payload, a JSON object with the payload's `crc` (CRC-32), that object's
length and the number 1337, both as little-endian 32-bit integers.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MAGIC = 1337
_END = struct.Struct("<II")
_PARTS = ("idx", "pos", "term", "fast", "fieldnorm", "store")
_STEP = 1 << 24
# What was found whole, by name, with size and time of change: segments never change, so each is read once.
_CHECKED = "checked.json"

Stamp = list[int]


def find_damage(folder: Path) -> str | None:
    """The first damaged or missing file of the index in a folder, None where all are whole. Raises `OSError`."""
    try:
        names = list(_files(json.loads((folder / "meta.json").read_text(encoding="utf-8"))))
    except (ValueError, KeyError, TypeError, AttributeError, FileNotFoundError):
        return "meta.json"
    known = _known(folder)
    found: dict[str, Stamp] = {}
    for name in names:
        try:
            stamp = _stamp(folder / name)
        except FileNotFoundError:
            return name
        if known.get(name) != stamp and not _is_whole(folder / name):
            return name
        found[name] = stamp
    if found != known:
        _remember(folder, found)
    return None


def _files(meta: dict[str, Any]) -> Iterator[str]:
    for segment in meta["segments"]:
        id = segment["segment_id"].replace("-", "")
        yield from (f"{id}.{part}" for part in _PARTS)
        if segment["deletes"]:
            yield f"{id}.{segment['deletes']['opstamp']}.del"


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _is_whole(path: Path) -> bool:
    size = path.stat().st_size
    if size <= _END.size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        length, magic = _END.unpack(content[-_END.size :])
        end = size - _END.size - length
        if magic != _MAGIC or end < 0:
            return False
        try:
            expected = json.loads(content[end : size - _END.size])["crc"]
        except (ValueError, KeyError, TypeError):
            return False
        checksum = 0
        for start in range(0, end, _STEP):
            checksum = zlib.crc32(content[start : min(end, start + _STEP)], checksum)
        return bool(checksum == expected)


def _known(folder: Path) -> dict[str, Stamp]:
    try:
        known = json.loads((folder / _CHECKED).read_text(encoding="utf-8"))
    except (ValueError, FileNotFoundError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(folder: Path, found: dict[str, Stamp]) -> None:
    """Several processes may do this at once: each replaces the whole file by one of its own."""
    own = folder / f"{_CHECKED}.{os.getpid()}"
    own.write_text(json.dumps(found), encoding="utf-8")
    own.chmod(0o600)
    own.replace(folder / _CHECKED)
