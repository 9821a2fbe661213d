"""What is new: words of a few days against those of the weeks before, the same in both stores.

Elasticsearch's significant terms take their background only from the indices that hold the foreground, and ours are
monthly; tantivy has none. So both periods are read once, with memory for the different words only.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from index.analysis import analyse_exact
from index.query import Query, clause, conjunction, parse_query
from index.store import Store

# Near-copies, mistaken finds and answers of our own staff aren't news.
COUNTED = "is_copy:false AND NOT work.not_us:true AND NOT author_role:staff"
# Chi-squared with one degree of freedom at p = 0.001.
SIGNIFICANT = 10.83
# A word that was common before has to become this much more common.
LEAST_LIFT = 2.0
SHORTEST = 3


@dataclass(frozen=True)
class NewWord:
    """A word as written, in small letters: in how many texts it stands now and before.

    `strength` is the log-likelihood ratio G² (Dunning 1993) of the two shares.
    """

    word: str
    texts: int
    before: int
    strength: float


@dataclass(frozen=True)
class News:
    """The words of `start` to `end` (both included, days in Berlin) that stand out, strongest first.

    `texts` and `before` count the texts of the two periods.
    """

    start: date
    end: date
    texts: int
    before: int
    words: tuple[NewWord, ...]


def news(
    store: Store, query: Query, *, start: date, days: int = 7, back: int = 28, least: int = 3, limit: int = 20
) -> News:
    """Compare `days` days from `start` on with the `back` days before; words in fewer than `least` texts are left out.

    Raises `StoreError`.
    """
    end = start + timedelta(days=days - 1)
    now, texts = _words(store, query, start, end)
    past, before = _words(store, query, start - timedelta(days=back), start - timedelta(days=1))
    found = [
        NewWord(word, count, past[word], strength(count, texts, past[word], before))
        for word, count in now.items()
        if count >= least and count / texts >= LEAST_LIFT * (past[word] + 0.5) / (before + 1)
    ]
    clear = sorted(
        (word for word in found if word.strength >= SIGNIFICANT), key=lambda entry: (-entry.strength, entry.word)
    )
    return News(start, end, texts, before, tuple(clear[:limit]))


def word_query(word: str, start: date, end: date) -> str:
    """The query that finds a word's texts."""
    return f"{COUNTED} AND date:[{start.isoformat()} TO {end.isoformat()}] AND {clause('exact', word)}"


def _words(store: Store, query: Query, start: date, end: date) -> tuple[Counter[str], int]:
    """In how many texts of a period each word stands, and how many texts there are."""
    period = parse_query(f"{COUNTED} AND date:[{start.isoformat()} TO {end.isoformat()}]")
    counts: Counter[str] = Counter()
    texts = 0
    for mention in store.scan(conjunction(query, period)):
        texts += 1
        words = set(analyse_exact(f"{mention.title or ''} {mention.text}"))
        counts.update(word for word in words if len(word) >= SHORTEST and not any(map(str.isdigit, word)))
    return counts, texts


def strength(now: int, texts: int, before: int, texts_before: int) -> float:
    """G² of two shares, from the counts of texts with the word and of all texts."""
    total, whole = now + before, texts + texts_before
    table = (
        (now, texts * total / whole),
        (before, texts_before * total / whole),
        (texts - now, texts * (whole - total) / whole),
        (texts_before - before, texts_before * (whole - total) / whole),
    )
    return 2 * sum(seen * math.log(seen / expected) for seen, expected in table if seen)
