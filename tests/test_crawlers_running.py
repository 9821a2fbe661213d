"""Whole crawls on loopback with the real parts: right mentions, polite requests, and an end to every hostile page."""

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from crawling import (
    FAST,
    RULES,
    SECRET,
    TAXONOMY,
    Forum,
    ForumPost,
    Parts,
    assert_adds_up,
    card_for,
    sentence,
    small_forum,
)
from factories import make_mention
from lexicon_scorer import LexiconScorer
from website import Answer, Site, serving

from crawlers.intake import with_scores
from crawlers.running import CrawlOptions, DryRun, crawl
from index.ledger import Ledger
from index.store import StoreError
from nlp.scorer import ScoringInput


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


@pytest.fixture
def forum():
    made = small_forum()
    site = made.serve()
    yield made, site
    site.close()


def only(summaries):
    assert_adds_up([summary.record for summary in summaries if summary.record])
    (summary,) = summaries
    return summary


def test_crawl_stores_each_post_once_and_a_second_one_nothing_new(parts, forum):
    made, site = forum
    first = only(parts.crawl(card_for(site.url)))
    assert first.outcome == "done"
    assert first.record["yielded"] == 72
    texts = {post.text for posts in made.threads.values() for post in posts}
    stored = parts.mentions()
    assert {mention.text for mention in stored} == texts
    assert len(stored) == 72
    assert first.record["fates"].get("stored", 0) + first.record["fates"].get("near_copy", 0) == 72
    assert all(mention.sentiment is not None and mention.brands == ("kornblume",) for mention in stored)
    second = only(parts.crawl(card_for(site.url)))
    assert second.record["fates"] == {"unchanged": 72}


def test_next_thread_is_asked_for_while_one_is_read_and_a_threads_pages_one_by_one(parts, forum):
    _, site = forum
    only(parts.crawl(card_for(site.url)))
    threads = [parse_qs(urlsplit(path).query) for path in site.paths if path.startswith("/viewtopic.php")]
    begun = [query["t"][0] for query in threads if "start" not in query]
    order = [(query["t"][0], int(query.get("start", ["0"])[0])) for query in threads]
    assert order.index((begun[1], 0)) < max(at for at, (thread, _) in enumerate(order) if thread == begun[0])
    for thread in begun:
        starts = [start for name, start in order if name == thread]
        assert starts == sorted(starts)


@pytest.mark.parametrize("pages", [4, 5])
def test_page_budget_is_exact_though_two_pages_are_under_way(parts, forum, pages):
    _, site = forum
    summary = only(parts.crawl(card_for(site.url, budget={"pages": pages})))
    assert len(site.paths) == pages
    assert summary.record["pages"]["read"] == pages
    assert events(summary)["bounded/page_budget"] == 1


def test_requests_are_few_and_never_for_members_sessions_or_logins(parts, forum):
    _, site = forum
    only(parts.crawl(card_for(site.url)))
    pages = 2 + 6 * 3
    assert len(site.paths) == len(set(site.paths)) == pages
    assert len(site.asked) <= 1.3 * pages
    assert not [path for path in site.paths if "sid=" in path or "member" in path or "search" in path or "ucp" in path]
    assert {request.headers["User-Agent"].split("/")[0] for request in site.asked} == {"Brandmelder"}
    assert not any("Cookie" in request.headers for request in site.asked)


def test_edited_post_is_one_update(parts, forum):
    made, site = forum
    only(parts.crawl(card_for(site.url)))
    posts = next(iter(made.threads.values()))
    posts[3] = ForumPost("Nachtrag: Kornblume hat sich gemeldet, alles gut.", posts[3].author, posts[3].at)
    second = only(parts.crawl(card_for(site.url)))
    assert second.record["fates"] == {"unchanged": 71, "updated": 1}
    assert [m.text for m in parts.mentions() if m.text.startswith("Nachtrag")] == [posts[3].text]


def test_other_model_rescores_what_is_unchanged(parts, forum):
    _, site = forum
    only(parts.crawl(card_for(site.url)))

    class Newer(LexiconScorer):
        revision = "2"

    second = only(parts.crawl(card_for(site.url), scorer=Newer()))
    assert second.record["fates"] == {"updated": 72}
    assert {mention.provenance.model_revision for mention in parts.mentions()} == {"2"}


