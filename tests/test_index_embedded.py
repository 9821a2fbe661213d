"""What only the embedded store promises: nothing acknowledged is lost, and its index can always be made anew."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args, get_origin

import pytest
import tantivy

from index.document import to_document
from index.embedded import EmbeddedStore
from index.embedded_flat import indexed
from index.embedded_schema import columns
from index.fields import DERIVED, FIELDS, MAX_KEYWORD, TEXT_FORMS, column
from index.mention import Mention, Value
from index.query import parse_query
from index.store import StoreError
from tests.factories import make_mention, make_mentions

ROOT = Path(__file__).resolve().parent.parent
ALL = parse_query("")

# Writes new, changed and deleted mentions without end and says after each call what was acknowledged.
WRITER = """
import itertools, sys
from pathlib import Path
from typing import get_args, get_origin
from index import embedded
from index.embedded import EmbeddedStore
from tests.factories import make_mention
embedded.INDEX_AFTER_WRITES = 40
# The calls with ten are written beside their preparation, those with one are not.
embedded.MANY = 10
store = EmbeddedStore(Path(sys.argv[1]))
print("open", flush=True)
for turn in itertools.count(int(sys.argv[2])):
    numbers = range(turn * 10, turn * 10 + 10)
    store.upsert([make_mention(n) for n in numbers])
    print("stored", *numbers, flush=True)
    store.upsert([make_mention(numbers[0], text="Geändert.")])
    print("changed", numbers[0], flush=True)
    store.delete([make_mention(numbers[1]).id])
    print("deleted", numbers[1], flush=True)
    if turn % 7 == 0:
        store.refresh()
