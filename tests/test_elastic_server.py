"""The test server itself: it starts, and its data outlives kill -9."""

import json
import urllib.request

import pytest

pytestmark = pytest.mark.elastic


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_server_answers_with_its_version(elasticsearch_url):
    assert int(call("GET", elasticsearch_url)["version"]["number"].split(".")[0]) >= 8


@pytest.mark.endurance
def test_acknowledged_document_outlives_kill(elastic_server):
    url = elastic_server.url
    call("PUT", f"{url}/notes/_doc/1", {"note": "bleibt"})
    elastic_server.kill()
    assert elastic_server.start() == url
    assert call("GET", f"{url}/_cluster/health/notes?wait_for_status=yellow&timeout=60s")["status"] == "yellow"
    assert call("GET", f"{url}/notes/_doc/1")["_source"] == {"note": "bleibt"}
