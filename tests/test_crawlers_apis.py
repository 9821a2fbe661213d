"""API sources by whole runs against loopback servers that behave like the APIs."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from crawling import FIRST, Parts, assert_adds_up, card_for, sentence
from website import Answer, serving

from crawlers.addresses import first_addresses
from crawlers.card import SourceCard
from crawlers.gate.patience import asked_pause
from index.store import StoreError

JSON = "application/json; charset=utf-8"


@pytest.fixture
def parts(tmp_path):
    with Parts(tmp_path) as opened:
        yield opened


def api_card(site, family, **changes):
    values = {"start_urls": [site.url], "family": family, "channel": "social", "basis": "api_terms"}
    checked = {"evidence": "Bedingungen gelesen", "checked_on": datetime.now(UTC).date(), "checked_by": "K. Muster"}
    return card_for(site.url, **(values | checked | changes))


def query(path):
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


# --- Mastodon


class Mastodon:
    """A hashtag timeline, newest first, with the Link header of Mastodon."""

    def __init__(self, site, count):
        self.site = site
        self.numbers = list(range(1, count + 1))
        self.size = 3
        self.accounts = {}

    def __call__(self, path):
        below = int(query(path).get("max_id", 10**9))
        shown = [n for n in sorted(self.numbers, reverse=True) if n < below][: self.size]
        links = {}
        if shown:
            base = self.site.url + urlsplit(path).path + "?limit=40"
            links = {"Link": f'<{base}&max_id={shown[-1]}>; rel="next", <{base}&min_id={shown[0]}>; rel="prev"'}
        return Answer(json.dumps([self.status(n) for n in shown]), content_type=JSON, headers=links)

    def status(self, number):
        account = {"acct": "gerda_holtkamp", "display_name": "Gerda Holtkamp", "note": "", "bot": False, "fields": []}
        return {
            "id": str(number), "uri": f"{self.site.url}/users/gerda_holtkamp/statuses/{number}",
            "url": f"{self.site.url}/@gerda_holtkamp/{number}", "visibility": "public", "reblog": None,
            "created_at": (FIRST + timedelta(hours=number)).isoformat(),
            "content": f"<p>{sentence(number, 3)}</p>", "account": account | self.accounts.get(number, {}),
        }  # fmt: skip


TAG = "/api/v1/timelines/tag/kornblume"


def test_mastodon_timeline_is_read_to_its_end_and_then_only_what_is_new(parts, tmp_path):
    with serving() as site:
        server = site.pages[TAG] = Mastodon(site, 7)
        server.accounts = {2: {"indexable": False}, 5: {"bot": True}}
        card = api_card(site, "mastodon", ask={"tags": ["#kornblume"]})
        (first,) = parts.crawl(card)
        assert first.record["fates"] == {"stored": 5, "dropped/withheld": 2}
        assert first.outcome == "done"
        asked = len(site.paths)
        server.numbers += [8, 9]
        (second,) = parts.crawl(card)
        assert second.record["fates"]["stored"] == 2
        assert len(site.paths) - asked == 2
    assert_adds_up([first.record, second.record])
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).lower()
    assert b"holtkamp" not in everything
    assert {mention.url.rpartition("/")[0] for mention in parts.mentions()} == {f"{site.url}/statuses"}


def test_rate_limit_is_waited_for_and_a_closed_timeline_is_a_failed_run(parts):
    with serving() as site:
        site.pages[TAG] = Mastodon(site, 2)
        path = f"{TAG}?limit=40"
        site.faults[path] = [Answer("{}", status=429, content_type=JSON, headers={"Retry-After": "1"})]
        card = api_card(site, "mastodon", ask={"tags": ["kornblume"]})
        (run,) = parts.crawl(card)
        assert run.record["fates"] == {"stored": 2}
        times = [request.at for request in site.asked if request.path == path]
        assert times[1] - times[0] >= 0.9
        site.pages[TAG] = Answer('{"error": "This method requires an authenticated user"}', 401, JSON)
        (closed,) = parts.crawl(card)
    assert (closed.outcome, closed.record["pages"]) == ("failed", {"failed/http_401": 1})


def test_interrupted_run_goes_on_at_its_cursor(parts):
    class Full:
        def __init__(self, store):
            self.store = store

        def __getattr__(self, name):
            return getattr(self.store, name)

        def upsert(self, mentions):
            raise StoreError("Der Speicher ist voll.")

    with serving() as site:
        site.pages[TAG] = Mastodon(site, 24)
        site.delay = 0.1
        card = api_card(site, "mastodon", ask={"tags": ["kornblume"]})
        real, parts.store = parts.store, Full(parts.store)
        (first,) = parts.crawl(card)
        assert first.outcome == "interrupted"
        parts.store = real
        (second,) = parts.crawl(card)
        asked = [path for path in site.paths if path.startswith(TAG)]
    assert (second.record["id"], second.record["resumed"], second.outcome) == (first.record["id"], 1, "done")
    assert second.record["yielded"] == len(parts.mentions()) == 24
    assert len(asked) == len(set(asked)) == 9


def test_robots_and_reservations_hold_for_apis(parts):
    with serving() as site:
        site.pages[TAG] = Mastodon(site, 2)
        site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /api/\n", content_type="text/plain")
        (run,) = parts.crawl(api_card(site, "mastodon", ask={"tags": ["kornblume"]}))
        assert not [path for path in site.paths if path.startswith("/api")]
    assert run.record["pages"] == {"reserved/robots_txt": 1}
    assert parts.mentions() == []


NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "2026-03-09T12:02:00.5Z"}, 120.5),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 30)}, 30),
        ({"X-Ratelimit-Reset": "45.0"}, 45),
        ({"X-RateLimit-Reset": "2026-03-09T11:00:00Z"}, 0),
        ({"Retry-After": "7", "RateLimit-Reset": "300"}, 7),
        ({"X-RateLimit-Reset": "bald"}, None),
        ({}, None),
    ],
)
def test_ends_of_rate_limit_windows(headers, seconds):
    from scrapy.http import Response

    assert asked_pause(Response("https://a.example", status=429, headers=headers), now=NOW) == seconds
    if "Retry-After" not in headers:
        assert asked_pause(Response("https://a.example", status=503, headers=headers), now=NOW) is None


# --- Bluesky

LOGIN = "/xrpc/com.atproto.server.createSession"
SEARCH = "/xrpc/app.bsky.feed.searchPosts"
ACCOUNT = {"BRANDMELDER_BLUESKY_HANDLE": "marke.example", "BRANDMELDER_BLUESKY_APP_PASSWORD": "abcd-geheim"}


def bluesky(site, refuse=False):
    def login(path):
        sent = json.loads(site.posted[-1][1])
        if refuse or sent != {"identifier": "marke.example", "password": "abcd-geheim"}:
            return Answer('{"error": "AuthenticationRequired"}', 401, JSON)
        return Answer(json.dumps({"accessJwt": "token-1", "refreshJwt": "r", "did": "did:plc:m"}), content_type=JSON)

    def search(path):
        if site.asked[-1].headers.get("Authorization") != "Bearer token-1":
            return Answer('{"error": "AuthMissing"}', 401, JSON)
        start = int(query(path).get("cursor", 0))
        posts = [
            {
                "uri": f"at://did:plc:u/app.bsky.feed.post/k{n}",
                "author": {"did": "did:plc:u", "handle": "ole.example"},
                "record": {"text": sentence(n, 4), "createdAt": (FIRST - timedelta(hours=n)).isoformat()},
            }
            for n in range(start, start + 2)
        ]  # fmt: skip
        more = {"cursor": str(start + 2)} if start < 2 else {}
        return Answer(json.dumps({"posts": posts} | more), content_type=JSON)

    site.pages |= {LOGIN: login, SEARCH: search}


def test_bluesky_logs_in_once_and_follows_the_cursor(parts, tmp_path, caplog):
    with serving() as site:
        bluesky(site)
        card = api_card(site, "bluesky", ask={"queries": ["Kornblume"]})
        (run,) = parts.crawl(card, keys=ACCOUNT)
        assert run.record["fates"] == {"stored": 4}
        assert len(site.posted) == 1
        asked = [query(path) for path in site.paths if path.startswith(SEARCH)]
        assert asked[0] == {"q": "Kornblume", "lang": "de", "sort": "latest", "limit": "100"}
        assert asked[1]["cursor"] == "2"
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + caplog.text.encode()
    for secret in (b"abcd-geheim", b"token-1", b"ole.example"):
        assert secret not in everything


def test_refused_login_is_tried_once(parts):
    with serving() as site:
        bluesky(site, refuse=True)
        card = api_card(site, "bluesky", ask={"queries": ["Kornblume", "Kiste"]})
        (run,) = parts.crawl(card, keys=ACCOUNT)
        assert len(site.posted) == 1
        assert not [path for path in site.paths if path.startswith(SEARCH)]
    assert (run.outcome, run.record["pages"]) == ("failed", {"failed/login": 2})
    assert run.record["notes"][0]["message"] == "login: HTTP 401"


# --- keys


@pytest.mark.parametrize(
    ("family", "missing"),
    [
        ("bluesky", "BRANDMELDER_BLUESKY_HANDLE, BRANDMELDER_BLUESKY_APP_PASSWORD"),
        ("youtube", "BRANDMELDER_YOUTUBE_KEY"),
        ("reddit", "BRANDMELDER_REDDIT_CLIENT_ID, BRANDMELDER_REDDIT_CLIENT_SECRET"),
    ],
)
def test_without_its_key_a_source_says_what_is_missing_and_asks_nothing(parts, family, missing):
    with serving() as site:
        card = api_card(site, family, ask={"queries": ["x"], "videos": ["v"]})
        (run,) = parts.crawl(card)
        assert site.asked == []
    assert run.outcome == "refused"
    assert missing in run.reason
    assert parts.ledger.runs()[0]["reason"] == run.reason


def test_a_card_that_asks_for_nothing_is_refused(parts):
    with serving() as site:
        (run,) = parts.crawl(api_card(site, "mastodon"))
        assert site.asked == []
    assert "ask" in run.reason


def test_keys_go_to_no_other_host(parts):
    keys = {"BRANDMELDER_YOUTUBE_KEY": "k"}
    values = {
        "allow_private": False,
        "delay": 2,
        "enabled": True,
        "ask": {"videos": ["v"]},
        "start_urls": ["https://a.example"],
    }
    with serving() as site:
        (run,) = parts.crawl(api_card(site, "youtube", **values), keys=keys, contact="wir@marke.example")
    assert (run.outcome, "www.googleapis.com" in run.reason) == ("refused", True)


def test_youtube_key_goes_into_a_header_and_never_into_an_address(parts):
    def threads(path):
        if site.asked[-1].headers.get("X-Goog-Api-Key") != "geheim-7":
            return Answer('{"error": {"code": 403}}', 403, JSON)
        snippet = {
            "textOriginal": sentence(1, 5), "authorDisplayName": "@leserin", "videoId": "v1",
            "publishedAt": FIRST.isoformat(), "authorChannelId": {"value": "c"},
        }  # fmt: skip
        top = {"id": "t1", "snippet": snippet}
        item = {"id": "t1", "snippet": {"channelId": "marke", "topLevelComment": top, "totalReplyCount": 0}}
        return Answer(json.dumps({"kind": "youtube#commentThreadListResponse", "items": [item]}), content_type=JSON)

    with serving({"/youtube/v3/commentThreads": threads}) as site:
        card = api_card(site, "youtube", ask={"videos": ["v1"]}, retention_days=365)
        (run,) = parts.crawl(card, keys={"BRANDMELDER_YOUTUBE_KEY": "geheim-7"})
        assert not [path for path in site.paths if "geheim" in path]
    assert run.record["fates"] == {"stored": 1}
    (mention,) = parts.mentions()
    assert mention.expires_at - mention.crawled_at == timedelta(days=30)
    assert mention.author_role == "customer"


def test_reddit_with_an_own_app(parts):
    def token(path):
        sent = site.asked[-1].headers.get("Authorization")
        fine = sent == "Basic " + base64.b64encode(b"app:geheim").decode()
        return Answer(json.dumps({"access_token": "t9"} if fine else {"error": 401}), 200 if fine else 401, JSON)

    def listing(path):
        if site.asked[-1].headers.get("Authorization") != "Bearer t9":
            return Answer("{}", 403, JSON)
        data = {"name": "t3_a", "author": "ole", "title": "Kiste", "selftext": sentence(2, 6), "permalink": "/r/x/a/"}
        child = {"kind": "t3", "data": data | {"created_utc": FIRST.timestamp()}}
        return Answer(json.dumps({"kind": "Listing", "data": {"after": None, "children": [child]}}), content_type=JSON)

    keys = {"BRANDMELDER_REDDIT_CLIENT_ID": "app", "BRANDMELDER_REDDIT_CLIENT_SECRET": "geheim"}
    with serving({"/api/v1/access_token": token, "/search": listing}) as site:
        (run,) = parts.crawl(api_card(site, "reddit", ask={"queries": ["Kornblume"]}), keys=keys)
    assert run.record["fates"] == {"stored": 1}
    assert site.posted == [("/api/v1/access_token", b"grant_type=client_credentials")]


# --- App Store and Lemmy

ENTRY = """<entry><updated>{at}</updated><id>{n}</id><title>Titel</title><content type="text">{text}</content>
<im:rating>{stars}</im:rating><author><name>Nutzer {n}</name></author></entry>"""


def test_app_store_pages_until_one_is_empty(parts):
    def reviews(path):
        page = int(path.partition("/page=")[2].partition("/")[0])
        numbers = range(page * 10, page * 10 + 2) if page <= 2 else ()
        entries = "".join(
            ENTRY.format(n=n, at=(FIRST - timedelta(hours=n)).isoformat(), text=sentence(n, 7), stars=n % 5 + 1)
            for n in numbers
        )
        feed = f'<feed xmlns:im="http://itunes.apple.com/rss" xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
        return Answer(feed, content_type="text/xml; charset=utf-8")

    with serving() as site:
        site.fallback = lambda path: reviews(path) if "customerreviews" in path else Answer("", status=404)
        (run,) = parts.crawl(api_card(site, "app_store", channel="app_store", ask={"apps": ["id123"]}))
        path = "/de/rss/customerreviews/page={}/id=123/sortby=mostrecent/xml"
        assert [p for p in site.paths if "rss" in p] == [path.format(n) for n in (1, 2, 3)]
    assert run.record["fates"] == {"stored": 4}
    assert {mention.rating.best for mention in parts.mentions()} == {5}


def test_lemmy_comments_by_page(parts):
    def comments(path):
        page = int(query(path)["page"])
        count = 50 if page == 1 else 1
        views = [
            {
                "comment": {
                    "id": page * 100 + n, "ap_id": f"{site.url}/comment/{page * 100 + n}", "path": "0.1",
                    "content": sentence(page * 100 + n, 8), "deleted": False, "removed": False,
                    "published": (FIRST - timedelta(hours=page * 100 + n)).isoformat(),
                },
                "creator": {"name": "ole", "actor_id": f"{site.url}/u/ole", "bot_account": False},
                "post": {"ap_id": f"{site.url}/post/1"},
            }
            for n in range(count)
        ]  # fmt: skip
        return Answer(json.dumps({"comments": views}), content_type=JSON)

    with serving({"/api/v3/comment/list": comments, "/api/v3/post/list": Answer('{"posts": []}', 200, JSON)}) as site:
        (run,) = parts.crawl(api_card(site, "lemmy", ask={"local": True}))
    assert run.record["yielded"] == 51
    assert run.record["pages"] == {"read": 3}


# --- cards


def test_addresses_of_each_family():
    ask = {"tags": ["Öko Kiste"], "queries": ["a b"], "communities": ["r/kiste"], "apps": ["1"], "videos": ["v"]}
    common = {"name": "x", "channel": "social", "ask": ask}

    def built(family, url):
        return first_addresses(SourceCard.model_validate(common | {"family": family, "start_urls": [url]}))

    assert built("mastodon", "https://m.example/") == [
        "https://m.example/api/v1/timelines/tag/%C3%96ko%20Kiste?limit=40"
    ]
    assert built("reddit", "https://oauth.reddit.com")[0] == "https://oauth.reddit.com/r/kiste/new?limit=100&raw_json=1"
    assert built("bluesky", "https://p.example")[0].startswith(
        "https://p.example/xrpc/app.bsky.feed.searchPosts?q=a+b&"
    )
    assert len(built("youtube", "https://www.googleapis.com/")) == 1
    assert built("mastodon", "https://m.example/api/v1/timelines/public?local=true") == [
        "https://m.example/api/v1/timelines/public?local=true"
    ]


def test_app_store_is_asked_slowly():
    values = {"name": "x", "channel": "app_store", "family": "app_store", "start_urls": ["https://itunes.apple.com"]}
    assert SourceCard.model_validate(values).pause == 3
    assert SourceCard.model_validate(values | {"delay": 9}).pause == 9
