"""What the software's own templates write beside the plain cases, in pages with words of our own."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from test_crawlers_pages_boards import vb3, vb3_post, vb4, vb4_post
from test_crawlers_pages_boards_second import wbb, wbb_post, wsc, wsc_post

from crawlers.pages.people import is_placeholder, role_of
from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def page(html, url):
    return read_page(html.encode(), url=url, now=NOW)


def told(result):
    return [(post.native_id, post.author, post.author_role, post.text) for post in result.posts]


# --- bbPress

BBP = "https://wp.example/forums/thema/garten/"


def bbp_reply(number, author, body, *, classes="", role="Teilnehmer", role_class="teilnehmer"):
    return f"""<div id="post-{number}" class="bbp-reply-header"><div class="bbp-meta"><span class="bbp-reply-post-date">12. März 2024 um 9:31</span>
    <a href="{BBP}#post-{number}" class="bbp-reply-permalink">#{number}</a><span class="bbp-admin-links"></span></div></div>
    <div class="loop-item-0 user-id-0 bbp-parent-forum-3 bbp-parent-topic-12 even {classes} post-{number} reply type-reply status-publish hentry">
    <div class="bbp-reply-author">{author}<div class="bbp-author-role bbp-role-{role_class}">{role}</div></div><div class="bbp-reply-content">{body}</div></div>"""


def bbp_page(posts, lead=""):
    columns = '<div class="bbp-reply-author">Autor</div><div class="bbp-reply-content">Beiträge</div>'
    return f"""<html lang="de-DE"><body class="reply bbpress"><h1 class="site-title">Gartenfreunde</h1><h1 class="wp-block-post-title">Gartenschere</h1><div id="bbpress-forums" class="bbpress-wrapper">
    <div class="bbp-template-notice info"><ul><li class="bbp-topic-description">Dieses Thema hat 2 Antworten.</li></ul></div>{lead}
    <ul id="topic-12-replies" class="forums bbp-replies"><li class="bbp-header">{columns}</li><li class="bbp-body">{posts}</li><li class="bbp-footer">{columns}</li></ul></div></body></html>"""


def test_bbpress_heads_of_columns_are_no_posts():
    member = '<a href="https://wp.example/users/frauke/" class="bbp-author-link"><span class="bbp-author-avatar"><img alt="" src="/a.png"></span><span class="bbp-author-name">Frauke</span></a>'
    stranger = (
        '<span class="bbp-author-avatar"><img alt="" src="/a.png"></span><span class="bbp-author-name">Tjark</span>'
    )
    posts = (
        bbp_reply(13, member, "<p>Die Schere klemmt.</p>", role="Verwalter", role_class="verwalter")
        + bbp_reply(14, stranger, "<p>Ölen!</p>")
        + bbp_reply(15, member, "<p>Geht wieder.</p>", role="Gartenlotse", role_class="moderator")
    )
    result = page(bbp_page(posts), BBP)
    assert (result.software, result.title, result.notes) == ("bbpress", "Gartenschere", ())
    assert told(result) == [
        ("post-13", "Frauke", "staff", "Die Schere klemmt."),
        ("post-14", "Tjark", "customer", "Ölen!"),
        ("post-15", "Frauke", "staff", "Geht wieder."),
    ]
    assert result.posts[1].published_at == datetime(2024, 3, 12, 9, 31, tzinfo=BERLIN)


def test_bbpress_lead_topic_stands_in_a_list_of_its_own():
    columns = '<div class="bbp-topic-author">Ersteller</div><div class="bbp-topic-content">Thema</div>'
    lead = f"""<ul id="bbp-topic-12-lead" class="bbp-lead-topic"><li class="bbp-header">{columns}</li><li class="bbp-body"><div class="bbp-topic-header"><div class="bbp-meta"><span class="bbp-topic-post-date">11. März 2024 um 20:00</span>
    <a href="{BBP}" class="bbp-topic-permalink">#12</a></div></div><div id="post-12" class="post-12 topic type-topic status-publish"><div class="bbp-topic-author"><span class="bbp-author-name">Insa</span></div>
    <div class="bbp-topic-content"><p>Welche Schere taugt?</p></div></div></li><li class="bbp-footer">{columns}</li></ul>"""
    result = page(bbp_page(bbp_reply(13, '<span class="bbp-author-name">Tjark</span>', "<p>Die rote.</p>"), lead), BBP)
    assert [(post.native_id, post.author, post.text) for post in result.posts] == [
        ("post-12", "Insa", "Welche Schere taugt?"),
        ("post-13", "Tjark", "Die rote."),
    ]
    assert result.posts[0].published_at == datetime(2024, 3, 11, 20, 0, tzinfo=BERLIN)


# --- Invision 5

IPS = "https://ips.example/topic/55-heizung-kalt/"


def ips5(number, name, body, *, group="Mitglieder", badge="", column=True, links=True):
    named = f'<a href="https://ips.example/profile/4-x/" class="ipsUsername" translate="no">{name}</a>'
    group = (
        f'<a href="https://ips.example/staff/" class="ipsEntry__moderatorBadge" title="{name} gehört dazu">{group}</a>'
        if badge
        else group
    )
    time = '<time datetime="2024-03-12T08:31:00Z" title="12.03.2024 09:31">12. März 2024</time>'
    link = (
        (lambda css: f'<a href="{IPS}#findComment-{number}" class="{css}" rel="nofollow">{time}</a>')
        if links
        else (lambda css: f'<span class="{css}">{time}</span>')
    )
    aside = f"""<aside class="ipsEntry__author-column"><div class="ipsAvatarStack"></div><h3 class="ipsEntry__username">{named}</h3><div class="ipsEntry__group">{group}</div>
      <ul class="ipsEntry__authorStats ipsEntry__authorStats--minimal"><li data-i-el="posts">12</li></ul></aside>"""
    return f"""<a id="findComment-{number}"></a><div id="comment-{number}"></div><article id="elComment_{number}" class="ipsEntry js-ipsEntry ipsEntry--{"post" if column else "simple"}">{aside if column else ""}
    <aside class="ipsEntry__header"><div class="ipsEntry__header-align"><div class="ipsPhotoPanel"><div class="ipsPhotoPanel__text"><h3 class="ipsEntry__username">{named}<span class="ipsEntry__group">{group}</span></h3>
      <p class="ipsPhotoPanel__secondary">{link("")}</p></div></div></div></aside><div id="comment-{number}_wrap" class="ipsEntry__content js-ipsEntry__content"><div class="ipsEntry__post"><div class="ipsEntry__meta">{link("ipsEntry__date")}</div>
    <div class="ipsRichText ipsRichText--user" data-role="commentContent">{body}<span class="ipsEdited" data-el="edited"><strong>Bearbeitet <time datetime="2024-03-13T08:00:00Z">13. März</time> von {name}</strong></span></div></div></div></article>"""


def ips5_page(posts):
    return f"""<html lang="de-DE" data-ips-path="/topic/55"><body class="ipsApp" data-pageapp="forums" data-pagemodule="forums"><h1 class="ipsPageHeader__title">Heizung kalt</h1><div data-role="commentFeed">{posts}</div></body></html>"""


@pytest.mark.parametrize("column", [True, False], ids=["classic", "modern"])
@pytest.mark.parametrize("links", [True, False], ids=["links", "fewer links"])
def test_invision_5_names_end_before_the_group(column, links):
    posts = ips5(801, "Ute", "<p>Die Heizung bleibt kalt.</p>", column=column, links=links) + ips5(
        802, "Sven", "<p>Wir kommen.</p>", group="Wärmelotsen", badge="yes", column=column, links=links
    )
    result = page(ips5_page(posts), IPS)
    assert told(result) == [
        ("elComment_801", "Ute", "customer", "Die Heizung bleibt kalt."),
        ("elComment_802", "Sven", "staff", "Wir kommen."),
    ]
    assert {post.published_at for post in result.posts} == {datetime(2024, 3, 12, 8, 31, tzinfo=UTC)}


# --- MyBB 1.4 and 1.6

MYBB = "https://forum.example/showthread.php?tid=55"
MYBB_NOTE = '<span class="smalltext">(Dieser Beitrag wurde zuletzt bearbeitet: 13.03.2024 09:00 von <a href="member.php?uid=7">Imke</a>.)</span>'


def mybb16(number, name, body, *, title="Junior Member", note=""):
    return f"""<a name="pid{number}" id="pid{number}"></a><table border="0" cellspacing="1" cellpadding="4" class="tborder" style="" id="post_{number}"><tbody>
    <tr><td class="tcat"><div class="float_left smalltext">12.03.2024, 14:05 <span id="edited_by_{number}">{note}</span></div><div style="float: right;"><span class="smalltext"><strong>Beitrag: <a href="showthread.php?tid=55&amp;pid={number}#pid{number}">#2</a></strong></span></div></td></tr>
    <tr><td class="trow1"><table><tr><td class="post_avatar" width="1"></td><td class="post_author"><strong><span class="largetext"><a href="member.php?action=profile&amp;uid=7">{name}</a></span></strong> <img src="buddy_offline.gif" alt="Offline"><br />
    <span class="smalltext">{title}<br /><img src="images/star.gif" border="0" alt="*" /></span></td><td class="smalltext post_author_info" width="165">Beiträge: 12<br />Gruppe: Team Nord<br />Registriert seit: May 2011</td></tr></table></td></tr>
    <tr><td class="trow2 post_content"><span class="smalltext"><strong>RE: Zelt undicht</strong></span><div class="post_body" id="pid_{number}">{body}</div><div class="post_meta" id="post_meta_{number}"></div></td></tr></tbody></table>"""


def mybb16_classic(number, name, body, *, title="Junior Member", note=""):
    return f"""<table border="0" cellspacing="1" cellpadding="4" class="tborder" style="" id="post_{number}"><tr><td class="trow1" width="15%" valign="top"><a name="pid{number}" id="pid{number}"></a>
    <strong><span class="largetext"><a href="member.php?action=profile&amp;uid=7">{name}</a></span></strong> <img src="buddy_offline.gif" alt="Offline"><br /><span class="smalltext">
    {title}<br /><img src="images/star.gif" border="0" alt="*" /><br />Beiträge: 12<br />Ort: Team Nord<br />Registriert seit: May 2011</span></td>
    <td class="trow1" valign="top"><table width="100%"><tr><td><div style="float: right;"><span class="smalltext"><strong>Beitrag: <a href="showthread.php?tid=55&amp;pid={number}#pid{number}">#2</a></strong></span></div><span class="smalltext"><strong>RE: Zelt undicht</strong></span><br />
    <div id="pid_{number}" style="padding: 5px 0 5px 0;">{body}</div><div style="text-align: right;" id="post_meta_{number}"><div id="edited_by_{number}">{note}</div></div></td></tr></table></td></tr>
    <tr><td class="trow1"><span class="smalltext">12.03.2024 14:05</span></td><td class="trow1"></td></tr></table>"""


def mybb_page(posts):
    return f"""<html lang="de"><head><title>Zelt undicht</title><script>var my_post_key = "1a2b";</script></head><body><div class="navigation"><span class="active">Zelt undicht</span></div><div id="posts">{posts}</div></body></html>"""


@pytest.mark.parametrize("post", [mybb16, mybb16_classic], ids=["horizontal", "classic"])
def test_mybb_16_ranks_and_dates_beside_edit_notes(post):
    posts = post(42, "Imke", "Bei mir tropft es auch.", note=MYBB_NOTE) + post(
        43, "Fiete", "Naht kleben.", title="Super Moderator"
    )
    result = page(mybb_page(posts), MYBB)
    assert told(result) == [
        ("pid42", "Imke", "customer", "Bei mir tropft es auch."),
        ("pid43", "Fiete", "staff", "Naht kleben."),
    ]
    assert {post.published_at for post in result.posts} == {datetime(2024, 3, 12, 14, 5, tzinfo=BERLIN)}


def test_mybb_files_in_the_text_are_not_its_words():
    body = 'Hier der Plan:<br /><br /><img src="images/attachtypes/pdf.png" alt=".pdf" />&nbsp;&nbsp;<a href="attachment.php?aid=9" target="_blank" title="">naht.pdf</a> (Größe: 12,3 KB / Downloads: 5)<br />Viel Erfolg (Stand: März)!'
    (only,) = page(mybb_page(mybb16(42, "Imke", body)), MYBB).posts
    assert only.text == "Hier der Plan:\n\nViel Erfolg (Stand: März)!"


# --- NodeBB, Harmony since 2025

NODEBB = "https://nodebb.example/topic/12/laden"


def test_nodebb_answered_post_above_an_answer():
    parent = """<div component="post/parent" data-collapsed="true" data-parent-pid="31" data-uid="4" class="btn btn-ghost btn-sm"><a href="/user/ilse">Ilse</a><a href="/post/31" class="text-muted timeago hidden" title="2026-03-01T10:00:00.000Z"></a>
      <div component="post/parent/content" class="text-muted line-clamp-1"><p>Der Stecker klemmt.</p></div></div>"""
    html = f"""<html lang="de"><body class="page-topic"><h1 component="post/header"><span component="topic/title">Laden</span></h1><ul component="topic" data-tid="12"><li component="post" class="pt-4" data-index="1" data-pid="32" data-uid="5" data-timestamp="1772388247000"
      data-username="Jörg" data-userslug="joerg"><a component="post/anchor" data-index="1" id="2"></a><meta itemprop="datePublished" content="2026-03-01T18:04:07.000Z">{parent}<div class="post-header"><a class="fw-bold" href="/user/joerg" data-username="Jörg">Jörg</a>
      <a href="/post/32" class="post-index text-muted">#2</a></div><div class="content text-break" component="post/content" itemprop="text"><p>Bei mir nicht.</p></div><div component="post/footer"><div component="post/signature">Immer voll</div></div></li></ul></body></html>"""
    (only,) = page(html, NODEBB).posts
    assert (only.author, only.text, only.parent_id) == ("Jörg", "Bei mir nicht.", "31")
    assert only.permalink == "https://nodebb.example/post/32"
    assert only.published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)


