"""Any Hugging Face sequence-classification checkpoint as a scorer: on a tiny random one that is built here."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from socket import socket
from threading import Thread

import numpy as np
import pytest
from checkpoint_small import small_scorer, write_checkpoint, write_tokenizer
from command_line import brandmelder, environment

from brandmelder import board
from dashboard.explaining import NoExplanationError
from nlp.cleaning import clean
from nlp.evaluation import evaluate
from nlp.head import LABELS
from nlp.huggingface_files import checkpoint_files, is_checkpoint
from nlp.huggingface_labels import map_labels
from nlp.huggingface_scorer import HuggingFaceScorer
from nlp.loading import DEFAULT, check_model
from nlp.quantised import WeightsError
from nlp.scorer import Embedder, ScoringInput
from nlp.taxonomy import Taxonomy, Topic

TOPICS = Taxonomy(
    topics=(
        Topic(id="deckel", label="Deckel", description="Deckel und Scharnier", examples=("Der Deckel klemmt.",)),
        Topic(id="laden", label="Laden", description="Bedienung im Laden", examples=("An der Kasse war es nett.",)),
    )
)
TEXTS = [
    "Der Toaster ist schlecht. Und der Deckel klemmt!",
    "gut",
    "Der Deckel ist gut, @laden ist schlecht: https://laden.example/x",
    "NIE WIEDER DIESER TOASTER!",
    "der Deckel " * 30,
    "[SEP] gut [PAD]",
    "Ja! Nein? Doch.",
    "\ud800 schlecht \x00 und gut 😀",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("hf") / "klein")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return small_scorer(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def scorer(folder, own):
    return scorer_of(folder, own)


def scorer_of(folder, own, given=""):
    files = checkpoint_files(folder)
    return HuggingFaceScorer(files, files.labels(given), own)


def outputs(folder, text):
    """What transformers itself says of one short text: probabilities by the checkpoint's labels."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.inference_mode():
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
    return dict(zip(model.config.id2label.values(), torch.softmax(logits, dim=-1).tolist(), strict=True))


@pytest.mark.parametrize(
    ("names", "expected", "guessed"),
    [
        (["positive", "negative", "neutral"], "positive negative neutral", False),
        (["NEG", "Pos"], "negative positive", False),
        (["Negativ", "sehr positiv", "Neutral", "gemischt"], "negative positive neutral mixed", False),
        (["very_negative", "Very-Positive"], "negative positive", False),
        (["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], "negative negative neutral positive positive", False),
        (["5 Sterne", "1 Stern", "2 Sterne", "3 Sterne", "4 Sterne"], "positive negative negative neutral positive", 0),
        (["LABEL_0", "LABEL_1", "LABEL_2"], "negative neutral positive", True),
        (["label_1", "label_0"], "positive negative", True),
        (["1", "2", "3", "4", "5"], "negative negative neutral positive positive", True),
        (["1", "-1", "0"], "positive negative neutral", False),
    ],
)
def test_labels_are_known_by_their_usual_names(names, expected, guessed):
    found = map_labels(names)
    assert (list(found.ours), found.guessed) == (expected.split(), bool(guessed))


def test_the_setting_says_what_labels_mean():
    names = ["Lob", "Kritik", "LABEL_2"]
    found = map_labels(names, " lob = positive, Kritik=negativ ,2=neutral,")
    assert (found.ours, found.guessed) == (("positive", "negative", "neutral"), False)
    assert map_labels(["LABEL_0", "LABEL_1"], "LABEL_0=positive,LABEL_1=negative").ours == ("positive", "negative")
    # A name goes before a number.
    assert map_labels(["1", "0"], "0=positive,1=negative").ours == ("negative", "positive")


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (["joy", "anger"], ""),
        (["positive", "anger"], ""),
        (["1 star", "2 stars", "3 stars"], ""),
        ([f"LABEL_{n}" for n in range(4)], ""),
        (["LABEL_0"], ""),
        (["Lob", "Kritik"], "Lob=positive"),
        (["Lob", "Kritik"], "Lob=positive,Tadel=negative"),
        (["Lob", "Kritik"], "Lob=super,Kritik=negative"),
        (["Lob", "Kritik"], "Lob=positive,Kritik=positive"),
        (["positive", "negative"], "egal"),
    ],
)
def test_labels_that_nobody_knows_are_named_with_the_setting(names, given):
    with pytest.raises(WeightsError, match="BRANDMELDER_MODEL_LABELS=") as caught:
        map_labels(names, given)
    assert all(name in str(caught.value) for name in names)


