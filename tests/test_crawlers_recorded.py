"""Recorded pages of real sites, served on loopback and crawled: every post that a person counts reaches the store."""

from pathlib import Path

import pytest
from crawling import Parts, assert_adds_up, card_for
from website import Answer, serving

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
# Posts with words, counted by a person; the phpBB page has one more that shows only a picture.
COUNTED = [
    ("phpbb/nettally_phpBB.html", "/viewtopic.php?f=1&t=194998&start=25", 24, 1),
    ("xenforo2/nettally_Xenforo2.html", "/threads/a.8276/", 8, 0),
    ("xenforo2/katzen-forum.net-Pepe.html", "/threads/pepe.230143/", 18, 0),
    ("schemaorg_reviews/chefkoch.de.mandarinen.html", "/rezept", 5, 0),
    ("schemaorg_reviews/travanto.de.ferienhaus-feinen.html", "/haus", 5, 0),
    ("schemaorg_reviews/zooroyal.de.trixie.html", "/napf", 4, 0),
    # Five reviews and the owner's answer to one of them.
    ("schemaorg_reviews/de.happycoffee.org.sidamo.html", "/kaffee", 6, 0),
]


@pytest.mark.parametrize(("name", "path", "posts", "empty"), COUNTED, ids=[name for name, *_ in COUNTED])
def test_recorded_page_yields_what_a_person_counts(tmp_path, name, path, posts, empty):
    recorded = FIXTURES / name
    if not recorded.exists():
        pytest.skip(f"the recorded page {name} is not beside this checkout")
    review = name.startswith("schemaorg")
    with serving({path: Answer(recorded.read_bytes(), content_type="text/html")}) as site, Parts(tmp_path) as parts:
        family = {"family": "reviews", "channel": "review"} if review else {}
        card = card_for(site.url, path, about_brand=True, budget={"depth": 0}, **family)
        (summary,) = parts.crawl(card)
        assert_adds_up([summary.record])
        assert summary.record["pages"]["read"] == 1
        assert summary.record["yielded"] == posts + empty
        stored = parts.mentions()
        assert len(stored) == posts
        (second,) = parts.crawl(card)
        assert second.record["fates"].get("unchanged") == posts
    assert all(mention.text and mention.channel == card.channel for mention in stored)
    assert all(mention.author_key is None or len(mention.author_key) == 32 for mention in stored)
