"""Dates as German and English pages write them."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.pages.dates import BERLIN, DateHints, parse_machine, parse_text

HINTS = DateHints(now=datetime(2026, 3, 4, 15, 0, tzinfo=UTC))  # a Wednesday, 16:00 in Berlin
MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()  # noqa: SIM905
DATES = st.dates(min_value=date(1995, 1, 1), max_value=date(2026, 3, 3))
# Hours around the switch to summer time exist twice or not at all, so they have no round trip.
TIMES = st.times(min_value=time(4), max_value=time(23, 59)).map(lambda moment: moment.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("12. März 2024 um 14:05 Uhr", "2024-03-12T14:05:00+01:00", "minute"),
        ("Verfasst: Di 12. Mär 2024, 14:05", "2024-03-12T14:05:00+01:00", "minute"),
        ("Di 12 März - 14:05", "2024-03-12T14:05:00+01:00", "minute"),
        ("Mo., 4. Mär 14:05", "2024-03-04T14:05:00+01:00", "minute"),
        ("12-Mär-2024, 14:05", "2024-03-12T14:05:00+01:00", "minute"),
        ("\u200e2024-03-12 02:05 PM", "2024-03-12T14:05:00+01:00", "minute"),
        ("2024-03-12, 12:05 a.m.", "2024-03-12T00:05:00+01:00", "minute"),
        ("2024-03-12, 9:05", "2024-03-12T09:05:00+01:00", "minute"),
        ("12.03.24 14:05", "2024-03-12T14:05:00+01:00", "minute"),
        ("03.03.2011,\u00a014:27", "2011-03-03T14:27:00+01:00", "minute"),
        ("am 26/05/14", "2014-05-26T00:00:00+02:00", "day"),
        ("Rezension aus Deutschland vom 12. Juli 2024", "2024-07-12T00:00:00+02:00", "day"),
        ("Beitrag von r23 » 21.01.2009, 05:42", "2009-01-21T05:42:00+01:00", "minute"),
        ("Erfahrung vom: März 2024", "2024-03-01T00:00:00+01:00", "month"),
        ("2024", "2024-01-01T00:00:00+01:00", "year"),
        ("Heute, 14:27", "2026-03-04T14:27:00+01:00", "minute"),
        ("heute um 9 Uhr", "2026-03-04T09:00:00+01:00", "minute"),
        ("Gestern, 09:15", "2026-03-03T09:15:00+01:00", "minute"),
        ("Vorgestern", "2026-03-02T00:00:00+01:00", "day"),
        ("Mittwoch um 14:05", "2026-02-25T14:05:00+01:00", "minute"),
        ("vor 3 Stunden", "2026-03-04T13:00:00+01:00", "day"),
        ("vor 5 Minuten", "2026-03-04T15:55:00+01:00", "minute"),
        ("vor 2 Tagen", "2026-03-02T00:00:00+01:00", "day"),
        ("vor einem Monat", "2026-02-04T00:00:00+01:00", "month"),
        ("1. Jan. 2024", "2024-01-01T00:00:00+01:00", "day"),
        ("5. Jänner 2020", "2020-01-05T00:00:00+01:00", "day"),
        ("Sun May 26, 2019 4:34 pm", "2019-05-26T16:34:00+02:00", "minute"),
        ("March 12, 2024, midnight", "2024-03-12T00:00:00+01:00", "minute"),
        ("2024-03-12T14:05:09-05:00", "2024-03-12T14:05:09-05:00", "second"),
    ],
)
def test_text_is_read_as_exactly_as_it_says(text, expected, precision):
    moment = parse_text(text, HINTS)
    assert (moment.at.isoformat(), moment.precision) == (expected, precision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "neulich",
        "32.13.2024",
        "12.03",
        "99 Luftballons",
        "Version 3.14.15",
        "00.00.0000",
        "am 31. Februar",
        "Di 12 März",
        "So 30 Feb - 14:05",
        "2024-03-12 25:05",
    ],
)
def test_no_date_is_unknown(text):
    assert parse_text(text, HINTS) == (None, "unknown")


def test_month_first_is_a_setting_of_the_site():
    american = DateHints(now=HINTS.now, order="MDY")
    assert parse_text("03-12-2024, 02:05 PM", american).at == datetime(2024, 3, 12, 14, 5, tzinfo=BERLIN)
    assert parse_text("03-12-2024, 02:05 PM", HINTS).at == datetime(2024, 12, 3, 14, 5, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("value", "expected", "precision"),
    [
        ("2020-06-08 00:00:00", "2020-06-08T00:00:00+02:00", "day"),
        ("2020-06-08", "2020-06-08T00:00:00+02:00", "day"),
        ("2018-09-27T14:51:09+0200", "2018-09-27T14:51:09+02:00", "second"),
        ("1538052669", "2018-09-27T12:51:09+00:00", "second"),
        ("1538052669000", "2018-09-27T12:51:09+00:00", "second"),
        ("2026-03-01T18:04:00+01:00", "2026-03-01T18:04:00+01:00", "minute"),
    ],
)
def test_machine_times(value, expected, precision):
    moment = parse_machine(value, HINTS)
    assert (moment.at.isoformat(), moment.precision) == (expected, precision)


@pytest.mark.parametrize("value", [None, "", "gestern", "1", "2024-13-45", "9999999999999", "0001-01-01", "2099-01-01"])
def test_machine_nonsense_is_unknown(value):
    assert parse_machine(value, HINTS).at is None


@given(DATES, TIMES)
def test_german_formats_come_back(day, clock):
    expected = datetime.combine(day, clock, BERLIN)
    for text in (
        f"{day.day}. {MONTHS[day.month - 1]} {day.year} um {clock:%H:%M} Uhr",
        f"{day.day}. {MONTHS[day.month - 1][:3]} {day.year}, {clock:%H:%M}",
        f"{day:%d.%m.%Y}, {clock:%H:%M}",
        f"{day.day}.{day.month}.{day.year} {clock.hour}:{clock.minute:02d}",
    ):
        assert parse_text(text, HINTS) == (expected, "minute"), text


@given(DATES)
def test_iso_days_come_back(day):
    assert parse_machine(day.isoformat(), HINTS) == (datetime.combine(day, time(), BERLIN), "day")


@given(st.text(max_size=60))
def test_any_text_is_survived(text):
    for moment in (parse_text(text, HINTS), parse_machine(text, HINTS)):
        assert (moment.at is None) == (moment.precision == "unknown")
        assert moment.at is None or moment.at.tzinfo is not None
