"""Training, saving, loading and scoring: mechanics on the tiny encoder, sense on the real one."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from nlp_small import small_files

from nlp import finetune
from nlp.adapter import load_adapter
from nlp.answers import Example, check, with_answers
from nlp.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nlp.e5_scorer import E5Scorer
from nlp.encoder import Encoder, revision_of
from nlp.evaluation import (
    accuracy_at,
    coverage_at,
    evaluate,
    expected_calibration_error,
    macro_f1,
    read_lines,
    render,
    wilson,
)
from nlp.evaluation_chart import save_picture
from nlp.head import LABELS, load_heads, save_heads
from nlp.loading import load_scorer
from nlp.quantised import WeightsError
from nlp.recipe import Recipe
from nlp.scorer import ScoringInput
from nlp.taxonomy import Taxonomy, Topic
from nlp.train import train

RECIPE = Recipe(layers=(1, 2), first_layer=1, epochs=40)
ROWS = [{"text": "gut gut gut", "label": "positive"}, {"text": "schlecht schlecht", "label": "negative"}]
TOPICS = Taxonomy(
    topics=(
        Topic(
            id="lieferung",
            label="Lieferung",
            description="Versand und Lieferung, Pünktlichkeit des Paketdienstes",
            examples=("Das Paket kam viel zu spät an.", "Blitzschnell geliefert."),
        ),
        Topic(
            id="akku",
            label="Akku",
            description="Laufzeit und Laden des Akkus",
            examples=("Nach zwei Stunden leer.", "Lädt sehr schnell."),
        ),
    )
)


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with two texts, in `data`, and the model trained on them, in `model`."""
    folder = tmp_path_factory.mktemp("trained")
    write_rows(folder / "data" / "train" / "own.jsonl", ROWS)
    train(folder / "data", folder / "model", **small(small_files(folder), folder))
    return folder


@pytest.fixture
def small_model(trained, tmp_path):
    """A model trained on two texts: its folder, a copy of the test's own, and the encoder with its adapter."""
    for part in ("data", "model"):
        shutil.copytree(trained / part, tmp_path / part)
    files = small_files(tmp_path)
    return tmp_path / "model", Encoder(files, layers=(1, 2), threads=1, adapter=load_adapter(tmp_path / "model"))


def small(files, folder):
    """Arguments of a training of the tiny encoder on nothing but the rows given."""
    return {"files": files, "recipe": RECIPE, "contrast_folder": folder / "none", "answers_folder": folder / "none"}


def test_a_model_may_read_texts_in_one_spelling(small_model):
    folder, as_written = small_model
    heads, adapter = load_heads(folder), load_adapter(folder)
    revision = revision_of(adapter, one_spelling=True)
    heads = replace(heads, config=heads.config.model_copy(update={"one_spelling": True, "encoder": revision}))
    with pytest.raises(WeightsError, match="another encoder"):
        E5Scorer(as_written, heads)
    files = small_files(folder.parent)
    scorer = E5Scorer(Encoder(files, layers=(1, 2), threads=1, adapter=adapter, one_spelling=True), heads)
    texts = ["gut schlecht", "GUT Schlecht!!!", "@laden guuut schlecht https://t.example/x"]
    one, *others = scorer.score([ScoringInput(text) for text in texts], taxonomy=Taxonomy())
    assert [item.probabilities for item in others] == [one.probabilities] * 2


def test_heads_of_two_texts_survive_saving_and_loading(small_model):
    folder, encoder = small_model
    first, again = (E5Scorer(encoder, load_heads(folder)) for _ in range(2))
    inputs = [ScoringInput("gut gut gut"), ScoringInput("schlecht schlecht")]
    scores = first.score(inputs, taxonomy=TOPICS)
    assert [item.sentiment for item in scores] == ["positive", "negative"]
    assert scores == again.score(inputs, taxonomy=TOPICS)
    assert first.revision == again.revision


