"""What went wrong with Elasticsearch, in one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.query.errors import TOO_BROAD

# The server says with these that it may work later.
BUSY = frozenset({429, 502, 503, 504})
LONGEST_REASON = 300

_TLS = "Das Zertifikat von {here} lässt sich nicht prüfen: bitte die Datei der Prüfstelle (ca_certs) angeben."
_TIMEOUT = "Elasticsearch unter {here} antwortet nicht rechtzeitig: bitte seine Auslastung prüfen."
_UNREACHABLE = "Elasticsearch ist unter {here} nicht erreichbar: bitte prüfen, ob Adresse und Server in Ordnung sind."
_BUSY = "Elasticsearch unter {here} ist überlastet oder unvollständig ({reason}): bitte {here}/_cluster/health ansehen."
_STRANGER = "Unter {here} antwortet etwas anderes als Elasticsearch: bitte die Adresse prüfen."
_LOGIN = "{here} lehnt die Anmeldung ab: bitte API-Schlüssel oder Name und Kennwort prüfen."
_RIGHTS = "Der Anmeldung fehlt ein Recht auf {here} ({reason}): bitte die Rolle erweitern."
_REFUSED = "Elasticsearch unter {here} lehnt die Anfrage ab: {reason}."
_FULL = (
    "Die Festplatte von Elasticsearch unter {here} ist fast voll, deshalb nimmt es nichts mehr an ({reason}). "
    "Bitte dort Platz schaffen, etwa alte Monatsindizes löschen; sobald wieder genug frei ist, hebt Elasticsearch die "
    'Sperre selbst auf (sonst: PUT {{Index}}/_settings mit "index.blocks.read_only_allow_delete": null). '
    "Was bestätigt war, ist gespeichert; danach denselben Befehl wiederholen."
)
_LOCKED = (
    "Ein Index unter {here} ist für Schreiben gesperrt ({reason}). Läuft gerade «brandmelder index migrate», bitte "
    "später wiederholen; wurde es unterbrochen, bitte noch einmal starten: es macht dort weiter."
)


class BusyError(RuntimeError):
    """The server asks to come back later."""


class LockedError(RuntimeError):
    """An index takes no writes for now: it is being moved, or somebody has locked it."""


def explain(error: Exception, here: str) -> str:
    """The sentence for an error of the client, with the address `here` and without credentials."""
    from elastic_transport import ConnectionTimeout, SerializationError, TlsError
    from elasticsearch import ApiError, AuthenticationException, AuthorizationException, UnsupportedProductError

    known: Mapping[type[Exception], str] = {
        TlsError: _TLS,
        ConnectionTimeout: _TIMEOUT,
        SerializationError: _STRANGER,
        UnsupportedProductError: _STRANGER,
        AuthenticationException: _LOGIN,
        AuthorizationException: _RIGHTS,
        BusyError: _BUSY,
        LockedError: _LOCKED,
    }
    reason = reason_of(error)
    message = next((text for kind, text in known.items() if isinstance(error, kind)), None)
    if is_full(reason):
        message = _FULL
    elif is_locked(reason):
        message = _LOCKED
    if message is None and isinstance(error, ApiError):
        message = _BUSY if error.status_code in BUSY else _REFUSED
    if "too many clauses" in reason or "maxClauseCount" in reason:
        return TOO_BROAD
    return (message or _UNREACHABLE).format(here=here, reason=reason)


def is_full(reason: str) -> bool:
    """Whether the server's reason is that its disk has reached the flood stage."""
    return "read-only-allow-delete" in reason or "flood-stage" in reason


def is_locked(reason: str) -> bool:
    """Whether the server's reason is an index's write lock, set or being set, as the end of a migration does it."""
    return "FORBIDDEN/8/" in reason


def reason_of(error: Exception | Mapping[str, Any]) -> str:
    """The server's reason with its cause, shortened; never the request."""
    if isinstance(error, BusyError | LockedError):
        return str(error)
    body = error if isinstance(error, Mapping) else getattr(error, "body", None)
    cause = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(cause, Mapping):
        return str(cause or type(error).__name__)[:LONGEST_REASON]
    parts = [f"{cause.get('type')}: {cause.get('reason')}"]
    deeper = cause.get("caused_by") or next(iter(cause.get("root_cause") or []), None)
    if isinstance(deeper, Mapping) and deeper.get("reason") not in (None, cause.get("reason")):
        parts.append(str(deeper["reason"]))
    return "; ".join(parts)[:LONGEST_REASON]