def test_probabilities_are_those_of_transformers_under_our_names(scorer, folder):
    texts = ["gut", "Der Toaster ist schlecht.", "Und der Deckel?"]
    for text, found in zip(texts, scorer.score([ScoringInput(text) for text in texts], taxonomy=TOPICS), strict=True):
        expected = {**outputs(folder, text), "mixed": 0.0}
        assert found.probabilities == pytest.approx(expected, abs=1e-4)
        assert found.sentiment == max(expected, key=expected.get)
        assert found.confidence == found.probabilities[found.sentiment]
        assert found.polarity == pytest.approx(expected["positive"] - expected["negative"], abs=2e-4)


def test_labels_that_mean_the_same_add_up(tmp_path, own):
    folder = write_checkpoint(tmp_path / "sterne", ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"))
    (found,) = scorer_of(folder, own).score([ScoringInput("gut gut schlecht")], taxonomy=TOPICS)
    stars = list(outputs(folder, "gut gut schlecht").values())
    expected = {"negative": stars[0] + stars[1], "neutral": stars[2], "positive": stars[3] + stars[4], "mixed": 0}
    assert found.probabilities == pytest.approx(expected, abs=1e-4)


def test_labels_that_are_judged_apart_are_weighed_against_each_other(tmp_path, own):
    folder = write_checkpoint(tmp_path / "apart", ("negative", "positive"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "problem_type": "multi_label_classification"}))
    (found,) = scorer_of(folder, own).score([ScoringInput("gut")], taxonomy=TOPICS)
    softmaxed = outputs(folder, "gut")
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=2e-4)
    assert found.sentiment == max(softmaxed, key=softmaxed.get)
    assert found.probabilities["positive"] != pytest.approx(softmaxed["positive"], abs=1e-3)


def test_topics_and_flags_come_from_our_own_model(scorer, own, folder):
    inputs = [ScoringInput("Der Deckel ist gut. Und der Toaster?", title="Mein Toaster")]
    (found,), (known,) = scorer.score(inputs, taxonomy=TOPICS), own.score(inputs, taxonomy=TOPICS)
    assert (found.topics, found.irony, found.needs_answer, found.language) == (
        known.topics,
        known.irony,
        known.needs_answer,
        known.language,
    )
    assert found.topics
    for aspect, other in zip(found.aspects, known.aspects, strict=True):
        assert (aspect.topic, aspect.probability, aspect.start, aspect.end) == (
            other.topic,
            other.probability,
            other.start,
            other.end,
        )
        expected = outputs(folder, clean(inputs[0].text[aspect.start : aspect.end]))
        assert aspect.polarity == pytest.approx(expected["positive"] - expected["negative"], abs=2e-4)
    (plain,) = scorer.score([ScoringInput("Der Deckel ist gut. Und der Toaster?")], taxonomy=TOPICS)
    assert plain.probabilities != found.probabilities


def test_doubt_is_told_by_the_bound_of_our_own_model(scorer, own):
    found = scorer.score([ScoringInput(text) for text in TEXTS], taxonomy=TOPICS)
    bound = own.heads.config.certain
    assert [one.uncertain for one in found] == [one.confidence < bound or bool(one.irony) for one in found]
    assert {one.uncertain for one in found} == {True, False}


def test_scores_keep_their_order_and_hardly_depend_on_the_batch(scorer):
    inputs = [ScoringInput(text) for text in TEXTS] * 3
    together = scorer.score(inputs, taxonomy=TOPICS)
    assert together == scorer.score(inputs, taxonomy=TOPICS)
    order = list(range(len(inputs)))
    Random(3).shuffle(order)
    shuffled = scorer.score([inputs[place] for place in order], taxonomy=TOPICS)
    for place, one in zip(order, shuffled, strict=True):
        assert one.probabilities == pytest.approx(together[place].probabilities, abs=2e-4)
    for item, one in list(zip(inputs, together, strict=True))[: len(TEXTS)]:
        (alone,) = scorer.score([item], taxonomy=TOPICS)
        assert alone.probabilities == pytest.approx(one.probabilities, abs=2e-4)
        assert [aspect.polarity for aspect in alone.aspects] == pytest.approx(
            [aspect.polarity for aspect in one.aspects], abs=4e-4
        )


def test_what_a_text_calls_a_special_token_is_words(scorer):
    classifier = scorer._classifier
    (window,) = classifier._windows(["[SEP] gut [PAD]"])
    assert window.fields["input_ids"].count(3) == 1
    assert window.words == window.tokens - 2 > 7


