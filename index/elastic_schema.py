"""Bringing the templates and indices of one prefix to the state that this version needs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from index.elastic_client import Connection
from index.elastic_mapping import (
    COMPOUND_FILTER,
    SCHEMA_VERSION,
    Names,
    component_templates,
    copies_template,
    helper_indices,
    index_template,
    mapping,
)
from index.store import StoreError

log = logging.getLogger(__name__)

MIGRATE = "«brandmelder index migrate»"


class Schema:
    """The indices of one store: made when they are first needed, checked once before the first write."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self.connection = connection
        self.names = names
        self._existing: set[str] = set()
        self._checked = False

    def open(self) -> None:
        """Make sure that there is something to read. Writes nothing where the store exists already."""
        client = self.connection.client
        if self.connection.patiently(lambda: client.indices.exists_alias(name=self.names.alias)):
            return
        if self.connection.patiently(lambda: client.indices.exists(index=self.names.alias)):
            raise StoreError(
                f"{self.names.alias} ist auf {self.connection.location} ein Index statt eines Alias: jemand anderes "
                "hat ihn angelegt. Bitte ihn umbenennen oder löschen, oder BRANDMELDER_ELASTIC_PREFIX ändern."
            )
        self.prepare()

    def prepare(self) -> None:
        """Make sure that the store can be written. Raises `StoreError` for unfit ones."""
        if self._checked:
            return
        stored = self.stored_meta()
        if any(int(meta.get("schema_version", 0)) > SCHEMA_VERSION for meta in stored.values()):
            raise StoreError(
                f"Die Indizes {self.names.months} stammen von einer neueren Brandmelder-Version: "
                "bitte Brandmelder aktualisieren."
            )
        compounds = self.compounds()
        self.install_templates(compounds)
        wanted = mapping(compounds)
        outdated = [
            index
            for index, meta in stored.items()
            if meta.get("fingerprint") != wanted["_meta"]["fingerprint"] and "moving" not in meta
        ]
        if outdated:
            self._extend(outdated, wanted)
        for name, body in helper_indices(self.names).items():
            self._create(name, body)
        self.ensure(self.names.undated)
        self._checked = True

    def ensure(self, index: str) -> None:
        """Create a monthly index where it is missing."""
        if index not in self._existing:
            self._create(index, {})
            self._existing.add(index)

    def forget(self) -> None:
        """Look again at which indices exist: one was removed by somebody else."""
        self._existing.clear()

    def stored_meta(self) -> dict[str, dict[str, Any]]:
        """The `_meta` of every index under the alias, by the index's own name."""
        client = self.connection.client
        answer = self.connection.patiently(
            lambda: client.indices.get_mapping(
                index=self.names.alias,
                ignore_unavailable=True,
                allow_no_indices=True,
                expand_wildcards="all",
                filter_path="*.mappings._meta",
            )
        )
        return {name: dict(entry["mappings"].get("_meta", {})) for name, entry in answer.items()}

    def compounds(self) -> tuple[str, ...]:
        """The word list that somebody has installed (`index migrate --compounds`); empty where there is none."""
        from elasticsearch import NotFoundError

        client, name = self.connection.client, self.names.component("mapping")
        try:
            answer = self.connection.patiently(lambda: client.cluster.get_component_template(name=name))
        except StoreError as error:
            if isinstance(error.__cause__, NotFoundError):
                return ()
            raise
        template = answer["component_templates"][0]["component_template"]["template"]
        filters = template.get("settings", {}).get("index", {}).get("analysis", {}).get("filter", {})
        return tuple(filters.get(COMPOUND_FILTER, {}).get("word_list", ()))

    def install_templates(self, compounds: Sequence[str]) -> None:
        """Put the templates of this version (and this word list) where others are, or none."""
        client = self.connection.client
        wanted = index_template(self.names, compounds)
        if self.installed_template() == identity_of(wanted):
            return
        for name, template in component_templates(self.names, compounds).items():
            self._put_component(name, template)
        copies = copies_template(self.names)
        self.connection.patiently(lambda: client.indices.put_index_template(name=self.names.copies_template, **copies))
        self.connection.patiently(lambda: client.indices.put_index_template(name=self.names.template, **wanted))

    def installed_template(self) -> tuple[Any, Any] | None:
        """What tells the installed index template from another, None where there is none."""
        client = self.connection.client
        if not self.connection.patiently(lambda: client.indices.exists_index_template(name=self.names.template)):
            return None
        answer = self.connection.patiently(lambda: client.indices.get_index_template(name=self.names.template))
        return identity_of(answer["index_templates"][0]["index_template"])

    def _create(self, name: str, body: dict[str, Any]) -> None:
        from elasticsearch import BadRequestError

        def create() -> None:
            try:
                self.connection.client.indices.create(index=name, **body)
            except BadRequestError as error:
                # With an alias of the name it is there too: a migration has moved the month.
                if error.error not in ("resource_already_exists_exception", "invalid_index_name_exception"):
                    raise

        client = self.connection.client
        if not self.connection.patiently(lambda: client.indices.exists(index=name)):
            self.connection.patiently(create)

    def _put_component(self, name: str, template: dict[str, Any]) -> None:
        client = self.connection.client
        self.connection.patiently(lambda: client.cluster.put_component_template(name=name, template=template))

    def _extend(self, indices: Sequence[str], wanted: Mapping[str, Any]) -> None:
        """Add the fields that are missing. What is there stays: only a migration can change it."""
        client = self.connection.client
        answer = self.connection.patiently(lambda: client.indices.get_mapping(index=list(indices)))
        for index, entry in answer.items():
            found = entry["mappings"]
            clashes = [*_clashes(wanted["properties"], found.get("properties", {}))]
            if clashes:
                raise StoreError(
                    f"Im Index {index} hat das Feld {clashes[0]} eine andere Art, als diese Version braucht: "
                    f"bitte {MIGRATE} ausführen."
                )
            missing = _missing(wanted["properties"], found.get("properties", {}))
            same_words = found.get("_meta", {}).get("analysis") == wanted["_meta"]["analysis"]
            complete = same_words and not _differs(wanted["properties"], found.get("properties", {}))
            if missing:
                self._put_mapping(index, properties=missing)
            if complete:
                self._put_mapping(index, meta=wanted["_meta"])
            else:
                log.warning("%s hat noch ein früheres Mapping; %s erneuert es.", index, MIGRATE)

    def _put_mapping(self, index: str, **body: Any) -> None:
        client = self.connection.client
        self.connection.patiently(lambda: client.indices.put_mapping(index=index, **body))


