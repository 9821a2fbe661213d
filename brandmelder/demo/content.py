"""The demo world: a brand, a forum and a review portal over twelve whole weeks, with the authors' own judgement.

The files in `data/` tell each entry's time as week, weekday and clock ("9 Mo 08:14"), so that the story always lies
in the twelve weeks that end on a given Sunday. `truth` is "label topic topic ..."; it is for measuring, never served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from crawlers.yaml_file import read_yaml
from index.mention import SentimentLabel, Value

Markup = Literal["json-ld", "microdata"]

WEEKS = 12
BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
FORUM_NAME = "Speichenrunde"
PORTAL_NAME = "Erfahrungskiste"
BRAND = "Zeisig"
BOARDS = {
    "abo": ("Rad-Abos und Leihräder", "Anbieter, Tarife, Erfahrungen: vom Probemonat bis zur Rückgabe."),
    "werkstatt": ("Werkstatt und Technik", "Alles, was klappert, schleift oder gar nicht mehr fährt."),
    "plausch": ("Plausch", "Gott, die Welt und der Gegenwind."),
}
PAGES: dict[str, tuple[str, str, Markup]] = {
    "zeisig-e-bike-abo": ("Zeisig E-Bike-Abo", "Fahrrad-Abo, bundesweit und in Graz", "json-ld"),
    "zeisig-station-leipzig": ("Zeisig Station Leipzig", "Abholung und Werkstatt in Leipzig", "microdata"),
    "zeisig-lasten": ("Zeisig Lasten", "Lastenrad im Abo", "json-ld"),
    "zeisig-station-hannover": ("Zeisig Station Hannover", "Abholung und Werkstatt in Hannover", "microdata"),
}

_DATA = Path(__file__).parent / "data"
_FIRST_POST, _FIRST_THREAD, _FIRST_MEMBER, _FIRST_REVIEW = 1041, 201, 52, 7001


@dataclass(frozen=True)
class Truth:
    """What the authors of the demo say about an entry; `copy` names a group of near-copies."""

    sentiment: SentimentLabel
    topics: tuple[str, ...]
    about_brand: bool
    irony: bool
    copy: str | None


@dataclass(frozen=True)
class ForumPost:
    """One post. `quote` is the id of the quoted post and the quoted words; `at` and `edited` are Berlin times."""

    id: int
    author: str
    at: datetime
    text: str
    truth: Truth
    quote: tuple[int, str] | None = None
    edited: datetime | None = None


@dataclass(frozen=True)
class Thread:
    """One thread of a board, its posts in order of time."""

    id: int
    board: str
    title: str
    posts: tuple[ForumPost, ...]


@dataclass(frozen=True)
class Reply:
    """The provider's public answer to a review."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Review:
    """One review with 1 to 5 stars; `title` and `text` may be empty."""

    id: int
    author: str
    at: datetime
    stars: int
    title: str
    text: str
    truth: Truth
    reply: Reply | None = None


@dataclass(frozen=True)
class ReviewPage:
    """One provider page of the portal, its reviews newest first."""

    slug: str
    name: str
    about: str
    markup: Markup
    reviews: tuple[Review, ...]


@dataclass(frozen=True)
class Members:
    """The forum's members: numbers by name, ranks, signatures, and who answers for the brand."""

    numbers: dict[str, int]
    ranks: dict[str, str]
    signatures: dict[str, str]
    staff: frozenset[str]


@dataclass(frozen=True)
class World:
    """Everything that the demo's two sites show. `end` is the Sunday on which week 12 ends."""

    end: date
    threads: tuple[Thread, ...]
    pages: tuple[ReviewPage, ...]
    members: Members

    def posts(self) -> Iterator[tuple[Thread, ForumPost]]:
        """All forum posts with their threads."""
        return ((thread, post) for thread in self.threads for post in thread.posts)

    def reviews(self) -> Iterator[tuple[ReviewPage, Review]]:
        """All reviews with their pages."""
        return ((page, review) for page in self.pages for review in page.reviews)


class _Entry(Value):
    truth: str
    text: str
    brand: bool = True
    irony: bool = False
    near_copy: str | None = Field(None, alias="copy")
    about: Literal["competitor"] | None = None

    @field_validator("truth")
    @classmethod
    def _known_label(cls, truth: str) -> str:
        if truth.partition(" ")[0] not in get_args(SentimentLabel):
            raise ValueError("starts with none of the sentiment labels")
        return truth

    def judged(self) -> Truth:
        label, *topics = self.truth.split()
        sentiment: SentimentLabel = next(known for known in get_args(SentimentLabel) if known == label)
        return Truth(sentiment, tuple(topics), self.brand, self.irony, self.near_copy)


class _Post(_Entry):
    post: str
    quote: int | None = None
    edited: str | None = None


class _Thread(Value):
    title: str
    posts: tuple[_Post, ...]


class _Board(Value):
    board: Literal["abo", "werkstatt", "plausch"]
    threads: tuple[_Thread, ...]


