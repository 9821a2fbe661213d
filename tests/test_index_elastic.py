"""What the Elasticsearch store promises beyond the contract, on a real server."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from conftest import remove_store
from elasticsearch import Elasticsearch
from factories import FIRST, make_mention, make_mentions, make_rating

from index import elastic_mapping
from index.analysis import analyse_form
from index.elastic import ElasticStore
from index.elastic_changes import NEVER, last_write
from index.elastic_mapping import Names, form_analyzer
from index.elastic_write import Writer
from index.fields import TEXT_FORMS
from index.mention import Rating, Work
from index.query import parse_query
from index.store import StoreError

pytestmark = pytest.mark.elastic

EVERYTHING = parse_query("")


@pytest.fixture
def store(elasticsearch_url, elastic_prefix):
    store = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
    yield store
    store.close()


@pytest.fixture
def client(elasticsearch_url):
    with Elasticsearch(elasticsearch_url) as client:
        yield client


def fates(results):
    return [result.fate for result in results]


def indices_of(client, store, id):
    hits = client.search(index=store.names.alias, query={"term": {"id": id}})["hits"]["hits"]
    return [hit["_index"] for hit in hits]


def test_mentions_lie_in_the_index_of_their_month(store, client):
    march, april = make_mention(0), make_mention(1, published_at=FIRST + timedelta(days=40))
    undated = make_mention(2, published_at=None, date_precision="unknown")
    store.upsert([march, april, undated])
    store.refresh()
    months = {mention.id: indices_of(client, store, mention.id) for mention in (march, april, undated)}
    alias = store.names.alias
    assert months == {
        march.id: [f"{alias}-2026-03"],
        april.id: [f"{alias}-2026-04"],
        undated.id: [f"{alias}-undated"],
    }


def test_mention_that_gets_another_date_stays_in_its_index(store, client):
    mention = make_mention(0, published_at=None, date_precision="unknown")
    store.upsert([mention])
    dated = mention.model_copy(update={"published_at": FIRST, "date_precision": "day"})
    assert fates(store.upsert([dated])) == ["updated"]
    store.refresh()
    assert indices_of(client, store, mention.id) == [store.names.undated]
    assert store.get(mention.id) == dated


def test_writers_that_date_a_post_differently_make_one_mention_of_it(store, elasticsearch_url, elastic_prefix):
    def crawl(month):
        writer = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
        try:
            published = FIRST + timedelta(days=31 * month)
            return fates(writer.upsert(make_mentions(200, published_at=published)))
        finally:
            writer.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(crawl, range(4)))
    store.refresh()
    assert store.search(EVERYTHING, limit=0).total == 200
    assert all([fate[number] for fate in outcomes].count("stored") == 1 for number in range(200))


def test_work_survives_crawls_at_the_same_time(store, elasticsearch_url, elastic_prefix):
    mention = make_mention(0)
    store.upsert([mention])

    def crawl():
        writer = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
        try:
            for number in range(20):
                changed = mention.model_copy(update={"text": f"Fassung {number}", "content_hash": f"{number}"})
                writer.upsert([changed])
        finally:
            writer.close()

    with ThreadPoolExecutor(1) as pool:
        crawling = pool.submit(crawl)
        for number in range(20):
            store.amend(mention.id, Work(note=f"Notiz {number}"))
            assert store.get(mention.id).work.note == f"Notiz {number}"
        crawling.result()
    last = store.get(mention.id)
    assert (last.text, last.work.note) == ("Fassung 19", "Notiz 19")


@pytest.mark.parametrize(
    "broken",
    [
        {"rating": Rating(value=math.nan, best=5, worst=1, normalised=0)},
        {"text": "halb \ud83d"},
        {"id": "x" * 513},
        {"id": ""},
    ],
)
def test_unwritable_mention_is_quarantined_and_the_others_are_written(store, broken):
    mentions = make_mentions(3)
    mentions[1] = mentions[1].model_copy(update=broken)
    results = store.upsert(mentions)
    assert fates(results) == ["stored", "quarantined", "stored"]
    assert results[1].reason


def test_long_values_are_kept(store):
    address = "https://marktforum.example/?s=" + "ü" * 40_000
    mention = make_mention(0, url=address, text="Kornblume " * 50_000, title="x" * 40_000)
    assert fates(store.upsert([mention])) == ["stored"]
    assert store.get(mention.id) == mention


def test_erased_mention_that_a_dead_writer_left_is_removed(store, client):
    mention = make_mention(0)
    store.upsert([mention])
    store.erase(ids=[mention.id])
    index = f"{store.names.alias}-2026-03"
    client.index(index=index, id=mention.id, document=json.loads(elastic_mapping.document_of(mention)))
    assert fates(store.upsert([mention])) == ["dropped"]
    assert store.get(mention.id) is None


def test_last_write_is_known_before_any_search_sees_it(store):
    connection, stones = store._connection, store.names.tombstones
    numbers = [last_write(connection, stones)]
    for id in ("a", "b"):
        store.erase(ids=[id])
        numbers.append(last_write(connection, stones))
    assert numbers == [NEVER, 0, 1]
    assert last_write(connection, stones) == 1
    store.upsert([make_mention(0), make_mention(1, published_at=FIRST + timedelta(days=40))])
    assert last_write(connection, store.names.months) is None


@pytest.mark.parametrize("earlier", [False, True])
def test_erased_while_it_is_being_written_is_taken_back(store, elasticsearch_url, elastic_prefix, monkeypatch, earlier):
    if earlier:
        store.erase(ids=["eine-andere"])
    other = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
    mentions = make_mentions(3)
    plan = Writer._plan

    def erase_first(writer, batch):
        monkeypatch.setattr(Writer, "_plan", plan)
        other.erase(ids=[mentions[1].id])
        return plan(writer, batch)

    monkeypatch.setattr(Writer, "_plan", erase_first)
    assert fates(store.upsert(mentions)) == ["stored", "dropped", "stored"]
    assert store.get(mentions[1].id) is None
    other.close()


def test_many_mentions_of_one_call_keep_their_order(store):
    mentions = [
        *make_mentions(1200),
        *(make_mention(n, published_at=FIRST + timedelta(days=40 * (n % 3))) for n in range(1200, 1700)),
        make_mention(5, text="Zweite Fassung."),
    ]
    results = store.upsert(mentions)
    assert [result.id for result in results] == [mention.id for mention in mentions]
    assert fates(results) == ["unchanged" if n == 5 else "stored" for n in range(len(mentions))]
    assert store.known([mention.id for mention in mentions]).keys() == {mention.id for mention in mentions}


def test_scan_goes_on_when_the_server_has_dropped_its_snapshot(store, client):
    mentions = make_mentions(2500)
    store.upsert(mentions)
    store.refresh()
    found = []
    for mention in store.scan(EVERYTHING):
        found.append(mention.id)
        if len(found) == 700:
            for index in client.indices.get(index=store.names.months):
                client.indices.close(index=index)
                client.indices.open(index=index, wait_for_active_shards=1)
    assert found == sorted(mention.id for mention in mentions)


def test_pages_without_end_need_no_result_window(store):
    store.upsert(make_mentions(600))
    store.refresh()
    page = store.search(EVERYTHING, limit=11_000)
    assert (len(page.mentions), page.total, page.after) == (600, 600, None)


def test_server_analyses_as_we_do(store, client):
    texts = [
        "Die Häuser, Straßen und Müllers größte E-Mails: z.B. 1.234,56 € für WLAN-Router_2 (5G)!",
        "Äpfel Aepfel Öfen Ofen neue Quelle bauen Aue Poesie ÜBERGRÖẞE STRASSE ﬁne İstanbul ΣΊΣΥΦΟΣ",
        "😀👍🏽 don't l’été x" + "y" * 600 + " https://kornblume.example/ä?b=c #Rückgabe @laden",
        "日本語 ไทย 한국어 русский العربية 1٬000 ４２ a\u00adb c\u200dd\u0301",
    ]
    index = store.names.undated
    for form in TEXT_FORMS:
        for text in texts:
            answer = client.indices.analyze(index=index, analyzer=form_analyzer(form), text=text)
            assert [token["token"] for token in answer["tokens"]] == analyse_form(text, form), form


def test_store_of_an_earlier_version_learns_new_fields(elasticsearch_url, elastic_prefix, monkeypatch):
    fields = elastic_mapping.ALL_FIELDS
    with monkeypatch.context() as patch:
        patch.setattr(elastic_mapping, "ALL_FIELDS", tuple(spec for spec in fields if spec.name != "irony"))
        earlier = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
        (refused,) = earlier.upsert([make_mention(0)])
        assert refused.fate == "quarantined"
        assert "irony" in refused.reason
        earlier.close()
    store = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
    assert fates(store.upsert([make_mention(0)])) == ["stored"]
    store.close()


def test_store_of_a_newer_version_is_left_alone(store, client, elasticsearch_url, elastic_prefix):
    client.indices.put_mapping(index=store.names.undated, meta={"schema_version": elastic_mapping.SCHEMA_VERSION + 1})
    other = ElasticStore(elasticsearch_url, prefix=elastic_prefix)
    with pytest.raises(StoreError, match="neueren"):
        other.upsert([make_mention(0)])
    other.close()


def test_stores_with_different_prefixes_share_nothing(store, elasticsearch_url, elastic_prefix):
    store.upsert(make_mentions(3))
    store.refresh()
    other = ElasticStore(elasticsearch_url, prefix=f"{elastic_prefix}-b")
    assert other.search(EVERYTHING).total == 0
    other.upsert([make_mention(0, rating=make_rating(1))])
    other.close()
    remove_store(elasticsearch_url, f"{elastic_prefix}-b")
    assert store.get(make_mention(0).id) == make_mention(0)


def test_aggregation_on_an_empty_store_has_its_shape(store):
    aggs = {"themen": {"terms": {"field": "topic"}}, "mittel": {"avg": {"field": "sentiment.polarity"}}}
    answer = store.aggregate(aggs, query=EVERYTHING)
    assert answer["themen"]["buckets"] == []
    assert answer["mittel"]["value"] is None


def test_unknown_aggregation_is_explained(store):
    with pytest.raises(StoreError, match="gibtsnicht"):
        store.aggregate({"x": {"gibtsnicht": {"field": "topics"}}}, query=EVERYTHING)


def test_foreign_cursor_is_explained(store):
    with pytest.raises(StoreError, match="Fortsetzungsmarke"):
        store.search(EVERYTHING, after="quatsch")


def test_names_of_a_store_begin_with_its_prefix():
    names = Names("marke")
    assert {names.alias, names.registry, names.tombstones} == {"marke-mentions", "marke-registry", "marke-tombstones"}
