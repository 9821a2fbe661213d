"""What is kept beside mentions: goes with them, and never stands in anybody's way."""

import os
import sqlite3
import stat

import pytest

from index.vectors import CHUNK, Kept, VectorFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "daten" / "vectors.sqlite3"


@pytest.fixture
def vectors(path):
    opened = VectorFile(path)
    yield opened
    opened.close()


def some(count, first=0):
    return {f"{number:06d}": Kept(b"%d" % number, "usage") for number in range(first, first + count)}


def test_what_is_put_is_there_also_for_another_process(vectors, path):
    vectors.put(some(3))
    vectors.put({"000001": Kept(b"neu")})
    other = VectorFile(path)
    assert other.get(["000000", "000001", "fehlt"]) == {"000000": Kept(b"0", "usage"), "000001": Kept(b"neu", None)}
    other.remove(["000000", "fehlt"])
    other.close()
    assert (vectors.count(), vectors.problem) == (2, None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sweeping_forgets_what_the_store_does_not_hold(vectors):
    vectors.put(some(2 * CHUNK + 10))
    gone = {"000000", f"{CHUNK:06d}", f"{2 * CHUNK + 9:06d}"}
    asked = []

    def known(ids):
        asked.append(len(ids))
        return {id for id in ids if id not in gone}

    assert vectors.sweep(known) == 3
    assert (asked, vectors.count(), vectors.get(sorted(gone))) == ([CHUNK, CHUNK, 10], 2 * CHUNK + 7, {})


def test_a_bounded_sweep_goes_on_where_the_last_one_ended(vectors, path):
    vectors.put(some(10))
    looked = []

    def known(ids):
        looked.extend(ids)
        return ids

    for _ in range(3):
        vectors.sweep(known, most=4)
        vectors.close()
        vectors = VectorFile(path)
    assert sorted(looked) == sorted(some(10))
    vectors.sweep(known, most=4)
    assert looked[10:] == list(some(4))
    vectors.close()


def test_a_forgotten_one_is_overwritten_in_the_file(vectors, path):
    vectors.put({"eins": Kept(b"vertrauliche Zahlen" * 50), "zwei": Kept(b"andere" * 50)})
    vectors.remove(["eins"])
    vectors.close()
    # The log goes into the file when the last connection is closed.
    files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
    assert [file.name for file in files] == [path.name]
    assert b"vertrauliche" not in path.read_bytes()


@pytest.mark.parametrize("damage", ["no database", "torn", "empty"])
def test_a_damaged_file_is_replaced_and_that_is_told(path, damage):
    first = VectorFile(path)
    first.put(some(500))
    first.close()
    whole = path.read_bytes()
    path.write_bytes({"no database": b"Unsinn" * 999, "torn": whole[:4096] + os.urandom(9000), "empty": b""}[damage])
    vectors = VectorFile(path)
    found = vectors.get(list(some(500)))
    vectors.put(some(2))
    assert vectors.get(["000001"])["000001"].data == b"1"
    assert len(found) in (0, 500) if damage == "torn" else found == {}
    # An empty file is a new one.
    assert (vectors.problem is None) == (damage == "empty")
    if vectors.problem is not None:
        assert "beschädigt" in vectors.problem
        assert "brandmelder retag" in vectors.problem
    vectors.close()


def test_where_no_file_can_be_nothing_is_kept_and_nothing_raised(tmp_path):
    place = tmp_path / "vectors.sqlite3"
    place.mkdir()
    vectors = VectorFile(place)
    vectors.put(some(3))
    vectors.remove(["000001"])
    assert (vectors.get(["000001"]), vectors.count(), vectors.sweep(lambda ids: ids)) == ({}, 0, 0)
    assert "nicht benutzbar" in vectors.problem
    vectors.close()
    vectors.close()


def test_a_newer_file_is_left_alone(vectors, path):
    vectors.put(some(1))
    vectors.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    older = VectorFile(path)
    older.put(some(5))
    assert (older.count(), "neuer" in older.problem) == (0, True)
    older.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    connection.close()
