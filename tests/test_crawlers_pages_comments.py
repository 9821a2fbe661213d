"""Comments under articles: WordPress in HTML and REST, other systems by what their classes say; recorded pages."""

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from crawlers.pages.document import squeeze
from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
URL = "https://blog.example/2026/03/gemuesekiste/"
FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures" / "blog_comments"
CET = timezone(timedelta(hours=1))

CLASSIC = """<!DOCTYPE html><html lang="de-DE"><head><meta charset="utf-8">
<meta name="generator" content="WordPress 6.8">
<title>Gemüsekiste – Hofblog</title></head><body class="wp-singular single single-post postid-77">
<article id="post-77"><h1 class="entry-title">Unsere Gemüsekiste im Test</h1>
<div class="entry-content"><p>Wir haben vier Kisten bestellt.</p></div>
<nav class="navigation post-navigation"><a href="https://blog.example/2026/03/naechster/" rel="next">Nächster</a></nav>
<div id="comments" class="comments-area"><h2 class="comments-title">4 Gedanken zu „Unsere Gemüsekiste im Test“</h2>
<ol class="comment-list">
<li id="comment-11" class="comment even thread-even depth-1 parent"><article id="div-comment-11" class="comment-body">
 <footer class="comment-meta"><div class="comment-author vcard"><img alt='' src='https://secure.gravatar.com/avatar/ab'>
 <b class="fn"><a href="https://web.example" rel="external nofollow ugc" class="url">Hedda</a></b>
 <span class="says">sagt:</span></div>
 <div class="comment-metadata"><a href="{url}#comment-11"><time datetime="2026-03-01T18:04:00+01:00">1. März 2026 um
 18:04 Uhr</time></a> <span class="edit-link">(Bearbeiten)</span></div>
 <em class="comment-awaiting-moderation">Dein Kommentar wartet auf Freischaltung.</em></footer>
 <div class="comment-content"><p>Die Möhren waren welk.</p><p>Der <b>Preis</b> stimmt aber.</p></div>
 <div class="reply"><a class="comment-reply-link" href="{url}?replytocom=11#respond">Antworten</a></div></article>
 <ol class="children">
 <li id="comment-12" class="comment byuser comment-author-hof bypostauthor odd alt depth-2">
<article class="comment-body">
  <footer class="comment-meta"><div class="comment-author vcard"><b class="fn">Jutta vom Hof</b></div>
  <div class="comment-metadata"><a href="{url}#comment-12"><time datetime="2026-03-02T08:00:00+01:00">x</time></a></div>
  </footer><div class="comment-content"><blockquote><p>Die Möhren waren welk.</p></blockquote>
  <p>Das tut uns leid!</p></div></article></li>
 </ol></li>
<li id="comment-13" class="pingback even thread-odd thread-alt depth-1"><div class="comment-body">Pingback:
 <a href="https://anderswo.example/" class="url">Lesetipps der Woche</a></div></li>
<li id="comment-14" class="comment odd thread-even depth-1"><article class="comment-body"><footer class="comment-meta">
 <div class="comment-author vcard"><b class="fn">Anonymous</b></div><div class="comment-metadata">
 <time datetime="2026-03-03T09:30:00+01:00">x</time></div></footer>
 <div class="comment-content"><p>Nie wieder, das Paket kam kaputt an :-(</p></div></article></li>
</ol>{pager}
<div id="respond" class="comment-respond"><h3>Schreibe einen Kommentar</h3><form id="commentform" class="comment-form">
<p class="comment-notes">Deine E-Mail-Adresse wird nicht veröffentlicht.</p><textarea name="comment"></textarea>
</form></div>
</div></article><aside class="widget widget_recent_comments"><ul id="recentcomments"><li class="recentcomments">
<span class="comment-author-link">Hedda</span> bei <a href="{url}#comment-11">Gemüsekiste</a></li></ul></aside>
</body></html>"""