"""


def run_python(program: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **options)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "daten"


def ids(store: EmbeddedStore, query: str = "") -> list[str]:
    return [mention.id for mention in store.search(parse_query(query), limit=100_000).mentions]


def test_kill_at_any_moment_loses_and_doubles_nothing(folder):
    source = random.Random(3)
    acknowledged: dict[int, str] = {}
    for round_ in range(10):
        writer = run_python(WRITER, folder, round_ * 1000)
        assert writer.stdout.readline() == "open\n"
        time.sleep(source.uniform(0.0, 0.4))
        writer.send_signal(signal.SIGKILL)
        # A line that the kill cut short was acknowledged to nobody.
        lines = [line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        writer.stdout.close()
        writer.wait()
        for word, *numbers in map(str.split, lines):
            acknowledged |= dict.fromkeys(map(int, numbers), word)
        check_everything(folder, acknowledged)
    assert len(acknowledged) > 50


def check_everything(folder: Path, acknowledged: dict[int, str]) -> None:
    store = EmbeddedStore(folder)
    store.refresh()
    numbers = {make_mention(number).id: number for number in acknowledged}
    found = ids(store)
    assert len(found) == len(set(found))
    assert set(found) == {mention.id for mention in store.scan(ALL)}
    assert store.search(ALL, limit=0).total == store.describe()["mentions"] == len(found)
    for id, number in numbers.items():
        stored = store.get(id)
        # What came after the last acknowledged step may have been written, too.
        if acknowledged[number] == "deleted":
            assert stored is None
        elif stored is None:
            assert number % 10 == 1
        else:
            assert acknowledged[number] != "changed" or stored.text == "Geändert."
        assert (id in found) == (stored is not None)
    store.close()


def test_crash_between_record_and_index_is_made_up_for(folder):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(10))
    store.refresh()
    shutil.copytree(folder / "index", folder / "vorher")
    store.upsert([make_mention(3, text="Ein Satz über Zwieback."), make_mention(20)])
    store.delete([make_mention(4).id])
    store.close()
    # The index as it was before the crash, the record as it is after.
    shutil.rmtree(folder / "index")
    (folder / "vorher").rename(folder / "index")
    again = EmbeddedStore(folder)
    again.refresh()
    assert again.search(parse_query("zwieback"), limit=0).total == 1
    assert sorted(ids(again)) == sorted(
        {m.id for m in make_mentions(10)} - {make_mention(4).id} | {make_mention(20).id}
    )
    again.close()


def test_restored_older_record_replaces_a_newer_index(folder):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(5))
    store.close()
    saved = (folder / "mentions.sqlite3").read_bytes()
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(20))
    store.close()
    (folder / "mentions.sqlite3").write_bytes(saved)
    again = EmbeddedStore(folder)
    assert sorted(ids(again)) == sorted(mention.id for mention in make_mentions(5))
    again.close()


def test_deleted_index_is_rebuilt(folder):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(30))
    store.close()
    shutil.rmtree(folder / "index")
    again = EmbeddedStore(folder)
    assert len(ids(again)) == 30
    shutil.rmtree(folder / "index")
    assert again.search(parse_query("kornblume"), limit=0).total > 0
    assert len(ids(again)) == 30
    again.close()


@pytest.mark.parametrize("suffix", [".json", ".term", ".idx", ".fast", ".store", ".pos", ".fieldnorm"])
@pytest.mark.parametrize("damage", ["gone", "empty", "garbage"])
def test_damaged_index_is_rebuilt(folder, suffix, damage):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(30))
    store.close()
    for path in [path for path in (folder / "index").rglob(f"*{suffix}") if path.is_file()]:
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(b"" if damage == "empty" else os.urandom(path.stat().st_size))
    again = EmbeddedStore(folder)
    assert len(ids(again)) == 30
    assert again.search(parse_query('"drei Tage zu spät"'), order="relevance").total == 4
    assert again.aggregate({"s": {"terms": {"field": "source"}}}, query=ALL)["s"]["buckets"]
    again.close()


def test_index_of_another_version_is_rebuilt(folder, monkeypatch):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(5))
    store.close()
    monkeypatch.setattr("index.embedded_schema.INDEX_VERSION", 999)
    again = EmbeddedStore(folder)
    assert len(ids(again)) == 5
    assert len([path for path in (folder / "index").iterdir() if path.is_dir()]) == 1
    again.close()


def test_reader_sees_what_another_process_wrote(folder):
    reader = EmbeddedStore(folder)
    program = (
        "import sys; from pathlib import Path; from index.embedded import EmbeddedStore\n"
        "from tests.factories import make_mentions\n"
        "store = EmbeddedStore(Path(sys.argv[1])); store.upsert(make_mentions(25)); store.refresh()\n"
        "print('da', flush=True); sys.stdin.read()"
    )
    writer = run_python(program, folder, stdin=subprocess.PIPE)
    assert writer.stdout.readline() == "da\n"
    assert reader.get(make_mention(3).id) == make_mention(3)
    assert reader.search(ALL, limit=0).total == 25
    assert reader.upsert([make_mention(3, text="Vom Leser geändert.")])[0].fate == "updated"
    writer.communicate(timeout=60)
    reader.close()


def test_two_writers_at_once_lose_nothing(folder):
    program = (
        "import sys; from pathlib import Path; from index import embedded; from index.embedded import EmbeddedStore\n"
        "from tests.factories import make_mention\n"
        "embedded.INDEX_AFTER_WRITES = 30\n"
        "store = EmbeddedStore(Path(sys.argv[1])); first = int(sys.argv[2])\n"
        "for start in range(first, first + 200, 10):\n"
        "    store.upsert([make_mention(n) for n in range(start, start + 10)])\n"
        "store.close()"
    )
    writers = [run_python(program, folder, first) for first in (0, 1000)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdout.close()
    store = EmbeddedStore(folder)
    store.refresh()
    assert sorted(ids(store)) == sorted(make_mention(n).id for n in [*range(200), *range(1000, 1200)])
    store.close()


def test_searches_catch_up_with_a_writer_that_was_killed(folder, monkeypatch):
    monkeypatch.setattr("index.embedded.SEARCH_LAG_SECONDS", 0.0)
    reader = EmbeddedStore(folder)
    program = (
        "import os, signal, sys; from pathlib import Path; from index.embedded import EmbeddedStore\n"
        "from tests.factories import make_mentions\n"
        "EmbeddedStore(Path(sys.argv[1])).upsert(make_mentions(5)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    writer = run_python(program, folder)
    assert writer.wait(timeout=60) == -signal.SIGKILL
    writer.stdout.close()
    assert reader.search(ALL, limit=0).total == 5
    reader.close()


def test_many_writes_become_searchable_without_refresh(folder, monkeypatch):
    monkeypatch.setattr("index.embedded.INDEX_AFTER_WRITES", 20)
    store = EmbeddedStore(folder)
    for start in range(0, 60, 10):
        store.upsert([make_mention(n) for n in range(start, start + 10)])
    assert store.search(ALL, limit=0).total == 60
    store.close()


def test_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "datei").write_text("kein Ordner")
    with pytest.raises(StoreError, match="datei"):
        EmbeddedStore(tmp_path / "datei" / "daten")


def test_read_only_folder_is_a_sentence(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from index.embedded import EmbeddedStore; from index.store import StoreError\n"
        "try: EmbeddedStore(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)"
    )
    folder = tmp_path / "fest"
    folder.mkdir(mode=0o555)
    # Root may write anywhere; without its capabilities it may not.
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if prefix and shutil.which(prefix[0]) is None:
        pytest.skip("root without setpriv can't be kept from writing")
    done = subprocess.run(
        [*prefix, sys.executable, "-c", program, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "nicht beschreibbar" in done.stdout
    assert str(folder) in done.stdout


def test_damaged_record_is_a_sentence(folder):
    EmbeddedStore(folder).close()
    (folder / "mentions.sqlite3").write_bytes(b"kein Datenbestand " * 1000)
    with pytest.raises(StoreError, match="beschädigt"):
        EmbeddedStore(folder)


def test_record_of_a_newer_version_is_left_alone(folder):
    EmbeddedStore(folder).close()
    connection = sqlite3.connect(folder / "mentions.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="neueren"):
        EmbeddedStore(folder)


def test_closed_store_says_so(folder):
    store = EmbeddedStore(folder)
    store.close()
    with pytest.raises(StoreError, match="geschlossen"):
        store.get("x")


def test_data_is_readable_by_its_owner_only(folder):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(3))
    store.refresh()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) in ({0o700} if path.is_dir() else {0o600}), path
    store.close()


def test_erased_text_is_gone_from_the_record(folder):
    store = EmbeddedStore(folder)
    mention = make_mention(1, text="Meine Hausnummer ist einundvierzigtausendsieben.")
    store.upsert([mention])
    store.erase(ids=[mention.id])
    store.close()
    kept = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert b"einundvierzigtausendsieben" not in kept


def leaves(model: type[Value], prefix: str = "") -> set[str]:
    """The dotted names of a model's fields; parts that are models of their own are opened."""
    names = set()
    for name, field in model.model_fields.items():
        # An optional part is opened, a tuple of parts is one field.
        parts = [field.annotation, *get_args(field.annotation)] if get_origin(field.annotation) is not tuple else []
        inner = next((part for part in parts if isinstance(part, type) and issubclass(part, Value)), None)
        names |= {f"{prefix}{name}"} if inner is None else leaves(inner, f"{prefix}{name}.")
    return names


