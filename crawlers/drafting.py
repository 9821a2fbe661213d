"""Posts become draft mentions: identity, privacy and brand, before anything touches a disk. No network, no store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from importlib.metadata import version

from pydantic import ValidationError

from crawlers.card import MAX_RETENTION_DAYS, SourceCard, host_of
from crawlers.identity import SITE_WIDE, post_ids
from crawlers.pages.page import Page, Post
from crawlers.pages.twins import shown_address
from crawlers.pages.urls import canonical_url
from crawlers.privacy import author_key, scrub
from crawlers.texts import is_text, writable
from index.brand import BrandRules
from index.ledger import Note, Quarantined
from index.mention import Mention, Provenance, composed, content_hash

__all__ = ["Drafter", "Drafts", "is_text"]

MAX_TITLE_CHARACTERS = 300
_QUERY_NAMES = re.compile(r'"[^"]+"|(?<![\w:])(?!(?:AND|OR|NOT|TO)\b)[^\W\d_][\w-]+')
_COMMENT_PAGE = re.compile(r"/comment-page-\d+/?$")
CUT_MARK = " …"
_VERSION = version("brandmelder")
DEFAULT_RETENTION_DAYS = 90


@dataclass(frozen=True)
class Drafts:
    """What a page's posts became: (id, draft as JSON) to spool, all ids on the page, and the fates of the others."""

    posts: tuple[tuple[str, str], ...] = ()
    ids: tuple[str, ...] = ()
    fates: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What all posts of a page share."""

    page: Page
    chain: str
    names: tuple[str, ...]
    thread_title: str | None
    now: datetime


@dataclass(frozen=True)
class Drafter:
    """Makes drafts for one source.

    `secret` is the key of the author pseudonyms, `spider` names the reader, `retention_days` holds where the card
    says nothing, `keep` are names that are no personal data (the brand's handles).
    """

    card: SourceCard
    brand: BrandRules
    secret: bytes = field(repr=False)
    spider: str
    retention_days: int | None = DEFAULT_RETENTION_DAYS
    keep: tuple[str, ...] = ()

    def drafts(self, page: Page, *, chain: str, now: datetime, names: Collection[str] = ()) -> Drafts:
        """Drafts of a page's posts. `chain` is the first page of its pager, `now` the time of the request, `names` are
        persons' names to remove besides those of the authors."""
        page = writable(page)
        names = tuple(sorted({post.author for post in page.posts if post.author} | set(names)))
        title = self._scrubbed(page.title, names)[:MAX_TITLE_CHARACTERS] or None
        setting = Setting(page, chain, names, title, now)
        ids = post_ids(page, source=self.card.name, chain=chain, secret=self.secret)
        posts, fates = list[tuple[str, str]](), Counter(left_out(page))
        notes, quarantined = list[Note](), list[Quarantined]()
        for id, post in zip(ids, page.posts, strict=True):
            try:
                draft = self._draft(id, post, setting, notes)
            except ValidationError as error:
                fault = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['type']}" for part in error.errors())
                quarantined.append(Quarantined("invalid", page.url, fault))
                continue
            if isinstance(draft, str):
                fates[draft] += 1
            else:
                posts.append((id, draft.model_dump_json()))
        return Drafts(tuple(posts), ids, dict(fates), tuple(notes), tuple(quarantined))

    def _draft(self, id: str, post: Post, setting: Setting, notes: list[Note]) -> Mention | str:
        """The draft, or the fate of a post that ends here."""
        names = setting.names
        # Personal data is looked for before the text is cut, so that no half telephone number survives at its end.
        text = self._scrubbed(post.text, names)
        title = self._scrubbed(post.title, names)[:MAX_TITLE_CHARACTERS] or None
        if not text:
            return "dropped/empty"
        if len(text) > self.card.budget.post_characters:
            text = text[: self.card.budget.post_characters].rstrip() + CUT_MARK
            notes.append(Note("cut/post", setting.page.url, f"länger als {self.card.budget.post_characters} Zeichen"))
        return self._with_brand(self._mention(id, post, setting, title=title, text=text))

    def _mention(self, id: str, post: Post, setting: Setting, *, title: str | None, text: str) -> Mention:
        page = setting.page
        return Mention(
            id=id,
            content_hash=content_hash(title=title, text=text, rating=post.rating, author_role=post.author_role),
            source=self.card.name,
            platform=page.software,
            channel=self.card.channel,
            url=post.permalink or page.url,
            thread_url=thread_address(post, page, setting.chain),
            thread_title=setting.thread_title,
            native_id=post.native_id,
            parent_id=post.parent_id,
            author_key=self._author(post, page),
            author_role=post.author_role,
            published_at=post.published_at,
            date_precision=post.date_precision,
            crawled_at=setting.now,
            expires_at=self._expiry(setting.now),
            title=title,
            text=text,
            language=page.language,
            rating=post.rating,
            provenance=Provenance(
                spider=self.spider,
                spider_version=_VERSION,
                gate="allowed",
                rules_version=self.brand.version,
            ),
        )

    def _author(self, post: Post, page: Page) -> str | None:
        return author_key(self.secret, host=host_of(page.url), author=post.author)

    def _scrubbed(self, text: str | None, names: Collection[str]) -> str:
        return scrub(composed(text or ""), names=names, keep=self._kept_names).text.strip()

    @cached_property
    def _kept_names(self) -> tuple[str, ...]:
        """The names of brand and competitors, also those that only their queries mention."""
        queries = (self.brand.query, *self.brand.competitors.values())
        terms = (found.strip('"') for query in queries for found in _QUERY_NAMES.findall(query.text))
        return tuple(dict.fromkeys((self.brand.name, *self.brand.competitors, *terms, *self.keep)))

    def _expiry(self, now: datetime) -> datetime | None:
        """Counted from the day of reading: that is how long we hold what somebody else published, however old it is."""
        days = self.retention_days if self.card.retention_days is None else self.card.retention_days
        most = MAX_RETENTION_DAYS.get(self.card.family)
        if most is not None:
            days = most if days is None else min(days, most)
        return None if days is None else now + timedelta(days=days)

    def _with_brand(self, mention: Mention) -> Mention | str:
        """The mention with its brands, or its fate. On the brand's own board nobody needs to name the brand."""
        match = self.brand.match(mention.model_dump(mode="json"))
        brands = match.brands
        if self.card.about_brand and not match.excluded and self.brand.name not in brands:
            brands = (self.brand.name, *brands)
        if not brands:
            return "dropped/excluded" if match.excluded else "dropped/no_brand"
        return mention.model_copy(update={"brands": brands, "matched_terms": match.matched})


def thread_address(post: Post, page: Page, chain: str) -> str | None:
    """Where a post's thread is: its pager's first page; for what feeds and APIs list, the page that it stands on."""
    if page.kind == "feed" or page.software in SITE_WIDE:
        place, _, fragment = (post.permalink or "").partition("#")
        return canonical_url(_COMMENT_PAGE.sub("/", place)) if fragment else None
    return canonical_url(shown_address(page.software, chain))


# Codes of `Page.notes` that say how many posts of the page the reader left out.
_LEFT_OUT = {
    "empty_post": "dropped/empty",
    "unreadable_post": "dropped/unreadable",
    "withheld_post": "dropped/withheld",
}


def left_out(page: Page) -> dict[str, int]:
    """The fates of posts that have no words of their own: the page names only their number."""
    counts: dict[str, int] = {}
    for note in page.notes:
        code, _, rest = note.partition(": ")
        number = rest.split(" ", 1)[0]
        if code in _LEFT_OUT and number.isdecimal():
            counts[_LEFT_OUT[code]] = counts.get(_LEFT_OUT[code], 0) + int(number)
    return counts