def test_long_texts_are_read_in_windows_that_count_by_their_tokens(scorer, folder):
    classifier = scorer._classifier
    text = "der Deckel und gut schlecht " * 30
    windows = list(classifier._windows([text]))
    assert len(windows) == 4
    assert all(window.tokens <= 39 for window in windows)
    (found,) = classifier.probabilities([text])
    parts = [classifier._forward([window])[0] for window in windows]
    assert np.allclose(found, np.average(parts, axis=0, weights=[window.words for window in windows]), atol=1e-5)


def test_batches_hold_little_padding_and_are_bounded(scorer):
    classifier = scorer._classifier
    random = Random(7)
    windows = sorted(
        classifier._windows(["gut " * random.randint(1, 40) for _ in range(500)]), key=lambda window: window.tokens
    )
    batches = list(classifier._batches(windows))
    assert [window for batch in batches for window in batch] == windows
    padded = sum(len(batch) * batch[-1].tokens for batch in batches)
    assert padded <= 1.15 * sum(window.tokens for window in windows)
    assert max(len(batch) * batch[-1].tokens for batch in batches) <= 2048
    assert len(batches) < 40


@pytest.mark.parametrize("text", ["", " \n", "\u200b\x00", "😀", "\ud800", "gut " * 25_000, "x" * 100_000, "שלום 中文"])
def test_any_text_gets_sound_scores(scorer, text):
    (found,) = scorer.score([ScoringInput(text)], taxonomy=TOPICS)
    assert list(found.probabilities) == list(LABELS)
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=3e-4)
    assert found.confidence == found.probabilities[found.sentiment] == max(found.probabilities.values())
    if not clean(text):
        assert (found.sentiment, found.uncertain, found.polarity, found.aspects) == ("neutral", True, 0.0, ())


def test_no_texts_are_no_scores(scorer):
    assert scorer.score([], taxonomy=TOPICS) == []


def test_relevance_learns_from_our_own_vectors(scorer, own):
    assert isinstance(scorer, Embedder)
    assert np.array_equal(scorer.vectors(["gut", "schlecht"]), own.vectors(["gut", "schlecht"]))


def test_revision_changes_with_weights_and_with_what_labels_mean(folder, own, tmp_path, scorer):
    again = write_checkpoint(tmp_path / "umbenannt")
    assert scorer_of(again, own).revision == scorer.revision
    other = write_checkpoint(tmp_path / "anders", seed=2)
    turned = "positive=negative,negative=positive"
    revisions = {scorer.revision, scorer_of(other, own).revision, scorer_of(folder, own, turned).revision}
    assert len(revisions) == 3
    assert own.revision in scorer.revision
    (again / "notizen.txt").write_text("liegt nur daneben")
    assert scorer_of(again, own).revision == scorer.revision


def test_code_and_pickles_beside_the_weights_are_never_looked_at(tmp_path, own, folder):
    trap = write_checkpoint(tmp_path / "falle")
    sign = tmp_path / "ausgeführt"
    pickled = b"cos\nsystem\n(S'touch " + str(sign).encode() + b"'\ntR."
    for name in ("pytorch_model.bin", ".metadata", "training_args.bin", "__0_0.distcp"):
        (trap / name).write_bytes(pickled)
    (trap / "modeling_own.py").write_text(f"open({str(sign)!r}, 'w')\n")
    (trap / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder), "peft_type": "LORA"}))
    config = json.loads((trap / "config.json").read_text())
    code = {"auto_map": {"AutoModelForSequenceClassification": "modeling_own.Own", "AutoConfig": "modeling_own.Own"}}
    (trap / "config.json").write_text(json.dumps({**config, **code}))
    assert scorer_of(trap, own).score([ScoringInput("gut")], taxonomy=TOPICS)
    assert not sign.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("keep", [0, 0.5])
def test_a_damaged_checkpoint_is_one_clear_error(tmp_path, own, name, keep):
    folder = write_checkpoint(tmp_path / "halb")
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(WeightsError, match="halb"):
        scorer_of(folder, own)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_missing_part_is_named(tmp_path, name):
    folder = write_checkpoint(tmp_path / "ohne")
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=r"ohne.*(safetensors|tokenizer)"):
        checkpoint_files(folder)


def test_a_pickled_checkpoint_is_refused_with_what_to_do(tmp_path):
    folder = write_checkpoint(tmp_path / "alt")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert is_checkpoint(folder)
    with pytest.raises(WeightsError, match=r"pickle.*safetensors"):
        checkpoint_files(folder)