def test_posts_without_the_brand_end_in_counted_fates_and_on_no_disk(parts, tmp_path):
    made = Forum(
        {
            "Dies und das": [
                ForumPost("Bei Kornblume war das Paket kaputt."),
                ForumPost("Ganz woanders eingekauft, Sumpfdotterwiese."),
                ForumPost("Stellenanzeige: Kornblume sucht Fahrer."),
                ForumPost("<blockquote>Nur ein Zitat von Kornblume</blockquote>"),
            ]
        }
    )
    with_site = made.serve()
    summary = only(parts.crawl(card_for(with_site.url)))
    with_site.close()
    assert summary.record["fates"] == {"dropped/empty": 1, "dropped/excluded": 1, "dropped/no_brand": 1, "stored": 1}
    assert [mention.text for mention in parts.mentions()] == ["Bei Kornblume war das Paket kaputt."]
    assert b"Sumpfdotterwiese" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_on_the_brands_own_board_nobody_needs_to_name_it(parts):
    site = Forum({"Hilfe": [ForumPost("Das Paket war kaputt."), ForumPost("Kornblume ist prima.")]}).serve()
    only(parts.crawl(card_for(site.url, about_brand=True)))
    site.close()
    found = {mention.text: len(mention.matched_terms) for mention in parts.mentions()}
    assert found == {"Das Paket war kaputt.": 0, "Kornblume ist prima.": 1}
    assert {mention.brands for mention in parts.mentions()} == {("kornblume",)}


@pytest.mark.parametrize(("role", "needs"), [("customer", True), ("unknown", True), ("staff", False)])
def test_what_the_company_itself_asks_waits_for_no_answer(role, needs):
    text = "Kornblume hier: Wohin dürfen wir die Kiste liefern?"
    draft = make_mention(1, text=text, author_role=role)
    scorer = LexiconScorer()
    (scores,) = scorer.score([ScoringInput(text)], taxonomy=TAXONOMY)
    scored = with_scores(draft, scores, scorer=scorer, taxonomy=TAXONOMY, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert scored.needs_answer is needs


def test_near_copies_are_stored_and_counted_as_such(parts):
    long = "Kornblume hat mir die Kiste drei Tage zu spät gebracht und der Salat war schon ganz welk und braun."
    site = Forum({"A": [ForumPost(long)], "B": [ForumPost(long + " Ärgerlich!")]}).serve()
    summary = only(parts.crawl(card_for(site.url)))
    site.close()
    assert summary.record["fates"] == {"near_copy": 1, "stored": 1}
    first, second = sorted(parts.mentions(), key=lambda mention: mention.is_copy)
    assert (first.is_copy, second.is_copy) == (False, True)
    assert first.copy_group == second.copy_group is not None


def test_personal_data_is_in_no_file(parts, tmp_path):
    site = Forum(
        {
            "Rückruf": [
                ForumPost(
                    "Kornblume, ruft mich an: 0171 2345678 oder gerda.holtkamp@post.example, danke.",
                    author="Gerda_Holtkamp_1957",
                )
            ]
        }
    ).serve()
    only(parts.crawl(card_for(site.url)))
    site.close()
    (mention,) = parts.mentions()
    assert mention.author_key is not None
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).lower()
    for secret in (b"0171", b"2345678", b"holtkamp", b"gerda", b"post.example"):
        assert secret not in everything


# --- hostile and broken pages


def events(summary):
    return summary.record["events"]


def test_error_in_the_middle_of_a_thread_is_counted_and_the_rest_goes_on(parts, forum):
    _, site = forum
    broken = "/viewtopic.php?f=2&t=2&start=5"
    site.pages[broken] = Answer("Interner Fehler", status=500)
    summary = only(parts.crawl(card_for(site.url)))
    assert summary.record["pages"] == {"failed/http_500": 1, "read": 18}
    assert summary.record["yielded"] == 72 - 7
    assert [note["url"] for note in summary.record["notes"]] == [site.url + broken]
    assert site.paths.count(broken) == 3


