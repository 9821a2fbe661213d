"""A server with TLS and logins: certificates are verified, keys do what they are for and no more."""

import json
import logging
from datetime import timedelta

import pytest
from command_line import brandmelder
from conftest import elasticsearch_missing
from elastic_server import ElasticServer, ServerUnavailableError
from factories import FIRST, make_mention, make_mentions

from index.elastic import ElasticStore
from index.elastic_client import Connection
from index.query import parse_query
from index.store import StoreError

pytestmark = [pytest.mark.elastic, pytest.mark.slow, pytest.mark.endurance]

SECRET = "geheim-7391"


@pytest.fixture(scope="module")
def secured():
    """The server; and the owner's store on it, with some mentions."""
    try:
        server = ElasticServer(password=SECRET, tls=True)
    except ServerUnavailableError as error:
        elasticsearch_missing(str(error))
    try:
        server.start()
        owner = ElasticStore(server.url, basic_auth=("elastic", SECRET), ca_certs=server.ca)
        owner.upsert(make_mentions(3))
        owner.refresh()
        yield server, owner
        owner.close()
    finally:
        server.stop()


def test_certificate_of_an_unknown_authority_is_refused(secured):
    server, _ = secured
    with pytest.raises(StoreError, match="Zertifikat") as caught:
        ElasticStore(server.url, basic_auth=("elastic", SECRET))
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"
    with pytest.raises(StoreError, match=r"Zertifikat|nicht erreichbar"):
        ElasticStore(server.url.replace("127.0.0.1", "localhost"), basic_auth=("elastic", SECRET), ca_certs=server.ca)


def test_reading_key_searches_and_cannot_write(secured):
    server, owner = secured
    key = owner.make_key("read", days=30)
    reader = ElasticStore(server.url, api_key=key["encoded"], ca_certs=server.ca)
    assert reader.search(parse_query("kornblume")).total >= 1
    assert reader.get(make_mention(1).id) == make_mention(1)
    for forbidden in (lambda: reader.upsert(make_mentions(4)), lambda: reader.delete([make_mention(1).id])):
        with pytest.raises(StoreError, match=r"fehlt ein Recht|nimmt in .* nichts an") as caught:
            forbidden()
        assert key["encoded"] not in str(caught.value)
    assert owner.get(make_mention(1).id) == make_mention(1)
    reader.close()


def test_writing_key_does_what_a_run_needs_and_no_more(secured):
    server, owner = secured
    key = owner.make_key("write", name="lauf")
    writer = ElasticStore(server.url, api_key=key["encoded"], ca_certs=server.ca)
    other_month = make_mention(70, published_at=FIRST + timedelta(days=70))
    assert [result.fate for result in writer.upsert([other_month])] == ["stored"]
    writer.refresh()
    writer.amend(other_month.id, other_month.work)
    assert writer.search(parse_query("")).total == 4
    assert writer.erase(ids=[other_month.id]) == 1
    client = writer._connection.client
    for forbidden in (
        lambda: client.indices.delete(index=owner.names.undated),
        lambda: client.indices.delete_index_template(name=owner.names.template),
        lambda: client.security.create_api_key(name="mehr"),
        lambda: client.indices.create(index="fremd"),
        lambda: client.search(index="fremd"),
    ):
        with pytest.raises(Exception, match=r"AuthorizationException|403"):
            forbidden()
    with pytest.raises(StoreError, match="fehlt ein Recht"):
        writer.migration().run(lambda count: None, ("haus", "tur"))
    writer.close()


def test_logins_that_do_not_fit_are_refused_without_repeating_them(secured, caplog):
    caplog.set_level(logging.DEBUG)
    server, _ = secured
    wrong = "falsch-5521"
    for login in ({}, {"basic_auth": ("elastic", wrong)}, {"api_key": wrong}):
        with pytest.raises(StoreError, match="lehnt die Anmeldung ab") as caught:
            ElasticStore(server.url, ca_certs=server.ca, **login)
        assert wrong not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caplog.text}"


def test_doctor_says_what_a_login_may_and_keys_come_from_the_command_line(secured, tmp_path):
    server, _ = secured
    address = server.url.replace("//", f"//elastic:{SECRET}@")
    place = {"BRANDMELDER_ELASTIC_CA": str(server.ca), "BRANDMELDER_DATA": str(tmp_path)}
    made = brandmelder("index", "keys", "read", "--days", "7", BRANDMELDER_STORE=address, **place)
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["encoded"]
    said = {}
    for name, login in (
        ("owner", {"BRANDMELDER_STORE": address}),
        ("reader", {"BRANDMELDER_STORE": server.url, "BRANDMELDER_ELASTIC_API_KEY": key}),
        ("nobody", {"BRANDMELDER_STORE": server.url}),
    ):
        done = brandmelder("doctor", "--format", "json", **login, **place)
        assert SECRET not in done.stdout + done.stderr
        assert key not in done.stdout + done.stderr
        checks = {check["check"]: check for check in json.loads(done.stdout)["checks"] if check["part"] == "store"}
        said[name] = (done.returncode, checks)
    code, checks = said["owner"]
    assert code == 0
    assert "auch umziehen" in checks["permissions"]["message"]
    assert checks["encryption"]["state"] == checks["health"]["state"] == "ok"
    code, checks = said["reader"]
    assert code == 1
    assert "nicht schreiben" in checks["permissions"]["message"]
    assert "darf das nicht ansehen" in checks["health"]["message"]
    code, checks = said["nobody"]
    assert code == 1
    assert "lehnt die Anmeldung ab" in checks["connection"]["message"]


def test_connection_shows_no_credentials(secured):
    server, owner = secured
    connection = Connection(server.url.replace("//", f"//elastic:{SECRET}@"), ca_certs=server.ca)
    assert SECRET not in f"{connection.location} {connection.client!r} {owner.describe()}"
    connection.close()
