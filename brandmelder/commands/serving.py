"""The commands of the REST API: serve it, and make, list and revoke its keys."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brandmelder.common import opened_store
from brandmelder.console import put_json, put_line, say
from brandmelder.errors import UsageError
from brandmelder.settings import Settings
from brandmelder.texts import language, tr

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

DEFAULT_PORT = 8600
MAX_REQUESTS_AT_ONCE = 64


class KeyRole(StrEnum):
    """What a key opens."""

    reader = "reader"
    analyst = "analyst"


def serve(
    settings: Settings,
    host: Annotated[str, typer.Option(help=tr("Adresse, an der gehört wird", "address to listen on"))] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=tr("Anschluss; 0: ein freier", "port; 0: a free one"))
    ] = DEFAULT_PORT,
    rate: Annotated[
        str, typer.Option(help=tr("Anfragen je Schlüssel, etwa 120/minute", "requests per key, such as 120/minute"))
    ] = "120/minute",
    certificate: Annotated[
        Path | None, typer.Option(help=tr("TLS-Zertifikat (PEM)", "TLS certificate (PEM)"), show_default=False)
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(help=tr("sein Schlüssel (PEM)", "its key (PEM)"), show_default=False)
    ] = None,
) -> None:
    """Serve the API until Ctrl-C."""
    _check(rate)
    import uvicorn

    from dashboard.api.app import ApiOptions, create_app
    from dashboard.api.keys import KeyFile

    _log_to_stderr()
    with opened_store(settings) as store, _listening(host, port) as listener:
        app = create_app(store, KeyFile(settings.data), ApiOptions(lang=language(), rate=rate))
        config = _config(app, certificate, certificate_key)
        _tell(listener, secured=certificate is not None, local=_is_local(host))
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    say(tr("Beendet.", "Stopped."))


def _check(rate: str) -> None:
    """Raises `UsageError` where packages are missing or the rate can't be read."""
    try:
        import fastapi  # noqa: F401
        import limits
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UsageError(
            tr(
                "Dazu fehlen Pakete: pip install 'brandmelder[api]'.",
                "Packages are missing: pip install 'brandmelder[api]'.",
            )
        ) from error
    try:
        limits.parse(rate)
    except ValueError as error:
        raise UsageError(
            tr(f"--rate {rate}: gemeint ist etwa 120/minute.", f"--rate {rate}: try 120/minute.")
        ) from error


def _config(app: FastAPI, certificate: Path | None, certificate_key: Path | None) -> uvicorn.Config:
    """The server's settings, its certificate loaded. Raises `UsageError` for an unfit one."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MAX_REQUESTS_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        ssl_certfile=certificate,
        ssl_keyfile=certificate_key,
    )
    try:
        config.load()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            tr(f"Das Zertifikat taugt nicht: {reason}.", f"The certificate can't be used: {reason}.")
        ) from error
    return config


def create(
    settings: Settings,
    name: Annotated[str, typer.Argument(help=tr("wofür der Schlüssel ist", "what the key is for"))],
    role: Annotated[
        KeyRole,
        typer.Option(
            help=tr("reader: nur Zahlen; analyst: auch Wortlaute", "reader: figures; analyst: also verbatims")
        ),
    ] = KeyRole.reader,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help=tr("gilt so viele Tage", "valid for so many days"), show_default=False),
    ] = None,
) -> None:
    """Make a key and print it, this once."""
    from dashboard.api.keys import KeyFile

    now = datetime.now(UTC)
    until = None if days is None else now + timedelta(days=days)
    id, key = KeyFile(settings.data).create(name, role.value, now=now, expires_at=until)
    put_line(key)
    say(
        tr(
            f"Schlüssel {id} ({role.value}). Er wird nur jetzt gezeigt; gespeichert ist nur seine Prüfsumme.",
            f"Key {id} ({role.value}). It is shown only now; only its hash is stored.",
        )
    )


def keys(settings: Settings) -> None:
    """Print the keys: ids, names, roles, times; never the keys themselves."""
    from dashboard.api.keys import KeyFile

    put_json([key.model_dump(mode="json", exclude={"sha256"}) for key in KeyFile(settings.data).entries()])


def revoke(
    settings: Settings, id: Annotated[str, typer.Argument(help=tr("Kennung des Schlüssels", "the key's id"))]
) -> None:
    """Close a key; a running API refuses it from the next request on."""
    from dashboard.api.keys import KeyFile, UnknownKeyError

    try:
        entry = KeyFile(settings.data).revoke(id, now=datetime.now(UTC))
    except UnknownKeyError as error:
        raise UsageError(tr(f"Einen Schlüssel {id} gibt es nicht.", f"There is no key {id}.")) from error
    say(tr(f"Schlüssel {entry.id} ({entry.name}) gilt nicht mehr.", f"Key {entry.id} ({entry.name}) is closed."))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            tr(f"An {host}:{port} lässt sich nicht hören: {reason}.", f"Can't listen on {host}:{port}: {reason}.")
        ) from error


def _tell(listener: socket.socket, *, secured: bool, local: bool) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if secured else "http"
    say(
        tr(
            f"API: {scheme}://{shown}:{port}/v1   (Ende mit Strg-C)",
            f"API: {scheme}://{shown}:{port}/v1   (stop: Ctrl-C)",
        )
    )
    if not secured and not local:
        say(
            tr(
                "ACHTUNG: ohne TLS im Netz. Schlüssel sind mitlesbar: --certificate angeben oder einen Proxy mit TLS "
                "davorstellen.",
                "CAREFUL: on the network without TLS. Keys can be read: give --certificate or put a TLS proxy before.",
            )
        )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("brandmelder.api", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
    logging.getLogger("brandmelder.api").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