# --- WoltLab

WSC = "https://forum.example/thread/55-zelt-undicht/"


def test_woltlab_asks_for_consent_in_its_own_words():
    consent = """<div class="messageUserConsent" data-target="x"><div class="messageUserConsentHeader"><span class="messageUserConsentTitle">Fremder Inhalt</span><a href="https://film.example/v" class="messageUserConsentHost externalURL">film.example</a></div>
      <div class="messageUserConsentDescription">Solche Inhalte erscheinen erst, wenn du das erlaubst.</div><div class="messageUserConsentButtonContainer"><button type="button" class="button small">Erlauben</button></div><div class="messageUserConsentNotice">Dabei können Daten fließen.</div></div>"""
    file = '<a href="https://forum.example/attachment/9-naht/" class="messageAttachment jsTooltip"><span class="messageAttachmentFilename">naht.pdf</span><span class="messageAttachmentMeta">12 kB, 5 Downloads</span></a>'
    html = f"""<html lang="de"><body id="tpl_wbb_thread" data-template="thread" data-application="wbb"><h1 class="contentTitle">Zelt undicht</h1><ul class="wbbThreadPostList messageList"><li id="post42"><article class="wbbPost message" data-object-id="42">
      <aside class="messageSidebar guest"><div class="messageAuthor"><div class="messageAuthorContainer"><span class="username">Birte</span></div><div class="userTitle"><span class="badge">Gast</span></div></div></aside>
      <div class="messageContent"><header class="messageHeader"><a href="{WSC}?postID=42#post42" class="permalink messagePublicationTime"><woltlab-core-date-time date="2024-03-12T14:05:00+01:00">12. März 2024</woltlab-core-date-time></a></header>
      <div class="messageBody"><div class="messageText"><p>So geht es:</p>{consent}<p>Viel Erfolg.</p>{file}</div></div></div></article></li></ul></body></html>"""
    assert told(page(html, WSC)) == [("post42", "Birte", "customer", "So geht es:\n\nViel Erfolg.")]


