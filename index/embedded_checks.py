"""A check-up of the embedded store; it reads only, also beside processes that write."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from filelock import FileLock, Timeout

from index import embedded_schema as schema
from index.checks import Check, megabytes
from index.embedded_damage import find_damage
from index.embedded_rows import SCHEMA_VERSION

LITTLE_SPACE = 2_000_000_000
NO_SPACE = 200_000_000


def check_embedded(folder: Path) -> Iterator[Check]:
    """The findings about the store in a folder: disk, record, search index, lock."""
    yield _disk(folder)
    path = folder / "mentions.sqlite3"
    if not path.is_file():
        yield Check(
            "record",
            "ok",
            f"In {folder} liegt noch kein Datenbestand; der erste Lauf legt ihn an.",
            f"No store in {folder} yet; the first run makes it.",
        )
        return
    yield _rights(path)
    yield from _record(path)
    yield _index(folder / "index")
    yield _lock(folder / "index.lock")


def _disk(folder: Path) -> Check:
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    says = megabytes(free)
    if free < LITTLE_SPACE:
        return Check(
            "disk",
            "error" if free < NO_SPACE else "warning",
            f"Auf der Platte von {folder} sind nur noch {says} frei: bitte Platz schaffen.",
            f"Only {says} are free on the disk of {folder}: please make room.",
        )
    return Check("disk", "ok", f"{says} frei auf der Platte von {folder}.", f"{says} free on the disk of {folder}.")


def _rights(path: Path) -> Check:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Check(
            "rights",
            "warning",
            f"Andere Benutzer dieses Rechners dürfen {path} lesen: bitte chmod 600.",
            f"Other users of this machine may read {path}: please chmod 600.",
        )
    return Check("rights", "ok", "Nur der Besitzer liest den Datenbestand.", "Only its owner reads the store.")


def _record(path: Path) -> Iterator[Check]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            says = [row[0] for row in db.execute("PRAGMA quick_check(5)")]
            count = db.execute("SELECT count(*) FROM mentions").fetchone()[0]
    except sqlite3.Error as error:
        yield Check(
            "record",
            "error",
            f"{path} ist nicht lesbar ({error}): bitte eine Sicherung zurückspielen (docs/stores.md).",
            f"{path} can't be read ({error}): please restore a backup (docs/stores.md).",
        )
        return
    if says != ["ok"]:
        yield Check(
            "record",
            "error",
            f"{path} ist beschädigt ({says[0]}): bitte eine Sicherung zurückspielen (docs/stores.md).",
            f"{path} is damaged ({says[0]}): please restore a backup (docs/stores.md).",
        )
    elif version > SCHEMA_VERSION:
        yield Check(
            "record",
            "error",
            f"{path} stammt von einer neueren Version (Format {version}): bitte Brandmelder aktualisieren.",
            f"{path} was written by a newer version (format {version}): please update Brandmelder.",
        )
    else:
        yield Check("record", "ok", f"Der Datenbestand ist heil: {count} Erwähnungen.", f"Sound: {count} mentions.")


def _index(folder: Path) -> Check:
    path = folder / schema.fingerprint()
    if not (path / "complete").exists():
        return Check(
            "index",
            "ok",
            "Der Suchindex gehört zu einer anderen Version oder fehlt; er wird beim nächsten Öffnen neu gebaut.",
            "The search index belongs to another version or is missing; it is made anew when next opened.",
        )
    try:
        damaged = find_damage(path)
    except OSError as error:
        damaged = str(error)
    if damaged is not None:
        return Check(
            "index",
            "warning",
            f"Der Suchindex ist beschädigt ({damaged}); er wird beim nächsten Öffnen neu gebaut, das dauert etwas.",
            f"The search index is damaged ({damaged}); it is made anew when next opened, which takes a while.",
        )
    return Check("index", "ok", f"Der Suchindex {path.name} ist heil.", f"The search index {path.name} is sound.")


def _lock(path: Path) -> Check:
    if not path.exists():
        return Check("lock", "ok", "Niemand schreibt gerade.", "Nobody writes at the moment.")
    lock = FileLock(path, mode=0o600)
    try:
        with lock.acquire(timeout=0):
            return Check("lock", "ok", "Niemand schreibt gerade.", "Nobody writes at the moment.")
    except Timeout:
        return Check(
            "lock",
            "ok",
            "Ein anderer Brandmelder-Prozess schreibt gerade den Suchindex; das ist kein Fehler.",
            "Another Brandmelder process is writing the search index; that is no fault.",
        )
