"""API keys: made once, shown once, kept as hashes in a file of the data folder.

A key is `bm_ID_SECRET` with 256 random bits, so one round of SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

Role = Literal["reader", "analyst"]

FILE_NAME = "api-keys.json"
PREFIX = "bm"


class KeyFileError(RuntimeError):
    """The file of keys can't be read; the message says why."""


class UnknownKeyError(KeyError):
    """There is no key of this id."""


class StoredKey(BaseModel):
    """What is kept of a key. `reader` gets figures only, `analyst` also verbatims."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    role: Role
    sha256: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    def valid(self, now: datetime) -> bool:
        """Whether it opens anything at a moment (aware)."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_LIST = TypeAdapter(list[StoredKey])


class KeyFile:
    """The keys of one data folder. A change, also by another process, counts from the next request on."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._seen: tuple[int, ...] | None = None
        self._keys: tuple[StoredKey, ...] = ()

    def entries(self) -> Sequence[StoredKey]:
        """All keys, oldest first, revoked ones too. Raises `KeyFileError`."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ()
        state = (status.st_mtime_ns, status.st_size, status.st_ino)
        if state != self._seen:
            self._keys = self._read()
            self._seen = state
        return self._keys

    def _read(self) -> tuple[StoredKey, ...]:
        try:
            return tuple(_LIST.validate_json(self.path.read_bytes()))
        except (ValidationError, OSError) as error:
            raise KeyFileError(f"{self.path} ist keine Liste von API-Schlüsseln.") from error

    def create(self, name: str, role: Role, *, now: datetime, expires_at: datetime | None = None) -> tuple[str, str]:
        """Add a key; returns its id and the key itself, which can't be shown again."""
        id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        key = f"{PREFIX}_{id}_{secret}"
        entry = StoredKey(
            id=id, name=name, role=role, sha256=_hash(key), created_at=now.astimezone(UTC), expires_at=expires_at
        )
        with self._changing() as keys:
            keys.append(entry)
        return id, key

    def revoke(self, id: str, *, now: datetime) -> StoredKey:
        """Close a key for good and return it. Raises `UnknownKeyError`."""
        with self._changing() as keys:
            for place, entry in enumerate(keys):
                if entry.id == id:
                    keys[place] = entry.model_copy(update={"revoked_at": entry.revoked_at or now.astimezone(UTC)})
                    return keys[place]
        raise UnknownKeyError(id)

    def check(self, key: str, *, now: datetime) -> StoredKey | None:
        """The entry of a presented key, if it opens anything. Takes as long for a wrong one as for a right one."""
        presented = _hash(key)
        found = None
        for entry in self.entries():
            if hmac.compare_digest(entry.sha256, presented):
                found = entry
        return found if found is not None and found.valid(now) else None

    @contextmanager
    def _changing(self) -> Iterator[list[StoredKey]]:
        """The list, written back if nothing goes wrong; one process at a time."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.path.with_suffix(".lock")):
            keys = list(self.entries())
            yield keys
            fresh = self.path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(_LIST.dump_json(keys, indent=2))
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(self.path)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
