"""Errors as sentences for the person at the terminal."""

from __future__ import annotations

import os

from brandmelder.errors import UsageError
from brandmelder.texts import language, tr
from index.query import QuerySyntaxError


def sentence(error: Exception) -> str:
    """What to print for an error that ended a command."""
    if isinstance(error, QuerySyntaxError):
        from index.query import explain

        return explain(error, language())
    if isinstance(error, UsageError) or error.__class__.__module__.split(".")[0] in (
        "index",
        "nlp",
        "crawlers",
        "dashboard",
    ):
        return str(error)
    if isinstance(error, OSError):
        return _system(error)
    hint = (
        ""
        if os.environ.get("BRANDMELDER_DEBUG")
        else tr(
            " Mit BRANDMELDER_DEBUG=1 zeigt derselbe Aufruf, wo.",
            " With BRANDMELDER_DEBUG=1 the same call shows where.",
        )
    )
    return (
        tr("Das ist ein Fehler in Brandmelder: ", "This is a bug in Brandmelder: ")
        + f"{type(error).__name__}: {error}.{hint}"
    )


def _system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return tr("Das Betriebssystem meldet: ", "The operating system says: ") + f"{place}{error.strerror or error}."
