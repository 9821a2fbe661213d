"""The real dashboard on a store of its own, and a real browser in front of it, for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from dashboard.config import DashboardConfig, TopicConfig, write_config
from dashboard.serving import streamlit_command
from index.mention import Mention
from index.opening import open_store
from tests.factories import TOPICS, make_mention

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LABELS = dict(zip(TOPICS, ("Lieferung", "Beratung", "Bestellung", "Kundendienst", "Qualität", "App"), strict=True))
PHASES = ("purchase", "consideration", "purchase", "support", "usage", "usage")


def need_chromium() -> None:
    """Skip where there is no browser; in CI that is a failure."""
    if CHROMIUM.exists():
        return
    message = f"{CHROMIUM} is missing: the dashboard can't be tested in a browser"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def twelve_weeks(count: int = 240) -> list[Mention]:
    """Mentions of all sources, topics and experiences, evenly over the last twelve weeks up to now."""
    now = datetime.now(UTC).replace(microsecond=0)
    step = timedelta(days=83) / count
    return [
        make_mention(
            number,
            # Numbers that share no factor with the lists, so that topics and sources mix.
            source=("marktforum", "testportal", "gartenblog")[number % 7 % 3],
            channel=("forum", "review", "blog")[number % 7 % 3],
            published_at=now - step * (count - number),
            journey_phase=PHASES[number % 6],
        )
        for number in range(count)
    ]


def filled(folder: Path, mentions: list[Mention], **settings: object) -> Path:
    """A data folder with these mentions; returns the file of the dashboard's settings."""
    store = open_store(None, folder)
    store.upsert(mentions)
    store.refresh()
    store.close()
    topics = tuple(
        TopicConfig(id=topic, label=label, journey_phase=phase)
        for (topic, label), phase in zip(LABELS.items(), PHASES, strict=True)
    )
    values = {"brand": "kornblume", "competitors": ("distel",), "topics": topics, "data": folder} | settings
    path = folder / "dashboard.json"
    write_config(DashboardConfig.model_validate(values), path)
    return path


@contextmanager
def serving(config: Path, log: Path) -> Iterator[str]:
    """The address of a running dashboard; its process ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            streamlit_command(config, port, module="brandmelder.board"),
            env=environment,
            cwd=config.parent,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the dashboard did not start: {log.read_text(encoding='utf-8', errors='replace')}")
