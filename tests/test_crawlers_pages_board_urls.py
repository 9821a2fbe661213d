"""Addresses of the classic boards: one per page, and none of members, searches, forms, print views and jumps."""

# ruff: noqa: E501  (lists of addresses)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.pages.urls import canonical_url, clean_url, is_forbidden

F = "https://f.example/"
SESSION = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        # XenForo 1, also without address rewriting
        ("threads/licht.12/page-1", "threads/licht.12/"),
        ("threads/licht.12/latest", "threads/licht.12/"),
        ("index.php?threads/licht.12/unread", "index.php?threads/licht.12/"),
        ("index.php?threads/licht.12/page-2", "index.php?threads/licht.12/page-2"),
        ("forums/technik.4/?order=reply_count&direction=asc", "forums/technik.4/"),
        # vBulletin 3 and 4
        (f"showthread.php?s={SESSION}&t=5", "showthread.php?t=5"),
        ("showthread.php?s=&t=5&page=1", "showthread.php?t=5"),
        ("showthread.php?t=5&page=2&pp=40", "showthread.php?t=5&page=2"),
        ("showthread.php?t=5&p=99#post99", "showthread.php?t=5"),
        ("showthread.php?p=99#post99", "showthread.php?p=99"),
        ("showthread.php?t=5&mode=hybrid&highlight=akku", "showthread.php?t=5"),
        ("showthread.php?77-Pumpe-leckt&p=99&viewfull=1#post99", "showthread.php?77-Pumpe-leckt"),
        ("showthread.php/77-Pumpe-leckt?p=99&viewfull=1#post99", "showthread.php/77-Pumpe-leckt"),
        ("showthread.php?77-Pumpe-leckt/page1", "showthread.php?77-Pumpe-leckt"),
        ("showthread.php?77-Pumpe-leckt/page2&s=" + SESSION, "showthread.php?77-Pumpe-leckt/page2"),
        ("threads/77-Pumpe-leckt/page1", "threads/77-Pumpe-leckt"),
        ("forumdisplay.php?f=3&daysprune=-1&order=desc&sort=replycount&page=2", "forumdisplay.php?f=3&page=2"),
        # vBulletin 5
        ("forum/haus/77-pumpe-leckt?p=728407#post728407", "forum/haus/77-pumpe-leckt"),
        ("forum/haus/77-pumpe-leckt/page2?view=stream&filter_sort=lastcontent", "forum/haus/77-pumpe-leckt/page2"),
        # WoltLab and Burning Board 3
        ("thread/55-akku/?postID=101#post101", "thread/55-akku/"),
        ("thread/55-akku/?pageNo=1", "thread/55-akku/"),
        ("thread/55-akku/?pageNo=2", "thread/55-akku/?pageNo=2"),
        ("index.php?thread/55-akku/&postID=101#post101", "index.php?thread/55-akku/"),
        ("board/3-haus/?pageNo=2&sortField=lastPostTime&sortOrder=DESC", "board/3-haus/?pageNo=2"),
        (f"index.php?page=Thread&threadID=5&postID=9&s={SESSION}#post9", "index.php?page=Thread&threadID=5"),
        ("index.php?page=Thread&postID=9#post9", "index.php?page=Thread&postID=9"),
        # MyBB
        ("showthread.php?tid=5&pid=9#pid9", "showthread.php?tid=5"),
        ("showthread.php?tid=5&page=1&highlight=x", "showthread.php?tid=5"),
        ("showthread.php?mode=threaded&tid=5&pid=9#pid9", "showthread.php?tid=5"),
        ("thread-5-post-9.html#pid9", "thread-5.html"),
        ("thread-5-page-1.html", "thread-5.html"),
        ("thread-5-page-2.html", "thread-5-page-2.html"),
        ("forumdisplay.php?fid=2&datecut=0&prefix=0&sortby=subject&order=asc", "forumdisplay.php?fid=2"),
        # SMF
        ("index.php?PHPSESSID=abc&topic=5.0", "index.php?topic=5.0"),
        ("index.php?topic=5.msg23#msg23", "index.php?topic=5.0"),
        ("index.php?topic=5.new;topicseen#new", "index.php?topic=5.0"),
        ("index.php?topic=5", "index.php?topic=5.0"),
        ("index.php?topic=5.15;all", "index.php?topic=5.15"),
        ("index.php?board=3.0;sort=subject;desc", "index.php?board=3.0"),
        ("index.php/topic,5.msg23.html#msg23", "index.php/topic,5.0.html"),
        ("index.php/topic,5.15.html?PHPSESSID=abc", "index.php/topic,5.15.html"),
        # not theirs
        ("kategorie/12-schuhe?p=2", "kategorie/12-schuhe?p=2"),
        ("suppen?page=1", "suppen?page=1"),
        ("liste?board=oben&all=1", "liste?board=oben&all=1"),
        ("viewtopic.php?t=7&start=0", "viewtopic.php?t=7"),
    ],
)  # fmt: skip
def test_one_address_per_page(url, expected):
    assert clean_url(F + url) == F + expected
    assert canonical_url(F + url) == canonical_url(F + expected)
    assert canonical_url(canonical_url(F + url)) == canonical_url(F + url)