# --- SMF


def test_smf_files_in_the_text_are_not_its_words():
    html = """<html lang="de-DE"><head><script>var smf_scripturl = "https://forum.example/index.php";</script></head><body><div id="display_head"><h2 class="display_title"><span id="top_subject">Zelt undicht</span></h2></div><div id="forumposts"><form>
      <div class="windowbg" id="msg42"><div class="post_wrapper"><div class="poster"><h4>Birte</h4><ul class="user_info"><li class="membergroup">Gast</li></ul></div><div class="postarea"><div class="keyinfo"><div id="subject_42" class="subject_title"><a href="https://forum.example/index.php?msg=42" rel="nofollow">Zelt undicht</a></div>
      <div class="postinfo"><a href="https://forum.example/index.php?msg=42" rel="nofollow" title="Zelt undicht" class="smalltext">12. März 2024, 14:05:33</a></div></div><div class="post"><div class="inner" data-msgid="42" id="msg_42">Hier der Plan: <a href="https://forum.example/index.php?action=dlattach;attach=9" class="bbc_link">naht.pdf</a><br>Viel Erfolg.</div></div></div></div></div></form></div></body></html>"""
    assert told(page(html, "https://forum.example/index.php?topic=55.0")) == [
        ("msg42", "Birte", "customer", "Hier der Plan:\nViel Erfolg.")
    ]


