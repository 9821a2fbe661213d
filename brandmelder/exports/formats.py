"""The formats of an export: each makes bytes of batches of mentions, and the output of the part file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from brandmelder.exports.flat import Dialect, header, table_rows
from brandmelder.exports.part import PartFile
from index.mention import Mention
from index.sharing import shared_document


class Format(Protocol):
    """How an export is written."""

    @property
    def job(self) -> dict[str, Any]:
        """What the bytes depend on, as JSON."""

    def head(self) -> bytes:
        """What stands before the first mention."""

    def batch(self, mentions: Sequence[Mention]) -> bytes:
        """Some mentions; batches may be joined as they are."""

    def finish(self, part: PartFile) -> None:
        """Make the output of the whole part file."""


class Ndjson:
    """One JSON document a line."""

    @property
    def job(self) -> dict[str, Any]:
        return {"format": "ndjson"}

    def head(self) -> bytes:
        return b""

    def batch(self, mentions: Sequence[Mention]) -> bytes:
        lines = [json.dumps(shared_document(mention), ensure_ascii=False) + "\n" for mention in mentions]
        return "".join(lines).encode("utf-8", "backslashreplace")

    def finish(self, part: PartFile) -> None:
        part.finish()


@dataclass(frozen=True)
class Csv:
    """A table with one row per mention."""

    dialect: Dialect

    @property
    def job(self) -> dict[str, Any]:
        return {"format": "csv", **asdict(self.dialect)}

    def head(self) -> bytes:
        return header(self.dialect)

    def batch(self, mentions: Sequence[Mention]) -> bytes:
        return table_rows([shared_document(mention) for mention in mentions], self.dialect)

    def finish(self, part: PartFile) -> None:
        part.finish()


class Parquet:
    """Columns with types."""

    @property
    def job(self) -> dict[str, Any]:
        return {"format": "parquet"}

    def head(self) -> bytes:
        return b""

    def batch(self, mentions: Sequence[Mention]) -> bytes:
        from brandmelder.exports.columnar import stream_of

        return stream_of([shared_document(mention) for mention in mentions])

    def finish(self, part: PartFile) -> None:
        from brandmelder.exports.columnar import to_parquet

        whole = Path(f"{part.part}.parquet")
        to_parquet(part.part, whole)
        part.finish(whole)
