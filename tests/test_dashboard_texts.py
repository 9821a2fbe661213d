"""The words of the pages: complete in both languages, and formatted as their readers write."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dashboard import formats
from dashboard.intervals import wilson
from dashboard.texts import TEXTS, Words
from index.mention import CHANNELS, JOURNEY_PHASES, SENTIMENTS

ROOM = Path(__file__).resolve().parent.parent / "dashboard"
HOLES = re.compile(r"{(\w+)}")


def test_both_languages_say_the_same_things():
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    for key, german in TEXTS["de"].items():
        assert set(HOLES.findall(german)) == set(HOLES.findall(TEXTS["en"][key])), key


def test_every_text_that_the_pages_name_exists_and_every_text_is_used():
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(ROOM.rglob("*.py")) if "texts" not in path.stem
    )
    named = set(re.findall(r'"([a-z][a-z0-9_]+)"', source)) | set(re.findall(r"'([a-z][a-z0-9_]+)'", source))
    prefixes = set(re.findall(r"f[\"']([a-z_]+_){", source))
    suffixes = set(re.findall(r"f[\"']{[a-z_]+}(_[a-z_]+)[\"']", source))
    # `Context.label` builds these from the names of the closed lists.
    prefixes |= {"channel_", "phase_", "experience_"}
    called = set(re.findall(r"words\(\s*[\"'](\w+)[\"']", source))
    assert called <= TEXTS["de"].keys()
    unused = {
        key
        for key in TEXTS["de"].keys() - named
        if not key.startswith(tuple(prefixes)) and not key.endswith(tuple(suffixes))
    }
    assert unused == set()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_closed_value_has_a_name(language):
    words = Words(language)
    keys = [f"channel_{value}" for value in CHANNELS] + [f"phase_{value}" for value in JOURNEY_PHASES]
    for key in keys + [f"experience_{value}" for value in SENTIMENTS]:
        assert words(key)


def test_numbers_and_shares():
    assert formats.number(1234, "de") == "1.234"
    assert formats.number(1234.5, "en") == "1,234.5"
    assert formats.percent(0.125, "de", digits=1) == "12,5\u202f%"
    assert formats.percent(0.125, "en", digits=1) == "12.5%"
    assert formats.percent(None, "de") == "–"
    assert formats.interval(wilson(81, 263), "de") == "26–37\u202f%"
    assert formats.interval(wilson(0, 0), "de") == "–"


@pytest.mark.parametrize(("value", "text"), [(12, "+12"), (-3.5, "−3,5"), (0, "0"), (0.04, "0"), (1234, "+1.234")])
def test_differences_carry_their_sign(value, text):
    assert formats.signed(value, "de") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.03, "p = 0,03"), (0.004, "p = 0,004"), (0.0001, "p < 0,001"), (1, "p = 1,00")]
)
def test_p_values(value, text):
    assert formats.p_value(value, "de") == text


@pytest.mark.parametrize(
    ("start", "end", "german", "english"),
    [
        (date(2026, 3, 1), date(2026, 3, 7), "1. bis 7. März 2026", "1 to 7 March 2026"),
        (date(2026, 2, 27), date(2026, 3, 3), "27. Februar bis 3. März 2026", "27 February to 3 March 2026"),
        (
            date(2025, 12, 31),
            date(2026, 1, 1),
            "31. Dezember 2025 bis 1. Januar 2026",
            "31 December 2025 to 1 January 2026",
        ),
        (date(2026, 3, 3), date(2026, 3, 3), "3. März 2026", "3 March 2026"),
    ],
)
def test_periods(start, end, german, english):
    assert formats.period(start, end, "de") == german
    assert formats.period(start, end, "en") == english


def test_moments_are_berlin_time():
    moment = datetime(2026, 3, 2, 23, 5, tzinfo=UTC)
    assert formats.moment(moment, "de", with_time=True) == "3. März 2026, 00:05 Uhr"
    assert formats.moment(moment, "en", with_time=False) == "3 March 2026"


def test_weeks_are_iso_weeks():
    assert formats.week(date(2025, 12, 29), "de") == "KW 1"
