"""The command export: formats, names left out, formulas made harmless, going on after a kill, both stores."""

import csv
import io
import json
import signal
import subprocess
import time
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from brandmelder.__main__ import run
from brandmelder.commands.exporting import BATCH
from brandmelder.exports.columnar import schema, stream_of, to_parquet
from brandmelder.exports.flat import COLUMNS, EXCEL, LONGEST_EXCEL_CELL, Dialect, header, table_rows
from brandmelder.exports.formats import Ndjson
from brandmelder.exports.part import PartFile
from index.fields import DERIVED, FIELDS
from index.mention import Aspect, Correction, Mention, Work
from index.opening import open_store
from index.sharing import WITHHELD, shared_document
from tests.command_line import brandmelder, command, environment
from tests.factories import FIRST, make_aspect, make_mention, make_mentions

WORKED_ON = Work(
    correction=Correction(sentiment="mixed", topics=("app",), by="Jorinde Quast", at=FIRST),
    owner="Thorben Quast",
    due=date(2026, 4, 1),
    note="Frau Quast ruft zurück",
)


@pytest.fixture
def export(capfdbinary):
    """Calls the command in this process; the answer is like that of a process."""

    def call(*arguments):
        code = run(["export", *map(str, arguments)])
        said = capfdbinary.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out.decode(), said.err.decode())

    return call


@pytest.fixture(scope="module")
def mentions():
    rows = make_mentions(30)
    rows[3] = make_mention(3, work=WORKED_ON, title="=1+1")
    return rows


@pytest.fixture(scope="module")
def data(tmp_path_factory, mentions):
    folder = tmp_path_factory.mktemp("export") / "data"
    store = open_store(None, folder)
    store.upsert(mentions)
    store.close()
    return folder


def cells(mention, dialect=None):
    chosen = dialect or Dialect()
    text = (header(chosen) + table_rows([shared_document(mention)], chosen)).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""), delimiter=chosen.delimiter)
    return row


def test_ndjson_has_every_match_and_no_colleagues(export, data, mentions, tmp_path):
    output = tmp_path / "neu" / "alle.ndjson"
    assert export("*", "--format", "ndjson", "--output", output, "--data", data).returncode == 0
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == sorted(mention.id for mention in mentions)
    assert {row["author_key"] for row in rows} == {mention.author_key for mention in mentions}
    assert "Quast" not in output.read_text(encoding="utf-8")
    (worked,) = (row for row in rows if row["work"]["due"] is not None)
    assert worked["work"]["correction"] == {"sentiment": "mixed", "topics": ["app"], "at": "2026-03-02T09:00:00Z"}
    assert list(output.parent.iterdir()) == [output]


def test_only_matches_are_exported(export, data, tmp_path):
    output = tmp_path / "app.csv"
    export("topic:app", "--format", "csv", "--output", output, "--data", data)
    with output.open(encoding="utf-8", newline="") as stream:
        assert {row["topics"] for row in csv.DictReader(stream)} == {"app"}


def test_all_formats_hold_the_same_mentions(export, data, tmp_path):
    for name in ("ndjson", "csv", "parquet"):
        export("kornblume", "--format", name, "--output", tmp_path / f"m.{name}", "--data", data)
    lines = [json.loads(line) for line in (tmp_path / "m.ndjson").read_text(encoding="utf-8").splitlines()]
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    columns = pq.read_table(tmp_path / "m.parquet").to_pylist()
    assert len(lines) > 10
    assert [row["id"] for row in table] == [row["id"] for row in columns] == [row["id"] for row in lines]
    for line, row, typed in zip(lines, table, columns, strict=True):
        assert row["text"] == typed["text"] == line["text"]
        assert float(row["sentiment.polarity"]) == typed["sentiment"]["polarity"] == line["sentiment"]["polarity"]
        assert datetime.fromisoformat(row["published_at"]) == typed["published_at"]
        assert typed["published_at"] == datetime.fromisoformat(line["published_at"])
        assert row["topic_experience"].split(" | ") == typed["topic_experience"] == line["topic_experience"]


def test_no_match_is_a_valid_file_of_every_format(export, data, tmp_path):
    for name in ("ndjson", "csv", "parquet"):
        result = export("zwieback", "--format", name, "--output", tmp_path / name, "--data", data)
        assert result.returncode == 0, result
    assert (tmp_path / "ndjson").read_bytes() == b""
    assert (tmp_path / "csv").read_bytes() == header(Dialect())
    assert pq.read_table(tmp_path / "parquet").schema.names == schema().names


def test_stdout_takes_rows(export, data):
    result = export("*", "--format", "csv", "--output", "-", "--data", data)
    assert len(list(csv.DictReader(io.StringIO(result.stdout, newline="")))) == 30
    assert export("*", "--format", "parquet", "--output", "-", "--data", data).returncode == 2


# CSV


