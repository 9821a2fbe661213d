"""Why a text is read as it is: offsets, sums, words whose loss changes the reading, bounded work."""

import time
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from nlp_small import small_encoder

from nlp.cleaning import canonical, clean, located
from nlp.loading import load_scorer
from nlp.scorer import ScoringInput
from nlp.taxonomy import Taxonomy
from nlp.why import NAMED, explain, units

NEGATIVE = {
    "Das Zimmer war leider völlig verdreckt.": {"verdreckt", "leider"},
    "Der Akku ist nach zwei Tagen kaputt gegangen, ich bin wirklich sauer.": {"kaputt", "sauer"},
    "Die Hotline war unerreichbar und niemand rief zurück.": {"unerreichbar", "niemand"},
    "Die Suppe schmeckte fade und der Kellner war unverschämt.": {"fade", "unverschämt"},
    "Der Versand dauerte ewig, das Paket war beschädigt.": {"ewig", "beschädigt"},
    "Seit dem letzten Update stürzt die App ständig ab.": {"stürzt", "ständig"},
    "Eine Frechheit, wie man hier behandelt wird.": {"Frechheit"},
    "Meine Beschwerde wurde einfach ignoriert.": {"ignoriert", "Beschwerde"},
    "Der Tarif ist völlig überteuert.": {"überteuert"},
    "Gestern kam die Rechnung, und sie war schon wieder falsch.": {"falsch"},
    "Am Schalter wurde ich von oben herab behandelt, das war enttäuschend.": {"enttäuschend"},
    "Die Pizza kam kalt an.": {"kalt"},
    "Nie wieder dieser Anbieter.": {"Nie"},
}
POSITIVE = {
    "Super freundliche Beratung, ich komme gerne wieder!": {"Super", "freundliche", "gerne"},
    "Der Techniker kam pünktlich und hat alles sauber erledigt.": {"pünktlich", "sauber"},
    "Nach dem Umbau ist der Laden richtig schön geworden.": {"schön"},
    "Ich bin begeistert von dem neuen Fahrrad.": {"begeistert"},
    "Die Matratze ist bequem und jeden Cent wert.": {"bequem", "wert"},
    "Klasse Service, die Dame am Telefon war sehr hilfsbereit.": {"Klasse", "hilfsbereit"},
    "Ich kann den Laden nur empfehlen.": {"empfehlen"},
    "Endlich ein Vertrag ohne versteckte Kosten, toll!": {"toll"},
    "Das Hörgerät sitzt perfekt und klingt hervorragend.": {"perfekt", "hervorragend"},
}
MIXED = {
    "Das Brot war trocken, der Kaffee dagegen ausgezeichnet.": ({"trocken"}, {"ausgezeichnet"}),
    "Tolle App, aber sie stürzt ständig ab.": ({"stürzt", "ständig"}, {"Tolle"}),
    "Das Essen war super. Die Bedienung leider unfreundlich.": ({"unfreundlich", "leider"}, {"super"}),
    "Schnelle Lieferung, doch die Vase war zerbrochen.": ({"zerbrochen"}, {"Schnelle"}),
    "Der Preis ist fair, der Empfang aber miserabel.": ({"miserabel"}, {"fair"}),
    "Obwohl der Berater nett war, hat er mich falsch informiert.": ({"falsch"}, {"nett"}),
    "Die Bahn war pünktlich, nur die Toiletten waren ekelhaft.": ({"ekelhaft"}, {"pünktlich"}),
    "Zuerst war ich skeptisch, jetzt bin ich begeistert.": ({"skeptisch"}, {"begeistert"}),
    "Leider lange Wartezeit, dafür kompetente Hilfe.": ({"Leider", "lange", "Wartezeit"}, {"kompetente", "Hilfe"}),
    "Optisch wunderschön, technisch eine Katastrophe.": ({"Katastrophe"}, {"wunderschön"}),
}
TIDY = "Das Zimmer war leider völlig verdreckt."
TANGLED = (
    "Ärger 😡😡 mit  @kunde_12:\n\n\t die   Übergabe war öde &amp; zäh!!! Siehe https://example.org/a?b=1&c=ö, "
    "naja :-( … 3,50 € futsch. Trotz\u00addem: 👍🏽 für's Café 👨‍👩‍👧, u\u0308bel ist was anderes…"
)

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def scorer():
    return load_scorer(threads=1)


