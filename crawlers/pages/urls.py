"""Addresses: one spelling per page, and pages that no spider asks for."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from crawlers.pages.board_urls import bare_segments, is_forbidden_board_page, tidy_pairs, tidy_path

_NOISE_PARAMETERS = frozenset({
    "sid", "s", "phpsessid", "jsessionid", "zenid", "osclid", "xtcsid", "hilit", "highlight", "view",
    "replytocom", "st", "sk", "sd", "sort", "order", "direction", "dir", "sortby", "sort_by", "sortfield",
    "sortorder", "sort_order", "daysprune", "prefix_id", "last_days", "action_last", "fbclid", "gclid", "dclid",
    "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "_ga", "ref_src", "ref_url", "spm", "unread",
})  # fmt: skip
_SESSIONS = frozenset({"sid", "s", "phpsessid", "jsessionid", "zenid", "osclid", "xtcsid"})
_NOISE_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "wt_", "et_")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*", re.I)
# A name without a value is written without "=": boards address pages as showthread.php?55-title.
_BARE = re.compile(r"=(?=&|$)")
_DEFAULT_PORTS = {"http": 80, "https": 443}

_FORBIDDEN_SEGMENT = re.compile(
    r"^(?:log-?in|log-?out|sign-?in|sign-?out|sign-?up|register|registrieren|registrierung|registration|anmelden|anmeldung"
    r"|abmelden|einloggen|ausloggen|lost-password|passwort(?:-vergessen)?|password|members?|mitglieder?|users?|nutzer|benutzer|profile?|forum_member"
    r"|account|konto|mein-?konto|my-?account|search|suche|suchen|find-(?:new|threads|posts)|find-new|whats-new|recent-activity"
    r"|conversations|direct-messages|reply|add-reply|post-thread|post-reply|quote|report|melden|print(?:view)?|drucken|share|reactions|react|like|bookmark|watch|vote"
    r"|feed|feeds|rss|atom|cart|basket|warenkorb|checkout|kasse|wishlist|merkliste|wunschzettel|note|compare"
    r"|misc|help|online|calendar|kalender|attachments?|goto|tags|profile-posts|forum-tracking|moderation|moderation-queue"
    r"|wp-admin|wp-login\.php|xmlrpc\.php|admin|adm|mcp|tracking|cdn-cgi)$",
    re.I,
)
_FORBIDDEN_SCRIPT = re.compile(
    r"/(?:ucp|memberlist|search|posting|report|mcp|faq|viewonline|cron|feed|style|common|newreply|newthread|private|usercp|login|register"
    r"|member|online|calendar|sendmessage|printthread|showpost|misc|external|profile|index\.rss|wp-comments-post)(?:\.php)$"
    r"|/download/file\.php$|/app\.php/(?:feed|help|user|report|post)|/index\.rss$|\.(?:rss|atom|rdf)$",
    re.I,
)
_MACHINA_WRITES = re.compile(
    r"/(?:topic|post|poll)/(?:[^/]+/)*(?:create|update|delete|vote|lock|unlock|move)/?$|/mark/", re.I
)
_FORBIDDEN_QUERY = re.compile(
    r"(?:^|[&;])(?:mode=(?:login|logout|register|viewprofile|reply|quote|post|edit|delete|report|email|contact|contactadmin|sendpassword|privacy|terms|delete_cookies)"
    r"|view=(?:print|next|previous|unread|newest)|action=(?:login|register|profile|post|quote|reporttm|search\w*|printpage|print|lastpost|markasread|pm|mlist|\.xml|reply|edit)"
    r"|(?:search_id|keywords|watch|unwatch|bookmark|mark|bump|hash|print|replytocom|add-to-cart|share|printable|do)=)",
    re.I,
)


@lru_cache(maxsize=2048)
def clean_url(url: str) -> str:
    """The address without session ids, sort orders, highlighting, tracking and fragment; its parameters' order stays.

    Raises nothing: an address that can't be split comes back as it is.
    """
    try:
        parts = urlsplit(url.strip())
        host = _host(parts.scheme, parts.hostname, parts.port)
    except ValueError:
        return url
    path = tidy_path(_PATH_SESSION.sub("", parts.path)) or "/"
    return urlunsplit((parts.scheme.lower(), host, _encoded(path), _query(path, parts.query), ""))


def without_session(url: str) -> str:
    """The address as it is, but for session ids: for links to one post, whose page `clean_url` would make another."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    pairs = [pair for pair in re.split("[&;]", parts.query) if pair and _name(pair) not in _SESSIONS]
    return urlunsplit(parts._replace(path=_PATH_SESSION.sub("", parts.path), query="&".join(pairs)))


