"""Who reads which source: one file lock per source, which the operating system frees when a process ends."""

from __future__ import annotations

import threading
from pathlib import Path

from filelock import FileLock, Timeout

from index.ledger_records import LedgerBusyError

LOCK_SECONDS = 0.5


class SourceLocks:
    """The locks of one ledger file; ":memory:" has none, since nobody else can open it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._owned: dict[str, FileLock] = {}

    def own(self, source: str) -> None:
        """Take a source. Raises `LedgerBusyError` where a living process has it."""
        if self._path == ":memory:":
            return
        lock = self._file_lock(source)
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise LedgerBusyError(f"Die Quelle „{source}“ wird gerade von einem anderen Prozess gelesen.") from error
        with self._guard:
            self._owned[source] = lock

    def is_alive(self, source: str) -> bool:
        """Whether some process has the source now."""
        if source in self._owned:
            return True
        if self._path == ":memory:" or not Path(f"{self._path}.{source}.lock").exists():
            return False
        lock = self._file_lock(source)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def release(self, source: str) -> None:
        """Let others have the source."""
        with self._guard:
            lock = self._owned.pop(source, None)
        if lock is not None:
            lock.release()

    def release_all(self) -> None:
        """Let others have all sources."""
        for source in list(self._owned):
            self.release(source)

    def _file_lock(self, source: str) -> FileLock:
        return FileLock(f"{self._path}.{source}.lock", thread_local=False)
