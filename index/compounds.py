"""A person's list of words that long German words are made of, for the Elasticsearch store's subfields `parts`."""

from __future__ import annotations

from pathlib import Path

from index.analysis import analyse_form
from index.store import StoreError

# The list becomes part of every index's settings, which the cluster keeps in memory.
MOST_WORDS = 50_000
SHORTEST = 3
LONGEST = 60


def read_compounds(path: Path) -> tuple[str, ...]:
    """The words of a UTF-8 file, one a line, `#` begins a comment; folded as the analyzer folds tokens, sorted.

    Raises `StoreError` that names the line where one isn't a single word of 3 to 60 letters, or the list is too long.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"Die Wörterliste {path} lässt sich nicht lesen: {error}.") from error
    words = set()
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        found = analyse_form(text, "folded")
        if len(found) != 1 or not SHORTEST <= len(found[0]) <= LONGEST:
            raise StoreError(f"{path}, Zeile {number}: {text[:60]!r} ist kein Wort von 3 bis 60 Buchstaben.")
        words.add(found[0])
    if not words or len(words) > MOST_WORDS:
        raise StoreError(f"{path} nennt {len(words)} Wörter; nötig ist mindestens eines, erlaubt sind {MOST_WORDS}.")
    return tuple(sorted(words))
