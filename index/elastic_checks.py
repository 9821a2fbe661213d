"""A check-up of the Elasticsearch store: the cluster, what belongs to us on it, and what our login may do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from index.checks import Check, State, megabytes
from index.elastic_client import Connection
from index.elastic_keys import role_descriptor
from index.elastic_mapping import SCHEMA_VERSION, Names, index_template, mapping
from index.elastic_migrate import Migration
from index.elastic_schema import Schema, identity_of
from index.store import StoreError

CLOCK_SECONDS = 30
# Elasticsearch's own default for the mark from which it puts no more shards on a node's disk.
LOW_WATERMARK = 0.85
FLOOD_STAGE = 0.95
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ClusterCheck:
    """Asks one cluster; changes nothing on it."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self.connection = connection
        self.names = names
        self.schema = Schema(connection, names)

    def findings(self) -> Iterator[Check]:
        """All checks; one that isn't allowed to ask says so, and the others go on."""
        try:
            version = self.connection.check()
        except StoreError as error:
            yield Check("connection", "error", str(error), str(error))
            return
        yield Check(
            "connection",
            "ok",
            f"Elasticsearch {version or '(Version nicht sichtbar)'} unter {self.connection.location}.",
            f"Elasticsearch {version or '(version hidden)'} at {self.connection.location}.",
        )
        parts: Mapping[str, Callable[[], Iterator[Check]]] = {
            "encryption": self._encryption,
            "health": self._health,
            "disk": self._disk,
            "clock": self._clock,
            "templates": self._templates,
            "alias": self._alias,
            "schema": self._versions,
            "blocks": self._blocks,
            "permissions": self._permissions,
        }
        for name, part in parts.items():
            try:
                yield from part()
            except StoreError as error:
                yield self._unanswered(name, error)

    def _unanswered(self, name: str, error: StoreError) -> Check:
        status = getattr(error.__cause__, "status_code", None)
        if status == 403:
            return Check(
                name,
                "warning",
                f"Die Anmeldung darf das nicht ansehen ({name}); ein Schlüssel zum Schreiben darf es.",
                f"The login may not look at this ({name}); a writer's key may.",
            )
        return Check(name, "error", str(error), str(error))

    def _ask(self, action: Callable[[], Any]) -> Any:
        return self.connection.patiently(action)

    @property
    def _client(self) -> Any:
        return self.connection.client

    def _encryption(self) -> Iterator[Check]:
        parts = urlsplit(self.connection.location)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            yield Check(
                "encryption",
                "warning",
                "Texte und Anmeldung gehen unverschlüsselt durchs Netz: bitte https:// und BRANDMELDER_ELASTIC_CA.",
                "Texts and login cross the network unencrypted: please use https:// and BRANDMELDER_ELASTIC_CA.",
            )
        elif parts.scheme == "https":
            yield Check("encryption", "ok", "Verschlüsselt, Zertifikat geprüft.", "Encrypted, certificate verified.")

    def _health(self) -> Iterator[Check]:
        answer = self._ask(lambda: self._client.cluster.health())
        status, missing = answer["status"], answer["unassigned_shards"]
        states: Mapping[str, State] = {"green": "ok", "yellow": "warning"}
        german = {
            "green": "Der Cluster ist grün.",
            "yellow": f"Der Cluster ist gelb: {missing} Kopien haben keinen Platz. Es fehlt nichts, aber ein Ausfall "
            "kostet Daten: bitte einen Knoten ergänzen oder number_of_replicas auf 0 setzen.",
        }.get(status, f"Der Cluster ist rot, {missing} Shards fehlen: bitte GET _cluster/allocation/explain ansehen.")
        yield Check("health", states.get(status, "error"), german, f"Cluster health is {status}, {missing} unassigned.")

    def _disk(self) -> Iterator[Check]:
        answer = self._ask(lambda: self._client.nodes.stats(metric="fs"))
        for node in answer["nodes"].values():
            total, free = node["fs"]["total"]["total_in_bytes"], node["fs"]["total"]["available_in_bytes"]
            used = 1 - free / total if total else 0.0
            state: State = "ok" if used < LOW_WATERMARK else "warning" if used < FLOOD_STAGE else "error"
            todo = ("", "")
            if state != "ok":
                todo = (
                    ": bitte Platz schaffen, ab 95 % nimmt Elasticsearch nichts mehr an",
                    ": please make room, at 95 % Elasticsearch accepts nothing more",
                )
            name = node.get("name", "?")
            yield Check(
                "disk",
                state,
                f"Platte von {name}: {used:.0%} belegt, {megabytes(free)} frei{todo[0]}.",
                f"Disk of {name}: {used:.0%} used, {megabytes(free)} free{todo[1]}.",
            )

    def _clock(self) -> Iterator[Check]:
        before = time.time()
        answer = self._ask(lambda: self._client.nodes.stats(metric="os"))
        middle = (before + time.time()) / 2
        apart = max(abs(node["timestamp"] / 1000 - middle) for node in answer["nodes"].values())
        if apart > CLOCK_SECONDS:
            yield Check(
                "clock",
                "warning",
                f"Die Uhren gehen {apart:.0f} Sekunden auseinander: bitte beide Rechner mit NTP stellen.",
                f"The clocks differ by {apart:.0f} seconds: please set both machines by NTP.",
            )
        else:
            yield Check("clock", "ok", "Die Uhren stimmen überein.", "The clocks agree.")

    def _templates(self) -> Iterator[Check]:
        found = self.schema.installed_template()
        if found == identity_of(index_template(self.names, self.schema.compounds())):
            yield Check("templates", "ok", "Die Vorlagen sind von dieser Version.", "Templates are of this version.")
            return
        missing = found is None
        yield Check(
            "templates",
            "warning",
            f"Die Indexvorlagen {'fehlen' if missing else 'sind von einer anderen Version'}: der nächste Lauf oder "
            "«brandmelder index migrate» legt sie an (mit dem Recht manage_index_templates).",
            f"The index templates are {'missing' if missing else 'of another version'}: the next run or "
            "'brandmelder index migrate' puts them (with manage_index_templates).",
        )

    def _alias(self) -> Iterator[Check]:
        pattern = f"{self.names.alias}*"
        answer = self._ask(lambda: self._client.indices.get_alias(index=pattern, expand_wildcards="all"))
        if self.names.alias in answer:
            yield Check(
                "alias",
                "error",
                f"{self.names.alias} ist ein Index statt eines Alias: bitte ihn umbenennen oder löschen.",
                f"{self.names.alias} is an index, not an alias: please rename or delete it.",
            )
            return
        aliases = {index: set(entry["aliases"]) for index, entry in answer.items()}
        lost = [index for index, has in aliases.items() if self.names.alias not in has and self.names.moving not in has]
        months = [self.names.month_of(index) for index, has in aliases.items() if self.names.alias in has]
        twice = sorted({month for month in months if months.count(month) > 1})
        if lost or twice:
            names = ", ".join([*lost, *twice][:5])
            yield Check(
                "alias",
                "error",
                f"Diese Indizes hängen nicht oder doppelt am Alias {self.names.alias}, Suchen sehen sie falsch: "
                f"{names}. Bitte mit POST _aliases berichtigen (docs/elasticsearch.md).",
                f"These indices are not, or twice, under the alias {self.names.alias}: {names}. "
                "Please correct it with POST _aliases (docs/elasticsearch.md).",
            )
        else:
            yield Check(
                "alias",
                "ok",
                f"{len(months)} Indizes unter dem Alias {self.names.alias}.",
                f"{len(months)} indices under the alias {self.names.alias}.",
            )

    def _versions(self) -> Iterator[Check]:
        metas = self.schema.stored_meta()
        wanted = mapping(self.schema.compounds())["_meta"]["fingerprint"]
        newer = [name for name, meta in metas.items() if int(meta.get("schema_version", 0)) > SCHEMA_VERSION]
        older = [name for name, meta in metas.items() if meta.get("fingerprint") != wanted]
        unfinished = Migration(self.connection, self.names, self.schema).unfinished()
        if newer:
            yield Check(
                "schema",
                "error",
                f"{len(newer)} Indizes sind von einer neueren Version: bitte Brandmelder aktualisieren.",
                f"{len(newer)} indices are of a newer version: please update Brandmelder.",
            )
        elif older or unfinished:
            yield Check(
                "schema",
                "warning",
                f"{len(older)} Indizes haben ein früheres Mapping, {len(unfinished)} Umstellungen sind unfertig: bitte "
                "«brandmelder index migrate» ausführen; der Betrieb geht dabei weiter.",
                f"{len(older)} indices have an earlier mapping, {len(unfinished)} moves are unfinished: please run "
                "'brandmelder index migrate'; work goes on meanwhile.",
            )
        else:
            yield Check("schema", "ok", f"Mapping {wanted}, Schema {SCHEMA_VERSION}.", f"Mapping {wanted}, up to date.")

    def _blocks(self) -> Iterator[Check]:
        answer = self._ask(
            lambda: self._client.indices.get_settings(
                index=f"{self.names.prefix}-*", name="index.blocks.*", expand_wildcards="all", flat_settings=True
            )
        )
        for index, entry in answer.items():
            on = [name for name, value in entry["settings"].items() if str(value) == "true"]
            if on:
                yield self._block(index, on)

    def _block(self, index: str, on: Sequence[str]) -> Check:
        if "index.blocks.read_only_allow_delete" in on:
            return Check(
                "blocks",
                "error",
                f"{index} nimmt nichts an, weil die Platte voll war: bitte Platz schaffen; Elasticsearch hebt die "
                'Sperre dann auf (sonst PUT _settings mit "index.blocks.read_only_allow_delete": null).',
                f"{index} accepts nothing because the disk was full: please make room; Elasticsearch then lifts the "
                'block (else PUT _settings with "index.blocks.read_only_allow_delete": null).',
            )
        return Check(
            "blocks",
            "error",
            f"{index} ist gesperrt ({', '.join(on)}): läuft kein «brandmelder index migrate», bitte eines starten; es "
            "beendet die Umstellung und hebt die Sperre auf.",
            f"{index} is locked ({', '.join(on)}): unless 'brandmelder index migrate' runs, please start one; it ends "
            "the move and lifts the lock.",
        )

    def _permissions(self) -> Iterator[Check]:
        wanted = role_descriptor(self.names, "write")
        rights = wanted["indices"][0]
        body = {
            "cluster": [*wanted["cluster"], "manage_index_templates"],
            "index": [{"names": rights["names"], "privileges": [*rights["privileges"], "manage"]}],
        }
        try:
            answer = self._ask(lambda: self._client.security.has_privileges(**body))
        except StoreError as error:
            if getattr(error.__cause__, "status_code", None) in (400, 405, 500):
                yield self._unsecured()
                return
            raise
        has = answer["index"][rights["names"][0]]
        german, english, state = _allowed(has, answer["cluster"], rights["privileges"])
        yield Check("permissions", state, german, english)

    def _unsecured(self) -> Check:
        if urlsplit(self.connection.location).hostname in LOOPBACK:
            says = (
                "Die Sicherheit ist aus; auf diesem Rechner allein ist das in Ordnung.",
                "Security is off; fine here.",
            )
            return Check("permissions", "ok", *says)
        return Check(
            "permissions",
            "error",
            "Die Sicherheit des Servers ist aus: jeder im Netz liest und löscht. Bitte xpack.security.enabled: true.",
            "The server's security is off: anybody may read and delete. Please set xpack.security.enabled: true.",
        )


def _allowed(has: Mapping[str, bool], cluster: Mapping[str, bool], writing: Sequence[str]) -> tuple[str, str, State]:
    if not has["read"]:
        return (
            "Die Anmeldung darf nicht einmal lesen: bitte «brandmelder index keys» (docs/elasticsearch.md).",
            "The login may not even read: please see 'brandmelder index keys' (docs/elasticsearch.md).",
            "error",
        )
    missing = [name for name in writing if not has[name]] + ([] if cluster["monitor"] else ["monitor"])
    if missing:
        return (
            f"Die Anmeldung darf lesen, nicht schreiben (es fehlen: {', '.join(missing)}).",
            f"The login may read, not write (missing: {', '.join(missing)}).",
            "ok",
        )
    if has["manage"] and cluster["manage_index_templates"]:
        return ("Die Anmeldung darf alles Nötige, auch umziehen.", "The login may do all, also migrate.", "ok")
    return ("Die Anmeldung darf lesen und schreiben.", "The login may read and write.", "ok")