def test_passing_error_is_retried_and_nothing_is_lost(parts, forum):
    _, site = forum
    site.faults["/viewtopic.php?f=2&t=2&start=5"] = [Answer("kurz weg", status=503), Answer("kurz weg", status=500)]
    summary = only(parts.crawl(card_for(site.url)))
    assert summary.record["pages"] == {"read": 20}
    assert summary.record["yielded"] == 72


def test_retry_after_is_waited_for(parts, forum):
    _, site = forum
    path = "/viewtopic.php?f=2&t=0"
    site.faults[path] = [Answer("zu viel", status=429, headers={"Retry-After": "1"})]
    only(parts.crawl(card_for(site.url)))
    first, second = [request.at for request in site.asked if request.path == path]
    assert second - first >= 1.0


def test_redirect_loop_is_a_counted_failure(parts, forum):
    _, site = forum
    site.pages["/viewtopic.php?f=2&t=1"] = Answer(status=302, headers={"Location": "/rund?t=1"})
    site.pages["/rund"] = Answer(status=302, headers={"Location": "/viewtopic.php?f=2&t=1"})
    summary = only(parts.crawl(card_for(site.url)))
    assert summary.record["pages"] == {"failed/redirect_loop": 1, "read": 17}


@pytest.mark.parametrize(
    ("target", "fate"),
    [
        ("http://127.0.0.1:1/", "forbidden/other_host"),
        ("/ucp.php?mode=login", "forbidden/session_or_member_page"),
        ("/intern/thema", "reserved/robots_txt"),
    ],
)
def test_redirects_pass_the_gate_too(parts, forum, target, fate):
    _, site = forum
    site.pages["/viewtopic.php?f=2&t=1"] = Answer(status=302, headers={"Location": target})
    summary = only(parts.crawl(card_for(site.url)))
    assert summary.record["pages"] == {fate: 1, "read": 17}
    assert summary.record["gate"] == {"allowed": 17, fate: 1}


def pager(path, *, posts):
    """A thread page that always has a next one."""
    number = int(path.rpartition("=")[2]) if "start=" in path else 0
    body = "".join(
        f'<div id="p{id}" class="post"><div class="content">{text}</div></div>' for id, text in posts(number)
    )
    return (
        f'<html><body id="phpbb" class="section-viewtopic"><h2 class="topic-title">Endlos</h2>{body}'
        f'<li class="arrow next"><a rel="next" href="/viewtopic.php?t=1&amp;start={number + 10}">weiter</a></li>'
    )


@pytest.mark.parametrize(
    ("posts", "budget", "stop", "asked"),
    [
        (lambda _: [(1, "Kornblume, immer dasselbe.")], {}, "bounded/pager_repeats", 2),
        (lambda _: [], {}, "bounded/pager_repeats", 2),
        (lambda n: [(n, f"Kornblume zum {n}. Mal.")], {"pages_per_thread": 7}, "bounded/pages_per_thread", 7),
        (lambda n: [(n, f"Kornblume zum {n}. Mal.")], {"pages": 5}, "bounded/page_budget", 5),
    ],
)
def test_infinite_pager_ends_in_a_bounded_stop_with_its_reason(parts, posts, budget, stop, asked):
    with serving({"/viewtopic.php": lambda path: pager(path, posts=posts)}) as site:
        summary = only(parts.crawl(card_for(site.url, "/viewtopic.php?t=1", budget=budget)))
    assert events(summary)[stop] == 1
    assert len(site.paths) == asked
    assert stop.removeprefix("bounded/") in (summary.reason or "") or summary.outcome == "failed"


def test_pager_that_goes_round_in_circles_stops(parts):
    def page(path):
        return pager(path, posts=lambda n: [(n, f"Kornblume {n}")]).replace("start=20", "start=0")

    with serving({"/viewtopic.php": page}) as site:
        summary = only(parts.crawl(card_for(site.url, "/viewtopic.php?t=1&start=0")))
    assert events(summary) == {"bounded/pager_loop": 1}
    assert (summary.outcome, summary.record["yielded"]) == ("bounded", 2)


