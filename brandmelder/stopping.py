"""A stop from outside: Ctrl-C, or a service manager's SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

RAISED_AGAIN_SECONDS = 0.05


class Stopped(KeyboardInterrupt):
    """Ctrl-C or a service manager's stop.

    Where a bare KeyboardInterrupt leaves code that a C extension runs, say while it is imported, Python ends itself by
    SIGINT even if the exception is caught later; it doesn't do so for a class of its own.
    """


def listen_for_stops() -> None:
    """From now on SIGINT and SIGTERM raise `Stopped` in the main thread, also where the shell made us ignore SIGINT.

    Python swallows an exception that happens to be raised in a finaliser or in a weak reference's callback. A stop
    that is lost there is raised once more, a moment later.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    sys.unraisablehook = _unraisable


def _stop(_number: int, _frame: object) -> None:
    raise Stopped


def _unraisable(swallowed: UnraisableHookArgs) -> None:
    if not isinstance(swallowed.exc_value, Stopped):
        sys.__unraisablehook__(swallowed)
        return
    again = threading.Timer(RAISED_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()
