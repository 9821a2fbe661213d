"""Entry point of the command line: exit codes, and errors as sentences."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from brandmelder.stopping import Stopped, listen_for_stops
from brandmelder.texts import choose_language, interrupted

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line with the arguments of the process."""
    choose_language(sys.argv[1:], os.environ.get("BRANDMELDER_LANG", "de"))
    # A service manager's stop is treated like Ctrl-C: what is under way is finished and written down.
    listen_for_stops()
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        print(interrupted(), file=sys.stderr)  # noqa: T201  (the console may not be loaded yet)
        sys.exit(1)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 done but look, 2 wrong call or input."""
    # Imported late: help texts are built at import, in the language chosen above.
    from brandmelder.app import app
    from brandmelder.console import say
    from brandmelder.errors import AttentionError, ReaderGoneError

    try:
        code = _call(app, arguments)
        sys.stdout.flush()
    except AttentionError as notice:
        say(str(notice))
        return 1
    except (ReaderGoneError, BrokenPipeError):
        # What is still buffered must not be flushed to the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if _is_stop(error):
            raise Stopped from error
        return _explain(error)
    return code


def _call(app: typer.Typer, arguments: list[str]) -> int:
    try:
        app(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    return 0


def _is_stop(error: BaseException | None) -> bool:
    """Whether an interrupt lies behind an error: an extension that is being imported turns it into an ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None


def _explain(error: Exception) -> int:
    from brandmelder.console import say
    from brandmelder.faults import sentence

    if os.environ.get("BRANDMELDER_DEBUG"):
        traceback.print_exc()
    say(sentence(error))
    return 2


if __name__ == "__main__":
    main()
