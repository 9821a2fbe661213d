"""What is kept of a scored text gives the same topics as scoring it anew, and nothing where it doesn't fit."""

import numpy as np
import pytest

from nlp.head import LABELS
from nlp.kept import KeptSentences, kept_key, packed, rounded, unpacked
from nlp.loading import load_scorer
from nlp.scorer import Retagger, ScoringInput
from nlp.taxonomy import Judged, Taxonomy, Topic

SUBJECTS = ("Das Paket", "Die Rechnung", "Der Fahrer", "Die App", "Die Hotline", "Mein Anschluss")
SAID = (
    "{} kam viel zu spät und keiner weiß warum",
    "{} hat mich heute wirklich überrascht, danke dafür",
    "{} war schon wieder falsch, ich habe dreimal angerufen",
    "{} ist so, wie man es erwartet",
    "{} ging kaputt",
    "Zu {} kann ich nichts sagen, außer dass es teuer wurde",
)
TEXTS = [
    ScoringInput(
        f"{said.format(subject)}. {SAID[(row + 3) % 6].format(SUBJECTS[(row + 1) % 6])}!",
        title=f"{subject}?" if row % 3 == 0 else None,
        channel=("review", "social", None, "forum")[row % 4],
    )
    for row, (subject, said) in enumerate((subject, said) for subject in SUBJECTS[:4] for said in SAID)
]
HOSTILE = [
    ScoringInput(""),
    ScoringInput("", title="Nur ein Titel"),
    ScoringInput("😡😡😡"),
    ScoringInput("\ud83d kaputt\x00 und\u202e weiter"),
    ScoringInput("Paket. " * 40),
    ScoringInput("Titel\n\nDas Paket fehlt.", title="Titel"),
]
DESCRIBED = Taxonomy(
    topics=(
        Topic(id="lieferung", label="Lieferung", description="Versand, Paket und Fahrer, Pünktlichkeit der Zustellung"),
        Topic(id="rechnung", label="Rechnung", description="Abrechnung, Preis, Mahnung, falsche Beträge"),
        Topic(id="kontakt", label="Kundendienst", description="Hotline, Anrufe, Antworten auf Mails"),
    )
)
SHOWN = DESCRIBED.model_copy(
    update={
        "topics": (
            *DESCRIBED.topics[:2],
            DESCRIBED.topics[2].model_copy(update={"examples": tuple(item.text for item in TEXTS[12:17])}),
            Topic(id="app", label="App", description="Die App auf dem Telefon"),
        ),
        "judged": tuple(Judged(text=item.text, topics=("rechnung",)) for item in TEXTS[6:12]),
    }
)


def some(count=3, hidden=32):
    chance = np.random.default_rng(5)
    white = chance.normal(size=(count, hidden)).astype(np.float32)
    white /= np.linalg.norm(white, axis=1, keepdims=True)
    scores = chance.normal(size=(count, len(LABELS))).astype(np.float32)
    spans = np.array([(10 * row, 10 * row + 7) for row in range(count)], dtype=np.int32).reshape(-1, 2)
    return white, KeptSentences(spans, scores, rounded(white))


@pytest.mark.parametrize("count", [0, 1, 7])
def test_what_is_kept_comes_back_the_same(count):
    white, kept = some(count)
    key = kept_key(ScoringInput("Ein Text", "Ein Titel"), "r1")
    again = unpacked(packed(kept, key), key)
    assert np.array_equal(again.spans, kept.spans)
    assert np.array_equal(again.scores, kept.scores)
    assert np.array_equal(again.directions, kept.directions)
    assert np.allclose((again.directions * white).sum(axis=1), 1, atol=1e-3)


def test_rounding_gives_the_same_when_repeated_and_bears_nothing_at_all():
    white, kept = some()
    assert np.array_equal(rounded(kept.directions), kept.steps)
    nothing = KeptSentences(np.zeros((1, 2), np.int32), np.zeros((1, 4), np.float32), rounded(0 * white[:1]))
    assert not nothing.directions.any()


def test_each_damage_is_found_and_another_text_has_another_key():
    _, kept = some()
    text = ScoringInput("Ein Text", "Ein Titel", "review")
    key = kept_key(text, "r1")
    data = packed(kept, key)
    for place in range(0, len(data), 5):
        assert unpacked(data[:place], key) is None
        assert unpacked(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], key) is None
    assert unpacked(data + b"\0", key) is None
    others = [
        ScoringInput("Ein Text", None),
        ScoringInput("Ein Text ", "Ein Titel"),
        ScoringInput("Titel\x1fEin Text", "Ein"),
    ]
    assert key not in [kept_key(other, "r1") for other in others]
    assert key != kept_key(text, "r2")
    assert key == kept_key(ScoringInput("Ein Text", "Ein Titel", "forum"), "r1")


@pytest.fixture(scope="module")
def scorer():
    return load_scorer(threads=1)


@pytest.fixture(scope="module")
def kept(scorer):
    """What scoring without any topics keeps."""
    return [item.kept for item in scorer.score_with_vectors([*TEXTS, *HOSTILE], taxonomy=Taxonomy())]


@pytest.mark.model
def test_retagging_gives_exactly_what_scoring_anew_gives(scorer, kept):
    texts = [*TEXTS, *HOSTILE]
    assert isinstance(scorer, Retagger)
    for taxonomy in (DESCRIBED, SHOWN):
        # In another order and in other batches: neither may make a difference.
        fresh = [item for one in range(3) for item in scorer.score_with_vectors(texts[one::3], taxonomy=taxonomy)]
        order = [place for one in range(3) for place in range(one, len(texts), 3)]
        tags = scorer.retag(texts, kept, taxonomy=taxonomy)
        alone = [scorer.retag([text], [data], taxonomy=taxonomy)[0] for text, data in zip(texts, kept, strict=True)]
        assert tags == alone
        assert [(item.scores.topics, item.scores.aspects) for item in fresh] == [tags[place] for place in order]
        assert [item.kept for item in fresh] == [kept[place] for place in order]
        assert sum(len(found.aspects) for found in tags) > len(TEXTS) // 2
        assert len({found.topics for found in tags}) > 3
    assert scorer.retag(texts, kept, taxonomy=Taxonomy()) == [((), ())] * len(texts)


@pytest.mark.model
def test_vectors_of_another_text_or_model_are_not_used(scorer, kept):
    item, data = TEXTS[1], kept[1]
    other = ScoringInput(f"{item.text} Nachtrag.", item.title, item.channel)
    found = scorer.retag([item, other, item, item], [data, data, None, kept[2]], taxonomy=DESCRIBED)
    assert found[0] is not None
    assert found[1:] == [None, None, None]
    revision = scorer.revision
    try:
        scorer.revision = "another"
        assert scorer.retag([item], [data], taxonomy=DESCRIBED) == [None]
    finally:
        scorer.revision = revision