def test_time_budget_stops_a_slow_site(parts, forum):
    _, site = forum
    site.delay = 0.15
    summary = only(parts.crawl(card_for(site.url, budget={"minutes": 0.01})))
    assert events(summary) == {"bounded/time_budget": 1}
    assert summary.outcome == "bounded"


def test_site_that_dies_is_left_alone_after_some_failures(parts, forum):
    _, site = forum
    for thread in range(6):
        site.pages[f"/viewtopic.php?f=2&t={thread}"] = Answer("weg", status=404)
    summary = only(parts.crawl(card_for(site.url, budget={"failures_in_a_row": 3})))
    assert events(summary)["bounded/stuck"] == 1
    assert summary.record["pages"]["failed/http_404"] == 3


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (Answer(b""), "empty_thread"),
        (Answer("<html><body><p>Bitte melde dich an."), "empty_thread"),
        (Answer("x", cut=True), "failed/incomplete"),
        (Answer("<p>" + "x" * 200_000), "failed/too_large"),
        (Answer("spät", pause=2.0), "failed/timeout"),
        (Answer("nein", status=403), "failed/http_403"),
        (Answer(bytes(range(256)) * 50, content_type="image/png"), "empty_thread"),
    ],
)
def test_broken_thread_page_is_counted_by_what_is_wrong(parts, forum, answer, fate):
    _, site = forum
    site.pages["/viewtopic.php?f=2&t=1"] = answer
    scrapy = FAST | {"DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 0}
    summary = only(parts.crawl(card_for(site.url, budget={"page_bytes": 100_000}), scrapy=scrapy))
    assert summary.record["pages"] == {fate: 1, "read": 17}
    assert site.url + "/viewtopic.php?f=2&t=1" in {note["url"] for note in summary.record["notes"]}


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("place", ["header", "meta", "card"])
def test_old_encodings_are_read(parts, encoding, place):
    text = "Größere Äpfel, süße Möhren: Kornblume ist prima" + (" – für 3 €." if encoding == "windows-1252" else ".")
    made = Forum({"Möhren": [ForumPost(text)]})
    page = made._topic("/viewtopic.php?f=2&t=0").replace(
        '<meta charset="utf-8">', f'<meta charset="{encoding}">' if place == "meta" else ""
    )
    charset = f"; charset={encoding}" if place == "header" else ""
    answer = Answer(page.encode(encoding), content_type=f"text/html{charset}")
    with serving({"/viewtopic.php": answer}) as site:
        only(parts.crawl(card_for(site.url, "/viewtopic.php?t=0", encoding=encoding if place == "card" else None)))
    (mention,) = parts.mentions()
    assert (mention.text, mention.thread_title) == (text, "Möhren")


def test_page_of_five_megabytes_and_unclosed_tags_is_read(parts):
    filler = "<div><b><i>" * 200_000
    page = (
        '<html><body id="phpbb" class="section-viewtopic"><h2 class="topic-title">Lang'
        '<div id="p1" class="post"><div class="content">Kornblume ist prima.</div></div>'
        + "<!-- x -->" * 300_000
        + filler
    )
    assert len(page) > 5_000_000
    with serving({"/viewtopic.php": page}) as site:
        summary = only(parts.crawl(card_for(site.url, "/viewtopic.php?t=1")))
    assert summary.record["pages"] == {"read": 1}
    assert parts.mentions()[0].text.startswith("Kornblume ist prima.")


def test_long_post_is_cut_and_noted(parts):
    site = Forum({"Roman": [ForumPost("Kornblume ist prima. " + "Und noch etwas. " * 100)]}).serve()
    summary = only(parts.crawl(card_for(site.url, budget={"post_characters": 200})))
    site.close()
    assert events(summary) == {"cut/post": 1}
    assert len(parts.mentions()[0].text) <= 202


def test_lone_surrogates_and_control_characters_do_no_harm(parts):
    review = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Kiste",
        "review": [
            {
                "@type": "Review",
                "author": {"@type": "Person", "name": "Ute\ud83d"},
                "datePublished": "2026-03-01",
                "reviewBody": "Kornblume \ud83d ist \x00 wirklich prima und lecker.",
                "reviewRating": {"@type": "Rating", "ratingValue": 5},
            }
        ],
    }
    page = f'<html><head><script type="application/ld+json">{json.dumps(review)}</script></head><h1>Kiste</h1></html>'
    with serving({"/kiste": page}) as site:
        only(parts.crawl(card_for(site.url, "/kiste", family="reviews", channel="review")))
    (mention,) = parts.mentions()
    assert mention.text.startswith("Kornblume")
    assert mention.rating.normalised == 1.0


