"""WoltLab, Burning Board 3, MyBB and SMF pages of our own making, in several skins and versions."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

from datetime import UTC, datetime

import pytest

from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def page(html, url):
    return read_page(html.encode(), url=url, now=NOW)


def told(result):
    return [
        (p.native_id, p.author, p.author_role, p.published_at and p.published_at.isoformat(), p.text)
        for p in result.posts
    ]


# WoltLab Suite 3 to 6

WSC = "https://forum.example/thread/55-zelt-undicht/"


def wsc(posts, *, pager="", head="", body='id="tpl_wbb_thread" data-template="thread" data-application="wbb"'):
    return f"""<!DOCTYPE html><html dir="ltr" lang="de"><head><title>Zelt undicht - Lager</title>{head}</head><body {body}><nav class="breadcrumbs"><a href="https://forum.example/board/3-zelte/">Zelte</a></nav>
    <header class="contentHeader wbbThread"><h1 class="contentTitle"><span class="badge label">Frage</span> Zelt undicht</h1></header>
    <ul class="wbbThreadPostList messageList">{posts}<li class="messageListPagination">{pager}</li></ul></body></html>"""


def wsc_post(number, name, body, *, date="", rank="Schüler", classes="", guest=False):
    date = (
        date
        or '<time datetime="2024-03-12T14:05:00+01:00" class="datetime" data-timestamp="1710248700">12. März 2024</time>'
    )
    who = (
        f'<span class="username">{name}</span>'
        if guest
        else f'<a href="https://forum.example/user/7-x/" class="username userLink" data-object-id="7"><span>{name}</span></a>'
    )
    return f"""<li id="post{number}" class="anchorFixedHeader"><article class="wbbPost message messageSidebarOrientationLeft jsClipboardObject jsMessage {classes}" data-object-id="{number}" data-user-id="7">
    <aside class="messageSidebar member"><div class="messageAuthor"><div class="messageAuthorContainer">{who}</div><div class="userTitle"><span class="badge userTitleBadge">{rank}</span></div></div>
    <div class="userCredits"><dl class="plain dataList"><dt>Beiträge</dt><dd>12</dd></dl></div></aside>
    <div class="messageContent"><header class="messageHeader"><ul class="messageHeaderMetaData"><li><a href="{WSC}?postID={number}#post{number}" class="permalink messagePublicationTime">{date}</a></li></ul>
    <ul class="messageQuickOptions"><li><a href="{WSC}?postID={number}#post{number}">#1</a></li></ul></header><div class="messageBody"><div class="messageText">{body}</div></div>
    <footer class="messageFooter"><p class="messageFooterNote">Einmal editiert, zuletzt von Imke (<time datetime="2024-03-13T09:00:00+01:00">13. März 2024</time>)</p>
    <div class="messageSignature"><div>Nur echt mit Heringen</div></div></footer></div></article></li>"""


WSC_QUOTE = f"""<blockquote class="quoteBox collapsibleBbcode" cite="{WSC}?postID=41#post41"><div class="quoteBoxIcon"></div><div class="quoteBoxTitle"><a href="{WSC}?postID=41#post41">Zitat von Fiete</a></div>
  <div class="quoteBoxContent"><p>Fremde Worte hier.</p></div></blockquote>"""


def test_woltlab_post_keeps_own_words_and_spoiler_only():
    body = f"""{WSC_QUOTE}<p>Bei mir tropft es&nbsp;auch.</p><p><br></p><pre class="codeBox"><code>x = 1</code></pre><div class="spoilerBox"><div class="spoilerBoxHeader"><button>Spoiler anzeigen</button></div>
    <div class="spoilerBoxContent"><p>Es war die Naht.</p></div></div><div class="unfurlUrlCardContainer"><div class="unfurlUrlTitle">Zelte kaufen</div></div>"""
    result = page(wsc(wsc_post(42, "Imke", body)), WSC)
    assert (result.software, result.kind, result.title, result.language) == ("woltlab", "thread", "Zelt undicht", "de")
    (post,) = result.posts
    assert post.text == "Bei mir tropft es auch.\n\nEs war die Naht."
    assert (post.native_id, post.author, post.author_role, post.parent_id) == ("post42", "Imke", "customer", "post41")
    assert (post.published_at.isoformat(), post.date_precision) == ("2024-03-12T14:05:00+01:00", "minute")
    assert post.permalink == f"{WSC}?postID=42#post42"


def test_woltlab_6_reads_its_own_time_element_and_pager_without_links():
    date = '<woltlab-core-date-time date="2024-03-12T13:05:00+00:00">12. März 2024</woltlab-core-date-time>'
    pager = f'<woltlab-core-pagination page="2" count="3" url="{WSC}"></woltlab-core-pagination>'
    result = page(wsc(wsc_post(42, "Imke", "<p>Ein Satz.</p>", date=date), pager=pager), f"{WSC}?pageNo=2")
    assert result.posts[0].published_at.isoformat() == "2024-03-12T13:05:00+00:00"
    assert result.next_page == f"{WSC}?pageNo=3"
    last = pager.replace('page="2"', 'page="3"')
    assert page(wsc(wsc_post(42, "Imke", "<p>Ein Satz.</p>"), pager=last), f"{WSC}?pageNo=3").next_page is None


@pytest.mark.parametrize(
    ("pager", "url", "following"),
    [(f'<nav class="pagination" data-link="{WSC}?pageNo=%d" data-pages="3"></nav>', WSC, f"{WSC}?pageNo=2"),
     (f'<nav class="pagination" data-link="{WSC}?pageNo=%d" data-pages="3"></nav>', f"{WSC}?pageNo=3", None),
     (f'<nav class="pagination"><ul><li class="active"><span>2</span></li><li><a href="{WSC}?pageNo=3&amp;s=0123456789abcdef0123456789abcdef01234567">3</a></li></ul></nav>', f"{WSC}?pageNo=2", f"{WSC}?pageNo=3"),
     ('<woltlab-core-pagination page="1" count="2" url="https://forum.example/index.php?thread/55-zelt-undicht/"></woltlab-core-pagination>', "https://forum.example/index.php?thread/55-zelt-undicht/", "https://forum.example/index.php?thread/55-zelt-undicht/&pageNo=2")],
)  # fmt: skip
def test_woltlab_next_page(pager, url, following):
    assert page(wsc(wsc_post(1, "Imke", "<p>Ein Satz.</p>"), pager=pager), url).next_page == following


def test_woltlab_staff_guests_deleted_and_repeated_posts():
    posts = [
        wsc_post(1, "Gast", "<p>Ein Satz.</p>", guest=True),
        wsc_post(2, "Imke", "<p>Zwei Sätze.</p>", rank="Administratorin"),
        wsc_post(3, "Fiete", "<p>Drei Sätze.</p>", classes="wbbPostOfficial"),
        wsc_post(4, "Ubbo", "<p>Vier Sätze.</p>", classes="messageDeleted"),
        wsc_post(5, "Ubbo", WSC_QUOTE),
        wsc_post(1, "Gast", "<p>Ein Satz.</p>", guest=True),
        '<li id="post6"><article class="wbbPost message messageReduced" data-object-id="6"><div class="messageContent"><p>Dieser Beitrag wurde von Imke gelöscht.</p></div></article></li>',
    ]
    result = page(wsc("".join(posts)), WSC)
    assert [(p.native_id, p.author, p.author_role) for p in result.posts] == [
        ("post1", None, "customer"),
        ("post2", "Imke", "staff"),
        ("post3", "Fiete", "staff"),
    ]
    assert sorted(note[:15] for note in result.notes) == ["deleted_post: 2", "empty_post: 1 w", "repeated_post: "]


def test_woltlab_thread_says_its_size():
    head = """<script type="application/ld+json">{"@type":"DiscussionForumPosting","interactionStatistic":{"@type":"InteractionCounter","interactionType":"https://schema.org/ReplyAction","userInteractionCount":36}}</script>"""
    assert page(wsc(wsc_post(1, "Imke", "<p>Ein Satz.</p>"), head=head), WSC).expected_posts == 37


def test_woltlab_board_lists_threads_and_boards():
    html = f"""<html lang="de"><body id="tpl_wbb_board" data-template="board" data-application="wbb"><nav class="breadcrumbs"><a href="https://forum.example/board/1-start/">Start</a></nav><h1 class="contentTitle">Zelte</h1>
    <ul class="wbbBoardList"><li class="wbbBoard"><h3><a href="https://forum.example/board/9-tarps/">Tarps</a></h3><a href="{WSC}?action=lastPost">neu</a></li></ul>
    <ol class="tabularList wbbThreadList"><li><h3><span class="badge label">Frage</span><a href="{WSC}" class="messageGroupLink wbbTopicLink" data-object-id="55">Zelt undicht</a></h3><a href="{WSC}?action=firstNew">neu</a>
    <a href="https://forum.example/user/7-imke/" class="userLink">Imke</a></li></ol><woltlab-core-pagination page="1" count="4" url="https://forum.example/board/3-zelte/"></woltlab-core-pagination></body></html>"""
    result = page(html, "https://forum.example/board/3-zelte/")
    assert (result.kind, result.title, result.links) == (
        "listing",
        "Zelte",
        (WSC, "https://forum.example/board/9-tarps/"),
    )
    assert result.next_page == "https://forum.example/board/3-zelte/?pageNo=2"


# Burning Board 3

WBB = "https://forum.example/index.php?page=Thread&threadID=55"


def wbb_post(number, name, body, *, title="Schüler", date="Dienstag, 12. März 2024, 14:05", quote_title=""):
    return f"""<div id="postRow{number}" class="message"><div class="messageInner messageLeft dividers container-1"><a id="post{number}"></a><div class="messageSidebar"><p class="skipSidebar"><a href="#skip{number}">Überspringen</a></p>
    <div class="messageAuthor"><p class="userName"><img src="offlineS.png" alt="" /> <a href="index.php?page=User&amp;userID=7" title="Benutzerprofil von »{name}« aufrufen"><span>{name}</span></a></p><p class="userTitle smallFont">{title}</p></div>
    <div class="userCredits"><p>Beiträge: 12</p><p>Registrierungsdatum: 3. Mai 2011, 10:00</p></div></div>
    <div class="messageContent"><div class="messageContentInner color-1"><div class="messageHeader"><p class="messageCount"><a href="index.php?page=Thread&amp;postID={number}#post{number}" class="messageNumber">1</a></p><div class="containerContent"><p class="smallFont light">{date}</p></div></div>
    <h3 id="postSubject{number}" class="messageTitle"><span>{quote_title}</span></h3><div class="messageBody"><div id="postText{number}">{body}</div></div>
    <div class="editNote smallFont light">Dieser Beitrag wurde bereits 1 mal editiert, zuletzt von »Imke« (13. März 2024, 09:00)</div><div class="signature">Nur echt mit Heringen</div>
    <div class="messageFooter"><a href="index.php?form=PostAdd&amp;postID={number}">Zitieren</a></div></div></div></div></div>"""


def wbb(posts, pager=""):
    return f"""<html dir="ltr" xml:lang="de"><head><title>Zelt undicht - Lager</title></head><body id="tplThread"><ul class="breadCrumbs"><li><a href="index.php?page=Board&amp;boardID=3">Zelte</a></li></ul>
    <div class="mainHeadline"><div class="headlineContainer"><h2><span class="prefix"><strong>[Frage]</strong></span> <a href="index.php?page=Thread&amp;threadID=55">Zelt undicht</a></h2></div></div>{pager}{posts}</body></html>"""


def test_burning_board_3_thread():
    quote = """<blockquote class="quoteBox container-3" cite="index.php?page=Thread&amp;postID=41#post41"><div class="quoteHeader"><h3><a href="index.php?page=Thread&amp;postID=41#post41">Zitat von »Fiete«</a></h3></div><div class="quoteBody">Fremde Worte hier.</div></blockquote>"""
    pager = """<div class="pageNavigation"><ul><li class="skip"><a href="index.php?page=Thread&amp;threadID=55&amp;pageNo=2&amp;s=0123456789abcdef0123456789abcdef01234567" title="Zur nächsten Seite">»</a></li>
      <li class="active"><span>1</span></li><li><a href="index.php?page=Thread&amp;threadID=55&amp;pageNo=2">2</a></li></ul></div>"""
    posts = wbb_post(
        42,
        "Imke",
        f'{quote}Bei mir tropft es auch.<br />Schade.<div class="codeBox"><table><tr><td>x = 1</td></tr></table></div>',
    ) + wbb_post(43, "Fiete", "Naht gedichtet?", title="Moderator", date="Gestern, 09:15", quote_title="Tipp")
    result = page(wbb(posts, pager), WBB)
    assert (result.software, result.title, result.next_page) == ("wbb3", "Zelt undicht", f"{WBB}&pageNo=2")
    assert told(result) == [
        ("post42", "Imke", "customer", "2024-03-12T14:05:00+01:00", "Bei mir tropft es auch.\nSchade."),
        ("post43", "Fiete", "staff", "2026-03-03T09:15:00+01:00", "Naht gedichtet?"),
    ]
    assert [(p.parent_id, p.title) for p in result.posts] == [("post41", None), (None, "Tipp")]


def test_burning_board_3_guest_without_link_and_lists():
    guest = wbb_post(1, "X", "Ein Satz.").replace(
        '<a href="index.php?page=User&amp;userID=7" title="Benutzerprofil von »X« aufrufen"><span>X</span></a>', "Gast"
    )
    assert [(p.author, p.author_role) for p in page(wbb(guest), WBB).posts] == [(None, "customer")]
    html = """<html xml:lang="de"><body id="tplBoard"><ul class="breadCrumbs breadcrumbs"><li><a href="index.php?page=Index">Lager</a></li></ul><div class="mainHeadline"><div class="headlineContainer"><h2>Zelte</h2></div></div>
    <ul id="boardlist"><li class="board"><h3 class="boardTitle"><a href="index.php?page=Board&amp;boardID=9">Tarps</a></h3><a href="index.php?page=Thread&amp;threadID=8&amp;action=lastPost">neu</a></li></ul>
    <table class="tableList"><tr><td class="columnTopic"><div id="thread55" class="topic"><p id="threadTitle55"><a href="index.php?page=Thread&amp;threadID=55&amp;action=firstNew">neu</a> <a href="index.php?page=Thread&amp;threadID=55&amp;s=0123456789abcdef0123456789abcdef01234567">Zelt undicht</a></p>
    <p class="pages"><a href="index.php?page=Thread&amp;threadID=55&amp;pageNo=2">2</a></p></div></td><td><a href="index.php?page=User&amp;userID=7">Imke</a></td></tr></table>
    <div class="pageNavigation"><ul><li class="active"><span>1</span></li><li><a href="index.php?page=Board&amp;boardID=3&amp;pageNo=2&amp;sortField=lastPostTime">2</a></li></ul></div></body></html>"""
    listing = page(html, "https://forum.example/index.php?page=Board&boardID=3")
    assert (listing.kind, listing.links) == ("listing", (WBB, "https://forum.example/index.php?page=Board&boardID=9"))
    assert listing.next_page == "https://forum.example/index.php?page=Board&boardID=3&pageNo=2"


# MyBB

MYBB = "https://forum.example/showthread.php?tid=55"
MYBB_HEAD = '<script type="text/javascript">var my_post_key = "1a2b";</script>'


def mybb_post(
    number, name, body, *, classic="classic", date="12.03.2024, 14:05", title="Junior Member", edit="", guest=False
):
    link = (
        name
        if guest
        else f'<a href="https://forum.example/member.php?action=profile&amp;uid=7"><span style="color: green;">{name}</span></a>'
    )
    return f"""<a name="pid{number}" id="pid{number}"></a><div class="post {classic}" style="" id="post_{number}"><div class="post_author scaleimages"><div class="author_avatar"></div><div class="author_information"><strong><span class="largetext">{link}</span></strong> <br />
    <span class="smalltext">{title}<br /><img src="images/star.png" border="0" alt="*" /></span></div><div class="author_statistics">Beiträge: 12<br />Themen: 3<br />Registriert seit: May 2011</div></div>
    <div class="post_content"><div class="post_head"><div class="float_right"><strong><a href="showthread.php?tid=55&amp;pid={number}#pid{number}" title="RE: Zelt undicht">#2</a></strong></div>
    <span class="post_date">{date} <span class="post_edit" id="edited_by_{number}">{edit}</span></span></div><div class="post_body scaleimages" id="pid_{number}">{body}</div>
    <br /><fieldset><legend><strong>Angehängte Datei(en)</strong></legend>naht.jpg</fieldset><div class="signature scaleimages">Nur echt mit Heringen</div><div class="post_meta" id="post_meta_{number}"></div></div>
    <div class="post_controls"><a href="newreply.php?tid=55&amp;replyto={number}">Antworten</a></div></div>"""


def mybb(posts, *, pager="", head=MYBB_HEAD):
    return f"""<html xml:lang="de" lang="de"><head><title>Zelt undicht</title>{head}</head><body><div class="navigation"><a href="forumdisplay.php?fid=3">Zelte</a><br /><span class="active">Zelt undicht</span></div>{pager}
    <table class="tborder"><tr><td class="thead"><div class="float_right"><span class="smalltext"><strong><a href="showthread.php?mode=threaded&amp;tid=55&amp;pid=1#pid1">Baumstrukturmodus</a></strong></span></div><div><strong>Zelt undicht</strong></div></td></tr>
    <tr><td id="posts_container"><div id="posts">{posts}</div></td></tr></table></body></html>"""


MYBB_QUOTE = """<blockquote class="mycode_quote"><cite><span> (11.03.2024, 20:00)</span>Fiete schrieb: <a href="https://forum.example/showthread.php?pid=41#pid41" class="quick_jump"></a></cite>Fremde Worte hier.</blockquote><br />"""


@pytest.mark.parametrize("classic", ["classic", ""])
def test_mybb_post_keeps_own_words_only(classic):
    edit = '<span class="edited_post">(Dieser Beitrag wurde zuletzt bearbeitet: 13.03.2024, 09:00 von <a href="#">Imke</a>.)</span>'
    body = f'{MYBB_QUOTE}Bei mir tropft es auch.<br />\n<div class="codeblock"><div class="title">Code:</div><div class="body"><code>x = 1</code></div></div>'
    result = page(mybb(mybb_post(42, "Imke", body, classic=classic, edit=edit)), MYBB)
    assert (result.software, result.kind, result.title, result.language) == ("mybb", "thread", "Zelt undicht", "de")
    assert told(result) == [("pid42", "Imke", "customer", "2024-03-12T14:05:00+01:00", "Bei mir tropft es auch.")]
    assert (result.posts[0].parent_id, result.posts[0].permalink) == (
        "pid41",
        "https://forum.example/showthread.php?tid=55&pid=42#pid42",
    )


@pytest.mark.parametrize(
    ("date", "stamp"),
    [("03-12-2024, 02:05 PM", "2024-03-12T14:05:00+01:00"), ("12.03.2024, 14:05", "2024-03-12T14:05:00+01:00"), ("12-03-2024, 14:05", "2024-03-12T14:05:00+01:00"),
     ('<span title="12.03.2024">Vor 3 Stunden</span>', "2024-03-12T00:00:00+01:00"), ('<span title="12.03.2024, 14:05">Heute</span>, 08:00', "2024-03-12T14:05:00+01:00"),
     ("Gestern, 09:15", "2026-03-03T09:15:00+01:00"), ("Vor 2 Stunden", "2026-03-04T14:00:00+01:00")],
)  # fmt: skip
def test_mybb_dates(date, stamp):
    (post,) = page(mybb(mybb_post(1, "Imke", "Ein Satz.", date=date)), MYBB).posts
    assert post.published_at.isoformat() == stamp


def test_mybb_guests_staff_and_deleted_posts():
    deleted = '<a name="pid9"></a><div class="post deleted_post_hidden" id="post_9"><div class="deleted_post_author"><strong>Ubbo</strong></div><div class="post_content"><em>Dieser Beitrag wurde gelöscht.</em></div></div>'
    posts = [
        mybb_post(1, "Gast", "Ein Satz.", guest=True),
        mybb_post(2, "Imke", "Zwei Sätze.", title="Administrator"),
        mybb_post(3, "Fiete", "Drei Sätze.").replace(
            'alt="*"', 'alt="*" /><br /><img src="images/groupimages/german/mod.png" alt="Moderator" title="Moderator"'
        ),
        mybb_post(4, "Ubbo", MYBB_QUOTE),
        deleted,
    ]
    result = page(mybb("".join(posts)), MYBB)
    assert [(p.author, p.author_role) for p in result.posts] == [
        (None, "customer"),
        ("Imke", "staff"),
        ("Fiete", "staff"),
    ]
    assert sorted(note[:15] for note in result.notes) == ["deleted_post: 1", "empty_post: 1 w"]


@pytest.mark.parametrize(
    "more", ["", '<a href="showthread.php?tid=55&amp;page=2" class="pagination_next">Weiter »</a>']
)
def test_mybb_next_page(more):
    pager = f'<div class="pagination"><span class="pages">Seiten (3):</span> <span class="pagination_current">1</span> <a href="showthread.php?tid=55&amp;page=2" class="pagination_page">2</a>{more}</div>'
    assert page(mybb(mybb_post(1, "Imke", "Ein Satz."), pager=pager), MYBB).next_page == f"{MYBB}&page=2"


def test_mybb_forum_lists_threads_and_boards_also_with_search_engine_addresses():
    def listing(thread, board, last):
        return f"""<html lang="de"><head>{MYBB_HEAD}</head><body><div class="navigation"><a href="forum-1.html">Start</a><span class="active">Zelte</span></div>
        <table><tr><td class="trow1"><strong><a href="{board}">Tarps</a></strong></td></tr></table><table><tr class="inline_row"><td><span class="subject_new" id="tid_55"><a href="{thread}">Zelt undicht</a></span></td>
        <td><a href="misc.php?action=whoposted&amp;tid=55">3</a></td><td><span class="lastpost"><a href="{last}">Letzter Beitrag</a>: <a href="member.php?action=profile&amp;uid=7">Imke</a></span></td></tr></table>
        <div class="pagination"><a href="forumdisplay.php?fid=3&amp;page=2&amp;sortby=subject" class="pagination_next">Weiter</a></div></body></html>"""

    plain = page(
        listing("showthread.php?tid=55", "forumdisplay.php?fid=9", "showthread.php?tid=55&amp;action=lastpost"),
        "https://forum.example/forumdisplay.php?fid=3",
    )
    assert (plain.kind, plain.links) == ("listing", (MYBB, "https://forum.example/forumdisplay.php?fid=9"))
    assert plain.next_page == "https://forum.example/forumdisplay.php?fid=3&page=2"
    friendly = page(
        listing("thread-55.html", "forum-9.html", "thread-55-lastpost.html"), "https://forum.example/forum-3.html"
    )
    assert friendly.links == ("https://forum.example/thread-55.html", "https://forum.example/forum-9.html")


# SMF

SMF = "https://forum.example/index.php?topic=55.0"
SMF_HEAD = '<script>var smf_theme_url = "x"; var smf_scripturl = "https://forum.example/index.php?PHPSESSID=a1b2&amp;";</script>'


def smf21_post(number, name, body, *, date="12. März 2024, 14:05:33", group="", classes="windowbg", guest=False):
    link = (
        name
        if guest
        else f'<a href="https://forum.example/index.php?PHPSESSID=a1b2&amp;action=profile;u=7" title="Profil anzeigen von {name}">{name}</a>'
    )
    return f"""<div class="{classes}" id="msg{number}"><div class="post_wrapper"><div class="poster"><h4><span class="off" title="Offline"></span> {link}</h4><ul class="user_info">{group}<li class="postgroup">Neuling</li><li class="postcount">Beiträge: 12</li></ul></div>
    <div class="postarea"><div class="keyinfo"><div id="subject_{number}" class="subject_title subject_hidden"><a href="https://forum.example/index.php?PHPSESSID=a1b2&amp;topic=55.msg{number}#msg{number}" rel="nofollow">Aw: Zelt undicht</a></div><span class="page_number floatright">#1</span>
    <div class="postinfo"><span class="messageicon"></span><a href="https://forum.example/index.php?topic=55.msg{number}#msg{number}" rel="nofollow" title="Antwort #1 - Aw: Zelt undicht" class="smalltext">{date}</a><span class="spacer"></span>
    <span class="smalltext modified floatright mvisible" id="modified_{number}"><span class="lastedit">Letzte Bearbeitung</span>: 13. März 2024, 09:00:00 von Imke</span></div></div>
    <div class="post"><div class="inner" data-msgid="{number}" id="msg_{number}">{body}</div></div><div class="under_message"><ul class="floatleft"><li class="like_count smalltext">Fiete gefällt das</li></ul></div></div>
    <div class="moderatorbar"><div class="signature" id="msg_{number}_signature">Nur echt mit Heringen</div></div></div></div>"""


def smf20_post(number, name, body, *, date="12. März 2024, 14:05:33", group=""):
    """The older markup: only the text's element has an id."""
    return f"""<a id="msg{number}"></a><div class="windowbg2"><span class="topslice"><span></span></span><div class="post_wrapper"><div class="poster"><h4><img src="useroff.gif" alt="Offline" /> <a href="https://forum.example/index.php?action=profile;u=7" title="Profil anzeigen von {name}">{name}</a></h4>
    <ul class="reset smalltext" id="msg_{number}_extra_info">{group}<li class="postgroup">Neuling</li><li class="stars"><img src="star.gif" alt="*" /></li><li class="postcount">Beiträge: 12</li></ul></div>
    <div class="postarea"><div class="flow_hidden"><div class="keyinfo"><div class="messageicon"><img src="xx.gif" alt="" /></div><h5 id="subject_{number}"><a href="https://forum.example/index.php?topic=55.msg{number}#msg{number}" rel="nofollow">Re: Zelt undicht</a></h5>
    <div class="smalltext">&#171; <strong>Antwort #3 am:</strong> {date} &#187;</div><div id="msg_{number}_quick_mod"></div></div></div><div class="post"><div class="inner" id="msg_{number}">{body}</div></div></div>
    <div class="moderatorbar"><div class="smalltext modified" id="modified_{number}">&#171; <em>Letzte Änderung: 13. März 2024, 09:00:00 von Imke</em> &#187;</div><div class="signature" id="msg_{number}_signature">Nur echt mit Heringen</div></div></div></div>"""


