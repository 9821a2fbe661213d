"""Topics learned from examples and corrections: mechanics on vectors of our own, sense on the real model."""

from dataclasses import replace

import numpy as np
import pytest
from nlp_small import small_encoder

from nlp.corpora import held_back
from nlp.loading import load_scorer
from nlp.scorer import ScoringInput
from nlp.taxonomy import Judged, Taxonomy, Topic
from nlp.topic_fitting import DEFAULT_TOPICS, PER_TOPIC, f1, fit_topics, with_examples, with_judged
from nlp.topic_heads import LEAST, Shown, fit_heads, shown_by
from nlp.topic_rows import Group, Part, groups
from nlp.vector_cache import sentence_vectors

PARKING = (
    "Vor dem Laden steht alles voll, wir sind dreimal um den Block gefahren.",
    "Mit dem Auto findet man dort nie einen freien Platz.",
    "Zwanzig Minuten gesucht, dann in der Nebenstraße gehalten.",
    "Die Tiefgarage kostet mehr als der Einkauf.",
    "Fürs Abstellen des Wagens sechs Euro die Stunde!",
    "Endlich gibt es genug Stellplätze hinter dem Haus.",
)
WAITING = (
    "Nur eine von acht Kassen war besetzt.",
    "Eine halbe Stunde angestanden für zwei Joghurts.",
    "An der Theke ging gar nichts voran.",
    "Die Schlange reichte bis zum Obst.",
)
ABOUT_OTHER_THINGS = (
    "Der Käse war frisch und günstig.",
    "Die Äpfel waren leider matschig.",
    "Den Joghurt gibt es nur noch im großen Glas.",
    "Die Verkäuferin hat mir freundlich die richtige Größe gezeigt.",
    "Das Brot schmeckt wie früher bei meiner Oma.",
    "Die App stürzt beim Öffnen der Prospekte ab.",
    "Im Regal standen lauter abgelaufene Milchtüten.",
    "Der Kundendienst hat auf meine Mail nie geantwortet.",
    "Die Beleuchtung im Laden ist mir viel zu grell.",
    "Mit der neuen Kühltheke bin ich zufrieden.",
    "Der Wein aus der Aktion war korkig.",
    "Die Musik im Laden nervt.",
)


def topic(name, description="", examples=()):
    return Topic(id=name, label=name.capitalize(), description=description, examples=examples)


def test_texts_shown_have_every_topic_they_stand_with_and_people_go_first():
    taxonomy = Taxonomy(
        topics=(
            topic("preis", examples=("zu teuer", "teuer und laut")),
            topic("ton", examples=("teuer und laut", "dumpf")),
        ),
        judged=(
            Judged(text="dumpf", topics=()),
            Judged(text="geht so", topics=("ton", "gibt_es_nicht_mehr")),
            Judged(text="fremd", topics=("gibt_es_nicht_mehr",)),
        ),
    )
    shown = shown_by(taxonomy)
    assert dict(zip(shown.texts, shown.gold.tolist(), strict=True)) == {
        "zu teuer": [True, False],
        "teuer und laut": [True, True],
        "dumpf": [False, False],
        "geht so": [False, True],
    }
    assert shown.judged == 2
    assert shown.counts.tolist() == [2, 2]


def test_corrections_change_the_version_of_a_taxonomy():
    plain = Taxonomy(topics=(topic("preis"),))
    taught = plain.model_copy(update={"judged": (Judged(text="zu teuer", topics=("preis",)),)})
    assert plain.version == Taxonomy(topics=plain.topics, judged=()).version != taught.version