def test_every_field_has_its_columns():
    fields = {column.spec.name for column in COLUMNS}
    assert fields == {spec.name for spec in (*FIELDS, *DERIVED)} - WITHHELD
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_lists_and_parts_are_flattened():
    aspects = (
        make_aspect("app", "negative", "Die App."),
        Aspect(topic="preis", polarity=1, probability=1, start=3, end=4),
    )
    row = cells(make_mention(1, text="Die App.", aspects=aspects, topics=("app", "preis"), rating=None))
    assert row["aspects.topic"] == "app | preis"
    assert row["aspects.polarity"] == "-0.8 | 1.0"
    assert row["aspects.start"] == "0 | 3"
    assert row["topics"] == "app | preis"
    assert row["topic_experience"] == "app|negative | preis|positive"
    assert row["rating.value"] == ""
    assert float(row["sentiment.probabilities.positive"]) == 0.8


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u200b=1",
        "\ufeff=1",
        "＝1",
        "\x00=1",
        "\x1b=1",
        '=HYPERLINK("https://example.org";"hier")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_formulas_become_text(text):
    row = cells(make_mention(1, text=text, title=text, thread_title=text, source=text, topics=(text,)))
    for name in ("text", "title", "thread_title", "source", "topics"):
        assert row[name].startswith("'"), name


@pytest.mark.parametrize("text", ["5 = 5", "Preis-Leistung", "a@b", "Note 1-", "1 + 1", "'s geht"])
def test_harmless_text_stays(text):
    assert cells(make_mention(1, text=text))["text"] == text


def test_negative_numbers_stay_numbers():
    assert float(cells(make_mention(0))["sentiment.polarity"]) < 0
    assert float(cells(make_mention(0), EXCEL)["sentiment.polarity"].replace(",", ".")) < 0


def test_delimiters_quotes_and_line_breaks_survive():
    text = 'Er sagte: "Nein, danke";\nund ging.\tEnde'
    for dialect in (Dialect(), Dialect(delimiter="\t"), EXCEL):
        assert cells(make_mention(1, text=text), dialect)["text"] == text


def test_excel_dialect_is_german(export, data, tmp_path):
    output = tmp_path / "excel.csv"
    export("*", "--format", "csv", "--excel", "--output", output, "--data", data)
    raw = output.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid;content_hash;")
    row = cells(make_mention(7), EXCEL)
    assert row["published_at"] == "02.03.2026 17:00:00"
    assert row["published_week"] == "02.03.2026"
    assert row["rating.normalised"] == "0,5"
    assert (row["needs_answer"], row["is_copy"]) == ("WAHR", "FALSCH")


def test_plain_dialect_is_for_programs():
    row = cells(make_mention(7, published_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC)))
    assert row["published_at"] == "2026-03-29T01:30:00Z"
    assert row["published_day"] == "2026-03-29"
    assert row["needs_answer"] == "true"


def test_excel_cells_end_where_excel_would_break_them():
    row = cells(make_mention(1, text="ä" * 40_000), EXCEL)
    assert len(row["text"]) == LONGEST_EXCEL_CELL
    assert row["text"].endswith(" […]")
    assert len(cells(make_mention(1, text="ä" * 40_000))["text"]) == 40_000


def test_options_of_csv_are_refused_elsewhere(export, data, tmp_path):
    result = export("*", "--format", "parquet", "--excel", "--output", tmp_path / "x", "--data", data)
    assert result.returncode == 2
    assert "--format csv" in result.stderr


# Parquet


def leaves(kind, name):
    if pa.types.is_struct(kind):
        return {leaf for field in kind for leaf in leaves(field.type, f"{name}.{field.name}")}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return {name}
    return {name}


def test_parquet_schema_is_the_model():
    names = {leaf for field in schema() for leaf in leaves(field.type, field.name)}
    specs = {spec.name for spec in (*FIELDS, *DERIVED)} - WITHHELD - {"sentiment.probabilities"}
    assert {name for name in names if not name.startswith("sentiment.probabilities.")} == specs
    assert set(schema().names) == set(Mention.model_fields) | {spec.name for spec in DERIVED}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("published_at", pa.timestamp("us", tz="UTC")),
        ("published_day", pa.date32()),
        ("topics", pa.list_(pa.string())),
        ("is_copy", pa.bool_()),
        ("relevance", pa.float64()),
        ("channel", pa.string()),
        (
            "aspects",
            pa.list_(
                pa.struct(
                    {
                        "topic": pa.string(),
                        "polarity": pa.float64(),
                        "probability": pa.float64(),
                        "start": pa.int32(),
                        "end": pa.int32(),
                    }
                )
            ),
        ),
        ("rating", pa.struct(dict.fromkeys(("value", "best", "worst", "normalised"), pa.float64()))),
    ],
)
def test_parquet_types_are_fixed(name, kind):
    assert schema().field(name).type == kind


