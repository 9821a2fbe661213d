"""What the fine-tuning is shown: which rows teach topics, which are drawn, how texts are joined."""

import json

import numpy as np
import pytest
from nlp_small import small_files

from nlp import finetune
from nlp.adapter import load_adapter
from nlp.corpora import Row, held_back
from nlp.encoder import Encoder
from nlp.examples import MIXED, NEGATIVE, NEUTRAL, POSITIVE, batches, lessons, whole_label
from nlp.recipe import Recipe
from nlp.topic_rows import annotated, descriptions, groups
from nlp.train import train

RECIPE = Recipe(layers=(1, 2), first_layer=1, epochs=40, rate=3e-3, step_tokens=64, keep=0.0)
ASPECTS = {"gut": "food quality", "schlecht": "service general"}


def topic_names():
    return [
        f"{group.domains[0]}: {topic.id}"
        for group, topic in ((group, topic) for group in groups() for topic in group.taxonomy.topics)
    ]


def shown_texts(word):
    """Texts of one word that the training may see, in several lengths."""
    texts = (" ".join([word] * count) + ending for count in range(1, 9) for ending in (".", "!", " und."))
    return [text for text in texts if not held_back(text)][:6]


def test_a_row_has_the_topics_of_its_group_and_no_word_on_others():
    row = Row("Der Fisch war kalt.", "negative", "reviews", "restaurant", (("food quality", "negative"),))
    gold = dict(zip(topic_names(), annotated(row, groups()), strict=True))
    assert gold["restaurant: essen"] == 1
    assert gold["restaurant: bedienung"] == 0
    assert gold["hotel: zimmer"] == -1
    assert annotated(Row("Hallo.", "neutral", "tweets-general", "tweets-general"), groups()) is None
    assert len(descriptions(groups())) == len(gold)


def test_a_fifth_of_the_annotated_rows_teaches_no_topics(tmp_path):
    texts = [f"Das Gericht Nummer {number} war kalt." for number in range(400)]
    rows = [Row(text, "negative", "reviews", "restaurant", (("food quality", "negative"),)) for text in texts]
    encoder = Encoder(small_files(tmp_path), layers=(2,), threads=1)
    taught = [lesson.topics is not None for lesson in lessons(rows, [], encoder, RECIPE)]
    assert taught == [not held_back(text) for text in texts]
    assert 0.12 < 1 - np.mean(taught) < 0.28


