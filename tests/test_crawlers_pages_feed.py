"""RSS, Atom, Apple's reviews and comment feeds: entries as posts, people cleaned, nothing opened."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
URL = "https://portal.example/feed/"
FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
APPLE = FIXTURES / "appstore_rss" / "synthetic_de_page1.xml"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Hofladen &amp; Co</title>
<link>https://portal.example/</link>
<language>de-DE</language><item><title>Kiste &#252;berrascht</title>
<link>https://portal.example/a/1/?utm_source=rss</link>
<dc:creator><![CDATA[Hedda]]></dc:creator><pubDate>Sun, 01 Mar 2026 18:04:00 +0100</pubDate>
<guid isPermaLink="false">https://portal.example/?p=1</guid><description><![CDATA[Kurz: Gemüse [&#8230;]]]>
</description>
<content:encoded><![CDATA[<p>Das Gemüse war <b>frisch</b>.</p><blockquote>Werbung</blockquote><p>Danke!</p>]]>
</content:encoded>
</item><item><title>Nur ein Anriss</title><link>https://portal.example/a/2/</link>
<author>redaktion@portal.example (Ole)</author>
<pubDate>2. März 2026, 9:15</pubDate><description>Der Anfang eines Textes …</description></item>
<item><title>Ohne alles</title></item></channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Brett</title>
<link rel="next" href="https://portal.example/atom?page=2"/><id>urn:x</id><updated>2026-03-01T10:00:00Z</updated>
<entry><author><name type="html"><![CDATA[<a href="https://portal.example/member.php?uid=7"><span>Fenja</span></a>]]>
</name>
</author><published>2026-03-01T10:00:00Z</published><updated>2026-03-02T10:00:00Z</updated>
<id>https://portal.example/t-5</id>
<link href="https://portal.example/showthread.php?tid=5&amp;sid=0123456789abcdef"/><title type="html">Paket</title>
<content type="html">&lt;div&gt;Das Paket &lt;i&gt;fehlt&lt;/i&gt;.&lt;/div&gt;</content></entry></feed>"""

