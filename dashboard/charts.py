"""Charts from figures: pure functions, no Streamlit. Colours tell negative from positive also to colour-blind eyes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from dashboard import formats
from dashboard.figures import Step, TrendPoint
from dashboard.texts import Words

if TYPE_CHECKING:
    import altair as alt

FONT = '"Source Sans", system-ui, sans-serif'
INK, MUTED, LINE = "#17212b", "#5b6875", "#e4e8ed"
COLOURS = {"negative": "#c2571a", "mixed": "#e6b991", "neutral": "#c9d0d8", "positive": "#2f6fb3"}
HEIGHT = 220
PALE = 0.4


def trend_rows(
    points: Sequence[TrendPoint], words: Words, step: Step, *, since: date | None = None
) -> list[dict[str, Any]]:
    """One row per point and experience, in stacking order."""
    width = timedelta(days=1 if step == "day" else 7)
    rows = []
    for order, experience in enumerate(COLOURS):
        for point in points:
            share = point.counts.share(experience)
            rows.append(
                {
                    **_point(point, words, step),
                    "order": order,
                    "opacity": PALE if since is not None and point.start + width <= since else 1.0,
                    "experience": words(f"experience_{experience}"),
                    "count": share.count,
                    "share": formats.percent(share.value, words.language),
                }
            )
    return rows


def share_rows(points: Sequence[TrendPoint], words: Words, step: Step, *, min_group: int) -> list[dict[str, Any]]:
    """Per point the negative share with its bounds; points below `min_group` keep their n but show no share."""
    rows = []
    for point in points:
        share = point.counts.share("negative")
        shown = share.n >= min_group
        rows.append(
            {
                **_point(point, words, step),
                "value": share.value if shown else None,
                "low": share.low if shown else None,
                "high": share.high if shown else None,
                "text": formats.percent(share.value, words.language) if shown else words("too_few"),
                "interval": formats.interval(share, words.language) if shown else "–",
            }
        )
    return rows


def volume_chart(
    points: Sequence[TrendPoint], words: Words, step: Step, *, since: date | None = None
) -> alt.LayerChart | alt.FacetChart:
    """Stacked bars: mentions of each experience. A click selects `start`; what ended before `since` is pale."""
    import altair as alt

    labels = [words(f"experience_{experience}") for experience in COLOURS]
    data = alt.InlineData(values=trend_rows(points, words, step, since=since))
    bars = (
        alt.Chart(data)
        .mark_bar(cursor="pointer", cornerRadius=1)
        .encode(
            x=_time(points, words),
            y=alt.Y("sum(count):Q", title=None, axis=alt.Axis(tickCount=4, format="d", tickMinStep=1)),
            color=alt.Color(
                "experience:N",
                scale=alt.Scale(domain=labels, range=list(COLOURS.values())),
                legend=alt.Legend(title=None, orient="top", symbolType="square", direction="horizontal", columns=4),
            ),
            order=alt.Order("order:Q"),
            opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
            tooltip=_tooltips(words, experience="experience", count="count", share="share", n="n"),
        )
        .add_params(alt.selection_point(name="picked", fields=["start"]))
    )
    return _styled(alt.layer(bars))


def share_chart(
    points: Sequence[TrendPoint], words: Words, step: Step, *, min_group: int
) -> alt.LayerChart | alt.FacetChart:
    """The negative share as a line with its 95 % band. A click on a point selects `start`."""
    import altair as alt

    rows = share_rows(points, words, step, min_group=min_group)
    top = max((row["high"] for row in rows if row["high"] is not None), default=1.0)
    scale = alt.Scale(domain=[0, min(1.0, top * 1.05)])
    sign = f"{formats.GAP}%" if words.language == "de" else "%"
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=_time(points, words))
    axis = alt.Axis(tickCount=4, labelExpr=f"format(datum.value * 100, '.0f') + '{sign}'")
    band = base.mark_area(color=COLOURS["negative"], opacity=0.16).encode(
        y=alt.Y("low:Q", title=None, scale=scale, axis=axis), y2="high:Q"
    )
    line = base.mark_line(color=COLOURS["negative"], strokeWidth=2).encode(y=alt.Y("value:Q", scale=scale))
    dots = (
        base.mark_point(color=COLOURS["negative"], filled=True, size=70, opacity=1, cursor="pointer")
        .encode(y=alt.Y("value:Q", scale=scale), tooltip=_tooltips(words, share="text", interval="interval", n="n"))
        .add_params(alt.selection_point(name="picked", fields=["start"]))
    )
    return _styled(alt.layer(band, line, dots))


def _point(point: TrendPoint, words: Words, step: Step) -> dict[str, Any]:
    day = formats.day(point.start, words.language)
    label = day if step == "day" else words("week_of", week=formats.week(point.start, words.language), day=day)
    return {"start": point.start.isoformat(), "label": label, "n": point.counts.n}


def _time(points: Sequence[TrendPoint], words: Words) -> alt.X:
    """One band per point; about eight of them are labelled, so that the labels never collide on a phone."""
    import altair as alt

    every = max(1, -(-len(points) // 8))
    named = {
        point.start.isoformat(): formats.short_day(point.start, words.language)
        for number, point in enumerate(points)
        if number % every == 0
    }
    expression = f"({_javascript(named)})[datum.value] || ''"
    axis = alt.Axis(labelExpr=expression, labelAngle=0, title=None, grid=False, labelOverlap=True)
    return alt.X("start:O", axis=axis, scale=alt.Scale(type="band", paddingInner=0.25, paddingOuter=0.1))


def _javascript(values: dict[str, str]) -> str:
    import json

    return json.dumps(values, ensure_ascii=False)


def _tooltips(words: Words, **fields: str) -> list[Any]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title=words("column_time")),
        *(alt.Tooltip(f"{field}:N", title=words(f"column_{name}")) for name, field in fields.items()),
    ]


def _styled(chart: alt.LayerChart | alt.FacetChart) -> alt.LayerChart | alt.FacetChart:
    text = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 13, "labelColor": MUTED}
    styled: alt.LayerChart | alt.FacetChart = (
        chart.properties(
            height=HEIGHT, background="transparent", padding={"left": 4, "right": 4, "top": 4, "bottom": 0}
        )
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(**text, gridColor=LINE, domain=False, ticks=False, labelPadding=8)
        .configure_legend(labelFont=FONT, labelFontSize=13, labelColor=INK, symbolSize=110, columnPadding=14)
    )
    return styled
