"""Forums that answer in JSON: Discourse, NodeBB, Flarum, Khoros. Answers of our own making, and recorded ones."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.pages.reading import read_page

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def page(value, url):
    return read_page(json.dumps(value).encode(), url=url, now=NOW, content_type="application/json; charset=utf-8")


def discourse_post(number, cooked, **fields):
    return {
        "id": 900 + number,
        "username": f"nutzer{number}",
        "created_at": f"2026-03-01T18:{number:02}:07.123Z",
        "cooked": cooked,
        "post_number": number,
        "post_type": 1,
        "reply_to_post_number": None,
        "topic_id": 7,
        "topic_slug": "akku-leer",
        "staff": False,
        "hidden": False,
        "deleted_at": None,
        "user_deleted": False,
        **fields,
    }


def discourse_topic(*posts, stream=None, **fields):
    ids = [post["id"] for post in posts] if stream is None else stream
    top = {"id": 7, "title": "Akku leer & Ärger", "slug": "akku-leer", "posts_count": len(ids), **fields}
    return {"post_stream": {"posts": list(posts), "stream": ids}, **top}


TOPIC = "https://forum.example/t/7.json"
QUOTE = """<aside class="quote no-group" data-username="nutzer1" data-post="1" data-topic="7">
<div class="title"><div class="quote-controls"></div><img class="avatar">nutzer1:</div>
<blockquote><p>Nach zwei Tagen war er leer.</p></blockquote></aside>"""


def test_discourse_topic_is_read_as_a_person_would():
    onebox = '<aside class="onebox allowlistedgeneric"><article><h3>Fremde Schlagzeile</h3></article></aside>'
    inline = '<a href="https://laden.example" class="inline-onebox">Fremder Titel</a>'
    spoiler = "<details><summary>Auflösung</summary><p>Es war die Sicherung.</p></details>"
    code = '<pre><code class="lang-text">ERR 17</code></pre>'
    topic = discourse_topic(
        discourse_post(1, "<p>Mein Akku ist <em>leer</em> &amp; ich bin sauer <img alt=':grr:' class='emoji'></p>"),
        discourse_post(2, f"{QUOTE}\n<p>Bei mir auch.</p>{onebox}{inline}{spoiler}{code}", reply_to_post_number=1),
        discourse_post(3, "<p>Das prüfen wir gern.</p>", staff=True, username="Petra_Service"),
    )
    result = page(topic, TOPIC)
    assert (result.software, result.kind, result.title) == ("discourse", "thread", "Akku leer & Ärger")
    assert (result.expected_posts, result.next_page, result.links) == (3, None, ())
    first, second, third = result.posts
    assert first.text == "Mein Akku ist leer & ich bin sauer"
    assert second.text == "Bei mir auch.\n\nEs war die Sicherung."
    assert (first.native_id, first.author, first.author_role) == ("901", "nutzer1", "customer")
    assert (second.parent_id, third.parent_id, third.author_role) == ("901", None, "staff")
    assert second.published_at == datetime(2026, 3, 1, 18, 2, 7, tzinfo=UTC)
    assert second.permalink == "https://forum.example/t/akku-leer/7/2"


@pytest.mark.parametrize(
    "left_out",
    [
        {"post_type": 3, "action_code": "closed.enabled"},
        {"post_type": 2},
        {"post_type": 4},
        {"hidden": True},
        {"deleted_at": "2026-03-02T08:00:00Z"},
        {"user_deleted": True},
    ],
)
def test_discourse_leaves_out_what_nobody_wrote_or_nobody_may_see(left_out):
    topic = discourse_topic(
        discourse_post(1, "<p>Es steht noch.</p>"), discourse_post(2, "<p>Weg damit.</p>", **left_out)
    )
    result = page(topic, TOPIC)
    assert [post.native_id for post in result.posts] == ["901"]
    assert any(note.startswith("left_out_post: 1 ") for note in result.notes)


def test_discourse_quote_of_another_topic_names_no_parent():
    foreign = QUOTE.replace('data-topic="7"', 'data-topic="8"')
    topic = discourse_topic(discourse_post(1, "<p>Anfang.</p>"), discourse_post(2, f"{foreign}<p>Dort stand es.</p>"))
    assert page(topic, TOPIC).posts[1].parent_id is None
    here = discourse_topic(discourse_post(1, "<p>Anfang.</p>"), discourse_post(2, f"{QUOTE}<p>Hier steht es.</p>"))
    assert page(here, TOPIC).posts[1].parent_id == "901"


def test_discourse_names_the_rest_of_the_stream_in_batches_of_twenty():
    stream = list(range(901, 901 + 50))
    result = page(discourse_topic(*(discourse_post(n, "<p>Satz.</p>") for n in range(1, 10)), stream=stream), TOPIC)
    batches = [result.next_page, *result.links]
    assert [batch.count("post_ids[]=") for batch in batches] == [20, 20, 1]
    assert batches[0].startswith("https://forum.example/t/7/posts.json?post_ids[]=910&post_ids[]=911&")
    assert batches[2] == "https://forum.example/t/7/posts.json?post_ids[]=950"
    assert result.expected_posts == 50


def test_discourse_in_a_folder_keeps_the_folder():
    result = page(
        discourse_topic(discourse_post(1, "<p>Satz.</p>"), stream=[901, 902]), "https://a.example/forum/t/7.json"
    )
    assert result.next_page == "https://a.example/forum/t/7/posts.json?post_ids[]=902"


def test_discourse_lists_lead_to_json():
    topics = [{"id": 7, "slug": "a"}, {"id": 9, "slug": "b"}, {"id": 7, "slug": "a"}, {"id": "boese/../x"}]
    listing = {"topic_list": {"topics": topics, "more_topics_url": "/c/rad/5?page=1"}}
    result = page(listing, "https://forum.example/c/rad/5.json")
    assert (result.kind, result.links) == ("listing", (TOPIC, "https://forum.example/t/9.json"))
    assert result.next_page == "https://forum.example/c/rad/5.json?page=1"
    inner = {"id": 6, "slug": "bremsen"}
    categories = {"category_list": {"categories": [{"id": 5, "slug": "rad", "subcategory_list": [inner]}]}}
    assert page(categories, "https://forum.example/categories.json").links == (
        "https://forum.example/c/rad/5.json",
        "https://forum.example/c/bremsen/6.json",
    )


def test_discourse_newest_posts_walk_back():
    posts = [discourse_post(n, "<p>Ein Satz.</p>", topic_title="Akku leer") for n in (5, 4)]
    result = page({"latest_posts": posts}, "https://forum.example/posts.json?before=999")
    assert (result.kind, result.next_page) == ("feed", "https://forum.example/posts.json?before=904")
    assert [(post.native_id, post.title) for post in result.posts] == [("905", "Akku leer"), ("904", "Akku leer")]


def test_recorded_discourse_answers():
    folder = FIXTURES / "discourse"
    if not folder.exists():
        pytest.skip("the recorded answers are not beside this checkout")

    def read(name, url):
        return read_page((folder / name).read_bytes(), url=url, now=NOW)

    topic = read("discourse_api_topic.json", "https://forum.example/t/57.json")
    # Four posts: one by the software, one that only shows a picture.
    assert [(post.native_id, post.parent_id, post.author_role) for post in topic.posts] == [
        ("83", None, "staff"),
        ("226", "83", "staff"),
    ]
    assert topic.expected_posts == 4
    assert [note.split(" ")[0] for note in topic.notes] == ["left_out_post:", "empty_post:"]
    (post,) = read("discourse_api_topic_posts.json", "https://forum.example/t/57/posts.json?post_ids[]=123456").posts
    assert (post.native_id, post.text) == ("123456", "Some text.")
    latest = read("discourse_api_latest.json", "https://forum.example/latest.json")
    assert (latest.kind, latest.links, latest.next_page) == (
        "listing",
        ("https://forum.example/t/1.json",),
        "https://forum.example/latest.json?page=1",
    )


def nodebb_post(pid, content, name="Ilse", **fields):
    user = {"uid": 4, "username": name, "displayname": name, "signature": "Meine Signatur", "selectedGroups": []}
    return {
        "pid": pid,
        "tid": 12,
        "index": pid - 30,
        "content": content,
        "timestamp": 1772388247000,
        "timestampISO": "2026-03-01T18:04:07.000Z",
        "deleted": 0,
        "user": {**user, **fields.pop("user", {})},
        **fields,
    }


def nodebb_topic(*posts, current=1, pages=1):
    following = {"page": current + 1, "active": current < pages}
    return {
        "tid": 12,
        "title": "Laden &amp; Fahren",
        "titleRaw": "Laden & Fahren",
        "slug": "12/laden-fahren",
        "postcount": 41,
        "posts": list(posts),
        "pagination": {"currentPage": current, "pageCount": pages, "next": following, "rel": []},
    }


NODEBB = "https://nodebb.example/api/topic/12"
NODEBB_QUOTE = """<p dir="auto"><a class="mention plugin-mentions-user" href="/user/ilse">@Ilse</a>
 <a href="/post/31">sagte in</a> <a href="/topic/12">Laden</a>:</p>
