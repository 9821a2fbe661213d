"""German and English at the place of use: one of two sentences, by the language that the user chose."""

from __future__ import annotations

from collections.abc import Sequence

_language = "de"


def choose_language(arguments: Sequence[str], default: str) -> str:
    """Set the language from `--lang` on the command line, else `default`; done before any help text is built."""
    global _language
    _language = default if default in ("de", "en") else "de"
    for position, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if value in ("de", "en"):
            _language = value
    return _language


def language() -> str:
    """The language in force: de or en."""
    return _language


def tr(german: str, english: str) -> str:
    """The sentence in the language in force."""
    return german if _language == "de" else english


def interrupted() -> str:
    """What is said after Ctrl-C."""
    return tr("Abgebrochen. Derselbe Befehl macht dort weiter.", "Stopped. The same command goes on from there.")
