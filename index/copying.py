"""Copying one store into another: mentions with the work of people, and tombstones; verified by comparing both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from index.document import encoded
from index.mention import Mention
from index.query import parse_query
from index.stones import stone
from index.store import Store, StoreError, Tombstone

BATCH = 500
# The first pass writes, the second compares; more are needed where the source is written to meanwhile.
PASSES = 6

Progress = Callable[[int], None]


@dataclass
class CopyReport:
    """What a copy came to. `sha256` is over the documents in id order, read back from the target.

    `refused` has id and reason of mentions that the target doesn't take, `kept_out` counts those that it had erased.
    """

    mentions: int = 0
    tombstones: int = 0
    written: int = 0
    removed: int = 0
    kept_out: int = 0
    sha256: str = ""
    refused: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**vars(self), "refused": [{"id": id, "reason": why} for id, why in self.refused.items()]}


@dataclass
class _Pass:
    """One walk over both stores, side by side in id order."""

    changes: int = 0
    mentions: int = 0
    kept_out: set[str] = field(default_factory=set)
    ours: Any = field(default_factory=hashlib.sha256)
    theirs: Any = field(default_factory=hashlib.sha256)
    to_write: list[Mention] = field(default_factory=list)
    to_remove: list[str] = field(default_factory=list)


class Copying:
    """Brings `target` to the state of `source`. May be repeated at any time: what is equal is not written again.

    `keep_extra` leaves mentions alone that only the target has, unless the source has erased them.
    """

    def __init__(self, source: Store, target: Store, *, keep_extra: bool = False) -> None:
        self._source = source
        self._target = target
        self._keep_extra = keep_extra
        self._report = CopyReport()
        self._stones: set[str] = set()

    def run(self, progress: Progress) -> CopyReport:
        """Copy and verify; `progress` hears how many mentions of the source were read in the first pass.

        Raises `StoreError`, also where the source changes faster than it can be copied.
        """
        for number in range(PASSES):
            # Before the mentions: what was erased must not be written for a moment.
            self._copy_tombstones()
            for store in (self._source, self._target):
                store.refresh()
            walked = self._walk(progress if number == 0 else _quiet)
            if not walked.changes:
                return self._verified(walked)
        raise StoreError(
            "Die Quelle ändert sich schneller, als sie sich kopieren lässt: bitte den Befehl wiederholen, "
            "während weniger geschrieben wird. Was kopiert ist, bleibt."
        )

    def _verified(self, walked: _Pass) -> CopyReport:
        if walked.ours.digest() != walked.theirs.digest():
            raise StoreError("Die Kopie hat eine andere Prüfsumme als die Quelle: bitte den Befehl wiederholen.")
        self._report.mentions = walked.mentions
        self._report.kept_out = len(walked.kept_out)
        self._report.sha256 = str(walked.theirs.hexdigest())
        return self._report

    def _copy_tombstones(self) -> None:
        batch: list[Tombstone] = []
        for entry in self._source.tombstones():
            if entry.stone not in self._stones:
                self._stones.add(entry.stone)
                batch.append(entry)
            if len(batch) == BATCH:
                self._target.entomb(batch)
                batch = []
        if batch:
            self._target.entomb(batch)
        self._report.tombstones = len(self._stones)

    def _walk(self, progress: Progress) -> _Pass:
        walk = _Pass()
        everything = parse_query("")
        for ours, theirs in _side_by_side(self._source.scan(everything), self._target.scan(everything)):
            if ours is not None:
                progress(1)
                self._compare(walk, ours, theirs)
            elif theirs is not None and (not self._keep_extra or self._is_erased(theirs)):
                walk.to_remove.append(theirs.id)
            if len(walk.to_write) + len(walk.to_remove) >= BATCH:
                self._apply(walk)
        self._apply(walk)
        return walk

    def _compare(self, walk: _Pass, ours: Mention, theirs: Mention | None) -> None:
        if ours.id in self._report.refused:
            return
        if ours != theirs:
            walk.to_write.append(ours)
            return
        walk.mentions += 1
        walk.ours.update(encoded(ours))
        walk.theirs.update(encoded(theirs))

    def _is_erased(self, mention: Mention) -> bool:
        if stone("id", mention.id) in self._stones:
            return True
        return mention.author_key is not None and stone("author", mention.author_key) in self._stones

    def _apply(self, walk: _Pass) -> None:
        for result in self._target.restore(walk.to_write) if walk.to_write else []:
            if result.fate == "quarantined":
                self._report.refused[result.id] = result.reason or ""
            elif result.fate == "dropped":
                walk.kept_out.add(result.id)
            elif result.fate != "unchanged":
                walk.changes += 1
                self._report.written += 1
        if walk.to_remove:
            count = self._target.delete(walk.to_remove)
            walk.changes += count
            self._report.removed += count
        walk.to_write, walk.to_remove = [], []


def _side_by_side(left: Iterator[Mention], right: Iterator[Mention]) -> Iterator[tuple[Mention | None, Mention | None]]:
    """Mentions of equal ids together; None where one side has none. Both come in id order."""
    ours, theirs = next(left, None), next(right, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours.id < theirs.id):
            yield ours, None
            ours = next(left, None)
        elif ours is None or theirs.id < ours.id:
            yield None, theirs
            theirs = next(right, None)
        else:
            yield ours, theirs
            ours, theirs = next(left, None), next(right, None)


def _quiet(_count: int) -> None:
    """No progress is shown for passes that only compare."""
