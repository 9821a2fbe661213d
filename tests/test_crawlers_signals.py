"""Every signal that says no, as a loopback site gives it: nothing stored, the reason in the run's record and audit."""

import asyncio
import gzip
import json
import socket
from datetime import date
from importlib import import_module

import pytest
from crawling import FAST, Forum, ForumPost, Parts, assert_adds_up, card_for, small_forum
from website import Answer, serving

from crawlers.fetching import fetch_page
from crawlers.gate.aitxt import ai_txt
from crawlers.gate.category import board_category, denied_category
from crawlers.gate.robots import robots_rules
from crawlers.pages.urls import is_feed_address
from crawlers.reactor import submit

TEXT = "text/plain"
URL = "https://forum.example/thema/7.html"
QUICK = FAST | {"DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 0}


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


@pytest.fixture
def site():
    served = small_forum(threads=2, posts=6).serve()
    yield served
    served.close()


def with_headers(site, **headers):
    for path, page in list(site.pages.items()):
        if path != "/robots.txt":
            site.pages[path] = lambda asked, page=page: Answer(page(asked), headers=headers)


def with_head(site, head):
    for path, page in list(site.pages.items()):
        if path != "/robots.txt":
            site.pages[path] = lambda asked, page=page: page(asked).replace("<head>", f"<head>{head}")


def robots(text):
    return lambda site: site.pages.__setitem__("/robots.txt", Answer(text, content_type=TEXT))


def file(path, text, **kind):
    return lambda site: site.pages.__setitem__(path, Answer(text, **kind))


ALL_TDM = '[{"location": "/", "tdm-reservation": 1, "tdm-policy": "https://forum.example/lizenz"}]'


@pytest.mark.parametrize(
    ("arrange", "verdict"),
    [
        (file("/ai.txt", "User-Agent: *\nDisallow: /\n", content_type=TEXT), "reserved/ai_txt"),
        (file("/ai.txt", "User-Agent: *\nAllow: *.png\nDisallow: *.html\n", content_type=TEXT), "reserved/ai_txt"),
        (file("/ai.txt", "User-Agent: GPTBot\nDisallow: /viewforum\n", content_type=TEXT), "reserved/ai_txt"),
        (file("/.well-known/tdmrep.json", ALL_TDM, content_type="application/json"), "reserved/tdmrep_json"),
        (robots("User-agent: *\nContent-Usage: train-ai=n"), "reserved/robots_content_usage"),
        (robots("User-agent: *\nContent-Usage: /viewforum train-ai=n"), "reserved/robots_content_usage"),
        (robots("# Nutzungsvorbehalt gemäß § 44b Abs. 3 UrhG\nUser-agent: *\nAllow: /"), "reserved/robots_44b_notice"),
        (robots("User-agent: Scrapy\nDisallow: /"), "reserved/robots_txt_scrapy"),
        (robots("User-agent: *\nCrawl-delay: 900"), "reserved/crawl_delay_too_long"),
        (file("/robots.txt", "Wartung", status=503), "reserved/robots_http_503"),
        (file("/robots.txt", "", pause=3.0), "reserved/robots_unreachable"),
        (lambda site: with_headers(site, **{"TDM-Reservation": "1"}), "reserved/tdm_header"),
        (lambda site: with_headers(site, **{"Content-Usage": "train-ai=n"}), "reserved/content_usage"),
        (lambda site: with_headers(site, **{"X-Robots-Tag": "noai, noimageai"}), "reserved/x_robots_tag_noai"),
        (lambda site: with_headers(site, **{"X-Robots-Tag": "noindex, nofollow"}), "reserved/x_robots_tag_noindex"),
        (lambda site: with_head(site, "<meta name=tdm-reservation content=1>"), "reserved/tdm_meta"),
        (lambda site: with_head(site, "<meta name=robots content='noai,nofollow'>"), "reserved/meta_robots_noai"),
        (lambda site: with_head(site, "<meta name=robots content='noarchive,nofollow'>"),
         "reserved/meta_robots_noarchive"),
    ],
)  # fmt: skip
def test_signal_keeps_everything_out_and_is_logged_with_its_reason(parts, site, arrange, verdict):
    arrange(site)
    (summary,) = parts.crawl(card_for(site.url), scrapy=QUICK)
    record = summary.record
    assert_adds_up([record])
    assert record["gate"] == record["pages"] == {verdict: 1}
    assert (record["yielded"], parts.mentions(), summary.outcome) == (0, [], "failed")
    assert [note["kind"] for note in record["notes"]] == [verdict]
    (row,) = parts.ledger.verdicts(record["id"])
    assert (row["verdict"], row["url"]) == (verdict, f"{site.url}/viewforum.php?f=2")
    assert record["audit"]["basis"] == "own"


def test_audit_names_each_page_and_what_the_policy_files_said(parts, site):
    site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /viewtopic.php?f=2&t=1", content_type=TEXT)
    site.pages["/ai.txt"] = Answer("User-agent: *\nDisallow: /intern/", content_type=TEXT)
    (summary,) = parts.crawl(card_for(site.url))
    verdicts = parts.ledger.verdicts(summary.record["id"])
    assert [row["verdict"] for row in verdicts].count("allowed") == 3
    assert [row["url"] for row in verdicts if row["verdict"] == "reserved/robots_txt"] == [
        f"{site.url}/viewtopic.php?f=2&t=1"
    ]
    (policies,) = summary.record["audit"]["policies"].values()
    assert (policies["robots_status"], policies["robots"], policies["ai_txt"]) == (200, "read", ["/intern/"])
    assert policies["tdmrep_status"] == 404


def test_tdm_header_overrules_the_file_and_the_meta_tag_the_header(parts, site):
    site.pages["/.well-known/tdmrep.json"] = Answer(ALL_TDM, content_type="application/json")
    with_headers(site, **{"tdm-reservation": "0"})
    (summary,) = parts.crawl(card_for(site.url))
    assert summary.record["yielded"] == 12


def test_host_that_asks_for_a_long_pause_is_left_alone(parts, site):
    site.faults["/viewtopic.php?f=2&t=0"] = [Answer("zu viel", status=429, headers={"Retry-After": "3600"})]
    (summary,) = parts.crawl(card_for(site.url))
    assert_adds_up([summary.record])
    assert summary.outcome == "bounded"
    assert "retry_after" in summary.reason
    assert len([path for path in site.paths if "viewtopic" in path]) == 1


def test_retry_after_in_range_is_waited_for(parts, site):
    site.faults["/viewtopic.php?f=2&t=0"] = [Answer("zu viel", status=503, headers={"Retry-After": "1"})]
    (summary,) = parts.crawl(card_for(site.url))
    assert (summary.outcome, summary.record["yielded"]) == ("done", 12)
    first, second = [asked.at for asked in site.asked if asked.path == "/viewtopic.php?f=2&t=0"]
    assert second - first >= 0.99


def test_name_that_does_not_resolve_closes_the_gate(parts):
    card = card_for("http://nirgends.invalid", allow_private=False, delay=2, enabled=True)
    (summary,) = parts.crawl(card, scrapy=QUICK, contact="test@example.org")
    assert summary.record["gate"] == {"reserved/robots_unreachable": 1}


# --- ai.txt, Content-Usage, boards


@pytest.mark.parametrize(
    ("text", "reserved"),
    [
        ("User-agent: *\nDisallow: /", True),
        ("User-agent: *\nDisallow:", False),
        ("User-agent: *\nAllow: /\nDisallow: /thema", True),
        ("User-agent: *\nAllow: /thema/7\nDisallow: /thema", False),
        ("User-agent: *\nDisallow: *.txt\nDisallow: *.pdf", True),
        ("User-agent: *\nDisallow: *.jpg\nDisallow: *.mp3", False),
        ("# Disallow: /\nUser-agent: *\nAllow: *", False),
        ("User-agent: *\nDisallow: /*/8", False),
        ("Content-Usage: train-ai=n", True),
        ("<!DOCTYPE html><h1>Nicht gefunden</h1>", False),
        ("User-agent: *\nDisallow: " + "*a" * 5000, False),
    ],
)
def test_ai_txt_reserves_what_it_keeps_out(text, reserved):
    assert ai_txt(200, text.encode()).reserves(URL) == reserved
    assert not ai_txt(404, text.encode()).reserves(URL)


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("Content-Usage: train-ai=n", True),
        ("content-usage: train-ai=?0", True),
        ("Content-Usage: train-ai=y, search=n", True),
        ("Content-Usage: train-ai=y", False),
        ("Content-Usage: /intern/ train-ai=n", False),
        ("Content-Usage: / train-ai=n\nContent-Usage: /thema/ train-ai=y", False),
        ("Content-Usage: train-ai=y # sonst =n", False),
    ],
)
def test_content_usage_of_robots_txt_may_name_paths(line, refused):
    rules = robots_rules(200, f"User-agent: *\nAllow: /\n{line}\n".encode())
    assert rules.refusal(URL) == ("reserved/robots_content_usage" if refused else None)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Selbsthilfe bei Depressionen", "health"),
        ("/foren/betriebsrat/", "employees"),
        ("Unser Jugendforum", "minors"),
        ("Kinder- und Familienurlaub", None),
        ("Lieferung und Versand", None),
        ("Fahrer sucht Arbeit", None),
        ("Kühlschränke, krank?", None),
        ("Testlabor", None),
    ],
)
def test_boards_of_sensitive_kinds_are_denied_by_name(name, category):
    assert denied_category(name) == category