BLOCK = """<!DOCTYPE html><html lang="de"><head><title>Kiste</title></head><body class="single wp-embed-responsive">
<h1 class="wp-block-post-title">Kiste</h1><div class="wp-block-comments">
<h2 class="wp-block-comments-title">2 Antworten</h2>
<ol class="wp-block-comment-template"><li id="comment-5" class="comment even thread-even depth-1">
<div class="wp-block-columns">
<div class="wp-block-column"><div class="wp-block-avatar"><img alt="Avatar von Ole"></div></div>
<div class="wp-block-column">
<div class="wp-block-comment-author-name has-small-font-size"><a href="https://ole.example">Ole</a></div>
<div class="wp-block-group"><div class="wp-block-comment-date"><time datetime="2026-02-28T07:15:00+01:00">
<a href="https://blog.example/kiste/#comment-5">28. Februar 2026</a></time></div>
<div class="wp-block-comment-edit-link"><a href="#">(Bearbeiten)</a></div></div>
<div class="wp-block-comment-content"><p>Gute Auswahl, gern wieder.</p></div>
<div class="wp-block-comment-reply-link"><a class="comment-reply-link" href="?replytocom=5#respond">Antworten</a></div>
</div></div><ol><li id="comment-6" class="comment odd alt depth-2"><div class="wp-block-comment-author-name">Fenja</div>
<div class="wp-block-comment-date"><time datetime="2026-02-28T09:00:00+01:00">x</time></div>
<div class="wp-block-comment-content"><p>Bei mir fehlte die Hälfte.</p></div></li></ol></li></ol>
<nav class="wp-block-comments-pagination"><a class="wp-block-comments-pagination-previous"
 href="https://blog.example/kiste/comment-page-2/#comments">Ältere Kommentare</a></nav></div></body></html>"""


def read(html, url=URL, **more):
    return read_page(html.encode() if isinstance(html, str) else html, url=url, now=NOW, **more)


def classic(pager=""):
    return read(CLASSIC.replace("{url}", URL).replace("{pager}", pager))


def test_classic_theme_each_comment_has_its_own_words_only():
    page = classic()
    assert (page.software, page.kind, page.title) == ("wordpress", "comments", "Unsere Gemüsekiste im Test")
    assert [(p.native_id, p.author, p.author_role, p.parent_id) for p in page.posts] == [
        ("comment-11", "Hedda", "customer", None),
        ("comment-12", "Jutta vom Hof", "staff", "comment-11"),
        ("comment-14", None, "customer", None),
    ]
    assert [p.text for p in page.posts] == [
        "Die Möhren waren welk.\n\nDer Preis stimmt aber.",
        "Das tut uns leid!",
        "Nie wieder, das Paket kam kaputt an :-(",
    ]
    assert page.posts[0].published_at == datetime(2026, 3, 1, 18, 4, tzinfo=CET)
    assert page.posts[0].permalink == f"{URL}#comment-11"
    assert page.expected_posts == 4
    assert "pingback: 1 notices of other sites left out" in page.notes


def test_the_next_article_is_not_the_next_page_of_comments():
    assert classic().next_page is None
    link = f'<div class="nav-next"><a href="{URL}comment-page-2/#comments">Neuere</a></div>'
    pager = f'<nav class="comment-navigation">{link}</nav>'
    assert classic(pager).next_page == f"{URL}comment-page-2/"
    strange = '<a class="next" href="https://blog.example/anderer-artikel/comment-page-3/#comments">x</a>'
    assert classic(strange).next_page is None


def test_block_theme_with_older_comments_on_another_page():
    page = read(BLOCK, url="https://blog.example/kiste/")
    assert [(p.native_id, p.author, p.text, p.parent_id) for p in page.posts] == [
        ("comment-5", "Ole", "Gute Auswahl, gern wieder.", None),
        ("comment-6", "Fenja", "Bei mir fehlte die Hälfte.", "comment-5"),
    ]
    assert page.expected_posts == 2
    assert page.next_page == "https://blog.example/kiste/comment-page-2/"


def test_old_theme_without_body_element():
    html = """<html><head><link href="/wp-content/themes/alt/style.css"></head><body><h1>Test</h1>
<ol class="commentlist">
    <li id="comment-9" class="alt"><p class="comment-number"><a href="#comment-9">1</a></p>
<img class="gravatar" alt="x">
    Kommentar<small> von </small><cite>Marit</cite> <br>
<small class="commentmetadata">8. Dezember 2025 um 10:56 </small>
    <p>Riecht gut.</p><p>Schmeckt auch.</p></li></ol></body></html>"""
    (post,) = read(html).posts
    assert (post.author, post.published_at) == ("Marit", datetime(2025, 12, 8, 10, 56, tzinfo=CET))
    assert "Riecht gut.\n\nSchmeckt auch." in post.text
    assert "Dezember" not in post.text
    assert "Marit" not in post.text


def test_list_of_articles_leads_to_them():
    html = """<html lang="de"><head><meta name="generator" content="WordPress 6.8"></head><body class="blog home">
    <article><h2 class="entry-title"><a href="/2026/03/kiste/" rel="bookmark">Kiste</a></h2></article>
    <article><h2 class="entry-title"><a href="/2026/02/ofen/" rel="bookmark">Ofen</a></h2></article>
    <nav class="pagination"><a class="next page-numbers" href="/page/2/">Weiter</a></nav></body></html>"""
    page = read(html, url="https://blog.example/")
    assert page.kind == "listing"
    assert page.links == ("https://blog.example/2026/03/kiste/", "https://blog.example/2026/02/ofen/")
    assert page.next_page == "https://blog.example/page/2/"


