"""Question pages by their microdata, and threads of software that nobody here knows."""

# ruff: noqa: E501  (samples of HTML keep the lines that servers send)

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crawlers.pages.reading import read_page

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
URL = "https://fragen.example/questions/10/wasserkocher"


def page(html, url=URL):
    return read_page(html.encode(), url=url, now=NOW)


def answer(number, name, body, *, kind="Answer", zone="", shown="2026-03-01 18:04:07Z"):
    return f"""<div id="answer-{number}" class="answer" itemprop="suggestedAnswer" itemscope itemtype="https://schema.org/{kind}">
      <div class="s-prose js-post-body" itemprop="text">{body}</div><time itemprop="dateCreated" datetime="2026-03-01T18:04:07{zone}"></time>
      <a href="/a/{number}" itemprop="url">Teilen</a><span title="{shown}" class="relativetime">1. März</span>
      <div class="user-details"><a href="/users/3/x">Letzte Bearbeiterin</a></div>
      <div class="user-details" itemprop="author" itemscope itemtype="http://schema.org/Person"><a href="/users/2/x">{name}</a><span class="d-none" itemprop="name">{name}</span></div>
      <ul><li id="comment-5" class="comment"><span class="comment-copy">Ein Kommentar dazu.</span></li></ul></div>"""


def question(answers, *, zone=""):
    return f"""<html itemscope itemtype="https://schema.org/QAPage" lang="de"><body><div itemprop="mainEntity" itemscope itemtype="https://schema.org/Question">
      <h1 itemprop="name"><a href="/questions/10/x">Wasserkocher pfeift</a></h1><time itemprop="dateCreated" datetime="2026-02-27T10:00:00{zone}" title="2026-02-27 10:00:00Z"></time>
      <div class="question" data-questionid="10" id="question"><div itemprop="text"><p>Warum pfeift er?</p><blockquote><p>Fremde Anleitung.</p></blockquote></div>
      <a href="/q/10" itemprop="url">Teilen</a><div itemprop="author" itemscope itemtype="http://schema.org/Person"><span itemprop="name">Wiebke</span></div></div>
      <span itemprop="answerCount">31</span>{answers}<div class="s-pagination"><a rel="next" href="?page=2">Weiter</a></div></div></body></html>"""


def test_question_and_answers():
    result = page(
        question(
            answer(11, "Hinnerk", "<p>Kalk!</p><pre><code>x=1</code></pre>") + answer(12, "Gast", "<p>Essig hilft.</p>")
        )
    )
    assert (result.software, result.kind, result.title, result.expected_posts) == (
        "questions",
        "thread",
        "Wasserkocher pfeift",
        32,
    )
    assert [(post.native_id, post.author, post.parent_id, post.text) for post in result.posts] == [
        ("question-10", "Wiebke", None, "Warum pfeift er?"),
        ("answer-11", "Hinnerk", "question-10", "Kalk!"),
        ("answer-12", None, "question-10", "Essig hilft."),
    ]
    assert result.posts[1].published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)
    assert result.posts[1].permalink == "https://fragen.example/a/11"
    assert result.next_page == f"{URL}?page=2"


@pytest.mark.parametrize(
    ("zone", "shown", "expected"),
    [
        ("", "", datetime(2026, 3, 1, 18, 4, 7, tzinfo=BERLIN)),
        ("", "2026-03-01 18:04:07Z, License: CC BY-SA 4.0", datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)),
        ("+02:00", "2026-03-01 18:04:07Z", datetime(2026, 3, 1, 16, 4, 7, tzinfo=UTC)),
    ],
)
def test_answer_times_are_utc_only_where_the_page_shows_them_so(zone, shown, expected):
    result = page(question(answer(11, "Hinnerk", "<p>Kalk setzt sich ab.</p>", zone=zone, shown=shown)))
    assert result.posts[1].published_at == expected


def test_questions_on_a_shops_page_are_not_its_reviews():
    review = """<div itemscope itemtype="https://schema.org/Product"><div itemprop="review" itemscope itemtype="https://schema.org/Review"><span itemprop="author">Wiebke</span>
      <p itemprop="reviewBody">Der Kocher ist laut, aber schnell.</p></div></div>"""
    result = page(f"<html lang='de'><body>{review}{answer(11, 'Hinnerk', '<p>Kalk setzt sich ab.</p>')}</body></html>")
    assert result.software == "schemaorg"
    assert [post.text for post in result.posts] == ["Der Kocher ist laut, aber schnell."]


def test_recorded_question():
    path = FIXTURES / "stackexchange/german.stackexchange.com.ausgeraubt.html"
    if not path.exists():
        pytest.skip("the recorded page is not beside this checkout")
    result = read_page(
        path.read_bytes(), url="https://german.example/questions/10376/x", now=datetime(2026, 11, 22, tzinfo=UTC)
    )
    assert (len(result.posts), result.expected_posts) == (7, 7)
    assert result.posts[0].published_at.isoformat() == "2014-02-06T20:37:20+00:00"
    assert [post.native_id for post in result.posts] == [
        "question-10376", "answer-10381", "answer-10378", "answer-21947", "answer-47250", "answer-10377", "answer-10380",
    ]  # fmt: skip
    assert {post.parent_id for post in result.posts[1:]} == {"question-10376"}
    assert "does not directly address" not in " ".join(post.text for post in result.posts)