def test_single_threads_are_not_judged_by_their_words():
    assert (
        board_category("https://a.example/forum/geraete/depression-beim-kauf.7", "Depression?", is_board=False) is None
    )
    assert board_category("https://a.example/forum/selbsthilfe/hallo.7", "Hallo", is_board=False) == "health"
    assert board_category("https://a.example/f2", "Selbsthilfe", is_board=True) == "health"
    assert board_category("https://a.example/forum/intern/x", "x", is_board=False, also=("intern",)) == "denied_by_card"


def test_denied_board_is_neither_kept_nor_followed(parts):
    made = Forum({"Kornblume hat mir geholfen": [ForumPost("Kornblume war da.")]})
    site = made.serve()
    board = site.pages["/viewforum.php"]
    site.pages["/viewforum.php"] = lambda path: board(path).replace("Kundenforum", "Selbsthilfe bei Sucht")
    (summary,) = parts.crawl(card_for(site.url))
    site.close()
    assert summary.record["gate"] == {"forbidden/category_health": 1}
    assert len(site.paths) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "Betriebsrat-Forum"}, "Betriebsräte"),
        ({"basis": None}, "Rechtsgrundlage"),
        ({"evidence": " "}, "Beleg"),
        ({"valid_until": date(2026, 1, 1)}, "01.01.2026"),
        ({"basis": "tdm_44b"}, "geprüft"),
    ],
)
def test_card_without_a_valid_basis_sends_no_request(parts, site, changes, words):
    (summary,) = parts.crawl(card_for(site.url, **changes))
    assert summary.outcome == "refused"
    assert words in summary.reason
    assert site.asked == []


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("https://a.example/feed", True),
        ("https://a.example/forum/index.rss", True),
        ("https://a.example/external.php?type=RSS2", True),
        ("https://a.example/index.php?action=.xml;type=atom", True),
        ("https://a.example/login?next=/feed", False),
        ("https://a.example/members/feed", False),
        ("https://a.example/thema/7", False),
    ],
)
def test_feed_addresses_are_told_from_accounts(url, feed):
    assert is_feed_address(url) == feed