def test_a_model_that_never_learned_to_judge_texts_is_refused(tmp_path, own):
    folder = write_checkpoint(tmp_path / "roh")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertForMaskedLM"]}))
    with pytest.raises(WeightsError, match="BertForMaskedLM"):
        checkpoint_files(folder)
    (folder / "config.json").write_text(json.dumps(config))
    from safetensors.numpy import load_file, save_file

    tensors = {name: values for name, values in load_file(folder / "model.safetensors").items() if "class" not in name}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match=r"roh lacks the weights classifier"):
        scorer_of(folder, own)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id2label": {"0": "positive", "2": "negative"}}, "id2label"),
        ({"id2label": ["positive"]}, "id2label"),
        ({"id2label": {"0": "joy", "1": "anger", "2": "fear"}}, "joy, anger, fear"),
        ({"model_type": "nirgends-beschrieben"}, "klein"),
        ({"hidden_size": "breit"}, "klein"),
        ({"hidden_size": 24}, "klein"),
        ({"vocab_size": 20}, "klein"),
    ],
)
def test_a_config_that_does_not_fit_is_one_clear_error(tmp_path, own, change, expected):
    folder = write_checkpoint(tmp_path / "klein")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(WeightsError, match=expected):
        scorer_of(folder, own)


def test_weights_that_are_no_numbers_are_refused(tmp_path, own):
    from safetensors.numpy import load_file, save_file

    folder = write_checkpoint(tmp_path / "leer")
    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.bias"][0] = np.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match="leer are damaged"):
        scorer_of(folder, own)


def test_a_tokenizer_with_more_words_than_the_model_is_refused(tmp_path, own):
    folder = write_checkpoint(tmp_path / "fremd")
    write_tokenizer(folder)
    data = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = data["model"]["vocab"]
    vocabulary |= {f"wort{n}": len(vocabulary) + n for n in range(5)}
    (folder / "tokenizer.json").write_text(json.dumps(data))
    with pytest.raises(WeightsError, match="word vectors"):
        scorer_of(folder, own)


def test_two_labels_without_names_are_not_written_down_but_known(tmp_path):
    folder = write_checkpoint(tmp_path / "zwei", ("LABEL_0", "LABEL_1"))
    found = checkpoint_files(folder).labels()
    assert (found.ours, found.guessed) == (("negative", "positive"), True)


def test_our_own_models_and_checkpoints_are_told_apart(folder, tmp_path):
    (tmp_path / "datei").write_text("")
    names = {None: False, DEFAULT: False, folder: True, str(folder): True, "oliverguhr/german-sentiment-bert": True}
    names |= {"eigener/name@v1.0": True, tmp_path / "nirgends": False, "./nirgends": False, "a/b/c": False}
    assert {name: is_checkpoint(name) for name in names} == names


def test_the_check_needs_neither_torch_nor_transformers(folder):
    code = (
        "import sys; from nlp.loading import check_model; print(check_model(sys.argv[1])); "
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == "positive=positive, negative=negative, neutral=neutral\nset()\n"
    assert check_model() is None


@pytest.fixture
def cached(folder, tmp_path):
    """Hugging Face's cache folder with the checkpoint under a name and two versions."""
    place = tmp_path / "cache" / "hub" / "models--eigene--kleines-modell"
    commit = "c0ffee" + "0" * 34
    (place / "snapshots").mkdir(parents=True)
    (place / "snapshots" / commit).symlink_to(folder, target_is_directory=True)
    (place / "refs").mkdir()
    for version in ("main", "v1"):
        (place / "refs" / version).write_text(commit)
    return tmp_path / "cache"


def test_evaluation_measures_a_checkpoint(scorer):
    rows = [{"text": "gut", "label": "positive"}, {"text": "Der Deckel klemmt!", "label": "negative"}]
    report = evaluate({"eigene": rows}, scorer)
    assert (report["scorer"], report["revision"], report["all"]["n"]) == ("klein", scorer.revision, 2)


@pytest.mark.model
def test_a_cached_name_scores_from_the_command_line(cached, tmp_path):
    rows = [{"id": n, "text": text} for n, text in enumerate(["Alles gut!", "", "schlecht"])]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"BRANDMELDER_MODEL": "eigene/kleines-modell@v1", "HF_HOME": str(cached)}
    call = ("score", "--input", tmp_path / "in.jsonl", "--output", "-", "--data", tmp_path)
    done = brandmelder(*call, timeout=300, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in found] == [0, 1, 2]
    assert [row["probabilities"]["mixed"] for row in found] == [0.0, 0.25, 0.0]


