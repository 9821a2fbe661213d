"""The first page: how it goes, since when, where it burns, and what people literally say."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard import charts, formats
from dashboard.context import Context
from dashboard.figures import Cell, Counts, Hotspot, Overview, Voice, hotspots
from dashboard.hotspot_parts import cell_href, ranked
from dashboard.intervals import Change, change
from dashboard.loaders import Figures
from dashboard.parts import anchor, card_head, change_line, heading, points, share_line, table, tile
from dashboard.verbatims import cards
from dashboard.views.hotspots import chosen_topics
from dashboard.views.notices import blind_notice, nothing_here
from dashboard.views.trends import draw_trend

SHOWN_HOTSPOTS = 6
SHOWN_VERBATIMS = 3


def render(page: Context, figures: Figures) -> None:
    """Draw the page."""
    state = page.state.but(experiences=())
    now = figures.overview(state)
    before = figures.overview(page.before.but(experiences=())) if page.before is not None else None
    has_before = before is not None and before.total > 0
    st.html(heading(page, page.words("page_overview"), count=now.total, with_before=has_before))
    if now.total == 0:
        nothing_here(page, figures)
        return
    spots = _hotspots(page, figures, now)
    blind_notice(page)
    st.html(_lead(page, now, before, spots))
    st.html(_tiles(page, now, before))
    draw_trend(page, figures)
    left, right = st.columns([1, 1], gap="medium")
    with left, st.container(key="bm_card_spots"):
        _spots(page, spots, now.counts.share("negative").value)
    with right, st.container(key="bm_card_latest"):
        _latest(page, figures)
    with st.container(key="bm_card_sources"):
        st.html(_sources(page, figures.sources(state)))
    if page.config.competitors:
        with st.container(key="bm_card_voices"):
            st.html(_voices(page, figures.voices(state, (page.config.brand, *page.config.competitors))))


def _hotspots(page: Context, figures: Figures, overall: Overview) -> list[Hotspot]:
    now = chosen_topics(page, figures.cells(page.state.but(experiences=()), "source"))
    before = figures.cells(page.before.but(experiences=()), "source") if page.before is not None else []
    average = overall.counts.share("negative").value or 0.0
    spots = hotspots(now, before, min_group=page.config.min_group)
    return [spot for spot in spots if (spot.cell.negative.value or 0.0) > average]


def _difference(page: Context, now: Overview, before: Overview | None, experience: str) -> Change:
    return change(now.counts.share(experience), comparable(page, before).share(experience))


def comparable(page: Context, before: Overview | None) -> Counts:
    """The counts of the period before, or none where they are too few to compare with."""
    enough = before is not None and before.counts.n >= page.config.min_group
    return before.counts if before is not None and enough else Counts()


def stands_out(cell: Cell, whole: Counts) -> bool:
    """Whether even the lower bound of a cell's share lies above the share of everything outside of it."""
    outside = whole.n - cell.counts.n
    negative = max(whole.negative - cell.counts.negative, 0)
    return outside > 0 and (cell.negative.low or 0.0) > negative / outside


def _lead(page: Context, now: Overview, before: Overview | None, spots: list[Hotspot]) -> str:
    share = page.percent(now.counts.share("negative").value)
    difference = _difference(page, now, before, "negative")
    if now.counts.n < page.config.min_group:
        text = page.words("lead_few", n=page.number(now.counts.n))
    elif difference.difference is None:
        text = page.words("lead_alone", share=share)
    elif not difference.is_clear:
        text = page.words("lead_steady", share=share)
    else:
        key = "lead_clear_up" if difference.difference > 0 else "lead_clear_down"
        text = page.words(key, share=share, points=points(page, difference.difference, absolute=True))
    html = escape(text)
    if spots and stands_out(spots[0].cell, now.counts):
        worst = spots[0].cell
        sentence = page.words(
            "lead_hotspot",
            topic=page.label("topic", worst.topic),
            place=page.label("source", worst.value),
            share=page.percent(worst.negative.value),
            n=page.number(worst.counts.n),
        )
        html += " " + anchor(cell_href(page, worst, "source"), escape(sentence))
    return f"<p class='bm-lead'>{html}</p>"


def _tiles(page: Context, now: Overview, before: Overview | None) -> str:
    tiles = [_volume_tile(page, now, before)]
    for experience in ("negative", "neutral", "positive"):
        share = now.counts.share(experience)
        lines = [share_line(page, share)]
        if page.before is not None:
            lines.append(change_line(page, _difference(page, now, before, experience)))
        tiles.append(
            tile(
                page.words(f"{experience}_figure"),
                page.percent(share.value) if share.n >= page.config.min_group else page.words("too_few"),
                lines,
                href=page.href("mentions", experiences=(experience,)),
                kind=f"k-{experience}",
            )
        )
    return f"<div class='bm-tiles'>{''.join(tiles)}</div>"


