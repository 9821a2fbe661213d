"""Answers of APIs as posts: own words, people left out who asked for it, next pages; recorded answers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.pages.reading import read_page

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
TAG = "https://sozial.example/api/v1/timelines/tag/kornblume?limit=40"


def read(value, url, **more):
    return read_page(json.dumps(value).encode(), url=url, now=NOW, content_type="application/json", **more)


def noted(page, code):
    return [note for note in page.notes if note.startswith(f"{code}:")]


# --- Mastodon


def status(number=100, **changes):
    account = {
        "id": "7", "acct": "hedda", "display_name": "Hedda", "note": "<p>Garten</p>", "bot": False, "noindex": False,
        "indexable": True, "fields": [],
    }  # fmt: skip
    account |= changes.pop("account", {})
    return {
        "id": str(number), "uri": f"https://sozial.example/users/hedda/statuses/{number}",
        "url": f"https://sozial.example/@hedda/{number}", "created_at": "2026-03-01T18:04:05.123Z", "language": "de",
        "visibility": "public", "reblog": None, "in_reply_to_id": None, "spoiler_text": "", "account": account,
        "content": "<p>Die Kiste von <a href='https://sozial.example/tags/kornblume' class='mention hashtag'>#"
        "<span>Kornblume</span></a> kam zu spät.<br>Schade!</p>",
    } | changes  # fmt: skip


def test_mastodon_status():
    page = read([status(), status(101, in_reply_to_id="100")], TAG)
    assert (page.software, page.kind) == ("mastodon", "feed")
    first, reply = page.posts
    assert (first.author, first.text) == ("hedda@sozial.example", "Die Kiste von #Kornblume kam zu spät.\nSchade!")
    assert first.published_at == datetime(2026, 3, 1, 18, 4, 5, tzinfo=UTC)
    assert reply.parent_id == first.native_id
    assert page.next_page == f"{TAG}&max_id=101"


def test_mastodon_addresses_tell_no_name():
    page = read(
        [status(), status(1, uri="https://anders.example/notes/9x", url="https://anders.example/notes/9x")], TAG
    )
    assert [post.native_id for post in page.posts] == [
        "https://sozial.example/statuses/100",
        "https://anders.example/notes/9x",
    ]
    assert [post.permalink for post in page.posts] == [post.native_id for post in page.posts]


def test_mastodon_quotes_and_mentions_are_no_own_words():
    content = (
        '<p class="quote-inline">RE: <a href="https://sozial.example/@ole/3">https://sozial.example/@ole/3</a></p>'
        '<p><span class="h-card"><a href="https://sozial.example/@ole" class="u-url mention">@<span>ole</span></a>'
        "</span>"
        ' Stimmt, Kornblume war <a href="https://lang.example/a/b"><span class="invisible">https://</span>'
        '<span class="ellipsis">lang.example/a</span><span class="invisible">/b</span></a></p>'
    )
    (post,) = read([status(content=content)], TAG).posts
    assert post.text == "Stimmt, Kornblume war lang.example/a"


KEPT_BACK = {
    "reblog": {"reblog": {"id": "1"}},
    "not_public": {"visibility": "unlisted"},
    "bot": {"account": {"bot": True}},
    "noindex": {"account": {"indexable": False}},
    "nobot": {"account": {"note": "<p>Bitte <a class='hashtag'>#<span>NoBot</span></a></p>"}},
    "limited": {"account": {"limited": True}},
}


@pytest.mark.parametrize("reason", KEPT_BACK)
def test_mastodon_wishes_are_honoured(reason):
    page = read([status(**KEPT_BACK[reason])], TAG)
    assert page.posts == ()
    assert noted(page, "withheld_post") == [f"withheld_post: 1 that their authors or the server keep back ({reason} 1)"]


def test_mastodon_noindex_of_the_server_and_in_the_fields():
    assert read([status(account={"noindex": True})], TAG).posts == ()
    assert read([status(account={"fields": [{"name": "x", "value": "#noindex"}]})], TAG).posts == ()
    assert len(read([status(account={"indexable": None, "note": "kein Bot, nobot ohne Raute"})], TAG).posts) == 1


def test_mastodon_paging_by_header_and_its_end():
    header = f'<{TAG}&max_id=55>; rel="next", <{TAG}&min_id=99>; rel="prev"'
    assert read([status()], TAG, link_header=header).next_page == f"{TAG}&max_id=55"
    assert read([], TAG).next_page is None
    assert read([], TAG).software == "mastodon"
    assert read([status()], TAG, link_header='<https://fremd.example/?max_id=5>; rel="next"').next_page is None


@pytest.mark.skipif(not FIXTURES.exists(), reason="recorded answers lie outside the repository")
def test_recorded_mastodon_timeline():
    from ruamel.yaml import YAML

    path = FIXTURES / "mastodon" / "mastodonpy_test_hashtag_tl.yaml"
    cassette = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    answers = [entry for entry in cassette["interactions"] if "/timelines/tag" in entry["request"]["uri"]]
    assert answers
    for entry in answers:
        link = (entry["response"]["headers"].get("link") or [None])[0]
        body = entry["response"]["body"]["string"]
        page = read_page(body.encode(), url=entry["request"]["uri"], now=NOW + timedelta(days=365), link_header=link)
        public = [s for s in json.loads(body) if s["visibility"] == "public" and s["account"]["indexable"]]
        assert (page.software, len(page.posts)) == ("mastodon", len(public))
        assert all("#hoot" in post.text for post in page.posts)


# --- Bluesky

SEARCH = "https://pds.example/xrpc/app.bsky.feed.searchPosts?q=Kornblume&limit=100&cursor=1"


def view(key="3kabc", **changes):
    author = {"did": "did:plc:abc", "handle": "hedda.bsky.example", "labels": []} | changes.pop("author", {})
    return {
        "uri": f"at://did:plc:abc/app.bsky.feed.post/{key}", "cid": "x", "author": author, "labels": [],
        "record": {"text": "Kornblume kam zu spät.", "createdAt": "2026-03-01T18:04:05.123Z", "langs": ["de"]},
        "indexedAt": "2026-03-01T18:04:06Z",
    } | changes  # fmt: skip


def test_bluesky_posts_and_cursor():
    answer = {
        "posts": [
            view(),
            view("3kdef", author={"labels": [{"val": "!no-unauthenticated"}]}),
            view("3kghi", labels=[{"val": "!hide"}]),
            view("3kjkl", labels=[{"val": "!hide", "neg": True}]),
        ],
        "cursor": "101",
    }
    page = read(answer, SEARCH)
    assert (page.software, page.kind) == ("bluesky", "feed")
    assert [post.native_id[-5:] for post in page.posts] == ["3kabc", "3kjkl"]
    assert page.posts[0].permalink == "https://bsky.app/profile/did:plc:abc/post/3kabc"
    assert page.posts[0].author == "hedda.bsky.example"
    assert noted(page, "withheld_post") == [
        "withheld_post: 2 that their authors or the server keep back (hidden 1, members_only 1)"
    ]
    assert page.next_page == "https://pds.example/xrpc/app.bsky.feed.searchPosts?q=Kornblume&limit=100&cursor=101"
    assert read({"posts": []}, SEARCH).next_page is None


@pytest.mark.skipif(not FIXTURES.exists(), reason="recorded answers lie outside the repository")
def test_recorded_bluesky_thread_has_no_own_words():
    body = (FIXTURES / "bluesky" / "atproto_thread_view_post_with_embed_media.json").read_bytes()
    page = read_page(body, url="https://pds.example/xrpc/app.bsky.feed.getPostThread?uri=at", now=NOW)
    assert (page.software, page.kind, page.posts) == ("bluesky", "thread", ())
    assert noted(page, "empty_post")


# --- Lemmy


def lemmy(kind, number, **changes):
    creator = {"name": "hedda", "actor_id": "https://lemmy.example/u/hedda", "bot_account": False, "bio": ""}
    creator |= changes.pop("creator", {})
    own = {"id": number, "ap_id": f"https://lemmy.example/{kind}/{number}", "published": "2026-03-01T18:04:05.123456"}
    own |= {"deleted": False, "removed": False} | changes.pop("own", {})
    parts = {"post": {"ap_id": "https://lemmy.example/post/1"}, "creator": creator}
    return parts | {kind: own} | changes


def test_lemmy_posts_and_comments():
    url = "https://lemmy.example/api/v3/search?q=Kornblume&type_=All&limit=2&page=1"
    posts = [lemmy("post", 1, own={"name": "Kornblume?", "body": "Kam *nie* an.\n\n> Zitat\n\nUnd ihr?"})]
    comments = [
        lemmy("comment", 5, own={"content": "Bei mir auch.", "path": "0.5", "published": "2026-03-01T18:05:00Z"}),
        lemmy("comment", 6, own={"content": "Oje.", "path": "0.5.6"}, creator={"name": "ole"}),
        lemmy("comment", 7, own={"content": "x", "removed": True}),
        lemmy("comment", 8, own={"content": "x"}, creator={"bot_account": True}),
    ]
    page = read({"type_": "All", "posts": posts, "comments": comments, "users": []}, url)
    assert page.software == "lemmy"
    assert [(p.native_id.rpartition("/")[2], p.author, p.title, p.text, p.parent_id) for p in page.posts] == [
        ("1", "hedda@lemmy.example", "Kornblume?", "Kam *nie* an.\n\nUnd ihr?", None),
        ("5", "hedda@lemmy.example", None, "Bei mir auch.", "https://lemmy.example/post/1"),
        ("6", "ole@lemmy.example", None, "Oje.", "https://lemmy.example/comment/5"),
    ]
    assert {post.published_at.utcoffset() for post in page.posts} == {timedelta(0)}
    assert noted(page, "withheld_post")[0].startswith("withheld_post: 2 ")
    assert page.next_page == url.replace("page=1", "page=2")


def test_lemmy_cursor():
    url = "https://lemmy.example/api/v3/post/list?sort=New&limit=50"
    page = read({"posts": [lemmy("post", 1, own={"name": "Nur Titel"})], "next_page": "Pa1"}, url)
    assert page.next_page == f"{url}&page_cursor=Pa1"
    assert [(post.title, post.text) for post in page.posts] == [(None, "Nur Titel")]


# --- YouTube

THREADS = "https://www.googleapis.com/youtube/v3/commentThreads?videoId=v1&textFormat=plainText"


def comment(id, text, channel="leser", **changes):
    return {
        "id": id,
        "snippet": {
            "textDisplay": text, "textOriginal": text, "authorDisplayName": f"@{channel}", "videoId": "v1",
            "authorChannelId": {"value": channel}, "publishedAt": "2026-03-01T18:04:05Z", "likeCount": 2,
        } | changes,
    }  # fmt: skip


def test_youtube_threads():
    thread = {
        "kind": "youtube#commentThread",
        "id": "t1",
        "snippet": {
            "channelId": "marke",
            "topLevelComment": comment("t1", "Kornblume <3 & mehr"),
            "totalReplyCount": 3,
        },
        "replies": {"comments": [comment("t1.r1", "Danke!", "marke", parentId="t1")]},
    }
    answer = {"kind": "youtube#commentThreadListResponse", "nextPageToken": "Q=", "items": [thread]}
    page = read(answer, THREADS)
    assert (page.software, page.kind) == ("youtube", "comments")
    assert [(p.native_id, p.author_role, p.text, p.parent_id) for p in page.posts] == [
        ("t1", "customer", "Kornblume <3 & mehr", None),
        ("t1.r1", "staff", "Danke!", "t1"),
    ]
    assert page.posts[0].permalink == "https://www.youtube.com/watch?v=v1&lc=t1"
    assert page.next_page == f"{THREADS}&pageToken=Q%3D"
    assert noted(page, "more_replies")


# --- Reddit


def test_reddit_listing():
    def child(kind, name, **data):
        base = {
            "name": name,
            "author": "hedda",
            "created_utc": 1772384645.0,
            "permalink": f"/r/kiste/comments/{name}/x/",
        }
        return {"kind": kind, "data": base | data}

    children = [
        child("t3", "t3_a", title="Kornblume &amp; Co", selftext="Kam zu spät."),
        child("t3", "t3_b", title="Nur Titel", selftext=""),
        child("t1", "t1_c", body="> Zitat\n\nStimmt.", parent_id="t3_a", distinguished="moderator"),
        child("t1", "t1_d", body="[removed]"),
        child("t3", "t3_e", author="[deleted]", title="x"),
        child("t1", "t1_f", author="AutoModerator", body="Regeln"),
        {"kind": "more", "data": {}},
    ]
    url = "https://oauth.reddit.com/r/kiste/new?limit=100"
    page = read({"kind": "Listing", "data": {"after": "t3_e", "children": children}}, url)
    assert [(p.native_id, p.author_role, p.title, p.text, p.parent_id) for p in page.posts] == [
        ("t3_a", "unknown", "Kornblume & Co", "Kam zu spät.", None),
        ("t3_b", "unknown", None, "Nur Titel", None),
        ("t1_c", "staff", None, "Stimmt.", "t3_a"),
    ]
    assert page.posts[0].permalink == "https://www.reddit.com/r/kiste/comments/t3_a/x/"
    assert page.next_page == f"{url}&after=t3_e"
    assert noted(page, "withheld_post") == [
        "withheld_post: 3 that their authors or the server keep back (bot 1, withdrawn 2)"
    ]


ODD = (
    [{"account": {}, "uri": 5, "visibility": "public"}],
    [{"account": {"acct": None, "fields": 3}, "uri": None, "visibility": "public", "content": 7}],
    {"posts": [{"uri": "at://x/app.bsky.feed.post/y", "record": {"labels": 3, "reply": []}, "author": 5}]},
    {"comments": [{"comment": {"ap_id": None, "path": 3}, "creator": {"name": None}}]},
    {"kind": "youtube#commentThreadListResponse", "items": [{"snippet": {"topLevelComment": 5}}, 3, {"id": 1}]},
    {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {"name": 3, "created_utc": "x"}}], "after": 5}},
    {"kind": "Listing", "data": None},
    {"thread": {"post": None, "replies": 7}},
)


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_odd_answers_end_in_a_page(value):
    for url in (TAG, SEARCH, THREADS, "https://lemmy.example/api/v3/comment/list?page=1&limit=1"):
        assert read(value, url).kind
