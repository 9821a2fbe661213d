"""The demo's world and its two sites: what is served is what the spiders' pages read back."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from brandmelder.demo.content import WEEKS, load_world
from brandmelder.demo.profile import TEMPLATE, write_profile
from brandmelder.demo.site import serve_demo
from brandmelder.demo.truth import agreement, judged_texts, weekly_complaints
from brandmelder.profile import read_profile
from crawlers.pages.reading import read_page
from crawlers.privacy import scrub
from index.copies import DEFAULT_THRESHOLD
from nlp.near_copies import signature, similarity
from nlp.scorer import TextScores

END = date(2026, 3, 1)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORBIDDEN = re.compile(r"memberlist|ucp\.php|posting|search\.php|/intern/|app\.php|/konto|/melden|/suche|sid=")


@pytest.fixture(scope="module")
def world():
    return load_world(END)


@pytest.fixture(scope="module")
def sites():
    with serve_demo(END, forum_port=0, portal_port=0) as running:
        yield running


def fetched(url):
    with urlopen(url, timeout=10) as response:
        return read_page(response.read(), url=url, now=NOW)


def walked(start):
    """All pages reachable from `start` through links and pagers, as a spider would go."""
    waiting, pages = [start], {}
    while waiting:
        url = waiting.pop(0)
        if url in pages:
            continue
        page = pages[url] = fetched(url)
        waiting.extend(link for link in (*page.links, page.next_page) if link)
    return pages


@pytest.fixture(scope="module")
def forum_pages(sites):
    return walked(sites.forum.url + "/")


@pytest.fixture(scope="module")
def portal_pages(sites):
    return walked(sites.portal.url + "/")


def words(text):
    return " ".join(text.split())


def test_world_spans_twelve_whole_weeks(world):
    times = [post.at for _, post in world.posts()] + [review.at for _, review in world.reviews()]
    first = END - timedelta(days=7 * WEEKS - 1)
    assert {(at.date() - first).days // 7 for at in times} == set(range(WEEKS))
    assert len(times) >= 240


def test_world_refuses_an_end_within_a_week():
    with pytest.raises(ValueError, match="no Sunday"):
        load_world(END + timedelta(days=1))


def test_world_moves_with_its_end(world):
    later = load_world(END + timedelta(weeks=1))
    before = [(post.id, post.at + timedelta(weeks=1), post.text) for _, post in world.posts()]
    assert before == [(post.id, post.at, post.text) for _, post in later.posts()]


def test_forum_reads_back_exactly_the_posts(world, forum_pages):
    read = Counter(
        (page.title, post.native_id, post.author, post.published_at, words(post.text), post.author_role == "staff")
        for page in forum_pages.values()
        if page.kind == "thread"
        for post in page.posts
    )
    expected = Counter(
        (thread.title, f"p{post.id}", post.author, post.at, words(post.text), post.author in world.members.staff)
        for thread, post in world.posts()
    )
    assert read == expected
    assert not [url for url in forum_pages if FORBIDDEN.search(url)]


def test_forum_names_the_quoted_post(world, forum_pages):
    parents = {post.native_id: post.parent_id for page in forum_pages.values() for post in page.posts if post.parent_id}
    assert parents == {f"p{post.id}": f"p{post.quote[0]}" for _, post in world.posts() if post.quote}


def test_portal_reads_back_exactly_the_reviews(world, portal_pages):
    posts = [(page.title, post) for page in portal_pages.values() if page.kind == "reviews" for post in page.posts]
    read = Counter(
        (
            title,
            post.native_id,
            post.author,
            post.title or "",
            words(post.text),
            post.rating.value,
            post.rating.normalised,
        )
        for title, post in posts
        if post.author_role != "staff"
    )
    # A text of one word is no review: markup often fills the field like that.
    expected = Counter(
        (
            page.name,
            str(review.id),
            review.author,
            review.title,
            words(review.text),
            review.stars,
            (review.stars - 1) / 4,
        )
        for page, review in world.reviews()
        if len(review.text.split()) > 1
    )
    assert read == expected
    assert not [url for url in portal_pages if FORBIDDEN.search(url)]


def test_portal_tells_times_as_exactly_as_its_markup(world, portal_pages):
    read = {
        post.native_id: (post.published_at, post.date_precision)
        for page in portal_pages.values()
        for post in page.posts
    }
    for page, review in world.reviews():
        at, precision = read.get(str(review.id), (None, None))
        if page.markup == "json-ld" and at:
            assert at == review.at
        elif at:
            assert (at.date(), precision) == (review.at.date(), "day")


def test_portal_replies_stay_apart_from_the_reviews(world, portal_pages):
    posts = [post for page in portal_pages.values() for post in page.posts]
    replies = {(post.parent_id, words(post.text), post.published_at) for post in posts if post.author_role == "staff"}
    assert replies == {
        (str(review.id), words(review.reply.text), review.reply.at) for _, review in world.reviews() if review.reply
    }


def test_truth_is_never_served(forum_pages, portal_pages):
    for url in (*forum_pages, *portal_pages):
        with urlopen(url, timeout=10) as response:
            assert not re.search(r"truth|negative|positive", response.read().decode())


@pytest.mark.parametrize("path", ["/memberlist.php?mode=viewprofile&u=52", "/ucp.php?mode=login", "/intern/"])
def test_members_pages_are_closed_and_disallowed(sites, path):
    with pytest.raises(HTTPError) as refusal:
        urlopen(sites.forum.url + path, timeout=10)
    assert refusal.value.code == 403
    refusal.value.close()
    with urlopen(sites.forum.url + "/robots.txt", timeout=10) as response:
        rules = response.read().decode()
    assert any(path.startswith(line.split()[-1]) for line in rules.splitlines() if line.startswith("Disallow"))


@pytest.mark.parametrize("path", ["/viewtopic.php?t=1", "/viewtopic.php?t=%00", "/viewforum.php?f=9", "/nichts"])
def test_unknown_pages_are_missing(sites, path):
    with pytest.raises(HTTPError) as refusal:
        urlopen(sites.forum.url + path, timeout=10)
    assert refusal.value.code == 404
    refusal.value.close()


def test_links_carry_a_session_only_without_cookie(sites):
    with urlopen(sites.forum.url + "/", timeout=10) as response:
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        assert "sid=" in response.read().decode()
    with urlopen(Request(sites.forum.url + "/", headers={"Cookie": cookie}), timeout=10) as response:
        assert "sid=" not in response.read().decode()


def test_permalinks_show_the_entry(world, sites):
    _, post = list(world.posts())[-1]
    page, review = next(iter(world.reviews()))
    assert f"p{post.id}" in {read.native_id for read in fetched(f"{sites.forum.url}/viewtopic.php?p={post.id}").posts}
    with urlopen(f"{sites.portal.url}/bewertung/{review.id}", timeout=10) as response:
        assert f"/erfahrungen/{page.slug}" in response.url


def test_two_demos_run_beside_each_other():
    with serve_demo(END) as one, serve_demo(END) as other:
        ports = {site.port for site in (one.forum, one.portal, other.forum, other.portal)}
    assert len(ports) == 4


@pytest.fixture(scope="module")
def profile():
    return read_profile(str(TEMPLATE), TEMPLATE.parent)


def test_profile_gets_the_sites_addresses(tmp_path):
    path = write_profile(tmp_path / "new" / "p.yaml", forum="http://127.0.0.1:1111", portal="http://127.0.0.1:2222")
    cards = read_profile(str(path), tmp_path).cards([])
    assert [card.start_urls for card in cards] == [("http://127.0.0.1:1111/",), ("http://127.0.0.1:2222/",)]
    assert all(card.is_loopback and card.refusal(END) is None for card in cards)


def test_profile_tells_the_brand_from_birds_and_people(world, profile):
    rules = profile.rules()
    wrong = [
        (thread.title, post.text)
        for thread, post in world.posts()
        if (profile.name in rules.match({"text": post.text, "thread_title": thread.title}).brands)
        != post.truth.about_brand
    ]
    assert wrong == []


def test_profile_finds_the_competitor(world, profile):
    rules = profile.rules()
    found = [post for _, post in world.posts() if "Flinkrad" in rules.match({"text": post.text}).brands]
    assert {post.truth.sentiment for post in found} >= {"positive", "negative", "mixed"}


def test_truth_names_topics_of_the_profile(world, profile):
    known = {topic.id for topic in profile.topics}
    truths = [post.truth for _, post in world.posts()] + [review.truth for _, review in world.reviews()]
    assert {topic for truth in truths for topic in truth.topics} == known


def test_examples_are_not_copied_from_the_posts(world, profile):
    served = " ".join([post.text for _, post in world.posts()] + [review.text for _, review in world.reviews()])
    assert not [example for topic in profile.topics for example in topic.examples if example.rstrip(".!") in served]


def test_truth_is_quiet_but_for_the_story(world):
    """What an alarm would see if every text were judged rightly: customers' complaints per week and topic."""
    weekly = {complaints.topic: complaints.counts for complaints in weekly_complaints(list(judged_texts(world)))}
    assert next(iter(weekly)) == "werkstatt"
    assert weekly["werkstatt"][8] >= 35
    assert max(max(counts[:8] + counts[10:]) for counts in weekly.values()) <= 3


