"""What is wrong with a query, where, in German and English."""

from __future__ import annotations

from typing import Any

# code: (English, German). Details in braces come from where the error is raised.
MESSAGES: dict[str, tuple[str, str]] = {
    "too_long": (
        "The query has {length} characters; {limit} are allowed.",
        "Die Abfrage hat {length} Zeichen; erlaubt sind {limit}.",
    ),
    "too_deep": (
        "Brackets and negations are nested deeper than {limit} levels.",
        "Klammern und Verneinungen sind tiefer als {limit} Ebenen verschachtelt.",
    ),
    "too_many_terms": (
        "The query has more than {limit} search terms.",
        "Die Abfrage hat mehr als {limit} Suchwörter.",
    ),
    "quote_unclosed": ("This quotation mark is never closed.", "Dieses Anführungszeichen wird nicht geschlossen."),
    "quote_in_word": (
        "A quotation mark inside a word: put a blank or a backslash before it.",
        "Ein Anführungszeichen mitten im Wort: Davor fehlt ein Leerzeichen oder ein Backslash.",
    ),
    "stray_character": (
        "'{character}' has no meaning here; put the text in quotation marks if you mean it literally.",
        "„{character}“ hat hier keine Bedeutung; wörtlich gemeinten Text bitte in Anführungszeichen setzen.",
    ),
    "regex": (
        "Regular expressions are not supported; use * and ?.",
        "Reguläre Ausdrücke gibt es hier nicht; nehmen Sie * und ?.",
    ),
    "paren_unclosed": ("This bracket is never closed.", "Diese Klammer wird nicht geschlossen."),
    "paren_unopened": (
        "This bracket closes something that was never opened.",
        "Diese Klammer schließt etwas, das nicht geöffnet wurde.",
    ),
    "paren_empty": ("There is nothing between these brackets.", "Zwischen diesen Klammern steht nichts."),
    "operator_dangling": (
        "'{operator}' needs a search term after it.",
        "Nach „{operator}“ fehlt ein Suchwort.",
    ),
    "operator_leading": (
        "'{operator}' needs a search term before it.",
        "Vor „{operator}“ fehlt ein Suchwort.",
    ),
    "modifier_misplaced": (
        "'{character}' must directly follow a word or a phrase.",
        "„{character}“ muss direkt hinter einem Wort oder einer Phrase stehen.",
    ),
    "boost_bad": (
        "After '^' a number is expected, as in Bahn^2.",
        "Nach „^“ wird eine Zahl erwartet, etwa Bahn^2.",
    ),
    "colon": (
        "A colon needs a field name before it; put the text in quotation marks if you mean it literally.",
        "Vor einem Doppelpunkt steht ein Feldname; wörtlich gemeinten Text bitte in Anführungszeichen setzen.",
    ),
    "range_shape": (
        "A range is written [from TO to] or {{from TO to}}; * leaves a side open.",
        "Ein Bereich wird als [von TO bis] oder {{von TO bis}} geschrieben; * lässt eine Seite offen.",
    ),
    "range_field": (
        "A range needs a field with numbers or dates before it, as in rating:>=4.",
        "Vor einem Bereich steht ein Feld mit Zahlen oder Daten, etwa rating:>=4.",
    ),
    "range_reversed": (
        "The range ends before it begins: '{lower}' is greater than '{upper}'.",
        "Der Bereich endet vor seinem Anfang: „{lower}“ ist größer als „{upper}“.",
    ),
    "field_unknown": (
        "There is no field '{name}'.{hint} The usual ones: {names} (all of them: docs/query.md). "
        "Put the text in quotation marks if no field is meant.",
        "Das Feld „{name}“ gibt es nicht.{hint} Die üblichen: {names} (alle: docs/query.md). Ist kein Feld gemeint, "
        "den Text bitte in Anführungszeichen setzen.",
    ),
    "field_stored": (
        "The field '{name}' is kept but can't be searched.",
        "Das Feld „{name}“ wird gespeichert, lässt sich aber nicht durchsuchen.",
    ),
    "number_bad": (
        "'{value}' is not a number ({name}); a range is written {name}:[1 TO 3] or {name}:>=4.",
        "„{value}“ ist keine Zahl ({name}); einen Bereich schreibt man {name}:[1 TO 3] oder {name}:>=4.",
    ),
    "date_bad": (
        "'{value}' is not a date ({name}); write 2026-03-01, 1.3.2026, 2026-03, 2026 or now-7d (years 1900 to 2199), a "
        "period as {name}:[1.3.2026 TO 15.3.2026].",
        "„{value}“ ist kein Datum ({name}); schreiben Sie 1.3.2026, 2026-03-01, 2026-03, 2026 oder now-7d "
        "(Jahre 1900 bis 2199), einen Zeitraum als {name}:[1.3.2026 TO 15.3.2026].",
    ),
    "bool_bad": (
        "'{value}' is neither true nor false ({name}).",
        "„{value}“ ist weder ja (true) noch nein (false) ({name}).",
    ),
    "wildcard_short": (
        "'{value}' would match nearly everything: it needs at least {least} letters or digits beside * and ?.",
        "„{value}“ träfe fast alles: Neben * und ? braucht es mindestens {least} Buchstaben oder Ziffern.",
    ),
    "wildcard_many": (
        "At most {limit} wildcards per word are allowed.",
        "Erlaubt sind höchstens {limit} Platzhalter je Wort.",
    ),
    "wildcard_leading_many": (
        "At most {limit} words may begin with a wildcard.",
        "Höchstens {limit} Wörter dürfen mit einem Platzhalter beginnen.",
    ),
    "fuzzy_distance": (
        "A word allows ~1 or ~2 (letters that differ), not ~{value}.",
        "Bei einem Wort geht ~1 oder ~2 (abweichende Buchstaben), nicht ~{value}.",
    ),
    "wildcard_words_many": (
        "At most {limit} words with wildcards are allowed.",
        "Erlaubt sind höchstens {limit} Wörter mit Platzhaltern.",
    ),
    "wildcard_long": (
        "A word with wildcards may have {limit} letters.",
        "Ein Wort mit Platzhaltern darf {limit} Buchstaben haben.",
    ),
    "wildcard_mixed": (
        "Behind a * at most {limit} ? are allowed, in words of up to {letters} letters.",
        "Hinter einem * sind höchstens {limit} ? erlaubt, in Wörtern von bis zu {letters} Buchstaben.",
    ),
    "fuzzy_many": (
        "Too many words with ~: {limit} with ~1 or 5 with ~2 are allowed; words of more than 10 letters count twice, "
        "of more than 20 three times.",
        "Zu viele Wörter mit ~: Erlaubt sind {limit} mit ~1 oder 5 mit ~2; Wörter von mehr als 10 Buchstaben zählen "
        "doppelt, von mehr als 20 dreifach.",
    ),
    "fuzzy_long": (
        "Before ~ a word may have {limit} letters.",
        "Vor ~ darf ein Wort {limit} Buchstaben haben.",
    ),
    "fuzzy_word": (
        "~ works on a single word without wildcards.",
        "~ geht nur bei einem einzelnen Wort ohne Platzhalter.",
    ),
    "proximity_bad": (
        'After a phrase, ~ needs a whole number from 0 to {limit}, as in "a b"~3.',
        'Nach einer Phrase braucht ~ eine ganze Zahl von 0 bis {limit}, etwa "a b"~3.',
    ),
    "proximity_wide": (
        "A phrase of {words} words allows a distance of at most {limit}.",
        "Eine Phrase aus {words} Wörtern erlaubt höchstens den Abstand {limit}.",
    ),
    "proximity_many": (
        "Too many phrases with a distance: make some distances smaller or the phrases shorter.",
        "Zu viele Phrasen mit Abstand: bitte einige Abstände verkleinern oder Phrasen kürzen.",
    ),
    "not_for_field": (
        "The field '{name}' holds no text, so ~ has no meaning there.",
        "Das Feld „{name}“ enthält keinen Text, ~ hat dort keine Bedeutung.",
    ),
    "no_words": (
        "There is no searchable word here, only punctuation.",
        "Hier steht kein suchbares Wort, nur Satzzeichen.",
    ),
    "syntax": ("The query can't be read from here on.", "Die Abfrage ist ab hier nicht lesbar."),
}
# Where an index finds out what can't be seen from the query: how many different words a pattern stands for.
TOO_BROAD = (
    "Die Platzhalter stehen für zu viele verschiedene Wörter: bitte mehr Buchstaben angeben oder die Abfrage aufteilen."
)
_HINT = (" Did you mean '{guess}'?", " Meinten Sie „{guess}“?")
_CONTEXT = 40