def test_killed_training_goes_on_to_the_same_model(small_model, monkeypatch, tmp_path):
    folder, _ = small_model
    monkeypatch.setattr(finetune, "CHECKPOINT_STEPS", 7)
    arguments = small(small_files(tmp_path), tmp_path)

    def kill(title, done, _total):
        if title == "fine-tuning" and done >= 600:
            raise KeyboardInterrupt

    again = tmp_path / "again"
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "data", again, **arguments, progress=kill)
    with pytest.raises(WeightsError, match="other texts or with another recipe"):
        train(tmp_path / "data", again, **{**arguments, "recipe": RECIPE.model_copy(update={"rate": 0.1})})
    train(tmp_path / "data", again, **arguments)
    for name in ("adapter_model.safetensors", "heads.safetensors"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert not (again / "checkpoint.safetensors").exists()


def test_damaged_checkpoint_is_one_clear_error(tmp_path):
    write_checkpoint(tmp_path, Checkpoint({"a": np.zeros(3, dtype=np.float32)}, 5, "plan"))
    assert read_checkpoint(tmp_path, plan="plan").steps == 5
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half")
    with pytest.raises(WeightsError, match="delete it"):
        read_checkpoint(tmp_path, plan="plan")


def test_need_for_an_answer_is_learned_from_sentences_saved_and_refitted(small_model, tmp_path):
    folder, encoder = small_model
    assert E5Scorer(encoder, load_heads(folder)).score([ScoringInput("gut?")], taxonomy=TOPICS)[0].needs_answer is None
    own = [Example("gut schlecht gut", True), Example("gut gut gut", True), Example("schlecht schlecht", False)]
    vectors = np.stack([item.document for item in encoder.encode([item.text for item in own])])
    once = with_answers(load_heads(folder), own, vectors, [])
    again = with_answers(once, own, vectors, [vectors[2:], vectors[2:], vectors[:0]])
    assert once.weight.shape == again.weight.shape == (len(LABELS) + 2, encoder.width)
    assert np.array_equal(once.weight[:-1], load_heads(folder).weight)
    save_heads(once, tmp_path / "asking")
    scorer = E5Scorer(encoder, load_heads(tmp_path / "asking"))
    found = scorer.score([ScoringInput(item.text) for item in own], taxonomy=TOPICS)
    assert [item.needs_answer for item in found] == [True, True, False]
    assert check(once, own, vectors) == {"n": 3, "accuracy": 1, "precision": 1, "recall": 1, "threshold": 0.5}
    alone = with_answers(load_heads(folder), own[:2], vectors[:2], [])
    assert alone.config.answer_threshold is None


def test_adapter_changes_what_it_says_and_only_fits_its_encoder(small_model, tmp_path):
    folder, _ = small_model
    adapter = load_adapter(folder)
    files = small_files(tmp_path)
    plain, tuned = (Encoder(files, layers=(1, 2), threads=1, adapter=one, trainable=True) for one in (None, adapter))
    module = "encoder.layer.0.attention.self.query"
    a, b = adapter.factors[module]
    difference = np.subtract(*(one.network.model.get_submodule(module).weight.numpy() for one in (tuned, plain)))
    assert np.allclose(difference, adapter.scale * b @ a, atol=1e-6)
    assert np.abs(difference).max() > 0
    wide = {module: (np.zeros((2, 5), dtype=np.float32), b)}
    with pytest.raises(WeightsError, match="doesn't fit"):
        Encoder(files, threads=1, adapter=replace(adapter, factors=wide))


@pytest.mark.parametrize("asks", [False, True])
def test_training_goes_on_from_another_model(small_model, asks, tmp_path):
    folder, encoder = small_model
    if asks:
        vectors = np.stack([item.document for item in encoder.encode(["gut?", "schlecht"])])
        own = [Example("gut?", True), Example("schlecht", False)]
        save_heads(with_answers(load_heads(folder), own, vectors, []), folder)
    arguments = small(small_files(tmp_path), tmp_path)
    still = RECIPE.model_copy(update={"rate": 1e-12, "head_rate": 1e-12, "decay": 0.0})
    facts = train(tmp_path / "data", tmp_path / "on", **arguments | {"recipe": still}, start=folder)
    assert facts["start"] == load_heads(folder).revision
    before, after = (load_adapter(place).factors for place in (folder, tmp_path / "on"))
    assert before.keys() == after.keys()
    for module, factors in before.items():
        for one, other in zip(factors, after[module], strict=True):
            assert np.allclose(one, other, atol=1e-3)
    assert np.allclose(*(load_heads(place).weight[:4] for place in (folder, tmp_path / "on")), atol=1e-6)
    narrower = RECIPE.model_copy(update={"rank": RECIPE.rank - 1})
    with pytest.raises(WeightsError, match="a higher rank"):
        train(tmp_path / "data", tmp_path / "narrow", **arguments | {"recipe": narrower}, start=folder)


def test_a_model_that_learned_from_noncommercial_texts_says_so_and_so_do_its_heirs(small_model, tmp_path):
    folder, _ = small_model
    assert load_heads(folder).config.name == "brandmelder-e5"
    arguments = small(small_files(tmp_path), tmp_path)
    train(tmp_path / "data", tmp_path / "all", **arguments, commercial_only=False)
    facts = train(tmp_path / "data", tmp_path / "heir", **arguments, start=tmp_path / "all")
    assert facts["commercial_only"] is False
    for place in ("all", "heir"):
        assert load_heads(tmp_path / place).config.name == "brandmelder-e5-noncommercial"


def test_training_goes_on_with_a_higher_rank_and_another_spelling(small_model, tmp_path):
    folder, _ = small_model
    recipe = RECIPE.model_copy(update={"rank": RECIPE.rank + 1, "rate": 1e-12, "decay": 0.0, "one_spelling": True})
    arguments = small(small_files(tmp_path), tmp_path) | {"recipe": recipe}
    train(tmp_path / "data", tmp_path / "wide", **arguments, start=folder)
    before, after = (load_adapter(place).factors for place in (folder, tmp_path / "wide"))
    for module, (a, b) in after.items():
        assert np.allclose(b @ a, before[module][1] @ before[module][0], atol=1e-3)
    config = load_heads(tmp_path / "wide").config
    assert (config.one_spelling, "canonical" in config.encoder) == (True, True)


def test_training_without_rows_is_a_clear_error(tmp_path):
    with pytest.raises(ValueError, match="no labelled rows"):
        train(tmp_path, tmp_path / "model", files=small_files(tmp_path))


def test_training_names_the_broken_line(tmp_path):
    write_rows(tmp_path / "train" / "own.jsonl", [{"text": "gut", "label": "positive"}, {"label": "negative"}])
    with pytest.raises(ValueError, match=r"own\.jsonl, line 2"):
        train(tmp_path, tmp_path / "model", files=small_files(tmp_path))


@pytest.mark.parametrize("text", ["", " \n", "😀", "\x00\x07", "\ud800", "gut " * 50_000, "шум מלל gut 中文"])
def test_any_text_gets_sound_scores(small_model, text):
    folder, encoder = small_model
    (found,) = E5Scorer(encoder, load_heads(folder)).score([ScoringInput(text, title="x")], taxonomy=TOPICS)
    assert set(found.probabilities) == set(LABELS)
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=3e-4)
    assert -1 <= found.polarity <= 1
    assert found.confidence == found.probabilities[found.sentiment] == max(found.probabilities.values())
    for aspect in found.aspects:
        assert 0 <= aspect.start < aspect.end <= len(text)


