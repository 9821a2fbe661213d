"""Pages that an adversarial second reader made: odd skins, texts stated twice or in part, and pages made to be slow."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

import json
import time
from datetime import UTC, datetime

import pytest

from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
PHPBB = "https://brett.example/viewtopic.php?t=7"
XENFORO = "https://funk.example/threads/antenne.5/"
SHOP = "https://laden.example/kanne"


def page(html, url=SHOP):
    return read_page(html.encode(), url=url, now=NOW)


def stated(*reviews, body=""):
    return (
        f'<html lang="de"><script type="application/ld+json">{json.dumps(reviews)}</script><h1>Kanne</h1>{body}</html>'
    )


def review(text, author="Gesche", **more):
    return {"@type": "Review", "reviewBody": text, "author": author, "datePublished": "2026-02-01", **more}


def phpbb(body, *, classes=""):
    return f"""<body id="phpbb" class="section-viewtopic"><div id="p4" class="post bg1 {classes}"><dl class="postprofile"><dt><a class="username">Gesche</a></dt></dl>
    <div class="postbody"><p class="author">von <a class="username">Gesche</a> » Mi 3. Mär 2021, 14:05</p><div class="content">{body}</div></div></div></body>"""


def test_deleted_phpbb_post_is_left_out_and_counted():
    result = page(phpbb("Diese Worte nahm sie zurück.", classes="deleted"), PHPBB)
    assert result.posts == ()
    assert any(note.startswith("deleted_post: 1 ") for note in result.notes)


def test_xenforo_article_takes_the_date_from_the_head_of_the_page():
    html = """<html id="XF" data-template="thread_view_type_article"><div class="p-description"><time class="u-dt" datetime="2026-02-01T10:00:00+0100">1. Februar</time></div>
    <article class="message message--article message--post" data-author="Gesche" data-content="post-9"><div class="message-body"><div class="bbWrapper">
    <div class="bbCodeBlock bbCodeBlock--hide"><div class="bbCodeBlock-title">Nur für Gäste</div></div>Ein Aufsatz über Kannen.</div></div></article></html>"""
    (post,) = page(html, XENFORO).posts
    assert (post.text, post.published_at.isoformat()) == ("Ein Aufsatz über Kannen.", "2026-02-01T10:00:00+01:00")


def test_unrendered_quotes_go_with_those_inside_them():
    result = page(
        phpbb("[quote=Ole]Fremd [quote]älter[/quote] auch fremd[/quote]Eigenes hier.[/quote] [quote]offen"), PHPBB
    )
    assert result.posts[0].text == "Eigenes hier.[/quote] [quote]offen"


def test_text_escaped_twice_becomes_plain():
    (post,) = page(stated(review("<p>Sch&amp;ouml;n &amp;amp; rund.</p>"))).posts
    assert post.text == "Schön & rund."


def test_preformatted_signs_stay_in_the_text():
    assert page(stated(review("Preis &lt; 50 &amp; Größe &gt; 3"))).posts[0].text == "Preis < 50 & Größe > 3"


FULL = "Anfangs dicht, nach drei Wochen aber tropft der Deckel. Schade drum."


@pytest.mark.parametrize(
    "shown",
    [f'<div class="box"><b>Gesche</b><p>{FULL}</p><button>mehr lesen</button></div>',
     f'<div itemscope itemtype="https://schema.org/Review"><i itemprop="author">Gesche</i><p itemprop="reviewBody">{FULL}</p></div>'],
)  # fmt: skip
def test_cut_text_is_completed_from_the_page(shown):
    (post,) = page(stated(review("Anfangs dicht, nach drei Wo…"), body=shown)).posts
    assert post.text == FULL


def test_two_of_many_customers_may_write_the_same():
    texts = ["Alles bestens", "Alles bestens", *(f"Kanne Nummer {n} tropft" for n in range(8))]
    assert len(page(stated(*(review(text, f"Name {n}") for n, text in enumerate(texts)))).posts) == 10


def test_review_takes_parts_that_itemref_names():
    html = """<div itemscope itemtype="https://schema.org/Review" itemref="wer"><p itemprop="reviewBody">Gießt ohne zu tropfen.</p></div>
    <p id="wer"><i itemprop="author">Gesche</i><meta itemprop="datePublished" content="2026-02-01"></p>"""
    (post,) = page(html).posts
    assert (post.author, post.date_precision) == ("Gesche", "day")


def test_answer_behind_the_text_on_the_same_line_is_split_off():
    customer, staff = page(stated(review("Deckel schief. Antwort des Händlers: Wir tauschen ihn."))).posts
    assert (customer.text, staff.text) == ("Deckel schief.", "Wir tauschen ihn.")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [("Tue, 12 Mar 2024 14:05:00 GMT", "2024-03-12T14:05:00+00:00"), ("20240312", "2024-03-12T00:00:00+01:00"),
     ("Tue Mar 12 2024 14:05:00 GMT+0100 (CET)", "2024-03-12T14:05:00+01:00")],
)  # fmt: skip
def test_dates_as_scripts_print_them(text, stamp):
    (post,) = page(stated(review("Gießt ohne zu tropfen.", datePublished=text))).posts
    assert post.published_at.isoformat() == stamp


@pytest.mark.parametrize("value", ["1e999", "9" * 5000, "Infinity", "-1", "NaN"])
def test_absurd_numbers_are_no_rating_and_no_error(value):
    rating = {"ratingValue": value, "bestRating": value}
    assert page(stated(review("Gießt ohne zu tropfen.", reviewRating=rating))).posts[0].rating is None
    counted = phpbb("Ein Satz.").replace("<dl", f'<div class="pagination">{"9" * 5000} Beiträge</div><dl', 1)
    assert page(counted, PHPBB).posts


def test_offset_of_a_hundred_hours_is_no_error():
    assert page(stated(review("Gießt ohne zu tropfen.", datePublished="2024-01-01T10:00+99:99"))).posts


def test_rating_in_words_is_read():
    (post,) = page(stated(review("Gießt ohne zu tropfen.", reviewRating={"ratingValue": "Bewertung: 4,5"}))).posts
    assert post.rating.value == 4.5


def slow(unit, *, size=2_200_000):
    return unit * (size // len(unit))


HOSTILE = {
    "quotes": (phpbb(slow("<blockquote>x</blockquote>a ")), PHPBB),
    "nested posts": (phpbb(slow('<div id="p5" class="post">', size=6000) + slow('<div class="content">a b</div>')), PHPBB),
    "spaces": (phpbb(slow("&nbsp; ") + "Ende."), PHPBB),
    "unrendered quotes": (phpbb(slow("[quote]") + slow("[/quote]")), PHPBB),
    "pager": (phpbb("").replace("<dl", '<div class="pagination">' + slow('<b>1</b><a href="#">3</a>') + "</div><dl", 1), PHPBB),
    "microdata": (slow('<div itemscope itemtype="https://schema.org/Review"><p itemprop="reviewBody">a b</p></div>'), SHOP),
    "boxes": ('<div class="reviews">' + slow('<div class="r"><i class="star">★★</i><small>1. Mai 2024</small><p class="text">a b</p></div>'), SHOP),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_ends_in_seconds_and_says_what_was_left_out(name):
    html, url = HOSTILE[name]
    start = time.process_time()
    result = page(html, url)
    assert time.process_time() - start < 30
    assert name in {"spaces", "unrendered quotes"} or result.notes
