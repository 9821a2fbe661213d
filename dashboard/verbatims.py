"""What people wrote, as cards: safe HTML from mentions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from dashboard import formats
from dashboard.context import Context
from dashboard.highlight import marked
from dashboard.parts import anchor, badge, web_address
from index.fields import derived_values
from index.mention import Mention
from index.query.matcher import find_terms

# Characters of a title that a crawled page may put into a card.
TITLE_LENGTH = 160
EXACT_TIMES = ("second", "minute")


def cards(page: Context, mentions: Sequence[Mention], copies: Mapping[str, int], *, is_brief: bool = False) -> str:
    """The mentions as a list of cards; a brief card leaves out what a glance doesn't need."""
    items = "".join(f"<li>{card(page, mention, copies, is_brief=is_brief)}</li>" for mention in mentions)
    return f"<ul class='bm-cards{' bm-brief' if is_brief else ''}'>{items}</ul>"


def card(page: Context, mention: Mention, copies: Mapping[str, int], *, is_brief: bool) -> str:
    """One mention: how it reads, where and when it was written, the text with its marks, its topics and its origin."""
    experience = derived_values(mention).get("experience")
    text = marked(
        mention,
        topics=page.chosen.topics,
        hits=[(span.start, span.end) for span in find_terms(page.search_query, mention.text)]
        if page.chosen.search
        else [],
        title=lambda topic, word: page.words(
            "mark_title", topic=page.label("topic", topic), experience=page.words(f"experience_{word}")
        ),
        more=page.words("show_rest"),
    )
    title = "" if not mention.title else f"<h3>{escape(_short(mention.title))}</h3>"
    return (
        f"<article class='bm-card bm-edge-{experience or 'none'}'>"
        f"<div class='bm-meta'>{_experience(page, mention, experience)}{_origin(page, mention)}</div>"
        f"{title}<div class='bm-text' lang='{escape(mention.language or 'de')}'>{text}</div>"
        f"{'' if is_brief else _badges(page, mention, copies)}"
        f"<div class='bm-foot'>{_topics(page, mention)}{_original(page, mention)}</div></article>"
    )


def _experience(page: Context, mention: Mention, experience: str | None) -> str:
    if experience is None:
        return badge(page.words("not_judged"))
    name = page.words(f"experience_{experience}")
    confidence = mention.sentiment.confidence if mention.sentiment is not None else None
    note = "" if confidence is None else page.words("confidence", percent=page.percent(confidence))
    return f"<span class='bm-exp bm-{experience}' title='{escape(note)}'><i></i>{escape(name)}</span>"


def _origin(page: Context, mention: Mention) -> str:
    if mention.published_at is None:
        when = page.words("without_date")
    else:
        exact = mention.date_precision in EXACT_TIMES
        when = formats.moment(mention.published_at, page.words.language, with_time=exact)
    parts = [page.label("source", mention.source), page.label("channel", mention.channel), when]
    html = "".join(f"<span>{escape(part)}</span>" for part in parts)
    if mention.rating is not None:
        html += _rating(page, mention)
    return html


def _rating(page: Context, mention: Mention) -> str:
    assert mention.rating is not None
    text = page.words("rating_of", value=page.number(mention.rating.value), best=page.number(mention.rating.best))
    part = mention.rating.value / mention.rating.best if mention.rating.worst > 0 else mention.rating.normalised
    filled = f"<i style='width:{max(0.0, min(part, 1.0)) * 100:.0f}%'></i>"
    return f"<span class='bm-rating'><span class='bm-ratingbar' aria-hidden='true'>{filled}</span>{escape(text)}</span>"


def _badges(page: Context, mention: Mention, copies: Mapping[str, int]) -> str:
    found = []
    if mention.sentiment is not None and mention.sentiment.uncertain:
        found.append(badge(page.words("model_uncertain"), "bm-warn"))
    if mention.irony:
        found.append(badge(page.words("irony")))
    if mention.needs_answer:
        found.append(badge(page.words("needs_answer"), "bm-call"))
    if mention.work.correction is not None:
        found.append(badge(page.words("corrected")))
    if mention.is_copy:
        found.append(badge(page.words("is_copy")))
    more = copies.get(mention.copy_group or "", 1) - 1
    if more > 0:
        href = page.href("mentions", search=f'copy_group:"{mention.copy_group}"', copies="all")
        found.append(anchor(href, escape(page.words("copies_more", n=page.number(more))), css="bm-badge"))
    return f"<div class='bm-badges'>{''.join(found)}</div>" if found else ""


def _topics(page: Context, mention: Mention) -> str:
    correction = mention.work.correction
    corrected = correction.topics if correction is not None else None
    topics = mention.topics if corrected is None else corrected
    links = (
        anchor(page.href("mentions", topics=(topic,)), escape(page.label("topic", topic)), css="bm-topic")
        for topic in topics
    )
    thread = ""
    if mention.thread_title and mention.thread_title != mention.title:
        thread = f"<span class='bm-thread'>{escape(page.words('in_thread', title=_short(mention.thread_title)))}</span>"
    return f"<span class='bm-topics'>{''.join(links)}{thread}</span>"


def _original(page: Context, mention: Mention) -> str:
    address = web_address(mention.url)
    if address is None:
        return f"<span class='bm-quiet'>{escape(page.words('no_original'))}</span>"
    text = escape(page.words("original"))
    return (
        f"<a class='bm-original' href='{escape(address)}' target='_blank' rel='noopener noreferrer nofollow'>{text}</a>"
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"