# --- traps


def test_name_that_leads_inside_only_when_connected_to_is_never_asked(monkeypatch, site):
    """DNS rebinding: public when the gate looks, this machine when the connection is made."""
    port = int(site.url.rpartition(":")[2])
    real = socket.getaddrinfo
    answers = {"asked": 0}

    def rebinding(host, *arguments, **options):
        if host != "wechselhaft.example":
            return real(host, *arguments, **options)
        answers["asked"] += 1
        return real("93.184.216.34" if answers["asked"] == 1 else "127.0.0.1", *arguments, **options)

    submit(asyncio.sleep(0)).result(timeout=30)
    reactor = import_module("twisted.internet.reactor")
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(reactor.nameResolver.inner, "_getaddrinfo", rebinding)
    page = fetch_page(f"http://wechselhaft.example:{port}/viewforum.php?f=2", scrapy=QUICK)
    assert (page.kind, page.posts) == ("reserved", ())
    assert answers["asked"] >= 2
    assert site.asked == []


def test_redirect_into_the_own_network_is_refused_before_it_is_asked(parts, site):
    with serving({"/": Answer(status=302, headers={"Location": f"{site.url}/viewforum.php?f=2"})}) as outside:
        (summary,) = parts.crawl(card_for(outside.url, "/"))
    assert summary.record["gate"] == {"forbidden/other_host": 1}
    assert site.asked == []


