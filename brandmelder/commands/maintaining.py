"""Commands on the store itself: index migrate, index copy, index keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urldefrag

import typer

from brandmelder.common import opened_store
from brandmelder.console import progress, put_json, say
from brandmelder.errors import AttentionError, UsageError
from brandmelder.settings import Settings
from brandmelder.texts import tr

if TYPE_CHECKING:
    from index.copying import CopyReport
    from index.elastic_migrate import Migration
    from index.store import Store

EMBEDDED = "embedded"
MOST_REFUSED = 5


class KeyRole(StrEnum):
    """What the holder of a key may do."""

    read = "read"
    write = "write"


def migrate(
    settings: Settings,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=tr("nur zeigen, was umzuziehen wäre", "only show what would be moved"))
    ] = False,
    abort: Annotated[
        bool,
        typer.Option(
            "--abort", help=tr("Unfertiges verwerfen; die alten Indizes gelten weiter", "drop what is unfinished")
        ),
    ] = False,
    compounds: Annotated[
        Path | None,
        typer.Option(
            help=tr(
                "Wörterliste für zusammengesetzte Wörter, eins je Zeile (docs/elasticsearch.md)",
                "word list for compounds, one a line (docs/elasticsearch.md)",
            )
        ),
    ] = None,
    no_compounds: Annotated[
        bool, typer.Option("--no-compounds", help=tr("die Wörterliste entfernen", "remove the word list"))
    ] = False,
) -> None:
    """Move the Elasticsearch indices to this version's mapping while others go on writing; goes on after a kill."""
    if compounds is not None and no_compounds:
        raise UsageError(
            tr("--compounds und --no-compounds schließen einander aus.", "--compounds and --no-compounds clash.")
        )
    words = () if no_compounds else None if compounds is None else _words(compounds)
    with opened_store(settings) as store:
        migration = _migration_of(store)
        if migration is None:
            put_json({"moves": [], "moved": False})
            say(
                tr(
                    "Der eingebaute Speicher erneuert seinen Suchindex von selbst: nichts zu tun.",
                    "The embedded store renews its index by itself: nothing to do.",
                )
            )
        elif abort:
            put_json({"dropped": migration.abort()})
        elif dry_run:
            moves = migration.plan(words)
            put_json({"moves": [asdict(move) for move in moves], "moved": False})
        else:
            _migrate(migration, words)


def _migrate(migration: Migration, words: tuple[str, ...] | None) -> None:
    total = sum(move.mentions for move in migration.plan(words))
    with progress(tr("Umziehen", "Moving"), total) as advance:
        moved = migration.run(advance, words)
    put_json({"moves": [asdict(move) for move in moved], "moved": bool(moved)})
    say(
        tr(f"{len(moved)} Indizes umgestellt.", f"{len(moved)} indices moved.")
        if moved
        else tr("Alle Indizes sind auf dem Stand dieser Version.", "All indices are up to date.")
    )


def _words(path: Path) -> tuple[str, ...]:
    from index.compounds import read_compounds

    return read_compounds(path)


def _migration_of(store: Store) -> Migration | None:
    from index.elastic import ElasticStore

    return store.migration() if isinstance(store, ElasticStore) else None


def copy(
    settings: Settings,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FROM",
            help=tr("embedded oder http(s)://…, auch mit #PRÄFIX", "embedded or http(s)://…, also with #PREFIX"),
        ),
    ],
    target: Annotated[str, typer.Argument(metavar="TO", help=tr("ebenso", "likewise"))],
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help=tr(
                "auch in einen Speicher, der schon Erwähnungen hat: gleiche Kennungen werden ersetzt, andere bleiben",
                "also into a store that has mentions: equal ids are replaced, others stay",
            ),
        ),
    ] = False,
) -> None:
    """Copy all mentions, people's work and tombstones from one store into another, and verify it; resumes."""
    from index.copying import Copying

    if source == target:
        raise UsageError(tr("FROM und TO sind derselbe Speicher.", "FROM and TO are the same store."))
    with _at(settings, source) as origin, _at(settings, target) as copied:
        if origin.describe()["location"] == copied.describe()["location"]:
            raise UsageError(tr("FROM und TO sind derselbe Speicher.", "FROM and TO are the same store."))
        note = _note(settings, source, target)
        _check_target(copied, note, overwrite=overwrite)
        origin.refresh()
        with progress(tr("Kopieren", "Copying"), origin.describe()["mentions"]) as advance:
            report = Copying(origin, copied, keep_extra=overwrite).run(advance)
        copied.refresh()
        note.unlink(missing_ok=True)
    _tell(report)