@pytest.fixture(scope="module")
def reasons(scorer):
    return {text: explain(scorer, ScoringInput(text)) for text in (*NEGATIVE, *POSITIVE, *MIXED)}


def words_of(found, text, title=""):
    return [(title if word.in_title else text)[word.start : word.end] for word in found]


def test_the_words_that_say_it_are_named_first(reasons):
    first = []
    for text, expected in (NEGATIVE | POSITIVE).items():
        found = reasons[text]
        side = words_of(found.negative if text in NEGATIVE else found.positive, text)
        assert len(side) <= NAMED
        first.append(side[:1] != [] and side[0] in expected)
    # 21 of 22; contributions alone find 18, leaving out alone 18.
    assert sum(first) >= 20
    assert words_of(reasons[TIDY].negative, TIDY)[0] in NEGATIVE[TIDY]


def test_without_the_first_word_a_text_says_it_less(scorer, reasons):
    for text in NEGATIVE | POSITIVE:
        found = reasons[text]
        first = (found.negative if text in NEGATIVE else found.positive)[0]
        shorter = text[: first.start] + text[first.end :]
        whole, without = scorer.score([ScoringInput(text), ScoringInput(shorter)], taxonomy=Taxonomy())
        label = "negative" if text in NEGATIVE else "positive"
        assert without.probabilities[label] < whole.probabilities[label], text
        assert without.polarity == pytest.approx(first.without, abs=2e-4)


def test_of_two_voices_in_one_sentence_both_are_found(reasons):
    hits = 0
    for text, expected in MIXED.items():
        found = reasons[text]
        for side, words in zip((found.negative, found.positive), expected, strict=True):
            hits += bool(set(words_of(side[:1], text)) & words)
    # 18 of 20.
    assert hits >= 16


def test_contributions_add_up_to_the_scored_polarity(scorer):
    texts = [*list(MIXED)[:2], TANGLED, "Das Essen war super. Die Bedienung leider ruppig. Nie wieder!"]
    for text in (*texts, " ".join(texts)):
        item = ScoringInput(text, "Ein Titel über allem", "review")
        found, scored = explain(scorer, item), scorer.score([item], taxonomy=Taxonomy())[0]
        assert (found.sentiment, found.polarity, found.confidence) == (
            scored.sentiment,
            scored.polarity,
            scored.confidence,
        )
        slack = 1e-4 * (1 + len(found.sentences))
        assert sum(one.contribution for one in found.sentences) == pytest.approx(found.polarity, abs=slack)


def test_praise_and_complaint_in_one_text_are_told_apart(scorer):
    text = "Das Frühstück war köstlich und reichlich. Die Dusche war kalt und das Bad schimmlig."
    found = explain(scorer, ScoringInput(text))
    praise, complaint = found.sentences
    assert praise.contribution > 0 > complaint.contribution
    assert all(word.start < praise.end for word in found.positive)
    assert all(word.start > praise.end for word in found.negative)


def test_offsets_point_at_the_words_as_they_are_stored(scorer):
    title = "  Zoff\u00a0& Ärger  "
    found = explain(scorer, ScoringInput(TANGLED, title))
    assert words_of([word for word in found.words if word.in_title], TANGLED, title) == ["Zoff", "Ärger"]
    shown = words_of([word for word in found.words if not word.in_title], TANGLED)
    wanted = (
        "Ärger 😡😡 mit @kunde_12 die Übergabe war öde zäh !!! Siehe https://example.org/a?b=1&c=ö naja :-( "
        "3,50 futsch Trotz\u00addem 👍🏽 für's Café 👨‍👩‍👧 u\u0308bel ist was anderes"
    )
    assert shown == wanted.split()
    assert all(word.contribution for word in found.words if TANGLED[word.start : word.end] in ("öde", "zäh", "😡😡"))
    for sentence in found.sentences:
        part = (title if sentence.in_title else TANGLED)[sentence.start : sentence.end]
        assert part == part.strip() != ""


def test_a_title_that_the_text_begins_with_is_no_part_of_its_own(scorer):
    found = explain(scorer, ScoringInput("Nie wieder! Der Koffer kam zerbeult an.", "Nie wieder!"))
    assert not any(part.in_title for part in (*found.sentences, *found.words))
    assert explain(scorer, ScoringInput("", "Nie wieder!")).words[0].in_title


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b", "\x00\x01"])
def test_a_text_without_anything_to_read_has_no_reasons(scorer, text):
    found = explain(scorer, ScoringInput(text))
    assert (found.sentiment, found.polarity, found.confidence) == ("neutral", 0.0, 0.25)
    assert found.sentences == found.words == found.negative == found.positive == ()
    assert found.complete


