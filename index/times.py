"""Times as both stores compare and print them: UTC, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# The Gregorian calendar repeats itself after 400 years.
_CYCLE_YEARS = 400
_CYCLE = 146_097 * 86_400_000
# Java's longest times: Elasticsearch counts in 64 bits.
_LONGEST = (1 << 63) - 1


def milliseconds(time: datetime) -> int:
    """Milliseconds since 1970 in UTC, rounded down. `time` must be timezone-aware."""
    return (time - _EPOCH) // _MILLISECOND


def iso_time(value: int) -> str:
    """Milliseconds since 1970 as Elasticsearch prints them, e.g. "2026-03-01T00:00:00.000Z".

    Sums of times lie far beyond the calendar: years of more than four digits have a sign ("+39580-06-19T…"), as ISO
    8601 asks and Java does it.
    """
    cycles, rest = divmod(max(-_LONGEST - 1, min(_LONGEST, value)), _CYCLE)
    time = _EPOCH + timedelta(milliseconds=rest)
    year = time.year + _CYCLE_YEARS * cycles
    sign = "+" if year > 9999 else "-" if year < 0 else ""
    return f"{sign}{abs(year):04d}-{time:%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def parsed_milliseconds(text: str) -> int:
    """`milliseconds` of an ISO time; one without a zone is read as UTC. Raises `ValueError`."""
    time = datetime.fromisoformat(text)
    return milliseconds(time if time.tzinfo else time.replace(tzinfo=UTC))