def test_smf_2_0_with_addresses_without_queries():
    topic = "https://forum.example/index.php/topic,55"
    html = f"""<html xmlns="http://www.w3.org/1999/xhtml"><head><script type="text/javascript">var smf_scripturl = "https://forum.example/index.php";</script><link rel="next" href="{topic}.0/prev_next,next.html" /></head><body><div class="pagesection"><div class="pagelinks floatleft">Seiten: <a class="navPages" href="{topic}.0.html">1</a> [<strong>2</strong>] <a class="navPages" href="{topic}.30.html">3</a> <span style="font-weight: bold;"> ... </span> <a class="navPages" href="{topic}.90.html">7</a></div></div>
      <div id="forumposts"><div class="cat_bar"><h3 class="catbg"><img src="x.gif" alt="" /><span id="author">Autor</span>Thema: Zelt undicht &nbsp;(Gelesen 12345 mal)</h3></div><form><div class="windowbg"><span class="topslice"><span></span></span><div class="post_wrapper"><div class="poster"><h4>Birte</h4><ul class="reset smalltext" id="msg_42_extra_info"><li class="membergroup">Gast</li></ul></div>
      <div class="postarea"><div class="flow_hidden"><div class="keyinfo"><h5 id="subject_42"><a href="{topic}.msg42.html#msg42" rel="nofollow">Re: Zelt undicht</a></h5><div class="smalltext">&#171; <strong>Antwort #16 am:</strong> <strong>Gestern</strong> um 09:15:01 &#187;</div></div></div><div class="post"><div class="inner" id="msg_42">Nachgenäht.</div></div></div></div></div>
      <div class="windowbg2"><div class="post_wrapper"><div class="poster"><h4>Anzeige</h4></div><div class="postarea"><div class="post"><div class="inner">Jetzt kaufen!</div></div></div></div></div></form></div></body></html>"""
    result = page(html, f"{topic}.15.html")
    assert told(result) == [("msg42", "Birte", "customer", "Nachgenäht.")]
    assert (result.title, result.posts[0].title) == ("Zelt undicht", None)
    assert result.posts[0].published_at == datetime(2026, 3, 3, 9, 15, 1, tzinfo=BERLIN)
    assert result.next_page == f"{topic}.30.html"


