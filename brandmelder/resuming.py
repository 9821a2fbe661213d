"""Output files that a killed command continues: lines go to `NAME.partial`, which becomes NAME when all are there."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from brandmelder.errors import UsageError
from brandmelder.texts import tr


class ResumableLines:
    """Writes lines of JSON to a file. `done` says how many whole lines a killed run of the same job left behind.

    The job is what the lines depend on (inputs, model, query); another job starts anew.
    """

    def __init__(self, path: Path, job: dict[str, Any]) -> None:
        self.path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._job_file = path.with_name(f"{path.name}.partial.job")
        self._job = json.dumps(job, sort_keys=True)
        self.done = 0
        self.last_line: bytes | None = None
        self._stream: IO[bytes]

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open()
        except OSError as error:
            raise UsageError(
                tr(f"{self.path} lässt sich nicht schreiben: {error.strerror}.", f"Can't write {self.path}: {error}.")
            ) from error
        return self

    def _open(self) -> None:
        same = self._job_file.exists() and self._job_file.read_text(encoding="utf-8") == self._job
        if not (same and self._partial.exists()):
            self._partial.unlink(missing_ok=True)
            self._job_file.write_text(self._job, encoding="utf-8")
        self._stream = self._partial.open("a+b")
        self._stream.truncate(self._whole_lines())
        self._stream.seek(0, os.SEEK_END)

    def _whole_lines(self) -> int:
        """Count what is complete; returns its length in bytes."""
        self._stream.seek(0)
        length = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                break
            length += len(line)
            self.done += 1
            self.last_line = line
        return length

    def write(self, row: dict[str, Any]) -> None:
        """Add one line."""
        text = json.dumps(row, ensure_ascii=False)
        self._stream.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def flush(self) -> None:
        """Hand all lines to the operating system: they outlive a kill of this process."""
        self._stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        self._stream.close()
        if kind is None:
            self._partial.replace(self.path)
            self._job_file.unlink(missing_ok=True)


def fingerprint(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
