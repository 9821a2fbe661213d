"""Where the JSON of a page for people lies: a spider reads one of the two, never both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from crawlers.pages import discourse_json, jsonapi, nodebb_json
from crawlers.pages.document import Document, Element
from crawlers.pages.page import Page
from crawlers.pages.urls import clean_url, is_forbidden

_DISCOURSE_TOPIC = re.compile(r"(?P<root>.*?)/t/(?:[^/]+/)?(?P<id>\d{1,18})(?:/\d+)?/?$")
_DISCOURSE_LIST = re.compile(r"(?P<root>.*?)/(?:c/.+/\d+|latest|categories|tag/[^/]+|top|hot)(?:/l/latest)?/?$")
_NODEBB_TOPIC = re.compile(r"(?P<root>.*?)/topic/(?P<id>\d{1,18})(?:/[^/]*)?(?:/\d+)?/?$")
_NODEBB_LIST = re.compile(r"(?P<root>.*?)/(?P<place>category/\d+(?:/[^/]+)?|recent|popular|categories)(?:/\d+)?/?$")
_FLARUM_TOPIC = re.compile(r"(?P<root>.*?)/d/(?P<id>\d{1,18})(?:-[^/]*)?(?:/\d+)?/?$")
_SOFTWARE = frozenset({discourse_json.SOFTWARE, nodebb_json.SOFTWARE, jsonapi.SOFTWARE})


def twin(software: str, url: str) -> str | None:
    """The JSON address of a topic, category or list of one of the JSON forums; None where it has none."""
    parts = urlsplit(url)
    base = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    if software == discourse_json.SOFTWARE:
        return _discourse(base, parts.path)
    if software == nodebb_json.SOFTWARE:
        return _nodebb(base, parts.path)
    if software == jsonapi.SOFTWARE and (match := _FLARUM_TOPIC.match(parts.path)):
        return jsonapi.posts_address(base + match["root"], match["id"])
    return None


def _discourse(base: str, path: str) -> str | None:
    if match := _DISCOURSE_TOPIC.match(path):
        return discourse_json.topic_address(base + match["root"], match["id"])
    return discourse_json.as_json(base + path) if _DISCOURSE_LIST.match(path) else None


def _nodebb(base: str, path: str) -> str | None:
    if path.startswith("/api/") or "/api/" in path:
        return None
    if match := _NODEBB_TOPIC.match(path):
        return nodebb_json.topic_address(base + match["root"], match["id"])
    match = _NODEBB_LIST.match(path)
    return clean_url(f"{base}{match['root']}/api/{match['place']}") if match else None


def data_links(document: Document, software: str, links: Iterable[Element]) -> tuple[str, ...]:
    """The JSON addresses of the topics and lists that a page for people links to, each once, in page order."""
    found: dict[str, None] = {}
    for link in links:
        url = document.absolute(link.get("href"))
        data = twin(software, url) if url and document.same_site(url) else None
        if data is not None and not is_forbidden(data):
            found.setdefault(data)
    return tuple(found)


def as_pointer(page: Page) -> Page:
    """For a spider: a thread's page for people becomes a page that only leads to its JSON; others stay as they are."""
    data = twin(page.software, page.url) if page.kind == "thread" else None
    if data is None:
        return page
    note = "read_as_data: the thread is read from its JSON instead"
    return page.model_copy(update={"kind": "listing", "posts": (), "links": (), "next_page": data, "notes": (note,)})


def without_data_links(page: Page) -> Page:
    """A reserved page for people, without its links to JSON: what its meta tags reserve, JSON has no tags to say."""
    if page.software not in _SOFTWARE or _is_data(page.url):
        return page
    return page.model_copy(update={"links": ()})


def _is_data(url: str) -> bool:
    path = urlsplit(url).path
    return path.endswith(".json") or "/api/" in path


def shown_address(software: str, url: str) -> str:
    """The page for people of a thread that was read as JSON; any other address as it is."""
    parts = urlsplit(url)
    path = parts.path
    if software == discourse_json.SOFTWARE:
        path = re.sub(r"/t/(\d+)(?:/posts)?\.json$", r"/t/\1", path)
    elif software == nodebb_json.SOFTWARE:
        path = re.sub(r"/api/topic/(\d+)$", r"/topic/\1", path)
    elif software == jsonapi.SOFTWARE and (number := jsonapi.asked_discussion(url)):
        path = f"{urlsplit(jsonapi.root_of(url)).path}/d/{number}"
    return url if path == parts.path else urlunsplit(parts._replace(path=path, query=""))
