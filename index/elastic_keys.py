"""API keys for one store's indices: one that only reads, one that can do what a run needs and no more."""

from __future__ import annotations

from typing import Any, Literal

from index.elastic_client import Connection
from index.elastic_mapping import Names
from index.store import StoreError

Role = Literal["read", "write"]


def role_descriptor(names: Names, role: Role) -> dict[str, Any]:
    """The rights of a key.

    A writer may create monthly indices, add fields to them and write, but not delete or move indices, nor change
    templates: that takes the login of whoever runs `brandmelder index migrate`.
    """
    if role == "read":
        rights = ["read", "view_index_metadata"]
        return {"cluster": [], "indices": [{"names": [f"{names.prefix}-*"], "privileges": rights}]}
    rights = ["read", "write", "create_index", "view_index_metadata", "monitor", "maintenance"]
    return {"cluster": ["monitor"], "indices": [{"names": [f"{names.prefix}-*"], "privileges": rights}]}


def make_key(
    connection: Connection, names: Names, role: Role, *, name: str | None = None, days: int | None = None
) -> dict[str, Any]:
    """A new key: `{"id", "name", "encoded", "expires_in_days"}`; `encoded` is the secret. Raises `StoreError`."""
    from elasticsearch import ApiError

    title = name or f"{names.prefix}-{role}"
    options: dict[str, Any] = {} if days is None else {"expiration": f"{days}d"}
    descriptors = {title: role_descriptor(names, role)}
    client: Any = connection.client
    try:
        answer = connection.patiently(
            lambda: client.security.create_api_key(name=title, role_descriptors=descriptors, **options)
        )
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, ApiError) and cause.status_code in (400, 405):
            raise StoreError(
                f"{connection.location} gibt keinen Schlüssel aus ({error}). Nötig ist ein Server mit eingeschalteter "
                "Sicherheit (xpack.security.enabled: true) und eine Anmeldung mit Name und Kennwort."
            ) from cause
        raise
    return {"id": answer["id"], "name": title, "encoded": answer["encoded"], "expires_in_days": days}
