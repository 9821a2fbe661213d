"""Groups of near-copies, compared with a direct computation over all pairs."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.copies import PERMUTATIONS, CopyEntry, CopyIndex, CopyPlace
from index.store import StoreError

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
LEAST = 103  # of 128 places: the first count at or over a share of 0.8


def signature(seed: int) -> list[int]:
    source = random.Random(seed)
    return [source.getrandbits(32) for _ in range(PERMUTATIONS)]


def changed(base: list[int], places: int, seed: int = 0) -> list[int]:
    source = random.Random(seed)
    values = list(base)
    for place in source.sample(range(PERMUTATIONS), places):
        values[place] = (values[place] + 1 + source.getrandbits(20)) % 2**32
    return values


def direct(entries: list[CopyEntry]) -> dict[str, CopyPlace]:
    """All pairs, then connected components."""
    groups = [{entry.id} for entry in entries]
    by_id = {entry.id: entry for entry in entries}
    for left in entries:
        for right in entries:
            if sum(a == b for a, b in zip(left.signature, right.signature, strict=True)) >= LEAST:
                joined = [group for group in groups if left.id in group or right.id in group]
                groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    places = {}
    for group in groups:
        original = min(group, key=lambda id: (by_id[id].published_at is None, by_id[id].published_at or FIRST, id))
        for id in group:
            places[id] = CopyPlace(None if len(group) == 1 else original, len(group) > 1 and id != original)
    return places


def sample(count: int, seed: int) -> list[CopyEntry]:
    source = random.Random(seed)
    entries: list[CopyEntry] = []
    for number in range(count):
        near = source.choice(entries).signature if entries and source.random() < 0.6 else None
        values = (
            signature(seed * 1000 + number) if near is None else changed(near, source.choice([0, 3, 20, 25, 26, 30]))
        )
        time = None if source.random() < 0.2 else FIRST + timedelta(days=source.randrange(5))
        entries.append(CopyEntry(f"id-{number:03d}", time, values))
    return entries


@pytest.fixture
def copies(tmp_path):
    index = CopyIndex(tmp_path / "copies.sqlite3")
    yield index
    index.close()


@pytest.mark.parametrize("seed", range(4))
def test_groups_do_not_depend_on_order_or_batches(tmp_path, seed):
    entries = sample(60, seed)
    expected = direct(entries)
    for turn in range(3):
        source = random.Random(turn)
        source.shuffle(entries)
        index = CopyIndex(tmp_path / f"{turn}.sqlite3")
        told: dict[str, CopyPlace] = {}
        rest = list(entries)
        while rest:
            size = source.choice([1, 7, 60])
            told |= index.add_many(rest[:size])
            rest = rest[size:]
        assert told == expected
        assert index.places(expected) == expected
        index.close()


@pytest.mark.parametrize(("places", "alike"), [(0, True), (25, True), (26, False)])
def test_no_pair_at_the_threshold_is_missed(copies, places, alike):
    for seed in range(20):
        base = signature(seed)
        copies.add(f"a{seed}", FIRST, base)
        told = copies.add(f"b{seed}", FIRST + timedelta(days=1), changed(base, places, seed))
        assert told[f"b{seed}"] == (CopyPlace(f"a{seed}", True) if alike else CopyPlace(None, False))


def test_older_text_becomes_a_copy_of_an_earlier_dated_newcomer(copies):
    assert copies.add("b", FIRST + timedelta(days=1), signature(1)) == {"b": CopyPlace(None, False)}
    assert copies.add("c", None, signature(1)) == {"b": CopyPlace("b", False), "c": CopyPlace("b", True)}
    assert copies.add("a", FIRST, changed(signature(1), 5)) == {
        "a": CopyPlace("a", False),
        "b": CopyPlace("a", True),
        "c": CopyPlace("a", True),
    }


def test_adding_again_changes_nothing(copies):
    entries = sample(30, 9)
    first = copies.add_many(entries)
    assert copies.add_many(entries) == first
    assert copies.add_many(entries[:1]) == {entries[0].id: first[entries[0].id]}


def test_edited_text_leaves_its_group(copies):
    copies.add_many([CopyEntry(id, FIRST, signature(1)) for id in "abc"])
    assert copies.add("a", FIRST, signature(2)) == {
        "a": CopyPlace(None, False),
        "b": CopyPlace("b", False),
        "c": CopyPlace("b", True),
    }


@pytest.mark.parametrize("seed", range(3))
def test_removing_gives_the_groups_of_what_is_left(copies, seed):
    entries = sample(60, seed + 20)
    told = copies.add_many(entries)
    source = random.Random(seed)
    gone = {entry.id for entry in source.sample(entries, 20)}
    told |= copies.remove([*gone, "unbekannt"])
    left = [entry for entry in entries if entry.id not in gone]
    expected = direct(left)
    assert copies.places([entry.id for entry in entries]) == expected
    assert {id: place for id, place in told.items() if id not in gone} == expected


def test_edits_give_the_groups_of_the_last_texts(copies):
    entries = sample(50, 5)
    copies.add_many(entries)
    edited = [
        entry._replace(signature=changed(entries[0].signature, number)) for number, entry in enumerate(entries[::5])
    ]
    copies.add_many(edited)
    last = {entry.id: entry for entry in [*entries, *edited]}
    assert copies.places(last) == direct(list(last.values()))


def test_unsettled_places_are_kept_until_they_are_reported(tmp_path):
    path = tmp_path / "copies.sqlite3"
    first = CopyIndex(path)
    first.settle(first.add("b", FIRST + timedelta(days=1), signature(1)))
    assert first.unsettled() == {}
    told = first.add("a", FIRST, signature(1))
    first.close()
    again = CopyIndex(path)
    assert again.unsettled() == told == {"a": CopyPlace("a", False), "b": CopyPlace("a", True)}
    again.settle({"b": CopyPlace(None, False), "a": told["a"]})
    assert again.unsettled() == {"b": CopyPlace("a", True)}
    again.close()


@pytest.mark.parametrize("values", [[], [1] * 127, [-1] * 128, [2**32] * 128, [0.5] * 128])
def test_strange_signatures_are_refused(copies, values):
    with pytest.raises(ValueError, match="signature"):
        copies.add("a", FIRST, values)
    assert copies.places(["a"]) == {}


def test_other_threshold_is_a_sentence(tmp_path):
    CopyIndex(tmp_path / "copies.sqlite3").close()
    with pytest.raises(StoreError, match="Ähnlichkeitsschwelle"):
        CopyIndex(tmp_path / "copies.sqlite3", threshold=0.9)


def test_broken_file_is_a_sentence(tmp_path):
    path = tmp_path / "copies.sqlite3"
    path.write_bytes(b"kein Datenbestand " * 500)
    with pytest.raises(StoreError, match="nicht benutzbar"):
        CopyIndex(path)


def test_what_was_told_outlives_a_kill(tmp_path):
    path = tmp_path / "copies.sqlite3"
    program = (
        "import os, signal, sys; from pathlib import Path; from index.copies import CopyIndex\n"
        f"index = CopyIndex(Path({str(path)!r}))\n"
        "index.add('a', None, [7] * 128); index.add('b', None, [7] * 128)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parent.parent
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == -9
    index = CopyIndex(path)
    assert index.places(["a", "b"]) == {"a": CopyPlace("a", False), "b": CopyPlace("a", True)}
    index.close()