# --- other systems

DRUPAL = """<html lang="de"><body><main><article><h1>Strom wird teurer</h1>
<p>Am 3. März 2026 meldete die Stadt ...</p></article>
<section id="comments"><h2 class="comments__title">Kommentare</h2>
<article id="comment-501" typeof="schema:Comment" class="js-comment comment"><footer>
<h6>Wiebke | Di, 3. März 2026 - 16:40</h6>
</footer><div class="field--name-subject" property="schema:name">Zu teuer</div>
<div property="schema:text" class="field field--name-comment-body"><p>Mein Abschlag hat sich verdoppelt.</p></div>
<ul class="links"><li class="comment-reply"><a href="/comment/reply/1/501">Antworten</a></li></ul></article>
<article id="comment-502" typeof="schema:Comment" class="js-comment comment"><footer>
<h6>Arno | Mi, 4. März 2026 - 09:05</h6>
</footer><div property="schema:text" class="field field--name-comment-body"><p>Hier auch.</p></div></article>
<form class="comment-form"><textarea></textarea></form></section></main></body></html>"""

NEWS = """<html lang="de"><body><main><h1>Neue Filiale</h1><div class="leserkommentare"><h3>2 Leserkommentare</h3>
<div class="kommentar-item" id="k-7781"><div class="kommentar-info"><span class="benutzer">Harzerin</span>
<span class="datum">31.01.2026, 19.18 Uhr</span></div><h5>Endlich</h5>
<div class="kommentar-text">Endlich wieder Brot im Ort.</div>
<div class="vote"><i title="gefällt">4</i></div></div>
<div class="kommentar-item" id="k-7782"><div class="kommentar-info"><span class="benutzer">Gast</span>
<span class="datum">01.02.2026, 08.00 Uhr</span></div><div class="kommentar-text">Zu wenig Parkplätze.</div></div>
<form><div class="kommentar-text">Bitte melde dich an.</div></form></div></main></body></html>"""


def test_drupal_comments():
    page = read(DRUPAL)
    assert (page.software, page.kind) == ("article_comments", "comments")
    assert [(p.native_id, p.author, p.title, p.text) for p in page.posts] == [
        ("501", "Wiebke", "Zu teuer", "Mein Abschlag hat sich verdoppelt."),
        ("502", "Arno", None, "Hier auch."),
    ]
    assert page.posts[0].published_at == datetime(2026, 3, 3, 16, 40, tzinfo=CET)
    assert any(note.startswith("fallback") for note in page.notes)


def test_newspaper_comments():
    page = read(NEWS)
    assert [(p.native_id, p.author, p.title, p.text) for p in page.posts] == [
        ("7781", "Harzerin", "Endlich", "Endlich wieder Brot im Ort."),
        ("7782", None, None, "Zu wenig Parkplätze."),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<main><h1>Neues</h1><p>Ein Kommentar von Hella am 3. März 2026</p></main>",
        '<main><div class="comments"><h3>0 Kommentare</h3><p>Sei die erste Person.</p></div></main>',
        '<form class="comment-form"><div class="comment-body">Name <input> am 1.1.2026</div></form>',
        '<div class="widget"><ul><li class="comment-entry">Hella am 3.3.2026: gut</li></ul></div>',
        '<article class="comment-teaser"><h2>Kommentar</h2><time datetime="2026-03-03">3.3.</time></article>',
    ],
)
def test_no_comment_where_there_is_none(html):
    assert read(f"<html><body>{html}</body></html>").posts == ()


# --- REST

API = "https://blog.example/wp-json/wp/v2/comments?per_page=100"


def rest(**changes):
    return {
        "id": 31, "post": 77, "parent": 0, "author": 0, "author_name": "Hedda &amp; Ole",
        "date": "2026-03-01T18:04:00", "date_gmt": "2026-03-01T17:04:00", "link": f"{URL}comment-page-1/#comment-31",
        "content": {"rendered": "<p>Kiste kam <em>zu spät</em>.</p>\n"}, "status": "approved", "type": "comment",
        "author_avatar_urls": {"96": "https://secure.gravatar.com/avatar/0f0f0f"},
    } | changes  # fmt: skip


def read_json(value, url=API, **more):
    return read(json.dumps(value), url=url, content_type="application/json; charset=UTF-8", **more)