<blockquote><p dir="auto">Der Stecker klemmt.</p></blockquote>"""


def test_nodebb_topic_is_read_without_the_parents_words():
    parent = {"content": "<p>Der Stecker klemmt.</p>", "pid": 31, "user": {"username": "Ilse"}}
    result = page(
        nodebb_topic(
            nodebb_post(31, "<p>Der Stecker klemmt.</p>"),
            nodebb_post(32, f"{NODEBB_QUOTE}<p>Bei mir nicht.</p>", name="Gast", toPid="31", parent=parent),
            nodebb_post(33, "<p>Gelöscht.</p>", deleted=1),
            nodebb_post(34, "<p>Wir tauschen ihn.</p>", user={"selectedGroups": [{"name": "administrators"}]}),
            current=1,
            pages=3,
        ),
        f"{NODEBB}?lang=de",
    )
    assert (result.software, result.kind, result.title, result.expected_posts) == (
        "nodebb",
        "thread",
        "Laden & Fahren",
        41,
    )
    assert [(post.native_id, post.author, post.author_role, post.parent_id, post.text) for post in result.posts] == [
        ("31", "Ilse", "customer", None, "Der Stecker klemmt."),
        ("32", None, "customer", "31", "Bei mir nicht."),
        ("34", "Ilse", "staff", None, "Wir tauschen ihn."),
    ]
    assert result.posts[0].published_at == datetime(2026, 3, 1, 18, 4, 7, tzinfo=UTC)
    assert result.posts[0].permalink == "https://nodebb.example/post/31"
    assert result.next_page == f"{NODEBB}?lang=de&page=2"
    assert any(note.startswith("deleted_post: 1 ") for note in result.notes)


def test_nodebb_last_page_has_no_next():
    last = page(nodebb_topic(nodebb_post(35, "<p>Ende.</p>"), current=3, pages=3), f"{NODEBB}?page=3")
    assert last.next_page is None


def test_nodebb_lists_lead_to_json():
    listing = {
        "topics": [{"tid": 12, "slug": "12/a", "title": "A"}, {"tid": 13, "slug": "13/b", "deleted": 1}],
        "children": [{"cid": 6, "slug": "6/zubehoer"}, {"cid": 7, "slug": "7/extern", "link": "https://x.example"}],
        "pagination": {"currentPage": 1, "pageCount": 2, "next": {"page": 2, "active": True}},
        "name": "Laden",
    }
    result = page(listing, "https://nodebb.example/forum/api/category/5/laden")
    assert result.links == (
        "https://nodebb.example/forum/api/topic/12",
        "https://nodebb.example/forum/api/category/6/zubehoer",
    )
    assert (result.kind, result.next_page) == (
        "listing",
        "https://nodebb.example/forum/api/category/5/laden?page=2",
    )


def flarum_post(number, html, *, user="5", **attributes):
    return {
        "type": "posts",
        "id": str(70 + number),
        "attributes": {
            "number": number,
            "createdAt": "2026-03-01T18:04:07+00:00",
            "contentType": "comment",
            "contentHtml": html,
            **attributes,
        },
        "relationships": {
            "user": {"data": {"type": "users", "id": user}},
            "discussion": {"data": {"type": "discussions", "id": "3"}},
        },
    }


FLARUM_USERS = [
    {
        "type": "users",
        "id": "5",
        "attributes": {"username": "gerd", "displayName": "Gerd"},
        "relationships": {"groups": {"data": []}},
    },
    {
        "type": "users",
        "id": "6",
        "attributes": {"username": "wanda", "displayName": "Wanda"},
        "relationships": {"groups": {"data": [{"type": "groups", "id": "4"}]}},
    },
    {"type": "groups", "id": "4", "attributes": {"nameSingular": "Mod"}},
    {"type": "discussions", "id": "3", "attributes": {"title": "Sattel quietscht", "commentCount": 60}},
]
FLARUM = "https://flarum.example/api/posts?filter[discussion]=3&page[offset]=0&page[limit]=50"


def test_flarum_posts():
    mention = '<p><a href="/d/3/1" class="PostMention" data-id="71">Gerd</a> Öl hilft.</p>'
    posts = [
        flarum_post(1, "<p>Mein Sattel quietscht.</p>"),
        flarum_post(2, mention, user="6"),
        flarum_post(3, [], contentType="discussionRenamed"),
        flarum_post(4, "<p>Versteckt.</p>", isHidden=True),
        flarum_post(5, "<blockquote class='uncited'><div>Öl hilft.</div></blockquote><p>Danke!</p>", user="99"),
    ]
    following = "https://flarum.example/api/posts?filter%5Bdiscussion%5D=3&page%5Boffset%5D=50&page%5Blimit%5D=50"
    result = page({"data": posts, "included": FLARUM_USERS, "links": {"next": following}}, FLARUM)
    assert (result.software, result.kind, result.title, result.expected_posts, result.next_page) == (
        "flarum",
        "thread",
        "Sattel quietscht",
        60,
        following,
    )
    assert [(post.native_id, post.author, post.author_role, post.parent_id, post.text) for post in result.posts] == [
        ("71", "Gerd", "customer", None, "Mein Sattel quietscht."),
        ("72", "Wanda", "staff", "71", "Öl hilft."),
        ("75", None, "unknown", None, "Danke!"),
    ]
    assert result.posts[1].permalink == "https://flarum.example/d/3/2"


def test_flarum_discussions_lead_to_their_posts():
    listing = {
        "data": [{"type": "discussions", "id": "3", "attributes": {"title": "A", "commentCount": 2}}],
        "links": {"next": "https://flarum.example/api/discussions?page[offset]=20"},
    }
    result = page(listing, "https://flarum.example/api/discussions?sort=-lastPostedAt")
    assert (result.kind, result.links, result.next_page) == (
        "listing",
        (FLARUM,),
        "https://flarum.example/api/discussions?page[offset]=20",
    )


def test_flarum_discussion_with_its_first_posts():
    single = {
        "data": {**FLARUM_USERS[-1]},
        "included": [flarum_post(1, "<p>Mein Sattel quietscht.</p>"), *FLARUM_USERS[:-1]],
    }
    result = page(single, "https://flarum.example/api/discussions/3")
    assert ([post.text for post in result.posts], result.next_page) == (["Mein Sattel quietscht."], FLARUM)


def test_khoros_search_answer():
    def message(id, body, **fields):
        author = {"login": "Rieke", "rank": {"name": "Einsteiger"}}
        link = f"/t5/Tarife/Rechnung/m-p/{id}"
        fixed = {"type": "message", "id": str(id), "subject": "Rechnung &amp; Tarif", "view_href": link}
        return {**fixed, "body": body, "post_time": "2026-03-01T18:04:07.000+01:00", "author": author, **fields}

    team = {"login": "Bernd", "rank": {"name": "Mitarbeiter"}}
    items = [
        message(1, "<P>Die Rechnung ist falsch.</P>"),
        message(
            2,
            "<BLOCKQUOTE><HR/>Rieke schrieb:<BR/>Die Rechnung ist falsch.</BLOCKQUOTE><P>Ich prüfe das.</P>",
            author=team,
        ),
    ]
    url = "https://community.example/api/2.0/search?q=SELECT%20id%20FROM%20messages%20LIMIT%202%20OFFSET%204"
    result = page(
        {"status": "success", "data": {"type": "messages", "list_item_type": "message", "size": 2, "items": items}}, url
    )
    assert (result.software, result.kind) == ("khoros", "feed")
    assert [(post.native_id, post.author_role, post.text) for post in result.posts] == [
        ("1", "customer", "Die Rechnung ist falsch."),
        ("2", "staff", "Ich prüfe das."),
    ]
    assert result.posts[0].title == "Rechnung & Tarif"
    assert result.posts[0].permalink == "https://community.example/t5/Tarife/Rechnung/m-p/1"
    assert result.next_page.endswith("LIMIT+2+OFFSET+6")


@pytest.mark.parametrize(
    "hostile",
    [
        {"post_stream": {"posts": [None, 3, {"cooked": 5, "id": True}], "stream": ["x", None, True]}, "id": {}},
        {"post_stream": {}, "title": ["x"]},
        {"topic_list": {"topics": 7, "more_topics_url": "//evil.example/x"}},
        {"latest_posts": [{"id": -1, "cooked": "\ud800"}]},
        {"category_list": {"categories": [{"id": 1, "subcategory_list": [{"id": 2, "subcategory_list": {}}]}]}},
        {"tid": 1, "posts": [{"pid": [], "user": 4, "content": "<p>x y</p>"}], "pagination": 4},
        {"topics": [{"tid": {}}], "pagination": {"currentPage": "x", "pageCount": [], "next": 3}},
        {
            "data": [{"type": "posts", "id": 1, "attributes": {"contentType": "comment", "contentHtml": "<p>ok"}}],
            "included": 3,
        },
        {"data": {"type": "discussions", "id": 1, "attributes": {"slug": "x"}, "relationships": {"posts": 1}}},
        {"data": {"items": [{"type": "message", "body": "<b>ok", "author": [], "post_time": 12}]}},
    ],
)
def test_broken_answers_are_survived(hostile):
    body = json.dumps(hostile).encode()
    result = read_page(body, url="https://forum.example/x", now=NOW)
    assert result.software in {"discourse", "nodebb", "flarum", "khoros"}
    result.model_dump_json()
    assert result.next_page is None or "evil" not in result.next_page
