"""The ranked list of hotspots and the grids, as safe HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from dashboard import formats
from dashboard.context import Context
from dashboard.figures import Cell, Counts, Dimension, Hotspot
from dashboard.intervals import CONFIDENCE, Share
from dashboard.parts import anchor, points

# The filter field and the kind of label of each dimension.
FIELDS: Mapping[Dimension, str] = {
    "source": "sources",
    "journey_phase": "phases",
    "touchpoint": "touchpoints",
    "channel": "channels",
}
KINDS: Mapping[Dimension, str] = {
    "source": "source",
    "journey_phase": "phase",
    "touchpoint": "touchpoint",
    "channel": "channel",
}
# Distance from the average (in points) at which the colour is fullest.
FULL_COLOUR = 0.4


def cell_href(page: Context, cell: Cell, by: Dimension, **changes: object) -> str:
    """The mentions behind a cell: the same filter, this topic, this place, every experience unless one is named."""
    places = {"topics": (cell.topic,), FIELDS[by]: (cell.value,), "experiences": ()}
    return page.href("mentions", **{**places, **changes})


def ranked(page: Context, spots: Sequence[Hotspot], by: Dimension, *, average: float | None, first: int = 1) -> str:
    """Hotspots as a list of links, worst first."""
    rows = "".join(_ranked_row(page, spot, by, average, number) for number, spot in enumerate(spots, start=first))
    return f"<ol class='bm-ranked' start='{first}'>{rows}</ol>"


def _ranked_row(page: Context, spot: Hotspot, by: Dimension, average: float | None, number: int) -> str:
    share = spot.cell.negative
    inner = (
        f"<span class='bm-rank' aria-hidden='true'>{number}</span>"
        f"<span class='bm-what'><b>{escape(page.label('topic', spot.cell.topic))}</b>"
        f"<small>{escape(page.label(KINDS[by], spot.cell.value))}</small></span>"
        f"{_bar(share, average)}"
        f"<span class='bm-share'><b>{page.percent(share.value)}</b>"
        f"<small>n = {page.number(share.n)} · {formats.interval(share, page.words.language)}</small></span>"
        f"<span class='bm-change'>{_change(page, spot)}</span>"
    )
    return f"<li>{anchor(cell_href(page, spot.cell, by, experiences=('negative',)), inner)}</li>"


def _bar(share: Share, average: float | None) -> str:
    low, value, high = (100 * (part or 0.0) for part in (share.low, share.value, share.high))
    line = "" if average is None else f"<i class='bm-avg' style='left:{average * 100:.1f}%'></i>"
    return (
        "<span class='bm-bar' aria-hidden='true'>"
        f"{line}<i class='bm-ci' style='left:{low:.1f}%;width:{high - low:.1f}%'></i>"
        f"<i class='bm-dot' style='left:{value:.1f}%'></i></span>"
    )


def _change(page: Context, spot: Hotspot) -> str:
    change = spot.change
    if change.difference is None or change.p_value is None:
        text = page.words("hotspot_few_before" if spot.before else "hotspot_new", n=spot.before)
        return f"<span class='bm-quiet'>{escape(text)}</span>"
    clear = spot.adjusted_p is not None and spot.adjusted_p < 1 - CONFIDENCE
    text = page.words("hotspot_clear" if clear else "hotspot_unclear", points=points(page, change.difference))
    note = page.words(
        "test_note",
        p=formats.p_value(spot.adjusted_p or change.p_value, page.words.language),
        now=page.number(change.now.n),
        before=page.number(change.before.n),
    )
    css = "bm-clear" if clear else "bm-quiet"
    return f"<span class='{css}'>{escape(text)}</span><small>{escape(note)}</small>"


def grid(
    page: Context, cells: Sequence[Cell], by: Dimension, totals: Mapping[str, Counts], *, average: float | None
) -> str:
    """Topics by places. Every cell opens its mentions; small ones show their n only."""
    columns = _by_volume((cell.value, cell.counts.n) for cell in cells)
    topics = _by_volume((topic, counts.n) for topic, counts in totals.items())
    found = {(cell.topic, cell.value): cell for cell in cells}
    head = "".join(f"<th scope='col'>{escape(page.label(KINDS[by], value))}</th>" for value in columns)
    rows = []
    for topic in topics:
        own = anchor(page.href("mentions", topics=(topic,), experiences=()), escape(page.label("topic", topic)))
        whole = Cell(topic, page.words("grid_total"), totals[topic])
        total = _cell(page, whole, page.href("mentions", topics=(topic,), experiences=()), average, place=whole.value)
        places = (_place(page, found.get((topic, value)), by, average) for value in columns)
        rows.append(f"<tr><th scope='row'>{own}</th>{''.join(places)}{total}</tr>")
    return (
        "<div class='bm-scroll' tabindex='0'><table class='bm-grid'><thead><tr>"
        f"<th scope='col'>{escape(page.words('topic'))}</th>{head}"
        f"<th scope='col'>{escape(page.words('grid_total'))}</th>"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _by_volume(sizes: Iterable[tuple[str, int]]) -> list[str]:
    volume: dict[str, int] = {}
    for name, n in sizes:
        volume[name] = volume.get(name, 0) + n
    return sorted(volume, key=lambda name: (-volume[name], name))


def _place(page: Context, cell: Cell | None, by: Dimension, average: float | None) -> str:
    if cell is None:
        return "<td class='bm-none'><span aria-hidden='true'>·</span></td>"
    return _cell(page, cell, cell_href(page, cell, by), average, place=page.label(KINDS[by], cell.value))


def _cell(page: Context, cell: Cell, href: str, average: float | None, *, place: str) -> str:
    share, topic = cell.negative, page.label("topic", cell.topic)
    n = f"n = {page.number(share.n)}"
    if share.n < page.config.min_group:
        label = page.words("grid_cell_few", topic=topic, place=place, n=page.number(share.n))
        return f"<td class='bm-few'>{anchor(href, f'<small>{n}</small>', label=label)}</td>"
    bounds = formats.interval(share, page.words.language)
    label = page.words(
        "grid_cell", topic=topic, place=place, share=page.percent(share.value), n=page.number(share.n), interval=bounds
    )
    inner = f"<b>{page.percent(share.value)}</b><small>{n}</small><small>{bounds}</small>"
    return f"<td style='background:{colour(share.value, average)}'>{anchor(href, inner, label=label)}</td>"


def colour(value: float | None, average: float | None) -> str:
    """Blue below the average, orange above, grey at it; light enough for dark text (contrast at least 7:1)."""
    if value is None or average is None:
        return "#eef1f4"
    strength = max(-1.0, min(1.0, (value - average) / FULL_COLOUR))
    full = (241, 165, 107) if strength > 0 else (142, 184, 229)
    middle = (238, 241, 244)
    mixed = (round(m + (f - m) * abs(strength)) for m, f in zip(middle, full, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def legend(page: Context) -> str:
    """What the colours of the grid mean."""
    steps = "".join(f"<i style='background:{colour(0.4 + step / 10, 0.4)}'></i>" for step in range(-4, 5, 2))
    return (
        f"<div class='bm-legend'><span>{escape(page.words('grid_legend_less'))}</span>{steps}"
        f"<span>{escape(page.words('grid_legend_more'))}</span>"
        f"<i class='bm-fewkey'></i><span>{escape(page.words('grid_legend_few'))}</span></div>"
    )
