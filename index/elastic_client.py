"""The connection to Elasticsearch: patience with a busy server, and errors that say what to do."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from index.elastic_errors import BUSY, BusyError, LockedError, explain
from index.store import Retries, StoreError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch
    from tenacity import RetryCallState

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

OLDEST_SERVER = 8
REQUEST_SECONDS = 60.0
# The server answers a wait for a missing shard before the client gives up on the request.
SHARD_WAIT = "30s"
LONGEST_PAUSE = 5.0


class Connection:
    """One client for one cluster. Nothing that it says or logs contains credentials."""

    def __init__(
        self,
        url: str,
        *,
        basic_auth: tuple[str, str] | None = None,
        api_key: str | None = None,
        ca_certs: Path | None = None,
        patience: float = 30.0,
    ) -> None:
        """`patience` is how many seconds a busy or restarting server is waited for.

        User and password may stand in the URL; an API key goes before them. Raises `StoreError`.
        """
        from elasticsearch import Elasticsearch

        address, named = _split(url)
        self.location = address
        self.patience = patience
        self.retries = Retries()
        options: dict[str, Any] = {}
        if api_key is not None:
            options["api_key"] = _sendable(api_key)
        elif basic_auth is not None or named is not None:
            options["basic_auth"] = basic_auth or named
        if ca_certs is not None:
            if not ca_certs.is_file():
                raise StoreError(f"Die Datei mit dem Zertifikat der Prüfstelle fehlt: {ca_certs}.")
            options["ca_certs"] = str(ca_certs)
        try:
            self.client: Elasticsearch = Elasticsearch(
                address, request_timeout=REQUEST_SECONDS, max_retries=0, retry_on_timeout=False, **options
            )
        except (ValueError, ssl.SSLError) as error:
            raise StoreError(f"Die Verbindung zu {address} lässt sich nicht einrichten: {error}.") from None

    def check(self) -> str | None:
        """Ask the server who it is; its version, None where the login may not see it.

        Raises `StoreError` where it can't be reached, refuses or is too old.
        """
        from elasticsearch import AuthorizationException

        try:
            info = self.patiently(
                lambda: self.client.options(request_timeout=10).info(), patience=min(2, self.patience)
            )
        except StoreError as error:
            if isinstance(error.__cause__, AuthorizationException):
                return None  # A key for single indices may not ask for the version.
            raise
        version = str(info["version"]["number"])
        if int(version.split(".")[0]) < OLDEST_SERVER:
            raise StoreError(
                f"Unter {self.location} läuft Elasticsearch {version}, nötig ist Version {OLDEST_SERVER} oder neuer."
            )
        return version

    def patiently(self, action: Callable[[], Answer], *, patience: float | None = None) -> Answer:
        """Run the action, again with growing pauses while the server is busy or gone. Raises `StoreError`.

        The action must bear being repeated after it took effect unseen.
        """
        from elastic_transport import ConnectionError as NoConnection
        from elastic_transport import ConnectionTimeout, TlsError, TransportError
        from elasticsearch import ApiError
        from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

        def passing(error: BaseException) -> bool:
            if isinstance(error, TlsError):
                return False
            status = error.status_code if isinstance(error, ApiError) else None
            return status in BUSY or isinstance(error, NoConnection | ConnectionTimeout | BusyError | LockedError)

        attempts = Retrying(
            stop=stop_after_delay(self.patience if patience is None else patience),
            wait=wait_random_exponential(multiplier=0.25, max=LONGEST_PAUSE),
            retry=retry_if_exception(passing),
            before_sleep=self._count,
            reraise=True,
        )
        try:
            return attempts(action)
        except (ApiError, TransportError, BusyError, LockedError) as error:
            raise StoreError(explain(error, self.location)) from error

    def _count(self, state: RetryCallState) -> None:
        """Remember a repetition, and say it to whoever reads the log."""
        pause = 0.0 if state.next_action is None else state.next_action.sleep
        error = None if state.outcome is None else state.outcome.exception()
        self.retries.requests += 1
        self.retries.seconds += pause
        log.info("%s: %s, neuer Versuch in %.1f s", self.location, type(error).__name__, pause)

    def close(self) -> None:
        """Release the sockets."""
        self.client.close()


def _sendable(api_key: str) -> str:
    """The key, if a header can carry it. Raises `StoreError` that doesn't repeat it."""
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key.strip():
        raise StoreError("Der API-Schlüssel enthält Zeichen, die keiner hat: bitte die Zeile «encoded» neu kopieren.")
    return api_key.strip()


def _split(url: str) -> tuple[str, tuple[str, str] | None]:
    """The address without credentials, and the credentials that stood in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise StoreError(
            "Die Adresse des Elasticsearch-Servers ist nicht lesbar; sie sieht aus wie http://127.0.0.1:9200."
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StoreError(
            "Die Adresse eines Elasticsearch-Servers beginnt mit http:// oder https:// und nennt einen Rechner."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    number = port or (443 if parts.scheme == "https" else 9200)
    address = f"{parts.scheme}://{host}:{number}{parts.path.rstrip('/')}"
    if parts.username is None:
        return address, None
    return address, (unquote(parts.username), unquote(parts.password or ""))