def test_near_copies_are_alike_and_nothing_else_is(world):
    texts = [(text, found) for text in judged_texts(world) if (found := signature(text.text))]
    alike = {
        (one.truth.copy, other.truth.copy)
        for (one, first), (other, second) in combinations(texts, 2)
        if similarity(first, second) >= DEFAULT_THRESHOLD
    }
    groups = {text.truth.copy for text, _ in texts} - {None}
    assert alike == {(group, group) for group in groups}
    assert len(groups) == 3


def test_personal_data_in_a_post_is_found(world):
    post = next(post for _, post in world.posts() if "@example.org" in post.text)
    found = scrub(post.text, names=[post.author]).text
    assert "[MAIL]" in found
    assert "[TEL]" in found
    assert not re.search(r"@|0171|0082", found)


def scores_of(text, *, sentiment=None, topics=None):
    return TextScores(
        sentiment=sentiment or text.truth.sentiment,
        probabilities={},
        polarity=0,
        confidence=1,
        uncertain=False,
        irony=None,
        needs_answer=None,
        language="de",
        topics=text.truth.topics if topics is None else topics,
        aspects=(),
    )


def test_agreement_counts_shares(world):
    texts = [text for text in judged_texts(world) if text.truth.topics == ("werkstatt",)][:4]
    right = [scores_of(text) for text in texts]
    assert agreement(texts, right).sentiment == agreement(texts, right).topic_recall == 1
    half = [*right[:2], *(scores_of(text, sentiment="mixed", topics=("app", "rad")) for text in texts[2:])]
    found = agreement(texts, half)
    assert (found.sentiment, found.topic_precision, found.topic_recall) == (0.5, 1 / 3, 0.5)
    assert sum(sum(complaints.counts) for complaints in weekly_complaints(texts, half)) == sum(
        text.truth.sentiment == "negative" for text in texts[:2]
    )


def test_judged_texts_are_customers_words_about_the_brand(world):
    rows = [text.row() for text in judged_texts(world)]
    texts = {row["text"] for row in rows}
    left_out = [post.text for _, post in world.posts() if not post.truth.about_brand or post.author == "Team Zeisig"]
    assert texts.isdisjoint(left_out)
    assert {row["label"] for row in rows} == {"negative", "neutral", "positive", "mixed"}
