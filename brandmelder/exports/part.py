"""Output files that a killed export continues: `NAME.partial` grows, and becomes NAME when everything is in it.

Beside it lies `NAME.partial.json`: which export this is, how many bytes of the file are whole, and what the last
mention in them was. Bytes beyond are cut off when the export goes on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from filelock import FileLock, Timeout

from brandmelder.errors import UsageError
from brandmelder.texts import tr

# What a kill may cost is written again.
SECONDS_BETWEEN_MARKS = 1.0


class PartFile:
    """A file that grows by whole batches. After entering, `rows` and `last` say what an earlier call left behind, and
    `empty` that there is nothing yet.

    `job` is what the content depends on; a part of another job is thrown away. `facts` are kept from the first call
    of the job on: a continued one gets the first one's back. Raises `UsageError` where the file can't be written, or
    another process is writing it.
    """

    def __init__(self, path: Path, job: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.partial")
        self.rows = 0
        self.last = ""
        self.empty = True
        self.facts = dict(facts)
        self._job = json.loads(json.dumps(job))
        self._state = path.with_name(f"{path.name}.partial.json")
        self._lock = FileLock(path.with_name(f"{path.name}.partial.lock"), timeout=0)
        self._marked = 0.0
        self._stream: IO[bytes]

    def __enter__(self) -> Self:
        try:
            if self.path.is_dir():
                raise UsageError(tr(f"{self.path} ist ein Ordner.", f"{self.path} is a folder."))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._open()
        except Timeout as error:
            raise UsageError(
                tr(f"Ein anderer Export schreibt gerade {self.path}.", f"Another export is writing {self.path} now.")
            ) from error
        except OSError as error:
            self._lock.release()
            raise UsageError(
                tr(
                    f"{self.path} lässt sich nicht schreiben: {error.strerror or error}.",
                    f"Can't write {self.path}: {error.strerror or error}.",
                )
            ) from error
        return self

    def _open(self) -> None:
        state = self._read_state()
        if state is None:
            self._stream = self.part.open("wb")
            self._mark()
            return
        self._stream = self.part.open("r+b")
        self._stream.truncate(state["bytes"])
        self._stream.seek(0, os.SEEK_END)
        self.rows, self.last, self.facts = state["rows"], state["last"], state["facts"]
        self.empty = state["bytes"] == 0

    def _read_state(self) -> dict[str, Any] | None:
        """What an earlier call of the same job has left, or None."""
        try:
            state: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
            same = state["job"] == self._job and self.part.stat().st_size >= state["bytes"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return state if same else None

    def write(self, data: bytes, *, rows: int = 0, last: str = "") -> None:
        """Add a whole batch: its bytes, how many mentions they are, and the id of the last one."""
        self._stream.write(data)
        self.rows += rows
        self.last = last or self.last
        if time.monotonic() - self._marked >= SECONDS_BETWEEN_MARKS:
            self._mark()

    def _mark(self) -> None:
        """Write down how far the file is whole: first the bytes, then what is said about them."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        state = {"job": self._job, "facts": self.facts, "rows": self.rows, "last": self.last}
        fresh = self._state.with_name(f"{self._state.name}.new")
        fresh.write_text(json.dumps(state | {"bytes": self._stream.tell()}), encoding="utf-8")
        fresh.replace(self._state)
        self._marked = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._stream.closed:
                self._mark()
                self._stream.close()
        finally:
            self._lock.release()

    def finish(self, whole: Path | None = None) -> None:
        """Put the part (or `whole`, which was made of it) in the place of the output, and clean up."""
        self._mark()
        self._stream.close()
        # First, so that no later export can take what is finished for something to continue.
        self._state.unlink()
        (whole or self.part).replace(self.path)
        for rest in (self.part, Path(self._lock.lock_file)):
            rest.unlink(missing_ok=True)
