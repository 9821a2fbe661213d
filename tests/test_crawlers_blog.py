"""A WordPress blog on loopback, read through its pages and through its REST API."""

import json

import pytest
from crawling import Parts, assert_adds_up, card_for, sentence
from website import Answer, serving

JSON = "application/json; charset=UTF-8"


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


def article(number, comments):
    rows = "".join(
        f"""<li id="comment-{id}" class="comment even depth-1"><article class="comment-body">
        <footer class="comment-meta"><div class="comment-author vcard"><b class="fn">Leser {id}</b></div>
        <div class="comment-metadata"><time datetime="2026-03-01T18:0{id % 10}:00+01:00">x</time></div></footer>
        <div class="comment-content"><p>{text}</p></div><div class="reply">
        <a href="/artikel-{number}/?replytocom={id}#respond">Antworten</a></div></article></li>"""
        for id, text in comments.items()
    )
    return f"""<html lang="de"><head><meta name="generator" content="WordPress 6.8"></head><body class="single">
        <h1 class="entry-title">Artikel {number}</h1><ol class="comment-list">{rows}</ol></body></html>"""


HOME = """<html lang="de"><head><meta name="generator" content="WordPress 6.8"></head><body class="blog home">
    <article><h2 class="entry-title"><a href="/artikel-1/">Eins</a></h2></article>
    <article><h2 class="entry-title"><a href="/artikel-2/">Zwei</a></h2></article></body></html>"""
COMMENTS = {1: {11: sentence(1, 1), 12: sentence(1, 2)}, 2: {21: sentence(2, 1)}}


def rest(site, path):
    entries = [
        {
            "id": id, "post": post, "parent": 0, "author": 0, "author_name": f"Leser {id}", "type": "comment",
            "status": "approved", "date_gmt": f"2026-03-01T17:0{id % 10}:00",
            "link": f"{site.url}/artikel-{post}/#comment-{id}", "content": {"rendered": f"<p>{text}</p>"},
        }
        for post, comments in COMMENTS.items()
        for id, text in comments.items()
    ]  # fmt: skip
    second = "&page=2" in path
    more = {} if second else {"Link": f'<{site.url}/wp-json/wp/v2/comments?per_page=2&page=2>; rel="next"'}
    return Answer(json.dumps(entries[2:] if second else entries[:2]), content_type=JSON, headers=more)


def test_comments_are_the_same_whether_read_from_pages_or_from_the_api(parts):
    pages = {"/": HOME, **{f"/artikel-{n}/": article(n, comments) for n, comments in COMMENTS.items()}}
    with serving(pages) as site:
        site.pages["/wp-json/wp/v2/comments"] = lambda path: rest(site, path)
        html = card_for(site.url, "/", family="blog", channel="blog")
        (first,) = parts.crawl(html)
        assert first.record["fates"] == {"stored": 3}
        assert site.paths == ["/", "/artikel-1/", "/artikel-2/"]
        api = card_for(site.url, "/wp-json/wp/v2/comments?per_page=2", family="blog", channel="blog")
        (second,) = parts.crawl(api)
    assert second.record["fates"] == {"unchanged": 3}
    assert second.record["pages"] == {"read": 2}
    assert_adds_up([first.record, second.record])
    assert {mention.platform for mention in parts.mentions()} == {"wordpress"}
    assert {mention.thread_url.rpartition("/artikel-")[2] for mention in parts.mentions()} == {"1/", "2/"}
