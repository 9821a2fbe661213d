"""The command line as a process: exit codes, shapes, messages, help."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import ROOT, brandmelder
from tests.factories import make_mention

COMMANDS = (
    "demo",
    "init",
    "run",
    "dashboard",
    "status",
    "search",
    "aggregate",
    "export",
    "kibana",
    "news",
    "extract",
    "score",
    "match",
    "train",
    "evaluate",
    "alerts check",
    "api serve",
    "api create",
    "api keys",
    "api revoke",
)

ROWS = [
    {"id": "a", "text": "Der Zug nach Köln hatte zwei Stunden Verspätung.", "channel": "forum"},
    {"id": "b", "text": "Die Lieferung kam pünktlich, Straße und Hausnummer stimmten.", "rating": 5},
    {"id": 7, "text": "Verspätungen sind bei der DM-Bahn normal."},
]


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path):
    """A data folder with thirty mentions."""
    from index.embedded import EmbeddedStore
    from index.opening import open_store

    folder = tmp_path / "data"
    store = open_store(None, folder)
    assert isinstance(store, EmbeddedStore)
    store.upsert([make_mention(number) for number in range(30)])
    store.close()
    return folder


def sentence(result):
    """A refused call: exit code 2, one message, no traceback, nothing on stdout."""
    assert result.returncode == 2, result
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return result.stderr.strip()


def test_help_lists_every_command():
    text = brandmelder("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^\s+{name.split()[0]}\s", text, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_in_both_languages(name):
    german = brandmelder("--lang", "de", *name.split(), "--help").stdout
    english = brandmelder(*name.split(), "--help", BRANDMELDER_LANG="en").stdout
    assert "--data" in german
    assert "--data" in english
    assert german != english


def test_version():
    assert brandmelder("--version").stdout.startswith("brandmelder 0.")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Verspätung", ["a", "7"]),
        ("verspaetung", ["a", "7"]),
        ("Strasse", ["b"]),
        ("channel:forum", ["a"]),
        ("rating:>=4", ["b"]),
        ("case:DM", ["7"]),
        ("Verspätung NOT Köln", ["7"]),
        ("nirgends", []),
        ("*", ["a", "b", "7"]),
    ],
)
def test_match_prints_ids(rows, query, ids):
    result = brandmelder("match", query, "--input", rows)
    assert result.returncode == 0
    assert result.stdout.splitlines() == ids


def test_match_reads_stdin_and_names_rows_without_id_by_line():
    result = brandmelder("match", "gut", "--input", "-", input='{"text": "schlecht"}\n{"text": "gut"}\n')
    assert result.stdout == "2\n"


def test_query_fault_shows_the_place(rows):
    message = sentence(brandmelder("match", "Zug AND (Köln OR", "--input", rows))
    assert "Zug AND (Köln OR" in message
    assert "^" in message


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"{}\nkein json\n", "Zeile 2"), (b'["liste"]\n', "Zeile 1"), (b"\xff\xfe{}\n", "UTF-8")],
)
def test_broken_rows_are_named(tmp_path, content, part):
    path = tmp_path / "kaputt.jsonl"
    path.write_bytes(content)
    assert part in sentence(brandmelder("match", "x", "--input", path))


def test_missing_file_is_one_sentence(tmp_path):
    assert "fehlt.jsonl" in sentence(brandmelder("match", "x", "--input", tmp_path / "fehlt.jsonl"))


def test_english_messages(tmp_path):
    message = sentence(brandmelder("match", "x", "--input", tmp_path / "fehlt.jsonl", "--lang", "en"))
    assert message.startswith("Can't read")


def test_search_prints_newest_first(data):
    result = brandmelder("search", "*", "--limit", 3, "--data", data)
    found = json.loads(result.stdout)
    assert [row["native_id"] for row in found] == ["post-29", "post-28", "post-27"]
    assert "3 von 30" in result.stderr


def test_options_stand_before_or_after_the_command(data):
    before = brandmelder("--data", data, "search", "app", "--limit", 50)
    after = brandmelder("search", "app", "--limit", 50, "--data", data)
    from_environment = brandmelder("search", "app", "--limit", 50, BRANDMELDER_DATA=str(data))
    assert before.stdout == after.stdout == from_environment.stdout
    assert json.loads(before.stdout)


def test_search_table_is_german(data):
    table = brandmelder("search", "*", "--format", "table", "--data", data, COLUMNS="200").stdout
    assert "3. März 2026" in table


def test_aggregate_answers_in_elasticsearchs_shape(data, tmp_path):
    request = tmp_path / "aggs.json"
    request.write_text(json.dumps({"aggs": {"kanal": {"terms": {"field": "channel"}}}}), encoding="utf-8")
    answer = json.loads(brandmelder("aggregate", "--aggs", request, "--data", data).stdout)
    assert answer["hits"]["total"] == {"value": 30, "relation": "eq"}
    assert {b["key"]: b["doc_count"] for b in answer["aggregations"]["kanal"]["buckets"]} == {
        "forum": 10,
        "review": 10,
        "blog": 10,
    }


@pytest.mark.parametrize("request_text", ["{", "[]", "{}", '{"x": {"magisch": {"field": "channel"}}}'])
def test_aggregation_faults_are_sentences(data, request_text):
    assert sentence(brandmelder("aggregate", "--aggs", "-", "--data", data, input=request_text))


def test_status_of_an_empty_folder(tmp_path):
    result = brandmelder("status", "--format", "json", "--data", tmp_path / "leer")
    answer = json.loads(result.stdout)
    assert answer["runs"] == []
    assert answer["store"]["mentions"] == 0


def test_init_writes_a_profile_that_is_valid_and_never_overwrites(tmp_path):
    result = brandmelder("init", "Müller & Söhne", "--data", tmp_path)
    assert result.returncode == 0
    path = tmp_path / "profiles" / "mueller-soehne.yaml"
    assert "Müller & Söhne" in path.read_text(encoding="utf-8")
    assert "gibt es schon" in sentence(brandmelder("init", "Müller & Söhne", "--data", tmp_path))
    assert "keine Quellen" in sentence(brandmelder("run", "--brand", "mueller-soehne", "--data", tmp_path))


def test_profile_faults_name_their_lines(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("name: X\nnames: [X]\nquery: 'a AND ('\nretention: 3\n", encoding="utf-8")
    message = sentence(brandmelder("run", "--brand", path, "--data", tmp_path))
    assert f"{path}:3: query" in message
    assert f"{path}:4: retention" in message


def test_unknown_source_is_named(tmp_path):
    brandmelder("init", "Apfelhof", "--data", tmp_path)
    assert "'forum'" in sentence(brandmelder("run", "--brand", "apfelhof", "--source", "forum", "--data", tmp_path))


def test_alerts_without_a_run_say_what_to_do(tmp_path):
    assert "--brand" in sentence(brandmelder("alerts", "check", "--data", tmp_path))


def test_alerts_of_an_empty_store_find_nothing(tmp_path):
    brandmelder("init", "Apfelhof", "--data", tmp_path)
    result = brandmelder(
        "alerts", "check", "--brand", "apfelhof", "--format", "json", "--now", "2026-03-01T08:00", "--data", tmp_path
    )
    answer = json.loads(result.stdout)
    assert answer["checked_at"] == "2026-03-01T08:00:00+01:00"
    assert answer["opened"] == []
    assert {finding["unusual"] for finding in answer["findings"]} == {None}


@pytest.mark.parametrize(
    "arguments",
    [
        ("search",),
        ("search", "a", "--limit", "-1"),
        ("export", "*", "--format", "pdf", "--output", "x"),
        ("unbekannt",),
        ("alerts", "check", "--brand", "gibtsnicht"),
        ("search", "a", "--store", "ftp://x"),
    ],
)
def test_wrong_calls_end_with_two(arguments, tmp_path):
    result = brandmelder(*arguments, "--data", tmp_path) if arguments[0] != "unbekannt" else brandmelder(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_closed_pipe_is_no_error(data):
    import subprocess

    from tests.command_line import command, environment

    with subprocess.Popen(
        command("search", "*", "--limit", 30, "--data", data),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        process.stdout.close()
        assert process.wait(60) == 0
        assert b"Traceback" not in process.stderr.read()


def test_extract_reads_a_file(tmp_path):
    page = tmp_path / "seite.html"
    page.write_text(
        """<html lang=de><head><title>Bewertungen</title><script type="application/ld+json">
        {"@context": "https://schema.org", "@type": "Product", "name": "Kaffeemühle", "review": [
          {"@type": "Review", "author": {"@type": "Person", "name": "Jorinde"}, "datePublished": "2026-03-01",
           "reviewBody": "Mahlt gleichmäßig und leise, ich bin sehr zufrieden.",
           "reviewRating": {"@type": "Rating", "ratingValue": 4}}]}</script></head><body></body></html>""",
        encoding="utf-8",
    )
    result = brandmelder("extract", page, "--url", "https://laden.example/muehle")
    answer = json.loads(result.stdout)
    assert answer["kind"] == "reviews"
    (post,) = answer["posts"]
    assert post["rating"] == {"value": 4.0, "best": 5.0, "worst": 1.0, "normalised": 0.75}
    assert post["text"] == "Mahlt gleichmäßig und leise, ich bin sehr zufrieden."
    assert "Jorinde" in brandmelder("extract", page, "--format", "text").stdout


def test_every_command_is_documented():
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert re.search(rf"^\| `{name}\b", text, re.MULTILINE), name


def test_every_setting_is_documented():
    from brandmelder.settings import Settings

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `BRANDMELDER_{name.upper()}` | {field.description} |" in text


def test_links_in_the_docs_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / Path(target)).exists(), f"{page.name}: {target}"


STOPPED_IN_AN_EXTENSION = """
import ctypes
import brandmelder.__main__ as entry

def run(arguments):
    call = ctypes.pythonapi.PyRun_String
    call.restype = ctypes.py_object
    call.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.py_object, ctypes.py_object]
    call(b"import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", 257, {}, {})

entry.run = run
entry.main()
"""


def test_stop_inside_an_extension_ends_with_our_code(tmp_path):
    (tmp_path / "stopping.py").write_text(STOPPED_IN_AN_EXTENSION, encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-m", "stopping"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (process.returncode, "Derselbe Befehl macht dort weiter" in process.stderr) == (1, True), process.stderr
