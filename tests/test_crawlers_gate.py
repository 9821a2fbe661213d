"""Who says no is heard: robots.txt, reservations in headers, pages and files; and no way into private networks."""

from datetime import UTC, datetime

import pytest
from crawling import FAST, Parts, assert_adds_up, card_for, small_forum
from website import Answer, serving

from crawlers.fetching import FetchError, fetch_page
from crawlers.gate.address import is_public
from crawlers.gate.patience import retry_after
from crawlers.gate.reservation import Signals, response_signals, tdmrep_rules, tdmrep_verdict
from crawlers.gate.robots import robots_rules

URL = "https://forum.example/thema/7"
TEXT = "text/plain"


# --- robots.txt


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, b"", None),
        (200, b"User-agent: *\nDisallow: /intern/", None),
        (200, b"User-agent: *\nDisallow: /thema", "reserved/robots_txt"),
        (200, b"User-agent: brandmelder\nDisallow: /\n\nUser-agent: *\nAllow: /", "reserved/robots_txt"),
        (200, b"User-agent: brandmelder\nAllow: /\n\nUser-agent: *\nDisallow: /", "reserved/robots_txt_scrapy"),
        (200, b"User-agent: Scrapy\nDisallow: /", "reserved/robots_txt_scrapy"),
        (200, b"# Nutzungsvorbehalt nach \xc2\xa7 44b UrhG\nUser-agent: *\nAllow: /", "reserved/robots_44b_notice"),
        (200, b"# Text- und Data-Mining ist vorbehalten", "reserved/robots_44b_notice"),
        (200, b"# Text und Data Mining: nein", "reserved/robots_44b_notice"),
        (200, b"# gem. RL (EU) 2019/790", "reserved/robots_44b_notice"),
        (200, b"User-agent: *\nContent-Usage: train-ai=n", "reserved/robots_content_usage"),
        (200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "reserved/robots_txt"),
        (200, b"\xff\xfe\x00kein Text", None),
        (404, b"User-agent: *\nDisallow: /", None),
        (403, b"", None),
        (429, b"", "reserved/robots_http_429"),
        (500, b"User-agent: *\nAllow: /", "reserved/robots_http_500"),
        (503, b"", "reserved/robots_http_503"),
        (302, b"", "reserved/robots_unreachable"),
        (None, b"", "reserved/robots_unreachable"),
    ],
)
def test_robots_txt_fails_closed(status, body, verdict):
    assert robots_rules(status, body).refusal(URL) == verdict


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b"User-agent: *\nCrawl-delay: 7", 7.0),
        (b"User-agent: *\nRequest-rate: 1/10", 10.0),
        (b"User-agent: brandmelder\nCrawl-delay: 3\n\nUser-agent: *\nCrawl-delay: 9", 3.0),
        (b"User-agent: *\nDisallow:", 0.0),
    ],
)
def test_crawl_delay_is_read(body, seconds):
    assert robots_rules(200, body).crawl_delay == seconds


# --- reservations


@pytest.mark.parametrize(
    ("headers", "html", "well_known", "reason"),
    [
        ({}, "<p>frei</p>", None, None),
        ({}, "", True, "tdmrep_json"),
        ({}, "", False, None),
        ({"tdm-reservation": ["1"]}, "", None, "tdm_header"),
        ({"tdm-reservation": ["1"]}, "", False, "tdm_header"),
        ({"tdm-reservation": ["0"]}, "", True, None),
        ({"tdm-reservation": ["ja"]}, "", True, "tdmrep_json"),
        ({"tdm-reservation": ["0"]}, '<meta name="tdm-reservation" content="1">', None, "tdm_meta"),
        ({"tdm-reservation": ["1"]}, '<meta name="tdm-reservation" content="0">', None, None),
        ({}, "<META CONTENT='1' NAME='TDM-Reservation'>", None, "tdm_meta"),
        ({}, '<!-- <meta name="tdm-reservation" content="1"> -->', None, None),
        ({"x-robots-tag": ["noindex"]}, "", None, "x_robots_tag_noindex"),
        ({"x-robots-tag": ["noai, noimageai"]}, "", None, "x_robots_tag_noai"),
        ({"x-robots-tag": ["googlebot: noindex, nofollow"]}, "", None, None),
        ({"x-robots-tag": ["googlebot: noindex", "brandmelder: none"]}, "", None, "x_robots_tag_none"),
        ({"x-robots-tag": ["max-snippet: 20, noarchive"]}, "", None, "x_robots_tag_noarchive"),
        ({}, '<meta name="robots" content="NOINDEX,follow">', None, "meta_robots_noindex"),
        ({}, '<meta name="brandmelder" content="noai">', None, "meta_robots_noai"),
        ({}, '<meta name="googlebot" content="noindex">', None, None),
        ({}, '<meta name="robots" content="index, follow, max-image-preview:large">', None, None),
        ({"content-usage": ["train-ai=n"]}, "", None, "content_usage"),
        ({"content-usage": ["train-ai=y"]}, "", None, None),
    ],
)
def test_signals_of_a_response(headers, html, well_known, reason):
    assert response_signals(headers, html, well_known=well_known).reason == reason


