"""The server dies during a bulk load, three times: what was acknowledged is kept, a rerun completes, none is twice."""

import threading
import time
from random import Random

import pytest
from factories import make_mentions

from index.elastic import ElasticStore
from index.query import parse_query
from index.store import StoreError

pytestmark = [pytest.mark.elastic, pytest.mark.endurance, pytest.mark.timeout(900)]

COUNT = 3000
PER_CALL = 100
LOADS_SECONDS = 4.0


def load(store, mentions, acknowledged):
    """Upsert in batches; True when all were acknowledged, False where the store gave up."""
    for start in range(0, len(mentions), PER_CALL):
        batch = mentions[start : start + PER_CALL]
        try:
            results = store.upsert(batch)
        except StoreError:
            return False
        assert {result.fate for result in results} <= {"stored", "unchanged"}
        acknowledged.update(mention.id for mention in batch)
    return True


def test_killed_server_loses_nothing_and_a_rerun_completes(elastic_server):
    random = Random(3)
    mentions = make_mentions(COUNT)
    patient = ElasticStore(elastic_server.url, prefix="chaos", patience=120)
    # The other gives up while the server is away.
    hasty = ElasticStore(elastic_server.url, prefix="chaos", patience=1)
    acknowledged: set[str] = set()
    for _ in range(3):
        loading = threading.Thread(target=load, args=(hasty, mentions, acknowledged))
        loading.start()
        time.sleep(random.uniform(0.1, LOADS_SECONDS))
        elastic_server.kill()
        loading.join()
        elastic_server.start()
        assert patient.known(acknowledged).keys() == acknowledged
    assert load(patient, mentions, acknowledged)
    patient.refresh()
    found = [mention.id for mention in patient.scan(parse_query(""))]
    assert found == sorted(mention.id for mention in mentions)
    assert all(patient.get(mention.id) == mention for mention in mentions[::100])
    for store in (hasty, patient):
        store.close()


def test_patient_writer_outlasts_a_restart(elastic_server):
    mentions = make_mentions(1000)
    store = ElasticStore(elastic_server.url, prefix="geduld", patience=120)
    acknowledged: set[str] = set()
    done = []
    loading = threading.Thread(target=lambda: done.append(load(store, mentions, acknowledged)))
    loading.start()
    time.sleep(0.5)
    elastic_server.kill()
    elastic_server.start()
    loading.join()
    assert done == [True]
    store.refresh()
    assert store.search(parse_query(""), limit=0).total == len(mentions)
    store.close()
