"""Two things at once: a call in a thread of its own while a block goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """`with Beside(call) as running: ...`, then `running.result`.

    The block ends when both have, whatever either raises; what the block raised goes before what the call did. It is
    worth its thread where the call works outside of Python for long stretches, as SQLite does.
    """

    result: Result

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=False)

    def __enter__(self) -> Beside[Result]:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            self._error = error
