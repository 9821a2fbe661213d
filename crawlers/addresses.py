"""Which addresses the card of a feed or an API asks first. Their pagers lead on from there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

from crawlers.card import SourceCard


def first_addresses(card: SourceCard) -> list[str]:
    """The first page of each pager. A start address with a path is taken as it is, that of a host is completed."""
    if card.family == "feed":
        return list(card.start_urls)
    found: list[str] = []
    for url in card.start_urls:
        parts = urlsplit(url)
        if parts.path.strip("/"):
            found.append(url)
        else:
            found.extend(f"{parts.scheme}://{parts.netloc}{address}" for address in _asked(card))
    return found


def _asked(card: SourceCard) -> Iterator[str]:
    builders = {
        "mastodon": _mastodon,
        "bluesky": _bluesky,
        "lemmy": _lemmy,
        "app_store": _app_store,
        "youtube": _youtube,
        "reddit": _reddit,
    }
    return builders[card.family](card)


def _mastodon(card: SourceCard) -> Iterator[str]:
    for tag in card.ask.tags:
        yield f"/api/v1/timelines/tag/{quote(tag.removeprefix('#'), safe='')}?limit=40"
    if card.ask.local:
        yield "/api/v1/timelines/public?local=true&limit=40"


def _bluesky(card: SourceCard) -> Iterator[str]:
    for text in (*card.ask.queries, *(f"#{tag.removeprefix('#')}" for tag in card.ask.tags)):
        query = {"q": text, "lang": card.language, "sort": "latest", "limit": 100}
        yield f"/xrpc/app.bsky.feed.searchPosts?{urlencode(query)}"


def _lemmy(card: SourceCard) -> Iterator[str]:
    for name in card.ask.communities:
        query = urlencode({"community_name": name.removeprefix("!"), "sort": "New", "limit": 50})
        yield f"/api/v3/post/list?{query}"
        yield f"/api/v3/comment/list?{query}&type_=All&page=1"
    for text in card.ask.queries:
        for kind in ("Posts", "Comments"):
            yield f"/api/v3/search?{urlencode({'q': text, 'type_': kind, 'sort': 'New', 'limit': 50, 'page': 1})}"
    if card.ask.local:
        yield "/api/v3/post/list?type_=Local&sort=New&limit=50"
        yield "/api/v3/comment/list?type_=Local&sort=New&limit=50&page=1"


def _app_store(card: SourceCard) -> Iterator[str]:
    for country in card.ask.countries:
        for app in card.ask.apps:
            number = quote(app.removeprefix("id"), safe="")
            yield f"/{quote(country, safe='')}/rss/customerreviews/page=1/id={number}/sortby=mostrecent/xml"


def _youtube(card: SourceCard) -> Iterator[str]:
    for video in card.ask.videos:
        query = {
            "part": "snippet,replies",
            "videoId": video,
            "order": "time",
            "maxResults": 100,
            "textFormat": "plainText",
        }
        yield f"/youtube/v3/commentThreads?{urlencode(query)}"


def _reddit(card: SourceCard) -> Iterator[str]:
    for name in card.ask.communities:
        board = quote(name.removeprefix("r/"), safe="")
        yield f"/r/{board}/new?limit=100&raw_json=1"
        yield f"/r/{board}/comments?limit=100&raw_json=1"
    for text in card.ask.queries:
        yield f"/search?{urlencode({'q': text, 'sort': 'new', 'limit': 100, 'raw_json': 1})}"
