"""When a listing's threads were last written in, as each software shows it; and what must not be taken for it."""

import json
from datetime import UTC, datetime

import pytest

from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
AT = "2026-03-02T10:15:00+01:00"
EPOCH = int(datetime.fromisoformat(AT).timestamp())
XENFORO = """<html id="XF" data-app="public" data-template="forum_view" lang="de"><body>
<div class="structItem structItem--thread js-threadListItem-{n}"><div class="structItem-cell--main">
<div class="structItem-title"><a href="/threads/{slug}.{n}/" data-tp-primary="on">Thema {n}</a></div>
<ul class="structItem-parts"><li>
<time class="u-dt" datetime="2020-01-05T08:00:00+0100" data-time="1578207600">2020</time></li></ul></div>
<div class="structItem-cell structItem-cell--latest"><a href="/threads/{slug}.{n}/latest">
<time class="structItem-latestDate u-dt" datetime="2026-03-02T10:15:00+0100" data-time="{epoch}">02.03.2026</time></a>
</div></div>{more}</body></html>"""
TEXTUAL = {
    "phpbb": """<body id="phpbb" class="section-viewforum"><ul class="topiclist topics"><li class="row"><dl>
        <dt><a class="topictitle" href="./viewtopic.php?f=2&amp;t=7">Thema</a> von Birte » 5. Jan 2020, 08:00</dt>
        <dd class="posts">4</dd><dd class="lastpost"><span>von <a class="username" href="#">Jörn 1999</a><br>
        Mo 2. Mär 2026, 10:15</span></dd></dl></li></ul></body>""",
    "mybb": """<html><head><meta name="generator" content="MyBB"></head><body><table class="tborder">
        <tr><td><span class="subject_new" id="tid_7"><a href="showthread.php?tid=7">Thema</a></span></td>
        <td>3</td>
        <td class="trow1"><span class="lastpost smalltext">02.03.2026, 10:15<br>
        <a href="showthread.php?tid=7&amp;action=lastpost">Letzter Beitrag</a>:
        <a href="member.php?u=1">Jörn</a></span></td></tr></table>
        <div id="copyright">Powered by <a href="https://mybb.com">MyBB</a></div></body></html>""",
}


def read(text, url="https://board.example/liste", kind="text/html"):
    return read_page(text.encode(), url=url, content_type=kind, now=NOW)


def test_xenforo_shows_the_last_post_and_not_the_first():
    more = (
        '<div class="structItem structItem--thread"><p class="structItem-title"><a href="/threads/b.9/">B</a></p></div>'
    )
    page = read(XENFORO.format(n=8, slug="a", epoch=EPOCH, more=more))
    assert (page.kind, len(page.links)) == ("listing", 2)
    assert dict(page.last_posts) == {"https://board.example/threads/a.8/": datetime.fromisoformat(AT)}


@pytest.mark.parametrize("software", TEXTUAL)
def test_last_post_in_words(software):
    page = read(TEXTUAL[software], url="https://board.example/viewforum.php?f=2")
    assert (page.software, page.kind) == (software, "listing")
    ((url, at),) = page.last_posts
    assert url == page.links[0]
    assert at == datetime.fromisoformat(AT)


def test_row_with_a_beginning_only_says_nothing():
    text = TEXTUAL["phpbb"].replace('class="lastpost"', 'class="begun"')
    page = read(text, url="https://board.example/viewforum.php?f=2")
    assert (len(page.links), page.last_posts) == (1, ())


@pytest.mark.parametrize(
    ("answer", "url"),
    [
        (
            {
                "topic_list": {
                    "topics": [{"id": 7, "slug": "a", "last_posted_at": AT, "bumped_at": "2026-03-09T10:00:00Z"}]
                }
            },
            "https://board.example/latest.json",
        ),
        (
            {"cid": 2, "topics": [{"tid": 7, "slug": "7/a", "lastposttime": EPOCH * 1000}], "pagination": {}},
            "https://board.example/api/category/2",
        ),
        (
            {"data": [{"type": "discussions", "id": "7", "attributes": {"slug": "a", "lastPostedAt": AT}}]},
            "https://board.example/api/discussions",
        ),
    ],
    ids=["discourse", "nodebb", "flarum"],
)
def test_json_lists(answer, url):
    page = read(json.dumps(answer), url=url, kind="application/json")
    ((thread, at),) = page.last_posts
    assert thread in page.links
    assert at == datetime.fromisoformat(AT)


def test_last_posts_are_not_part_of_what_extract_prints():
    page = read(TEXTUAL["phpbb"], url="https://board.example/viewforum.php?f=2")
    assert "last_posts" not in page.model_dump(mode="json")


def test_nested_rows_end_in_seconds():
    rows = "".join(f'<div class="lastpost"><a class="topictitle" href="viewtopic.php?t={n}">x</a>' for n in range(5000))
    page = read(
        f'<body id="phpbb" class="section-viewforum">{rows}</body>', url="https://board.example/viewforum.php?f=2"
    )
    assert page.kind == "listing"