class QuerySyntaxError(ValueError):
    """A query that can't be read.

    `code` names the kind of error (a key of `MESSAGES`), `position` is the 0-based character of `query` that it is
    about (always within the text), `details` fill the message. The exception's own text is the English sentence.
    """

    def __init__(self, code: str, *, query: str, position: int, **details: Any) -> None:
        self.code = code
        self.query = query
        self.position = max(0, min(position, len(query) - 1))
        self.details = details
        super().__init__(self.message())

    def message(self, lang: str = "en") -> str:
        """The sentence in German ("de") or English (any other)."""
        german = int(lang == "de")
        details = {name: value if name == "names" else _shortened(value) for name, value in self.details.items()}
        if "guess" in details:
            details["hint"] = _HINT[german].format(guess=details["guess"]) if details["guess"] else ""
        return MESSAGES[self.code][german].format(**details)


def _shortened(value: Any) -> Any:
    return value[:_CONTEXT] + "…" if isinstance(value, str) and len(value) > _CONTEXT else value


def explain(error: QuerySyntaxError, lang: str = "de") -> str:
    """Three lines for people: what is wrong, the part of the query around it, and a caret below the place."""
    line = "".join(character if character.isprintable() else " " for character in error.query)
    start = max(0, error.position - _CONTEXT)
    end = min(len(line), error.position + _CONTEXT)
    before, after = "…" if start else "", "…" if end < len(line) else ""
    where = "Zeichen" if lang == "de" else "Character"
    caret = " " * (len(before) + error.position - start) + "^"
    return f"{where} {error.position + 1}: {error.message(lang)}\n  {before}{line[start:end]}{after}\n  {caret}"