# --- bounds, refusals, budgets


def test_empty_crawl_is_written_down(parts):
    site = Forum({}).serve()
    summary = only(parts.crawl(card_for(site.url)))
    site.close()
    assert summary.outcome == "suspicious"
    assert "kein Beitrag" in summary.reason
    assert parts.ledger.runs()[0]["yielded"] == 0


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        ({"min_posts": 73}, "failed"),
        ({"min_posts": 72, "max_posts": 72}, "done"),
        ({"max_posts": 71}, "suspicious"),
        ({"min_pages": 21}, "failed"),
    ],
)
def test_bounds_of_the_card_decide_the_outcome(parts, forum, expected, outcome):
    _, site = forum
    summary = only(parts.crawl(card_for(site.url, expected=expected)))
    assert summary.outcome == outcome
    assert summary.record["expected"] == expected
    assert (summary.reason is None) == (outcome == "done")


def test_refused_card_asks_nothing_and_the_others_are_read(parts, forum):
    _, site = forum
    refused = card_for(site.url, name="ohne", evidence="")
    stranger = card_for("https://forum.example", name="fremd", enabled=True, delay=2)
    summaries = parts.crawl(refused, stranger, card_for(site.url))
    assert [summary.outcome for summary in summaries] == ["refused", "refused", "done"]
    assert "Beleg" in summaries[0].reason
    assert "BRANDMELDER_CONTACT" in summaries[1].reason
    assert {run["source"]: run["outcome"] for run in parts.ledger.runs()}["ohne"] == "refused"


def test_private_address_needs_the_cards_word(parts, forum):
    _, site = forum
    card = card_for(site.url, allow_private=False, delay=2, enabled=True)
    summary = only(parts.crawl(card, contact="test@example.org"))
    assert summary.record["pages"] == {"forbidden/private_address": 1}
    assert (summary.outcome, site.asked) == ("failed", [])


def test_two_sources_on_one_host_are_read_one_after_the_other(parts, forum):
    _, site = forum
    site.delay = 0.01
    cards = [
        card_for(site.url, "/viewtopic.php?f=2&t=0", name="eins"),
        card_for(site.url, "/viewtopic.php?f=2&t=1", name="zwei"),
    ]
    summaries = parts.crawl(*cards)
    assert [summary.outcome for summary in summaries] == ["done", "done"]
    assert_adds_up([summary.record for summary in summaries])
    threads = [path.split("t=")[1][0] for path in site.paths]
    assert threads == sorted(threads)


def test_delay_of_the_card_lies_between_requests(parts, forum):
    _, site = forum
    only(parts.crawl(card_for(site.url, "/viewtopic.php?f=2&t=0", delay=0.3)))
    times = [request.at for request in site.asked]
    # A single arrival may be noticed late on a busy machine, which shortens the gap after it; the whole can't be.
    assert times[-1] - times[0] >= 0.29 * (len(times) - 1)
    assert min(after - before for before, after in pairwise(times)) >= 0.2


class FailingStore:
    """A store that can't be written to for a while."""

    def __init__(self, store):
        self._store = store
        self.broken = True

    def __getattr__(self, name):
        return getattr(self._store, name)

    def upsert(self, mentions):
        if self.broken:
            raise StoreError("Der Speicher ist voll.")
        return self._store.upsert(mentions)


