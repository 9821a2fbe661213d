"""When a source was not seen properly: fewer mentions from there then say nothing about the customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

BLIND_OUTCOMES = frozenset({"failed", "suspicious", "refused", "interrupted"})
IMPORT = "import"
"""What `health["card"]` says of imported files: a row that could not be read makes no period blind."""
RECHECK = "recheck"
"""The same of re-checks, which look for nothing new."""


@dataclass(frozen=True)
class BlindPeriod:
    """From the last complete run before (None: there was none) to the next one (None: not yet), a source was blind.

    `outcome` and `reason` are those of its newest run in between.
    """

    source: str
    since: datetime | None
    until: datetime | None
    outcome: str
    reason: str | None


def blind_periods(runs: Sequence[Mapping[str, Any]]) -> list[BlindPeriod]:
    """The blind periods in the ledger's records of runs (`Ledger.runs`, newest first), by source and time."""
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for run in reversed(runs):
        if (
            run["started_at"]
            and run["outcome"] != "running"
            and run.get("health", {}).get("card") not in (IMPORT, RECHECK)
        ):
            by_source.setdefault(run["source"], []).append(run)
    return [period for source in sorted(by_source) for period in _of_source(source, by_source[source])]


def _of_source(source: str, runs: Sequence[Mapping[str, Any]]) -> list[BlindPeriod]:
    """The periods of one source, its runs oldest first."""
    periods = []
    complete: datetime | None = None
    bad: Mapping[str, Any] | None = None
    for run in runs:
        if run["outcome"] in BLIND_OUTCOMES:
            bad = run
            continue
        began = datetime.fromisoformat(run["started_at"])
        if bad is not None:
            periods.append(BlindPeriod(source, complete, began, bad["outcome"], bad["reason"]))
        complete, bad = began, None
    if bad is not None:
        periods.append(BlindPeriod(source, complete, None, bad["outcome"], bad["reason"]))
    return periods