def test_fields_name_every_part_of_a_mention_once():
    names = [spec.name for spec in FIELDS]
    assert len(names) == len(set(names))
    assert set(names) == leaves(Mention)


def test_index_has_a_column_for_every_field():
    made = columns()
    for spec in (*FIELDS, *DERIVED):
        forms = TEXT_FORMS if spec.kind == "text" else ("",)
        for form in forms:
            assert made.get(column(spec.name, form), "stored") == spec.kind


def test_index_on_disk_has_these_columns(folder):
    store = EmbeddedStore(folder)
    store.close()
    (meta,) = (folder / "index").rglob("meta.json")
    described = {entry["name"]: entry["type"] for entry in json.loads(meta.read_text())["schema"]}
    types = {"text": "text", "keyword": "text", "date": "date", "float": "f64", "bool": "bool", "number": "i64"}
    assert described == {name: types[kind] for name, kind in columns().items()}
    assert tantivy.Index.open(str(meta.parent)).schema is not None


def test_overlong_keyword_is_left_out_of_the_index_only():
    document = to_document(make_mention(1, url="https://marktforum.example/" + "x" * MAX_KEYWORD))
    flat = json.loads(indexed(document, row=1, seq=1))
    assert "url" not in flat
    assert flat["source"] == "testportal"


