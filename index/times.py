"""Times as both stores compare and print them: UTC, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(time: datetime) -> int:
    """Milliseconds since 1970 in UTC, rounded down. `time` must be timezone-aware."""
    return (time - _EPOCH) // _MILLISECOND


def iso_time(value: int) -> str:
    """Milliseconds since 1970 as Elasticsearch prints them, e.g. "2026-03-01T00:00:00.000Z"."""
    time = _EPOCH + timedelta(milliseconds=value)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def parsed_milliseconds(text: str) -> int:
    """`milliseconds` of an ISO time; one without a zone is read as UTC. Raises `ValueError`."""
    time = datetime.fromisoformat(text)
    return milliseconds(time if time.tzinfo else time.replace(tzinfo=UTC))
