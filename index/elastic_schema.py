"""Bringing the templates and indices of one prefix to the state that this version needs."""

from __future__ import annotations

from typing import Any

from index.elastic_client import Connection
from index.elastic_mapping import SCHEMA_VERSION, Names, component_templates, helper_indices, index_template, mapping
from index.store import StoreError


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
        if not self.connection.patiently(lambda: client.indices.exists_alias(name=self.names.alias)):
            self.prepare()

    def prepare(self) -> None:
        """Make sure that the store can be written. Raises `StoreError` for unfit ones."""
        if self._checked:
            return
        stored = self._stored_meta()
        if int(stored.get("schema_version", 0)) > SCHEMA_VERSION:
            raise StoreError(
                f"Die Indizes {self.names.months} stammen von einer neueren Brandmelder-Version: "
                "bitte Brandmelder aktualisieren."
            )
        self._install_templates()
        if stored and stored.get("fingerprint") != mapping()["_meta"]["fingerprint"]:
            self._extend_mapping()
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

    def _create(self, name: str, body: dict[str, Any]) -> None:
        from elasticsearch import BadRequestError

        def create() -> None:
            try:
                self.connection.client.indices.create(index=name, **body)
            except BadRequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise

        client = self.connection.client
        if not self.connection.patiently(lambda: client.indices.exists(index=name)):
            self.connection.patiently(create)

    def _install_templates(self) -> None:
        client = self.connection.client
        wanted = index_template(self.names)
        found = self.connection.patiently(lambda: client.indices.exists_index_template(name=self.names.template))
        if found:
            answer = self.connection.patiently(lambda: client.indices.get_index_template(name=self.names.template))
            meta = answer["index_templates"][0]["index_template"].get("_meta", {})
            if meta.get("fingerprint") == wanted["_meta"]["fingerprint"]:
                return
        for name, template in component_templates(self.names).items():
            self._put_component(name, template)
        self.connection.patiently(lambda: client.indices.put_index_template(name=self.names.template, **wanted))

    def _put_component(self, name: str, template: dict[str, Any]) -> None:
        client = self.connection.client
        self.connection.patiently(lambda: client.cluster.put_component_template(name=name, template=template))

    def _stored_meta(self) -> dict[str, Any]:
        """The `_meta` of the existing indices: of the undated one, which always exists and is kept up to date."""
        client = self.connection.client
        answer = self.connection.patiently(
            lambda: client.indices.get_mapping(index=self.names.undated, ignore_unavailable=True, allow_no_indices=True)
        )
        for entry in answer.values():
            return dict(entry["mappings"].get("_meta", {}))
        return {}

    def _extend_mapping(self) -> None:
        """Add what is new to the existing indices; what changed in kind can't be added."""
        client = self.connection.client
        wanted = mapping()
        try:
            self.connection.patiently(
                lambda: client.indices.put_mapping(index=self.names.months, properties=wanted["properties"])
            )
        except StoreError as error:
            raise StoreError(
                f"Die Indizes {self.names.months} einer früheren Version passen nicht zu dieser: "
                "bitte die Erwähnungen exportieren und unter einem neuen Präfix einlesen."
            ) from error
        self.connection.patiently(lambda: client.indices.put_mapping(index=self.names.months, meta=wanted["_meta"]))