def smf(
    posts,
    *,
    head="",
    pager="",
    title='<div id="display_head"><h2 class="display_title"><span id="top_subject">Zelt undicht</span></h2></div>',
):
    return f"""<html lang="de-DE"><head>{SMF_HEAD}{head}</head><body><div class="navigate_section"><a href="https://forum.example/index.php?board=3.0">Zelte</a></div>{title}
    <div class="pagesection"><div class="pagelinks floatleft">{pager}</div></div><div id="forumposts"><form>{posts}</form></div></body></html>"""


QUOTE21 = '<blockquote class="bbc_standard_quote"><cite><a href="https://forum.example/index.php?msg=41">Zitat von: Fiete am 11. März 2024, 20:00:00</a></cite>Fremde Worte hier.</blockquote>'
QUOTE20 = """<div class="quoteheader"><div class="topslice_quote"><a href="https://forum.example/index.php?topic=55.msg41#msg41">Zitat von: Fiete am 11. März 2024, 20:00:00</a></div></div>
  <blockquote class="bbc_standard_quote">Fremde Worte hier.<div class="quoteheader"><div class="topslice_quote">Zitat von: Ubbo</div></div><blockquote class="bbc_alternate_quote">Noch fremdere.</blockquote></blockquote><div class="quotefooter"><div class="botslice_quote"></div></div>"""