@pytest.mark.parametrize(
    "url",
    [
        "showthread.php?t=5&goto=nextnewest", "showthread.php?goto=lastpost&t=5", "showthread.php?tid=5&action=lastpost",
        "showthread.php?tid=5&action=nextoldest", "printthread.php?tid=5", "showpost.php?p=9", "newreply.php?do=newreply&p=9",
        "member.php?5-Gesa", "member.php?action=profile&uid=5", "members/5-gesa", "memberlist.php", "search.php?do=finduser&u=5",
        "forumdisplay.php?do=markread&f=3", "archive/index.php/t-128882.html", "archive/index.php/thread-5.html", "attachment.php?aid=5",
        "user-5.html", "thread-5-lastpost.html", "thread-5-nextoldest.html", "syndication.php?fid=2", "misc.php?action=whoposted&tid=5",
        "reputation.php?uid=5", "external.php?type=RSS2", "external?type=rss2&nodeid=5", "77-pumpe-leckt-print.html",
        "filedata/fetch?id=5", "forum/haus/77-x/login",
        "thread/55-akku/?action=lastPost", "thread/55-akku/?action=firstNew", "index.php?thread/55-akku/&action=lastPost", "user/7-gesa/",
        "index.php?user/7-gesa/", "members-list/", "index.php?members-list/", "board-feed/3/", "user-search/", "search-result/9/",
        "post-add/55/", "thread-add/3/", "index.php?login/", "index.php?members/gesa.7/",
        "index.php?page=User&userID=7", "index.php?form=PostAdd&threadID=5", "index.php?form=UserLogin", "index.php?page=MembersList",
        "index.php?form=Search", "index.php?page=Thread&threadID=5&action=lastPost", "index.php?page=ThreadAction&threadID=5",
        "index.php?action=profile;u=3", "index.php?action=printpage;topic=5.0", "index.php?topic=5.0;prev_next=next#new",
        "index.php/topic,5.0/prev_next,next.html",
        "index.php?topic=5.0;wap2", "index.php?action=recent", "index.php?action=post;topic=5.0", "index.php?action=mlist",
        "index.php?action=dlattach;topic=5.0;attach=3", "index.php?action=search", "index.php?action=login", "index.php?action=.xml;type=atom",
        "index.php?action=unread;board=3.0", "index.php?action=markasread;sa=all", "index.php?action=helpadmin;help=x", "index.php?board=3.0;action=post",
        "threads/licht.12/reply?quote=3", "forums/technik.4/create-thread", "threads/licht.12/whoreplied", "find-new/posts", "goto/post?id=3",
    ],
)  # fmt: skip
def test_never_asked_for(url):
    assert is_forbidden(F + url)


@pytest.mark.parametrize(
    "url",
    ["showthread.php?t=5", f"showthread.php?s={SESSION}&t=5", "showthread.php?s=&t=5", "showthread.php?77-Suche-Hilfe/page2", "forumdisplay.php?f=3",
     "forumdisplay.php?8-Pumpen/page2", "forum.php", "thread/55-login-geht-nicht/", "board/3-haus/?pageNo=2", "index.php?thread/55-akku/",
     "index.php?page=Thread&threadID=5&pageNo=2", "index.php?page=Board&boardID=3", "index.php?board/3-haus/", "thread-5-page-2.html",
     "forum-2.html", "index.php?topic=5.15", "index.php?board=3.20", "index.php/board,3.0.html", "forum/haus/77-pumpe-leckt/page2",
     "laden?page=2", "laden?action=zeigen&id=4", "threads/print-geht-nicht.31/page-2"],
)  # fmt: skip
def test_asked_for(url):
    assert not is_forbidden(F + url)


PARTS = st.sampled_from(
    ["t=5", "p=9", "page=1", "page=3", "pp=20", "s=" + SESSION, "PHPSESSID=a1", "topic=5.msg7", "topic=5", "board=3.new", "postID=7", "pageNo=1",
     "threadID=4", "goto=newpost", "77-Pumpe-leckt", "thread/55-x/", "threads/x.5/latest", "sort=a", "desc", "all", "tid=5", "pid=7"]
)  # fmt: skip
PATHS = st.sampled_from(
    ["showthread.php", "index.php", "forum/77-x", "forum/77-x/page1", "threads/x.5/post-7", "thread-5-post-7.html", ""]
)


@given(PATHS, st.lists(PARTS, max_size=5))
def test_cleaning_twice_changes_nothing(path, parts):
    once = clean_url(f"{F}{path}?{'&'.join(parts)}")
    assert clean_url(once) == once
    assert canonical_url(canonical_url(once)) == canonical_url(once)
    assert not any(mark in once for mark in ("PHPSESSID", SESSION, "sort=", "/latest", "/post-7"))
