"""Moving to a new mapping while others write, on a real server."""

import threading
from datetime import timedelta

import pytest
from elasticsearch import Elasticsearch
from factories import FIRST, make_mention, make_mentions

from index import elastic_indices, elastic_migrate
from index.compounds import read_compounds
from index.elastic import ElasticStore
from index.elastic_bulk import Operation, write_documents
from index.elastic_mapping import Names, document_of
from index.mention import Work
from index.query import parse_query
from index.store import StoreError

pytestmark = pytest.mark.elastic

EVERYTHING = parse_query("")
WORDS = ("haus", "tur", "schlussel", "lieferung")


@pytest.fixture
def store(elasticsearch_url, elastic_prefix):
    store = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
    yield store
    store.close()


@pytest.fixture
def client(elasticsearch_url):
    with Elasticsearch(elasticsearch_url) as client:
        yield client


@pytest.fixture
def small_steps(monkeypatch):
    """Many pages and passes with few mentions."""
    for name, value in (("PAGE", 20), ("ID_PAGE", 30)):
        monkeypatch.setattr(elastic_indices, name, value)
        monkeypatch.setattr(elastic_migrate, name, value)
    for name, value in (("FEW", 5), ("NUMBERS_AHEAD", 40), ("REMEMBERED_PAGES", 1)):
        monkeypatch.setattr(elastic_migrate, name, value)


def live(client, store):
    return set(client.indices.get_alias(name=store.names.alias))


def held(store):
    store.refresh()
    return {mention.id: mention for mention in store.scan(EVERYTHING)}


def quiet(_count):
    pass


def test_migration_moves_every_month_behind_the_alias(store, client, small_steps):
    mentions = [
        *make_mentions(70),
        make_mention(80, published_at=FIRST + timedelta(days=40), text="Wo ist der Haustürschlüssel?"),
        make_mention(81, published_at=None, date_precision="unknown"),
    ]
    store.upsert(mentions)
    amended = store.amend(mentions[3].id, Work(status="done", note="Erledigt."))
    before = held(store)
    copied = []
    moved = store.migration().run(copied.append, WORDS)
    alias = store.names.alias
    assert [move.index for move in moved] == [f"{alias}-2026-03", f"{alias}-2026-04", f"{alias}-undated"]
    assert live(client, store) == {f"{alias}.2-2026-03", f"{alias}.2-2026-04", f"{alias}.2-undated"}
    assert held(store) == before
    assert sum(copied) == 72
    assert store.get(amended.id) == amended
    assert store.migration().plan() == []
    assert store.migration().run(quiet) == []
    # The new subfield finds what is inside a compound; the whole compound finds only itself.
    found = client.search(index=alias, query={"match": {"text.parts": "Schlüssel"}})["hits"]["hits"]
    assert [hit["_id"] for hit in found] == [mentions[70].id]
    whole = client.search(index=alias, query={"match": {"text.parts": "Haustürschlüssel"}})["hits"]["total"]["value"]
    assert whole == 1
    # Writes find their ids where they are now, also by a store that was opened before.
    changed = make_mention(5, text="Jetzt ist alles gut.")
    assert [result.fate for result in store.upsert([changed, mentions[6]])] == ["updated", "unchanged"]
    assert store.delete([mentions[0].id]) == 1
    assert len(held(store)) == 71


@pytest.mark.endurance
def test_moved_indices_can_be_moved_again(store, client, small_steps):
    store.upsert(make_mentions(30))
    alias = store.names.alias
    for number, words in ((2, WORDS), (3, ()), (4, WORDS)):
        moved = store.migration().run(quiet, words)
        assert {move.copy for move in moved} == {f"{alias}.{number}-2026-03", f"{alias}.{number}-undated"}
        assert live(client, store) == {move.copy for move in moved}
        assert list(held(store).values()) == sorted(make_mentions(30), key=lambda mention: mention.id)


def test_plan_says_what_would_move_and_moves_nothing(store, client):
    store.upsert(make_mentions(3))
    store.refresh()
    moves = store.migration().plan(WORDS)
    month, undated = f"{store.names.alias}-2026-03", store.names.undated
    assert [(move.index, move.mentions, move.begun) for move in moves] == [(month, 3, False), (undated, 0, False)]
    assert live(client, store) == {month, undated}
    assert store.migration().plan() == []