CODE = '<div class="codeheader"><span class="code">Code</span> <a class="codeoperation">[Auswählen]</a></div><code class="bbc_code">x = 1</code>'


@pytest.mark.parametrize(("post", "quote"), [(smf21_post, QUOTE21), (smf20_post, QUOTE20)], ids=["2.1", "2.0"])
def test_smf_post_keeps_own_words_only(post, quote):
    result = page(smf(post(42, "Imke", f"{quote}Bei mir tropft es auch.<br>{CODE}Schade.")), SMF)
    assert (result.software, result.kind, result.title, result.language) == ("smf", "thread", "Zelt undicht", "de")
    assert told(result) == [
        ("msg42", "Imke", "customer", "2024-03-12T14:05:33+01:00", "Bei mir tropft es auch.\nSchade.")
    ]
    (only,) = result.posts
    assert (only.parent_id, only.title, only.date_precision) == ("msg41", None, "second")
    assert only.permalink == "https://forum.example/index.php?topic=55.msg42#msg42"


@pytest.mark.parametrize(
    ("date", "stamp"),
    [("<strong>Heute</strong> um 14:05:33", "2026-03-04T14:05:33+01:00"), ("Gestern um 09:15:00", "2026-03-03T09:15:00+01:00"),
     ("March 12, 2024, 02:05:33 PM", "2024-03-12T14:05:33+01:00"), ("12.03.2024, 14:05", "2024-03-12T14:05:00+01:00")],
)  # fmt: skip
@pytest.mark.parametrize("post", [smf21_post, smf20_post], ids=["2.1", "2.0"])
def test_smf_dates(post, date, stamp):
    assert page(smf(post(1, "Imke", "Ein Satz.", date=date)), SMF).posts[0].published_at.isoformat() == stamp


