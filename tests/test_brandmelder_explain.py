"""Why a text is read as it is, from the command line."""

import json

import pytest

from brandmelder import board
from brandmelder.commands.explaining import _print
from dashboard.explaining import NoExplanationError
from index.opening import open_store
from nlp.why import Explanation, SentenceReason, WordReason
from tests.command_line import brandmelder
from tests.factories import make_mention


@pytest.mark.model
def test_a_text_from_stdin_is_explained_as_json(tmp_path):
    text = "Der Monteur kam nie. Am Telefon war man aber freundlich 🙂."
    done = brandmelder("explain", "-", "--title", "Ärger", "--format", "json", "--data", tmp_path, input=text)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found) == {
        "text",
        "title",
        "sentiment",
        "confidence",
        "polarity",
        "sentences",
        "words",
        "negative",
        "positive",
        "complete",
    }
    assert (found["text"], found["title"], found["complete"]) == (text, "Ärger", True)
    words = [(found["title"] if word["in_title"] else text)[word["start"] : word["end"]] for word in found["words"]]
    assert words == ["Ärger", "Der", "Monteur", "kam", "nie", "Am", "Telefon", "war", "man", "aber", "freundlich", "🙂"]
    assert sum(one["contribution"] for one in found["sentences"]) == pytest.approx(found["polarity"], abs=5e-4)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.model
def test_a_stored_mention_is_explained_in_german(tmp_path):
    mention = make_mention(0, text="Das Zimmer war leider völlig verdreckt.", title="Urlaub")
    store = open_store(None, tmp_path)
    store.upsert([mention])
    store.close()
    done = brandmelder("explain", "--id", mention.id, "--data", tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("negativ (Sicherheit ")
    assert "Urlaub (Titel)" in done.stdout
    negative = done.stdout.split("Am stärksten ins Negative\n")[1].splitlines()[0]
    assert "verdreckt  (Polarität ohne das Wort: -0," in negative


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "entweder"),
        (("Text", "--id", "x"), "entweder"),
        (("--id", "x", "--title", "y"), "--title"),
        (("--id", "nirgends"), "Keine Erwähnung 'nirgends'"),
        (("Text",), "heads in"),
    ],
)
def test_a_wrong_call_is_one_sentence(tmp_path, arguments, expected):
    done = brandmelder("explain", *arguments, "--data", tmp_path, BRANDMELDER_MODEL=str(tmp_path / "weg"))
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_terminal_would_obey_is_not_printed(capfdbinary):
    text = "\x1b[31mrot\x07 und\u202e laut"
    word = WordReason(0, 8, False, -0.5, 0.25)
    _print(
        Explanation(
            "mixed", 0.5, -0.5, (SentenceReason(0, len(text), False, -0.5, -0.5),), (word,), (word,), (), False
        ),
        text,
        "",
    )
    said = capfdbinary.readouterr().out.decode()
    assert not set("\x1b\x07\u202e") & set(said)
    assert "gemischt" in said
    assert "-0,50  \ufffd[31mrot" in said
    assert "ohne das Wort: +0,25" in said
    assert "geht weiter" in said


def test_the_dashboard_is_told_why_there_is_no_model(monkeypatch, tmp_path):
    monkeypatch.setenv("BRANDMELDER_MODEL", str(tmp_path / "weg"))
    with pytest.raises(NoExplanationError, match="weg"):
        board.explainer()