def _tell(report: CopyReport) -> None:
    put_json(report.as_json())
    say(
        tr(
            f"{report.mentions} Erwähnungen und {report.tombstones} Löschvermerke stehen gleich in beiden Speichern.",
            f"{report.mentions} mentions and {report.tombstones} tombstones are the same in both stores.",
        )
    )
    if report.refused:
        some = "; ".join(f"{id}: {why}" for id, why in list(report.refused.items())[:MOST_REFUSED])
        raise AttentionError(
            tr(
                f"{len(report.refused)} Erwähnungen nimmt der neue Speicher nicht an: {some}",
                f"{len(report.refused)} mentions are refused by the new store: {some}",
            )
        )


@contextmanager
def _at(settings: Settings, place: str) -> Iterator[Store]:
    """The store that `embedded` or an address names. `#` begins another prefix than that of the settings."""
    address, prefix = urldefrag(place)
    changes: dict[str, Any] = {"store": None if place == EMBEDDED else address}
    if prefix:
        changes["elastic_prefix"] = prefix
    if place != EMBEDDED and not address.startswith(("http://", "https://")):
        raise UsageError(
            tr(
                "Ein Speicher heißt «embedded» oder beginnt mit http:// oder https://.",
                "A store is named 'embedded' or begins with http:// or https://.",
            )
        )
    with opened_store(settings.model_copy(update=changes)) as store:
        yield store


def _note(settings: Settings, source: str, target: str) -> Path:
    """The file that says that this copy was begun: hashed, for addresses may hold passwords."""
    name = hashlib.sha256(json.dumps([source, target]).encode()).hexdigest()[:16]
    return settings.data / f"copy-{name}.begun"


def _check_target(target: Store, note: Path, *, overwrite: bool) -> None:
    held = target.describe()["mentions"]
    if held and not overwrite and not note.exists():
        raise UsageError(
            tr(
                f"Der Zielspeicher hat schon {held} Erwähnungen. Mit --overwrite werden gleiche Kennungen ersetzt, "
                "auch ihre Bearbeitung; andere bleiben.",
                f"The target has {held} mentions already. With --overwrite equal ids are replaced, also people's "
                "work on them; others stay.",
            )
        )
    if not overwrite:
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        note.touch(mode=0o600)


def keys(
    settings: Settings,
    role: Annotated[
        KeyRole,
        typer.Argument(
            help=tr("read: suchen; write: auch lesen, bewerten, speichern", "read: search; write: all of a run")
        ),
    ],
    name: Annotated[str | None, typer.Option(help=tr("Name des Schlüssels", "the key's name"))] = None,
    days: Annotated[int | None, typer.Option(min=1, help=tr("läuft nach so vielen Tagen ab", "expires after"))] = None,
) -> None:
    """Make an API key for this store's indices and print it; needs a login with a name, not with a key."""
    from index.elastic import ElasticStore

    with opened_store(settings) as store:
        if not isinstance(store, ElasticStore):
            raise UsageError(
                tr("Schlüssel hat nur Elasticsearch: bitte --store angeben.", "Only Elasticsearch has keys: --store.")
            )
        put_json(store.make_key(role.value, name=name, days=days))
    say(
        tr(
            "Der Schlüssel steht nur hier: «encoded» gehört in BRANDMELDER_ELASTIC_API_KEY.",
            "The key is shown only here: put 'encoded' into BRANDMELDER_ELASTIC_API_KEY.",
        )
    )