@lru_cache(maxsize=2048)
def canonical_url(url: str) -> str:
    """One spelling for all addresses of the same page: `clean_url` with its parameters sorted."""
    parts = urlsplit(clean_url(url))
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit(parts._replace(query=_BARE.sub("", urlencode(pairs, safe="/", quote_via=quote))))


def _host(scheme: str, host: str | None, port: int | None) -> str:
    name = (host or "").lower()
    name = f"[{name}]" if ":" in name else name
    return name if port is None or _DEFAULT_PORTS.get(scheme.lower()) == port else f"{name}:{port}"


def _encoded(path: str) -> str:
    """Percent-encodes what must be and nothing twice, so that "ü" and "%C3%BC" are one address."""
    try:
        return quote(unquote(path, errors="strict"), safe="/:;,@!$&'()*+=~-._%|") if "%25" not in path else path
    except UnicodeDecodeError:
        return path


def _query(path: str, query: str) -> str:
    pairs = [pair for pair in re.split("[&;]", query) if pair]
    names = {_name(pair) for pair in pairs}
    return "&".join(tidy_pairs(path, [pair for pair in pairs if not _is_noise(_name(pair), names)]))


def _name(pair: str) -> str:
    return unquote(pair.partition("=")[0]).lower()


def _is_noise(name: str, names: set[str]) -> bool:
    # phpBB names a post by p beside its topic's t; alone, p is the only address.
    if name == "p" and "t" in names:
        return True
    return name in _NOISE_PARAMETERS or name.startswith(_NOISE_PREFIXES)


def is_forbidden(url: str) -> bool:
    """Whether an address is none for a crawler: logins, members, search, writing, reports, print views, feeds."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    if parts.scheme not in {"http", "https"}:
        return True
    path = unquote(parts.path)
    if _FORBIDDEN_SCRIPT.search(path) or _MACHINA_WRITES.search(path) or _FORBIDDEN_QUERY.search(parts.query):
        return True
    if is_forbidden_board_page(path, parts.query):
        return True
    if any(_FORBIDDEN_SEGMENT.match(segment) for segment in (*path.split("/"), *bare_segments(parts.query))):
        return True
    return _is_search(parts.query)


def _is_search(query: str) -> bool:
    """`s=` is WordPress's search, or a session id where it is a long hash."""
    values = dict(parse_qsl(query, keep_blank_values=True))
    if "s" not in values or (values["s"] == "" and len(values) > 1):
        return False
    return not re.fullmatch(r"[0-9a-fA-F]{24,40}", values["s"])


_FEED_ADDRESS = re.compile(
    r"/(?:feeds?|rss|atom)(?:[/.]|$)|\.(?:rss|atom|rdf|xml)$|(?:external|syndication|feed|rss)\.php$|/external/?$", re.I
)
_NO_FEED = re.compile(r"log-?in|log-?out|register|member|profile|account|password|search|suche|mode=|admin", re.I)


def is_feed_address(url: str) -> bool:
    """Whether an address looks like that of an RSS or Atom feed, and of nothing that needs an account."""
    parts = urlsplit(url)
    named = _FEED_ADDRESS.search(unquote(parts.path)) or re.search(
        r"(?:^|&)(?:feed|type)=(?:rss|atom)", parts.query, re.I
    )
    xml = "action=.xml" in unquote(parts.query)
    return bool(named or xml) and not _NO_FEED.search(f"{unquote(parts.path)}?{parts.query}")
