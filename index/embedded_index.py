"""The embedded store's search index: tantivy, derived from the SQLite record and replaceable at any time."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index import embedded_schema as schema
from index.embedded_damage import find_damage
from index.embedded_flat import flattened, numbered
from index.embedded_handover import Handover
from index.embedded_rows import Rows

log = logging.getLogger(__name__)

# Memory of the writer in bytes; more makes larger segments.
WRITER_MEMORY = 64_000_000
BATCH = 2_000
# How long `refresh` waits for another process that is indexing, in seconds.
PATIENCE = 300.0


class SearchIndex:
    """Follows the change numbers of `Rows`.

    Which changes the index holds is read from the index itself: the highest number among its documents. All changes
    up to the number at which a commit was made are in it, so a crash between the two files is made up for by
    applying everything later again, and applying a change twice makes no difference.
    """

    def __init__(self, folder: Path, rows: Rows) -> None:
        self.handover = Handover()
        self._rows = rows
        self._folder = folder
        self._path = folder / schema.fingerprint()
        self._lock = FileLock(folder.with_suffix(".lock"), mode=0o600)
        self._index: Any = None
        self._searcher: Any = None
        self._number = self._row = 0
        self._state: tuple[int, int] | None = None
        self._open()

    @property
    def index(self) -> Any:
        """The open `tantivy.Index`."""
        return self._index

    def searcher(self) -> Any:
        """A `tantivy.Searcher` over the latest commit of any process."""
        state = self._on_disk()
        if state is None:
            self._open()
        elif state != self._state:
            self._reload()
        return self._searcher

    def is_behind(self) -> bool:
        """Whether acknowledged writes are not searchable yet."""
        self.searcher()
        return self._rows.behind(self._number)

    def follow(self, *, wait: bool, fed: Callable[[], None] = lambda: None) -> bool:
        """Index what is missing. False where another process is indexing and `wait` is not wanted."""
        try:
            with self._lock.acquire(timeout=PATIENCE if wait else 0):
                self.searcher()
                # What is taken was written before, so that the record below has it; another process may index it, too.
                fresh = self.handover.take()
                if self._rows.behind(self._number):
                    self._apply(fresh, fed)
                return True
        except Timeout:
            if wait:
                raise
            return False

    def close(self) -> None:
        """Let go of the files; safe to call twice."""
        self._index = self._searcher = self._state = None

    # opening

    def _open(self) -> None:
        if self._is_sound():
            return
        with self._lock.acquire(timeout=PATIENCE):
            if not self._is_sound():
                self._rebuild()

    def _is_sound(self) -> bool:
        """Whether the index could be opened, is readable and not newer than the record."""
        import tantivy

        if not (self._path / "complete").exists():
            return False
        damaged = find_damage(self._path)
        if damaged is not None:
            log.warning("Der Suchindex wird neu aufgebaut, denn %s ist beschädigt.", damaged)
            return False
        try:
            self._index = tantivy.Index.open(str(self._path))
            self._reload()
        except ValueError as error:
            log.warning("Der Suchindex wird neu aufgebaut, denn er ist nicht lesbar: %s", error)
            return False
        return self._number <= self._rows.last_number()

    def heal(self) -> bool:
        """After a failed search: make the index anew where it is damaged. False where it isn't."""
        self._state = None
        if self._is_sound():
            return False
        self._open()
        return True

    def _rebuild(self) -> None:
        self.close()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for old in self._folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        self._path.mkdir(mode=0o700)
        self._index = schema.create(self._path)
        self._reload()
        if self._rows.behind(0):
            self._apply({}, lambda: None)
        (self._path / "complete").touch(mode=0o600)

    # following

    def _on_disk(self) -> tuple[int, int] | None:
        try:
            found = (self._path / "meta.json").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _reload(self) -> None:
        import tantivy

        state = self._on_disk()
        self._index.reload()
        self._searcher = self._index.searcher()
        asked = {name: {"max": {"field": name}} for name in (schema.SEQ, schema.ROW)}
        highest = self._searcher.aggregate(tantivy.Query.all_query(), asked)
        self._number = int(highest[schema.SEQ]["value"] or 0)
        self._row = int(highest[schema.ROW]["value"] or 0)
        self._state = state

    def _apply(self, fresh: Mapping[int, bytes], fed: Callable[[], None]) -> None:
        """Apply the record's changes after the index's number; the caller holds the lock."""
        began = time.monotonic()
        writer = self._index.writer(WRITER_MEMORY, 1)
        try:
            with self._rows.reading():
                up_to = self._rows.last_number()
                count = self._feed(writer, fresh)
            fed()
            writer.commit()
        finally:
            # Also ends the writer, without whose end no other could be made.
            writer.wait_merging_threads()
        self._reload()
        self._rows.forget_deletions(up_to)
        log.debug("%d Änderungen indexiert in %.2f s", count, time.monotonic() - began)

    def _feed(self, writer: Any, fresh: Mapping[int, bytes]) -> int:
        for row in self._rows.deletions():
            writer.delete_documents_by_term(schema.ROW, row)
        count = 0
        for seq, row, flat in self._changed(fresh):
            # Rows are given out in order: the index has none beyond its highest, and looking for one costs time.
            if row <= self._row:
                writer.delete_documents_by_term(schema.ROW, row)
            writer.add_json(numbered(flat, row=row, seq=seq))
            count += 1
        return count

    def _changed(self, fresh: Mapping[int, bytes]) -> Iterator[tuple[int, int, bytes]]:
        """Number, row and content of all changes after the index's number; what isn't `fresh` is read."""
        number = self._number
        while changes := self._rows.changes(number, BATCH):
            documents = self._rows.documents([row for seq, row in changes if seq not in fresh])
            for seq, row in changes:
                yield seq, row, fresh[seq] if seq in fresh else flattened(documents[row], documents[row])
            number = changes[-1][0]
