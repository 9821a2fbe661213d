"""Pieces of the pages without a browser: charts, cards, hotspot lists, gaps, settings, the way Streamlit is started."""

import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.charts import COLOURS, share_chart, share_rows, trend_rows, volume_chart
from dashboard.config import CONFIG_VARIABLE, ConfigError, DashboardConfig, TopicConfig, read_config, write_config
from dashboard.context import Context
from dashboard.figures import Cell, Counts, TrendPoint, hotspots
from dashboard.hotspot_parts import colour, grid, ranked
from dashboard.parts import active_filters, chips, heading
from dashboard.serving import streamlit_command
from dashboard.state import FilterState, from_params, to_params
from dashboard.texts import Words
from dashboard.verbatims import cards
from dashboard.views.notices import blind_sources, remarks
from dashboard.views.overview import stands_out
from index.mention import Correction, Work
from tests.factories import make_mention, make_rating, make_sentiment

CONFIG = DashboardConfig(
    brand="Kornblume", data=Path("daten"), topics=(TopicConfig(id="app", label="App & <Web>", journey_phase="usage"),)
)
GERMAN = Words("de")
NEWEST = date(2026, 3, 29)


def page(view="overview", **fields):
    return Context(CONFIG, view, FilterState(**fields), NEWEST)


POINTS = [
    TrendPoint(date(2026, 3, 16), Counts(negative=6, positive=4)),
    TrendPoint(date(2026, 3, 23), Counts(negative=2, neutral=1)),
]


def test_a_trend_keeps_its_neutral_share_and_pales_what_came_before():
    rows = trend_rows(POINTS, GERMAN, "week", since=date(2026, 3, 23))
    assert len(rows) == len(POINTS) * len(COLOURS)
    assert {(row["label"], row["experience"]): row["count"] for row in rows}[
        ("KW 13, ab 23. März 2026", "neutral")
    ] == 1
    assert {row["start"]: row["opacity"] for row in rows} == {"2026-03-16": 0.4, "2026-03-23": 1.0}


def test_a_share_of_too_few_is_not_shown_as_a_fact():
    large, small = share_rows(POINTS, GERMAN, "week", min_group=5)
    assert (large["value"], large["n"]) == (0.6, 10)
    assert large["low"] < 0.6 < large["high"]
    assert (small["value"], small["low"], small["high"], small["n"], small["text"]) == (
        None,
        None,
        None,
        3,
        "zu wenige",
    )


@pytest.mark.parametrize("points", [POINTS, []])
def test_charts_are_valid_vega_lite(points):
    for chart in (volume_chart(points, GERMAN, "week"), share_chart(points, GERMAN, "day", min_group=1)):
        spec = chart.to_dict()
        assert "picked" in str(spec["params"] if "params" in spec else spec["layer"])


def test_negative_and_positive_differ_in_lightness_too():
    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    ink = luminance("#17212b")
    for value in (0, 0.1, 0.3, 0.5, 0.7, 1):
        ground = luminance(colour(value, 0.4))
        assert (ground + 0.05) / (ink + 0.05) > 7
    red, _, blue = (int(colour(0.9, 0.4)[place : place + 2], 16) for place in (1, 3, 5))
    assert red > blue
    red, _, blue = (int(colour(0.1, 0.4)[place : place + 2], 16) for place in (1, 3, 5))
    assert blue > red


CELLS = [
    Cell("app", "<forum>", Counts(negative=8, positive=2)),
    Cell("app", "blog", Counts(negative=2)),
]


def test_a_small_cell_shows_its_n_and_no_share():
    html = grid(page(), CELLS, "source", {"app": Counts(negative=10, positive=2)}, average=0.5)
    small = re.search(r"<td class='bm-few'>.*?</td>", html)[0]
    assert "n = 2" in small
    assert "%</b>" not in small
    assert "&lt;forum&gt;" in html
    assert "<forum>" not in html
    assert "App &amp; &lt;Web&gt;" in html


def test_cells_and_rows_link_to_their_mentions_with_the_same_filter():
    html = grid(page(period="84d", search="x"), CELLS, "source", {"app": CELLS[0].counts}, average=0.5)
    assert "/mentions?period=84d&amp;source=blog&amp;topic=app&amp;q=x" in html
    html = ranked(page(), hotspots(CELLS, [], min_group=5), "source", average=0.5)
    assert "/mentions?source=%3Cforum%3E&amp;topic=app&amp;experience=negative" in html
    assert "davor keine Stimmen" in html


def test_a_search_that_hardly_means_what_it_says_is_remarked_on():
    html = remarks(page("mentions", search="zug und rating<=4&amp"))
    assert "„und“ wird als Wort gesucht; als Operator schreibt man es groß: UND. (Zeichen 5)" in html
    assert "rating:&lt;=4&amp;amp" in html
    assert remarks(page("mentions", search="zug UND bahn")) == remarks(page("mentions")) == ""