def _volume_tile(page: Context, now: Overview, before: Overview | None) -> str:
    lines = []
    if before is not None and before.total >= page.config.min_group:
        relative = (now.total - before.total) / before.total
        key = "volume_same" if now.total == before.total else "volume_change"
        sign = "+" if relative > 0 else formats.MINUS
        percent = sign + page.percent(abs(relative))
        lines.append(escape(page.words(key, percent=percent, n=page.number(before.total))))
    elif before is not None:
        lines.append(escape(page.words("too_few_before" if before.total else "no_before", n=before.total)))
    if now.counts.n:
        uncertain = page.words("uncertain_share", percent=page.percent(now.uncertain / now.counts.n))
        lines.append(escape(uncertain))
    if now.total > now.counts.n:
        lines.append(escape(page.words("unjudged", n=page.number(now.total - now.counts.n))))
    href = page.href("mentions", experiences=())
    return tile(page.words("mentions_figure"), page.number(now.total), lines, href=href, kind="k-all")


def _spots(page: Context, spots: list[Hotspot], average: float | None) -> None:
    more = anchor(page.href("hotspots"), escape(page.words("all_hotspots")))
    head = card_head(page.words("top_hotspots"), page.words("top_hotspots_note", min=page.config.min_group), more)
    if spots:
        body = f"<div class='bm-compact'>{ranked(page, spots[:SHOWN_HOTSPOTS], 'source', average=average)}</div>"
    else:
        body = f"<p class='bm-note'>{escape(page.words('top_hotspots_none', min=page.config.min_group))}</p>"
    st.html(head + body)


def _latest(page: Context, figures: Figures) -> None:
    found = figures.search(page.state.but(experiences=("negative",), order="newest"), size=SHOWN_VERBATIMS)
    more = anchor(page.href("mentions", experiences=("negative",)), escape(page.words("all_negative")))
    if found.mentions:
        body = cards(page, found.mentions, {}, is_brief=True)
    else:
        body = f"<p class='bm-note'>{escape(page.words('no_negative'))}</p>"
    st.html(card_head(page.words("latest_negative"), "", more) + body)


def _sources(page: Context, sources: dict[str, Counts]) -> str:
    rows = []
    for source, counts in sources.items():
        href = page.href("mentions", sources=(source,), experiences=())
        share = counts.share("negative")
        shown = share.n >= page.config.min_group
        rows.append(
            [
                anchor(href, escape(page.label("source", source))),
                page.number(counts.n),
                page.percent(share.value) if shown else escape(page.words("too_few")),
                formats.interval(share, page.words.language) if shown else "–",
                page.percent(counts.share("neutral").value) if shown else "–",
                page.percent(counts.share("positive").value) if shown else "–",
            ]
        )
    words = page.words
    columns = [words("column_source"), "n", words("negative_figure"), words("column_interval")]
    columns += [words("neutral_figure"), words("positive_figure")]
    caption = words("trend_note", n=page.number(sum(counts.n for counts in sources.values())), period=page.period)
    return card_head(words("by_source"), words("by_source_note")) + table(columns, rows, caption=caption)


def _voices(page: Context, voices: list[Voice]) -> str:
    most = max((voice.total for voice in voices), default=0) or 1
    rows = "".join(_voice(page, voice, most) for voice in voices)
    n = page.number(sum(voice.total for voice in voices))
    note = page.words("share_of_voice_note", n=n, period=page.period)
    return f"{card_head(page.words('share_of_voice'), note)}<div class='bm-voices'>{rows}</div>"


def _voice(page: Context, voice: Voice, most: int) -> str:
    enough = voice.counts.n >= page.config.min_group
    share = page.percent(voice.counts.share("negative").value)
    line = page.words("voice_line" if enough else "voice_few", n=page.number(voice.total), share=share)
    parts = "".join(
        f"<i style='width:{100 * getattr(voice.counts, name) / most:.2f}%;background:{shade}'></i>"
        for name, shade in charts.COLOURS.items()
    )
    inner = (
        f"<span><b>{escape(voice.brand)}</b><small>{escape(line)}</small></span>"
        f"<span class='bm-track' aria-hidden='true'>{parts}</span>"
    )
    href = page.href("mentions", brand=voice.brand, experiences=())
    return anchor(href, inner, css="bm-voice")
