"""Scoring and measuring texts from the command line, with the real model."""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.command_line import brandmelder, command, environment

pytestmark = pytest.mark.model

SENTENCES = (
    "Der Akku ist nach zwei Tagen kaputt gegangen, ich bin wirklich sauer.",
    "Super freundliche Beratung, ich komme gerne wieder!",
    "Die Filiale in der Gartenstraße öffnet um neun Uhr.",
    "Nie wieder! Drei Wochen gewartet und dann die falsche Größe.",
    "Alles bestens, schnelle Lieferung und tolle Verarbeitung.",
    "Weiß jemand, ob man das Gerät auch in Österreich nutzen kann?",
)


def write_rows(path, count):
    rows = [
        {"id": number, "text": f"{SENTENCES[number % 6]} ({number})", "channel": "forum"} for number in range(count)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read_rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_line_gets_one_line_in_order(tmp_path):
    source = tmp_path / "in.jsonl"
    lines = [
        json.dumps({"id": "a", "text": SENTENCES[0]}),
        "kein json",
        json.dumps({"id": "b", "text": 3}),
        json.dumps({"id": "c", "text": ""}),
        json.dumps({"id": "d", "text": SENTENCES[1], "title": "Toll", "channel": "review"}),
        '{"id": "e", "text": "halb \\ud83d ein Zeichen"}',
    ]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    output = tmp_path / "out.jsonl"
    result = brandmelder("score", "--input", source, "--output", output)
    rows = read_rows(output)
    assert result.returncode == 1
    assert "2 Zeilen" in result.stderr
    assert [row["id"] for row in rows] == ["a", None, "b", "c", "d", "e"]
    assert ["error" in row for row in rows] == [False, True, True, False, False, False]
    assert rows[0]["sentiment"] == "negative"
    assert rows[4]["sentiment"] == "positive"
    assert set(rows[0]) == {
        "id",
        "sentiment",
        "probabilities",
        "polarity",
        "confidence",
        "uncertain",
        "irony",
        "needs_answer",
        "language",
        "topics",
        "aspects",
    }
    assert sum(rows[0]["probabilities"].values()) == pytest.approx(1, abs=0.01)
    assert rows[0]["language"] == "de"


def test_profile_gives_topics_with_offsets_into_the_text(tmp_path):
    brandmelder("init", "Apfelhof", "--data", tmp_path)
    text = "Schönes Gerät. Die App stürzt seit dem Update ständig ab und die Anmeldung klappt nicht mehr."
    result = brandmelder(
        "score",
        "--input",
        "-",
        "--output",
        "-",
        "--brand",
        "apfelhof",
        "--data",
        tmp_path,
        input=json.dumps({"id": 1, "text": text}),
    )
    row = json.loads(result.stdout)
    assert "app" in row["topics"]
    aspects = [aspect for aspect in row["aspects"] if aspect["topic"] == "app"]
    said = {text[aspect["start"] : aspect["end"]].strip(): aspect["polarity"] for aspect in aspects}
    assert said["Die App stürzt seit dem Update ständig ab und die Anmeldung klappt nicht mehr."] < 0


@pytest.mark.endurance
def test_killed_scoring_goes_on_and_gives_the_same(tmp_path):
    source = write_rows(tmp_path / "in.jsonl", 400)
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    brandmelder("score", "--input", source, "--output", whole, timeout=600)
    partial = tmp_path / "out.jsonl.partial"
    with subprocess.Popen(
        command("score", "--input", source, "--output", output), env=environment(), stderr=subprocess.DEVNULL
    ) as process:
        while not (partial.exists() and partial.stat().st_size):
            time.sleep(0.05)
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    done = partial.read_bytes().count(b"\n")
    assert 0 < done < 400
    result = brandmelder("score", "--input", source, "--output", output, timeout=600)
    assert f"{done} Zeilen sind schon bewertet" in result.stderr
    assert read_rows(output) == read_rows(whole)
    assert not partial.exists()


def test_evaluate_prints_and_writes_figures(tmp_path):
    labels = ("negative", "positive", "neutral", "negative", "positive", None)
    source = tmp_path / "gold.jsonl"
    rows = [{"text": text, "label": label, "channel": "review"} for text, label in zip(SENTENCES, labels, strict=True)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    figures = tmp_path / "figures.json"
    result = brandmelder("evaluate", source, "--json", figures)
    assert result.returncode == 0, result.stderr
    assert "gold.jsonl" in result.stdout
    report = json.loads(figures.read_text(encoding="utf-8"))
    block = report["files"]["gold.jsonl"]
    assert block["n"] == 5
    assert block["skipped"] == 1
    assert block["accuracy"] >= 0.6
    assert {"macro_f1", "ece", "confusion"} <= set(block)
    assert report["channels"]["review"]["n"] == 5


def test_evaluate_names_the_line_of_a_fault(tmp_path):
    source = tmp_path / "gold.jsonl"
    source.write_text('{"text": "gut", "label": "positive"}\n{"text": "gut", "label": "super"}\n', encoding="utf-8")
    result = brandmelder("evaluate", source)
    assert result.returncode == 2
    assert "line 2" in result.stderr
    assert "Traceback" not in result.stderr