def test_rest_comments():
    entries = [
        rest(),
        rest(id=32, parent=31, author=3, content={"rendered": "<blockquote><p>zu spät</p></blockquote><p>Stimmt.</p>"}),
        rest(id=33, type="pingback"),
        rest(id=34, status="hold"),
        rest(id=35, author_name="", content={"rendered": "<p>Ohne Namen.</p>"}),
    ]
    header = f'<{API}&page=2>; rel="next"'
    page = read_json(entries, link_header=header)
    assert (page.software, page.kind, page.next_page) == ("wordpress", "comments", f"{API}&page=2")
    assert [(p.native_id, p.author, p.author_role, p.text, p.parent_id) for p in page.posts] == [
        ("comment-31", "Hedda & Ole", "customer", "Kiste kam zu spät.", None),
        ("comment-32", "Hedda & Ole", "unknown", "Stimmt.", "comment-31"),
        ("comment-35", None, "customer", "Ohne Namen.", None),
    ]
    assert page.posts[0].published_at == datetime(2026, 3, 1, 17, 4, tzinfo=UTC)
    assert "gravatar" not in page.model_dump_json()


def test_rest_posts_lead_to_their_comments():
    entry = {"id": 77, "slug": "kiste", "comment_status": "open", "title": {"rendered": "Kiste"}, "link": URL}
    page = read_json([entry], url="https://blog.example/wp-json/wp/v2/posts?per_page=100")
    assert page.kind == "listing"
    assert page.links == ("https://blog.example/wp-json/wp/v2/comments?post=77&per_page=100",)


def test_rest_refusal_and_empty_list():
    assert read_json([]).kind == "comments"
    page = read_json({"code": "rest_forbidden", "message": "Nein.", "data": {"status": 401}})
    assert (page.kind, page.notes) == ("other", ("refused: the API answers rest_forbidden",))


# --- recorded pages

# gold.json holds up to three fragments per page from its reader comments, and some of the article and the page's frame.
# It lists no whole comments, so recall is counted over fragments, and a wrong one is article or frame text found
# in a comment. 28 fragments stand in no element of the recorded page (loaded by script later), one is an author's name,
# three stand in a quote: 68 can be found. The four "wrong" ones that are left are the first post of a forum (three) and
# words that a comment has indeed.
RECALL_FLOOR = 66
WRONG_CEILING = 6


@pytest.mark.skipif(not FIXTURES.exists(), reason="recorded pages lie outside the repository")
def test_recorded_pages_against_their_gold_fragments(record_property):
    gold = json.loads((FIXTURES / "gold.json").read_text(encoding="utf-8"))
    found = total = wrong = undated = posts = 0
    for name, entry in gold.items():
        page = read((FIXTURES / name).read_bytes(), url=entry["url"])
        text = "\n".join(squeeze(post.text) for post in page.posts)
        fragments = [squeeze(part) for part in entry["comments"] if part.strip()]
        found += sum(part in text for part in fragments)
        total += len(fragments)
        wrong += sum(squeeze(part) in text for part in entry["with"] + entry["without"] if part.strip())
        posts += len(page.posts)
        undated += sum(post.published_at is None for post in page.posts)
    figures = f"recall {found}/{total} ({found / total:.2f}), precision {found / (found + wrong):.2f}, {posts} posts"
    record_property("blog_comments", figures)
    assert total == 100
    assert found >= RECALL_FLOOR, figures
    assert wrong <= WRONG_CEILING, figures
    assert undated <= 0.02 * posts, figures


COUNTS = {
    "verfassungsblog.de.expertinnen.html": (5, 0),
    "anchor.ch.lanka.html": (12, 6),
    "thisisjanewayne.com.bauch.html": (11, 0),
    "gormulus.wordpress.com.durfen.html": (40, 11),
    "kochbar.de.schneiden.html": (4, 0),
    "cicero.de.pandemie.html": (8, 0),
    "moritz-meyer.net.vreni.html": (20, 5),
}


@pytest.mark.skipif(not FIXTURES.exists(), reason="recorded pages lie outside the repository")
@pytest.mark.parametrize("name", COUNTS)
def test_recorded_pages_give_the_comments_that_a_person_counts(name):
    url = json.loads((FIXTURES / "gold.json").read_text(encoding="utf-8"))[name]["url"]
    page = read((FIXTURES / name).read_bytes(), url=url)
    assert (len(page.posts), sum(post.author_role == "staff" for post in page.posts)) == COUNTS[name]
    assert all(post.author and post.published_at for post in page.posts)


HOSTILE = {
    "nested": '<div class="comment-item"><span class="author">Ole</span> 1.1.2026<p>x' * 2000,
    "empty": '<div class="comment-item"><div class="comment-item"></div></div>' * 8000,
    "huge": '<div class="comment-item"><span class="date">1.1.2026</span>' + '<span class="x-text">a</span>' * 20000,
    "wordpress": '<ol class="commentlist">' + "".join(f'<li class="comment" id="comment-{n}"><p>x' for n in range(900)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_in_seconds(name):
    began = time.process_time()
    read(f"<html><body>{HOSTILE[name]}</body></html>")
    assert time.process_time() - began < 15
