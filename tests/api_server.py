"""The REST API as people run it: a process of its own on loopback."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.command_line import brandmelder, command, environment

START_SECONDS = 60


@dataclass
class ApiServer:
    """A running API: its address and what it has said on stderr."""

    url: str
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return "".join(self.lines)


@contextmanager
def api_server(data: Path, *arguments: object, **changes: str) -> Iterator[ApiServer]:
    """Start it on a free port, and end it in order."""
    process = subprocess.Popen(
        command("api", "serve", "--port", 0, "--data", data, *arguments),
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=environment(**changes),
        text=True,
        encoding="utf-8",
    )
    server = ApiServer("")
    listening = threading.Event()

    def listen() -> None:
        for line in process.stderr:
            server.lines.append(line)
            found = re.match(r"API: (https?://\S+)/v1", line)
            if found:
                server.url = found[1]
                listening.set()
        listening.set()

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    try:
        assert listening.wait(START_SECONDS), server.log
        assert server.url, server.log
        yield server
    finally:
        process.terminate()
        code = process.wait(20)
        reader.join(5)
        process.stderr.close()
    assert code == 0, server.log


def api_key(data: Path, role: str, *arguments: object) -> str:
    """A fresh key, made by the command."""
    return brandmelder("api", "create", f"Test {role}", "--role", role, "--data", data, *arguments).stdout.strip()
