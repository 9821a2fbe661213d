"""Moving the monthly indices to a new mapping behind the alias, while others go on writing.

Month by month: a hidden copy is filled in the order of the source's sequence numbers, up to its checkpoint, so that
nothing that was being written at the time is passed over. When little is left, the source is locked for writing (the
server finishes what is under way first), the rest is copied, deletions are followed, both are compared, and one
atomic request puts the copy under the source's names and drops the source. Writers that meet the lock look their
documents up anew. A process that dies leaves a copy that says how far it came; the next one goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from index.elastic_bulk import Operation, batched, write_documents
from index.elastic_client import Connection
from index.elastic_indices import ID_PAGE, PAGE, Indices
from index.elastic_mapping import Names, copy_body, document_of, mapping, mention_of, moving_meta
from index.elastic_schema import Schema
from index.store import StoreError

log = logging.getLogger(__name__)

# With so few documents left the source is locked; writers wait for about as long as these take.
FEW = 2_000
PASSES = 50
# Each time changes the state of the whole cluster.
REMEMBERED_PAGES = 10
# Copied documents get higher sequence numbers than their sources, with room for what is written meanwhile.
NUMBERS_AHEAD = 10_000

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Move:
    """One index that has to be moved: how many mentions it has, and how many are copied already."""

    index: str
    copy: str
    mentions: int
    copied: int
    begun: bool


class Migration:
    """The migration of one store. Only one process may migrate a store at a time."""

    def __init__(self, connection: Connection, names: Names, schema: Schema) -> None:
        self.connection = connection
        self.names = names
        self.schema = schema
        self.indices = Indices(connection)

    def plan(self, compounds: Sequence[str] | None = None) -> list[Move]:
        """What would be moved, in order of time. `compounds` is a new word list, None the installed one."""
        words = self.schema.compounds() if compounds is None else compounds
        wanted = mapping(words)["_meta"]["fingerprint"]
        begun = self._copies()
        moves = []
        for index, meta in sorted(self.schema.stored_meta().items(), key=lambda item: self.names.month_of(item[0])):
            if meta.get("fingerprint") == wanted:
                continue
            copy = begun.get(self.names.copy_of(index), {})
            moves.append(
                Move(
                    index,
                    self.names.copy_of(index),
                    self.indices.count(index),
                    self.indices.count(self.names.copy_of(index)) if copy.get("fingerprint") == wanted else 0,
                    copy.get("fingerprint") == wanted,
                )
            )
        return moves

    def run(self, progress: Progress, compounds: Sequence[str] | None = None) -> list[Move]:
        """Move everything; `progress` hears of every mention copied. Returns what was moved. Raises `StoreError`.

        Nothing is lost where this ends early: call it again, with the same word list.
        """
        words = self.schema.compounds() if compounds is None else tuple(compounds)
        self.schema.open()
        self.schema.install_templates(words)
        self._drop_stale(mapping(words)["_meta"]["fingerprint"])
        self._tidy()
        moved = []
        # A writer of the earlier version may open another month meanwhile.
        while moves := self.plan(words):
            for move in moves:
                self._move(move, words, progress)
                moved.append(move)
        self.schema.prepare()
        return moved

    def abort(self) -> int:
        """Drop unfinished copies and locks; returns how many copies there were. What was moved stays moved."""
        copies = self._copies()
        for meta in copies.values():
            self.indices.lock(meta["moving"]["source"], locked=False)
        self._drop(list(copies))
        return len(copies)

    def unfinished(self) -> dict[str, str]:
        """The unfinished copies, with the index that each is made of."""
        return {name: meta["moving"]["source"] for name, meta in self._copies().items()}

    # one index

    def _move(self, move: Move, words: Sequence[str], progress: Progress) -> None:
        source, copy = move.index, move.copy
        if not move.begun:
            body = copy_body(self.names, source=source, compounds=words, position=-1)
            self.indices.ask(lambda: self.indices.client.indices.create(index=copy, **body))
        progress(move.copied)
        if self.names.month_of(source) == source:
            self._get_ahead(source, copy)
        position = self._follow(source, copy, words, progress)
        if source not in self.schema.stored_meta():
            raise StoreError(f"{source} wurde gerade von einem anderen «brandmelder index migrate» umgestellt.")
        try:
            self.indices.lock(source, locked=True)
            self._finish(source, copy, position, progress)
            self._switch(source, copy)
        except BaseException:
            self.indices.lock(source, locked=False)
            raise
        self._tidy()

    def _get_ahead(self, source: str, copy: str) -> None:
        """Use up sequence numbers, by deleting what isn't there, until the copy's are higher than the source's.

        Writers know a first index by a name that its copy takes over. One that read a document before the switch and
        writes after it must not find, by chance, the same number at another version of the document.
        """
        wanted = self.indices.sequences(source).highest
        if self.indices.sequences(copy).highest >= wanted:
            return
        nothing = [Operation("delete", copy, f"-{number}") for number in range(PAGE)]
        while True:
            outcomes = write_documents(self.connection, nothing)
            if max(outcome.sequence or 0 for outcome in outcomes) >= wanted + NUMBERS_AHEAD:
                return

    def _follow(self, source: str, copy: str, words: Sequence[str], progress: Progress) -> int:
        """Copy until little is left; returns the number up to which the copy is complete."""
        position = int(self.indices.meta(copy)["moving"]["position"])
        for _ in range(PASSES):
            # Read before the refresh: all up to here is done, hence found.
            end = self.indices.sequences(source).checkpoint
            self.indices.refresh(source)
            copied = 0
            for number, (page, reached) in enumerate(self.indices.changes(source, position, end), start=1):
                self._write(copy, page)
                copied += len(page)
                progress(len(page))
                if number % REMEMBERED_PAGES == 0:
                    self._remember(copy, source, reached, words)
            position = end
            self._remember(copy, source, position, words)
            if copied <= FEW:
                break
        self.indices.refresh(copy)
        if self.indices.count(copy) > self.indices.count(source) + FEW:
            self._follow_deletions(source, copy)
        return position

    def _finish(self, source: str, copy: str, position: int, progress: Progress) -> None:
        """The source is locked: copy the rest and make sure that both hold the same."""
        self.indices.refresh(source)
        highest = self.indices.sequences(source).highest
        for page, _ in self.indices.changes(source, position, highest):
            self._write(copy, page)
            progress(len(page))
        self.indices.refresh(copy)
        if self.indices.count(copy) != self.indices.count(source):
            self._follow_deletions(source, copy)
        if self.names.month_of(source) == source:
            # Those that were copied while the source's numbers overtook the copy's are written once more.
            for page, _ in self.indices.changes(copy, -1, highest):
                self._write(copy, page, versions=False)
        has, wanted = self.indices.count(copy), self.indices.count(source)
        if has != wanted:
            raise StoreError(
                f"Die Kopie von {source} hat {has} Erwähnungen statt {wanted}; "
                "nichts wurde umgestellt. Bitte «brandmelder index migrate --abort» und dann noch einmal von vorn."
            )

    def _switch(self, source: str, copy: str) -> None:
        """Put the copy in the place of the source, in one step for everybody."""
        name = self.names.month_of(source)
        self.indices.set(copy, {"index.refresh_interval": None})
        self.indices.ask(
            lambda: self.indices.client.cluster.health(index=copy, wait_for_status="yellow", timeout="30s")
        )
        actions: list[dict[str, Any]] = [
            {"remove_index": {"index": source}},
            {"add": {"index": copy, "alias": self.names.alias}},
            {"add": {"index": copy, "alias": name}},
            {"remove": {"index": copy, "alias": self.names.moving}},
        ]
        self.indices.repeatably(
            lambda: self.indices.client.indices.update_aliases(actions=actions), done=lambda: self._is_live(copy)
        )

    def _tidy(self) -> None:
        """Copies that have taken their place show themselves as what they are: also after a kill right before it."""
        for index, meta in self.schema.stored_meta().items():
            if "moving" in meta:
                rest = {key: value for key, value in meta.items() if key != "moving"}
                self.indices.set(index, {"index.hidden": False})
                self.indices.describe(index, rest)

    # copying

    def _write(self, copy: str, hits: Sequence[dict[str, Any]], *, versions: bool = True) -> None:
        operations = [
            Operation(
                "index",
                copy,
                hit["_id"],
                document_of(mention_of(hit)),
                # A document's number in its source is its version in the copy: an older state never replaces a newer.
                external=int(hit["_seq_no"]) + 1 if versions else None,
            )
            for hit in hits
        ]
        for operation, outcome in zip(operations, write_documents(self.connection, operations), strict=True):
            if outcome.result == "refused":
                raise StoreError(
                    f"Die Erwähnung {operation.id} passt nicht ins neue Mapping ({outcome.reason}). Nichts ist "
                    "verloren, die alten Indizes gelten weiter: bitte die Erwähnung berichtigen oder löschen und "
                    "den Befehl wiederholen, oder mit --abort aufgeben."
                )
            if outcome.result == "conflict":
                raise StoreError(
                    f"In {copy} schreibt noch jemand: läuft «brandmelder index migrate» zweimal? Bitte nur einmal "
                    "laufen lassen; derselbe Befehl macht dort weiter."
                )

    def _follow_deletions(self, source: str, copy: str) -> None:
        """Remove from the copy what the source has no longer."""
        kept = self.indices.ids(source)
        current = next(kept, None)
        gone = []
        for id in self.indices.ids(copy):
            while current is not None and current < id:
                current = next(kept, None)
            if current != id:
                gone.append(id)
        for ids in batched(gone, PAGE):
            write_documents(self.connection, [Operation("delete", copy, id) for id in ids])
        self.indices.refresh(copy)

    def _remember(self, copy: str, source: str, position: int, words: Sequence[str]) -> None:
        meta = moving_meta(mapping(words)["_meta"], source=source, position=position)
        self.indices.describe(copy, meta)

    def _is_live(self, index: str) -> bool:
        return bool(self.indices.client.indices.exists_alias(index=index, name=self.names.alias))

    def _copies(self) -> dict[str, dict[str, Any]]:
        """The `_meta` of copies that have not taken their place yet."""
        answer = self.indices.ask(
            lambda: self.indices.client.indices.get_mapping(
                index=self.names.copies, expand_wildcards="all", filter_path="*.mappings._meta"
            )
        )
        live = self.schema.stored_meta()
        metas = {name: dict(entry["mappings"].get("_meta", {})) for name, entry in answer.items()}
        return {name: meta for name, meta in metas.items() if name not in live and "moving" in meta}

    def _drop_stale(self, wanted: str) -> None:
        """Copies with another mapping than the one that is wanted now, or of an index that is gone."""
        live = self.schema.stored_meta()
        stale = [
            name
            for name, meta in self._copies().items()
            if meta.get("fingerprint") != wanted or meta["moving"]["source"] not in live
        ]
        self._drop(stale)

    def _drop(self, indices: Sequence[str]) -> None:
        if indices:
            names = list(indices)
            self.indices.ask(lambda: self.indices.client.indices.delete(index=names, ignore_unavailable=True))


def erase_in_copies(
    connection: Connection, names: Names, *, ids: Collection[str], author_keys: Collection[str]
) -> None:
    """Take erased mentions out of unfinished copies too: nobody may ever finish them."""
    indices = Indices(connection)
    if not indices.ask(lambda: indices.client.indices.exists_alias(name=names.moving, expand_wildcards="all")):
        return
    for field, values in (("id", ids), ("author_key", author_keys)):
        for some in batched(list(dict.fromkeys(values)), PAGE):
            _erase(indices, names.moving, {"terms": {field: some}})


def _erase(indices: Indices, target: str, query: dict[str, Any]) -> None:
    while True:
        indices.refresh(target)
        answer = indices.ask(
            lambda: indices.client.search(index=target, query=query, size=ID_PAGE, source=False, track_total_hits=False)
        )
        hits = answer["hits"]["hits"]
        if not hits:
            return
        write_documents(indices.connection, [Operation("delete", hit["_index"], hit["_id"]) for hit in hits])
