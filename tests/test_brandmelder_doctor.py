"""The check-up: it finds what is wrong, says what to do, and changes nothing."""

import json
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest
from command_line import brandmelder
from factories import make_mentions

from index.embedded import EmbeddedStore
from index.embedded_checks import check_embedded
from nlp.loading import DEFAULT


@pytest.fixture
def folder(tmp_path):
    store = EmbeddedStore(tmp_path / "store")
    store.upsert(make_mentions(20))
    store.close()
    return tmp_path / "store"


def states(folder):
    return {check.name: check.state for check in check_embedded(folder)}


def said(folder, name):
    return next(check.german for check in check_embedded(folder) if check.name == name)


def test_sound_store_is_sound(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert set(states(folder)) == {"disk", "rights", "record", "index", "lock"}
    assert {state for name, state in states(folder).items() if name != "disk"} == {"ok"}
    assert "20 Erwähnungen" in said(folder, "record")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_missing_store_is_no_fault_and_is_not_made(tmp_path):
    assert states(tmp_path / "neu")["record"] == "ok"
    assert not (tmp_path / "neu").exists()


def test_damaged_record_is_named_with_what_to_do(folder):
    path = folder / "mentions.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 6] = b"\xff" * 4096 * 4
    path.write_bytes(content)
    assert states(folder)["record"] == "error"
    assert "Sicherung" in said(folder, "record")


def test_record_of_a_newer_version_is_named(folder):
    with sqlite3.connect(folder / "mentions.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert "neueren Version" in said(folder, "record")


def test_damaged_index_is_named(folder):
    segment = max((folder / "index").rglob("*.store"))
    segment.write_bytes(segment.read_bytes()[:-3])
    assert states(folder)["index"] == "warning"


def test_record_that_others_may_read_is_named(folder):
    (folder / "mentions.sqlite3").chmod(0o644)
    assert "chmod 600" in said(folder, "rights")


def test_doctor_tells_each_part_and_ends_with_one_where_something_is_wrong(folder, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        mail = {"BRANDMELDER_SMTP_HOST": "127.0.0.1", "BRANDMELDER_SMTP_PORT": str(port)}
        secret = {"BRANDMELDER_SMTP_USER": "jule", "BRANDMELDER_SMTP_PASSWORD": "geheim-7391"}
        done = brandmelder("doctor", "--format", "json", "--data", tmp_path, **mail, **secret)
    checks = {f"{check['part']}/{check['check']}": check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert {"store/record", "data/folder", "profile/file", "mail/server", "model/weights"} <= checks.keys()
    assert checks["mail/server"]["state"] == "error"
    assert "BRANDMELDER_SMTP_HOST" in checks["mail/server"]["message"]
    assert "mail/server" in done.stderr
    assert "geheim-7391" not in done.stdout + done.stderr
    assert checks["store/record"]["state"] == checks["model/weights"]["state"] == "ok"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-100])])
def test_doctor_finds_a_model_whose_adapter_is_missing_or_damaged(tmp_path, spoil):
    model = tmp_path / "modell"
    shutil.copytree(DEFAULT, model)
    spoil(model / "adapter_model.safetensors")
    done = brandmelder("doctor", "--format", "json", "--data", tmp_path / "daten", BRANDMELDER_MODEL=str(model))
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["part"] == "model"]
    assert (done.returncode, check["state"]) == (1, "error")
    assert "adapter" in check["message"]


def test_doctor_explains_a_missing_server(tmp_path):
    done = brandmelder("doctor", "--data", tmp_path, "--store", "http://jule:geheim-7391@127.0.0.1:9", "--lang", "de")
    assert done.returncode == 1
    assert "!!! store/connection: Elasticsearch ist unter http://127.0.0.1:9 nicht erreichbar" in done.stdout
    assert "geheim-7391" not in done.stdout + done.stderr
