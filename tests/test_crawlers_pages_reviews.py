"""Review pages of our own making: what shops state in their markup, what they only show, and what is no review."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

import json
from datetime import UTC, datetime

import pytest

from crawlers.pages.ratings import parse_rating, scaled
from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def page(html, url="https://laden.example/lampe"):
    return read_page(html.encode(), url=url, now=NOW)


def ld(data):
    return f'<html lang="de"><script type="application/ld+json">{json.dumps(data)}</script><h1>Lampe Luna</h1></html>'


def review(text, author="Edda", day="2026-02-01", **more):
    return {
        "@type": "Review",
        "reviewBody": text,
        "author": {"@type": "Person", "name": author},
        "datePublished": day,
        **more,
    }


def test_json_ld_reviews_are_found_anywhere_and_aggregates_never():
    rating = {"@type": "Rating", "ratingValue": "2,5", "bestRating": "10", "worstRating": 0}
    data = {"@graph": [{"@type": ["Product", "Thing"], "name": "Lampe", "aggregateRating": {"@type": "AggregateRating", "ratingValue": 4, "reviewCount": "1.234"},
        "review": [[review("Sie flackert seit Montag.", reviewRating=rating)]]}]}  # fmt: skip
    result = page(ld(data))
    assert (result.software, result.kind, result.expected_posts) == ("schemaorg", "reviews", 1234)
    (post,) = result.posts
    assert (post.text, post.author, post.author_role) == ("Sie flackert seit Montag.", "Edda", "customer")
    assert (post.rating.value, post.rating.best, post.rating.worst, post.rating.normalised) == (2.5, 10, 0, 0.25)
    assert (post.published_at.isoformat(), post.date_precision) == ("2026-02-01T00:00:00+01:00", "day")


def test_rating_scale_defaults_to_one_to_five():
    (post,) = page(ld(review("Nicht mein Fall, leider.", reviewRating={"ratingValue": 2}))).posts
    assert (post.rating.best, post.rating.worst, post.rating.normalised) == (5, 1, 0.25)


@pytest.mark.parametrize(
    "author", ["Edda", ["Edda"], {"name": "Edda"}, [{"@type": "Person", "name": "Edda"}], {"@id": "#e"}]
)
def test_author_in_every_shape(author):
    data = [
        {"@type": "Person", "@id": "#e", "name": "Edda"},
        {"@type": "Review", "reviewBody": "Hält, was sie verspricht.", "author": author},
    ]
    assert [post.author for post in page(ld(data)).posts] == ["Edda"]


def test_placeholder_author_is_nobody():
    assert page(ld(review("Hält, was sie verspricht.", author="Verifizierte/r Käufer/in"))).posts[0].author is None


def test_text_falls_back_to_description_and_text():
    data = [
        {"@type": "Review", "reviewBody": None, "description": "Gutes warmes Licht."},
        {"@type": "Review", "reviewBody": "", "text": "Zu kurzes Kabel."},
    ]
    assert [post.text for post in page(ld(data)).posts] == ["Gutes warmes Licht.", "Zu kurzes Kabel."]


def test_fillers_are_dropped_and_counted():
    result = page(
        ld(
            [
                review("comment"),
                review("Toll", "B"),
                review("Siehe oben bitte", "C"),
                review("Siehe oben bitte", "D"),
                review("Sie brummt nachts.", "E"),
            ]
        )
    )
    assert [post.text for post in result.posts] == ["Sie brummt nachts."]
    assert any(note.startswith("review_without_text: 4 ") for note in result.notes)


def test_filler_is_replaced_by_the_visible_text_of_the_same_person_and_day():
    stated = "".join(
        f"""<div itemprop="review" itemscope itemtype="https://schema.org/Review"><meta itemprop="author" content="{name}">
        <meta itemprop="datePublished" content="2026-02-0{day} 00:00:00"><meta itemprop="description" content="comment"></div>"""
        for day, name in ((1, "Edda"), (2, "Falk"))
    )
    shown = "".join(
        f"""<blockquote><div><span class="star-rating"><i class="star"></i><i class="star"></i></span><small>{name} am {day}.2.2026</small></div>
        <p class="comment">{text}</p></blockquote>"""
        for day, name, text in ((1, "Edda", "Der Schirm hatte einen Riss."), (2, "Falk", "Kam schnell und heil an."))
    )
    html = f"""<html lang="de"><div itemscope itemtype="https://schema.org/Product"><span itemprop="aggregateRating" itemscope
    itemtype="https://schema.org/AggregateRating"></span>{stated}<div class="comments"><div class="votes">{shown}</div></div></div></html>"""
    assert [(p.author, p.text) for p in page(html).posts] == [
        ("Edda", "Der Schirm hatte einen Riss."),
        ("Falk", "Kam schnell und heil an."),
    ]


def test_unrated_comments_give_the_text_of_reviews_stated_without_one():
    stated = [review(None, "Edda"), review(None, "Falk", "2026-02-03")]
    shown = """<div id="comments"><div class="comment"><span class="username">Edda</span><span class="submitted">01.02.2026 - 10:15</span>
    <div class="content"><p>Den Schirm gibt es auch kleiner.</p></div></div><div class="comment"><span class="username">Falk</span>
    <span class="submitted">03.02.2026 - 11:00</span><div class="content"><p>Bei uns hing er schief.</p></div></div></div></html>"""
    posts = page(ld(stated).replace("</html>", shown)).posts
    assert [(post.author, post.text) for post in posts] == [
        ("Edda", "Den Schirm gibt es auch kleiner."),
        ("Falk", "Bei uns hing er schief."),
    ]


MICRODATA = """<div itemprop="review" itemscope itemtype="http://schema.org/Review"><span itemprop="author" itemscope itemtype="http://schema.org/Person">
  <span itemprop="name">Edda</span></span><time itemprop="datePublished" datetime="2026-02-01">1.2.</time>
  <span itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating"><meta itemprop="ratingValue" content="4.8"></span>
  <b itemprop="name">Fast perfekt</b><p itemprop="reviewBody">Sehr hell.<br>Nur das Kabel ist kurz.</p>{reply}</div>"""
REPLY = """<div itemprop="comment" itemscope itemtype="http://schema.org/Comment"><span itemprop="author">Laden Luna</span>
  <p itemprop="text">Danke, wir legen ein längeres Kabel nach.</p></div>"""


def test_both_syntaxes_of_one_review_are_one_post():
    html = ld(review("Sehr hell. Nur das Kabel ist kurz.")).replace("</html>", MICRODATA.format(reply="") + "</html>")
    (post,) = page(html).posts
    assert (post.author, post.title, post.rating.value) == ("Edda", "Fast perfekt", 4.8)


def test_owner_reply_is_a_staff_post_of_its_own():
    customer, staff = page(f"<html>{MICRODATA.format(reply=REPLY)}</html>").posts
    assert customer.text == "Sehr hell.\nNur das Kabel ist kurz."
    assert (staff.text, staff.author_role) == ("Danke, wir legen ein längeres Kabel nach.", "staff")
    assert customer.native_id is not None
    assert staff.parent_id == customer.native_id
    stated = review(
        "Der Dimmer summt leise.", publisherResponse={"@type": "Comment", "text": "Das tut uns leid."}, **{"@id": "#r1"}
    )
    assert [(p.native_id, p.author_role, p.parent_id) for p in page(ld(stated)).posts] == [
        ("#r1", "customer", None),
        ("#r1-reply", "staff", "#r1"),
    ]


def test_broken_script_loses_only_itself():
    html = ld(review("Hält, was sie verspricht.")).replace(
        "<h1>", '<script type="application/ld+json">{"@type": </script><h1>'
    )
    result = page(html)
    assert len(result.posts) == 1
    assert any(note.startswith("broken JSON-LD") for note in result.notes)


def test_html_in_a_stated_text_becomes_plain():
    assert page(ld(review("Gut &amp; g&uuml;nstig.<br>Aber laut."))).posts[0].text == "Gut & günstig.\nAber laut."


def test_visible_widget_is_read_where_markup_is_silent():
    html = """<html lang="de"><div class="jdgm-rev" data-review-id="r-7"><span class="jdgm-rev__rating" data-score="2"></span>
    <span class="jdgm-rev__timestamp" data-content="2026-02-01 09:40:20 UTC"></span><span class="jdgm-rev__author">F.</span>
    <b class="jdgm-rev__title">Geht so</b><div class="jdgm-rev__body"><p>Der Stecker wackelt.</p></div>
    <div class="jdgm-rev__reply"><p>Wir melden uns.</p></div></div></html>"""
    customer, staff = page(html).posts
    assert (customer.native_id, customer.text, customer.title, customer.rating.value) == (
        "r-7",
        "Der Stecker wackelt.",
        "Geht so",
        2,
    )
    assert (staff.text, staff.parent_id) == ("Wir melden uns.", "r-7")


def test_hreview_is_read():
    html = """<html><div class="hreview"><span class="reviewer"><span class="fn">Edda</span></span><abbr class="dtreviewed" title="2026-02-01">neulich</abbr>
    <span class="rating"><span class="value">3</span> von <span class="best">6</span></span><p class="description">Ganz ordentliche Lampe.</p></div></html>"""
    (post,) = page(html).posts
    assert (post.author, post.text, post.rating.value, post.rating.best) == ("Edda", "Ganz ordentliche Lampe.", 3, 6)


def test_next_page_is_the_list_and_not_the_next_product():
    html = ld(review("Hält, was sie verspricht."))
    listed = html.replace("<h1>", '<a rel="next" href="/lampe?page=2">Weiter</a><h1>')
    product = html.replace("<h1>", '<a class="next" rel="next" href="/stuhl">Nächstes Produkt</a><h1>')
    assert page(listed).next_page == "https://laden.example/lampe?page=2"
    assert page(product).next_page is None


@pytest.mark.parametrize(
    ("text", "value", "best", "normalised"),
    [("4,5 von 5 Sternen", 4.5, 5, 0.875), ("8/10", 8, 10, 0.7778), ("★★★★☆", 4, 5, 0.75), ("★★★★★", 5, 5, 1), ("80 %", 80, 100, 0.8),
     ("3 Sterne", 3, 5, 0.5), ("4", 4, 5, 0.75), ("☆☆☆☆☆", 0, 5, 0), ("7.5 / 10", 7.5, 10, 0.7222)],
)  # fmt: skip
def test_ratings_in_words_and_glyphs(text, value, best, normalised):
    rating = parse_rating(text)
    assert (rating.value, rating.best, rating.normalised) == (value, best, normalised)


@pytest.mark.parametrize("text", ["", "Note 1,3", "12. März 2024", "gut", "19,99 €", "9 von 5", None])
def test_what_is_no_rating_stays_none(text):
    assert parse_rating(text) is None


def test_school_grades_need_a_declared_direction():
    assert parse_rating("Note 1,0", grades=True).normalised == 1
    assert scaled(6, best=1, worst=6).normalised == 0
    assert scaled(7, best=5, worst=1) is None


def test_answer_printed_into_the_text_is_split_off():
    customer, staff = page(ld(review("Das Rad quietscht.\nAntwort des Inhabers: Bitte kommen Sie vorbei."))).posts
    assert (customer.text, staff.text, staff.author_role) == ("Das Rad quietscht.", "Bitte kommen Sie vorbei.", "staff")


def test_product_lists_give_links_and_next_page():
    marked = """<html><div itemscope itemtype="https://schema.org/Product"><a itemprop="url" href="/p/1?utm_source=x">A</a></div>
    <div itemscope itemtype="https://schema.org/Product"><a itemprop="url" href="/p/2">B</a></div>
    <nav class="pagination"><a class="next" href="?seite=2">Weiter</a></nav></html>"""
    stated = ld(
        {
            "@type": "ItemList",
            "itemListElement": [{"@type": "ListItem", "url": "/p/1"}, {"item": {"@type": "Product", "url": "/p/2"}}],
        }
    )
    for html in (marked, stated):
        result = page(html, "https://laden.example/lampen")
        assert (result.kind, result.links) == ("listing", ("https://laden.example/p/1", "https://laden.example/p/2"))
    assert page(marked, "https://laden.example/lampen").next_page == "https://laden.example/lampen?seite=2"