# --- Khoros


def lia(number, name, body, date):
    return f"""<div class="lia-message-view-wrapper lia-js-data-messageUid-{number} lia-component-forums-widget-message-view-two" data-lia-message-uid="{number}" id="messageview2_{number}"><div class="MessageView lia-message-view-forum-message lia-thread-topic"><div class="lia-quilt">
    <div class="lia-message-author lia-component-author"><div class="lia-message-author-username"><span class="UserName lia-user-name lia-user-rank-Mitglied"><span>{name}</span></span></div><div class="lia-message-author-rank">Mitglied</div></div>
    <p class="lia-message-dates lia-message-post-date"><span class="DateTime lia-message-posted-on lia-component-common-widget-date"><span class="local-date">\u200e{date.split()[0]}</span> <span class="local-time">{date.split(maxsplit=1)[1]}</span></span></p>
    <div itemprop="text" id="bodyDisplay" class="lia-message-body"><div class="lia-message-body-content">{body}</div></div></div></div></div>"""


def test_khoros_notes_of_solutions_and_dates_with_the_month_first():
    solved = '<div class="lia-panel-feedback-banner-safe"><p>Erledigt! <a href="#M92">Zur Antwort.</a></p></div>'
    posts = lia(91, "Rieke", f"<p>Die Rechnung ist falsch.</p>{solved}", "03-12-2024 02:05 PM") + lia(
        92, "Bernd", "<p>Ich prüfe das.</p>", "03-25-2024 09:15 AM"
    )
    html = f'<html lang="de"><body class="lia-body" id="lia-body"><div class="lia-message-subject-banner"><h1 class="lia-message-subject">Falsche Rechnung</h1></div>{posts}</body></html>'
    result = page(html, "https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91")
    assert [(post.author, post.text) for post in result.posts] == [
        ("Rieke", "Die Rechnung ist falsch."),
        ("Bernd", "Ich prüfe das."),
    ]
    assert [post.published_at for post in result.posts] == [
        datetime(2024, 3, 12, 14, 5, tzinfo=BERLIN),
        datetime(2024, 3, 25, 9, 15, tzinfo=BERLIN),
    ]


