"""The dashboard, as a process of its own beside the command line."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer

from brandmelder.console import messages, say
from brandmelder.errors import UsageError
from brandmelder.profile import Profile, read_profile
from brandmelder.settings import Settings
from brandmelder.texts import tr
from dashboard.config import DashboardConfig, TopicConfig, write_config
from dashboard.serving import streamlit_command
from index.opening import without_credentials

DEFAULT_PORT = 8501
LOOPBACK = "127.0.0.1"
START_SECONDS = 60

Port = Annotated[int, typer.Option(min=1, max=65535, help=tr("Anschluss auf diesem Rechner", "port on this machine"))]
Browser = Annotated[bool, typer.Option(help=tr("den Browser öffnen", "open the browser"))]


def dashboard(
    settings: Settings,
    brand: Annotated[
        str | None,
        typer.Option(help=tr("Markenprofil; sonst das des letzten Laufs", "brand profile; else that of the last run")),
    ] = None,
    port: Port = DEFAULT_PORT,
    browser: Browser = True,
    host: Annotated[
        str,
        typer.Option(
            help=tr(
                "Adresse, an der gehört wird; das Dashboard fragt niemanden nach einem Kennwort",
                "address to listen on; the dashboard asks nobody for a password",
            )
        ),
    ] = LOOPBACK,
) -> None:
    """Serve the dashboard until Ctrl-C."""
    path = config_path(settings)
    if brand is not None:
        write_dashboard_config(settings, read_profile(brand, settings.data / "profiles"))
    elif not path.exists():
        raise UsageError(
            tr(
                "Noch kein Lauf in diesem Datenordner. Nenne ein Profil mit --brand oder starte: brandmelder demo",
                "No run in this data folder yet. Name a profile with --brand, or try: brandmelder demo",
            )
        )
    with serving(settings, path, port, host=host) as (address, process):
        if host != LOOPBACK:
            say(
                tr(
                    f"Achtung: Es hört an {host} und fragt nach keinem Kennwort. Davor gehört ein Proxy mit Anmeldung.",
                    f"Attention: it listens on {host} and asks for no password. Put a proxy with a login before it.",
                )
            )
        say(tr(f"Dashboard: {address}   (Ende mit Strg-C)", f"Dashboard: {address}   (stop with Ctrl-C)"))
        if browser and messages.is_terminal:
            webbrowser.open(address)
        process.wait()


def config_path(settings: Settings) -> Path:
    """The file that tells the dashboard about brand and store."""
    return settings.data / "dashboard.json"


def write_dashboard_config(settings: Settings, profile: Profile) -> Path:
    """Write what the dashboard needs to know of the profile and the settings; returns the file."""
    config = DashboardConfig(
        brand=profile.name,
        competitors=tuple(competitor.name for competitor in profile.competitors),
        topics=tuple(
            TopicConfig(
                id=topic.id,
                label=topic.label,
                journey_phase=topic.journey_phase,
                touchpoint=topic.touchpoint,
            )
            for topic in profile.topics
        ),
        data=settings.data.resolve(),
        sources={card.name: card.title for card in profile.sources if card.title},
        store=None if settings.store is None else without_credentials(settings.store.strip()),
        elastic_prefix=settings.elastic_prefix,
        elastic_ca=settings.elastic_ca,
        language=settings.lang,
        min_group=profile.min_group,
        base_url=settings.dashboard_url,
    )
    path = config_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_config(config, path)
    return path


def free_port(wanted: int) -> int:
    """The wanted port on 127.0.0.1 if it is free, else any free one."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.close()
            with socket.socket() as other:
                other.bind(("127.0.0.1", 0))
                return int(other.getsockname()[1])
    return wanted


@contextmanager
def serving(
    settings: Settings, config: Path, port: int, *, host: str = LOOPBACK
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The dashboard's process and its address on this machine, once it answers; ended with the block.

    `host` is where it listens: this machine only, or 0.0.0.0 for all that reach it.
    """
    port = free_port(port)
    environment = dict(os.environ)
    if settings.elastic_api_key is not None:
        # The dashboard reads secrets from its environment only; ours may come from a file .env.
        environment["BRANDMELDER_ELASTIC_API_KEY"] = settings.elastic_api_key.get_secret_value()
    if settings.store is not None:
        environment["BRANDMELDER_STORE"] = settings.store
    process = subprocess.Popen(
        streamlit_command(config, port, address=host, module="brandmelder.board"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    try:
        _wait_until_healthy(port, process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise UsageError(
        tr(
            f"Das Dashboard startet nicht (Anschluss {port}). Der Grund steht in den Zeilen darüber.",
            f"The dashboard doesn't start (port {port}). The lines above say why.",
        )
    )