def test_packed_page_that_unpacks_to_much_more_ends_in_a_counted_fate(parts, site):
    bomb = gzip.compress(b"<p>" + b"A" * 60_000_000)
    assert len(bomb) < 100_000
    site.pages["/viewtopic.php"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    (summary,) = parts.crawl(card_for(site.url, budget={"page_bytes": 2_000_000}))
    assert summary.record["pages"] == {"read": 1, "failed/too_large": 2}


def test_packed_robots_txt_that_unpacks_to_much_more_closes_the_gate(parts, site):
    bomb = gzip.compress(b"#" * 60_000_000)
    site.pages["/robots.txt"] = Answer(bomb, headers={"Content-Encoding": "gzip"}, content_type=TEXT)
    (summary,) = parts.crawl(card_for(site.url))
    assert summary.record["gate"] == {"reserved/robots_unreachable": 1}


def test_endless_page_ends_in_a_counted_fate(parts, site):
    site.pages["/viewtopic.php"] = Answer("<p>" + "Wort " * 400_000)
    (summary,) = parts.crawl(card_for(site.url, budget={"page_bytes": 1_000_000}))
    assert summary.record["pages"] == {"read": 1, "failed/too_large": 2}


def test_calendar_without_end_stops_at_its_depth(parts):
    def month(path):
        number = int(path.rpartition("/")[2])
        links = "".join(
            f'<li><a class="topictitle" href="/termine/{number + step}">Monat</a></li>' for step in (1, 2, 3)
        )
        return f'<html lang="de"><body id="phpbb" class="section-viewforum"><ul>{links}</ul></body></html>'

    with serving({"/robots.txt": Answer("", content_type=TEXT)}) as site:
        site.fallback = month
        (summary,) = parts.crawl(card_for(site.url, "/termine/1", budget={"depth": 5, "pages": 200}))
    assert summary.outcome in ("bounded", "failed")
    assert len(site.paths) <= 20


def test_calendars_of_forums_are_not_asked_for(parts, site):
    board = site.pages["/viewforum.php"]
    more = '<li class="row"><a class="topictitle" href="./calendar/2026/3/">Kalender</a></li>'
    site.pages["/viewforum.php"] = lambda path: board(path).replace(
        '<ul class="topiclist">', f'<ul class="topiclist">{more}'
    )
    (summary,) = parts.crawl(card_for(site.url))
    assert summary.record["yielded"] == 12
    assert not [path for path in site.paths if "calendar" in path]


def test_record_is_json(parts, site):
    (summary,) = parts.crawl(card_for(site.url))
    assert json.loads(json.dumps(summary.record))["audit"]["policies"]
