"""The REST API in a real uvicorn process: keys and roles, pages, limits, errors, and what never gets out."""

import json
import os
import socket
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from brandmelder.__main__ import run
from dashboard.api.cursor import Cursor, CursorError, read_cursor
from dashboard.api.guard import MAX_BODY_BYTES
from dashboard.api.keys import KeyFile
from index.mention import Correction, Work
from index.opening import open_store
from index.sharing import shared_document
from tests.api_server import api_key, api_server
from tests.factories import FIRST, make_mention, make_mentions

NOW = datetime(2026, 5, 1, tzinfo=UTC)
WORKED_ON = Work(
    correction=Correction(sentiment="mixed", by="Jorinde Quast", at=FIRST),
    owner="Quast",
    due=date(2026, 4, 1),
    note="Quast",
)


def rows():
    mentions = make_mentions(60)
    mentions[4] = make_mention(4, work=WORKED_ON)
    return mentions


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "data"
    store = open_store(None, folder)
    store.upsert(rows())
    store.close()
    return folder


@pytest.fixture(scope="module")
def keys(data):
    file = KeyFile(data)
    return {role: file.create(role, role, now=NOW)[1] for role in ("reader", "analyst")}


@pytest.fixture(scope="module")
def server(data, keys):
    with api_server(data, "--rate", "100000/minute") as running:
        yield running


def client(server, key=None):
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def analyst(server, keys):
    with client(server, keys["analyst"]) as opened:
        yield opened


@pytest.fixture(scope="module")
def reader(server, keys):
    with client(server, keys["reader"]) as opened:
        yield opened


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["type"]) == (status, "about:blank")
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    return body


def terms(field, **more):
    return {"x": {"terms": {"field": field, **more}}}


# what it answers


