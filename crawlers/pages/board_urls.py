"""One address per page for the classic board scripts, and the addresses of theirs that lead nowhere new.

Boards name the same page by its thread, by a post in it, by "first unread", by display mode and by page 1.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_VIEW_SCRIPTS = frozenset({"showthread.php", "forumdisplay.php", "thread.php", "board.php", "threadid.php"})
_PHPBB_SCRIPTS = frozenset({"viewtopic.php", "viewforum.php"})
_DISPLAY = frozenset({
    "pp", "perpage", "prefix", "prefixid", "datecut", "viewfull", "mode", "styleid", "style", "langid", "nojs",
    "threadedmode", "postcount",
})  # fmt: skip
_SMF_DISPLAY = frozenset(
    {"all", "topicseen", "boardseen", "seen", "theme", "variant", "desc", "asc", "nowap", "_debug"}
)
_VB5_DISPLAY = frozenset({
    "filter_sort", "filter_time", "filter_show", "filter_new_topics", "filter_prefix", "viewfull",
})  # fmt: skip
_THREAD_NAMES = frozenset({"t", "tid", "threadid"})
_POST_NAMES = frozenset({"p", "pid", "postid"})
_NUMBERED = re.compile(r"^\d+-")
_NUMBERED_PATH = re.compile(r"/\d+-[^/]+/?(?:page\d+/?)?$")
_WOLTLAB_THREAD = re.compile(r"(?:^|/)(?:thread|topic)/\d+")
_SMF_PLACE = re.compile(r"^(\d+)(?:\.(\d+|msg\d+|new|from\d+)?)?$")
_PATH_RULES = (
    (re.compile(r"(/(?:threads|themen|thema)/[^/]*\.?\d+/)(?:unread|latest|post-\d+)/?$"), r"\1"),
    (re.compile(r"(/(?:threads|themen|thema|forums|foren)/[^/]*\.?\d+/)page-1/?$"), r"\1"),
    (re.compile(r"(/(?:topic|board),\d+\.)(?:msg\d+|new|from\d+)(\.html)$"), r"\g<1>0\2"),
    (re.compile(r"(/(?:thread|forum)-\d+)-(?:post-\d+|page-1)(\.html)$"), r"\1\2"),
    (re.compile(r"(/\d+-[^/]+)/page1/?$"), r"\1"),
)

_FORBIDDEN_SCRIPT = re.compile(
    r"/(?:attachment|sendthread|syndication|stats|showteam|reputation|polls?|ratethread|threadrate|editpost|managegroup"
    r"|usercp2|modcp|moderation|subscription|newattachment|postings|showgroups|infraction|inlinemod|image|activity"
    r"|joinrequests|converse|profile|album|warnings|contact|xmlhttp|css|ajax|payments|clientscript|task|register"
    r"|members|usercp|pms?|addreply|whoposted|team|lexicon)\.php$|/archive/(?:index\.php)?(?:[/?]|$)",
    re.I,
)
_FORBIDDEN_PAGE = re.compile(
    r"/(?:user|announcement|calendar|event)-\d[\w-]*\.html$|/thread-\d+-(?:lastpost|newpost|next(?:oldest|newest))\.html$"
    r"|-(?:new-post|last-post|print|(?:prev|next)-thread(?:-new-post)?)\.html$|/external$|/filedata/|/-/mark-read"
    r"|/prev_next,",
    re.I,
)
_FORBIDDEN_SEGMENT = re.compile(
    r"^(?:members-list|recent-activity-list|user-[a-z-]+|users-online-list|search-result|(?:board|thread|article|blog)"
    r"(?:-rss)?-feed|(?:thread|post|conversation)-(?:add|edit|list|form[a-z-]*)|conversation|moderation-list"
    r"|notification-(?:list|settings|feed)|mark-all-as-read|edit-history|create-thread|mark-read|watch-confirm"
    r"|whoreplied|cookie-policy|media-?upload|unread-thread-list|find-new-posts)$",
    re.I,
)
_FORBIDDEN_QUERY = re.compile(
    r"(?:^|[&;])(?:prev_next=|goto=|wap2?(?:[&;=]|$)|imode(?:[&;=]|$)|nextnewest|nextoldest"
    r"|action=(?:lastpost|newpost|firstnew|next(?:newest|oldest)|\w*markasread|\w*markread|whoposted|do_|addsubscription"
    r"|removesubscription|showresults|getip|emailuser|recent|unread|stats|who\b|help|calendar|dlattach|notify|sendtopic"
    r"|likes|groups|credits|splittopics|quickmod|collapse|signup|reminder|activate|logout|verificationcode|agreement"
    r"|xmlhttp|theme|moderate|admin|vote|lock|sticky|movetopic|removetopic|deletemsg|modify|restoretopic|trackip"
    r"|jsoption|suggest|buddy|keepalive|tags?\b|threadaction|boardaction)"
    r")",
    re.I,
)
# Burning Board 3 writes the names of its pages in capitals; a shop's page=2 is none of them.
_WBB3_PAGES = re.compile(
    r"(?:^|[&;])(?:form=[A-Z]\w+|page=(?:User|Search|Members|Register|Team|Help|Calendar|PM|Attachment|LegalNotice|Usergroup"
    r"|Avatar|Captcha|Feed|ThreadsFeed|PostsFeed|Moderation|Message|Profile|Login|Contact|Post(?:Quick|Report|Edit)|Map"
    r"|ThreadAction|BoardAction|BoardMarkAsRead|BoardMarkAllAsRead|PostAction|Lexicon|Gallery|Guestbook)\w*)"
)


def tidy_path(path: str) -> str:
    """The path without "first unread", "this post" and "page 1"."""
    for pattern, replacement in _PATH_RULES:
        path = pattern.sub(replacement, path)
    return path


def tidy_pairs(path: str, pairs: list[str]) -> list[str]:
    """The query's parameters (as written) without those that only choose a post in, or a view of, the same page."""
    pairs = [_bare_path(pair) if _is_bare_path(pair) else pair for pair in pairs]
    names = {_name(pair) for pair in pairs}
    kept = [pair for pair in pairs if not _is_view(path, pair, names)]
    return [_smf_place(pair) for pair in kept] if _is_smf(path, names) else kept