def test_smf_guests_and_staff():
    posts = [
        smf21_post(1, "Gast", "Ein Satz.", guest=True),
        smf21_post(2, "Imke", "Zwei Sätze.", group='<li class="membergroup">Administrator</li>'),
        smf20_post(3, "Fiete", "Drei Sätze.", group='<li class="membergroup">Globaler Moderator</li>'),
        smf20_post(4, "Ubbo", QUOTE20),
    ]
    result = page(smf("".join(posts)), SMF)
    assert [(p.author, p.author_role) for p in result.posts] == [
        (None, "customer"),
        ("Imke", "staff"),
        ("Fiete", "staff"),
    ]
    assert [note[:13] for note in result.notes] == ["empty_post: 1"]


@pytest.mark.parametrize(
    ("head", "pager", "url", "following"),
    [('<link rel="next" href="https://forum.example/index.php?topic=55.15">', "", SMF, "https://forum.example/index.php?topic=55.15"),
     # 2.0 marks the next topic, not the next page.
     ('<link rel="next" href="https://forum.example/index.php?topic=55.0;prev_next=next" />', 'Seiten: [<strong>1</strong>] <a class="navPages" href="https://forum.example/index.php?PHPSESSID=a1&amp;topic=55.15">2</a>', SMF, "https://forum.example/index.php?topic=55.15"),
     ('<link rel="next" href="https://forum.example/index.php?topic=55.0;prev_next=next" />', "Seiten: [<strong>1</strong>]", SMF, None),
     ("", '<a class="nav_page" href="https://forum.example/index.php?topic=55.0">1</a> <span class="current_page">2</span> <a class="nav_page" href="https://forum.example/index.php?topic=55.30">3</a>', "https://forum.example/index.php?topic=55.15", "https://forum.example/index.php?topic=55.30"),
     ("", '<a class="nav_page" href="https://forum.example/index.php?topic=55.0">1</a> <span class="current_page">2</span>', "https://forum.example/index.php?topic=55.15", None)],
)  # fmt: skip
def test_smf_next_page(head, pager, url, following):
    assert page(smf(smf20_post(1, "Imke", "Ein Satz."), head=head, pager=pager), url).next_page == following


