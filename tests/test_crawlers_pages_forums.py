"""Forum pages of our own making, in several skins and versions, and what must come out of them."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

from datetime import UTC, datetime

import pytest

from crawlers.pages.reading import MAX_BYTES, read_page

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def page(html, url="https://forum.example/viewtopic.php?f=3&t=7", **options):
    body = html if isinstance(html, bytes) else html.encode()
    return read_page(body, url=url, now=NOW, **options)


def prosilver(posts, *, extra="", lang="de"):
    return f"""<!DOCTYPE html><html lang="{lang}"><head><title>Radforum - Akku leer</title></head>
    <body id="phpbb" class="nojs notouch section-viewtopic ltr"><div id="page-body">
    <h2 class="topic-title"><a href="./viewtopic.php?f=3&amp;t=7&amp;sid=0123456789abcdef0123456789abcdef">Akku leer</a></h2>
    <div class="action-bar"><div class="pagination">30 Beiträge {extra}</div></div>{posts}</div></body></html>"""


def post33(number, name, body, *, rank="", time="2026-03-01T17:04:00+00:00"):
    return f"""<div id="p{number}" class="post has-profile bg2"><div class="inner">
    <dl class="postprofile" id="profile{number}"><dt class="has-profile-rank no-avatar">
      <a href="./memberlist.php?mode=viewprofile&amp;u=9" class="username">{name}</a></dt>
      <dd class="profile-rank">{rank}</dd><dd class="profile-posts"><strong>Beiträge:</strong> <a href="#">12</a></dd></dl>
    <div class="postbody"><div id="post_content{number}"><h3><a href="#p{number}">Re: Akku leer</a></h3>
      <ul class="post-buttons"><li><a href="./posting.php?mode=quote&amp;p={number}">Zitieren</a></li></ul>
      <p class="author"><a class="unread" href="./viewtopic.php?p={number}&amp;sid=aa#p{number}">Beitrag</a>
      <span class="responsive-hide">von <strong><a class="username">{name}</a></strong> » </span>
      <time datetime="{time}">So 1. Mär 2026, 18:04</time></p>
      <div class="content">{body}</div>
      <dl class="attachbox"><dt>Dateianhänge</dt><dd>rechnung.pdf (12 KiB) 3-mal heruntergeladen</dd></dl>
      <div class="notice">Zuletzt geändert von {name} am Mo 2. Mär 2026, 08:00, insgesamt 1-mal geändert.</div>
      <div id="sig{number}" class="signature">Fährt ein altes Klapprad</div></div></div></div></div>"""


QUOTE_33 = """<blockquote cite="./viewtopic.php?p=41#p41"><div><cite><a href="./memberlist.php?u=2">Ruth</a> hat geschrieben:
  <a href="./viewtopic.php?p=41#p41" data-post-id="41">↑</a></cite>Der Akku hielt zwei Tage.</div></blockquote>"""


def test_phpbb_33_post_is_read_without_quote_signature_and_buttons():
    body = f"{QUOTE_33}Bei mir hielt er <strong>drei</strong>, dann war Schluss.<br>\n<br>\nSchade!"
    result = page(prosilver(post33(42, "Tilda", body)))
    assert (result.software, result.kind, result.title, result.language) == ("phpbb", "thread", "Akku leer", "de")
    assert result.expected_posts == 30
    (post,) = result.posts
    assert post.text == "Bei mir hielt er drei, dann war Schluss.\n\nSchade!"
    assert (post.native_id, post.author, post.author_role, post.parent_id) == ("p42", "Tilda", "customer", "p41")
    assert post.published_at == datetime(2026, 3, 1, 17, 4, tzinfo=UTC)
    assert post.date_precision == "minute"
    assert post.permalink == "https://forum.example/viewtopic.php?p=42#p42"
    assert post.title is None


def test_phpbb_post_of_quotes_only_is_left_out_and_counted():
    result = page(prosilver(post33(1, "Tilda", QUOTE_33) + post33(2, "Uwe", "Sehe ich auch so.")))
    assert [post.native_id for post in result.posts] == ["p2"]
    assert any(note.startswith("empty_post: 1 ") for note in result.notes)


@pytest.mark.parametrize(
    ("rank", "role"),
    [("Moderator", "staff"), ("Administratorin", "staff"), ("Kundenservice", "staff"), ("Teamfahrer", "customer"), ("", "customer"),
     ("Ehemaliger Moderator", "customer"), ("Site Admin", "staff")],
)  # fmt: skip
def test_phpbb_rank_tells_staff_from_customers(rank, role):
    assert page(prosilver(post33(1, "Tilda", "Ein ganzer Satz.", rank=rank))).posts[0].author_role == role


def test_phpbb_guest_has_no_name():
    assert page(prosilver(post33(1, "Gast", "Ein ganzer Satz."))).posts[0].author is None


def test_phpbb_next_page_by_arrow_and_by_number():
    arrow = '<ul><li class="active"><span>1</span></li><li class="arrow next"><a href="./viewtopic.php?f=3&amp;t=7&amp;sid=ff&amp;start=10" rel="next">Nächste</a></li></ul>'
    assert (
        page(prosilver(post33(1, "A1", "Ein Satz."), extra=arrow)).next_page
        == "https://forum.example/viewtopic.php?f=3&t=7&start=10"
    )
    bare = ' • Seite <strong>2</strong> von <strong>3</strong> • <span><a href="./viewtopic.php?f=3&amp;t=7">1</a>, <strong>2</strong>, <a href="./viewtopic.php?f=3&amp;t=7&amp;start=20">3</a></span>'
    url = "https://forum.example/viewtopic.php?f=3&t=7&start=10"
    assert (
        page(prosilver(post33(1, "A1", "Ein Satz."), extra=bare), url).next_page
        == "https://forum.example/viewtopic.php?f=3&t=7&start=20"
    )
    last = url.replace("start=10", "start=20")
    gone = ' <span><a href="./viewtopic.php?f=3&amp;t=7">1</a>, <a href="./viewtopic.php?f=3&amp;t=7&amp;start=10">2</a>, <strong>3</strong></span>'
    assert page(prosilver(post33(1, "A1", "Ein Satz."), extra=gone), last).next_page is None


def test_phpbb_30_dates_follow_the_zone_in_the_footer():
    post = """<div id="p5" class="post bg1"><div class="postbody"><h3><a href="#p5">Akku leer</a></h3>
      <p class="author"><a href="./viewtopic.php?p=5#p5">Beitrag</a>von <strong>Ole</strong> &raquo; Di 12. Mär 2024, 14:05 </p>
      <div class="content">Läuft wieder, danke.</div></div><dl class="postprofile"><dt><a href="#">Ole</a></dt></dl></div>"""
    berlin = page(prosilver(post)).posts[0].published_at
    assert berlin.isoformat() == "2024-03-12T14:05:00+01:00"
    footer = "<ul><li>Alle Zeiten sind UTC - 5 Stunden [ Sommerzeit ]</li></ul>"
    assert page(prosilver(post + footer)).posts[0].published_at.isoformat() == "2024-03-12T14:05:00-04:00"
    named = '<ul><li>Alle Zeiten sind <span title="Europa/London">UTC</span></li></ul>'
    assert page(prosilver(post + named)).posts[0].published_at.isoformat() == "2024-03-12T14:05:00+00:00"


def test_phpbb_table_skin_is_read():
    html = """<html lang="de"><body class="ltr"><div id="pageheader"><h2><a class="titles" href="viewtopic.php?t=7">Akku leer</a></h2></div>
    <table><tr><td class="gensmall">[ 2 Beiträge ]</td></tr></table>
    <table class="tablebg"><tr class="row1"><td><a name="p8"></a><b class="postauthor">Ole</b></td>
      <td><table><tr><td class="gensmall"><div><b>Betreff des Beitrags:</b> <a href="#p8">Akku leer</a></div>
      <div><b>Verfasst:</b> Fr 3. Mai 2024, 08:15</div></td></tr></table></td></tr>
      <tr class="row1"><td class="profile"><table><tr><td class="postdetails">Moderator</td></tr></table></td>
      <td><div class="postbody"><div class="quotetitle"><b>Ruth hat geschrieben:</b></div><div class="quotecontent">Alt und fremd.</div>Neu und eigen.</div>
      <div class="postbody"><br>_________________<br>Meine Unterschrift</div></td></tr></table></body></html>"""
    result = page(html)
    assert [(p.native_id, p.author, p.author_role, p.text) for p in result.posts] == [
        ("p8", "Ole", "staff", "Neu und eigen.")
    ]
    assert result.posts[0].published_at.isoformat() == "2024-05-03T08:15:00+02:00"
    assert (result.title, result.expected_posts) == ("Akku leer", 2)


def test_phpbb_forum_lists_topics_and_boards_once_without_session():
    html = """<html lang="de"><body id="phpbb" class="section-viewforum"><h2 class="forum-title"><a href="#">Technik</a></h2>
    <a class="forumtitle" href="./viewforum.php?f=4&amp;sid=ab">Lampen</a>
    <a class="topictitle" href="./viewtopic.php?f=3&amp;t=7&amp;sid=ab">Akku leer</a>
    <a href="./viewtopic.php?f=3&amp;t=7&amp;p=99#p99">letzter Beitrag</a><a class="topictitle" href="./viewtopic.php?f=3&amp;t=7">nochmal</a>
    <a class="topictitle" href="https://anderswo.example/viewtopic.php?t=1">fremd</a>
    <a class="username" href="./memberlist.php?mode=viewprofile&amp;u=2">Ole</a>
    <div class="pagination"><ul><li class="arrow next"><a rel="next" href="./viewforum.php?f=3&amp;start=25">»</a></li></ul></div></body></html>"""
    result = page(html, "https://forum.example/viewforum.php?f=3")
    assert result.kind == "listing"
    assert result.links == ("https://forum.example/viewtopic.php?f=3&t=7", "https://forum.example/viewforum.php?f=4")
    assert result.next_page == "https://forum.example/viewforum.php?f=3&start=25"


def test_phpbb_topic_without_posts_is_no_success():
    result = page('<html><body id="phpbb" class="section-viewtopic"><p>Hier ist nichts.</p></body></html>')
    assert result.posts == ()
    assert any(note.startswith("empty_thread") for note in result.notes)


def test_login_page_is_told_from_a_thread():
    result = page(
        '<html><body id="phpbb" class="section-ucp"><form><input type="password" name="password"></form></body></html>'
    )
    assert result.kind == "other"
    assert any(note.startswith("login_wall") for note in result.notes)


def xenforo(posts, *, lang="de-DE", extra=""):
    return f"""<!DOCTYPE html><html id="XF" lang="{lang}" data-app="public" data-template="thread_view"><head>{extra}</head><body>
    <h1 class="p-title-value"><span class="label">Frage</span><span class="label-append">&nbsp;</span>Licht flackert</h1>{posts}</body></html>"""


def xenforo_post(number, name, body, *, classes="", banner="", title="Mitglied"):
    return f"""<article class="message message--post js-post {classes}" data-author="{name}" data-content="post-{number}" id="js-post-{number}">
    <section class="message-user"><h4 class="message-name"><a class="username">{name}</a></h4><h5 class="userTitle message-userTitle">{title}</h5>{banner}</section>
    <header class="message-attribution"><a href="/threads/licht.12/post-{number}"><time class="u-dt" datetime="2026-03-01T18:04:09+0100" title="1. März 2026">Sonntag</time></a></header>
    <article class="message-body js-selectToQuote"><div class="bbWrapper">{body}</div><div class="js-selectToQuoteEnd">&nbsp;</div></article>
    <div class="message-lastEdit">Zuletzt bearbeitet: <time class="u-dt" datetime="2026-03-02T09:00:00+0100">Montag</time></div>
    <aside class="message-signature">Grüße aus der Signatur</aside>
    <footer><div class="reactionsBar">Gefällt: Ruth und 3 anderen</div></footer></article>"""


XF_URL = "https://forum.example/threads/licht.12/"
XF_QUOTE = """<blockquote data-quote="Ruth" data-source="post: 77" class="bbCodeBlock bbCodeBlock--expandable bbCodeBlock--quote">
  <div class="bbCodeBlock-title"><a href="/goto/post?id=77">Ruth schrieb:</a></div><div class="bbCodeBlock-content">Fremde Worte
  <blockquote class="bbCodeBlock--quote">noch fremdere</blockquote></div></blockquote>"""


def test_xenforo_post_keeps_own_words_spoiler_and_smilies_only():
    body = f"""{XF_QUOTE}Un<b>glaub</b>lich hell. <img class="smilie" alt=":)" data-shortname=":)"> 😀
    <div class="bbCodeSpoiler"><button class="bbCodeSpoiler-button">Spoiler: Auflösung</button>
    <div class="bbCodeSpoiler-content"><div class="bbCodeBlock--spoiler">Es war das Kabel.</div></div></div>
    <div class="bbCodeBlock bbCodeBlock--code"><pre>x = 1</pre></div>"""
    (post,) = page(xenforo(xenforo_post(78, "Tilda", body)), XF_URL).posts
    assert post.text == "Unglaublich hell. :) 😀\nEs war das Kabel."
    assert (post.native_id, post.parent_id, post.author) == ("post-78", "post-77", "Tilda")
    assert (post.published_at.isoformat(), post.date_precision) == ("2026-03-01T18:04:09+01:00", "second")
    assert post.permalink == "https://forum.example/threads/licht.12/post-78"


def test_xenforo_thread_names_title_next_page_and_size():
    counted = """<script type="application/ld+json">{"@type":"DiscussionForumPosting","headline":"Licht","interactionStatistic":
    {"@type":"InteractionCounter","interactionType":"https://schema.org/ReplyAction","userInteractionCount":36}}</script>
    <link rel="next" href="/threads/licht.12/page-2">"""
    result = page(xenforo(xenforo_post(1, "Uwe", "Ein ganzer Satz."), extra=counted), XF_URL)
    assert (result.title, result.language, result.expected_posts) == ("Licht flackert", "de", 37)
    assert result.next_page == "https://forum.example/threads/licht.12/page-2"


def test_xenforo_staff_is_known_by_class_banner_and_name():
    posts = [
        xenforo_post(1, "Uwe", "Ein Satz.", classes="message-staffPost california-message"),
        xenforo_post(2, "Ida", "Zwei Sätze.", banner='<em class="userBanner userBanner--staff">Teammitglied</em>'),
        xenforo_post(3, "Radwerk-Team", "Drei Sätze."),
        xenforo_post(4, "Teamo", "Vier Sätze."),
    ]
    assert [p.author_role for p in page(xenforo("".join(posts)), XF_URL).posts] == [
        "staff",
        "staff",
        "staff",
        "customer",
    ]


def test_xenforo_forum_lists_threads():
    html = """<html id="XF" lang="de" data-app="public" data-template="forum_view"><body><h1 class="p-title-value">Technik</h1>
    <div class="structItem structItem--thread"><div class="structItem-title"><a href="/forums/x/?prefix_id=2" class="labelLink">Frage</a>
    <a href="/threads/licht.12/unread">Licht</a></div><a href="/threads/licht.12/latest">neu</a><a href="/members/uwe.3/">Uwe</a></div>
    <a class="pageNav-jump pageNav-jump--next" href="/forums/technik.4/page-2">Weiter</a></body></html>"""
    result = page(html, "https://forum.example/forums/technik.4/")
    assert (result.kind, result.links) == ("listing", ("https://forum.example/threads/licht.12/",))
    assert result.next_page == "https://forum.example/forums/technik.4/page-2"


def machina(posts, *, lang="de", pager=""):
    return f"""<html lang="{lang}"><head><link rel="stylesheet" href="/static/css/machina.board_theme.min.css"></head><body>
    <div id="main_container"><h1>Sattel wackelt</h1>{posts}<ul class="m-0 pagination pagination-sm">{pager}</ul></div></body></html>"""


def machina_post(number, line, body, name="Tilda"):
    return f"""<div id="{number}" class="my-3 card post"><div class="card-body"><div class="post-content-wrapper">
    <h4 class="m-0 subject">Sattel wackelt&nbsp;<a href="/forum/a-1/topic/sattel-2/?post={number}#{number}">¶</a></h4>
    <p><small class="text-muted"><i></i>&nbsp;{line}</small></p><div class="post-content">{body}</div>
    <div class="post-signature">Unterschrift</div><div class="edit-info"><small>Zuletzt bearbeitet von: Ole am 2. März 2026 08:00</small></div></div>
    <div class="post-sidebar"><div class="username"><a href="/forum/member/profile/3/"><b>{name}</b></a></div></div></div></div>"""


@pytest.mark.parametrize(
    ("line", "stamp"),
    [('Von: <a href="/member/profile/3/">Tilda</a> am 12. März 2024 14:05', "2024-03-12T14:05:00+01:00"),
     ("By: Tilda on July 3, 2024, 2:05 p.m.", "2024-07-03T14:05:00+02:00"),
     ("By: Tilda on July 3, 2024, noon", "2024-07-03T12:00:00+02:00")],
)  # fmt: skip
def test_machina_post_in_german_and_english(line, stamp):
    body = "<blockquote><p>Fremder Satz.</p></blockquote><p>Bei mir auch.</p><p>Seit gestern.</p>"
    (post,) = page(machina(machina_post(31, line, body)), "https://forum.example/forum/a-1/topic/sattel-2/").posts
    assert (post.native_id, post.author, post.text) == ("31", "Tilda", "Bei mir auch.\n\nSeit gestern.")
    assert (post.published_at.isoformat(), post.date_precision) == (stamp, "minute")
    assert post.permalink == "https://forum.example/forum/a-1/topic/sattel-2/?post=31#31"


def test_machina_next_page_follows_the_active_one():
    pager = """<li class="page-item"><a href="?page=1" class="page-link">1</a></li><li class="page-item active"><a href="?page=2" class="page-link">2</a></li>
    <li class="page-item"><a href="?page=3" class="page-link">3</a></li><li class="page-item"><a href="?page=3" class="page-link">»</a></li>"""
    base = "https://forum.example/forum/a-1/topic/sattel-2/"
    assert (
        page(
            machina(machina_post(1, "Von: A am 1. Mai 2024 10:00", "Ein Satz."), pager=pager), base + "?page=2"
        ).next_page
        == base + "?page=3"
    )


@pytest.mark.parametrize(
    ("encode", "content_type"),
    [(lambda s: s.encode("cp1252"), "text/html; charset=ISO-8859-1"), (lambda s: s.encode("cp1252"), None),
     (lambda s: s.encode("cp1252"), "text/html; charset=utf-8"), (lambda s: s.encode("utf-8"), "text/html; charset=iso-8859-1"),
     (lambda s: b"\xef\xbb\xbf" + s.encode("utf-8"), None), (lambda s: s.encode("utf-16"), None)],
)  # fmt: skip
def test_umlauts_survive_right_and_wrong_declarations(encode, content_type):
    html = prosilver(post33(1, "Jörg", "Größe „egal“ – Käse für 5 €."))
    (post,) = page(encode(html), content_type=content_type).posts
    assert (post.author, post.text) == ("Jörg", "Größe „egal“ – Käse für 5 €.")


@pytest.mark.parametrize(
    "body", [b"", b"   \n", b"\x00\x00", b"\xff\xfe", b"%PDF-1.7 x", b"<", b"<html", b"nur Text", b"<!--"]
)
def test_bodies_without_a_page_are_named(body):
    result = page(body)
    assert (result.posts, result.kind in {"other", "thread"}) == ((), True)
    assert result.notes


def test_unclosed_tags_lose_no_post():
    html = prosilver("".join(post33(n, f"Name{n}", f"Satz <b>Nummer <i>{n}") for n in range(1, 40)))
    for tag in ("</span>", "</strong>", "</p>", "</li>", "</ul>", "</a>"):
        html = html.replace(tag, "")
    assert len(page(html).posts) == 39


def test_large_pages_are_read_and_larger_ones_refused():
    html = prosilver(post33(1, "Tilda", "Ein Satz über Lampen. " * 250_000))
    assert len(html) > 5_000_000
    assert page(html).posts[0].text.startswith("Ein Satz")
    assert page(b" " * MAX_BYTES + b"<p>").notes[0].startswith("too_large")


def test_deep_nesting_is_noted():
    assert any("nested" in note for note in page("<div>" * 100_000).notes)


@pytest.mark.parametrize("url", ["", "http://[kaputt", "ftp://forum.example/", "nur-text"])
def test_bad_address_is_named(url):
    assert page("<p>x</p>", url).notes[0].startswith("bad_url")
