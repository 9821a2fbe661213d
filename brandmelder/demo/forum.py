"""The demo's forum: pages built like those of phpBB 3.3, with paging, quotes, signatures and session ids in links.

Members' pages, the search and the forms exist as links only: they answer with 403, as a closed board does to guests.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from brandmelder.demo.answer import Answer, Request, forum_date, machine_time, templates
from brandmelder.demo.content import BERLIN, BOARDS, FORUM_NAME, ForumPost, Thread, World

POSTS_PER_PAGE = 10
THREADS_PER_PAGE = 10
COOKIE = "phpbb3_speichenrunde_sid"
ROBOTS = """User-agent: *
Disallow: /adm/
Disallow: /intern/
Disallow: /memberlist.php
Disallow: /posting.php
Disallow: /search.php
Disallow: /ucp.php
Disallow: /app.php/
"""


@dataclass(frozen=True)
class _Board:
    number: int
    title: str
    about: str
    threads: tuple[Thread, ...]

    @property
    def posts(self) -> int:
        return sum(len(thread.posts) for thread in self.threads)

    @property
    def last(self) -> ForumPost:
        return self.threads[0].posts[-1]


class Forum:
    """Answers requests for the forum's pages from the world's threads; keeps no state but a counter of sessions."""

    name = FORUM_NAME

    def __init__(self, world: World) -> None:
        self._members = world.members
        self._boards = {
            number: _Board(number, title, about, _newest_first(world, key))
            for number, (key, (title, about)) in enumerate(BOARDS.items(), start=2)
        }
        self._places = {post.id: (thread, place) for thread in world.threads for place, post in enumerate(thread.posts)}
        self._threads = {thread.id: (board, thread) for board in self._boards.values() for thread in board.threads}
        self._counts = Counter(post.author for _, post in world.posts())
        self._offset = f"{datetime.combine(world.end, datetime.min.time(), BERLIN):%z}"[:3]
        self._environment = templates()
        self._sessions = 0

    def answer(self, request: Request) -> Answer:
        """The page for a request; 403 for members' pages, 404 for what does not exist."""
        routes: dict[str, Callable[[Request], Answer]] = {
            "/": self._index,
            "/index.php": self._index,
            "/viewforum.php": self._board,
            "/viewtopic.php": self._topic,
        }
        if request.path == "/robots.txt":
            return Answer(ROBOTS, content_type="text/plain; charset=utf-8")
        if request.path in routes:
            return routes[request.path](request)
        if any(request.path.startswith(line.split()[-1]) for line in ROBOTS.splitlines()[1:]):
            return self._message(request, 403, "Du musst angemeldet sein, um diese Seite zu sehen.")
        return self._message(request, 404, "Diese Seite gibt es nicht.")

    def _index(self, request: Request) -> Answer:
        return self._page(request, "forum_index.html", section="section-index", boards=list(self._boards.values()))

    def _board(self, request: Request) -> Answer:
        board = self._boards.get(request.number("f"))
        start = request.number("start")
        if board is None or start >= len(board.threads):
            return self._message(request, 404, "Dieses Forum gibt es nicht.")
        return self._page(
            request,
            "forum_board.html",
            section="section-viewforum",
            canonical=f"{request.base}/{_address('viewforum.php', f=board.number, start=start)}",
            board=board,
            threads=board.threads[start : start + THREADS_PER_PAGE],
            per_page=POSTS_PER_PAGE,
            **_paging(start, THREADS_PER_PAGE, len(board.threads), "viewforum.php", f=board.number),
        )

    def _topic(self, request: Request) -> Answer:
        start = request.number("start")
        found = self._threads.get(request.number("t"))
        if place := self._places.get(request.number("p")):
            found, start = self._threads[place[0].id], place[1] // POSTS_PER_PAGE * POSTS_PER_PAGE
        if found is None or start >= len(found[1].posts):
            return self._message(request, 404, "Das gewünschte Thema existiert nicht.")
        board, thread = found
        return self._page(
            request,
            "forum_topic.html",
            section="section-viewtopic",
            canonical=f"{request.base}/{_address('viewtopic.php', t=thread.id, start=start)}",
            board=board,
            thread=thread,
            posts=thread.posts[start : start + POSTS_PER_PAGE],
            by_id={post.id: post for post in thread.posts},
            **_paging(start, POSTS_PER_PAGE, len(thread.posts), "viewtopic.php", t=thread.id),
        )

    def _message(self, request: Request, status: int, message: str) -> Answer:
        page = self._page(request, "forum_message.html", section="section-message", message=message)
        return replace(page, status=status)

    def _page(self, request: Request, template: str, **values: object) -> Answer:
        """Renders a page. Guests without a cookie get a session id in every link, as phpBB gives it to them."""
        session = request.query.get("sid") or self._new_session()
        in_links = {} if COOKIE in request.cookies else {"sid": session}

        def link(script: str, **query: object) -> str:
            return f"./{_address(script, **query, **in_links)}"

        target = values.pop("target", None)
        if isinstance(target, _Target):
            values["address"] = lambda number: link(target.script, **target.at(number))
        body = self._environment.get_template(template).render(
            forum_name=FORUM_NAME,
            members=self._members,
            counts=self._counts,
            offset=self._offset,
            link=link,
            member=lambda name: link("memberlist.php", mode="viewprofile", u=self._members.numbers[name]),
            german=forum_date,
            machine=machine_time,
            **values,
        )
        return Answer(body, headers=(("Set-Cookie", f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"),))

    def _new_session(self) -> str:
        self._sessions += 1
        return hashlib.md5(f"session {self._sessions}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class _Target:
    """Where a pager's numbers lead."""

    script: str
    query: dict[str, object]
    per_page: int

    def at(self, number: int) -> dict[str, object]:
        return {**self.query, "start": (number - 1) * self.per_page}


def _paging(start: int, per_page: int, count: int, script: str, **query: object) -> dict[str, object]:
    pages = -(-count // per_page)
    return {"pages": pages, "current": start // per_page + 1, "target": _Target(script, query, per_page)}


def _address(script: str, **query: object) -> str:
    """An address within the board; the first page carries no `start`."""
    pairs = {name: value for name, value in query.items() if (name, value) != ("start", 0)}
    return f"{script}?{urlencode(pairs)}" if pairs else script


def _newest_first(world: World, board: str) -> tuple[Thread, ...]:
    threads = (thread for thread in world.threads if thread.board == board)
    return tuple(sorted(threads, key=lambda thread: thread.posts[-1].at, reverse=True))
