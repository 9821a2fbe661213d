"""Runs the command line as people and cron jobs do: as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment(**changes: str) -> dict[str, str]:
    """The environment without any settings of ours, plus `changes`.

    Commands calculate in float32, so that what they print is the same on every machine.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BRANDMELDER_")}
    # Warnings are errors in tests: also in the processes that they start.
    fixed = {
        "PYTHONWARNINGS": "default",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
        "BRANDMELDER_PRECISION": "fp32",
    }
    return {**clean, **fixed, **changes}


def command(*arguments: object) -> list[str]:
    """The argument list of a call."""
    return [sys.executable, "-m", "brandmelder", *map(str, arguments)]


def brandmelder(
    *arguments: object, input: str | bytes = b"", cwd: Path | None = None, timeout: float = 120, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Call the command line and wait for it; output is decoded as UTF-8."""
    given = input.encode() if isinstance(input, str) else input
    done = subprocess.run(
        command(*arguments),
        input=given,
        capture_output=True,
        env=environment(**changes),
        timeout=timeout,
        cwd=cwd,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
