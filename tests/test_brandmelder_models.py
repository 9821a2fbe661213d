"""The models that ship: found by their names, complete, and each says what it may be used for."""

import json

import pytest

from brandmelder.settings import Settings
from nlp.head import NAME, NONCOMMERCIAL, load_heads
from nlp.loading import MODELS, check_model, shipped
from tests.command_line import brandmelder

LICENCES = {"e5": ("apache-2.0", NAME), "e5-noncommercial": ("cc-by-nc-4.0", NONCOMMERCIAL)}


def test_every_shipped_model_is_complete_and_its_card_names_licence_and_figures():
    assert {folder.name for folder in MODELS.iterdir() if folder.is_dir()} == set(LICENCES)
    for name, (licence, mark) in LICENCES.items():
        folder = shipped(name)
        assert check_model(folder) is None
        heads = load_heads(folder)
        assert heads.config.name == mark
        assert heads.config.training["commercial_only"] is (mark == NAME)
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert f"license: {licence}\n" in card
        for part in ("## Trained on", "## Figures", "## Limits"):
            assert part in card


@pytest.mark.parametrize("name", ["", ".", "..", "e6", "e5/../e5", "../models/e5", "oliverguhr/german-sentiment-bert"])
def test_no_other_name_is_a_shipped_model(name):
    assert shipped(name) is None
    assert Settings(model=name).model == name


def test_a_shipped_models_name_means_its_folder(monkeypatch):
    monkeypatch.setenv("BRANDMELDER_MODEL", "e5-noncommercial")
    assert Settings().model == str(MODELS / "e5-noncommercial")


@pytest.mark.model
def test_who_scores_with_the_noncommercial_model_is_told_so(tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": "1", "text": "Die Beratung war herzlich und geduldig, vielen Dank!"}) + "\n")
    done = brandmelder("score", "--input", source, "--output", output, BRANDMELDER_MODEL="e5-noncommercial")
    assert done.returncode == 0, done.stderr
    assert "kommerziellen Gebrauch" in done.stderr
    assert json.loads(output.read_text())["sentiment"] == "positive"