@pytest.mark.parametrize(
    ("html", "follow"),
    [
        ('<meta name="robots" content="noindex, follow">', True),
        ('<meta name="robots" content="nofollow">', False),
        ('<meta name="robots" content="none">', False),
        ('<meta name="tdm-reservation" content="1">', False),
        ("", True),
    ],
)
def test_links_are_followed_where_only_keeping_is_refused(html, follow):
    assert response_signals({}, html, well_known=None).follow == follow


def test_endless_comment_openings_are_read_in_time():
    assert response_signals({}, "<!--" * 100_000, well_known=None) == Signals(None)


def test_tdmrep_takes_the_first_match_in_file_order():
    body = b"""[{"location": "/frei/*", "tdm-reservation": 0}, {"location": "/*.html$", "tdm-reservation": 1},
                {"location": "/", "tdm-reservation": "1"}, {"location": 7, "tdm-reservation": 1}, "Unsinn"]"""
    rules = tdmrep_rules(body)
    assert len(rules) == 3
    assert tdmrep_verdict(rules, "https://a.example/frei/x.html") is False
    assert tdmrep_verdict(rules, "https://a.example/b.html") is True
    assert tdmrep_verdict(rules, "https://a.example") is True
    assert tdmrep_verdict(rules[:2], "https://a.example/b.htm") is None
    assert tdmrep_rules(b"<html>nicht gefunden") == []


# --- addresses


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("keine", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address, public):
    assert is_public(address) == public


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120.0),
        (b"Mon, 02 Mar 2026 09:00:30 GMT", 30.0),
        (b"Mon, 02 Mar 2026 08:00:00 GMT", 0.0),
        (b"bald", None),
        (None, None),
    ],
)
def test_retry_after_is_read(value, seconds):
    assert retry_after(value, now=datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) == seconds


# --- in a crawl


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


@pytest.fixture
def site():
    served = small_forum(threads=3, posts=7).serve()
    yield served
    served.close()


def crawl(parts, site, **changes):
    (summary,) = parts.crawl(card_for(site.url, **changes))
    assert_adds_up([summary.record])
    return summary


