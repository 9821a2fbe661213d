"""The store that a setting names: nothing for the embedded one, an address for Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.store import Store, StoreError

if TYPE_CHECKING:
    from index.checks import Check

EMBEDDED_FOLDER = "store"


def open_store(url: str | None, folder: Path, **options: Any) -> Store:
    """Open the store at `url`, or the embedded one in the data folder `folder` where it is None or empty.

    `options` go to the Elasticsearch store (`prefix`, `api_key`, `basic_auth`, `ca_certs`, `patience`); the embedded
    one has none and ignores them, so that settings can be passed on as they are. Raises `StoreError`.
    """
    address = (url or "").strip()
    if not address:
        from index.embedded import EmbeddedStore

        return EmbeddedStore(folder / EMBEDDED_FOLDER)
    if not address.lower().startswith(("http://", "https://")):
        raise StoreError(
            "Diesen Speicherort kennt Brandmelder nicht: leer lassen für den eingebauten Speicher, "
            "oder http://… beziehungsweise https://… für Elasticsearch angeben."
        )
    from index.elastic import ElasticStore

    return ElasticStore(address, **options)


def without_credentials(url: str) -> str:
    """The address as people and files may see it: without user and password."""
    scheme, slashes, rest = url.partition("//")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}" if slashes else url.rpartition("@")[2]


def check_elastic(url: str, *, prefix: str, api_key: str | None, ca_certs: Path | None) -> Iterator[Check]:
    """The findings of a check-up of the Elasticsearch store at `url`; changes nothing there.

    Raises `StoreError` where the address or the settings can't be used at all.
    """
    from index.elastic_checks import ClusterCheck
    from index.elastic_client import Connection
    from index.elastic_mapping import Names

    names = Names(prefix)
    connection = Connection(url, api_key=api_key, ca_certs=ca_certs, patience=5)
    try:
        yield from ClusterCheck(connection, names).findings()
    finally:
        connection.close()