def identity_of(template: Mapping[str, Any]) -> tuple[Any, Any]:
    """What tells one index template of ours from another."""
    return template.get("_meta", {}).get("fingerprint"), template.get("allow_auto_create")


def _missing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that only the wanted mapping has."""
    new: dict[str, Any] = {}
    for name, body in wanted.items():
        if name not in found:
            new[name] = body
        elif "properties" in body:
            below = _missing(body["properties"], found[name].get("properties", {}))
            new |= {name: {"properties": below}} if below else {}
    return new


def _clashes(wanted: Mapping[str, Any], found: Mapping[str, Any], parent: str = "") -> list[str]:
    """The fields that both have, of different types."""
    names: list[str] = []
    for name, body in wanted.items():
        other = found.get(name)
        if other is None:
            continue
        if body.get("type", "object") != other.get("type", "object"):
            names.append(parent + name)
        elif "properties" in body:
            names += _clashes(body["properties"], other.get("properties", {}), f"{parent}{name}.")
    return names


def _differs(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a field that both have is described otherwise."""
    for name, body in wanted.items():
        other = found.get(name)
        if other is None:
            continue
        if "properties" in body:
            if _differs(body["properties"], other.get("properties", {})):
                return True
        elif _described(body) != _described(other):
            return True
    return False


def _described(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field's description without what the server says by itself."""
    kept = {key: value for key, value in field.items() if key not in ("fields", "type")}
    return {**kept, "fields": {name: _described(sub) for name, sub in field.get("fields", {}).items()}}
