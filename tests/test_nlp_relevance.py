"""Texts of another meaning of the name are told apart, by what people said of a few; sense on the real model."""

import pytest

from nlp.loading import load_scorer
from nlp.relevance import FEWEST, FEWEST_OURS, Relevance, enough

pytestmark = pytest.mark.model

SHOP = (
    "Mein Rad war bei Zeisig zwei Wochen in der Werkstatt.",
    "Zeisig hat mir den falschen Schlauch geschickt.",
    "Beim Zeisig am Markt wird man gut beraten.",
    "Die Bestellung bei Zeisig kam schnell an.",
    "Zeisig ruft nicht zurück, dabei warte ich auf mein Geld.",
    "Neuer Helm von Zeisig, sitzt prima.",
    "Die App von Zeisig stürzt ständig ab.",
    "Bei Zeisig kostet die Inspektion jetzt 80 Euro.",
)
BIRDS = (
    "Heute Morgen saß ein Zeisig an der Futterstelle und sang.",
    "Der Zeisig brütet am liebsten in Fichtenwäldern.",
    "Im Winter kommen ganze Schwärme vom Zeisig in unseren Garten.",
    "Ist das Männchen vom Zeisig gelber als das Weibchen?",
)
COUNCIL = (
    "Herr Zeisig hat im Gemeinderat gegen den Haushalt gestimmt.",
    "Bürgermeisterin Zeisig eröffnet morgen das Stadtfest.",
    "Der Stadtrat wählte Thomas Zeisig zum Vorsitzenden.",
    "Frau Zeisig von der Opposition fordert eine Anfrage im Landtag.",
)
MORE_BIRDS = ("Am Bach habe ich einen Zeisig im Nest beobachtet.", "Welche Körner mag der Zeisig?")
MORE_SHOP = ("Zeisig hat meine Bremsen falsch eingestellt.", "Der Kundendienst von Zeisig ist eine Katastrophe.")


@pytest.fixture(scope="module")
def vectors():
    return load_scorer(threads=1).vectors


def test_a_few_clicks_tell_birds_from_the_shop(vectors):
    relevance = Relevance(vectors, SHOP, BIRDS)
    found = dict(zip((*MORE_BIRDS, *MORE_SHOP), relevance((*MORE_BIRDS, *MORE_SHOP)), strict=True))
    assert all(found[text] <= relevance.bound for text in MORE_BIRDS)
    assert all(found[text] > relevance.bound for text in MORE_SHOP)
    assert relevance(MORE_SHOP[:1]) == pytest.approx([found[MORE_SHOP[0]]], abs=2e-4)
    assert relevance(()) == []


def test_newer_clicks_do_not_make_it_forget_older_ones(vectors):
    relevance = Relevance(vectors, SHOP, (*BIRDS, *COUNCIL))
    assert max(relevance(BIRDS)) <= relevance.bound
    assert max(relevance(COUNCIL)) <= relevance.bound
    assert min(relevance(SHOP)) > relevance.bound
    assert min(relevance(MORE_SHOP)) > max(relevance(MORE_BIRDS))


def test_equal_texts_on_both_sides_set_nothing_aside(vectors):
    relevance = Relevance(vectors, SHOP[:4], SHOP[:4])
    assert min(relevance(MORE_SHOP)) > relevance.bound


def test_too_few_texts_teach_nothing():
    many = SHOP * FEWEST_OURS
    assert not enough(many, BIRDS[: FEWEST - 1])
    assert not enough(many[: FEWEST_OURS - 1], BIRDS)
    assert enough(many[:FEWEST_OURS], BIRDS[:FEWEST])