class Meanwhile:
    """A writer and a reader beside the migration. `faults` collects what must not happen."""

    def __init__(self, url, prefix, mentions):
        self.url = url
        self.prefix = prefix
        self.mentions = mentions
        self.expected = {mention.id: mention for mention in mentions}
        self.faults = []
        self.going = threading.Event()
        self.threads = [threading.Thread(target=self._guarded, args=(step,)) for step in (self.write, self.read)]

    def __enter__(self):
        self.going.set()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.going.clear()
        for thread in self.threads:
            thread.join()

    def _guarded(self, step):
        store = ElasticStore(self.url, prefix=self.prefix)
        number = 0
        try:
            while self.going.is_set():
                step(store, number)
                number += 1
        except Exception as error:  # noqa: BLE001  (whatever it is, the test must say it)
            self.faults.append(error)
        finally:
            store.close()

    def write(self, store, number):
        """Change, add, amend and delete one each."""
        changed, added = make_mention(number % 60, text=f"Fassung {number}"), make_mention(1000 + number)
        store.upsert([changed, added])
        amended = store.amend(self.mentions[60 + number % 30].id, Work(note=f"Notiz {number}"))
        self.expected |= {mention.id: mention for mention in (changed, added, amended)}
        if number < 50:
            gone = self.mentions[100 + number].id
            store.delete([gone])
            del self.expected[gone]
        if store.get(changed.id) != changed:
            self.faults.append((number, changed.id))

    def read(self, store, number):
        """Among these nothing is added or removed: each must be found exactly once, at any moment."""
        query = parse_query(" OR ".join(f"id:{mention.id}" for mention in self.mentions[:100]))
        total = store.search(query, limit=0).total
        if total != 100:
            self.faults.append(total)


@pytest.mark.endurance
def test_writes_during_the_migration_are_kept_and_none_is_seen_twice(
    store, elasticsearch_url, elastic_prefix, small_steps
):
    mentions = make_mentions(150)
    store.upsert(mentions)
    store.refresh()
    with Meanwhile(elasticsearch_url, elastic_prefix, mentions) as others:
        for words in (WORDS, ()):
            store.migration().run(quiet, words)
    assert others.faults == []
    assert held(store) == others.expected


@pytest.mark.endurance
def test_writer_that_read_before_the_switch_overwrites_nothing(store, small_steps):
    mention = make_mention(0)
    store.upsert(make_mentions(30))
    alias = store.names.alias
    for words, index in ((WORDS, f"{alias}-2026-03"), ((), f"{alias}.2-2026-03")):
        stored = store._writer.fetch([mention.id])[mention.id]
        assert stored.index == index
        store.migration().run(quiet, words)
        late = Operation("index", index, mention.id, document_of(mention), stored.version)
        (outcome,) = write_documents(store._connection, [late])
        assert outcome.result == "conflict"
    assert len(held(store)) == 30


@pytest.mark.endurance
def test_numbers_of_versions_in_the_first_copy_are_new(store, small_steps):
    store.upsert(make_mentions(40))
    before = store._writer.fetch([mention.id for mention in make_mentions(40)])
    store.migration().run(quiet, WORDS)
    after = store._writer.fetch(list(before))
    assert min(stored.version[0] for stored in after.values()) > max(stored.version[0] for stored in before.values())


@pytest.mark.endurance
def test_migration_goes_on_where_it_ended(store, client, small_steps, monkeypatch):
    store.upsert(make_mentions(100))
    before = held(store)

    def give_up(count):
        if count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.migration().run(give_up, WORDS)
    (begun, _) = store.migration().plan(WORDS)
    assert begun.begun
    # What is unfinished shows nowhere, and erasing reaches it.
    assert live(client, store) == {f"{store.names.alias}-2026-03", store.names.undated}
    client.indices.refresh(index=begun.copy)
    copied = [hit["_id"] for hit in client.search(index=begun.copy, size=100)["hits"]["hits"]]
    assert copied
    assert store.erase(ids=copied[:1], author_keys=[before[copied[1]].author_key]) >= 2
    left = {hit["_id"] for hit in client.search(index=begun.copy, size=100)["hits"]["hits"]}
    assert not left & set(copied[:2])
    remaining = held(store)
    store.migration().run(quiet, WORDS)
    assert held(store) == remaining