def whole_site_says_no(site, headers=None, head=""):
    """Every page carries the header or the tag."""
    for path, page in list(site.pages.items()):
        if path == "/robots.txt":
            continue

        def changed(asked, page=page):
            body = page(asked)
            text = body.data.decode() if isinstance(body, Answer) else body
            return Answer(text.replace("<head>", f"<head>{head}"), headers=headers or {})

        site.pages[path] = changed


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        (Answer("kaputt", status=503), "reserved/robots_http_503"),
        (Answer("", pause=3.0), "reserved/robots_unreachable"),
        (Answer(status=301, headers={"Location": "/robots.txt"}), "reserved/robots_unreachable"),
        (Answer("User-agent: *\nDisallow: /", content_type=TEXT), "reserved/robots_txt"),
        (Answer("# § 44b UrhG\nUser-agent: *\nAllow: /", content_type=TEXT), "reserved/robots_44b_notice"),
        (Answer("User-agent: *\nCrawl-delay: 3600", content_type=TEXT), "reserved/crawl_delay_too_long"),
    ],
)
def test_robots_that_say_no_or_nothing_keep_the_crawl_out(parts, site, robots, reason):
    site.pages["/robots.txt"] = robots
    (summary,) = parts.crawl(card_for(site.url), scrapy=FAST | {"DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 0})
    assert summary.record["pages"] == summary.record["gate"] == {reason: 1}
    assert site.paths == []
    assert (summary.outcome, parts.mentions()) == ("failed", [])
    assert reason in summary.reason


def test_missing_robots_mean_no_rules(parts, site):
    del site.pages["/robots.txt"]
    assert crawl(parts, site).record["yielded"] == 21


def test_crawl_delay_lies_between_pages(parts, site):
    site.pages["/robots.txt"] = Answer("User-agent: *\nCrawl-delay: 1", content_type=TEXT)
    (summary,) = parts.crawl(card_for(site.url, "/viewtopic.php?f=2&t=0"))
    assert summary.record["yielded"] == 7
    first, second = [asked.at for asked in site.asked if asked.path in site.paths]
    assert second - first >= 0.99


@pytest.mark.parametrize(
    ("headers", "head", "reason"),
    [
        ({"tdm-reservation": "1"}, "", "reserved/tdm_header"),
        ({}, '<meta name="tdm-reservation" content="1">', "reserved/tdm_meta"),
        ({"X-Robots-Tag": "noai"}, "", "reserved/x_robots_tag_noai"),
    ],
)
def test_reserved_pages_are_not_stored_and_counted_with_their_reason(parts, site, headers, head, reason):
    whole_site_says_no(site, headers, head)
    summary = crawl(parts, site)
    assert summary.record["pages"] == {reason: 1}
    assert (summary.outcome, summary.record["yielded"], parts.mentions()) == ("failed", 0, [])


def test_noindex_pages_lead_on_but_are_not_stored(parts, site):
    whole_site_says_no(site, head='<meta name="robots" content="noindex, follow">')
    summary = crawl(parts, site)
    assert set(summary.record["pages"]) == {"reserved/meta_robots_noindex"}
    assert len(site.paths) == 1 + 3 * 2
    assert summary.record["yielded"] == 0


def test_tdmrep_file_reserves_what_it_names(parts, site):
    site.pages["/.well-known/tdmrep.json"] = Answer(
        '[{"location": "/viewtopic.php?f=2&t=1*", "tdm-reservation": 1}]', content_type="application/json"
    )
    summary = crawl(parts, site)
    assert summary.record["pages"] == {"read": 5, "reserved/tdmrep_json": 1}
    assert summary.record["yielded"] == 14


def test_disallowed_thread_is_not_asked_for(parts, site):
    site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /viewtopic.php?f=2&t=1", content_type=TEXT)
    summary = crawl(parts, site)
    assert not [path for path in site.paths if "t=1" in path]
    assert summary.record["gate"] == {"allowed": 5, "reserved/robots_txt": 1}


# --- one page by hand


def test_fetched_page_is_read_like_in_a_crawl(site):
    page = fetch_page(site.url + "/viewtopic.php?f=2&t=0", contact="test@example.org")
    assert (page.kind, page.software, len(page.posts)) == ("thread", "phpbb", 5)
    assert page.posts[0].author == "nutzer_0"
    assert site.asked[-1].headers["User-Agent"].endswith("(+test@example.org)")


def test_fetched_page_that_is_reserved_says_why(site):
    whole_site_says_no(site, {"tdm-reservation": "1"})
    page = fetch_page(site.url + "/viewforum.php?f=2")
    assert (page.kind, page.notes, page.posts) == ("reserved", ("reserved/tdm_header",), ())
    site.pages["/robots.txt"] = Answer("weg", status=500)
    page = fetch_page(site.url + "/viewforum.php?f=2", scrapy=FAST)
    assert (page.kind, page.notes) == ("reserved", ("reserved/robots_http_500",))


@pytest.mark.parametrize(
    ("path", "words"),
    [("/nichts", "http_404"), ("/ucp.php?mode=login", "session_or_member_page")],
)
def test_page_that_can_not_be_had_is_an_error_in_a_sentence(site, path, words):
    with pytest.raises(FetchError, match=words):
        fetch_page(site.url + path)


def test_private_address_is_not_fetched_unless_named_or_allowed(site):
    with pytest.raises(FetchError, match="private_address"):
        fetch_page(site.url + "/viewforum.php?f=2", allow_private=False)
    assert site.asked == []
    elsewhere = Answer(status=302, headers={"Location": "http://169.254.169.254/latest"})
    with serving({"/": elsewhere}) as other, pytest.raises(FetchError, match="other_host"):
        fetch_page(other.url + "/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "forum.example", "ftp://forum.example/"])
def test_only_web_addresses_are_fetched(url):
    with pytest.raises(FetchError, match="http"):
        fetch_page(url)
