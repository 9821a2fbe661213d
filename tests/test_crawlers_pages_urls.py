"""One spelling per page, and what no spider asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.pages.urls import canonical_url, clean_url, is_forbidden


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://F.example/viewtopic.php?t=7&f=3&sid=abc&hilit=akku#p9", "https://f.example/viewtopic.php?f=3&t=7"),
        ("https://f.example/viewtopic.php?t=7&p=9&view=unread", "https://f.example/viewtopic.php?t=7"),
        ("https://f.example/viewtopic.php?p=9#p9", "https://f.example/viewtopic.php?p=9"),
        (
            "https://f.example/a?utm_source=x&gclid=1&PHPSESSID=2&s=0123456789abcdef0123456789abcdef",
            "https://f.example/a",
        ),
        ("http://127.0.0.1:8031/forum/a-1/?page=2", "http://127.0.0.1:8031/forum/a-1/?page=2"),
        ("https://f.example:443", "https://f.example/"),
        ("https://f.example/threads/licht.12/unread", "https://f.example/threads/licht.12/"),
        ("https://f.example/threads/licht.12/page-3", "https://f.example/threads/licht.12/page-3"),
        ("https://f.example/käse", "https://f.example/k%C3%A4se"),
        ("https://f.example/shop;jsessionid=AB12?a=1", "https://f.example/shop?a=1"),
        ("https://blog.example/beitrag/?replytocom=55", "https://blog.example/beitrag/"),
    ],
)
def test_canonical_url(url, expected):
    assert canonical_url(url) == expected


def test_clean_url_keeps_the_order_of_parameters():
    assert (
        clean_url("https://f.example/viewtopic.php?t=7&f=3&sid=1&start=10")
        == "https://f.example/viewtopic.php?t=7&f=3&start=10"
    )


@given(st.text(max_size=80))
def test_canonical_url_is_stable_for_anything(text):
    once = canonical_url("https://f.example/" + text.replace("\\", ""))
    assert canonical_url(once) == once
    is_forbidden(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://f.example/ucp.php?mode=login",
        "https://f.example/memberlist.php?mode=viewprofile&u=2",
        "https://f.example/posting.php?mode=reply&t=7",
        "https://f.example/search.php?search_id=active_topics",
        "https://f.example/viewtopic.php?t=7&view=print",
        "https://f.example/feed.php",
        "https://f.example/download/file.php?id=3",
        "https://f.example/members/uwe.3/",
        "https://f.example/threads/x.1/reply",
        "https://f.example/login/",
        "https://f.example/forums/-/index.rss",
        "https://f.example/whats-new/posts/",
        "https://f.example/posts/5/report",
        "https://f.example/forum/member/profile/3/",
        "https://f.example/forum/a-1/topic/b-2/post/create/",
        "https://f.example/forum/a-1/topic/create/",
        "https://f.example/search/?q=x",
        "https://blog.example/?s=akku",
        "https://laden.example/warenkorb",
        "mailto:a@f.example",
        "javascript:void(0)",
        "https://f.example/app.php/feed/topics",
    ],
)
def test_forbidden(url):
    assert is_forbidden(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://f.example/viewtopic.php?f=3&t=7",
        "https://f.example/viewforum.php?f=3&start=25",
        "https://f.example/threads/licht.12/page-2",
        "https://f.example/forums/technik.4/",
        "https://f.example/forum/a-1/topic/sattel-2/?page=2",
        "https://laden.example/lampe/bewertungen",
        "https://f.example/forum/reporter-3/",
        "https://f.example/threads/login-geht-nicht.44/",
        "https://laden.example/?s=0123456789abcdef0123456789abcdef",
    ],
)
def test_allowed(url):
    assert not is_forbidden(url)
