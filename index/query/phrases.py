"""Where a phrase stands in a token list, also with gaps and swapped words: Lucene's slop, computed exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

# Positions of one word of the phrase in a text.
_Positions = Sequence[int]


def placements(terms: Sequence[str], words: Sequence[str], slop: int) -> Iterator[tuple[int, int]]:
    """First and last position in `words` of every place where the phrase stands.

    Shift each found word back by its place in the phrase: the shifted positions may differ by `slop` at most. A gap
    costs its length and two neighbours swapped cost 2, as in Lucene; no word of the text is used twice.
    """
    where: dict[str, list[int]] = {term: [] for term in terms}
    for position, word in enumerate(words):
        if word in where:
            where[word].append(position)
    yield from placed([where[term] for term in terms], slop)


def placed(found: Sequence[_Positions], slop: int) -> Iterator[tuple[int, int]]:
    """As `placements`, from the positions at which each word of the phrase was found, in ascending order."""
    if not all(found):
        return
    shifted = sorted({position - place for place, positions in enumerate(found) for position in positions})
    sets = [frozenset(positions) for positions in found]
    last: tuple[int, int] | None = None
    for start in shifted:
        chosen = _choose(sets, start, slop)
        if chosen is not None and chosen != last:
            last = chosen
            yield chosen


def _choose(found: Sequence[frozenset[int]], start: int, slop: int) -> tuple[int, int] | None:
    """The earliest free position for each word; windows move on with the words, so that this never misses a place."""
    used: set[int] = set()
    for place, positions in enumerate(found):
        window = range(start + place, start + place + slop + 1)
        free = next((position for position in window if position in positions and position not in used), None)
        if free is None:
            return None
        used.add(free)
    return min(used), max(used)


def displacements(terms: Sequence[str], slop: int) -> Iterator[tuple[tuple[int, str], ...]]:
    """All exact phrases, as (offset, word) in ascending order from 0, that a sloppy phrase stands for, each once."""
    seen: set[tuple[tuple[int, str], ...]] = set()
    for shifts in product(range(slop + 1), repeat=len(terms)):
        offsets = [shift + place for place, shift in enumerate(shifts)]
        if 0 not in shifts or len(set(offsets)) < len(offsets):
            continue
        least = min(offsets)
        exact = tuple(sorted((offset - least, term) for offset, term in zip(offsets, terms, strict=True)))
        if exact not in seen:
            seen.add(exact)
            yield exact


def runs(tests: Sequence[Callable[[str], bool]], words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last position of adjacent words that pass the tests in order."""
    size = len(tests)
    for start in range(len(words) - size + 1):
        if all(test(words[start + place]) for place, test in enumerate(tests)):
            yield start, start + size - 1
