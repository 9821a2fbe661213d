"""Twisted's reactor in a thread of its own: it can be started only once per process, crawls often.

The caller's thread stays free for scoring and storing, and keeps Ctrl-C.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from importlib import import_module
from typing import Any, TypeVar

from crawlers.gate.resolving import guard_resolver
from crawlers.settings import TWISTED_REACTOR

Result = TypeVar("Result")
START_SECONDS = 30.0

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def submit(work: Coroutine[Any, Any, Result]) -> Future[Result]:
    """Run a coroutine on the reactor's loop; the reactor is started on first use and ends with the process."""
    return asyncio.run_coroutine_threadsafe(work, _running_loop())


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            ready: Future[asyncio.AbstractEventLoop] = Future()
            threading.Thread(target=_run, args=(ready,), name="reactor", daemon=True).start()
            _loop = ready.result(timeout=START_SECONDS)
        return _loop


def _run(ready: Future[asyncio.AbstractEventLoop]) -> None:
    from scrapy.utils.reactor import install_reactor

    try:
        install_reactor(TWISTED_REACTOR)
        reactor: Any = import_module("twisted.internet.reactor")
        guard_resolver(reactor)
        loop = asyncio.get_event_loop()
        reactor.callWhenRunning(ready.set_result, loop)
        threading.Thread(target=_stop_with, args=(reactor,), name="reactor-end", daemon=True).start()
        reactor.run(installSignalHandlers=False)
    except Exception as error:
        ready.set_exception(error)
        raise


def _stop_with(reactor: Any) -> None:
    """Stop the reactor when the main thread ends: its pool of threads would keep the process alive."""
    threading.main_thread().join()
    reactor.callFromThread(reactor.stop)