# --- Flarum


def flarum_post(number, discussion="3", text="Ein Satz."):
    return {
        "type": "posts",
        "id": str(100 + number),
        "attributes": {"number": number, "createdAt": "2026-03-01T18:04:07+00:00", "contentType": "comment", "contentHtml": f"<p>{text}</p>"},
        "relationships": {"discussion": {"data": {"type": "discussions", "id": discussion}}},
    }  # fmt: skip


def test_flarum_posts_that_only_mention_those_of_the_page_are_not_on_it():
    shown = [flarum_post(number, text=f"Satz {number}.") for number in range(1, 21)]
    later = [flarum_post(21, text="Später."), flarum_post(33, text="Viel später."), flarum_post(70, "9", "Woanders.")]
    order = [{"type": "posts", "id": str(100 + number)} for number in range(1, 41)]
    discussion = {
        "type": "discussions",
        "id": "3",
        "attributes": {"title": "Sattel", "commentCount": 40},
        "relationships": {"posts": {"data": order}},
    }
    payload = {"resources": [], "apiDocument": {"data": discussion, "included": [*later, *shown]}}
    html = f"""<html lang="de"><body><div id="flarum-loading"></div><noscript id="flarum-content"></noscript>
      <script id="flarum-json-payload" type="application/json">{json.dumps(payload)}</script></body></html>"""
    result = page(html, "https://flarum.example/d/3-sattel")
    assert [post.text for post in result.posts] == [f"Satz {number}." for number in range(1, 21)]
    assert (result.expected_posts, result.next_page is not None) == (40, True)


# --- Files in a text