def test_smf_20_takes_the_title_out_of_the_line_over_the_posts():
    html = smf(smf20_post(1, "Imke", "Ein Satz."), title="").replace(
        "<form>",
        '<div class="cat_bar"><h3 class="catbg"><span id="author">Autor</span> Thema: Zelt undicht &nbsp;(Gelesen 1234 mal)</h3></div><form>',
    )
    assert page(html, SMF).title == "Zelt undicht"


def test_smf_boards_list_topics_and_boards_once_without_session():
    html = f"""<html lang="de"><head>{SMF_HEAD}</head><body><div class="navigate_section"><a href="https://forum.example/index.php?board=1.0">Start</a></div><div id="display_head"><h2 class="display_title">Zelte</h2></div>
    <div class="boardindex_table"><a class="subject mobile_subject" href="https://forum.example/index.php?PHPSESSID=a1b2&amp;board=9.0" id="b9">Tarps</a><div class="lastpost"><a href="https://forum.example/index.php?topic=8.msg99#new">neu</a></div></div>
    <div id="messageindex"><div class="windowbg"><div class="message_index_title"><span class="preview"><span id="msg_77"><a href="https://forum.example/index.php?PHPSESSID=a1b2&amp;topic=55.0">Zelt undicht</a></span></span></div>
    <p><a href="https://forum.example/index.php?action=profile;u=7">Imke</a></p><span class="topic_pages"><a class="nav_page" href="https://forum.example/index.php?topic=55.15">2</a></span><div class="lastpost"><a href="https://forum.example/index.php?topic=55.msg99#msg99">neu</a></div></div></div>
    <div class="pagelinks"><span class="current_page">1</span> <a class="nav_page" href="https://forum.example/index.php?board=3.20">2</a></div><a href="https://forum.example/index.php?board=3.0;sort=subject">Betreff</a></body></html>"""
    result = page(html, "https://forum.example/index.php?board=3.0")
    assert (result.kind, result.links) == ("listing", (SMF, "https://forum.example/index.php?board=9.0"))
    assert result.next_page == "https://forum.example/index.php?board=3.20"


@pytest.mark.parametrize(
    ("html", "url", "software"),
    [(mybb(""), MYBB, "mybb"), (smf(""), SMF, "smf"), (wsc(""), WSC, "woltlab"), (wbb(""), WBB, "wbb3")],
)  # fmt: skip
def test_thread_without_posts_is_no_success(html, url, software):
    result = page(html, url)
    assert (result.software, result.posts) == (software, ())
    assert any(note.startswith("empty_thread") for note in result.notes)
