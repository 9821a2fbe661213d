"""The store that a setting names: nothing for the embedded one, an address for Elasticsearch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from index.store import Store, StoreError

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
