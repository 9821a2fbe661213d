"""Pages of many kinds of software to mutate: our own ones, and the recorded ones that lie beside this checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench_site import BenchSite
from test_crawlers_pages_apis import TAG, status
from test_crawlers_pages_boards import vb3, vb3_post, vb4, vb4_post, vb5, vb5_post, xf1, xf1_post
from test_crawlers_pages_boards_second import (
    mybb,
    mybb_post,
    smf,
    smf20_post,
    smf21_post,
    wbb,
    wbb_post,
    wsc,
    wsc_post,
)
from test_crawlers_pages_comments import API, BLOCK, CLASSIC, DRUPAL, NEWS, rest
from test_crawlers_pages_data_forums import discourse_post, discourse_topic, nodebb_post, nodebb_topic
from test_crawlers_pages_fallback import answer, question
from test_crawlers_pages_feed import ATOM, RSS
from test_crawlers_pages_forums import machina, machina_post, post33, prosilver, xenforo, xenforo_post
from test_crawlers_pages_forums_third import fa_page, fa_prosilver, ips4, ips_page
from test_crawlers_pages_reviews import ld, review

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
BODY = 'Kornblume kam zu spät.<br>Ruf an: 0171 2345678. <a href="/threads/licht.12/#post-77">Siehe hier</a>'
QUOTED = "<blockquote>Fremde Worte</blockquote>Das sehe ich bei Kornblume auch so."
HTML_BUILDERS = (
    ("https://f.example/threads/a.1/", xf1, xf1_post),
    ("https://f.example/showthread.php?t=5", vb3, vb3_post),
    ("https://f.example/showthread.php?t=6", vb4, vb4_post),
    ("https://f.example/forum/a/7-b", vb5, vb5_post),
    ("https://f.example/thread/55-zelt/", wsc, wsc_post),
    ("https://f.example/index.php?page=Thread&threadID=55", wbb, wbb_post),
    ("https://f.example/showthread.php?tid=55", mybb, mybb_post),
    ("https://f.example/index.php?topic=55.0", smf, smf20_post),
    ("https://f.example/index.php?topic=56.0", smf, smf21_post),
    ("https://f.example/viewtopic.php?f=3&t=7", prosilver, post33),
    ("https://f.example/threads/licht.12/", xenforo, xenforo_post),
    ("https://f.example/forum/a-1/topic/b-2/", machina, machina_post),
    ("https://f.example/topic/55-heizung/", ips_page, ips4),
    ("https://f.example/t5-zelt", fa_page, fa_prosilver),
    ("https://f.example/questions/10/kessel", question, answer),
)


@dataclass(frozen=True)
class Sample:
    """A response: where it came from, and its body."""

    name: str
    url: str
    body: bytes


def own_samples() -> Iterator[Sample]:
    """One or more pages of each kind of software, written for the readers' tests."""
    for url, page, post in HTML_BUILDERS:
        posts = post(41, "Birte", BODY) + post(42, "Jörn_77", QUOTED) + post(43, "Käufer", "Danke, Kornblume!")
        yield Sample(post.__name__, url, page(posts).encode())
    site = BenchSite(threads=3, posts=4)
    for path in site.paths():
        yield Sample("bench", f"https://f.example{path}", (site.page(path) or "").encode())
    for name, text in (("classic", CLASSIC), ("block", BLOCK), ("drupal", DRUPAL), ("news", NEWS)):
        yield Sample(name, "https://blog.example/2026/03/gemuesekiste/", text.encode())
    for name, text in (("rss", RSS), ("atom", ATOM)):
        yield Sample(name, "https://portal.example/feed/", text.encode())
    shop = ld({"@type": "Product", "name": "Lampe", "review": [review("Kornblume, gut."), review("Nie wieder.")]})
    yield Sample("reviews", "https://laden.example/lampe", f"<html><head>{shop}</head><body></body></html>".encode())
    data = (
        ("https://forum.example/t/7.json", discourse_topic(discourse_post(1, BODY), discourse_post(2, QUOTED))),
        ("https://nodebb.example/api/topic/12", nodebb_topic(nodebb_post(1, BODY), nodebb_post(2, QUOTED))),
        (API, [rest(), rest(id=78)]),
        (TAG, [status(), status(101)]),
    )
    for url, value in data:
        yield Sample("json", url, json.dumps(value).encode())


def recorded_samples() -> Iterator[Sample]:
    """The recorded pages; none where they aren't beside this checkout."""
    for path in sorted(FIXTURES.rglob("*")):
        if path.suffix in (".html", ".htm", ".json", ".xml", ".rss"):
            yield Sample(path.name, f"https://board.example/{path.parent.name}/viewtopic.php?t=5", path.read_bytes())
