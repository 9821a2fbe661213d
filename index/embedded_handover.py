"""What was just written, on its way to the search index without being read from the record again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

# In bytes. What goes beyond is read from the record.
MEMORY = 32 << 20


class Handover:
    """Mentions as `index.embedded_flat.flattened`, by the numbers of their changes.

    Only a shortcut: which changes there are, and the mentions that are not here, the record says. A number stands for
    one content for ever, once its transaction is through; nothing may be put here before.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._lock = Lock()
        self._kept: dict[int, bytes] = {}
        self._size = 0

    def put(self, first: int, flat: Sequence[bytes]) -> None:
        """Keep these, with the numbers from `first` on, while there is room."""
        size = sum(map(len, flat))
        with self._lock:
            if self._size + size <= self._memory:
                self._size += size
                self._kept.update(enumerate(flat, first))

    def take(self) -> Mapping[int, bytes]:
        """All that is here, and keep it no longer."""
        with self._lock:
            taken, self._kept, self._size = self._kept, {}, 0
        return taken