def test_texts_of_two_topics_come_apart_only_where_topics_are_learned(tmp_path):
    files = small_files(tmp_path)
    rows = [
        {"text": text, "label": "neutral", "domain": "restaurant", "aspects": [[aspect, "neutral", "", ""]]}
        for word, aspect in ASPECTS.items()
        for text in shown_texts(word)
    ]
    (tmp_path / "data" / "train").mkdir(parents=True)
    (tmp_path / "data" / "train" / "own.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    likeness = {}
    for weight in (0.0, 1.0):
        folder = tmp_path / f"model{weight}"
        recipe = RECIPE.model_copy(update={"topics": weight})
        nothing = {"contrast_folder": tmp_path / "none", "answers_folder": tmp_path / "none"}
        train(tmp_path / "data", folder, files=files, recipe=recipe, **nothing)
        encoder = Encoder(files, layers=(2,), threads=1, adapter=load_adapter(folder))
        vectors = np.stack([item.document for item in encoder.encode([row["text"] for row in rows])])
        centred = vectors - vectors.mean(axis=0)
        centred /= np.linalg.norm(centred, axis=1, keepdims=True)
        half = len(rows) // 2
        likeness[weight] = float((centred[:half] @ centred[half:].T).mean())
    assert likeness[1.0] < likeness[0.0] - 0.1, likeness


def test_an_epoch_draws_the_share_of_a_corpus_that_the_recipe_names(tmp_path):
    encoder = Encoder(small_files(tmp_path), layers=(2,), threads=1)
    rows = [Row(f"gut {number}", "positive", "own", "own") for number in range(300)]
    rows += [Row(f"schlecht {number}", "negative", "other", "other") for number in range(50)]
    recipe = RECIPE.model_copy(update={"drawn": {"own": 0.3}, "joined": 0.0, "respelled": 0.0})
    shown = lessons(rows, [], encoder, recipe)
    seen = [
        {part for batch in batches(shown, encoder, recipe, epoch=epoch) for example in batch for part in example.parts}
        for epoch in range(2)
    ]
    assert [len(parts & set(range(300, 350))) for parts in seen] == [50, 50]
    assert all(60 < len(parts & set(range(300))) < 120 for parts in seen)
    assert seen[0] != seen[1]


def test_a_text_of_parts_is_mixed_where_two_disagree_and_open_where_more_do():
    assert whole_label([NEUTRAL, NEGATIVE]) == NEGATIVE
    assert whole_label([NEUTRAL, NEUTRAL, POSITIVE, NEUTRAL]) == POSITIVE
    assert whole_label([NEGATIVE, POSITIVE]) == MIXED
    assert whole_label([NEGATIVE, NEUTRAL, POSITIVE]) is None
    assert whole_label([NEUTRAL]) == NEUTRAL


def test_texts_of_one_corpus_are_joined_up_to_the_number_that_the_recipe_names(tmp_path):
    encoder = Encoder(small_files(tmp_path), layers=(2,), threads=1)
    rows = [Row(f"gut {number}", "positive", corpus, corpus) for corpus in ("own", "other") for number in range(60)]
    recipe = RECIPE.model_copy(update={"joined": 0.8, "parts": 4, "respelled": 0.0})
    shown = lessons(rows, [], encoder, recipe)
    examples = [example for batch in batches(shown, encoder, recipe, epoch=0) for example in batch]
    assert sorted(part for example in examples for part in example.parts) == list(range(120))
    assert {len(example.parts) for example in examples} == {1, 2, 3, 4}
    assert all(len({shown[part].corpus for part in example.parts}) == 1 for example in examples)
    assert all(example.tokens == sum(len(shown[part].ids) for part in example.parts) for example in examples)


def two_rows(tmp_path):
    """Arguments of a training on two texts that nobody annotated with topics."""
    rows = [{"text": "gut gut gut", "label": "positive"}, {"text": "schlecht", "label": "negative"}]
    (tmp_path / "data" / "train").mkdir(parents=True)
    (tmp_path / "data" / "train" / "own.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return {"files": small_files(tmp_path), "contrast_folder": tmp_path / "none", "answers_folder": tmp_path / "none"}


def test_killed_training_goes_on_where_no_row_teaches_topics(tmp_path, monkeypatch):
    monkeypatch.setattr(finetune, "CHECKPOINT_STEPS", 3)
    arguments = two_rows(tmp_path) | {"recipe": RECIPE.model_copy(update={"topics": 0.5, "epochs": 12})}

    def kill(title, done, _total):
        if title == "fine-tuning" and done >= 600:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "data", tmp_path / "killed", **arguments, progress=kill)
    for name in ("killed", "undisturbed"):
        train(tmp_path / "data", tmp_path / name, **arguments)
    for part in ("adapter_model.safetensors", "heads.safetensors"):
        assert (tmp_path / "killed" / part).read_bytes() == (tmp_path / "undisturbed" / part).read_bytes()


def test_a_recipe_that_draws_from_an_unknown_corpus_is_refused(tmp_path):
    recipe = RECIPE.model_copy(update={"drawn": {"review": 0.5}})
    with pytest.raises(ValueError, match="unknown corpora: review"):
        train(tmp_path / "data", tmp_path / "model", **two_rows(tmp_path), recipe=recipe)
    with pytest.raises(ValueError, match="less than or equal to 1"):
        Recipe(drawn={"own": 1.5})
