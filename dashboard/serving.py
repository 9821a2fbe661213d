"""How the dashboard is started: Streamlit as a process of its own, quiet, on this machine only, in our colours."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Thread
from typing import Final

APP = Path(__file__).with_name("app.py")

OPTIONS: Final[dict[str, str]] = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    # A bug shows a plain message; its traceback goes to the terminal, not to whoever looks at the page.
    "client.showErrorDetails": "none",
    "theme.base": "light",
    "theme.primaryColor": "#1d4f91",
    "theme.backgroundColor": "#f5f7f9",
    "theme.secondaryBackgroundColor": "#ffffff",
    "theme.textColor": "#17212b",
    "theme.linkColor": "#1d4f91",
    "theme.borderColor": "#dde3e9",
    # Streamlit's own typeface, which it serves itself: the same letters on every machine, nothing from elsewhere.
    "theme.font": "sans-serif",
    "theme.baseRadius": "0.5rem",
}


def streamlit_command(
    config_path: Path, port: int, *, address: str = "127.0.0.1", module: str = "dashboard.serving"
) -> list[str]:
    """The command line that serves the dashboard with the settings in `config_path` (see `config.write_config`).

    `module` is what is run: this one, or one that gives the pages more (`explaining.provide`) before it calls `main`.
    """
    options = {"server.address": address, "server.port": str(port), **OPTIONS}
    flags = [f"--{name}={value}" for name, value in options.items()]
    # -P: a folder in which somebody works may hold a "dashboard" of its own.
    return [sys.executable, "-P", "-m", module, "run", str(APP), *flags, "--", str(config_path)]


def warm_up() -> None:
    """Import what the first page needs, so that whoever opens it first doesn't wait for it."""
    import altair  # noqa: F401
    import pandas  # noqa: F401
    from scipy import stats  # noqa: F401

    from dashboard import loaders  # noqa: F401


def main() -> None:
    """Streamlit's own command line, warming up beside it."""
    Thread(target=warm_up, daemon=True).start()
    from streamlit.web.cli import main as streamlit

    streamlit(prog_name="streamlit")


if __name__ == "__main__":
    main()
