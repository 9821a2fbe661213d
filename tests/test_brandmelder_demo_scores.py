"""The real scorer on the demo: it sees the story where its authors put it, and nothing like it elsewhere."""

from datetime import date

import pytest

from brandmelder.demo.content import load_world
from brandmelder.demo.profile import TEMPLATE
from brandmelder.demo.truth import agreement, judged_texts, scored, weekly_complaints
from brandmelder.profile import read_profile
from nlp.loading import load_scorer

pytestmark = [pytest.mark.model, pytest.mark.slow]


@pytest.fixture(scope="module")
def texts():
    return list(judged_texts(load_world(date(2026, 3, 1))))


@pytest.fixture(scope="module")
def scores(texts):
    return scored(texts, load_scorer(), read_profile(str(TEMPLATE), TEMPLATE.parent).taxonomy())


def test_scores_agree_with_the_authors_far_above_chance(texts, scores):
    """Guessing the commonest label reaches 0.35, guessing topics at random about 0.1."""
    found = agreement(texts, scores)
    assert found.sentiment > 0.55
    assert found.topic_precision > 0.65
    assert found.topic_recall > 0.55


def test_scores_show_the_story_in_week_nine(texts, scores):
    weekly = weekly_complaints(texts, scores)
    story, others = weekly[0], weekly[1:]
    assert story.topic == "werkstatt"
    assert story.counts[8] == max(story.counts)
    assert story.counts[8] >= 3 * max(story.counts[:8])
    assert story.counts[8] >= 3 * max(other.counts[8] for other in others)
