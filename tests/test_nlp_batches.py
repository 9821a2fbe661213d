"""A text's scores don't depend on the texts beside it: what a resumed run stores equals an undisturbed one's."""

from random import Random

import pytest

from brandmelder.demo.content import load_world
from brandmelder.demo.profile import TEMPLATE
from brandmelder.profile import read_profile
from nlp.loading import load_scorer
from nlp.scorer import ScoringInput

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def scorer():
    return load_scorer(threads=1)


def test_scores_do_not_depend_on_the_batch(scorer):
    taxonomy = read_profile(str(TEMPLATE), TEMPLATE.parent).taxonomy()
    posts = [(thread, post) for thread, post in load_world().posts()][:30]
    texts = [ScoringInput(post.text, thread.title, "forum") for thread, post in posts]
    texts += [ScoringInput("Ja!"), ScoringInput(""), ScoringInput(" ".join(one.text for one in texts[:12]))]
    together = scorer.score(texts, taxonomy=taxonomy)
    order = list(range(len(texts)))
    Random(5).shuffle(order)
    for size in (1, 5):
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            again = scorer.score([texts[place] for place in batch], taxonomy=taxonomy)
            assert again == [together[place] for place in batch]