COMMENTS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Kommentare zu: Kiste</title>
<item><title>Von: Hedda</title><link>https://portal.example/kiste/#comment-31</link><dc:creator>Hedda</dc:creator>
<pubDate>Sun, 01 Mar 2026 17:04:00 +0000</pubDate>
<guid isPermaLink="false">https://portal.example/?p=7#comment-31</guid>
<description>Die Kiste kam zu spät.</description>
<content:encoded><![CDATA[<p>Die Kiste kam zu spät.</p>]]></content:encoded></item>
<item><title>Von: Andere Seite</title><link>https://portal.example/kiste/#comment-32</link>
<description>[&#8230;] hat über Kisten geschrieben [&#8230;]</description></item></channel></rss>"""


def read(body, url=URL, **more):
    return read_page(body if isinstance(body, bytes) else body.encode(), url=url, now=NOW, **more)


def test_rss_entries_become_posts():
    page = read(RSS, content_type="application/rss+xml; charset=UTF-8")
    assert (page.software, page.kind, page.title, page.language) == ("feed", "feed", "Hofladen & Co", "de")
    assert [(p.title, p.author, p.text) for p in page.posts] == [
        ("Kiste überrascht", "Hedda", "Das Gemüse war frisch.\n\nDanke!"),
        ("Nur ein Anriss", "Ole", "Der Anfang eines Textes …"),
        ("Ohne alles", None, "Ohne alles"),
    ]
    first, second, _ = page.posts
    assert first.native_id == "https://portal.example/?p=1"
    assert first.permalink == "https://portal.example/a/1/"
    assert first.published_at == datetime(2026, 3, 1, 18, 4, tzinfo=timezone(timedelta(hours=1)))
    assert second.published_at == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    assert page.links == ("https://portal.example/a/1/", "https://portal.example/a/2/")
    assert any(note.startswith("cut_text: 1 ") for note in page.notes)


def test_atom_with_an_author_in_html_and_a_next_page():
    page = read(ATOM)
    (post,) = page.posts
    assert (post.author, post.text, post.published_at) == (
        "Fenja",
        "Das Paket fehlt.",
        datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
    )
    assert post.permalink == "https://portal.example/showthread.php?tid=5"
    assert page.next_page == "https://portal.example/atom?page=2"


def test_comment_feed_names_comments_as_their_pages_do():
    page = read(COMMENTS)
    assert (page.software, page.kind) == ("wordpress", "comments")
    (post,) = page.posts
    assert (post.native_id, post.author, post.title, post.text) == (
        "comment-31",
        "Hedda",
        None,
        "Die Kiste kam zu spät.",
    )
    assert post.permalink == "https://portal.example/kiste/#comment-31"
    assert "pingback: 1 notices of other sites left out" in page.notes


APP = """<?xml version="1.0" encoding="utf-8"?><feed xmlns:im="http://itunes.apple.com/rss"
 xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>iTunes Store: Rezensionen</title>{entries}</feed>"""
ENTRY = """<entry><updated>2026-03-0{n}T09:08:07-07:00</updated><id>77000{n}</id><title>Titel {n}</title>
<content type="text">Stürzt ab &amp;amp; hängt.\nZeile zwei &lt;3</content><im:rating>{n}</im:rating>
<im:version>5.2</im:version>
<author><name>Nutzer {n}</name><uri>https://itunes.apple.com/de/reviews/id{n}</uri></author>
<content type="html">&lt;table&gt;&lt;tr&gt;&lt;td&gt;Bild&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;</content></entry>"""
STORE = "https://itunes.apple.com/de/rss/customerreviews/page={n}/id=1/sortby=mostrecent/xml"


def test_app_store_reviews_with_rating_and_plain_text():
    app = "<entry><id>1</id><title>Die App</title><im:name>App</im:name></entry>"
    body = APP.format(entries=app + ENTRY.format(n=1) + ENTRY.format(n=5))
    page = read(body, url=STORE.format(n=1))
    assert page.software == "app_store"
    assert [(p.native_id, p.title, p.author, p.author_role) for p in page.posts] == [
        ("770001", "Titel 1", "Nutzer 1", "customer"),
        ("770005", "Titel 5", "Nutzer 5", "customer"),
    ]
    assert [(p.rating.value, p.rating.best, p.rating.worst, p.rating.normalised) for p in page.posts] == [
        (1, 5, 1, 0),
        (5, 5, 1, 1),
    ]
    assert page.posts[0].text == "Stürzt ab &amp; hängt.\nZeile zwei <3"
    assert page.next_page == STORE.format(n=2)


def test_app_store_ends_after_ten_pages_or_an_empty_one():
    assert read(APP.format(entries=ENTRY.format(n=1)), url=STORE.format(n=10)).next_page is None
    assert read(APP.format(entries=""), url=STORE.format(n=3)).next_page is None


@pytest.mark.skipif(not APPLE.exists(), reason="recorded pages lie outside the repository")
def test_recorded_app_store_feed():
    page = read(APPLE.read_bytes(), url=STORE.format(n=1))
    assert [(p.native_id, p.rating.value, p.title) for p in page.posts] == [
        ("9000000001", 1, "Nach Update unbrauchbar"),
        ("9000000002", 5, "Läuft super"),
    ]
    assert page.posts[0].text.startswith("Seit dem letzten Update stürzt die App ständig ab.")
    assert page.posts[0].published_at == datetime(2026, 11, 19, 16, 8, 7, tzinfo=UTC)


def test_no_feed_opens_files_or_addresses(tmp_path):
    secret = tmp_path / "geheim"
    secret.write_text("<rss><channel><item><title>geheim</title></item></channel></rss>")
    bomb = f"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a SYSTEM "file://{secret}">]>
    <rss version="2.0"><channel><item><title>&a;</title></item></channel></rss>"""
    page = read(bomb)
    assert page.posts == ()
    assert any(note.startswith("entities") for note in page.notes)


BROKEN = ("<rss", "<rss version='2.0'><channel><item><title>x", "<feed><entry>" * 300, "<rss>\ud7ff")


@pytest.mark.parametrize("body", BROKEN)
def test_broken_feeds_end_in_a_page(body):
    assert read(body).kind in ("feed", "other")


def test_xhtml_is_no_feed():
    html = '<?xml version="1.0"?><!DOCTYPE html><html><body><h1>x</h1><feed></feed></body></html>'
    assert read(html).software == "unknown"


def test_utf16_and_latin1_feeds():
    for encoding in ("utf-16", "iso-8859-1"):
        body = RSS.replace('encoding="UTF-8"', f'encoding="{encoding}"').replace("…", "...").encode(encoding)
        assert read(body).posts[0].text.startswith("Das Gemüse"), encoding


@pytest.mark.parametrize("name", ["utf-\x96", "klingonisch", "utf-16", "base64"])
def test_a_wrong_encoding_is_no_end(name):
    body = RSS.replace('encoding="UTF-8"', f'encoding="{name}"').encode("latin-1", "replace")
    assert read(body).kind == "feed"


@pytest.mark.parametrize("name", ["base64", "rot13", "zlib"])
def test_a_codec_that_makes_no_text_is_no_end_of_a_page(name):
    html = f'<html><head><meta charset="{name}"><title>Köln</title></head><body></body></html>'
    assert read(html).title == "Köln"
    assert read(html, content_type=f"text/html; charset={name}").title == "Köln"