def test_doctor_says_how_labels_are_read(cached, tmp_path):
    settings = {"BRANDMELDER_MODEL": "eigene/kleines-modell", "HF_HOME": str(cached)}
    done = brandmelder("doctor", "--format", "json", "--data", tmp_path, **settings)
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["part"] == "model"]
    assert (check["state"], "neutral=neutral" in check["message"]) == ("ok", True)


def test_nobody_explains_what_another_model_says(folder, monkeypatch):
    monkeypatch.setenv("BRANDMELDER_MODEL", str(folder))
    with pytest.raises(NoExplanationError, match=r"klein.*lässt sich nicht zeigen"):
        board.explainer()


def test_a_name_that_is_not_there_is_one_sentence_with_what_to_do(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "gut"}\n')
    settings = {"BRANDMELDER_MODEL": "eigene/fehlt", "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    done = brandmelder("score", "--input", tmp_path / "in.jsonl", "--output", "-", "--data", tmp_path, **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(part in done.stderr for part in ("eigene/fehlt", "HF_HUB_OFFLINE=0", "BRANDMELDER_MODEL"))
    assert "Traceback" not in done.stderr


@contextmanager
def hub(folder: Path, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A hub on loopback with one repository; gives its address and the paths that were asked for."""
    commit = "c0ffee" + "0" * 34
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(with_body=False)

        def do_GET(self):
            self.answer(with_body=True)

        def answer(self, *, with_body):
            path = self.path.split("?")[0]
            asked.append(path)
            name = path.rpartition("/")[2]
            if path.startswith("/api/models/eigene/modell/tree/"):
                files = [{"type": "file", "path": p.name, "size": p.stat().st_size, "oid": p.name} for p in listed]
                body = json.dumps(files).encode()
            elif path.startswith("/api/models/eigene/modell"):
                body = json.dumps({"id": "eigene/modell", "sha": commit, "siblings": []}).encode()
            else:
                body = (folder / name).read_bytes() if (folder / name).exists() else b""
            self.send_response(status if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{name}"')
            self.send_header("X-Repo-Commit", commit)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format, *arguments):
            pass

    listed = sorted(folder.iterdir())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetched(address: str, cache: Path, name: str = "eigene/modell") -> str:
    """What a process of its own says of a model's files."""
    code = (
        "import sys\nfrom nlp.huggingface_files import checkpoint_files\nfrom nlp.quantised import WeightsError\n"
        "try:\n    print(*[path.name for path in checkpoint_files(sys.argv[1]).paths()])\n"
        "except WeightsError as error:\n    print(error)"
    )
    settings = environment(HF_ENDPOINT=address, HF_HUB_OFFLINE="0", HF_HOME=str(cache), HF_HUB_DISABLE_XET="1")
    done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, env=settings, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_name_is_fetched_without_what_could_hold_code(tmp_path):
    folder = write_checkpoint(tmp_path / "dort")
    for name in ("pytorch_model.bin", "modeling_own.py", "training_args.bin", "adapter_config.json", "README.md"):
        (folder / name).write_text("nicht gebraucht")
    needed = "config.json model.safetensors tokenizer.json tokenizer_config.json"
    with hub(folder) as (address, asked):
        assert fetched(address, tmp_path / "cache") == needed
    assert {path.rpartition("/")[2] for path in asked if "/resolve/" in path} == set(needed.split())
    # Without the hub, what was fetched once is enough.
    assert fetched(address, tmp_path / "cache") == needed


@pytest.mark.parametrize("status", [401, 500])
def test_a_hub_that_refuses_is_one_sentence(tmp_path, status):
    folder = write_checkpoint(tmp_path / "dort")
    with hub(folder, status) as (address, _):
        said = fetched(address, tmp_path / "cache")
    assert all(part in said for part in ("eigene/modell", f"(HTTP status {status})", "BRANDMELDER_MODEL"))
    assert "\n" not in said


def test_a_hub_out_of_reach_is_one_sentence(tmp_path):
    with socket() as closed:
        closed.bind(("127.0.0.1", 0))
        said = fetched(f"http://127.0.0.1:{closed.getsockname()[1]}", tmp_path)
    assert "eigene/modell is no folder here and can't be fetched from the Hugging Face Hub (no connection)" in said