@pytest.mark.parametrize("text", ["...", "– – –", "___", "&nbsp;.&nbsp;"])
def test_punctuation_is_no_word(scorer, text):
    assert explain(scorer, ScoringInput(text)).words == ()


def test_one_word_alone_is_all_there_is(scorer):
    found = explain(scorer, ScoringInput("Grauenhaft"))
    assert found.words == found.negative
    assert found.words[0].without == 0.0
    assert found.words[0].contribution == found.sentences[0].contribution == pytest.approx(found.polarity, abs=2e-4)


def test_the_same_text_is_always_explained_alike(scorer):
    text = " ".join(POSITIVE)
    assert explain(scorer, ScoringInput(text)) == explain(scorer, ScoringInput(text))


@pytest.mark.parametrize(
    "unit",
    ["Der Karton war zerdrückt und kam viel zu spät. ", "ä" * 60 + " ", "😡"],
    ids=["sentences", "runs", "emoji"],
)
def test_a_megabyte_costs_no_more_than_what_is_read_of_it(scorer, unit):
    text = unit * (1_000_000 // len(unit))
    before = time.process_time()
    found = explain(scorer, ScoringInput(text))
    # Two to three seconds of one core; whole reading would take minutes.
    assert time.process_time() - before < 15
    assert not found.complete
    assert max((word.end for word in found.words), default=0) <= 20_000


def test_what_is_left_out_of_a_long_text_is_left_out_of_its_sentence(scorer):
    before = "Ich wollte im Laden am Markt etwas abholen. Der Parkplatz war voll. Drinnen standen schon zwölf Leute. "
    text = before * 6 + "Der Verkäufer hat mich unverschämt angebrüllt. " + "Danach fuhr ich nach Hause. " * 5
    found = explain(scorer, ScoringInput(text))
    worst = min(found.sentences, key=lambda sentence: sentence.contribution)
    assert text[worst.start : worst.end].startswith("Der Verkäufer")
    changes = [abs(word.without - found.polarity) for word in found.words if word.without is not None]
    # One word of a hundred changes little; the sentence alone would change by much more.
    assert 0 < max(changes) < 0.1
    assert all(word.without > found.polarity for word in found.negative)


def test_places_of_cleaned_characters_are_theirs():
    chance = Random(5)
    parts = [
        *"aä ß&#;x12<>@_.-/:\u00ad\u200b\n\t😡🏽\ud83d!",
        "&amp;",
        "&auml",
        "http://a.b/",
        "www.",
        "@kunde",
        "&#x27;",
    ]
    for text in (TANGLED, *("".join(chance.choices(parts, k=chance.randrange(60))) for _ in range(2000))):
        for spelled in (clean, canonical):
            line, places = located(text, one_spelling=spelled is canonical)
            assert line == spelled(text)
            assert len(places) == len(line)
            assert all(0 <= start < end <= len(text) for start, end in places)
            assert places == sorted(places)


def test_units_never_overlap_and_hold_no_space():
    chance = Random(6)
    parts = [
        *" \n'’-*.,:;!?()&<>/\\^_1aÄ😡👍🏽\u200d\ufe0f❤©\u0308\u00ad@#",
        "ab",
        "&amp;",
        "https://x.de/",
        "@ich",
        ":-)",
        "xD",
    ]
    for _ in range(2000):
        text = "".join(chance.choices(parts, k=chance.randrange(50)))
        found = units(text, 0, len(text))
        assert all(one.end <= two.start for one, two in pairwise(found))
        assert not any(character.isspace() for one in found for character in text[one.start : one.end])
        assert all(one.start < one.end for one in found)


def test_tokens_of_one_text_are_those_that_its_vectors_come_from(tmp_path):
    encoder = small_encoder(tmp_path)
    text = "gut und schlecht. " * 60
    prepared = encoder.prepare([text])[0]
    encoded, states = encoder.encode_tokens(prepared)
    again = encoder.encode([text])[0]
    assert states.shape == (len(prepared.ids), encoder.width)
    assert np.allclose(encoded.document, again.document, atol=1e-5)
    assert np.allclose(encoded.vectors, again.vectors, atol=1e-5)
    assert np.allclose(states[prepared.owner == 3].mean(axis=0), again.vectors[3], atol=1e-5)