def _is_view(path: str, pair: str, names: set[str]) -> bool:
    name, value = _name(pair), pair.partition("=")[2]
    script = _script(path)
    if script in _VIEW_SCRIPTS:
        return name in _DISPLAY or (name == "page" and value == "1") or (name in _POST_NAMES and _thread(path, names))
    if script in _PHPBB_SCRIPTS:
        return name == "start" and value == "0"
    if name in _VB5_DISPLAY or (name == "pageno" and value == "1"):
        return True
    if name == "postid":
        return "threadid" in names or bool(_WOLTLAB_THREAD.search(path)) or any(map(_WOLTLAB_THREAD.search, names))
    if name == "p" and re.fullmatch(r"\d{3,}", value):
        # vBulletin 5 names a post beside its topic's path; shops count their pages by p, in smaller numbers.
        return _NUMBERED_PATH.search(path) is not None
    return name in _SMF_DISPLAY and _is_smf(path, names)


def _thread(path: str, names: set[str]) -> bool:
    return bool(names & _THREAD_NAMES) or any(map(_NUMBERED.match, names)) or ".php/" in path


def _script(path: str) -> str:
    match = re.search(r"/([^/]+\.php)(?:/|$)", path.lower())
    return match.group(1) if match else ""


def _is_smf(path: str, names: set[str]) -> bool:
    return bool(names & {"topic", "board"}) and (path.endswith("/") or _script(path) == "index.php")


def _smf_place(pair: str) -> str:
    """topic=5, topic=5.msg23 and topic=5.new show what topic=5.0 shows, or a page that the pager leads to."""
    name, _, value = pair.partition("=")
    match = _SMF_PLACE.match(value)
    if name not in {"topic", "board"} or match is None:
        return pair
    place = match[2] if match[2] and match[2].isdecimal() else "0"
    return f"{name}={match[1]}.{place}"


def _name(pair: str) -> str:
    return unquote(pair.partition("=")[0]).lower()


def _is_bare_path(pair: str) -> bool:
    return "=" not in pair and "/" in pair


def _bare_path(pair: str) -> str:
    return tidy_path("/" + pair)[1:]


def bare_segments(query: str) -> list[str]:
    """The path segments that a board without address rewriting puts into its query: index.php?members/uwe.3/."""
    return [part for pair in re.split("[&;]", query) if _is_bare_path(pair) for part in unquote(pair).split("/")]


def is_forbidden_board_page(path: str, query: str) -> bool:
    """Whether an address of a board script is a member, a form, an archive copy, or a jump to another page."""
    if _FORBIDDEN_SCRIPT.search(path) or _FORBIDDEN_PAGE.search(path):
        return True
    if _FORBIDDEN_QUERY.search(query) or _WBB3_PAGES.search(query):
        return True
    if _script(path) in _VIEW_SCRIPTS and re.search(r"(?:^|[&;])action=", query, re.I):
        return True
    return any(_FORBIDDEN_SEGMENT.match(part) for part in (*path.split("/"), *bare_segments(query)))
