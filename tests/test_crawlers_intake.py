"""New mentions that probably mean something else of that name are set aside: counted, findable, undone by people."""

from datetime import UTC, datetime

import numpy as np
import pytest
from crawling import Parts, assert_adds_up
from lexicon_scorer import TAXONOMY, LexiconScorer
from test_crawlers_importing import card, survey, take

from crawlers.intake import SET_ASIDE, BrandFilter, Intake
from index.mention import Work
from index.query import parse_query
from nlp.relevance import Relevance

SHOP = [
    "Die Lieferung von Kornblume kam an.",
    "Kornblume hat gute Äpfel geliefert.",
    "Der Laden der Kornblume ist gut.",
] * 2
FLOWERS = [
    "Am Feldrand blüht die Kornblume.",
    "Eine Kornblume blüht blau im Feld.",
    "Die Kornblume blüht im Juni am Feld.",
]
LINES = (
    "1;01.03.2026;2;;;Überall am Feld blüht die Kornblume so blau.",
    "2;01.03.2026;3;;;Der Laden hat gute Äpfel geliefert.",
)


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


def filtering(parts, brand="kornblume"):
    relevance = Relevance(lambda texts: np.zeros((len(texts), 4), dtype=np.float32), SHOP, FLOWERS)
    return Intake(
        parts.ledger,
        store=parts.store,
        scorer=LexiconScorer(),
        taxonomy=TAXONOMY,
        copies=parts.copies,
        clock=lambda: datetime.now(UTC),
        brand_filter=BrandFilter(brand, relevance),
    )


def by_topic(parts):
    flower, shop = sorted(parts.mentions(), key=lambda mention: "Laden" in mention.text)
    return flower, shop


def test_foreign_texts_are_stored_set_aside_and_counted(parts):
    summary = take(parts, survey(*LINES), intake=filtering(parts))
    assert_adds_up([summary.record])
    assert summary.record["fates"] == {"stored": 2}
    assert summary.record["events"]["set_aside/not_us"] == 1
    flower, shop = by_topic(parts)
    assert (flower.work, shop.work) == (Work(not_us=True, note=SET_ASIDE), Work())
    assert flower.relevance < shop.relevance
    parts.store.refresh()
    assert [m.id for m in parts.store.scan(parse_query("work.not_us:true"))] == [flower.id]


def test_what_a_person_brought_back_stays_also_after_an_edit(parts):
    take(parts, survey(*LINES), intake=filtering(parts))
    parts.store.amend(by_topic(parts)[0].id, Work(note="Doch wir."))
    edited = LINES[0].replace("so blau", "ganz blau")
    summary = take(parts, survey(edited, LINES[1]), intake=filtering(parts))
    assert summary.record["fates"] == {"updated": 1, "unchanged": 1}
    flower, _ = by_topic(parts)
    assert flower.work == Work(note="Doch wir.")
    assert "ganz blau" in flower.text


def test_what_is_stored_already_is_not_set_aside(parts):
    take(parts, survey(*LINES))
    take(parts, survey(LINES[0].replace("so blau", "ganz blau"), LINES[1]), intake=filtering(parts))
    flower, _ = by_topic(parts)
    assert flower.work == Work()
    assert flower.relevance is not None


def test_other_brands_are_left_alone(parts):
    take(parts, survey(*LINES), card(), intake=filtering(parts, brand="Adlerpost"))
    assert [mention.work for mention in parts.mentions()] == [Work(), Work()]
    assert [mention.relevance for mention in parts.mentions()] == [None, None]
