"""Classic boards on loopback, with sessions and decoys in every page: the seeded posts, few requests, none forbidden."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

import re
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from crawling import Parts, assert_adds_up, card_for
from website import Answer, Site

from crawlers.pages.reading import read_page
from crawlers.pages.urls import is_forbidden

TOPICS, POSTS, PER_PAGE = 5, 7, 3


def words(topic, number):
    return f"Kornblume Nummer {topic} von Karton {number}: Stiel {topic * 31 + number * 7} fehlt."


class Smf:
    """SMF 2.0 for guests without cookies: a session id in every link, jumps, forms and print views beside the posts."""

    def page(self, path):
        query = re.sub(r"PHPSESSID=\w+(?:&|;|$)", "", urlsplit(path).query)
        board = re.fullmatch(r"board=1\.(\d+)", query)
        topic = re.fullmatch(r"topic=(\d+)\.(\d+)", query)
        if board:
            return self.html("".join(map(self.row, range(1, TOPICS + 1))), "messageindex", "")
        if topic:
            return self.topic(int(topic[1]), int(topic[2]))
        return Answer("<p>Anderes.</p>")

    def link(self, query):
        return f"/index.php?PHPSESSID=0a1b2c3d&amp;{query}"

    def row(self, topic):
        return f"""<div class="subject"><span id="msg_{topic}00"><a href="{self.link(f"topic={topic}.0")}">Lieferung {topic}</a></span><small>« <a href="{self.link(f"topic={topic}.{PER_PAGE}")}">2</a> »</small>
        <a href="{self.link(f"topic={topic}.msg{topic}06#new")}">letzter</a><a href="{self.link("action=profile;u=2")}">Birte</a></div>"""

    def topic(self, topic, start):
        posts = "".join(self.post(topic, number) for number in range(start, min(start + PER_PAGE, POSTS)))
        pages = [
            f"[<strong>{n + 1}</strong>]"
            if n * PER_PAGE == start
            else f'<a class="navPages" href="{self.link(f"topic={topic}.{n * PER_PAGE}")}">{n + 1}</a>'
            for n in range(-(-POSTS // PER_PAGE))
        ]
        extra = f"""<div class="pagelinks">Seiten: {" ".join(pages)}</div><a href="{self.link(f"topic={topic}.0;prev_next=next#new")}">nächstes</a><a href="{self.link(f"action=printpage;topic={topic}.0")}">Drucken</a>"""
        return self.html(
            posts, "forumposts", extra + f'<link rel="next" href="{self.link(f"topic={topic}.0;prev_next=next")}">'
        )

    def post(self, topic, number):
        id = f"{topic}0{number}"
        return f"""<div class="windowbg"><div class="post_wrapper"><div class="poster"><h4><a href="{self.link("action=profile;u=2")}">Birte</a></h4><ul><li class="postgroup">Neuling</li></ul></div>
        <div class="postarea"><div class="keyinfo"><h5 id="subject_{id}"><a href="{self.link(f"topic={topic}.msg{id}#msg{id}")}">Re: Lieferung {topic}</a></h5><div class="smalltext">« <strong>Antwort #{number} am:</strong> 2. März 2026, 09:0{number}:00 »</div></div>
        <div class="post"><div class="inner" id="msg_{id}">{words(topic, number)}</div></div></div><a href="{self.link(f"action=post;quote={id};topic={topic}.0")}">Zitat</a></div></div>"""

    def html(self, body, id, extra):
        return f"""<html lang="de"><head><script>var smf_scripturl = "x";</script></head><body><div class="navigate_section"><a href="{self.link("board=1.0")}">Lieferung</a></div>
        <a href="{self.link("action=search")}">Suche</a><a href="{self.link("action=login")}">Anmelden</a>{extra}<div id="{id}">{body}</div></body></html>"""


def test_board_with_sessions_is_read_once_and_whole(tmp_path):
    site = Site({"/index.php": Smf().page})
    try:
        with Parts(tmp_path) as parts:
            card = card_for(site.url, "/index.php?PHPSESSID=ffff&board=1.0", about_brand=True)
            (summary,) = parts.crawl(card)
            assert_adds_up([summary.record])
            assert sorted(mention.text for mention in parts.mentions()) == sorted(
                words(t, n) for t in range(1, TOPICS + 1) for n in range(POSTS)
            )
            asked = [asked.path for asked in site.asked if asked.path.startswith("/index.php")]
            needed = 1 + TOPICS * -(-POSTS // PER_PAGE)
            assert len(asked) == len(set(asked)) == needed
            assert not any("PHPSESSID" in path or is_forbidden(site.url + path) for path in asked)
            assert all("PHPSESSID" not in mention.url for mention in parts.mentions())
            (second,) = parts.crawl(card)
            assert second.record["fates"] == {"unchanged": TOPICS * POSTS}
    finally:
        site.close()


def slow(unit, *, size=900_000):
    return unit * (size // len(unit))


HOSTILE = {
    "vbulletin3": ('<meta name=generator content="vBulletin 3.8"><table id="post5"><tr><td><div id="post_message_5">' + slow('<div style="margin:20px">', size=6000) + slow('<div class="smallfont">x</div>', size=2_200_000), "/showthread.php?t=1"),
    "vbulletin4": ("<html id=vbulletin_html>" + slow('<div class="pagination">', size=6000) + slow('<span class="selected">1</span><a href="#">3</a>'), "/showthread.php?1-x"),
    "woltlab": ('<body data-application="wbb" data-template="board">' + slow('<nav class="breadcrumbs footer">', size=8000) + slow('<a href="/board/1-x/">x</a>'), "/board/1-x/"),
    "mybb": ("<script>my_post_key</script>" + "".join(f'<a href="forumdisplay.php?fid={n}">x</a>' for n in range(20_000)), "/forumdisplay.php?fid=1"),
    "smf": ("<script>smf_scripturl</script>" + slow('<div><h4 class="poster">x</h4><div class="inner" id="msg_5">a b</div>'), "/index.php?topic=1.0"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_board_page_ends_in_seconds_and_says_what_was_left_out(name):
    html, path = HOSTILE[name]
    start = time.process_time()
    page = read_page(html.encode(), url=f"https://brett.example{path}", now=datetime(2026, 3, 4, tzinfo=UTC))
    assert time.process_time() - start < 30
    assert (page.software, bool(page.notes)) == (name, True)