def test_heads_tell_topics_apart_and_few_texts_teach_nothing():
    chance = np.random.default_rng(1)
    centres = np.eye(3, 12)
    gold = np.repeat(np.eye(3, dtype=bool), (9, 9, LEAST - 1), axis=0)
    vectors = np.repeat(centres, (9, 9, LEAST - 1), axis=0) + 0.1 * chance.normal(size=(len(gold), 12))
    heads = fit_heads(
        Shown(tuple(f"Text {number}" for number in range(len(gold))), gold, judged=0),
        vectors.astype(np.float32),
        chance.normal(scale=0.2, size=(20, 12)).astype(np.float32),
    )
    odds = heads.odds(["", "", ""], centres.astype(np.float32))
    assert odds[0, 0] > 0 > odds[1, 0]
    assert odds[1, 1] > 0 > odds[0, 1]
    assert not odds[:, 2].any()
    alone = heads.odds([""], centres[:1].astype(np.float32))
    assert np.array_equal(alone, odds[:1])


def test_sentence_vectors_are_kept_and_a_damaged_file_is_made_anew(tmp_path, monkeypatch):
    encoder = small_encoder(tmp_path)
    texts = ["gut. schlecht gut!", "", "der und der"]
    first = sentence_vectors(texts, encoder, tmp_path / "kept")
    assert first.owner.tolist() == [0, 0, 2]
    assert [texts[0][start:end] for start, end in first.spans[:2]] == ["gut.", "schlecht gut!"]
    (path,) = (tmp_path / "kept").glob("*.npz")
    path.write_bytes(path.read_bytes()[:200])
    again = sentence_vectors(texts, encoder, tmp_path / "kept")
    monkeypatch.setattr(encoder, "encode", None)
    kept = sentence_vectors(texts, encoder, tmp_path / "kept")
    for other in (again, kept):
        assert np.array_equal(first.sentences, other.sentences)
        assert np.array_equal(first.documents, other.documents)


@pytest.fixture
def part():
    """Two topics in eight dimensions; half of the texts have a second sentence about nothing."""
    chance = np.random.default_rng(2)
    gold = np.zeros((400, 2), dtype=bool)
    gold[:120, 0] = gold[100:220, 1] = True
    own = gold @ np.eye(2, 8) + 0.25 * chance.normal(size=(400, 8))
    owner = np.sort(np.concatenate([np.arange(400), np.arange(200, 400)]))
    vectors = own[owner] + 0.05 * chance.normal(size=(600, 8))
    second = np.flatnonzero(np.diff(owner, prepend=-1) == 0)
    vectors[second] = 0.3 * chance.normal(size=(len(second), 8))
    return Part(
        group=Group(("own",), Taxonomy(topics=(topic("eins"), topic("zwei"))), (frozenset(), frozenset())),
        texts=tuple(f"{number:x}" for number in range(400)),
        gold=gold,
        documents=own.astype(np.float32),
        sentences=("",) * 600,
        vectors=vectors.astype(np.float32),
        owner=owner,
    )


def test_parts_of_parts_keep_texts_and_sentences_together(part):
    some = part.only(np.array([5, 300, 210]))
    assert some.texts == (part.texts[5], part.texts[300], part.texts[210])
    assert sorted(some.owner.tolist()) == [0, 1, 1, 2, 2]
    for sentence, owner in enumerate(some.owner):
        near = np.flatnonzero((part.vectors == some.vectors[sentence]).all(axis=1))
        assert part.texts[part.owner[near[0]]] == some.texts[owner]
    found = some.found(np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.1], [0.1, 0.1], [0.8, 0.2]]), 0.5)
    assert found.any(axis=1).sum() == len(set(some.owner[[0, 1, 4]].tolist()))
    assert f1(some.gold, some.gold)[1] == 1


def test_fit_trusts_heads_more_where_more_was_shown(part, real):
    heads = replace(
        real.heads,
        topic_mean=np.zeros(8, dtype=np.float32),
        topic_whitening=np.eye(8, dtype=np.float32),
        topic_background=np.random.default_rng(3).normal(scale=0.3, size=(30, 8)).astype(np.float32),
    )
    lost = np.random.default_rng(4).normal(size=(1, 8)).astype(np.float32)
    entries = fit_topics(heads, [part], lambda texts: np.repeat(lost, len(texts), axis=0))
    blend = entries["topic_blend"]
    trust = blend.base[3] + np.array(blend.per_doubling[3]) * np.log2(PER_TOPIC)
    assert (trust > 0).all()
    assert blend.most >= PER_TOPIC[-1]
    assert blend.most_judged > 100
    assert 0 < entries["topic_threshold"] < 1


