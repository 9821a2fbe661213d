"""Feeds read by whole runs on loopback: conditional requests, what a 304 counts as, and how far paging goes."""

from datetime import datetime, timedelta

import pytest
from crawling import FAST, FIRST, Parts, assert_adds_up, card_for, sentence
from website import Answer, serving

from crawlers.fetching import fetch_page

XML = "application/rss+xml; charset=utf-8"
ATOM = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Brett</title>{parts}</feed>'


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


def entry(number: int, text: str, at: datetime = FIRST) -> str:
    return f"""<entry><id>urn:post:{number}</id><title>Beitrag {number}</title><published>{at.isoformat()}</published>
        <link href="/t/{number}"/><author><name>nutzer_{number}</name></author><content>{text}</content></entry>"""


class Feed:
    """A feed with validators, as a well-behaved server gives it."""

    def __init__(self) -> None:
        self.entries = [entry(n, sentence(n, 1)) for n in range(3)]
        self.version = 1

    def __call__(self, path, headers) -> Answer:
        sent = {"ETag": f'W/"v{self.version}"', "Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"}
        if headers.get("If-None-Match") == sent["ETag"]:
            return Answer(b"", status=304, headers=sent, content_type=None)
        return Answer(ATOM.format(parts="".join(self.entries)), content_type=XML, headers=sent)


def card(site, **changes):
    return card_for(site.url, "/forum/feed.rss?sort=new", family="feed", channel="forum", **changes)


def feed_site(feed):
    site = serving()
    opened = site.__enter__()
    opened.pages["/forum/feed.rss"] = lambda path: feed(path, opened.asked[-1].headers)
    return site, opened


def test_unchanged_feed_is_not_sent_again_and_counted(parts):
    feed = Feed()
    context, site = feed_site(feed)
    (first,) = parts.crawl(card(site))
    assert first.record["fates"] == {"stored": 3}
    assert first.outcome == "done"
    (second,) = parts.crawl(card(site, expected={"min_posts": 2, "min_pages": 1}))
    assert (second.outcome, second.record["fates"]) == ("done", {})
    assert second.record["pages"] == {"not_modified": 1}
    assert second.record["gate"] == {"allowed": 1}
    asked = [request for request in site.asked if request.path.startswith("/forum")]
    assert [request.path for request in asked] == ["/forum/feed.rss?sort=new"] * 2
    assert asked[1].headers["If-None-Match"] == 'W/"v1"'
    assert asked[1].headers["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    feed.entries.insert(0, entry(9, sentence(9, 1), FIRST + timedelta(days=1)))
    feed.version = 2
    (third,) = parts.crawl(card(site))
    context.__exit__(None, None, None)
    assert third.record["fates"] == {"stored": 1, "unchanged": 3}
    assert_adds_up([first.record, second.record, third.record])


def test_other_rules_read_the_whole_feed_again(parts):
    context, site = feed_site(Feed())
    parts.crawl(card(site))
    (again,) = parts.crawl(card(site, about_brand=True))
    context.__exit__(None, None, None)
    assert again.record["pages"] == {"read": 1}
    assert again.record["fates"] == {"unchanged": 3}


class Paged:
    """Pages of two entries each, newest first."""

    def __init__(self, count: int) -> None:
        self.numbers = list(range(count))

    def __call__(self, path: str) -> Answer:
        page = int(path.rpartition("page=")[2]) if "page=" in path else 1
        numbers = sorted(self.numbers, reverse=True)[(page - 1) * 2 : page * 2]
        more = f'<link rel="next" href="/atom?page={page + 1}"/>' if page * 2 < len(self.numbers) else ""
        entries = "".join(entry(n, sentence(n, 2), FIRST + timedelta(hours=n)) for n in numbers)
        return Answer(ATOM.format(parts=more + entries), content_type=XML)


def test_paging_ends_where_the_last_run_began(parts):
    feed = Paged(10)
    with serving({"/atom": feed}) as site:
        source = card_for(site.url, "/atom", family="feed", channel="blog")
        (first,) = parts.crawl(source)
        assert first.record["fates"] == {"stored": 10}
        assert len(site.paths) == 5
        feed.numbers += [10, 11, 12]
        (second,) = parts.crawl(source)
        assert second.record["fates"] == {"stored": 3, "unchanged": 1}
        assert site.paths[5:] == ["/atom", "/atom?page=2"]
        assert second.outcome == "done"


def test_what_a_bounded_run_left_out_is_not_taken_for_known(parts):
    with serving({"/atom": Paged(10)}) as site:
        short = card_for(site.url, "/atom", family="feed", channel="blog", budget={"pages_per_thread": 2})
        (first,) = parts.crawl(short)
        assert (first.outcome, first.record["fates"]) == ("bounded", {"stored": 4})
        (second,) = parts.crawl(card_for(site.url, "/atom", family="feed", channel="blog"))
        assert second.record["fates"] == {"stored": 6, "unchanged": 4}


def test_extract_reads_a_feed_by_its_address():
    body = ATOM.format(parts=entry(1, sentence(1, 1)))
    with serving({"/forum/index.rss": Answer(body, content_type=XML)}) as site:
        page = fetch_page(f"{site.url}/forum/index.rss", scrapy=FAST)
    assert (page.kind, len(page.posts)) == ("feed", 1)


def test_reserved_feed_is_not_stored(parts):
    body = ATOM.format(parts=entry(1, sentence(1, 1)))
    with serving({"/atom": Answer(body, content_type=XML, headers={"tdm-reservation": "1"})}) as site:
        (run,) = parts.crawl(card_for(site.url, "/atom", family="feed", channel="blog"), scrapy=FAST)
    assert run.record["pages"] == {"reserved/tdm_header": 1}
    assert parts.mentions() == []