@pytest.mark.parametrize("suffix", [".term", ".idx", ".fast", ".pos"])
def test_one_wrong_byte_is_noticed(folder, suffix):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(30))
    store.close()
    (path,) = (folder / "index").rglob(f"*{suffix}")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    again = EmbeddedStore(folder)
    assert len(ids(again)) == 30
    assert again.search(parse_query('"drei Tage zu spät"'), limit=0).total == 4
    again.close()


def test_damage_while_the_store_is_open_is_healed(folder):
    store = EmbeddedStore(folder)
    store.upsert(make_mentions(30))
    store.refresh()
    writer = EmbeddedStore(folder)
    writer.upsert([make_mention(50)])
    writer.close()
    for path in (folder / "index").rglob("*.idx"):
        path.unlink()
    assert len(ids(store)) == 31
    assert store.search(parse_query("kornblume"), limit=0).total > 0
    store.close()


def test_many_merges_keep_what_was_changed_and_deleted(folder, monkeypatch):
    monkeypatch.setattr("index.embedded.INDEX_AFTER_WRITES", 25)
    source = random.Random(11)
    store = EmbeddedStore(folder)
    expected: dict[str, Mention] = {}
    for turn in range(24):
        new = [make_mention(source.randrange(600)) for _ in range(15)]
        changed = [
            mention.model_copy(update={"text": f"Fassung {turn} von gestern.", "published_at": mention.published_at})
            for mention in source.sample(list(expected.values()), min(8, len(expected)))
        ]
        store.upsert([*new, *changed])
        expected |= {mention.id: mention for mention in [*new, *changed]}
        gone = source.sample(sorted(expected), min(4, len(expected)))
        store.delete(gone)
        for id in gone:
            del expected[id]
    store.refresh()
    found = store.search(ALL, limit=1000).mentions
    assert {mention.id: mention.text for mention in found} == {id: mention.text for id, mention in expected.items()}
    assert len(found) == len(expected)
    times = [mention.published_at for mention in found]
    assert times == sorted(times, reverse=True)
    counted = store.aggregate({"s": {"terms": {"field": "source"}}}, query=parse_query("fassung"))["s"]["buckets"]
    assert sum(bucket["doc_count"] for bucket in counted) == sum("Fassung" in m.text for m in expected.values())
    store.close()


def test_writing_goes_on_while_the_index_follows_and_nothing_is_missed(folder, monkeypatch):
    monkeypatch.setattr("index.embedded.INDEX_AFTER_WRITES", 30)
    store = EmbeddedStore(folder)
    for start in range(0, 150, 10):
        store.upsert(make_mentions(start + 10)[start:])
        assert store.get(make_mention(start).id) is not None
    assert store.search(ALL, limit=0).total == 150
    store.close()


def test_failure_of_the_indexing_is_said_and_the_next_one_makes_up_for_it(folder, monkeypatch):
    monkeypatch.setattr("index.embedded.INDEX_AFTER_WRITES", 5)
    store = EmbeddedStore(folder)
    with monkeypatch.context() as patch:
        patch.setattr("index.embedded_index.SearchIndex._feed", lambda *_: (_ for _ in ()).throw(OSError("kaputt")))
        store.upsert(make_mentions(6))
        with pytest.raises(StoreError, match="kaputt"):
            store.search(ALL)
    store.refresh()
    assert store.search(ALL, limit=0).total == 6
    store.close()