# --- unknown software


def is_fallback(result):
    return result.software == "generic" and any(note.startswith("fallback: unknown software") for note in result.notes)


def test_forum_items_of_unknown_software():
    comment = """<div itemprop="comment" itemscope itemtype="https://schema.org/Comment" id="c{n}"><span itemprop="author" itemscope itemtype="https://schema.org/Person"><b itemprop="name">{name}</b></span>
      <time itemprop="dateCreated" datetime="2026-03-01T18:0{n}:07+01:00">gestern</time><div itemprop="text"><blockquote>Fremdes</blockquote>{text}</div></div>"""
    html = f"""<html lang="de"><body><h1>Rost am Tor</h1><article itemscope itemtype="https://schema.org/DiscussionForumPosting" id="thema-5">
      <span itemprop="author">Dörte</span><time itemprop="datePublished" datetime="2026-03-01T17:00:00+01:00"></time><div itemprop="articleBody">Das Tor rostet.</div>
      {comment.format(n=1, name="Fiete", text="Schleifen und lackieren.")}{comment.format(n=2, name="Anonym", text="Oder verzinken.")}</article></body></html>"""
    result = page(html, "https://tore.example/thema/5")
    assert is_fallback(result)
    assert [(post.author, post.parent_id, post.text) for post in result.posts] == [
        ("Dörte", None, "Das Tor rostet."),
        ("Fiete", "thema-5", "Schleifen und lackieren."),
        (None, "thema-5", "Oder verzinken."),
    ]
    assert result.posts[1].published_at == datetime(2026, 3, 1, 18, 1, 7, tzinfo=BERLIN)


def test_thread_in_json_ld_of_unknown_software():
    html = """<html lang="de"><body><h1>Rost</h1><script type="application/ld+json">{"@context": "https://schema.org", "@type": "DiscussionForumPosting", "text": "Das Tor rostet.",
      "author": {"@type": "Person", "name": "Dörte"}, "datePublished": "2026-03-01T17:00:07+01:00", "url": "https://tore.example/t/5",
      "comment": [{"@type": "Comment", "text": "Schleifen!", "author": {"name": "Fiete"}, "datePublished": "2026-03-01T18:00:07+01:00", "url": "https://tore.example/t/5#post-6"}]}</script></body></html>"""
    result = page(html, "https://tore.example/t/5")
    assert is_fallback(result)
    assert [(post.native_id, post.author, post.text) for post in result.posts] == [
        ("5", "Dörte", "Das Tor rostet."),
        ("6", "Fiete", "Schleifen!"),
    ]


BOX = """<div class="eintrag"><div class="kopf"><a class="nickname" href="/nutzer/{name}">{name}</a> schrieb am {date} <a href="/faden/8#post{n}">#{n}</a></div>
  <div class="entry-content"><blockquote>Zitat von jemand</blockquote>{text}</div><div class="signature">Mein Wahlspruch</div></div>"""


def boxes(count, date="01.03.2026, 19:0{n} Uhr", text="Beitrag Nummer {n} über Kacheln."):
    return "".join(
        BOX.format(n=n, name=f"Nutzer{n}", date=date.format(n=n), text=text.format(n=n)) for n in range(1, count + 1)
    )


def test_repeated_boxes_of_unknown_software():
    html = f"<html lang='de'><body><h1>Kacheln</h1><div class='liste'>{boxes(4)}</div><a class='next' href='/faden/8?seite=2'>weiter</a></body></html>"
    result = page(html, "https://kacheln.example/faden/8")
    assert is_fallback(result)
    assert [(post.native_id, post.author, post.author_role, post.text) for post in result.posts] == [
        (f"post{n}", f"Nutzer{n}", "unknown", f"Beitrag Nummer {n} über Kacheln.") for n in range(1, 5)
    ]
    assert result.posts[1].published_at == datetime(2026, 3, 1, 19, 2, tzinfo=BERLIN)
    assert result.posts[1].permalink == "https://kacheln.example/faden/8#post2"
    assert result.next_page == "https://kacheln.example/faden/8?seite=2"


@pytest.mark.parametrize("html", [boxes(2), boxes(4, date="irgendwann"), boxes(5).replace("#post", "#kapitel")])
def test_fewer_boxes_or_boxes_without_time_or_permalink_are_no_thread(html):
    result = page(f"<html lang='de'><body><h1>Kacheln</h1>{html}</body></html>", "https://kacheln.example/faden/8")
    assert (result.software, result.posts) == ("unknown", ())