class _Review(_Entry):
    review: str
    stars: int = Field(ge=1, le=5)
    title: str = ""
    reply: str | None = None
    reply_text: str = ""


class _Portal(Value):
    page: str
    reviews: tuple[_Review, ...]


class _Members(Value):
    staff: tuple[str, ...]
    ranks: dict[str, str]
    signatures: dict[str, str]


@dataclass
class _Clock:
    """Turns "9 Mo 08:14" into a Berlin time, for weeks that end on `end`."""

    end: date
    first_monday: date = field(init=False)

    def __post_init__(self) -> None:
        self.first_monday = self.end - timedelta(days=7 * WEEKS - 1)

    def read(self, when: str) -> datetime:
        week, day, clock = when.split()
        offset = timedelta(weeks=int(week) - 1, days=WEEKDAYS.index(day))
        return datetime.combine(self.first_monday + offset, time.fromisoformat(clock), BERLIN)

    def signed(self, line: str) -> tuple[datetime, str]:
        """Time and author of a line such as "9 Mo 08:14 Team Zeisig"."""
        week, day, clock, author = line.split(" ", 3)
        return self.read(f"{week} {day} {clock}"), author


def last_whole_week(today: date) -> date:
    """The last Sunday before `today`."""
    return today - timedelta(days=today.isoweekday())


def load_world(end: date | None = None) -> World:
    """The demo world whose twelfth week ends on `end` (a Sunday; by default the last one before today in Berlin).

    Raises `ValueError` where `end` is no Sunday.
    """
    end = end or last_whole_week(datetime.now(BERLIN).date())
    if end.isoweekday() != 7:
        raise ValueError(f"{end.isoformat()} is no Sunday")
    clock = _Clock(end)
    boards = [read_yaml(_DATA / f"forum_{name}.yaml", _Board) for name in BOARDS]
    portals = [read_yaml(path, _Portal) for path in sorted(_DATA.glob("portal_*.yaml"))]
    threads = _numbered([_thread(board.board, raw, clock) for board in boards for raw in board.threads])
    return World(end, threads, _pages(portals, clock), _members(read_yaml(_DATA / "users.yaml", _Members), threads))


def _thread(board: str, raw: _Thread, clock: _Clock) -> Thread:
    """A thread whose posts carry their place in it as id, until all threads are known."""
    posts: list[ForumPost] = []
    for place, entry in enumerate(raw.posts, start=1):
        at, author = clock.signed(entry.post)
        quote = None if entry.quote is None else (entry.quote, _quotable(posts[entry.quote - 1].text))
        edited = None if entry.edited is None else clock.read(entry.edited)
        posts.append(ForumPost(place, author, at, entry.text, entry.judged(), quote, edited))
    if posts != sorted(posts, key=lambda post: post.at):
        raise ValueError(f"thread {raw.title!r} is not in order of time")
    return Thread(0, board, raw.title, tuple(posts))


def _quotable(text: str) -> str:
    """What people quote of a post: its last paragraph."""
    return text.rpartition("\n")[2]


def _numbered(threads: Iterable[Thread]) -> tuple[Thread, ...]:
    """Threads by their first post, all ids ascending with time, as a board's database gives them."""
    ordered = list(enumerate(sorted(threads, key=lambda thread: thread.posts[0].at), start=_FIRST_THREAD))
    places = sorted((post.at, number, post.id) for number, thread in ordered for post in thread.posts)
    ids = {(number, place): id_ for id_, (_, number, place) in enumerate(places, start=_FIRST_POST)}
    return tuple(_renumbered(thread, number, ids) for number, thread in ordered)


def _renumbered(thread: Thread, number: int, ids: dict[tuple[int, int], int]) -> Thread:
    posts = (
        replace(post, id=ids[number, post.id], quote=post.quote and (ids[number, post.quote[0]], post.quote[1]))
        for post in thread.posts
    )
    return replace(thread, id=number, posts=tuple(posts))


def _pages(portals: list[_Portal], clock: _Clock) -> tuple[ReviewPage, ...]:
    entries = sorted((*clock.signed(raw.review), portal.page, raw) for portal in portals for raw in portal.reviews)
    reviews: dict[str, list[Review]] = {slug: [] for slug in PAGES}
    for number, (at, author, slug, raw) in enumerate(entries, start=_FIRST_REVIEW):
        reply = None if raw.reply is None else Reply(clock.read(raw.reply), raw.reply_text)
        reviews[slug].append(Review(number, author, at, raw.stars, raw.title, raw.text, raw.judged(), reply))
    return tuple(
        ReviewPage(slug, name, about, markup, tuple(reversed(reviews[slug])))
        for slug, (name, about, markup) in PAGES.items()
    )


def _members(raw: _Members, threads: tuple[Thread, ...]) -> Members:
    posts = sorted((post.id, post.author) for thread in threads for post in thread.posts)
    names = list(dict.fromkeys(author for _, author in posts))
    numbers = {name: number for number, name in enumerate(names, start=_FIRST_MEMBER)}
    return Members(numbers, raw.ranks, raw.signatures, frozenset(raw.staff))
