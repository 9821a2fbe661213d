"""People judge mentions; what the store keeps of that is learned from."""

import json
from datetime import timedelta

import pytest
from command_line import brandmelder
from factories import FIRST, make_mention

from brandmelder import corrections
from brandmelder.corrections import CONFIRMED, brand_filter, taught
from crawlers.intake import SET_ASIDE
from index.embedded import EmbeddedStore
from index.mention import Correction, Work
from nlp.loading import load_scorer
from nlp.taxonomy import Taxonomy, Topic
from tests.lexicon_scorer import LexiconScorer

TAXONOMY = Taxonomy(topics=(Topic(id="lieferung", label="Lieferung", description=""),))


@pytest.fixture
def store(tmp_path):
    opened = EmbeddedStore(tmp_path / "store")
    opened.upsert([make_mention(number) for number in range(6)])
    yield opened
    opened.close()


def correct(store, number, topics, *, sentiment=None):
    at = FIRST + timedelta(days=number)
    correction = Correction(sentiment=sentiment, topics=topics, by="jule", at=at)
    return store.amend(make_mention(number).id, Work(correction=correction))


def test_corrected_topics_are_learned_also_that_there_are_none(store):
    assert taught(TAXONOMY, store) == TAXONOMY
    first, none = correct(store, 1, ("lieferung",)), correct(store, 4, ())
    correct(store, 2, None, sentiment="mixed")
    found = taught(TAXONOMY, store)
    assert {item.text: item.topics for item in found.judged} == {first.text: ("lieferung",), none.text: ()}
    assert found.topics == TAXONOMY.topics
    assert found.version == taught(TAXONOMY, store).version != TAXONOMY.version


def test_a_correction_taken_back_teaches_nothing_any_more(store):
    correct(store, 1, ("lieferung",))
    store.amend(make_mention(1).id, Work())
    assert taught(TAXONOMY, store) == TAXONOMY


def test_the_newest_of_many_corrections_are_learned(store, monkeypatch):
    monkeypatch.setattr(corrections, "MOST", 2)
    texts = {number: correct(store, number, ("lieferung",)).text for number in range(4)}
    assert {item.text for item in taught(TAXONOMY, store).judged} == {texts[2], texts[3]}


def test_without_topics_nothing_is_learned(store):
    correct(store, 1, ("lieferung",))
    assert taught(Taxonomy(), store) == Taxonomy()


def test_without_clicks_or_with_another_scorer_nothing_is_filtered(store):
    assert brand_filter("kornblume", store, LexiconScorer()) is None


@pytest.mark.model
def test_the_filter_learns_from_clicks_but_not_from_its_own_marks(store):
    scorer = load_scorer(threads=1)
    goods = ("Äpfel", "Möhren", "Haferflocken", "Brot", "Käse", "Birnen", "Quark")
    said = ("{} von Kornblume kamen zu spät.", "Kornblume liefert {} jetzt günstiger.", "Bei Kornblume waren {} faul.")
    shop = [text.format(one) for text in said for one in goods]
    store.upsert([make_mention(number, text=text) for number, text in enumerate(shop, start=40)])
    assert brand_filter("kornblume", store, scorer) is None
    flowers = [
        make_mention(number, text=text)
        for number, text in enumerate(
            (
                "Am Wegrand blüht die Kornblume schon im Mai.",
                "Die Kornblume wächst gern zwischen dem Getreide.",
                "Eine Kornblume braucht Sonne und mageren Boden.",
                "Hummeln besuchen die Kornblume wegen des Nektars.",
            ),
            start=20,
        )
    ]
    store.upsert(flowers)
    for flower in flowers[:2]:
        store.amend(flower.id, Work(not_us=True))
    for flower in flowers[2:]:
        store.amend(flower.id, Work(not_us=True, note=SET_ASIDE))
    assert brand_filter("kornblume", store, scorer) is None
    store.amend(flowers[2].id, Work(not_us=True))
    found = brand_filter("kornblume", store, scorer)
    assert found.brand == "kornblume"
    blooming, late = found.relevance(
        ["Im Garten blüht jetzt die Kornblume.", "Kornblume hat schon wieder zu spät geliefert."]
    )
    assert blooming <= found.relevance.bound < late
    assert brand_filter('korn"blume', store, scorer) is None


def test_judging_by_command_is_kept_and_can_be_taken_back(tmp_path):
    opened = EmbeddedStore(tmp_path / "store")
    first, second = make_mention(0), make_mention(1)
    opened.upsert([first, second])
    opened.amend(first.id, Work(not_us=True, note=SET_ASIDE))
    opened.amend(second.id, Work(note="Bitte anrufen."))
    opened.close()

    def judge(*arguments):
        return brandmelder("judge", *arguments, "--by", "jule", "--data", tmp_path, "--lang", "de")

    done = judge(first.id, "--us", "--topics", "lieferung, app")
    assert done.returncode == 0, done.stderr
    (shown,) = json.loads(done.stdout)
    assert (shown["id"], shown["work"]["correction"]["topics"]) == (first.id, ["lieferung", "app"])
    assert judge(second.id, "--not-us", "--sentiment", "mixed").returncode == 0
    unknown = judge("gibt-es-nicht", "--us")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "gibt-es-nicht" in unknown.stderr
    opened = EmbeddedStore(tmp_path / "store")
    us, not_us = opened.get(first.id).work, opened.get(second.id).work
    opened.close()
    assert (us.not_us, us.note, us.correction.topics, us.correction.by) == (
        False,
        CONFIRMED,
        ("lieferung", "app"),
        "jule",
    )
    assert (not_us.not_us, not_us.note) == (True, "Bitte anrufen.")
    assert (not_us.correction.sentiment, not_us.correction.topics) == ("mixed", None)