def test_a_card_says_what_a_reader_must_know():
    mention = make_mention(
        1,
        text="Die Kündigung klappt <nie>.",
        title="Schluss & aus",
        sentiment=make_sentiment("negative", 0.4),
        rating=make_rating(2),
        irony=True,
        needs_answer=True,
        copy_group="g",
        topics=("app",),
        aspects=(),
        matched_terms=(),
        published_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
        date_precision="day",
    )
    html = cards(page("mentions"), [mention], {"g": 3})
    for part in (
        "Modell unsicher",
        "Ironie vermutet",
        "Braucht eine Antwort",
        "+ 2 ähnliche",
        "2 von 5",
        "Schluss &amp; aus",
    ):
        assert part in html, part
    assert "&lt;nie&gt;" in html
    assert "2. März 2026<" in html
    assert f"href='{mention.url}' target='_blank' rel='noopener noreferrer nofollow'" in html


def test_a_correction_is_shown_as_one():
    work = Work(correction=Correction(sentiment="positive", topics=("app",), by="anna", at=datetime.now(UTC)))
    html = cards(page("mentions"), [make_mention(0, work=work)], {})
    assert "von Hand korrigiert" in html
    assert "bm-edge-positive" in html
    assert "App &amp; &lt;Web&gt;" in html


def test_an_undated_unjudged_mention_says_so():
    mention = make_mention(0, published_at=None, date_precision="unknown", sentiment=None, topics=(), aspects=())
    html = cards(page("mentions"), [mention], {})
    assert "ohne Datum" in html
    assert "noch nicht bewertet" in html


def test_every_active_filter_is_a_chip_that_removes_it():
    context = page(topics=("app",), sources=("a", "b"), search="<x>", copies="all", brand="Distel")
    assert len(active_filters(context)) == 6
    assert "„Quelle: a“ entfernen" in chips(context)
    assert "<x>" not in chips(context)
    assert chips(page()) == ""
    for _, without in active_filters(context):
        assert len(active_filters(Context(CONFIG, "overview", without, NEWEST))) == 5


def test_a_heading_says_what_is_compared():
    html = heading(page(period="7d"), "Überblick", count=1234, with_before=True)
    assert "23. bis 29. März 2026" in html
    assert "1.234 Stimmen" in html
    assert "verglichen mit 16. bis 22. März 2026" in html


def run(source, outcome, day):
    at = datetime(2026, 3, day, 9, tzinfo=UTC).isoformat()
    return {"source": source, "outcome": outcome, "started_at": at, "ended_at": at}


@pytest.mark.parametrize(
    ("cell", "whole", "expected"),
    [
        (Counts(negative=40, positive=10), Counts(negative=50, positive=50), True),
        (Counts(negative=3), Counts(negative=50, positive=50), False),
        (Counts(negative=40, positive=40), Counts(negative=50, positive=50), False),
        (Counts(negative=50), Counts(negative=50), False),
    ],
)
def test_a_hotspot_stands_out_against_everything_else(cell, whole, expected):
    assert stands_out(Cell("app", "forum", cell), whole) is expected


def test_sources_are_called_by_their_titles():
    named = Context(
        CONFIG.model_copy(update={"sources": {"marktforum": "Forum <Markt>"}}), "mentions", FilterState(), NEWEST
    )
    assert "Forum &lt;Markt&gt;" in cards(named, [make_mention(0)], {})
    assert named.label("source", "unbekannt") == "unbekannt"


def test_a_source_is_blind_from_its_last_complete_run_to_the_next():
    runs = [
        run("forum", "running", 9),
        run("forum", "failed", 8),
        run("portal", "done", 7),
        run("portal", "failed", 6),
        run("forum", "done", 5),
        run("blog", "refused", 4),
    ]
    assert [(gap.source, gap.outcome, gap.since) for gap in blind_sources(runs)] == [
        ("blog", "refused", None),
        ("forum", "failed", date(2026, 3, 5)),
    ]
    assert blind_sources([]) == []


def test_settings_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "dashboard.json"
    write_config(CONFIG, path)
    assert read_config([str(path)], {}) == CONFIG
    assert read_config([], {CONFIG_VARIABLE: str(path)}) == CONFIG
    assert (CONFIG.topic_label("app"), CONFIG.topic_label("weg")) == ("App & <Web>", "weg")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (None, "config_unreadable"),
        ("{", "config_invalid"),
        ('{"brand": "x"}', "config_invalid"),
        ("[]", "config_invalid"),
    ],
)
def test_broken_settings_name_their_file(tmp_path, content, key):
    path = tmp_path / "dashboard.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"dashboard\.json") as caught:
        read_config([str(path)], {})
    assert caught.value.key == key
    with pytest.raises(ConfigError) as unset:
        read_config([], {})
    assert unset.value.key == "config_unset"


def test_streamlit_is_started_quietly_on_this_machine_only():
    command = streamlit_command(Path("a/dashboard.json"), 8512)
    assert command[0] == sys.executable
    assert {"--server.address=127.0.0.1", "--server.port=8512", "--browser.gatherUsageStats=false"} <= set(command)
    assert command[-2:] == ["--", "a/dashboard.json"]
    assert not any("http" in part for part in command)


def test_a_shared_link_shows_the_same_days_tomorrow():
    state = from_params(to_params(FilterState().between(date(2026, 3, 1), date(2026, 3, 7))))
    today, tomorrow = (Context(CONFIG, "overview", state, NEWEST + timedelta(days=days)) for days in (0, 1))
    assert today.state == tomorrow.state
