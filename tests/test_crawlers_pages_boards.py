"""XenForo 1 and vBulletin pages of our own making, in several skins and versions, and what must come out of them."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

from datetime import UTC, datetime

import pytest

from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def page(html, url, **options):
    return read_page(html.encode(), url=url, now=NOW, **options)


def told(result):
    return [
        (p.native_id, p.author, p.author_role, p.published_at and p.published_at.isoformat(), p.text)
        for p in result.posts
    ]


# XenForo 1

XF1 = "https://forum.example/threads/bremse-quietscht.31/"


def xf1(posts, *, pager="", head=""):
    return f"""<!DOCTYPE html><html id="XenForo" lang="de-DE" class="Public NoJs LoggedOut"><head><base href="https://forum.example/"/>{head}</head><body>
    <div class="titleBar"><h1><span class="prefix prefixPrimary">Frage</span> Bremse quietscht</h1></div>{pager}<ol class="messageList" id="messageList">{posts}</ol></body></html>"""


def xf1_post(
    number,
    name,
    body,
    *,
    classes="",
    date='<span class="DateTime" title="12. März 2024 um 14:05 Uhr">12. März 2024</span>',
    extra="",
    title="Mitglied",
):
    return f"""<li id="post-{number}" class="message {classes}" data-author="{name}"><div class="messageUserInfo"><div class="messageUserBlock">
    <h3 class="userText"><a href="members/x.{number}/" class="username">{name}</a><em class="userTitle">{title}</em></h3>
    <div class="extraUserInfo"><dl class="pairsJustified"><dt>Registriert seit:</dt><dd>3. Mai 2011</dd></dl></div></div></div>
    <div class="messageInfo primaryContent"><div class="messageContent"><article><blockquote class="messageText SelectQuoteContainer ugc baseHtml">{body}
    <div class="messageTextEndMarker">&nbsp;</div></blockquote></article></div>{extra}
    <div class="baseHtml signature messageText ugc"><aside>Immer schön Abstand halten</aside></div>
    <div class="editDate">Zuletzt bearbeitet: <span class="DateTime" title="13. März 2024 um 09:00 Uhr">13. März 2024</span></div>
    <div class="messageMeta"><div class="privateControls"><span class="authorEnd"><a class="username author">{name}</a>,</span>
    <a href="posts/{number}/" title="Permalink" class="datePermalink">{date}</a><a href="posts/{number}/report" class="report">Melden</a></div>
    <div class="publicControls"><a href="threads/bremse-quietscht.31/reply?quote={number}" class="ReplyQuote">Zitieren</a></div></div>
    <div id="likes-post-{number}"><div class="likesSummary">Gesa gefällt das.</div></div></div></li>"""


XF1_QUOTE = """<div class="bbCodeBlock bbCodeQuote" data-author="Gesa"><aside><div class="attribution type">Gesa schrieb:
  <a href="goto/post?id=40#post-40" class="AttributionLink">&uarr;</a></div><blockquote class="quoteContainer"><div class="quote">Fremde Worte hier.</div>
  <div class="quoteExpand">Zum Vergrößern anklicken....</div></blockquote></aside></div>"""


def test_xenforo1_post_keeps_own_words_and_spoiler_only():
    body = f"""{XF1_QUOTE}Bei mir quietscht sie auch.<br><div class="ToggleTriggerAnchor bbCodeSpoilerContainer"><button class="button bbCodeSpoilerButton"><span>Spoiler: <span>Ursache</span></span></button>
    <div class="SpoilerTarget bbCodeSpoilerText">Es war das Fett.</div></div><div class="bbCodeBlock bbCodeCode"><div class="type">Code:</div><pre>x = 1</pre></div>"""
    (post,) = page(xf1(xf1_post(41, "Jorid", body)), XF1).posts
    assert post.text == "Bei mir quietscht sie auch.\nEs war das Fett."
    assert (post.native_id, post.parent_id, post.author, post.author_role) == (
        "post-41",
        "post-40",
        "Jorid",
        "customer",
    )
    assert (post.published_at.isoformat(), post.date_precision) == ("2024-03-12T14:05:00+01:00", "minute")
    assert post.permalink == "https://forum.example/posts/41/"


def test_xenforo1_recent_dates_are_epochs_and_tell_the_zone_of_the_others():
    # 13:05 UTC shown as 08:05: the board's clock is five hours behind.
    recent = '<abbr class="DateTime" data-time="1772542800" data-diff="9" data-datestring="3. März 2026" data-timestring="08:00">Gestern um 08:00</abbr>'
    result = page(xf1(xf1_post(1, "Jorid", "Ein Satz.") + xf1_post(2, "Gesa", "Zwei Sätze.", date=recent)), XF1)
    assert [p.published_at.isoformat() for p in result.posts] == [
        "2024-03-12T14:05:00-05:00",
        "2026-03-03T13:00:00+00:00",
    ]


def test_xenforo1_staff_guests_and_deleted_posts():
    posts = [
        xf1_post(1, "Jorid", "Ein Satz.", classes="staff"),
        xf1_post(2, "Gast", "Zwei Sätze."),
        xf1_post(3, "Radhaus-Support", "Drei Sätze."),
        xf1_post(4, "Birk", "Vier Sätze.", title="Moderator"),
        '<li id="post-5" class="messageSimple deleted placeholder"><div class="messageInfo"><p>Diese Nachricht wurde gelöscht.</p></div></li>',
    ]
    result = page(xf1("".join(posts)), XF1)
    assert [(p.author, p.author_role) for p in result.posts] == [
        ("Jorid", "staff"),
        (None, "customer"),
        ("Radhaus-Support", "staff"),
        ("Birk", "staff"),
    ]
    assert [note[:15] for note in result.notes] == ["deleted_post: 1"]
    assert result.title == "Bremse quietscht"


@pytest.mark.parametrize(
    "pager",
    ['<link rel="next" href="threads/bremse-quietscht.31/page-2">',
     '<div class="PageNav"><nav><a class="currentPage" href="threads/bremse-quietscht.31/">1</a> <a href="threads/bremse-quietscht.31/page-2">2</a></nav></div>',
     '<div class="PageNav" data-page="1" data-last="3" data-sentinel="{{sentinel}}" data-baseurl="threads/bremse-quietscht.31/page-{{sentinel}}"></div>'],
)  # fmt: skip
def test_xenforo1_next_page(pager):
    assert page(xf1(xf1_post(1, "Jorid", "Ein Satz."), pager=pager), XF1).next_page == f"{XF1}page-2"


def test_xenforo1_last_page_has_no_next():
    pager = '<div class="PageNav" data-page="3" data-last="3" data-baseurl="threads/bremse-quietscht.31/page-{{sentinel}}"><a class="currentPage">3</a></div>'
    assert page(xf1(xf1_post(1, "Jorid", "Ein Satz."), pager=pager), f"{XF1}page-3").next_page is None


def test_xenforo1_forum_lists_threads_and_boards():
    html = """<html id="XenForo" lang="de"><head><base href="https://forum.example/"></head><body><div class="titleBar"><h1>Werkstatt</h1></div>
    <ol class="nodeList"><li class="node forum"><div class="nodeText"><h3 class="nodeTitle"><a href="forums/bremsen.7/">Bremsen</a></h3></div>
    <div class="nodeLastPost"><a href="posts/99/">letzter</a></div></li></ol>
    <ol class="discussionListItems"><li id="thread-31" class="discussionListItem"><div class="titleText"><h3 class="title"><a href="forums/werkstatt.3/?prefix_id=2" class="prefixLink">Frage</a>
    <a href="threads/bremse-quietscht.31/unread" class="PreviewTooltip">Bremse quietscht</a></h3><a href="members/jorid.4/" class="username">Jorid</a></div>
    <a href="threads/bremse-quietscht.31/page-2">2</a></li></ol><link rel="next" href="forums/werkstatt.3/page-2"></body></html>"""
    result = page(html, "https://forum.example/forums/werkstatt.3/")
    assert (result.kind, result.links) == ("listing", (XF1, "https://forum.example/forums/bremsen.7/"))
    assert result.next_page == "https://forum.example/forums/werkstatt.3/page-2"


# vBulletin 3

VB3 = "https://forum.example/showthread.php?t=77"


def vb3(
    posts,
    *,
    pager="",
    foot="Alle Zeitangaben in WEZ +1. Es ist jetzt <span class='time'>16:00</span> Uhr.",
    head='<meta name="generator" content="vBulletin 3.8.7" />',
):
    return f"""<html dir="ltr" lang="de"><head>{head}<title>Pumpe leckt - Beispielbrett</title></head><body>
    <table class="tborder"><tr><td class="alt1"><div class="navbar"><a href="forumdisplay.php?f=3">Haus</a></div><table><tr><td class="navbar"><a href="showthread.php?t=77">^</a> <strong>Pumpe leckt</strong></td></tr></table></td></tr></table>
    {pager}<div id="posts">{posts}</div><div class="smallfont" align="center">{foot}</div></body></html>"""


def vb3_post(number, name, body, *, date="12.03.2024, 14:05", title="Benutzer", subject=""):
    """The default postbit: author above the text."""
    return f"""<div id="edit{number}"><table class="tborder" id="post{number}" cellpadding="6"><tr><td class="thead"><div class="normal" style="float:right">#<a href="showpost.php?p={number}&amp;postcount=2" id="postcount{number}" name="2"><strong>2</strong></a></div>
    <div class="normal"><!-- status icon and date --><a name="post{number}"><img class="inlineimg" src="post_old.gif" alt="Alt" /></a> {date} <!-- / --></div></td></tr>
    <tr><td class="alt2"><table><tr><td nowrap="nowrap"><div id="postmenu_{number}">{name}</div><div class="smallfont">{title}</div></td>
    <td><div class="smallfont"><div>Registriert seit: 03.05.2011</div><div>Ort: Leer</div><div>Beiträge: 12</div></div></td></tr></table></td></tr>
    <tr><td class="alt1" id="td_post_{number}">{subject}<div id="post_message_{number}">{body}</div>
    <div style="padding:6px"><fieldset class="fieldset"><legend>Angehängte Dateien</legend>pumpe.jpg (20,1 KB, 4x aufgerufen)</fieldset></div>
    <div>__________________<br /> Meine Signatur tropft nicht.</div><div class="smallfont"><hr size="1" /><em>Geändert von Gesa (13.03.2024 um 09:00 Uhr)</em></div></td></tr>
    <tr><td class="alt2"><a href="report.php?p={number}"><img alt="Melden" /></a><a href="newreply.php?do=newreply&amp;p={number}">Zitieren</a></td></tr></table></div>"""


def member(name, number=5):
    return f'<a class="bigusername" href="member.php?u={number}">{name}</a><script type="text/javascript"> vbmenu_register("postmenu_{number}", true); </script>'


VB3_QUOTE = """<div style="margin:20px; margin-top:5px; "><div class="smallfont" style="margin-bottom:2px">Zitat:</div><table><tr><td class="alt2">
  <div>Zitat von <strong>Birk</strong> <a href="showthread.php?p=12#post12" rel="nofollow"><img src="viewpost.gif" alt="Beitrag anzeigen" /></a></div>
  <div style="font-style:italic">Fremde Worte hier.</div></td></tr></table></div>"""
VB3_CODE = '<div style="margin:20px; margin-top:5px"><div class="smallfont" style="margin-bottom:2px">Code:</div><pre class="alt2">SELECT 1</pre></div>'
VB3_SPOILER = '<div style="margin:20px; margin-top:5px"><div class="smallfont" style="margin-bottom:2px"><b>Spoiler</b>: <input type="button" value="Zeigen" /></div><div class="alt2"><div style="display: none;">Es war die Dichtung.</div></div></div>'


def test_vbulletin3_post_keeps_own_words_and_spoiler_only():
    subject = '<div class="smallfont"><img class="inlineimg" src="icon1.gif" alt="Standard" /> <strong>AW: Pumpe leckt</strong></div><hr size="1" />'
    result = page(
        vb3(
            vb3_post(
                13, member("Gesa"), f"{VB3_QUOTE}Meine <b>leckt</b> auch.<br />{VB3_CODE}{VB3_SPOILER}", subject=subject
            )
        ),
        VB3,
    )
    assert (result.software, result.kind, result.title, result.language) == (
        "vbulletin3",
        "thread",
        "Pumpe leckt",
        "de",
    )
    (post,) = result.posts
    assert post.text == "Meine leckt auch.\nEs war die Dichtung."
    assert (post.native_id, post.author, post.author_role, post.parent_id, post.title) == (
        "post13",
        "Gesa",
        "customer",
        "post12",
        None,
    )
    assert (post.published_at.isoformat(), post.date_precision) == ("2024-03-12T14:05:00+01:00", "minute")


@pytest.mark.parametrize(
    ("date", "stamp"),
    [("Heute, 14:27", "2026-03-04T14:27:00+01:00"), ("Gestern, 09:15", "2026-03-03T09:15:00+01:00"), ("03.07.2011,&nbsp;14:27", "2011-07-03T14:27:00+02:00"),
     ("2016-02-01, 02:29", "2016-02-01T02:29:00+01:00"), ("3. Juli 2011, 14:27", "2011-07-03T14:27:00+02:00"), ("07-03-2011, 02:27 PM", "2011-07-03T14:27:00+02:00"),
     ("July 3rd, 2011, 02:27 PM", "2011-07-03T14:27:00+02:00")],
)  # fmt: skip
def test_vbulletin3_dates(date, stamp):
    (post,) = page(vb3(vb3_post(1, member("Gesa"), "Ein Satz.", date=date)), VB3).posts
    assert post.published_at.isoformat() == stamp


def test_numbers_above_twelve_tell_the_order_of_day_and_month():
    posts = vb3_post(1, member("Gesa"), "Ein Satz.", date="05-03-2016, 17:21") + vb3_post(
        2, member("Birk"), "Zwei.", date="05-28-2016, 17:25"
    )
    assert [p.published_at.date().isoformat() for p in page(vb3(posts), VB3).posts] == ["2016-05-03", "2016-05-28"]
    posts = posts.replace("05-28-2016", "28-05-2016")
    assert [p.published_at.date().isoformat() for p in page(vb3(posts), VB3).posts] == ["2016-03-05", "2016-05-28"]


def test_vbulletin3_zone_of_the_footer_holds_where_it_is_not_ours():
    (post,) = page(
        vb3(vb3_post(1, member("Gesa"), "Ein Satz."), foot="All times are GMT -5. The time now is 10:00."), VB3
    ).posts
    assert post.published_at.isoformat() == "2024-03-12T14:05:00-05:00"


def test_vbulletin3_guests_staff_and_deleted_posts():
    deleted = '<table class="tborder" id="post9"><tr><td class="thead">12.03.2024, 16:00</td></tr><tr><td class="alt1">Dieser Beitrag wurde von <a href="member.php?u=1">Birk</a> gelöscht. Grund: doppelt</td></tr></table>'
    posts = [
        vb3_post(1, "Gast", "Ein Satz."),
        vb3_post(2, member("Gesa"), "Zwei Sätze.", title="Super-Moderatorin"),
        vb3_post(3, member("Tjark"), "Drei Sätze.", title="Ehemaliger Moderator"),
        vb3_post(4, member("Birk"), VB3_QUOTE),
        deleted,
    ]
    result = page(vb3("".join(posts)), VB3)
    assert [(p.native_id, p.author, p.author_role) for p in result.posts] == [
        ("post1", None, "customer"),
        ("post2", "Gesa", "staff"),
        ("post3", "Tjark", "customer"),
    ]
    assert sorted(note.split(" ")[0] + note.split(" ")[1] for note in result.notes) == [
        "deleted_post:1",
        "empty_post:1",
    ]


PAGENAV = """<div class="pagenav" align="right"><table><tr><td class="vbmenu_control">Seite 2 von 4</td><td class="alt1"><a class="smallfont" href="showthread.php?s=0123456789abcdef0123456789abcdef&amp;t=77" title="Zeige Ergebnis 1 bis 10 von 1.035">1</a></td>
  <td class="alt2"><span class="smallfont" title="Ergebnis 11 bis 20 von 1.035"><strong>2</strong></span></td><td class="alt1"><a class="smallfont" href="showthread.php?s=0123456789abcdef0123456789abcdef&amp;t=77&amp;page=3" title="Zeige Ergebnis 21 bis 30 von 1.035">3</a></td>{}</tr></table></div>"""


@pytest.mark.parametrize(
    "more",
    [
        "",
        '<td class="alt1"><a rel="next" class="smallfont" href="showthread.php?t=77&amp;page=3" title="Nächste Seite - Ergebnis 21 bis 30 von 1.035">&gt;</a></td>',
    ],
)
def test_vbulletin3_next_page_and_size_of_the_thread(more):
    result = page(vb3(vb3_post(1, member("Gesa"), "Ein Satz."), pager=PAGENAV.format(more)), f"{VB3}&page=2")
    assert (result.next_page, result.expected_posts) == (f"{VB3}&page=3", 1035)


def test_vbulletin3_without_generator_and_ids_of_tables_is_read():
    html = """<html lang="de"><head><script src="clientscript/vbulletin_global.js?v=387"></script></head><body><table class="kasten"><tr><td><span class="wann">12.03.2024, 14:05</span> <a href="member.php?u=5" class="bigusername">Gesa</a>
      <div class="smallfont">Registriert seit: 01.01.2020, 10:00</div></td><td><div id="post_message_21">Nur <i>eigene</i> Worte.</div></td></tr></table></body></html>"""
    result = page(html, VB3)
    assert told(result) == [("post21", "Gesa", "customer", "2024-03-12T14:05:00+01:00", "Nur eigene Worte.")]


def test_vbulletin3_forum_lists_threads_and_boards_once():
    html = """<html lang="de"><head><meta name="generator" content="vBulletin 3.8.4" /></head><body><div class="navbar"><a href="forumdisplay.php?f=1">Start</a></div>
    <table><tr><td class="alt1Active" id="f8"><div><a href="forumdisplay.php?s=0123456789abcdef0123456789abcdef&amp;f=8"><strong>Pumpen</strong></a></div></td><td><a href="showthread.php?goto=newpost&amp;t=4">neu</a></td></tr></table>
    <table id="threadslist"><tr><td class="alt1" id="td_threadtitle_77"><div><a href="showthread.php?goto=newpost&amp;t=77" id="thread_gotonew_77">neu</a> <a href="showthread.php?s=0123456789abcdef0123456789abcdef&amp;t=77" id="thread_title_77">Pumpe leckt</a>
    <span class="smallfont">(<a href="showthread.php?t=77&amp;page=2">2</a>)</span></div><div class="smallfont"><span onclick="window.open('member.php?u=5')">Gesa</span></div></td><td><a href="showthread.php?p=99#post99">Letzter Beitrag</a></td></tr></table>
    <div class="pagenav"><a rel="next" href="forumdisplay.php?f=3&amp;order=desc&amp;page=2">&gt;</a></div></body></html>"""
    result = page(html, "https://forum.example/forumdisplay.php?f=3")
    assert (result.kind, result.links) == ("listing", (VB3, "https://forum.example/forumdisplay.php?f=8"))
    assert result.next_page == "https://forum.example/forumdisplay.php?f=3&page=2"


# vBulletin 4

VB4 = "https://forum.example/showthread.php?77-Pumpe-leckt"


def vb4(posts, *, head='<meta name="generator" content="vBulletin 4.2.5" />', pager="", root=' id="vbulletin_html"'):
    return f"""<html xmlns="http://www.w3.org/1999/xhtml" lang="de"{root}><head>{head}<base href="https://forum.example/" /></head><body>{pager}
    <div id="pagetitle" class="pagetitle"><h1>Thema: <span class="threadtitle"><a href="showthread.php?77-Pumpe-leckt">Pumpe leckt</a></span></h1></div>
    <div id="postlist"><ol id="posts" class="posts">{posts}</ol></div><div id="footer_time" class="footer_time">Alle Zeitangaben in WEZ +2. Es ist jetzt <span class="time">16:00</span> Uhr.</div></body></html>"""


def vb4_post(
    number,
    author,
    body,
    *,
    head='<span class="date">12.03.2024,&nbsp;<span class="time">14:05</span></span>',
    title="Benutzer",
    stats="",
    classes="postbitlegacy postcontainer old",
):
    return f"""<li class="{classes}" id="post_{number}"><div class="posthead"><span class="postdate old">{head}</span><span class="nodecontrols"><a name="post{number}" href="showthread.php?77-Pumpe-leckt&amp;p={number}&amp;viewfull=1#post{number}" class="postcounter">#2</a></span></div>
    <div class="postdetails"><div class="userinfo"><div class="username_container">{author}</div><span class="usertitle">{title}</span><dl class="userinfo_extra"><dt>Registriert seit</dt><dd>03.05.2011, 10:00</dd></dl>{stats}</div>
    <div class="postbody"><div class="postrow has_after_content"><h2 class="title icon"><img src="icon1.png" alt="Standard" /> AW: Pumpe leckt</h2><div class="content"><div id="post_message_{number}"><blockquote class="postcontent restore ">{body}</blockquote></div></div></div>
    <div class="after_content"><blockquote class="postcontent lastedited">Geändert von Gesa (13.03.2024 um <span class="time">09:00</span> Uhr)</blockquote><blockquote class="signature restore"><div class="signaturecontainer">Meine Signatur tropft nicht.</div></blockquote></div></div></div>
    <div class="postfoot"><a class="newreply" href="newreply.php?do=newreply&amp;p={number}">Mit Zitat antworten</a></div></li>"""


VB4_NAME = '<div class="popupmenu memberaction"><a class="username offline popupctrl" href="member.php?5-Gesa" title="Gesa ist offline"><strong>Gesa</strong></a></div>'
VB4_QUOTE = """<div class="bbcode_container"><div class="bbcode_quote"><div class="quote_container"><div class="bbcode_quote_container"></div><div class="bbcode_postedby"><img src="quote_icon.png" alt="Zitat" /> Zitat von <strong>Birk</strong>
  <a href="showthread.php?p=12#post12" rel="nofollow"><img src="viewpost-right.png" alt="Beitrag anzeigen" /></a></div><div class="message">Fremde Worte hier.</div></div></div></div>"""


def test_vbulletin4_post_keeps_own_words_and_spoiler_only():
    spoiler = '<div class="bbcode_container"><div class="bbcode_description">Spoiler:</div><div class="bbcode_spoiler">Es war die Dichtung.</div></div>'
    code = '<div class="bbcode_container"><div class="bbcode_description">Code:</div><pre class="bbcode_code">SELECT 1</pre></div>'
    result = page(vb4(vb4_post(13, VB4_NAME, f"{VB4_QUOTE}Meine leckt auch.<br />{code}{spoiler}")), VB4)
    assert (result.software, result.kind, result.title) == ("vbulletin4", "thread", "Pumpe leckt")
    (post,) = result.posts
    assert post.text == "Meine leckt auch.\nEs war die Dichtung."
    assert (post.native_id, post.author, post.author_role, post.parent_id, post.title) == (
        "post13",
        "Gesa",
        "customer",
        "post12",
        None,
    )
    assert post.published_at.isoformat() == "2024-03-12T14:05:00+01:00"


def test_vbulletin4_skin_with_the_date_among_the_users_data_and_no_generator():
    stats = '<dl class="userstats"><dt>Mitglied seit</dt><dd>03.05.2011, 10:00</dd><dt>Geschrieben</dt><dd>12.03.2024, 14:05</dd></dl>'
    post = vb4_post(13, VB4_NAME, "Meine leckt auch.", head="", stats=stats)
    result = page(vb4(post, head=""), VB4)
    assert told(result) == [("post13", "Gesa", "customer", "2024-03-12T14:05:00+01:00", "Meine leckt auch.")]
    assert page(vb4(post, head="", root=""), VB4).software == "vbulletin4"


def test_vbulletin4_in_latin1_is_read():
    html = vb4(
        vb4_post(13, VB4_NAME, "Die Dichtung hält überhaupt nicht – schade."),
        head='<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1" />',
    )
    result = read_page(html.encode("cp1252"), url=VB4, now=NOW)
    assert result.posts[0].text == "Die Dichtung hält überhaupt nicht – schade."


def test_vbulletin4_guests_staff_and_deleted_posts():
    posts = [
        vb4_post(1, '<span class="username guest">Gast</span>', "Ein Satz."),
        vb4_post(2, VB4_NAME, "Zwei Sätze.", title="Administrator"),
        '<li class="postbitdeleted postbit" id="post_3"><div class="posthead">12.03.2024</div><div class="postbody">Dieser Beitrag wurde gelöscht</div></li>',
        vb4_post(4, VB4_NAME, ""),
    ]
    result = page(vb4("".join(posts)), VB4)
    assert [(p.native_id, p.author, p.author_role) for p in result.posts] == [
        ("post1", None, "customer"),
        ("post2", "Gesa", "staff"),
    ]
    assert sorted(note[:15] for note in result.notes) == ["deleted_post: 1", "empty_post: 1 w"]


def test_vbulletin4_next_page_and_size_of_the_thread():
    pager = """<div id="pagination_top"><form class="pagination"><span class="selected"><a href="javascript://" title="Ergebnis 1 bis 10 von 15">1</a></span><span><a href="showthread.php?77-Pumpe-leckt/page2&amp;s=0123456789abcdef0123456789abcdef">2</a></span></form>
      <div id="postpagestats_above" class="postpagestats">Ergebnis 1 bis 10 von 15</div></div>"""
    result = page(vb4(vb4_post(1, VB4_NAME, "Ein Satz."), pager=pager), VB4)
    assert (result.next_page, result.expected_posts) == (f"{VB4}/page2", 15)


def test_vbulletin4_forum_lists_threads_and_boards():
    html = """<html id="vbulletin_html" lang="de"><head><base href="https://forum.example/"></head><body><div class="breadcrumb"><a href="forum.php">Forum</a></div>
    <ol id="forums"><li class="forumbit_post"><h2 class="forumtitle"><a href="forumdisplay.php?8-Pumpen&amp;s=0123456789abcdef0123456789abcdef">Pumpen</a></h2><p class="lastposttitle"><a href="showthread.php?5-x&amp;goto=newpost">x</a></p></li></ol>
    <ol id="threads"><li class="threadbit" id="thread_77"><h3 class="threadtitle"><a class="title" href="showthread.php?77-Pumpe-leckt" id="thread_title_77">Pumpe leckt</a></h3>
    <dl class="pagination"><a href="showthread.php?77-Pumpe-leckt/page2">2</a></dl><a href="member.php?5-Gesa" class="username">Gesa</a><a href="showthread.php?77-Pumpe-leckt&amp;p=99#post99" class="lastpostdate">neu</a></li></ol></body></html>"""
    result = page(html, "https://forum.example/forumdisplay.php?3-Haus")
    assert (result.kind, result.links) == ("listing", (VB4, "https://forum.example/forumdisplay.php?8-Pumpen"))


# vBulletin 5 and 6

VB5 = "https://forum.example/forum/haus/77-pumpe-leckt"


def vb5_post(
    number, author, body, *, stamp='data-node-publishdate="1710248700"', title="Mitglied", comments="", classes=""
):
    return f"""<li data-node-id="{number}" {stamp} class="b-post js-post js-comment-entry__parent b-post--text {classes}" itemscope itemtype="http://schema.org/Comment"><a id="post{number}" class="anchor"></a>
    <div class="userinfo b-userinfo" itemprop="author" itemscope itemtype="http://schema.org/Person"><div class="b-userinfo__details"><div class="author"><strong>{author}</strong></div><div class="usertitle">{title}</div><ul><li><label>Registriert seit:</label> <span>Mai 2011</span></li></ul></div></div>
    <div class="b-post__content js-post__content"><div class="b-media__img--rev"><a class="b-post__count" href="{VB5}?p={number}#post{number}">#2</a></div><div class="b-post__timestamp"><time itemprop="dateCreated" datetime="2024-03-12T13:05:00">12.03.2024, 14:05</time></div>
    <div class="js-post__content-text restore h-wordwrap" itemprop="text">{body}</div><div class="post-signature restore">Meine Signatur tropft nicht.</div></div>
    <div class="b-comments js-comments"><ul class="b-comments__comments js-comments__comments">{comments}</ul></div></li>"""


def vb5(posts, head='<meta name="generator" content="vBulletin 5.6.4" />', pager=""):
    return f"""<html lang="de"><head>{head}</head><body id="vb-page-body"><h1 class="main-title js-main-title">Pumpe leckt</h1>{pager}<ul class="conversation-list list-container">{posts}</ul>
    <div id="footer-current-datetime">Alle Zeiten sind GMT+1. Diese Seite wurde um 16:00 erstellt.</div></body></html>"""


VB5_QUOTE = f"""<div class="bbcode_container"><div class="bbcode_quote"><div class="quote_container"><div class="bbcode_quote_container"></div><div class="bbcode_postedby">Zitat von <strong>Birk</strong>
  <a href="{VB5}?p=12#post12"><img class="inlineimg" alt="Beitrag anzeigen" /></a></div><div class="message">Fremde Worte hier.</div></div></div></div>"""
VB5_NAME = '<a href="https://forum.example/member/5-gesa">Gesa</a>'


def test_vbulletin5_post_and_comment():
    comment = """<li class="b-comments__comment" data-node-id="14"><div class="author"><a href="https://forum.example/member/6-birk">Birk</a></div><div class="b-post__timestamp">12.03.2024, 15:10</div><div class="b-comments__comment-text">Bei mir genauso.</div></li>"""
    result = page(vb5(vb5_post(13, VB5_NAME, f"{VB5_QUOTE}Meine leckt auch.", comments=comment)), VB5)
    assert (result.software, result.title) == ("vbulletin5", "Pumpe leckt")
    first, second = result.posts
    assert (first.native_id, first.author, first.parent_id, first.text) == (
        "post13",
        "Gesa",
        "post12",
        "Meine leckt auch.",
    )
    assert first.published_at.isoformat() == "2024-03-12T13:05:00+00:00"
    assert (second.native_id, second.author, second.parent_id, second.text) == (
        "post14",
        "Birk",
        "post13",
        "Bei mir genauso.",
    )
    assert second.published_at.isoformat() == "2024-03-12T15:10:00+01:00"


@pytest.mark.parametrize("head", ['<meta name="generator" content="vBulletin 6.0.5" />', ""])
def test_vbulletin5_and_6_with_guest_staff_and_removed_post(head):
    posts = (
        vb5_post(1, "Gast", "Ein Satz.", stamp="")
        + vb5_post(2, VB5_NAME, "Zwei Sätze.", title="Moderator")
        + vb5_post(3, VB5_NAME, "Weg.", classes="b-post--deleted")
    )
    result = page(vb5(posts, head), VB5)
    assert [(p.author, p.author_role) for p in result.posts] == [(None, "customer"), ("Gesa", "staff")]
    # The machine-readable time has no zone; the footer's holds.
    assert result.posts[0].published_at.isoformat() == "2024-03-12T14:05:00+01:00"
    assert any(note.startswith("deleted_post: 1") for note in result.notes)


def test_vbulletin5_next_page_and_list():
    result = page(
        vb5(
            vb5_post(1, VB5_NAME, "Ein Satz."),
            pager=f'<a class="js-pagenav-button js-pagenav-next-button" href="{VB5}/page2">Weiter</a>',
        ),
        VB5,
    )
    assert result.next_page == f"{VB5}/page2"
    html = f"""<html lang="de"><head><meta name="generator" content="vBulletin 5.7" /></head><body id="vb-page-body"><h1 class="main-title">Haus</h1><table class="topic-list"><tr class="topic-item js-topic-item"><td><a class="topic-title js-topic-title" href="{VB5}">Pumpe leckt</a>
    <a href="{VB5}?view=stream&p=99#post99" class="go-to-last-post">neu</a><a href="https://forum.example/member/5-gesa">Gesa</a></td></tr></table><a class="forum-title" href="https://forum.example/forum/haus/pumpen">Pumpen</a></body></html>"""
    listing = page(html, "https://forum.example/forum/haus")
    assert (listing.kind, listing.links) == ("listing", (VB5, "https://forum.example/forum/haus/pumpen"))


@pytest.mark.parametrize("sign", ["&#1;", "&#x1F;", "&#65534;", "&#2 7;", "\x00", "&#0;"])
def test_forbidden_signs_between_quotes_are_no_error(sign):
    result = page(vb3(vb3_post(1, member("Gesa"), f"{VB3_QUOTE}{sign}Ein Satz.")), VB3)
    assert result.posts[0].text.endswith("Ein Satz.")


@pytest.mark.parametrize(
    ("html", "url", "software"),
    [(vb3(vb3_post(1, member("Gesa"), "Ein Satz."), head='<meta name="generator" content="vBulletin" />'), VB3, "vbulletin3"),
     (vb4(vb4_post(1, VB4_NAME, "Ein Satz."), head='<meta name="generator" content="vBulletin" />'), VB4, "vbulletin4"),
     (vb5(vb5_post(1, VB5_NAME, "Ein Satz."), head='<meta name="generator" content="vBulletin" />'), VB5, "vbulletin5")],
)  # fmt: skip
def test_generator_without_version_is_no_obstacle(html, url, software):
    result = page(html, url)
    assert (result.software, len(result.posts)) == (software, 1)
