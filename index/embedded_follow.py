"""Bringing the search index up to date beside the writing, in a thread of its own."""

from __future__ import annotations

from threading import Event, Thread

from index.embedded_index import SearchIndex

# How long a writer waits, in seconds, until tantivy has got what is missing. Each mention that it gets is a short piece
# of Python: beside a busy thread it would wait for its turn as often.
FEEDING_SECONDS = 2.0


class Follower:
    """At most one indexing at a time. Nobody else may use the `SearchIndex` between `begin` and `wait`."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._thread: Thread | None = None
        self._followed = True
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Start to index what is missing, after the one before has ended. Raises what that one raised."""
        self.wait()
        fed = Event()
        # The interpreter waits for it at its end: what has begun is finished.
        self._thread = Thread(target=self._follow, args=(fed,), name="search-index", daemon=False)
        self._thread.start()
        fed.wait(FEEDING_SECONDS)

    def wait(self) -> bool:
        """Wait for what has begun. False where another process was indexing instead. Raises what it raised, once."""
        if self._thread is None:
            return True
        self._thread.join()
        self._thread = None
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._followed

    def _follow(self, fed: Event) -> None:
        self._followed = False
        try:
            self._followed = self._index.follow(wait=False, fed=fed.set)
        except BaseException as error:  # noqa: BLE001 - panics of tantivy are no `Exception`; `wait` raises it again
            self._error = error
        finally:
            fed.set()