def test_parquet_holds_what_the_document_holds(tmp_path):
    bare = make_mention(5, published_at=None, rating=None, sentiment=None, topics=(), aspects=(), author_key=None)
    rows = [make_mention(1), make_mention(3, work=WORKED_ON), bare]
    part, output = tmp_path / "part", tmp_path / "m.parquet"
    part.write_bytes(b"".join(stream_of([shared_document(row)]) for row in rows))
    to_parquet(part, output)
    found = pq.read_table(output)
    assert found.schema.equals(schema())
    one, worked, empty = found.to_pylist()
    assert one["published_at"] == rows[0].published_at
    assert one["rating"] == rows[0].rating.model_dump()
    assert one["aspects"] == [aspect.model_dump() for aspect in rows[0].aspects]
    assert worked["work"]["due"] == date(2026, 4, 1)
    assert "owner" not in worked["work"]
    assert empty["sentiment"] is None
    assert empty["topics"] == []


# going on


def killed_export(data, output, *options):
    """Kill an export when part of it is written down."""
    with subprocess.Popen(
        command("export", "*", "--output", output, "--data", data, *options), env=environment()
    ) as process:
        state = output.with_name(f"{output.name}.partial.json")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if state.exists() and json.loads(state.read_text())["rows"]:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        return process.wait() == -signal.SIGKILL


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("viele") / "data"
    store = open_store(None, folder)
    store.upsert(make_mentions(12 * BATCH))
    store.close()
    return folder


@pytest.mark.slow
@pytest.mark.endurance
@pytest.mark.parametrize("options", [(), ("--format", "csv", "--excel"), ("--format", "parquet")])
def test_killed_export_ends_like_an_undisturbed_one(export, many, tmp_path, options):
    whole, output = tmp_path / "ganz", tmp_path / "stück"
    export("*", "--output", whole, "--data", many, *options)
    kills = 0
    while kills < 3 and killed_export(many, output, *options):
        kills += 1
    assert kills
    assert not output.exists()
    result = export("*", "--output", output, "--data", many, *options)
    assert result.returncode == 0
    assert "Weiter nach Beitrag" in result.stderr
    if "parquet" in options:
        assert pq.read_table(output).equals(pq.read_table(whole))
    else:
        assert output.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"ganz", "stück"}


def begun(output, data, query, mentions, torn=b""):
    """What an export killed after `mentions` leaves behind, with the beginning of a batch that was not marked."""
    store = open_store(None, data)
    location = store.describe()["location"]
    store.close()
    part = PartFile(
        output, {"layout": 1, "query": query, "store": location, "format": "ndjson"}, {"now": FIRST.isoformat()}
    )
    with part:
        part.write(Ndjson().batch(mentions), rows=len(mentions), last=mentions[-1].id if mentions else "")
    with part.part.open("ab") as stream:
        stream.write(torn)
    return part


def test_export_goes_on_where_it_was(export, data, mentions, tmp_path):
    rows = sorted(mentions, key=lambda mention: mention.id)
    output = tmp_path / "m.ndjson"
    begun(output, data, "*", rows[:12], torn=b'{"id": "halb')
    result = export("*", "--output", output, "--data", data)
    assert "Weiter nach Beitrag 12, begonnen am 2. März 2026, 10:00" in result.stderr
    assert output.read_bytes() == Ndjson().batch(rows)
    assert [path.name for path in tmp_path.iterdir()] == ["m.ndjson"]


def test_another_query_is_not_mixed_in(export, data, mentions, tmp_path):
    output = tmp_path / "m.ndjson"
    begun(output, data, "topic:app", [make_mention(999)])
    result = export("*", "--output", output, "--data", data)
    assert "Weiter" not in result.stderr
    assert output.read_bytes() == Ndjson().batch(sorted(mentions, key=lambda mention: mention.id))


def test_relative_dates_mean_what_they_meant_first(export, data, mentions, tmp_path):
    output = tmp_path / "m.ndjson"
    begun(output, data, "date:>now-1h", [])
    export("date:>now-1h", "--output", output, "--data", data)
    later = {mention.id for mention in mentions if mention.published_at > FIRST}
    assert {json.loads(line)["id"] for line in output.read_text(encoding="utf-8").splitlines()} >= later


def test_two_exports_into_one_file_are_refused(data, tmp_path):
    output = tmp_path / "m.ndjson"
    with PartFile(output, {}, {}):
        result = brandmelder("export", "*", "--output", output, "--data", data)
    assert result.returncode == 2
    assert "anderer Export" in result.stderr


def test_unwritable_places_are_one_sentence(export, data, tmp_path):
    (tmp_path / "datei").write_text("")
    for output in (tmp_path, tmp_path / "datei" / "m.csv"):
        result = export("*", "--output", output, "--data", data)
        assert result.returncode == 2
        assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.elastic
def test_elasticsearch_gives_the_same_file(
    export, monkeypatch, elasticsearch_url, emptied_elastic_prefix, data, mentions, tmp_path
):
    store = open_store(elasticsearch_url, tmp_path, prefix=emptied_elastic_prefix)
    store.upsert(mentions)
    store.close()
    monkeypatch.setenv("BRANDMELDER_ELASTIC_PREFIX", emptied_elastic_prefix)
    for name, options in (("a", ()), ("b", ("--store", elasticsearch_url))):
        output = tmp_path / name
        export("kornblume", "--format", "csv", "--output", output, "--data", data, *options)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