@pytest.mark.parametrize(
    ("build", "url", "link"),
    [
        (lambda body: vb3(vb3_post(42, "Imke", body)), "https://f.example/showthread.php?t=5", "attachment.php?attachmentid=77"),
        (lambda body: vb4(vb4_post(42, "Imke", body)), "https://f.example/showthread.php?t=6", "attachment.php?attachmentid=77"),
        (lambda body: wsc(wsc_post(42, "Imke", body)), WSC, "https://forum.example/attachment/77-naht/"),
        (lambda body: wbb(wbb_post(42, "Imke", body)), "https://f.example/index.php?page=Thread&threadID=55", "index.php?page=Attachment&amp;attachmentID=77"),
    ],
    ids=["vbulletin3", "vbulletin4", "woltlab", "wbb3"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["naht.pdf", "Anhang 77"])
def test_files_in_the_text_are_not_its_words_but_other_links_are(build, url, link, name):
    body = f'Der Plan: <a href="{link}">{name}</a><br />Mehr steht <a href="{link}">in diesem Bild</a>.'
    (only,) = page(build(body), url).posts
    assert only.text == "Der Plan:\nMehr steht in diesem Bild."


def test_invision_files_in_the_text_are_not_its_words():
    body = '<p>Der Plan: <a class="ipsAttachLink" href="https://ips.example/attachment.php?id=7" data-fileid="7">naht.pdf</a></p>'
    (only,) = page(ips5_page(ips5(801, "Ute", body)), IPS).posts
    assert only.text == "Der Plan:"


# --- Forumieren in the manner of Invision


def test_forumieren_edit_note_at_the_end_of_the_text():
    html = """<html lang="de"><head><script src="https://illiweb.com/rs3/60/frm/x.js"></script></head><body><div class="borderwrap"><div class="maintitle floated"><h1>Zelt undicht</h1></div>
      <div id="p41" class="post clearfix post--41"><div class="post-container"><div class="postbody clearfix"><div class="postprofile" id="profile41"><div class="postprofile-head post-header"><div class="popmenubutton"><a href="javascript:void(0);"><strong>Kai</strong></a></div></div>
      <dl class="postprofile-details postdetails"><dt><a href="/u3"><img src="/a.jpg" alt=""></a><br><a href="/u3"><strong>Kai</strong></a></dt><dd>Moderator</dd><dd><br></dd><dd><span class="label">Beiträge : </span>12</dd></dl></div>
      <div class="postbody-head postdetails post-header"><ul class="post-info"><li>Beitrag 1</li></ul><h3><a href="/t9-zelt#41">Zelt undicht</a></h3><p class="author"><img src="/i.gif" alt="Beitrag" title="Beitrag">&nbsp;von&nbsp;<a href="/u3"><strong>Kai</strong></a> So 1 März 2026 - 19:04</p></div>
      <div class="post-entry"><div class="vote gensmall"><div class="vote-no-bar">----</div></div><div>Mein Zelt tropft.</div><div class="clear"></div><br><br><span class="gensmall">Zuletzt von Kai am Mo 2 März 2026 - 8:00 bearbeitet; insgesamt 2-mal bearbeitet</span></div>
      <br><div id="sig41" class="signature_div">Immer bergauf</div></div></div><div class="post-footer clearfix"><ul class="posting-icons"><li>Zitieren</li></ul></div></div></div></body></html>"""
    result = page(html, "https://wanderer.forumieren.example/t9-zelt")
    assert told(result) == [("p41", "Kai", "staff", "Mein Zelt tropft.")]
    assert result.posts[0].published_at == datetime(2026, 3, 1, 19, 4, tzinfo=BERLIN)


def forumieren_row(number, name, rank, body, date):
    return f"""<tr class="post post--{number}" id="p{number}"><td class="row1" valign="top" width="150"><span class="name"><a name="{number}"></a><strong>{name}</strong></span><br /><span class="postdetails poster-profile"><a href="/u7"><img src="/a.jpg" alt="" /></a><br />{rank}<br /><br /><span class="label"><span style="color:#333">Anzahl der Beiträge</span></span>&nbsp;: 12<br /><span class="label">Ort</span>&nbsp;: Team Süd<br /></span></td>
      <td class="row1" valign="top"><table><tr><td><span class="postdetails"><img alt="Beitrag" />Thema:&nbsp;Zelt undicht&nbsp; &nbsp;<img alt="" />{date}</span></td></tr><tr><td colspan="2"><div class="postbody"><div class="clearfix"><div>{body}</div></div><div id="sig7" class="signature_div">_________________<br />Immer bergauf</div></div><span class="gensmall"></span></td></tr></table></td></tr>"""


def test_forumieren_ranks_without_an_element_and_dates_without_a_year():
    html = f"""<html lang="de"><head><script src="https://illiweb.com/rs3/60/frm/x.js"></script></head><body><a class="maintitle" href="/t9-zelt"><h1>Zelt undicht</h1></a><table class="forumline"><tr><th>Autor</th><th>Nachricht</th></tr>
      {forumieren_row(41, '<a href="/u3"><span style="color:#090"><strong>Kai</strong></span></a>', "Admin", "Mein Zelt tropft.", "Di 12 Aug - 14:05")}{forumieren_row(42, "Birte", "Gast", "Meins auch.", "Gestern um 9:31")}</table></body></html>"""
    result = page(html, "https://wanderer.forumieren.example/t9-zelt")
    assert told(result) == [("p41", "Kai", "staff", "Mein Zelt tropft."), ("p42", "Birte", "customer", "Meins auch.")]
    assert [post.published_at for post in result.posts] == [
        datetime(2025, 8, 12, 14, 5, tzinfo=BERLIN), datetime(2026, 3, 3, 9, 31, tzinfo=BERLIN),
    ]  # fmt: skip


# --- Khoros, lists and titles


def test_khoros_dates_said_in_titles_tell_the_order_of_day_and_month():
    def friendly(date, shown):
        return f'<span class="local-friendly-date" title="\u200e{date}">{shown}</span>'

    posts = [
        lia(number, "Rieke", "<p>Danke.</p>", "x y").replace(
            '<span class="local-date">\u200ex</span> <span class="local-time">y</span>', friendly(date, "12. März 2024")
        )
        for number, date in ((91, "03-04-2024 02:05 PM"), (92, "2024-03-12 12:05 AM"))
    ]
    html = f'<html lang="de"><body class="lia-body"><h1 class="lia-message-subject-banner">Falsche Rechnung</h1>{"".join(posts)}</body></html>'
    result = page(html, "https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91")
    assert [post.published_at for post in result.posts] == [
        datetime(2024, 3, 4, 14, 5, tzinfo=BERLIN), datetime(2024, 3, 12, 0, 5, tzinfo=BERLIN),
    ]  # fmt: skip


def test_khoros_lists_name_each_thread_once():
    html = """<html lang="de"><body class="ForumPage lia-body" id="lia-body"><h1 class="lia-page-title">Tarife</h1><h2 class="message-subject"><a class="page-link" href="/t5/Tarife/Falsche-Rechnung/td-p/91">Falsche Rechnung</a></h2>
      <a href="/t5/Tarife/Falsche-Rechnung/m-p/97#M12">‎12.03.2024 14:05</a></body></html>"""
    result = page(html, "https://community.example/t5/Tarife/bd-p/tarife")
    assert result.links == ("https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91",)


def test_khoros_titles_are_the_threads_on_later_pages_too():
    post = lia(97, "Rieke", "<p>Danke.</p>", "12.03.2024 14:05").replace(
        '<div itemprop="text"',
        '<div class="lia-message-subject"><h5>Betreff: Falsche Rechnung</h5></div><div itemprop="text"',
    )
    html = f'<html lang="de"><body class="lia-body"><h1 class="lia-message-subject-banner">Falsche Rechnung</h1>{post}</body></html>'
    assert page(html, "https://community.example/t5/Tarife/Falsche-Rechnung/td-p/91/page/2").title == "Falsche Rechnung"


# --- Ranks and names that several of them share


@pytest.mark.parametrize(
    ("badge", "role"),
    [
        ("Hauptadministrator", "staff"), ("Bereichsmoderatorin", "staff"), ("Forenmoderator", "staff"),
        ("Kornblume-Mitarbeiterin", "staff"), ("Kornblume-Team", "staff"), ("Team-Mitglied", "staff"),
        ("Kundenberaterin", "staff"), ("Forumsbetreiber", "staff"), ("Webmaster", "staff"), ("Verwalterin", "staff"),
        ("Ex-Mitarbeiter", "customer"), ("Ehren-Moderator", "customer"), ("Ehrenmoderator", "customer"),
        ("Teamplayer", "customer"), ("Hausverwalter", "customer"), ("Modellbauer", "customer"),
    ],
)  # fmt: skip
def test_german_ranks(badge, role):
    assert role_of("Uwe", badges=badge) == role


@pytest.mark.parametrize(
    ("name", "nobody"),
    [("Gast_4711", True), ("Unregistriert", True), ("Nicht registrierter Benutzer", True), ("Former Member", True),
     ("Gastwirt", False), ("Gast Anna", False), ("Registriert99", False)],
)  # fmt: skip
def test_names_of_nobody(name, nobody):
    assert is_placeholder(name) is nobody


def test_bbpress_20_tables():
    post = f"""<tr class="bbp-reply-header"><td class="bbp-reply-author">Tjark</td><td class="bbp-reply-content"><a href="{BBP}#post-13" title="Antwort">#</a> Geschrieben am 12. März 2024 um 9:31</td></tr>
      <tr id="post-13" class="post-13 reply type-reply status-publish hentry"><td class="bbp-reply-author"><a href="https://wp.example/users/tjark/" class="bbp-author-avatar"><img alt="" src="/a.png"></a></td><td class="bbp-reply-content"><p>Die rote.</p></td></tr>"""
    columns = '<tr><th class="bbp-reply-author">Autor</th><th class="bbp-reply-content">Beiträge</th></tr>'
    html = f"""<html lang="de"><body><h1 class="entry-title">Gartenschere</h1><table class="bbp-replies" id="topic-12-replies"><thead>{columns}</thead><tfoot>{columns}</tfoot><tbody>{post}</tbody></table></body></html>"""
    result = page(html, BBP)
    assert [(post.native_id, post.author, post.text) for post in result.posts] == [("post-13", "Tjark", "Die rote.")]
    assert result.posts[0].published_at == datetime(2024, 3, 12, 9, 31, tzinfo=BERLIN)
