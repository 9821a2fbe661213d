"""The figures of `nlp.evaluation.evaluate` as a picture: accuracy, calibration, accuracy of the most confident rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ENDINGS = (".svg", ".png")
SIZE = {"width": 300, "height": 260}
# Okabe and Ito's colours, which people with any colour vision tell apart.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]


def save_picture(report: Mapping[str, Any], path: Path) -> None:
    """Writes the picture of a report; the ending of `path`, one of `ENDINGS`, says in which form.

    Raises ValueError where no row was judged.
    """
    blocks = {name: block for name, block in report["files"].items() if block["n"]}
    if not blocks:
        raise ValueError("there is no labelled row, so there is nothing to draw")
    _chart(blocks).save(str(path), scale_factor=2)


def _chart(blocks: Mapping[str, Mapping[str, Any]]) -> Any:
    import altair as alt

    names = list(blocks)
    colour = alt.Color("file:N", title=None, scale=alt.Scale(domain=names, range=COLOURS[: len(names)] or COLOURS))
    share: Any = {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(format="%")}
    accuracy = [
        {"file": name, "accuracy": block["accuracy"], "low": low, "high": high}
        for name, block in blocks.items()
        for low, high in [block["accuracy_interval"]]
    ]
    places = alt.Chart(_rows(accuracy), title="Accuracy, 95 % interval").encode(
        y=alt.Y("file:N", title=None, sort=names, axis=alt.Axis(labels=False, ticks=False)), color=colour
    )
    intervals = places.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="accuracy", **share), x2="high:Q")
    points = places.mark_circle(size=70, opacity=1).encode(x=alt.X("accuracy:Q", **share))
    bins = [{"file": name, **found} for name, block in blocks.items() for found in block["bins"]]
    ideal = alt.Chart(_rows([{"x": 0, "y": 0}, {"x": 1, "y": 1}]), title="Calibration").mark_line(
        color="#999999", strokeDash=[4, 4]
    )
    calibration = alt.Chart(_rows(bins)).encode(
        x=alt.X("confidence:Q", title="mean confidence", **share), y=alt.Y("accuracy:Q", title="accuracy", **share)
    )
    curve = [{"file": name, **found} for name, block in blocks.items() for found in block["curve"]]
    coverage = alt.Chart(_rows(curve), title="Accuracy of the most confident rows").encode(
        x=alt.X("coverage:Q", title="share of rows kept", **share), y=alt.Y("accuracy:Q", title="accuracy", **share)
    )
    return (
        alt.hconcat(
            (intervals + points).properties(**SIZE),
            (
                ideal.encode(x="x:Q", y="y:Q")
                + calibration.mark_line(opacity=0.6).encode(color=colour)
                + calibration.mark_circle(opacity=0.9).encode(color=colour, size=alt.Size("n:Q", legend=None))
            ).properties(**SIZE),
            coverage.mark_line().encode(color=colour).properties(**SIZE),
        )
        .configure_axis(gridColor="#eeeeee", labelFont="sans-serif", titleFont="sans-serif")
        .configure_view(stroke=None)
    )


def _rows(rows: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    return alt.InlineData(values=list(rows))
