"""What people read when Elasticsearch can't be used, and what they must not read."""

import logging
import socket
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from index.elastic import ElasticStore
from index.elastic_client import Connection
from index.store import StoreError

SECRET = "geheim-7391"


@contextmanager
def answering(status, body, headers):
    class Handler(BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self):
            type(self).asked += 1
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", Handler
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_missing_server_is_named_soon_and_without_credentials(closed_port, caplog):
    caplog.set_level(logging.DEBUG)
    started = time.monotonic()
    with pytest.raises(StoreError, match=f"http://127.0.0.1:{closed_port} nicht erreichbar") as caught:
        ElasticStore(f"http://elastic:{SECRET}@127.0.0.1:{closed_port}")
    assert time.monotonic() - started < 10
    assert SECRET not in f"{caught.value} {caught.value.__cause__!r} {caplog.text}"


@pytest.mark.parametrize("body", [b'{"hallo": "welt"}', b"<html>", b"{}"])
def test_other_server_is_recognised(body):
    with answering(200, body, {}) as (place, _), pytest.raises(StoreError, match="etwas anderes als Elasticsearch"):
        ElasticStore(f"http://{place}")


def test_old_server_is_named_with_its_version():
    body = b'{"version": {"number": "7.17.3"}}'
    with (
        answering(200, body, {"X-Elastic-Product": "Elasticsearch"}) as (place, _),
        pytest.raises(StoreError, match=r"7\.17\.3"),
    ):
        ElasticStore(f"http://{place}")


def test_refused_login_is_not_tried_again():
    with answering(401, b"{}", {"X-Elastic-Product": "Elasticsearch"}) as (place, handler):
        with pytest.raises(StoreError, match="lehnt die Anmeldung ab"):
            ElasticStore(f"http://{place}", api_key=SECRET)
        assert handler.asked == 1


def test_busy_server_is_asked_again_and_then_explained():
    with answering(503, b"{}", {"X-Elastic-Product": "Elasticsearch"}) as (place, handler):
        connection = Connection(f"http://{place}", patience=1)
        with pytest.raises(StoreError, match="_cluster/health"):
            connection.patiently(connection.client.info)
        connection.close()
        assert handler.asked >= 2


def test_plain_server_behind_https_address_is_explained():
    with answering(200, b"{}", {}) as (place, _), pytest.raises(StoreError, match=r"Zertifikat|nicht erreichbar"):
        ElasticStore(f"https://{place}")


@pytest.mark.parametrize("url", ["127.0.0.1:9200", "ftp://127.0.0.1", "http://", "http://a:99999", "http://[::1"])
def test_unreadable_address_is_explained(url):
    with pytest.raises(StoreError, match="Adresse"):
        ElasticStore(url)


def test_missing_certificate_file_is_named(tmp_path):
    with pytest.raises(StoreError, match="Zertifikat"):
        ElasticStore("https://127.0.0.1:1", ca_certs=tmp_path / "fehlt.pem")


def test_address_shown_to_people_has_no_credentials():
    connection = Connection(f"https://nutzer:{SECRET}@suche.example:9243/pfad/")
    assert connection.location == "https://suche.example:9243/pfad"
    connection.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error": {"type": "parsing_exception", "reason": "unklar"}, "status": 400}'),
        (401, b'{"error": {"type": "security_exception", "reason": "unable to authenticate"}, "status": 401}'),
        (403, b'{"error": {"type": "security_exception", "reason": "unauthorized"}, "status": 403}'),
        (404, b"{}"),
        (429, b'{"error": {"type": "circuit_breaking_exception", "reason": "voll"}, "status": 429}'),
        (500, b"kein JSON"),
        (503, b"{}"),
    ],
)
@pytest.mark.parametrize("way", ["address", "basic", "key"])
def test_no_failure_tells_the_credentials(status, body, way, caplog):
    caplog.set_level(logging.DEBUG)
    headers = {"X-Elastic-Product": "Elasticsearch"}
    with answering(status, body, headers) as (place, _):
        connection = Connection(
            f"http://elastic:{SECRET}@{place}" if way == "address" else f"http://{place}",
            basic_auth=("elastic", SECRET) if way == "basic" else None,
            api_key=SECRET if way == "key" else None,
            patience=0.2,
        )
        with pytest.raises(StoreError) as caught:
            connection.patiently(connection.client.info)
        connection.close()
    told = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caplog.text}"
    encoded = b64encode(f"elastic:{SECRET}".encode()).decode()
    assert SECRET not in told
    assert encoded not in told


@pytest.mark.parametrize("key", ["geheim ünd lang", "geheim\nzweite Zeile", "zwei geheime"])
def test_key_that_no_header_can_carry_is_explained_without_it(key):
    with pytest.raises(StoreError, match="API-Schlüssel") as caught:
        ElasticStore("http://127.0.0.1:1", api_key=key)
    assert "geheim" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
