"""Recorded threads of the classic boards: what a person counts on them must come out. Figures and ids only."""

# ruff: noqa: E501  (addresses and patterns as the pages hold them)

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.pages.reading import read_page

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
XENFORO1 = ("xenforo1/nettally_Xenforo1.html", "https://forums.sufficientvelocity.com/threads/a.10402/page-54")
VBULLETIN3 = ("vbulletin3/nettally_vBulletin3.html", "https://board.example/showthread.php?t=128882&page=152")
VBULLETIN4 = ("vbulletin4/nettally_vBulletin4.html", "http://forums.militarytimes.com/showthread.php/9687-a")
VBULLETIN5 = ("vbulletin5/nettally_vBulletin5.html", "https://fandompost.vbulletin.net/forum/x/727744-a")
WOLTLAB = ("woltlab/synthetic_wsc5_thread.html", "https://forum.example.de/thread/55-x/")
ALL = [XENFORO1, VBULLETIN3, VBULLETIN4, VBULLETIN5, WOLTLAB]


def recorded(name):
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"the recorded page {name} is not beside this checkout")
    return path.read_bytes()


def read(fixture):
    return read_page(recorded(fixture[0]), url=fixture[1], now=NOW)


@pytest.mark.parametrize(
    ("fixture", "software", "posts", "expected", "first_id", "last_id", "first_time", "next_page"),
    [
        (XENFORO1, "xenforo1", 25, None, "post-2146286", "post-2146619", "2014-10-30T22:48:00+01:00", "/threads/renascence-a-homura-quest.10402/page-55"),
        (VBULLETIN3, "vbulletin3", 20, 3086, "post5768670", "post5778211", "2016-02-01T02:21:00-05:00", "/showthread.php?t=128882&page=153"),
        (VBULLETIN4, "vbulletin4", 10, 15, "post365266", "post367742", "2016-06-15T15:03:00+00:00", "-dies-at-76/page2"),
        (VBULLETIN5, "vbulletin5", 15, None, "post727744", "post731647", "2019-04-09T15:37:23+00:00", "-discussion-thread/page2"),
        (WOLTLAB, "woltlab", 3, 3, "post101", "post103", "2024-03-12T14:05:00+01:00", "/thread/55-x/?pageNo=2"),
    ],
    ids=[name for name, _ in ALL],
)  # fmt: skip
def test_recorded_thread(fixture, software, posts, expected, first_id, last_id, first_time, next_page):
    page = read(fixture)
    assert (page.software, page.kind, len(page.posts), page.expected_posts) == (software, "thread", posts, expected)
    assert (page.posts[0].native_id, page.posts[-1].native_id) == (first_id, last_id)
    assert page.posts[0].published_at.isoformat() == first_time
    assert page.next_page.endswith(next_page)
    assert page.notes == ()
    assert all(post.author and post.text for post in page.posts)
    assert all(post.date_precision in {"minute", "second"} for post in page.posts)
    assert len({post.native_id for post in page.posts}) == posts


@pytest.mark.parametrize(
    ("fixture", "pattern"),
    [
        (XENFORO1, rb'<li id="post-(\d+)" class="message'),
        (VBULLETIN3, rb'<div id="post_message_(\d+)"'),
        (VBULLETIN4, rb'<div id="post_message_(\d+)"'),
        (VBULLETIN5, rb'<li data-node-id="(\d+)"'),
        (WOLTLAB, rb'<li id="post(\d+)"'),
    ],
    ids=[name for name, _ in ALL],
)
def test_every_post_of_the_raw_page_is_read_in_order(fixture, pattern):
    numbers = [number.decode() for number in re.findall(pattern, recorded(fixture[0]))]
    assert [re.sub(r"\D", "", post.native_id) for post in read(fixture).posts] == numbers


@pytest.mark.parametrize(("fixture", "quoting", "first_parent"), [
    (XENFORO1, 18, "post-2146285"), (VBULLETIN3, 12, "post5768621"), (VBULLETIN4, 5, "post365268"),
    (VBULLETIN5, 5, "post727754"), (WOLTLAB, 2, "post101"),
], ids=[name for name, _ in ALL])  # fmt: skip
def test_quotes_name_the_posts_that_they_answer(fixture, quoting, first_parent):
    parents = [post.parent_id for post in read(fixture).posts if post.parent_id]
    assert (len(parents), parents[0]) == (quoting, first_parent)


def test_staff_of_the_recorded_pages():
    staff = {
        fixture[0]: {post.author for post in read(fixture).posts if post.author_role == "staff"} for fixture in ALL
    }
    assert [len(names) for names in staff.values()] == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("fixture", "foreign"),
    [
        (XENFORO1, r'class="quote">(.*?)</div><div class="quoteExpand|class="baseHtml signature[^>]*>(.*?)</aside>'),
        (VBULLETIN3, r'font-style:italic">(.*?)</div>'),
        (VBULLETIN4, r'class="message">(.*?)</div>|class="signaturecontainer">(.*?)</div>'),
        (VBULLETIN5, r'class="message">(.*?)</div>|class="post-signature restore">(.*?)</div>'),
        (WOLTLAB, r'class="quoteBoxContent">(.*?)</div>|class="messageSignature">(.*?)</div>'),
    ],
    ids=[name for name, _ in ALL],
)
def test_no_quoted_word_and_no_signature_in_any_text(fixture, foreign):
    """A quoted passage may stand in the text of the post that is quoted, but in no other one."""
    raw = recorded(fixture[0]).decode("utf-8", "replace")
    parts = (
        ["".join(match) for match in re.findall(foreign, raw, re.S)]
        if "|" in foreign
        else re.findall(foreign, raw, re.S)
    )
    runs = {" ".join(re.sub(r"<[^>]+>", " ", part).split())[:60] for part in parts}
    assert len(runs) > 1
    texts = [" ".join(post.text.split()) for post in read(fixture).posts]
    assert [run for run in runs if len(run) > 25 and sum(run in text for text in texts) > 1] == []
    whole = "\n".join(texts)
    for mark in (
        "Last edited",
        "Click to expand",
        "Originally Posted by",
        "Originally posted by",
        "Zitat von",
        "Quote:",
    ):
        assert mark not in whole


@pytest.mark.parametrize("fixture", ALL, ids=[name for name, _ in ALL])
@pytest.mark.parametrize("cut", [0.2, 0.7])
def test_truncated_and_tagless_pages_are_survived(fixture, cut):
    body = recorded(fixture[0])
    short = read_page(body[: int(len(body) * cut)], url=fixture[1], now=NOW)
    assert len(short.posts) <= len(read(fixture).posts)
    read_page(re.sub(rb"</[a-z]+>", b"", body), url=fixture[1], now=NOW)
    read_page(re.sub(rb'(?:id|class)="[^"]*"', b"", body), url=fixture[1], now=NOW)