def test_annotations_outside_the_judging_fifth_alone_give_the_defaults(part, real):
    outside = part.gold & ~np.array([held_back(text) for text in part.texts])[:, None]
    assert outside.any()
    assert fit_topics(real.heads, [replace(part, gold=outside)], lambda _: part.documents[:1]) == DEFAULT_TOPICS


def test_draws_are_texts_of_their_topics(part):
    drawn = with_examples(part, 5, np.random.default_rng(0))
    for place, one in enumerate(drawn.topics):
        assert len(set(one.examples)) == 5
        assert all(part.gold[part.texts.index(text), place] for text in one.examples)
    judged = with_judged(part, np.array([110, 399])).judged
    assert [item.topics for item in judged] == [("eins", "zwei"), ()]


def test_mapping_names_every_aspect_of_a_group_once_per_topic():
    for group in groups():
        assert len(group.aspects) == len(group.taxonomy.topics)
        assert all(group.aspects)
        assert len({one.id for one in group.taxonomy.topics}) == len(group.aspects)


@pytest.fixture(scope="module")
def real():
    return load_scorer(threads=1)


def found(scorer, text, taxonomy):
    return set(scorer.score([ScoringInput(text)], taxonomy=taxonomy)[0].topics)


@pytest.mark.model
def test_examples_teach_what_the_description_does_not_say(real):
    bare = Taxonomy(topics=(topic("anfahrt", "Alles vor der Tür."), topic("kasse", "Alles danach.")))
    taught = Taxonomy(
        topics=(topic("anfahrt", "Alles vor der Tür.", PARKING), topic("kasse", "Alles danach.", WAITING))
    )
    text = "Man kurvt ewig herum, bis irgendwo ein Platz fürs Auto frei wird."
    assert found(real, text, bare) == set()
    assert found(real, text, taught) == {"anfahrt"}
    assert found(real, "Eine halbe Stunde angestanden, bis ich zahlen konnte.", taught) == {"kasse"}
    # Four sentences can't say everything that a topic isn't: a few mistakes are to be expected.
    assert sum(bool(found(real, other, taught)) for other in ABOUT_OTHER_THINGS) <= len(ABOUT_OTHER_THINGS) / 4


@pytest.mark.model
def test_corrections_teach_as_examples_do(real):
    topics = (topic("anfahrt", "Alles vor der Tür."), topic("kasse", "Alles danach."))
    judged = (
        *(Judged(text=text, topics=("anfahrt",)) for text in PARKING),
        *(Judged(text=text, topics=("kasse",)) for text in WAITING),
        Judged(text="Der Käse war frisch.", topics=()),
    )
    text = "Es dauert an der Kasse immer ewig, weil nur eine offen ist. Ein freier Platz fürs Auto war nicht zu finden."
    (scores,) = real.score([ScoringInput(text)], taxonomy=Taxonomy(topics=topics, judged=judged))
    spans = {aspect.topic: text[aspect.start : aspect.end] for aspect in scores.aspects}
    assert spans == {
        "kasse": text[: text.index(" Ein freier")],
        "anfahrt": "Ein freier Platz fürs Auto war nicht zu finden.",
    }


@pytest.mark.model
def test_learned_topics_do_not_depend_on_the_batch(real):
    taxonomy = Taxonomy(topics=(topic("anfahrt", "", PARKING), topic("kasse", "", WAITING)))
    texts = ["Kein Parkplatz weit und breit.", "Lange Schlange an der Kasse.", "Nett. Aber die Tiefgarage ist teuer!"]
    together = real.score([ScoringInput(text) for text in texts], taxonomy=taxonomy)
    for text, item in zip(texts, together, strict=True):
        (alone,) = real.score([ScoringInput(text)], taxonomy=taxonomy)
        assert alone.topics == item.topics
        assert [one.probability for one in alone.aspects] == pytest.approx(
            [one.probability for one in item.aspects], abs=2e-4
        )
