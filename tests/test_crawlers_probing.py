"""A look at a site before anybody reads it: what it says, what it allows, and a card that a person can complete."""

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from command_line import brandmelder
from crawling import FAST, ForumPost, small_forum
from website import Answer, serving

from crawlers.card import SourceCard
from crawlers.fetching import FetchError
from crawlers.pages.page import Page
from crawlers.probe_card import draft_card
from crawlers.probe_report import Size, listed, sitemap_links
from crawlers.probing import probe
from crawlers.yaml_file import parse_yaml

NOW = datetime.now(UTC).replace(microsecond=0)
TDMREP = "/.well-known/tdmrep.json"
NOAI = Answer("<p>x", headers={"X-Robots-Tag": "noai"})
RSS = "application/rss+xml"


def feed(entries, days):
    items = "".join(
        f"<item><pubDate>{format_datetime(NOW - timedelta(days=days * n / (entries - 1)))}</pubDate></item>"
        for n in range(entries)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Neues</title>{items}</channel></rss>"


@pytest.fixture
def site():
    made = small_forum(threads=3, posts=7)
    next(iter(made.threads.values()))[0] = ForumPost(
        "Hallo Birte, ruf mich an: 030 901820 oder bert@beispiel.de", "Bert"
    )
    made.extra_head = '<link rel="alternate" type="application/rss+xml" href="/app.php/feed">'
    served = made.serve()
    served.pages["/app.php/feed"] = Answer(feed(15, 14), content_type=RSS)
    served.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /intern/\nSitemap: " + served.url + "/karte.xml")
    served.pages["/karte.xml"] = Answer(
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        f"{''.join(f'<url><loc>{served.url}/viewtopic.php?t={n}</loc></url>' for n in range(40))}</urlset>",
        content_type="text/xml",
    )
    yield served
    served.close()


def test_probe_of_a_board_says_software_verdict_feeds_size_and_five_posts(site):
    found = probe(site.url + "/viewforum.php?f=2", scrapy=FAST)
    assert (found.software, found.kind, found.verdict, found.language) == ("phpbb", "listing", "allowed", "de")
    assert [(entry.kind, entry.entries) for entry in found.feeds] == [("rss", 15)]
    assert [(entry.kind, entry.entries) for entry in found.sitemaps] == [("sitemap", 40)]
    assert found.size.links_on_page == 3
    assert found.size.posts_per_week == pytest.approx(7.0)
    assert (found.size.seen_in, found.size.pages_in_sitemaps) == ("feed", 40)
    assert len(found.posts) == 5
    assert found.requests == len(site.asked) <= 10
    assert not any(signal.reserves for signal in found.signals)


def test_posts_are_shown_as_they_would_be_kept(site):
    found = probe(site.url + "/viewforum.php?f=2", scrapy=FAST)
    shown = found.model_dump_json()
    assert "[TEL]" in found.posts[0].text
    assert "[MAIL]" in found.posts[0].text
    assert "901820" not in shown
    assert "nutzer_" not in shown
    again = probe(site.url + "/viewforum.php?f=2", scrapy=FAST)
    assert found.posts[0].author_key != again.posts[0].author_key


def test_draft_card_can_be_read_and_starts_nothing(site):
    found = probe(site.url + "/viewforum.php?f=2", scrapy=FAST)
    card = parse_yaml(found.card, SourceCard, name="Entwurf")
    assert (card.family, card.channel, card.enabled, card.basis) == ("forum", "forum", False, None)
    assert card.start_urls == (site.url + "/viewforum.php?f=2",)
    assert "nicht freigegeben" in (card.refusal(NOW.date()) or "")
    assert "# " in found.card


@pytest.mark.parametrize(
    "title", ["Foo: bar # baz", "- 'Zitat\"", "@x", "{a: b}", "Ärger\nund\x07mehr", "ja", "2026-01-01", "\ud800kaputt"]
)
def test_draft_card_is_valid_whatever_the_page_is_called(title):
    page = Page(software="phpbb", kind="listing", url="https://forum.example/", title=title)
    text = draft_card(page.url, page, size=Size(), verdict="allowed", crawl_delay=0, today=date(2026, 3, 2))
    assert isinstance(parse_yaml(text, SourceCard, name="Entwurf").title, str)


@pytest.mark.parametrize(
    ("path", "answer", "verdict", "signal"),
    [
        ("/robots.txt", Answer("User-agent: *\nDisallow: /"), "reserved/robots_txt", "robots_txt"),
        ("/robots.txt", Answer("kaputt", status=503), "reserved/robots_http_503", "robots_txt"),
        ("/ai.txt", Answer("User-agent: *\nDisallow: /"), "reserved/ai_txt", "ai_txt"),
        (
            "/.well-known/tdmrep.json",
            Answer('[{"location": "/", "tdm-reservation": 1}]'),
            "reserved/tdmrep_json",
            "tdmrep_json",
        ),
        (
            "/viewforum.php",
            Answer("<p>x", headers={"X-Robots-Tag": "noai"}),
            "reserved/x_robots_tag_noai",
            "x_robots_tag",
        ),
    ],
)
def test_reserved_site_is_named_by_its_signal_and_not_read_further(site, path, answer, verdict, signal):
    site.pages[path] = answer
    found = probe(site.url + "/viewforum.php?f=2", scrapy=FAST)
    assert (found.verdict, found.kind, found.posts) == (verdict, "reserved", ())
    assert [entry.name for entry in found.signals if entry.reserves] == [signal]
    assert not [asked for asked in site.paths if "viewtopic" in asked]
    assert "ACHTUNG" in found.card


def test_reservations_of_single_pages_hold_for_the_sample(site):
    site.pages["/viewtopic.php"] = Answer("<p>x", headers={"tdm-reservation": "1"})
    found = probe(site.url + "/viewforum.php?f=2", scrapy=FAST)
    assert (found.verdict, found.posts) == ("allowed", ())


def test_overview_of_boards_leads_to_posts():
    made = small_forum(threads=1, posts=6)
    site = made.serve()
    site.pages["/index.php"] = (
        '<html lang="de"><body id="phpbb" class="section-index"><ul><li><a class="forumtitle" '
        'href="./viewforum.php?f=2">Brett</a></li></ul></body></html>'
    )
    found = probe(site.url + "/index.php", scrapy=FAST)
    site.close()
    assert len(found.posts) == 5


@pytest.mark.parametrize(
    "page",
    [b"", b"\x00\xff\xfe\x00", "<html><body>Nichts weiter</body></html>",
     Answer(b"%PDF-1.4", content_type="application/pdf"),
     '<link rel="alternate" type="application/rss+xml" href="http://169.254.169.254/feed">'
     '<link rel=alternate type=rss href="::">'],
)  # fmt: skip
def test_odd_pages_are_answered_too(page):
    with serving({"/": page, "/sitemap.xml": b"\x00<urlset"}) as site:
        found = probe(site.url + "/", scrapy=FAST)
    assert (found.posts, found.verdict) == ((), "allowed")


@pytest.mark.parametrize(
    ("address", "words"),
    [("http://127.0.0.1:1/", "nicht gelesen|robots"), ("ftp://a.example/", "keine Adresse"), ("", "keine Adresse")],
)
def test_addresses_that_can_not_be_looked_at(address, words):
    if address.startswith("http"):
        assert probe(address, scrapy=FAST).verdict == "reserved/robots_unreachable"
        return
    with pytest.raises(FetchError, match=words):
        probe(address, scrapy=FAST)


def test_missing_page_is_an_error(site):
    with pytest.raises(FetchError, match="http_404"):
        probe(site.url + "/nichts", scrapy=FAST)


def test_sitemaps_and_feeds_are_read_from_any_bytes():
    assert listed("u", b"", now=NOW).kind is None
    assert listed("u", b"<html><body>x", now=NOW).kind is None
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><updated>2026-03-01T10:00:00Z</updated></entry></feed>"
    assert listed("u", atom.encode(), now=NOW).newest == datetime(2026, 3, 1, 10, tzinfo=UTC)
    bomb = b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><urlset><url><loc>&b;</loc></url></urlset>"
    assert sitemap_links(bomb) in ([""], [])


def test_command_prints_text_and_json_and_stores_nothing(site, tmp_path):
    address = site.url + "/viewforum.php?f=2"
    done = brandmelder("probe", address, "--data", tmp_path / "daten")
    assert done.returncode == 0, done.stderr
    assert "phpbb" in done.stdout
    assert "darf gelesen werden" in done.stdout
    assert "etwa 7,0 Beiträge je Woche" in done.stdout
    assert "start_urls:" in done.stdout
    done = brandmelder("probe", address, "--format", "json", "--data", tmp_path / "daten")
    assert len(json.loads(done.stdout)["posts"]) == 5
    assert not (tmp_path / "daten").exists()


def test_command_explains_what_it_can_not_look_at(tmp_path):
    done = brandmelder("probe", "ftp://a.example/", "--data", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "keine Adresse" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_pasted_feed_gets_a_card_that_reads_feeds():
    with serving({"/feed": Answer(feed(6, 5), content_type=RSS)}) as site:
        found = probe(site.url + "/feed", scrapy=FAST)
    assert (found.kind, found.size.posts_per_week) == ("feed", pytest.approx(7.0))
    assert parse_yaml(found.card, SourceCard, name="Entwurf").family == "feed"