@pytest.mark.parametrize("name", ["config.json", "heads.safetensors"])
def test_broken_heads_are_one_clear_error(small_model, name):
    folder, _ = small_model
    whole = (folder / name).read_bytes()
    for data in (b"", whole[: len(whole) // 2], b"\xff" * 200):
        (folder / name).write_bytes(data)
        with pytest.raises(WeightsError, match="can't be read"):
            load_heads(folder)


def test_heads_of_another_encoder_are_refused(small_model):
    folder, encoder = small_model
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "encoder": "other"}))
    with pytest.raises(WeightsError, match="another encoder"):
        E5Scorer(encoder, load_heads(folder))


def test_figures_of_evaluation_follow_their_formulas():
    gold, found = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 3])
    assert macro_f1(gold, found) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    gap = expected_calibration_error(np.array([0.9, 0.9, 0.5, 1.0]), np.array([True, False, True, True]))
    assert gap == pytest.approx(0.5 * 0.4 + 0.25 * 0.5)
    sure, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert coverage_at(sure, right, 0.9) == 0.5
    assert coverage_at(sure, right, 0.75) == 1
    assert coverage_at(sure[::-1], ~right, 0.9) == 0
    # Rows of one confidence are kept or left out together.
    assert coverage_at(np.array([0.9, 0.9]), np.array([True, False]), 0.9) == 0
    assert (accuracy_at(sure, right, 0.5), accuracy_at(sure, right, 0.75)) == (1, pytest.approx(2 / 3))
    assert wilson(0, 0) is None
    assert wilson(5, 10) == pytest.approx([0.2366, 0.7634], abs=1e-3)


