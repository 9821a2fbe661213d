"""Copying a store into another: complete, exact, repeatable, verified."""

import sqlite3
from datetime import timedelta

import pytest
from factories import FIRST, make_mention, make_mentions

from index import copying
from index.copying import Copying
from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.mention import Correction, Work
from index.query import parse_query
from index.stones import stone
from index.store import StoreError, Tombstone

EVERYTHING = parse_query("")


def held(store):
    store.refresh()
    return list(store.scan(EVERYTHING))


def quiet(_count):
    pass


@pytest.fixture
def opened():
    stores = []

    def take(store):
        stores.append(store)
        return store

    yield take
    for store in stores:
        store.close()


@pytest.fixture
def filled(tmp_path, opened):
    """A store in which people have worked and from which somebody was erased."""
    store = opened(EmbeddedStore(tmp_path / "von"))
    store.upsert([*make_mentions(40), make_mention(50, published_at=None, date_precision="unknown", title="Ä „ß“ 🍏")])
    correction = Correction(sentiment="mixed", topics=("app",), by="jule", at=FIRST + timedelta(microseconds=7))
    store.amend(make_mention(3).id, Work(correction=correction, owner="Jule", note="Bitte prüfen."))
    store.amend(make_mention(4).id, Work(not_us=True))
    store.erase(ids=[make_mention(5).id], author_keys=[make_mention(6).author_key])
    return store


@pytest.mark.elastic
def test_copy_to_elasticsearch_and_back_is_the_same(filled, tmp_path, opened, elasticsearch_url, elastic_prefix):
    team = opened(ElasticStore(elasticsearch_url, prefix=elastic_prefix))
    first = Copying(filled, team).run(quiet)
    assert held(team) == held(filled)
    back = opened(EmbeddedStore(tmp_path / "zurück"))
    second = Copying(team, back).run(quiet)
    assert held(back) == held(filled)
    assert (first.mentions, first.tombstones, first.sha256) == (39, 2, second.sha256)
    assert set(back.tombstones()) == set(filled.tombstones()) == set(team.tombstones())
    for store in (team, back):
        erased = [make_mention(5), make_mention(99, author_key=make_mention(6).author_key)]
        assert [result.fate for result in store.upsert(erased)] == ["dropped", "dropped"]


def test_copying_again_writes_only_what_changed(filled, tmp_path, opened):
    target = opened(EmbeddedStore(tmp_path / "nach"))
    assert Copying(filled, target).run(quiet).written == 39
    filled.amend(make_mention(8).id, Work(status="done"))
    filled.upsert([make_mention(70)])
    filled.delete([make_mention(9).id])
    report = Copying(filled, target).run(quiet)
    assert (report.written, report.removed, report.mentions) == (2, 1, 39)
    assert held(target) == held(filled)
    assert Copying(filled, target).run(quiet).written == 0


def test_what_changes_in_the_source_meanwhile_comes_along(filled, tmp_path, opened, monkeypatch):
    monkeypatch.setattr(copying, "BATCH", 5)
    target = opened(EmbeddedStore(tmp_path / "nach"))
    changes = iter(
        [
            lambda: filled.amend(make_mention(0).id, Work(note="Neu.")),
            lambda: filled.erase(ids=[make_mention(1).id]),
            lambda: filled.upsert([make_mention(200), make_mention(201)]),
            lambda: filled.delete([make_mention(2).id]),
        ]
    )
    count = 0

    def meddle(read):
        nonlocal count
        count += read
        if count % 8 == 0:
            next(changes, quiet_change)()

    report = Copying(filled, target).run(meddle)
    assert held(target) == held(filled)
    assert (report.mentions, report.tombstones) == (39, 3)


def quiet_change():
    pass


def test_copy_into_a_filled_store_keeps_what_only_that_one_has(filled, tmp_path, opened):
    target = opened(EmbeddedStore(tmp_path / "nach"))
    only_there, gone = make_mention(300), make_mention(301, author_key=make_mention(6).author_key)
    target.upsert([only_there, gone, make_mention(3, text="Alte Fassung.")])
    Copying(filled, target, keep_extra=True).run(quiet)
    assert target.get(only_there.id) == only_there
    assert target.get(gone.id) is None
    assert target.get(make_mention(3).id) == filled.get(make_mention(3).id)


def test_what_the_target_has_erased_stays_out(filled, tmp_path, opened):
    target = opened(EmbeddedStore(tmp_path / "nach"))
    target.erase(ids=[make_mention(0).id])
    report = Copying(filled, target, keep_extra=True).run(quiet)
    assert (report.kept_out, report.mentions) == (1, 38)
    assert target.get(make_mention(0).id) is None


def test_source_that_never_rests_is_said(filled, tmp_path, opened, monkeypatch):
    target = opened(EmbeddedStore(tmp_path / "nach"))
    number = 0
    scan = filled.scan

    def restless(query):
        nonlocal number
        number += 1
        filled.upsert([make_mention(0, text=f"Fassung {number}")])
        return scan(query)

    monkeypatch.setattr(filled, "scan", restless)
    with pytest.raises(StoreError, match="schneller"):
        Copying(filled, target).run(quiet)


def test_embedded_store_of_an_earlier_version_hashes_its_tombstones(tmp_path, opened):
    EmbeddedStore(tmp_path / "alt").close()
    with sqlite3.connect(tmp_path / "alt" / "mentions.sqlite3") as db:
        db.execute("INSERT INTO tombstones VALUES ('id', ?, '2026-01-02T03:04:05+00:00')", (make_mention(1).id,))
        db.execute("PRAGMA user_version = 1")
    db.close()
    store = opened(EmbeddedStore(tmp_path / "alt"))
    name = stone("id", make_mention(1).id)
    assert list(store.tombstones()) == [Tombstone("id", name, "2026-01-02T03:04:05+00:00")]
    assert [result.fate for result in store.upsert([make_mention(1), make_mention(2)])] == ["dropped", "stored"]
