"""The server dies during bulk loads and fills its disk: what was acknowledged is kept, none is twice, it is told."""

import os
import subprocess
import sys
import threading
import time
from random import Random

import pytest
from command_line import brandmelder, command, environment
from elasticsearch import Elasticsearch
from factories import make_mention, make_mentions

from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.query import parse_query
from index.store import StoreError

pytestmark = [pytest.mark.elastic, pytest.mark.endurance, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("BRANDMELDER_CHAOS_KILLS", "20"))
SEED = int(os.environ.get("BRANDMELDER_CHAOS_SEED", "3"))
COUNT = 20_000
PER_CALL = 250
EVERYTHING = parse_query("")


class Load:
    """Upserts in batches, from the beginning again where the store gives up; as a run does that is started again."""

    def __init__(self, store, mentions):
        self.store = store
        self.mentions = mentions
        self.acknowledged = 0
        self.given_up = 0
        self.fates = set()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while self.acknowledged < len(self.mentions):
            batch = self.mentions[self.acknowledged : self.acknowledged + PER_CALL]
            try:
                self.fates |= {result.fate for result in self.store.upsert(batch)}
            except StoreError:
                self.given_up += 1
                continue
            self.acknowledged += len(batch)


@pytest.mark.parametrize(("patience", "times"), [(300.0, KILLS), (1.0, max(1, KILLS // 4))], ids=["waits", "gives-up"])
def test_server_killed_at_random_moments_of_a_load_loses_nothing(elastic_server, patience, times, capsys):
    random = Random(SEED)
    mentions = make_mentions(COUNT)
    store = ElasticStore(elastic_server.url, prefix="chaos", patience=patience)
    checking = ElasticStore(elastic_server.url, prefix="chaos", patience=300)
    load = Load(store, mentions)
    # A kill falls due at a number of acknowledged mentions and a moment after it: in the middle of some request.
    moments = sorted(random.randrange(COUNT) for _ in range(times))
    load.thread.start()
    kills = 0
    for moment in moments:
        while load.acknowledged < moment and load.thread.is_alive():
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.5))
        elastic_server.kill()
        time.sleep(random.uniform(0, 3))
        elastic_server.start()
        kills += 1
        kept = [mention.id for mention in mentions[: load.acknowledged]]
        assert checking.known(kept).keys() == set(kept)
    load.thread.join()
    store.refresh()
    assert [mention.id for mention in store.scan(EVERYTHING)] == sorted(mention.id for mention in mentions)
    assert all(store.get(mention.id) == mention for mention in mentions[::500])
    assert load.fates <= {"stored", "unchanged"}
    assert store.retries.requests > 0
    with capsys.disabled():
        sys.stdout.write(f"\n{kills} kills, {store.retries}, gave up {load.given_up} times\n")
    checking.close()
    store.close()


def test_run_of_the_command_line_tells_what_it_repeated(elastic_server, tmp_path):
    data = tmp_path / "daten"
    source = EmbeddedStore(data / "store")
    mentions = make_mentions(3000)
    source.upsert(mentions)
    source.close()
    call = command("index", "copy", "embedded", elastic_server.url, "--data", str(data))
    running = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True)
    with Elasticsearch(elastic_server.url) as client:
        while not client.indices.exists(index="brandmelder-mentions-2026-03"):
            time.sleep(0.05)
    elastic_server.kill()
    elastic_server.start()
    told = running.communicate(timeout=300)[1]
    if running.returncode != 0:
        # The server took longer to come back than a command waits: the same call goes on.
        assert "nicht erreichbar" in told or "überlastet" in told
        assert brandmelder("index", "copy", "embedded", elastic_server.url, "--data", data).returncode == 0
    else:
        assert "Anfragen wiederholt" in told
    store = ElasticStore(elastic_server.url)
    store.refresh()
    assert [mention.id for mention in store.scan(EVERYTHING)] == sorted(mention.id for mention in mentions)
    store.close()


def test_killed_copy_and_killed_migration_go_on(elastic_server, tmp_path):
    random = Random(SEED)
    data = tmp_path / "daten"
    mentions = make_mentions(6000)
    source = EmbeddedStore(data / "store")
    source.upsert(mentions)
    source.close()
    words = tmp_path / "wörter.txt"
    words.write_text("Lieferung\nKarton\nLaden\n", encoding="utf-8")
    places = ["--store", elastic_server.url, "--data", str(data)]
    finish_in_spite_of_kills(["index", "copy", "embedded", elastic_server.url, "--data", str(data)], random)
    writer = ElasticStore(elastic_server.url)
    expected = {mention.id: mention for mention in mentions}

    def write(number):
        # One by one: a locked month must not hide that another took its mention.
        for mention in (make_mention(number, text=f"Fassung {number}"), make_mention(10_000 + number)):
            writer.upsert([mention])
            expected[mention.id] = mention

    finish_in_spite_of_kills(["index", "migrate", "--compounds", str(words), *places], random, write)
    finish_in_spite_of_kills(["index", "migrate", "--no-compounds", *places], random, write)
    writer.refresh()
    assert {mention.id: mention for mention in writer.scan(EVERYTHING)} == expected
    assert writer.migration().unfinished() == {}
    writer.close()


def finish_in_spite_of_kills(arguments, random, write=lambda number: None):
    """Kill the command (-9) at random moments until it has ended by itself; `write` goes on between the kills."""
    for number in range(100):
        running = subprocess.Popen(
            command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        )
        try:
            told = running.communicate(timeout=random.uniform(1.5, 3 + number))[1]
            assert running.returncode == 0, told
            return
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
        # A kill may have left a lock, for which a writer waits; then the next call of the command lifts it.
        try:
            write(number)
        except StoreError as error:
            assert "brandmelder index migrate" in str(error)  # noqa: PT017
    pytest.fail("it never ended")


def test_full_disk_is_explained_and_survived(elastic_server):
    store = ElasticStore(elastic_server.url, prefix="voll", patience=1)
    store.upsert(make_mentions(10))
    with Elasticsearch(elastic_server.url) as client:
        # The state in which Elasticsearch puts every index when its disk reaches the flood stage.
        client.indices.put_settings(index="voll-*", settings={"index.blocks.read_only_allow_delete": True})
        for attempt in (
            lambda: store.upsert(make_mentions(20)),
            lambda: store.amend(make_mention(1).id, make_mention(1).work),
        ):
            with pytest.raises(StoreError, match=r"Festplatte.*Platz schaffen.*denselben Befehl"):
                attempt()
        assert store.search(EVERYTHING, limit=0).total >= 0
        assert store.get(make_mention(3).id) == make_mention(3)
        client.indices.put_settings(index="voll-*", settings={"index.blocks.read_only_allow_delete": None})
    assert {result.fate for result in store.upsert(make_mentions(20))} == {"stored", "unchanged"}
    store.refresh()
    assert store.search(EVERYTHING, limit=0).total == 20
    store.close()


def test_mapping_conflict_is_explained_and_survived(elastic_server):
    store = ElasticStore(elastic_server.url, prefix="streit")
    store.upsert(make_mentions(3))
    store.close()
    with Elasticsearch(elastic_server.url) as client:
        mapping = client.indices.get_mapping(index="streit-mentions-2026-03")["streit-mentions-2026-03"]["mappings"]
        # Somebody has made the month anew with a date where a word belongs.
        mapping["properties"]["platform"] = {"type": "date"}
        mapping["_meta"]["fingerprint"] = "fremd"
        client.indices.delete(index="streit-mentions-2026-03")
        analysis = client.indices.get_settings(index="streit-mentions-undated")["streit-mentions-undated"]
        client.indices.create(
            index="streit-mentions.9-2026-03",
            mappings=mapping,
            settings={"analysis": analysis["settings"]["index"]["analysis"]},
            aliases={"streit-mentions": {}, "streit-mentions-2026-03": {}},
        )
        again = ElasticStore(elastic_server.url, prefix="streit")
        with pytest.raises(StoreError, match=r"Feld platform .*brandmelder index migrate"):
            again.upsert(make_mentions(3))
        # Where the check has passed already, a single mention that doesn't fit is put aside with the reason.
        again._schema._checked = True
        odd = make_mention(40, published_at=None)
        results = again.upsert([make_mention(0), odd])
        assert [result.fate for result in results] == ["quarantined", "stored"]
        assert "platform" in results[0].reason
        assert "brandmelder index migrate" in results[0].reason
        again.migration().run(lambda count: None)
        assert {result.fate for result in again.upsert(make_mentions(3))} == {"stored"}
        again.close()
