"""Recorded pages of real boards and shops: what a person counts on them must come out. Figures and ids only."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.pages.reading import read_page

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PHPBB = ("phpbb/nettally_phpBB.html", "https://board.example/viewtopic.php?f=1&t=194998&start=25")
XENFORO_EN = ("xenforo2/nettally_Xenforo2.html", "https://board.example/threads/a.8276/")
XENFORO_DE = ("xenforo2/katzen-forum.net-Pepe.html", "https://board.example/threads/a.230143/")


def recorded(name):
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"the recorded page {name} is not beside this checkout")
    return path.read_bytes()


def read(name, url="https://board.example/seite"):
    return read_page(recorded(name), url=url, now=NOW)


def test_phpbb_30_thread():
    page = read(*PHPBB)
    # 25 posts, one of which shows only a picture.
    assert (page.software, page.kind, len(page.posts), page.expected_posts, page.language) == (
        "phpbb",
        "thread",
        24,
        247,
        "en",
    )
    assert [note[:13] for note in page.notes] == ["empty_post: 1"]
    assert (page.posts[0].native_id, page.posts[-1].native_id) == ("p2729870", "p2730442")
    assert page.posts[0].published_at.isoformat() == "2019-05-26T16:34:00+01:00"
    assert page.next_page == "https://board.example/viewtopic.php?f=1&t=194998&start=50"
    assert all(post.author and post.published_at for post in page.posts)


def test_xenforo_threads():
    english, german = read(*XENFORO_EN), read(*XENFORO_DE)
    assert [(len(page.posts), page.expected_posts, page.language) for page in (english, german)] == [
        (8, 8, "en"),
        (18, 18, "de"),
    ]
    assert german.posts[0].published_at.isoformat() == "2018-09-27T14:51:09+02:00"
    assert {post.native_id: post.parent_id for post in german.posts if post.parent_id} == {
        "post-6331617": "post-6331459",
        "post-6332049": "post-6331930",
    }
    assert all(post.author and post.date_precision == "second" for post in (*english.posts, *german.posts))


@pytest.mark.parametrize(
    ("name", "reviews", "days", "rated"),
    [
        ("chefkoch.de.mandarinen", 5, {"2020-04-12", "2020-04-11", "2020-04-09", "2020-04-07"}, 0),
        ("travanto.de.ferienhaus-feinen", 5, {"2018-05-23", "2017-10-17", "2014-11-05", "2012-09-16", "2011-08-15"}, 5),
        ("zooroyal.de.trixie", 4, {"2020-06-08", "2020-04-10", "2012-02-19", "2010-07-15"}, 4),
        ("de.happycoffee.org.sidamo", 5, {"2020-02-21", "2020-02-15", "2020-01-06", "2020-01-03"}, 5),
    ],
)
def test_review_pages(name, reviews, days, rated):
    posts = [post for post in read(f"schemaorg_reviews/{name}.html").posts if post.author_role != "staff"]
    assert len(posts) == reviews
    assert {post.published_at.date().isoformat() for post in posts} == days
    assert sum(post.rating is not None for post in posts) == rated
    assert len({post.text for post in posts}) == reviews


def test_owner_reply_of_the_recorded_shop_is_apart():
    staff = [
        post for post in read("schemaorg_reviews/de.happycoffee.org.sidamo.html").posts if post.author_role == "staff"
    ]
    assert [post.parent_id for post in staff] == ["c7e93af3-5db6-4a51-80e4-2d51599f99be"]


@pytest.mark.parametrize("fixture", [PHPBB, XENFORO_EN, XENFORO_DE], ids=["phpbb", "xenforo-en", "xenforo-de"])
def test_no_quoted_word_and_no_signature_in_any_text(fixture):
    """Each word run that stands only in a quote or signature of the raw page must be missing from the texts."""
    name, url = fixture
    raw = recorded(name).decode("utf-8", "replace")
    foreign = re.findall(r'<div id="sig\d+" class="signature">(.*?)</div>', raw, re.S)
    foreign += re.findall(r'class="bbCodeBlock-content">(.*?)</blockquote>', raw, re.S)
    without = re.sub(r'<blockquote.*?</blockquote>|<div id="sig\d+".*?</div>', " ", raw, flags=re.S)
    plain = [" ".join(re.sub(r"<[^>]+>", " ", part).split()) for part in (*foreign, without)]
    runs = {part[:60] for part in plain[:-1] if len(part) > 25 and part[:60] not in plain[-1]}
    texts = " ".join(" ".join(post.text.split()) for post in read(name, url).posts)
    assert [run for run in runs if run in texts] == []


@pytest.mark.parametrize("cut", [0.1, 0.35, 0.6, 0.85])
def test_truncated_and_tagless_pages_are_survived(cut):
    for name, url in (PHPBB, XENFORO_DE, ("schemaorg_reviews/zooroyal.de.trixie.html", "https://laden.example/x")):
        body = recorded(name)
        short = read_page(body[: int(len(body) * cut)], url=url, now=NOW)
        assert len(short.posts) <= len(read(name, url).posts)
        read_page(re.sub(rb"</[a-z]+>", b"", body), url=url, now=NOW)
        read_page(body.decode("utf-8", "replace").encode("utf-16"), url=url, now=NOW)
        read_page(body, url=url, content_type="text/html; charset=koi8-r", now=NOW)