def test_health_needs_no_key(server):
    answer = httpx.get(f"{server.url}/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "store": "embedded"})


def test_search_pages_through_everything(analyst):
    query = {"query": "kornblume OR NOT kornblume", "limit": 7}
    found, cursor = [], None
    while True:
        page = analyst.get("/v1/search", params=query | ({} if cursor is None else {"cursor": cursor})).json()
        assert page["total"] == 60
        found += [mention["id"] for mention in page["mentions"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == [mention.id for mention in reversed(make_mentions(60))]


def test_mention_is_what_an_export_holds(analyst):
    mention = rows()[4]
    answer = analyst.get(f"/v1/mentions/{mention.id}")
    assert answer.json() == shared_document(mention)
    assert "Quast" not in answer.text
    problem(analyst.get("/v1/mentions/gibt-es-nicht"), 404)


def test_aggregate_has_elasticsearchs_shape(reader):
    answer = reader.post("/v1/aggregate", json={"query": "channel:forum", "aggs": terms("source")}).json()
    assert answer["hits"]["total"] == {"value": 20, "relation": "eq"}
    assert [(b["key"], b["doc_count"]) for b in answer["aggregations"]["x"]["buckets"]] == [("marktforum", 20)]


def test_a_query_that_hardly_means_what_it_says_is_remarked_on(analyst, reader):
    remark = {
        "code": "small_operator",
        "position": 6,
        "message": "„und“ wird als Wort gesucht; als Operator schreibt man es groß: UND.",
    }
    text = "  zug und bahn"
    assert analyst.get("/v1/search", params={"query": text}).json()["notes"] == [remark]
    assert reader.post("/v1/aggregate", json={"query": text, "aggs": terms("source")}).json()["notes"] == [remark]
    assert analyst.get("/v1/search", params={"query": "zug UND bahn"}).json()["notes"] == []


def test_fields_are_named_in_german(reader):
    fields = {field["name"]: field for field in reader.get("/v1/fields").json()}
    assert fields["published_at"] == {"name": "published_at", "kind": "date", "german": "Veröffentlicht"}
    assert "work.owner" not in fields


def test_openapi_has_examples_and_the_key(server):
    spec = httpx.get(f"{server.url}/openapi.json").json()
    assert set(spec["paths"]) == {"/v1/health", "/v1/fields", "/v1/aggregate", "/v1/search", "/v1/mentions/{id}"}
    assert spec["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert "security" not in spec["paths"]["/v1/health"]["get"]
    assert spec["paths"]["/v1/search"]["get"]["security"]
    for name in ("SearchPage", "AggregateRequest", "AggregateAnswer", "Problem"):
        assert spec["components"]["schemas"][name]["examples"], name
    assert all(set(path) <= {"get", "post"} for path in spec["paths"].values())


# keys and roles


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer falsch", "Basic eDp5", "Bearer bm_00000000_x", "Bearer \xe4\xff"]
)
def test_without_a_key_there_is_nothing(server, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for path in ("/v1/search", "/v1/mentions/x", "/v1/fields"):
        answer = httpx.get(f"{server.url}{path}", headers=headers)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_reader_gets_figures_but_no_verbatims(reader, analyst):
    problem(reader.get("/v1/search", params={"query": "app"}), 403)
    problem(reader.get(f"/v1/mentions/{make_mention(1).id}"), 403)
    for name in ("id", "url", "author_key", "native_id", "copy_group"):
        problem(reader.post("/v1/aggregate", json={"aggs": terms(name)}), 403)
        body = {"query": f'app OR NOT (x AND {name}:"a")', "aggs": terms("channel")}
        assert problem(reader.post("/v1/aggregate", json=body), 403)["position"] > 5
        assert analyst.post("/v1/aggregate", json=body).status_code == 200
    people = {"x": {"cardinality": {"field": "author_key"}}}
    assert reader.post("/v1/aggregate", json={"aggs": people}).json()["aggregations"]["x"]["value"] == 50


@pytest.mark.parametrize("name", ["work.owner", "owner", "work.note", "work.correction.by"])
def test_colleagues_are_nobodys_business(analyst, name):
    problem(analyst.get("/v1/search", params={"query": f"{name}:Quast"}), 403)
    if "note" not in name:
        body = {"aggs": {"a": {"terms": {"field": "channel"}, "aggs": terms(name)}}}
        problem(analyst.post("/v1/aggregate", json=body), 403)


def test_keys_are_kept_as_hashes_and_can_be_closed(server, data):
    key = api_key(data, "analyst")
    file = data / "api-keys.json"
    assert key not in file.read_text()
    assert key.rpartition("_")[2] not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    with client(server, key) as opened:
        assert opened.get("/v1/search").status_code == 200
        assert run(["api", "revoke", key.split("_")[1], "--data", str(data)]) == 0
        problem(opened.get("/v1/search"), 401)


def test_keys_are_listed_without_what_opens(data, capfdbinary):
    id, _ = KeyFile(data).create("Liste", "reader", now=NOW)
    assert run(["api", "keys", "--data", str(data)]) == 0
    (entry,) = (entry for entry in json.loads(capfdbinary.readouterr().out) if entry["id"] == id)
    assert entry == {
        "id": id,
        "name": "Liste",
        "role": "reader",
        "created_at": "2026-05-01T00:00:00Z",
        "expires_at": None,
        "revoked_at": None,
    }
    assert run(["api", "revoke", "unbekannt", "--data", str(data)]) == 2


def test_keys_expire(tmp_path):
    file = KeyFile(tmp_path)
    _, key = file.create("kurz", "reader", now=NOW, expires_at=NOW + timedelta(days=1))
    assert file.check(key, now=NOW + timedelta(hours=23)).name == "kurz"
    assert file.check(key, now=NOW + timedelta(hours=24)) is None
    assert file.check(f"{key}x", now=NOW) is None
    assert file.check(key[:-1], now=NOW) is None


def test_keys_of_two_processes_are_all_kept(tmp_path):
    first, second = KeyFile(tmp_path), KeyFile(tmp_path)
    made = [file.create("k", "reader", now=NOW)[1] for _ in range(5) for file in (first, second)]
    assert all(first.check(key, now=NOW) and second.check(key, now=NOW) for key in made)
    assert len(set(made)) == 10


# limits


def test_rate_is_limited_by_key(data, keys):
    with api_server(data, "--rate", "5/minute") as server:
        with client(server, keys["analyst"]) as opened:
            codes = [opened.get("/v1/fields").status_code for _ in range(6)]
            assert codes == [200] * 5 + [429]
            answer = opened.get("/v1/fields")
            problem(answer, 429)
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        with client(server, keys["reader"]) as other:
            assert other.get("/v1/fields").status_code == 200
        with client(server) as stranger:
            wrong = [stranger.get("/v1/fields", headers={"Authorization": f"Bearer {n}"}) for n in range(40)]
            assert {answer.status_code for answer in wrong} == {401, 429}
        with client(server, keys["reader"]) as other:
            assert other.get("/v1/fields").status_code == 200


def test_bodies_are_bounded(analyst):
    body = json.dumps({"query": "x" * (MAX_BODY_BYTES + 1), "aggs": terms("source")}).encode()
    problem(analyst.post("/v1/aggregate", content=body), 413)
    problem(analyst.post("/v1/aggregate", content=iter([body[:9000], body[9000:]])), 413)


@pytest.mark.parametrize(
    "aggs",
    [
        terms("source", size=5000),
        {f"a{n}": {"terms": {"field": "source"}} for n in range(40)},
        {"a": {"terms": {"field": "source", "size": 500}, "aggs": terms("topics", size=500)}},
        {"a": {"date_histogram": {"field": "published_day", "fixed_interval": "1s"}}},
        {"a": {"histogram": {"field": "rating", "interval": 1e-9}}},
        {"a": {"histogram": {"field": "rating", "interval": 1, "offset": 1e999}}},
        {"a": {"range": {"field": "rating", "ranges": [{"from": n} for n in range(200)]}}},
    ],
)
def test_aggregations_are_bounded(reader, aggs):
    assert (
        "Zu viel auf einmal" in problem(reader.post("/v1/aggregate", content=json.dumps({"aggs": aggs})), 400)["detail"]
    )


def nested(depth):
    aggs = terms("source")
    for _ in range(depth):
        aggs = {"a": {"terms": {"field": "source", "size": 1}, "aggs": aggs}}
    return aggs


def test_deep_nesting_is_refused(reader):
    problem(reader.post("/v1/aggregate", json={"aggs": nested(60)}), 400)
    problem(reader.post("/v1/aggregate", content=b'{"aggs": ' + b'{"a":' * 9000 + b"1" + b"}" * 9001), 400)
    problem(reader.post("/v1/aggregate", content=b"[" * 60_000), 400)


@pytest.mark.parametrize(
    "aggs",
    [
        {},
        {"x": 1},
        {"x": {"magisch": {"field": "source"}}},
        {"x": {"terms": {"field": "gibtsnicht"}}},
        {"x": {"range": {"field": "published_at", "ranges": [{"from": "morgen früh"}]}}},
        {"x": {"terms": {"field": "source", "order": {"gibtsnicht": "asc"}}}},
    ],
)
def test_aggregations_that_no_store_answers_are_the_callers_fault(reader, aggs):
    assert problem(reader.post("/v1/aggregate", json={"aggs": aggs}), 400)["detail"]


# errors


def test_query_errors_have_a_position(analyst, reader):
    body = problem(analyst.get("/v1/search", params={"query": "zug AND (bahn OR tram"}), 400)
    assert (body["code"], body["position"]) == ("paren_unclosed", 8)
    assert body["detail"] == "Diese Klammer wird nicht geschlossen."
    body = problem(reader.post("/v1/aggregate", json={"query": "rating:viel", "aggs": terms("source")}), 400)
    assert body["position"] == 7


@pytest.mark.parametrize(
    "params", [{"limit": -1}, {"limit": 201}, {"limit": "viele"}, {"order": "zufällig"}, {"query": "a" * 10_001}]
)
def test_wrong_parameters_are_named(analyst, params):
    (fault,) = problem(analyst.get("/v1/search", params=params), 422)["errors"]
    assert fault["at"] == f"query.{next(iter(params))}"


def test_cursors_are_for_their_own_search(analyst):
    cursor = analyst.get("/v1/search", params={"query": "kornblume", "limit": 2}).json()["cursor"]
    for params in (
        {"query": "app", "cursor": cursor},
        {"query": "kornblume", "order": "oldest", "cursor": cursor},
        {"query": "kornblume", "cursor": "kaputt"},
        {"query": "kornblume", "cursor": cursor[:-5]},
    ):
        problem(analyst.get("/v1/search", params=params), 400)


def test_cursor_keeps_what_now_meant():
    mark = Cursor("date:>now-1d", "newest", NOW, "weiter").encode()
    assert read_cursor(mark, query="date:>now-1d", order="newest") == Cursor("date:>now-1d", "newest", NOW, "weiter")
    with pytest.raises(CursorError):
        read_cursor(mark, query="", order="newest")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/search/", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/v1/mentions/x", 405),
        ("PUT", "/v1/aggregate", 405),
        ("GET", "/v1/aggregate", 405),
        ("POST", "/v1/search", 405),
    ],
)
def test_what_isnt_offered_is_a_problem_too(analyst, method, path, status):
    problem(analyst.request(method, path), status)


def test_a_failing_store_is_told_without_insight(data, keys, server):
    """The record is taken away under the running API."""
    broken = data.parent / "kaputt"
    store = open_store(None, broken)
    store.upsert(make_mentions(3))
    store.close()
    _, key = KeyFile(broken).create("k", "analyst", now=NOW)
    with api_server(broken) as other, client(other, key) as opened:
        assert opened.get("/v1/search").json()["total"] == 3
        (broken / "store" / "mentions.sqlite3").write_bytes(os.urandom(200_000))
        for name in ("mentions.sqlite3-wal", "mentions.sqlite3-shm"):
            (broken / "store" / name).unlink(missing_ok=True)
        body = problem(opened.get(f"/v1/mentions/{make_mention(1).id}"), 503)
        assert str(broken) not in json.dumps(body)
    assert "Traceback" not in other.log


def test_every_answer_has_security_headers(server, analyst):
    for answer in (analyst.get("/v1/search"), analyst.get("/nichts"), httpx.get(f"{server.url}/v1/search")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_log_names_keys_by_id_only(server, analyst, keys):
    analyst.get("/v1/search", params={"query": "geheimnis"})
    analyst.get("/v1/search/%0AINFO gefälscht")
    assert "GET /v1/search 200" in server.log
    assert keys["analyst"].split("_")[1] in server.log
    for secret in (keys["analyst"], keys["analyst"].split("_", 2)[2], "geheimnis"):
        assert secret not in server.log
    assert not any(line.startswith("INFO") for line in server.lines)


def test_garbage_on_the_wire_is_survived(server, analyst):
    parts = urlsplit(server.url)
    for junk in (
        b"\x16\x03\x01\x00\xa5\x01\x00",
        b"GET " + b"/" * 70_000,
        b"POST /v1/aggregate HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            connection.sendall(junk)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert analyst.get("/v1/health").status_code == 200
    assert "Traceback" not in server.log


def test_only_loopback_unless_told_otherwise(server):
    assert urlsplit(server.url).hostname == "127.0.0.1"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rate", "schnell"),
        ("--host", "192.0.2.1"),
        ("--port", "belegt"),
        ("--port", "0", "--certificate", "fehlt.pem"),
    ],
)
def test_wrong_calls_are_sentences(data, server, capfd, arguments):
    given = [str(urlsplit(server.url).port) if argument == "belegt" else argument for argument in arguments]
    assert run(["api", "serve", "--data", str(data), *given]) == 2
    assert len(capfd.readouterr().err.strip().splitlines()) == 1


@pytest.mark.elastic
def test_both_stores_answer_alike(elasticsearch_url, emptied_elastic_prefix, analyst, data, keys):
    store = open_store(elasticsearch_url, data, prefix=emptied_elastic_prefix)
    store.upsert(rows())
    store.refresh()
    store.close()
    requests = [
        ("GET", "/v1/search", {"params": {"query": "lieferung", "limit": 5}}),
        ("GET", "/v1/search", {"params": {"order": "oldest", "limit": 3}}),
        ("GET", f"/v1/mentions/{rows()[4].id}", {}),
        ("POST", "/v1/aggregate", {"json": {"aggs": {"t": {"terms": {"field": "topic"}, "aggs": terms("source")}}}}),
        (
            "POST",
            "/v1/aggregate",
            {"json": {"aggs": {"x": {"range": {"field": "published_at", "ranges": [{"from": "x"}]}}}}},
        ),
    ]
    with (
        api_server(data, "--store", elasticsearch_url, BRANDMELDER_ELASTIC_PREFIX=emptied_elastic_prefix) as other,
        client(other, keys["analyst"]) as elastic,
    ):
        for method, path, options in requests:
            mine, theirs = analyst.request(method, path, **options), elastic.request(method, path, **options)
            assert theirs.status_code == mine.status_code, theirs.text
            if mine.status_code == 200:
                left, right = mine.json(), theirs.json()
                assert left.pop("cursor", None) is None or right.pop("cursor") is not None
                assert right == left
        page = elastic.get("/v1/search", params={"limit": 40}).json()
        rest = elastic.get("/v1/search", params={"limit": 40, "cursor": page["cursor"]}).json()
        assert len(page["mentions"]) + len(rest["mentions"]) == 60
        assert rest["cursor"] is None
