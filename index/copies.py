"""Groups of near-copies: which texts say the same, and which of them was first.

Two texts are near-copies where their MinHash signatures agree in at least `threshold` of the 128 places; that share
estimates the Jaccard similarity of their shingles (A. Broder, "On the resemblance and containment of documents",
1997). Groups are the connected components of that relation, so they depend on what was added only, never on the
order or the batches. Candidates come from bands of the signature (J. Leskovec, A. Rajaraman, J. Ullman, "Mining of
Massive Datasets", 3.4), with one band more than there may be differing places: then some band of any two near-copies
agrees, and none is missed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from math import ceil
from pathlib import Path
from threading import RLock
from typing import NamedTuple

import numpy as np

from index.copies_rows import CopyRows
from index.store import StoreError
from index.times import milliseconds

PERMUTATIONS = 128
DEFAULT_THRESHOLD = 0.8
# Signatures of one comparison step, so that a crowded band doesn't fill the memory.
_STEP = 500


class CopyEntry(NamedTuple):
    """One text: when it was published, and its MinHash signature of 128 values from 0 to 2**32 - 1."""

    id: str
    published_at: datetime | None
    signature: Sequence[int]


@dataclass(frozen=True)
class CopyPlace:
    """`group` is the id of the group's original, None for a text without copies; the original itself is no copy."""

    group: str | None
    is_copy: bool


class CopyIndex:
    """The groups, in an SQLite file of their own. Every call is durable when it returns.

    A place that changed must reach the stored mention also if the program is killed in between: it stays in
    `unsettled` until it is reported with `settle`.
    """

    def __init__(self, path: Path, *, threshold: float = DEFAULT_THRESHOLD) -> None:
        """Open or create the file. Raises `StoreError`, also where the file was made with another threshold."""
        self._path = path
        self._mutex = RLock()
        self._least = ceil(threshold * PERMUTATIONS - 1e-9)
        if not 0 < self._least <= PERMUTATIONS:
            raise ValueError(f"a similarity lies above 0 and up to 1, not at {threshold}")
        self._bands = PERMUTATIONS - self._least + 1
        with self._guarded():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            self._rows = CopyRows(path, self._least)

    def add(self, id: str, published_at: datetime | None, signature: Sequence[int]) -> dict[str, CopyPlace]:
        """`add_many` with one entry."""
        return self.add_many([CopyEntry(id, published_at, signature)])

    def add_many(self, entries: Iterable[CopyEntry]) -> dict[str, CopyPlace]:
        """Add texts, or replace those that are known by id; of equal ids the last wins.

        Returns the places of the given ids and of all others whose place changed: an older text becomes a copy when
        an earlier-dated one arrives. Raises `ValueError` for a signature of another length.
        """
        given = {id: (_published(time), _packed(signature)) for id, time, signature in entries}
        with self._guarded(), self._rows.writing():
            touched: set[int] = set()
            for id, (published, signature) in given.items():
                touched |= self._put(id, published, signature)
            changed = self._rows.place(touched)
            return {id: CopyPlace(*place) for id, place in {**self._rows.places(given), **changed}.items()}

    def remove(self, ids: Collection[str]) -> dict[str, CopyPlace]:
        """Forget texts; unknown ids are fine. Returns the places that changed: a group may fall apart."""
        with self._guarded(), self._rows.writing():
            touched: set[int] = set()
            for id in ids:
                touched |= self._drop(id)
            return {id: CopyPlace(*place) for id, place in self._rows.place(touched).items()}

    def places(self, ids: Collection[str]) -> dict[str, CopyPlace]:
        """The places of those ids that are known."""
        with self._guarded():
            return {id: CopyPlace(*place) for id, place in self._rows.places(ids).items()}

    def unsettled(self) -> dict[str, CopyPlace]:
        """Places that changed and were not reported as settled: what a killed run may have left undone."""
        with self._guarded():
            return {id: CopyPlace(*place) for id, place in self._rows.unsettled().items()}

    def settle(self, places: dict[str, CopyPlace]) -> None:
        """These places are stored with their mentions. One that has changed again meanwhile stays unsettled."""
        with self._guarded(), self._rows.writing():
            self._rows.settle({id: (place.group, place.is_copy) for id, place in places.items()})

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._rows.close()

    # how a text finds its group; all return the components whose places must be looked at

    def _put(self, id: str, published: int | None, signature: bytes) -> set[int]:
        known = self._rows.entry(id)
        if known is not None and known.signature == signature:
            self._rows.put_entry(id, published, known.node)
            return {known.component}
        touched = self._drop(id)
        node, is_new = self._rows.node(signature)
        self._rows.put_entry(id, published, node)
        if is_new:
            self._rows.put_bands(node, self._keys(signature))
            self._join(node, signature)
        return touched | {self._rows.component(node)}

    def _drop(self, id: str) -> set[int]:
        known = self._rows.entry(id)
        if known is None:
            return set()
        self._rows.remove_entry(id)
        if self._rows.is_used(known.node):
            return {known.component}
        rest = self._rows.members(known.component) - {known.node}
        self._rows.remove_node(known.node, self._keys(known.signature))
        # Without it the others may hang together no longer: each begins alone and joins anew.
        for node in rest:
            self._rows.move({node}, node)
        for node in rest:
            self._join(node, self._rows.signature(node))
        return {self._rows.component(node) for node in rest}

    def _join(self, node: int, signature: bytes) -> None:
        """Unite the node's component with that of every node which is similar enough."""
        own = self._rows.component(node)
        values = np.frombuffer(signature, dtype="<u4")
        for component, candidates in self._rows.candidates(self._keys(signature), own).items():
            if any(self._alike(values, step) for step in _steps(candidates)):
                self._rows.merge(component, own)

    def _alike(self, values: np.ndarray, nodes: list[int]) -> bool:
        others = np.frombuffer(b"".join(self._rows.signatures(nodes)), dtype="<u4").reshape(-1, PERMUTATIONS)
        return bool(((others == values).sum(axis=1) >= self._least).any())

    def _keys(self, signature: bytes) -> list[int]:
        """One number per band: equal exactly (but for chance) where the band's values are equal."""
        edges = [round(band * PERMUTATIONS / self._bands) * 4 for band in range(self._bands + 1)]
        return [
            int.from_bytes(
                blake2b(signature[start:end], digest_size=8, salt=band.to_bytes(2, "big")).digest(), "big", signed=True
            )
            for band, (start, end) in enumerate(pairwise(edges))
        ]

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._mutex:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise StoreError(
                    f"Die Datei {self._path} mit den Gruppen ähnlicher Texte ist nicht benutzbar ({error}): "
                    "bitte Rechte und freien Platz prüfen."
                ) from error


def _published(time: datetime | None) -> int | None:
    return None if time is None else milliseconds(time)


def _packed(signature: Sequence[int]) -> bytes:
    values = np.asarray(signature)
    if values.shape != (PERMUTATIONS,) or values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= 1 << 32:
        raise ValueError(f"a signature has {PERMUTATIONS} values from 0 to 2**32 - 1")
    return values.astype("<u4").tobytes()


def _steps(nodes: list[int]) -> Iterator[list[int]]:
    return (nodes[start : start + _STEP] for start in range(0, len(nodes), _STEP))