@pytest.mark.endurance
def test_lock_left_by_a_killed_migration_is_explained_and_lifted(store, client, elasticsearch_url, elastic_prefix):
    store.upsert(make_mentions(5))
    month = f"{store.names.alias}-2026-03"
    client.indices.add_block(index=month, block="write")
    hasty = ElasticStore(elasticsearch_url, prefix=elastic_prefix, patience=1)
    with pytest.raises(StoreError, match="brandmelder index migrate"):
        hasty.upsert([make_mention(1, text="Neu.")])
    with pytest.raises(StoreError, match="brandmelder index migrate"):
        hasty.amend(make_mention(1).id, Work(note="x"))
    with pytest.raises(StoreError, match="brandmelder index migrate"):
        hasty.delete([make_mention(1).id])
    store.migration().run(quiet, WORDS)
    assert [result.fate for result in hasty.upsert([make_mention(1, text="Neu.")])] == ["updated"]
    hasty.close()


@pytest.mark.endurance
def test_mention_that_does_not_fit_is_named_and_nothing_is_moved(store, client, monkeypatch):
    store.upsert(make_mentions(3))
    with monkeypatch.context() as patch:
        patch.setattr(elastic_migrate, "document_of", lambda mention: b'{"fremd": 1}')
        with pytest.raises(StoreError, match=r"passt nicht ins neue Mapping.*fremd"):
            store.migration().run(quiet, WORDS)
    assert live(client, store) == {f"{store.names.alias}-2026-03", store.names.undated}
    assert store.migration().abort() == 1
    assert store.migration().unfinished() == {}
    assert [result.fate for result in store.upsert([make_mention(4)])] == ["stored"]


def test_index_that_somebody_dropped_does_not_come_back_without_its_mapping(store, client):
    store.upsert(make_mentions(2))
    month = f"{store.names.alias}-2026-03"
    client.indices.delete(index=month)
    assert [result.fate for result in store.upsert(make_mentions(2))] == ["stored", "stored"]
    assert client.indices.get_mapping(index=month)[month]["mappings"]["dynamic"] == "strict"


def test_index_in_the_place_of_the_alias_is_explained(client, elasticsearch_url, elastic_prefix):
    client.indices.create(index=f"{elastic_prefix}-mentions")
    with pytest.raises(StoreError, match="statt eines Alias"):
        ElasticStore(elasticsearch_url, prefix=elastic_prefix)


def test_names_of_copies_count_up_and_keep_their_month():
    names = Names("marke")
    assert names.copy_of("marke-mentions-2026-03") == "marke-mentions.2-2026-03"
    assert names.copy_of("marke-mentions.9-2026-03") == "marke-mentions.10-2026-03"
    assert names.copy_of("marke-mentions-undated") == "marke-mentions.2-undated"
    assert {names.month_of(index) for index in ("marke-mentions.2-2026-03", "marke-mentions-2026-03")} == {
        "marke-mentions-2026-03"
    }


def test_word_list_is_folded_as_the_analyzer_folds(tmp_path):
    path = tmp_path / "wörter.txt"
    path.write_text("# Haus und Hof\nTür\nSchlüssel  # wie im Haus\n\nSTRASSE\nTuer\n", encoding="utf-8")
    assert read_compounds(path) == ("schlussel", "strasse", "tur")


@pytest.mark.parametrize("line", ["zwei Wörter", "ab", "x" * 80, "!!!"])
def test_line_that_is_no_word_is_named(tmp_path, line):
    path = tmp_path / "wörter.txt"
    path.write_text(f"Tür\n{line}\n", encoding="utf-8")
    with pytest.raises(StoreError, match="Zeile 2"):
        read_compounds(path)
