"""How sure a share is, and whether two shares differ: the statistics behind every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

# Two-sided; the level of all intervals and tests of the pages.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """`count` of `n` with its interval; `low` and `high` lie in 0..1. Without observations all three are None."""

    count: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Change:
    """A share now against before: `difference` (now - before, -1..1), its interval, and the test's p-value.

    All but the two shares are None where one side has no observations.
    """

    now: Share
    before: Share
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None

    @property
    def is_clear(self) -> bool:
        """Whether chance alone is an unlikely reason for the difference."""
        return self.p_value is not None and self.p_value < 1 - CONFIDENCE


def wilson(count: int, n: int) -> Share:
    """Share with Wilson's score interval (Wilson 1927). Raises `ValueError` unless 0 <= count <= n."""
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is not a share")
    if n == 0:
        return Share(0, 0, None, None, None)
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, n, count / n, float(interval.low), float(interval.high))


def change(now: Share, before: Share) -> Change:
    """Compare two independent shares: Fisher's exact test, and Newcombe's interval of the difference (1998, no. 10)."""
    sides = (now.value, now.low, now.high, before.value, before.low, before.high)
    if any(side is None for side in sides):
        return Change(now, before, None, None, None, None)
    import numpy as np
    from scipy.stats import fisher_exact

    value, low, high, old, old_low, old_high = (float(side) for side in sides if side is not None)
    table = np.array([[now.count, now.n - now.count], [before.count, before.n - before.count]])
    return Change(
        now,
        before,
        difference=value - old,
        low=value - old - hypot(value - low, old_high - old),
        high=value - old + hypot(high - value, old - old_low),
        p_value=float(fisher_exact(table).pvalue),
    )


def adjusted(changes: Sequence[Change]) -> list[float | None]:
    """p-values of many comparisons read together, held to a false discovery rate (Benjamini and Hochberg 1995)."""
    known = [item.p_value for item in changes if item.p_value is not None]
    if not known:
        return [None] * len(changes)
    from scipy.stats import false_discovery_control

    corrected = iter(float(value) for value in false_discovery_control(known, method="bh"))
    return [None if item.p_value is None else next(corrected) for item in changes]
