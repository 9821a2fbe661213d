"""Pages of Discourse, NodeBB, Flarum, Invision, Khoros, Vanilla, Forumieren and bbPress, written as they write them."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crawlers.pages.reading import read_page

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def page(html, url):
    return read_page(html.encode(), url=url, now=NOW)


def told(result):
    return [(post.native_id, post.author, post.author_role, post.parent_id, post.text) for post in result.posts]


def recorded(name, url):
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"the recorded page {name} is not beside this checkout")
    return read_page(path.read_bytes(), url=url, now=datetime(2026, 11, 22, tzinfo=UTC))


# --- Discourse

DISCOURSE = "https://forum.example/t/akku-leer/7"
SHELL = """<!DOCTYPE html><html lang="de"><head><title>Akku leer - Radforum</title>
<meta name="generator" content="Discourse 3.4.1 - https://github.com/discourse/discourse version 0a1b">{head}</head>
<body class="crawler">{body}</body></html>"""


def crawler_post(number, name, body, *, item='itemprop="comment" itemscope itemtype="http://schema.org/Comment"'):
    return f"""<div id="post_{number}" {item if number > 1 else ""} class="topic-body crawler-post"><div class="crawler-post-meta">
      <span class="creator" itemprop="author" itemscope itemtype="http://schema.org/Person">
        <a itemprop="url" rel='nofollow' href="https://forum.example/u/{name}"><span itemprop='name'>{name}</span></a> (Voller Name)</span>
      <link itemprop="mainEntityOfPage" href="{DISCOURSE}">
      <span class="crawler-post-infos"><time datetime='2026-03-01T18:0{number}:07Z' class='post-time'>1. März 2026 um 19:04</time>
        <meta itemprop='dateModified' content='2026-03-02T08:00:00Z'><span itemprop='position'>{number}</span></span></div>
      <div class='post' itemprop='text'>{body}</div>
      <div itemprop="interactionStatistic" itemscope itemtype="http://schema.org/InteractionCounter">
        <meta itemprop="userInteractionCount" content="2" /><span class='post-likes'>2 „Gefällt mir“</span></div>
      <div class='crawler-linkback-list'><div><a href="https://forum.example/t/x/9">Verweisendes Thema</a></div></div></div>"""


def test_discourse_page_for_crawlers():
    quote = '<aside class="quote" data-post="1" data-topic="7"><div class="title">nele:</div><blockquote><p>Er war leer.</p></blockquote></aside>'
    posts = (
        crawler_post(1, "nele", "<p>Er war leer.</p>")
        + crawler_post(2, "olaf", f"{quote}<p>Bei mir nicht.</p><aside class='onebox'>Fremdes</aside>")
        + crawler_post(3, "system", "")
    )
    body = f"""<div id="topic-title"><h1><a href="/t/akku-leer/7">Akku leer</a></h1></div>{posts}
      <div role='navigation'><a rel="next" itemprop="url" href="/t/akku-leer/7?page=2">nächste Seite →</a></div>"""
    result = page(SHELL.format(head="", body=body), DISCOURSE)
    assert (result.software, result.kind, result.title, result.language) == ("discourse", "thread", "Akku leer", "de")
    assert told(result) == [
        ("7/1", "nele", "unknown", None, "Er war leer."),
        ("7/2", "olaf", "unknown", "7/1", "Bei mir nicht."),
    ]
    assert result.posts[1].published_at == datetime(2026, 3, 1, 18, 2, 7, tzinfo=UTC)
    assert result.posts[1].permalink == "https://forum.example/t/-/7/2"
    assert result.next_page == f"{DISCOURSE}?page=2"


def test_discourse_list_leads_to_json():
    rows = "".join(
        f"""<tr class="topic-list-item"><td class="main-link"><a itemprop='item' href='https://forum.example/t/thema/{n}' class='title raw-link raw-topic-link'>T</a>
        <a href="https://forum.example/c/rad/5">Rad</a></td></tr>"""
        for n in (7, 9)
    )
    body = (
        f"<noscript><table class='topic-list'>{rows}</table><a rel='next' href='/latest?page=1'>weiter</a></noscript>"
    )
    result = page(SHELL.format(head="", body=body), "https://forum.example/latest")
    assert result.kind == "listing"
    assert result.links == ("https://forum.example/t/7.json", "https://forum.example/t/9.json")
    assert result.next_page == "https://forum.example/latest?page=1"


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("https://forum.example/", "https://forum.example/latest.json"),
        ("https://forum.example/c/rad/5", "https://forum.example/c/rad/5.json"),
        ("https://a.example/forum/", "https://a.example/forum/latest.json"),
    ],
)
def test_discourse_without_content_leads_to_its_data(url, data):
    result = page(SHELL.format(head="", body="<div id='main'></div>"), url)
    assert (result.kind, result.links) == ("listing", (data,))


# --- NodeBB


def nodebb_item(pid, name, body, *, extra="", classes="", badge=""):
    """As the theme Harmony writes it."""
    return f"""<li component="post" class="pt-4 {classes}" data-index="{pid - 30}" data-pid="{pid}" data-uid="4" data-timestamp="1772388247000"
      data-username="{name}" data-userslug="{name.lower()}" itemprop="comment" itemscope itemtype="http://schema.org/Comment">
      <a component="post/anchor" data-index="{pid - 30}" id="{pid - 30}"></a><meta itemprop="datePublished" content="2026-03-01T18:04:07.000Z">
      <div class="post-header"><a class="fw-bold" href="/user/{name.lower()}" data-username="{name}">{name}</a>{badge}
      <a href="/post/{pid}" class="post-index permalink">#{pid - 30}</a><span class="timeago text-muted" title="2026-03-01T18:04:07.000Z"></span>{extra}</div>
      <div class="content mt-2" component="post/content" itemprop="text">{body}</div>
      <div component="post/signature" data-uid="4" class="post-signature">Fährt immer Rad</div>
      <a component="post/reply-count" href="#"><span component="post/reply-count/text">1 Antwort</span></a></li>"""


def test_nodebb_page_in_harmony():
    quote = """<p dir="auto"><a class="mention" href="/user/ilse">@Ilse</a> <a href="/post/31">sagte in</a> <a href="/topic/12">Laden</a>:</p>
      <blockquote><p>Der Stecker klemmt.</p></blockquote>"""
    parent = '<a component="post/parent" data-topid="31" href="/post/31">@Ilse</a>'
    mod = '<span class="badge group-label"><span class="badge-text">Global Moderators</span></span>'
    posts = (
        nodebb_item(31, "Ilse", "<p>Der Stecker klemmt.</p>")
        + nodebb_item(32, "Jörg", f"{quote}<p>Bei mir nicht.</p><pre><code>plug --force</code></pre>")
        + nodebb_item(33, "Hauke", "<p>Welcher denn?</p>", extra=parent, badge=mod)
        + nodebb_item(34, "Weg", "<p>Dieser Beitrag wurde gelöscht!</p>", classes="deleted")
    )
    html = f"""<html lang="de"><body class="page-topic page-topic-12"><h1><span component="topic/title">Laden &amp; Fahren</span></h1>
      <span component="topic/post-count" title="1.204">1,2k</span><ul component="topic">{posts}</ul>
      <div component="pagination"><ul class="pagination"><li class="page-item next"><a class="page-link" href="?page=2">»</a></li></ul></div></body></html>"""
    result = page(html, "https://nodebb.example/topic/12/laden-fahren")
    assert (result.software, result.kind, result.title, result.expected_posts) == (
        "nodebb",
        "thread",
        "Laden & Fahren",
        1204,
    )
    assert told(result) == [
        ("31", "Ilse", "customer", None, "Der Stecker klemmt."),
        ("32", "Jörg", "customer", "31", "Bei mir nicht."),
        ("33", "Hauke", "staff", "31", "Welcher denn?"),
    ]
    assert result.posts[0].published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)
    assert result.posts[0].permalink == "https://nodebb.example/post/31"
    assert result.next_page == "https://nodebb.example/topic/12/laden-fahren?page=2"
    assert any(note.startswith("deleted_post: 1 ") for note in result.notes)


def test_nodebb_category_leads_to_json():
    html = """<html lang="de"><body class="page-category"><ul component="category"><li component="category/topic" data-tid="12">
      <h3 component="topic/header"><a href="/topic/12/suche">Suche</a></h3><a href="/topic/12/suche/9">vor 2 Tagen</a><a href="/user/ilse">Ilse</a></li></ul>
      <ul><li component="categories/category"><a href="/category/6/zubehoer">Zubehör</a></li></ul></body></html>"""
    result = page(html, "https://nodebb.example/category/5/laden")
    assert result.links == ("https://nodebb.example/api/topic/12", "https://nodebb.example/api/category/6/zubehoer")


def test_recorded_nodebb_topic():
    result = recorded("nodebb/nettally_NodeBB.html", "https://community.nodebb.example/topic/13803/x")
    assert (result.software, len(result.posts), result.expected_posts) == ("nodebb", 13, 13)
    assert {post.native_id: post.parent_id for post in result.posts if post.parent_id} == {
        "73817": "73814",
        "73868": "73864",
        "73869": "73868",
        "73898": "73887",
    }
    assert result.posts[0].published_at.isoformat() == "2019-03-24T19:54:11.505000+00:00"
    texts = " ".join(post.text for post in result.posts)
    assert "said in" not in texts
    assert "created this issue" not in texts
    assert texts.count("I might be happier with a dedicated chat application") == 1


# --- Flarum


def flarum_page(body, payload=None):
    script = (
        f'<script id="flarum-json-payload" type="application/json">{json.dumps(payload)}</script>' if payload else ""
    )
    return f"""<!doctype html><html lang="de"><head><title>Sattel - Radrunde</title></head><body><div id="app"><div id="flarum-loading" style="display: none">Lade…</div>
      <noscript><div class="Alert"><div class="container">Diese Seite zeigt sich am besten mit JavaScript.</div></div></noscript>
      <div id="flarum-content"><noscript>{body}</noscript></div></div>{script}</body></html>"""


BARE = """<div class="container"><h1>Sattel quietscht</h1><div>
  <article><div class="PostUser"><h3 class="PostUser-name">Gerd</h3></div><div class="Post-body"><p>Mein Sattel quietscht.</p></div></article>
  <article><div class="PostUser"><h3 class="PostUser-name">[gelöscht]</h3></div><div class="Post-body"><blockquote class="uncited"><div>Mein Sattel</div></blockquote><p>Öl hilft.</p></div></article>
  </div><a href="https://flarum.example/d/3-sattel?page=2">Nächste Seite »</a></div>"""


def test_flarum_bare_page():
    result = page(flarum_page(BARE), "https://flarum.example/d/3-sattel")
    assert (result.software, result.kind, result.title) == ("flarum", "thread", "Sattel quietscht")
    assert told(result) == [
        (None, "Gerd", "unknown", None, "Mein Sattel quietscht."),
        (None, None, "unknown", None, "Öl hilft."),
    ]
    assert any(note.startswith("bare_posts") for note in result.notes)


def test_flarum_page_with_its_data_has_dates_and_ids():
    post = {
        "type": "posts",
        "id": "71",
        "attributes": {
            "number": 1,
            "createdAt": "2026-03-01T18:04:07+00:00",
            "contentType": "comment",
            "contentHtml": "<p>Mein Sattel quietscht.</p>",
        },
        "relationships": {
            "user": {"data": {"type": "users", "id": "5"}},
            "discussion": {"data": {"type": "discussions", "id": "3"}},
        },
    }
    user = {
        "type": "users",
        "id": "5",
        "attributes": {"displayName": "Gerd"},
        "relationships": {"groups": {"data": []}},
    }
    discussion = {"type": "discussions", "id": "3", "attributes": {"title": "Sattel quietscht", "commentCount": 30}}
    payload = {"resources": [], "apiDocument": {"data": discussion, "included": [post, user]}}
    result = page(flarum_page(BARE, payload), "https://flarum.example/d/3-sattel")
    assert told(result) == [("71", "Gerd", "customer", None, "Mein Sattel quietscht.")]
    assert result.posts[0].published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)
    assert result.posts[0].permalink == "https://flarum.example/d/3/1"
    assert (result.title, result.expected_posts) == ("Sattel quietscht", 30)


def test_flarum_list_leads_to_json():
    body = '<div class="container"><ul><li><a href="https://flarum.example/d/3-sattel">Sattel</a></li></ul></div>'
    result = page(flarum_page(body), "https://flarum.example/")
    assert result.links == ("https://flarum.example/api/posts?filter[discussion]=3&page[offset]=0&page[limit]=50",)
    empty = page(flarum_page(""), "https://a.example/forum/")
    assert empty.links == ("https://a.example/forum/api/discussions",)


# --- Invision

INVISION = "https://ips.example/topic/55-heizung-kalt/"


def ips4(number, name, body, *, group="Mitglieder", classes="", staff=""):
    return f"""<a id="findComment-{number}"></a><a id="comment-{number}"></a>
    <article id="elComment_{number}" class="cPost ipsBox ipsComment ipsComment_parent ipsClearfix ipsColumns {classes}">
    <div class='ipsResponsive_showPhone'><h3 class='ipsType_sectionHead cAuthorPane_author'><a href='https://ips.example/profile/4-x/'>{name}</a></h3></div>
    <aside class='ipsComment_author cAuthorPane ipsColumn'><h3 class='ipsType_sectionHead cAuthorPane_author'><strong><a href='https://ips.example/profile/4-x/' class="ipsType_break">{name}</a></strong></h3>
      <ul class='cAuthorPane_info ipsList_reset'><li data-role='photo'></li><li data-role='group'>{group}</li><li data-role='stats'>1,2k</li></ul></aside>
    <div class='ipsColumn ipsColumn_fluid'><div id='comment-{number}_wrap' data-commentID='{number}' class='ipsComment_content ipsType_medium'>
      <div class='ipsComment_meta ipsType_light'><p class='ipsComment_tools'><a href='#'>Melden</a></p>
        <a href='{INVISION}?do=findComment&amp;comment={number}' class='ipsType_blendLinks'>Geschrieben <time datetime='2026-03-01T18:04:07Z' title='01.03.2026 19:04' data-short='3 T.'>1. März</time></a></div>
      <div class='cPost_contentWrap'><div data-role='commentContent' class='ipsType_normal ipsType_richText ipsContained'>{body}
        <span class='ipsType_reset ipsType_medium ipsType_light' data-excludequote><strong>bearbeitet <time datetime='2026-03-02T09:00:00Z'>2. März</time> von {name}</strong></span></div>
        <div data-role="memberSignature" class="ipsBorder_top">Grüße aus dem Norden</div></div></div></div></article>"""


IPS_QUOTE = """<blockquote class="ipsQuote" data-ipsquote="" data-ipsquote-contentapp="forums" data-ipsquote-contentcommentid="801" data-ipsquote-username="Ute">
  <div class="ipsQuote_citation">Am 1.3.2026 um 19:04 schrieb Ute:</div><div class="ipsQuote_contents"><p>Die Heizung bleibt kalt.</p></div></blockquote>"""


def ips_page(posts, extra=""):
    return f"""<html lang="de-DE"><body class='ipsApp ipsApp_front ipsJS_none' data-pageapp='forums' data-pagemodule='forums' data-pagecontroller='topic'>
    <h1 class='ipsType_pageTitle ipsContained_container'><span class='ipsType_break ipsContained'><span>Heizung kalt</span></span></h1>
    <h2 class='ipsType_sectionHead' data-role="comment_count" data-commentsType="forums">1.043 Beiträge in diesem Thema</h2>
    <div data-role='commentFeed'>{posts}</div>
    <ul class='ipsPagination'><li class='ipsPagination_next'><a href='{INVISION}page/2/' rel="next">Weiter</a></li></ul>{extra}</body></html>"""


def test_invision_4_topic():
    spoiler = '<div class="ipsSpoiler" data-ipsspoiler=""><div class="ipsSpoiler_header"><span>Spoiler</span></div><div class="ipsSpoiler_contents"><p>Pumpe tauschen.</p></div></div>'
    posts = (
        ips4(801, "Ute", "<p>Die Heizung bleibt kalt.</p>")
        + ips4(802, "Sven", f"{IPS_QUOTE}<p>Luft im Rohr?</p>{spoiler}", group="Moderatoren")
        + ips4(803, "Gast", IPS_QUOTE)
        + ips4(804, "Troll", "<p>Versteckt.</p>", classes="ipsModerated")
    )
    result = page(ips_page(posts), INVISION)
    assert (result.software, result.kind, result.title, result.expected_posts) == (
        "invision",
        "thread",
        "Heizung kalt",
        1043,
    )
    assert told(result) == [
        ("elComment_801", "Ute", "customer", None, "Die Heizung bleibt kalt."),
        ("elComment_802", "Sven", "staff", "elComment_801", "Luft im Rohr?\n\nPumpe tauschen."),
    ]
    assert result.posts[0].published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)
    assert result.next_page == f"{INVISION}page/2/"
    assert [note.partition(":")[0] for note in result.notes] == ["deleted_post", "empty_post"]


def test_invision_5_topic():
    post = """<article data-membergroup="3" id='elComment_801' class='ipsEntry js-ipsEntry ipsEntry--post'>
      <aside class='ipsEntry__author-column'><h3 class='ipsEntry__username'><a href='https://ips.example/profile/4-ute/' class="ipsUsername">Ute</a></h3>
        <ul class='ipsEntry__authorFields'><li data-role='group' class='ipsEntry__group'>Administratoren</li></ul></aside>
      <div class='ipsEntry__header'><p class='ipsEntry__date'><a href='https://ips.example/topic/55-x/#findComment-801' rel="nofollow"><time datetime='2026-03-01T18:04:07Z'>1. März</time></a></p></div>
      <div class='ipsEntry__post'><div class="ipsRichText ipsRichText--user" data-role="commentContent"><p>Die Heizung bleibt kalt.</p></div></div></article>"""
    result = page(ips_page(post), INVISION)
    assert told(result) == [("elComment_801", "Ute", "staff", None, "Die Heizung bleibt kalt.")]


def test_invision_list():
    html = """<html lang="de"><body class="ipsApp"><h1 class="ipsType_pageTitle">Heizung</h1><ol class="cTopicList">
      <li class="ipsDataItem"><h4 class="ipsDataItem_title"><span><a href="https://ips.example/topic/55-heizung-kalt/">Heizung kalt</a></span></h4>
        <a href="https://ips.example/topic/55-heizung-kalt/?do=getLastComment">gestern</a></li></ol>
      <h4 class="ipsDataItem_title"><a href="https://ips.example/forum/9-pumpen/">Pumpen</a></h4></body></html>"""
    result = page(html, "https://ips.example/forum/8-heizung/")
    assert (result.kind, result.links) == ("listing", (INVISION, "https://ips.example/forum/9-pumpen/"))


# --- Khoros


def lia(
    number,
    name,
    body,
    *,
    rank="Mitglied",
    date='<span class="local-date">‎01.03.2026</span> <span class="local-time">19:04</span>',
):
    return f"""<div class="lia-message-view-wrapper lia-js-data-messageUid-{number} lia-component-message-view-widget" data-lia-message-uid="{number}" id="messageview_{number}">
    <span id="U{number}"></span><div class="MessageView lia-message-view-forum-message"><div class="lia-quilt lia-quilt-forum-message">
    <div class="lia-message-author-username"><span class="UserName lia-user-name lia-user-rank-{rank}"><img class="lia-user-rank-icon-left" title="{rank}" alt="{rank}" src="/r.png">
      <a class="lia-link-navigation lia-page-link lia-user-name-link" href="/t5/user/viewprofilepage/user-id/5"><span class="login-bold">{name}</span></a></span></div>
    <div class="lia-message-author-rank">{rank}</div>
    <p class="lia-message-dates lia-message-post-date"><span class="DateTime lia-message-posted-on">{date}</span>
      <span class="lia-message-edited-by"> - bearbeitet <span class="DateTime">‎02.03.2026 08:00</span></span></p>
    <div itemprop="text" id="bodyDisplay" class="lia-message-body"><div class="lia-message-body-content">{body}<div class="lia-message-signature">Mit Gruß</div></div></div>
    <div class="lia-message-actions"><a href="/t5/forums/replypage/board-id/x">Antworten</a></div></div></div></div>"""


def test_khoros_topic():
    quote = "<BLOCKQUOTE><HR /><A href='/t5/user/viewprofilepage/user-id/5'>@Rieke</A>&nbsp;schrieb:<BR />Die Rechnung ist falsch.<HR /></BLOCKQUOTE>"
    friendly = '<span class="local-friendly-date" title="‎01.03.2026 20:15">vor 3 Tagen</span>'
    posts = lia(91, "Rieke", "<P>Die Rechnung ist falsch.</P>") + lia(
        92, "Bernd", f"{quote}<P>Ich prüfe das.</P>", rank="Moderator", date=friendly
    )
    html = f"""<html lang="de"><body class="lia-user-status-anonymous ForumTopicPage lia-body" id="lia-body"><div class="lia-page">
      <div class="lia-message-subject-banner"><h1 class="lia-message-subject">Falsche Rechnung</h1></div>{posts}{posts[: posts.index('data-lia-message-uid="92"')].rpartition("<div")[0]}
      <ul><li class="lia-paging-page-next lia-component-next"><a class="lia-link-navigation" href="https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91/page/2">Weiter</a></li></ul></div></body></html>"""
    result = page(html, "https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91")
    assert (result.software, result.kind, result.title) == ("khoros", "thread", "Falsche Rechnung")
    assert told(result) == [
        ("91", "Rieke", "customer", None, "Die Rechnung ist falsch."),
        ("92", "Bernd", "staff", None, "Ich prüfe das."),
    ]
    assert [post.published_at for post in result.posts] == [
        datetime(2026, 3, 1, 19, 4, tzinfo=BERLIN),
        datetime(2026, 3, 1, 20, 15, tzinfo=BERLIN),
    ]
    assert result.next_page == "https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91/page/2"
    assert any(note.startswith("repeated_post: 1 ") for note in result.notes)


def test_khoros_board():
    html = """<html lang="de"><body class="ForumPage lia-body" id="lia-body"><h2 class="message-subject"><a class="page-link lia-link-navigation" href="/t5/Tarife/Falsche-Rechnung/td-p/91">Falsche Rechnung</a></h2>
      <a href="/t5/Tarife/Falsche-Rechnung/td-p/91/jump-to/first-unread-message">neu</a><a href="/t5/user/viewprofilepage/user-id/5">Rieke</a></body></html>"""
    result = page(html, "https://community.example/t5/Tarife/bd-p/tarife")
    assert (result.kind, result.links) == ("listing", ("https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91",))


# --- Vanilla


def vanilla_item(id, kind, name, body, *, classes="", title=""):
    return f"""<div class="Item {kind} {classes} pageBox" id="{id}"><div class="{kind[4:]}"><div class="Item-Header"><div class="AuthorWrap">
    <span class="Author"><a title="{name}" href="/profile/{name}" class="PhotoWrap"><img src="/a.png" alt="{name}"></a><a href="/profile/{name}" class="Username">{name}</a></span>
    <span class="AuthorInfo"> <span class="MItem RankTitle">{title}</span></span></div>
    <div class="Meta"><span class="MItem DateCreated"><a href="https://vanilla.example/discussion/45/tee#{id}" class="Permalink" rel="nofollow"><time title="1. März 2026 19:04" datetime="2026-03-01T18:04:07+00:00">1. März</time></a></span></div></div>
    <div class="Item-BodyWrap"><div class="Item-Body"><div class="Message userContent">{body}</div><div class="Signature UserSignature">Tee statt Kaffee</div><div class="Reactions">Gefällt mir</div></div></div></div></div>"""


def test_vanilla_discussion():
    quote = '<blockquote class="Quote UserQuote"><div class="QuoteAuthor"><a href="/profile/Insa">Insa</a> schrieb:</div><div class="QuoteText"><p>Der Tee ist bitter.</p></div></blockquote>'
    rich = '<div class="js-embed embedResponsive" data-embedjson="{}"><p>Der Tee ist bitter.</p></div>'
    spoiler = '<div class="UserSpoiler"><div class="SpoilerTitle">Spoiler: <button>zeigen</button></div><div class="SpoilerText">Drei Minuten reichen.</div></div>'
    posts = (
        vanilla_item("Discussion_45", "ItemDiscussion", "Insa", "<p>Der Tee ist bitter.</p>")
        + vanilla_item("Comment_77", "ItemComment", "Enno", f"{quote}{rich}<p>Zu lange gezogen?</p>{spoiler}")
        + vanilla_item("Comment_78", "ItemComment", "Malte", "<p>Wir ersetzen ihn.</p>", classes="Role_Administrator")
    )
    html = f"""<html lang="de"><body id="vanilla_discussion_index" class="Vanilla Discussion Index"><div class="PageTitle"><h1>Tee</h1></div>{posts}
      <div class="Pager"><a href="/discussion/45/tee/p2" class="Next" rel="next">»</a></div></body></html>"""
    result = page(html, "https://vanilla.example/discussion/45/tee")
    assert (result.software, result.kind, result.title) == ("vanilla", "thread", "Tee")
    assert told(result) == [
        ("Discussion_45", "Insa", "customer", None, "Der Tee ist bitter."),
        ("Comment_77", "Enno", "customer", None, "Zu lange gezogen?\n\nDrei Minuten reichen."),
        ("Comment_78", "Malte", "staff", None, "Wir ersetzen ihn."),
    ]
    assert result.posts[1].published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)
    assert result.next_page == "https://vanilla.example/discussion/45/tee/p2"


def test_vanilla_list():
    html = """<html lang="de"><body id="vanilla_discussions_index" class="Vanilla Discussions"><ul class="DataList Discussions"><li id="Discussion_45" class="Item ItemDiscussion">
      <div class="ItemContent Discussion"><div class="Title"><a href="https://vanilla.example/discussion/45/tee">Tee</a></div><span class="MItem LastCommentDate"><time datetime="2026-03-01T18:04:07+00:00">1. März</time></span></div></li></ul></body></html>"""
    result = page(html, "https://vanilla.example/discussions")
    assert (result.kind, result.posts, result.links) == ("listing", (), ("https://vanilla.example/discussion/45/tee",))


# --- Forumieren


def fa_page(posts, lang="de"):
    return f"""<html lang="{lang}"><head><title>Wanderfreunde</title><script src="https://illiweb.com/rs3/60/frm/jquery/cookie/jquery.cookie.js"></script></head><body>
    <h1 class="page-title"><a href="/t9-zelt">Zelt undicht</a></h1>{posts}<div class="pagination"><strong>1</strong>, <a href="/t9p15-zelt">2</a>, <a href="/t9p30-zelt">3</a></div></body></html>"""


FA_QUOTE = "<blockquote><div><cite>Kai schrieb:</cite>Mein Zelt tropft.</div></blockquote>"


def fa_prosilver(number, name, body, rank=""):
    return f"""<div id="p{number}" class="post row1 post--{number}"><div class="inner"><div class="postprofile" id="profile{number}"><dl><dt><a href="/u3"><img src="/a.jpg" alt="{name}"></a><br>
    <strong style="font-size:1.2em"><a href="/u3"><span style="color:#900"><strong>{name}</strong></span></a></strong></dt><dd>{rank}</dd><dd>&nbsp;</dd><dd><span class="label">Beiträge : </span>12</dd><dd><span class="label">Ort : </span>Team Süd</dd></dl></div>
    <div class="postbody"><ul class="profile-icons"><li><a href="#">Zitieren</a></li></ul><h2 class="topic-title"><a href="/t9-zelt#{number}">Re: Zelt undicht</a></h2>
    <p class="author"><img src="/i.gif" alt="Beitrag"> von <a href="/u3"><span style="color:#900"><strong>{name}</strong></span></a> am So 1 März 2026 - 19:04</p><div class="clear"></div>
    <div class="content"><div>{body}</div></div><div class="signature_div" id="sig{number}">Immer bergauf</div></div></div></div>"""


def fa_subsilver(number, name, body, rank=""):
    return f"""<table class="forumline"><tr class="post post--{number}" id="p{number}"><td class="row1" width="150"><span class="name"><a name="{number}"></a><strong><a href="/u3">{name}</a></strong></span><br>
    <span class="postdetails poster-profile"><b>{rank}</b><br>Anmeldedatum : 26.10.13</span></td><td class="row1"><table><tr><td><span class="postdetails"><img src="/i.gif" alt="">
    <a href="/t9-zelt#{number}">Zelt undicht</a>&nbsp; am 01.03.26 19:04</span></td></tr><tr><td class="hr"><hr></td></tr><tr><td><div class="postbody"><div>{body}</div></div><span class="gensmall"></span><div class="signature_div">Immer bergauf</div></td></tr></table></td></tr></table>"""


@pytest.mark.parametrize("skin", [fa_prosilver, fa_subsilver])
def test_forumieren_skins(skin):
    posts = skin(41, "Kai", "Mein Zelt tropft.") + skin(
        42, "Jule", f"{FA_QUOTE}Naht kleben!<br>Hilft immer.", "Moderator"
    )
    advertisement = skin(0, "Gesponserte Inhalte", "Zelte jetzt günstig kaufen")
    result = page(fa_page(posts + advertisement), "https://wanderer.forumieren.example/t9-zelt")
    assert (result.software, result.kind, result.title, result.language) == (
        "forumieren",
        "thread",
        "Zelt undicht",
        "de",
    )
    assert told(result) == [
        ("p41", "Kai", "customer", None, "Mein Zelt tropft."),
        ("p42", "Jule", "staff", None, "Naht kleben!\nHilft immer."),
    ]
    assert {post.published_at for post in result.posts} == {datetime(2026, 3, 1, 19, 4, tzinfo=BERLIN)}
    assert result.next_page == "https://wanderer.forumieren.example/t9p15-zelt"


def test_forumieren_list():
    html = """<html lang="de"><head><script src="https://illiweb.com/rs3/60/frm/x.js"></script></head><body><a class="topictitle" href="/t9-zelt">Zelt undicht</a>
      <a class="forumlink" href="/f3-ausruestung">Ausrüstung</a><a href="/u3">Kai</a></body></html>"""
    result = page(html, "https://wanderer.forumieren.example/f2-touren")
    assert result.links == (
        "https://wanderer.forumieren.example/t9-zelt",
        "https://wanderer.forumieren.example/f3-ausruestung",
    )


def test_recorded_forumieren_topic_has_no_profile_text():
    result = recorded(
        "forumieren/wolfsrebellen-netz.forumieren.com.regeln.html",
        "https://wolfsrebellen-netz.forumieren.com/t7-forums-regeln",
    )
    # Three posts; a fourth box with the number 0 is an advertisement.
    assert [(post.native_id, post.author) for post in result.posts] == [
        ("p7", "lupa"),
        ("p655", "lupa"),
        ("p702", "lupa"),
    ]
    assert [post.published_at.isoformat() for post in result.posts] == [
        "2013-10-26T15:48:00+02:00",
        "2014-05-26T07:41:00+02:00",
        "2014-05-30T23:17:00+02:00",
    ]
    texts = " ".join(post.text for post in result.posts)
    assert not any(
        word in texts for word in ("admina", "Wolfshöhle", "1070", "Profil ausklappen", "Beitrag #", "ich bin nicht da")
    )
    assert "wie ihr es wollt" not in texts


# --- bbPress


def bbp(number, name, body, *, role="Teilnehmer", kind="reply", classes=""):
    return f"""<li><div id="post-{number}" class="bbp-{kind}-header"><div class="bbp-meta"><span class="bbp-{kind}-post-date">1. März 2026 um 19:04 Uhr</span>
    <a href="https://wp.example/forums/topic/garten/#post-{number}" class="bbp-{kind}-permalink">#{number}</a><span class="bbp-admin-links"></span></div></div>
    <div class="loop-item-0 user-id-5 bbp-parent-forum-3 post-{number} {kind} type-{kind} status-publish hentry {classes}"><div class="bbp-{kind}-author"><a href="https://wp.example/forums/users/x/" class="bbp-author-link">
    <span class="bbp-author-avatar"><img alt="" src="/a.png"></span><span class="bbp-author-name">{name}</span></a><div class="bbp-author-role">{role}</div></div>
    <div class="bbp-{kind}-content">{body}<ul class="bbp-reply-revision-log"><li>Diese Antwort wurde vor 3 Tagen geändert.</li></ul></div></div></li>"""


def test_bbpress_topic():
    posts = (
        bbp(12, "Frauke", "<p>Die Schere klemmt.</p>", kind="topic")
        + bbp(13, "Tjark", "<blockquote><p>Die Schere klemmt.</p></blockquote><p>Ölen!</p>", role="Moderator")
        + bbp(14, "Anonym", "<p>Danke.</p>", role="Gast")
        + bbp(15, "Spammer", "<p>Billig!</p>", classes="status-spam")
    )
    html = f"""<html lang="de"><body class="topic bbpress"><h1 class="entry-title">Gartenschere</h1><div id="bbpress-forums" class="bbpress-wrapper">
      <div class="bbp-pagination-count">Ansicht von 15 Beiträgen – 1 bis 15 (von insgesamt 41)</div><ul id="topic-12-replies" class="forums bbp-replies"><li class="bbp-body"><ul>{posts}</ul></li></ul>
      <div class="bbp-pagination-links"><a class="next page-numbers" href="https://wp.example/forums/topic/garten/page/2/">→</a></div></div></body></html>"""
    result = page(html, "https://wp.example/forums/topic/garten/")
    assert (result.software, result.kind, result.title, result.expected_posts) == (
        "bbpress",
        "thread",
        "Gartenschere",
        41,
    )
    assert told(result) == [
        ("post-12", "Frauke", "customer", None, "Die Schere klemmt."),
        ("post-13", "Tjark", "staff", None, "Ölen!"),
        ("post-14", None, "customer", None, "Danke."),
    ]
    assert result.posts[0].published_at == datetime(2026, 3, 1, 19, 4, tzinfo=BERLIN)
    assert result.posts[1].permalink == "https://wp.example/forums/topic/garten/#post-13"
    assert result.next_page == "https://wp.example/forums/topic/garten/page/2/"


def test_bbpress_forum():
    html = """<html lang="de"><body class="bbpress"><div id="bbpress-forums"><ul class="bbp-topics"><li><a class="bbp-topic-permalink" href="https://wp.example/forums/topic/garten/">Gartenschere</a></li></ul>
      <ul class="bbp-forums"><li><a class="bbp-forum-title" href="https://wp.example/forums/forum/beete/">Beete</a></li></ul></div></body></html>"""
    result = page(html, "https://wp.example/forums/forum/geraete/")
    assert (result.kind, result.links) == (
        "listing",
        ("https://wp.example/forums/topic/garten/", "https://wp.example/forums/forum/beete/"),
    )
