"""Our own contrast sentences: sound templates, apart in training and testing; other spellings keep the words."""

import random
from collections import Counter

import pytest

from nlp.answers import examples, telling
from nlp.contrast import contrasts
from nlp.head import LABELS
from nlp.spelling import respelled


@pytest.fixture(scope="module")
def both():
    return contrasts("train"), contrasts("test")


def test_every_kind_has_unseen_templates_to_test_on(both):
    train, test = both
    assert {item.template for item in train} & {item.template for item in test} == set()
    assert {item.text for item in train} & {item.text for item in test} == set()
    assert {item.kind for item in train} == {item.kind for item in test}
    assert len(train) + len(test) >= 7_500


def test_sentences_are_filled_and_labelled(both):
    items = [*both[0], *both[1]]
    assert all("{" not in item.text and item.text.strip() == item.text for item in items)
    assert {item.label for item in items} == set(LABELS)
    assert all(item.label == "negative" for item in items if item.irony and item.kind == "irony")
    counts = Counter(item.label for item in items)
    assert min(counts.values()) > 100


def test_asking_and_telling_sentences_have_unseen_templates_to_test_on():
    train, test = examples("train"), examples("test")
    assert {item.text for item in train} & {item.text for item in test} == set()
    for part in (train, test):
        asking = [item for item in part if item.asks]
        assert 0.4 < len(asking) / len(part) < 0.65
        assert any("?" not in item.text for item in asking)
        assert any("?" in item.text for item in part if not item.asks)
    assert telling(["Wann kommt er?", "Bitte melden.", "Alles gut."]) == ["Alles gut."]


def test_slots_that_differ_from_placeholders_are_refused(tmp_path):
    (tmp_path / "odd.yaml").write_text(
        '- {id: odd-1, split: train, label: neutral, text: "Das {ding}", slots: {sache: [Rad]}}\n', encoding="utf-8"
    )
    with pytest.raises(ValueError, match="odd-1"):
        contrasts("train", folder=tmp_path)


def test_a_written_line_without_label_or_text_is_refused(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "odd.tsv").write_text("positive\tLäuft.\ngut\tLäuft auch.\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"odd\.tsv, line 2"):
        contrasts("train", folder=tmp_path)


def test_other_spellings_change_letters_not_words():
    text = "Die Bäckerei grüßt schön, aber der Preis überraschte mich nicht!"
    found = {respelled(text, random.Random(seed)) for seed in range(200)}
    assert len(found) > 10
    assert text.lower() in found
    assert "Die Baeckerei gruesst schoen, aber der Preis ueberraschte mich nicht!" in found
    assert all(len(other.split()) in (len(text.split()), len(text.split()) + 1) for other in found)
    assert respelled("…", random.Random(1)).strip()