def test_failing_store_interrupts_the_run_and_loses_nothing(parts, forum):
    _, site = forum
    real, parts.store = parts.store, FailingStore(parts.store)
    (summary,) = parts.crawl(card_for(site.url))
    assert summary.outcome == "interrupted"
    assert "voll" in summary.reason
    assert summary.record["yielded"] == summary.record["spooled"] + sum(summary.record["fates"].values())
    parts.store = real
    again = only(parts.crawl(card_for(site.url)))
    assert (again.outcome, again.record["yielded"], again.record["id"]) == ("done", 72, summary.record["id"])
    assert len(parts.mentions()) == 72


class PickyScorer(LexiconScorer):
    """Fails on one text, as a model may."""

    def score(self, inputs, *, taxonomy):
        if any("Zahnrad" in one.text for one in inputs):
            raise RuntimeError("kaputt")
        return super().score(inputs, taxonomy=taxonomy)


def test_text_that_can_not_be_scored_is_quarantined_alone(parts):
    site = Forum({"A": [ForumPost("Kornblume ist prima."), ForumPost("Kornblume und das Zahnrad.")]}).serve()
    summary = only(parts.crawl(card_for(site.url), scorer=PickyScorer()))
    site.close()
    assert summary.record["fates"] == {"quarantined/scoring": 1, "stored": 1}
    assert "Zahnrad" in parts.ledger.quarantined()[0]["payload"]


def test_stale_interrupted_run_is_closed_with_what_it_had_read(parts, forum):
    _, site = forum
    start = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
    real, parts.store = parts.store, FailingStore(parts.store)
    (first,) = parts.crawl(card_for(site.url), clock=lambda: start)
    parts.store = real
    summary = only(parts.crawl(card_for(site.url), clock=lambda: start + timedelta(hours=25)))
    assert summary.record["id"] != first.record["id"]
    runs = {run["id"]: run for run in parts.ledger.runs()}
    assert_adds_up(runs.values())
    assert runs[first.record["id"]]["outcome"] == "interrupted"


def test_pages_of_a_thread_come_in_order_even_when_slow(parts):
    made = Forum({"Lang": [ForumPost(sentence(0, n)) for n in range(23)]})
    site = made.serve()
    started = time.monotonic()
    only(parts.crawl(card_for(site.url)))
    site.close()
    assert [path.rpartition("start=")[2] for path in site.paths[2:]] == ["5", "10", "15", "20"]
    assert time.monotonic() - started < 20


def test_dry_run_counts_and_stores_nothing(parts, forum):
    _, site = forum
    with Ledger(":memory:") as ledger:
        options = CrawlOptions(secret=SECRET, scrapy=FAST)
        (summary,) = crawl([card_for(site.url)], brand=RULES, ledger=ledger, intake=DryRun(ledger), options=options)
    assert_adds_up([summary.record])
    assert (summary.outcome, summary.record["fates"]) == ("done", {"dry_run": 72})
    assert (parts.mentions(), parts.ledger.runs()) == ([], [])


class ReadOnlyLedger(Ledger):
    """A ledger whose disk is full from the third page on."""

    pages = 0

    def finish_page(self, *args, **kwargs):
        self.pages += 1
        if self.pages > 2:
            raise sqlite3.OperationalError("database or disk is full")
        super().finish_page(*args, **kwargs)


def test_full_disk_ends_the_run_and_leaves_it_to_be_continued(parts, forum, tmp_path):
    _, site = forum
    parts.ledger.close()
    parts.ledger = ReadOnlyLedger(tmp_path / "ledger.sqlite3")
    (summary,) = parts.crawl(card_for(site.url))
    assert summary.outcome == "interrupted"
    parts.ledger.close()
    parts.ledger = Ledger(tmp_path / "ledger.sqlite3")
    again = only(parts.crawl(card_for(site.url)))
    assert (again.outcome, again.record["id"], len(parts.mentions())) == ("done", summary.record["id"], 72)


def test_secret_shows_in_no_repr():
    assert SECRET.decode() not in repr(CrawlOptions(secret=SECRET))


def test_site_fixture_counts_requests():
    with serving({"/a": "A"}) as site:
        assert isinstance(site, Site)
        assert site.answer("/a").data == b"A"
        assert site.answer("/b").status == 404