def test_evaluation_counts_files_channels_and_skipped_rows(small_model):
    folder, encoder = small_model
    lines = [
        json.dumps({"text": "gut gut gut", "label": "positive", "channel": "review"}),
        json.dumps({"text": "schlecht schlecht", "label": "positive", "channel": "forum"}),
        json.dumps({"text": "schlecht schlecht schlecht", "label": "mixed", "channel": "blog"}),
        json.dumps({"text": "der", "label": None}),
        "",
    ]
    report = evaluate({"own": read_lines(lines, "own")}, E5Scorer(encoder, load_heads(folder)))
    own = report["files"]["own"]
    assert (own["n"], own["skipped"], own["accuracy"]) == (3, 1, 0.3333)
    assert own["without_mixed"] == {"n": 2, "accuracy": 0.5, "macro_f1": 0.6667}
    assert own["confusion"]["positive"] == {"negative": 1, "neutral": 0, "positive": 1, "mixed": 0}
    assert report["channels"]["review"]["accuracy"] == 1
    assert sum(found["n"] for found in own["bins"]) == 3
    assert own["curve"][-1] == {"coverage": 1.0, "accuracy": 0.3333}
    assert report["channels"]["forum"]["accuracy"] == 0
    assert report["channels"]["blog"]["without_mixed"] == {"n": 0, "accuracy": None, "macro_f1": None}
    assert own["held_out"] is None
    assert "own" in render(report)
    json.dumps(report)


def test_figures_become_a_picture(small_model, tmp_path):
    folder, encoder = small_model
    rows = [{"text": f"gut {n} <b>", "label": label} for n, label in enumerate(["positive", "negative", "neutral"] * 4)]
    report = evaluate({"eigene & <andere>.jsonl": rows, "leer": []}, E5Scorer(encoder, load_heads(folder)))
    save_picture(report, tmp_path / "figuren.svg")
    drawn = (tmp_path / "figuren.svg").read_text(encoding="utf-8")
    assert all(title in drawn for title in ("Calibration", "95 % interval", "eigene &amp; &lt;andere&gt;.jsonl"))
    assert "leer" not in drawn
    save_picture(report, tmp_path / "figuren.png")
    assert (tmp_path / "figuren.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="nothing to draw"):
        save_picture(evaluate({"leer": []}, E5Scorer(encoder, load_heads(folder))), tmp_path / "leer.svg")


@pytest.mark.parametrize("line", ["{", "[]", '{"label": "positive"}', '{"text": "a", "label": "prima"}'])
def test_evaluation_names_the_broken_line(line):
    with pytest.raises(ValueError, match="own, line 1"):
        list(read_lines([line], "own"))


@pytest.fixture(scope="module")
def real():
    return load_scorer(threads=1)


@pytest.mark.model
def test_plain_opinions_are_understood(real):
    texts = {
        "Das Paket kam eine Woche zu spät und die Hotline hat mich dreimal abgewimmelt.": "negative",
        "Ich bin rundum begeistert, schnell geliefert und der Akku hält ewig!": "positive",
        "so ein mist, das gerät ist schon wieder kaputt": "negative",
        "Nicht schlecht, das Teil!": "positive",
    }
    found = real.score([ScoringInput(text, channel="review") for text in texts], taxonomy=TOPICS)
    assert {text: item.sentiment for text, item in zip(texts, found, strict=True)} == texts


@pytest.mark.model
def test_aspects_are_exact_sentences_with_their_own_polarity(real):
    text = "Die Lieferung war superschnell. Leider ist der Akku nach einer Stunde leer, sehr ärgerlich!"
    (found,) = real.score([ScoringInput(text, title="Meine Erfahrung", channel="review")], taxonomy=TOPICS)
    aspects = {aspect.topic: aspect for aspect in found.aspects}
    assert text[aspects["lieferung"].start : aspects["lieferung"].end] == "Die Lieferung war superschnell."
    assert text[aspects["akku"].start : aspects["akku"].end].startswith("Leider ist der Akku")
    assert aspects["lieferung"].polarity > 0 > aspects["akku"].polarity
    assert set(found.topics) == {"lieferung", "akku"}


@pytest.mark.model
def test_scores_do_not_depend_on_the_batch(real):
    texts = ["Geht so.", "Der Fahrer war nett! " * 60, "", "kaputt", "Wann kommt die neue Version?", "top 👍"]
    inputs = [ScoringInput(text, channel="forum") for text in texts]
    together, backwards = real.score(inputs, taxonomy=TOPICS), real.score(inputs[::-1], taxonomy=TOPICS)[::-1]
    alone = [real.score([item], taxonomy=TOPICS)[0] for item in inputs]
    for one, other, single in zip(together, backwards, alone, strict=True):
        assert one.sentiment == other.sentiment == single.sentiment
        assert one.topics == single.topics
        for label in LABELS:
            assert one.probabilities[label] == pytest.approx(single.probabilities[label], abs=2e-4)
            assert one.probabilities[label] == pytest.approx(other.probabilities[label], abs=2e-4)
