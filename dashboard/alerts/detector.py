"""Whether a count is unusual against its own past: a Poisson or negative-binomial expectation with weekdays.

A window is the 24 hours or 7 days before `now`; the past is made of the 24-hour bins before it, so each bin ends at the
same time of day as `now` and a day is never compared with half a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammainc

# The past that a count is compared with, and the least of it that allows a judgement.
HISTORY_DAYS = 56
MIN_HISTORY_DAYS = 14
# Pseudo-counts that pull a weekday's factor to 1: with two mentions a week, weekdays can't be told apart yet.
WEEKDAY_PRIOR = 7.0
# Jeffreys prior of a Poisson rate, Gamma(1/2, 0): Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.8.
RATE_PRIOR = 0.5
# How far back an event may have begun before it is noticed.
ONSET_DAYS = 14


@dataclass(frozen=True)
class Rule:
    """When a count is an alert. `significance` is the chance of a false alert per topic, window and check."""

    window_days: int
    min_mentions: int = 5
    min_ratio: float = 2.0
    significance: float = 1e-3


@dataclass(frozen=True)
class Finding:
    """What a window holds against its past.

    `expected` is the predicted mean, `probability` that of at least `count` by chance; `history_days` how much past
    there was; `onset_days` how many days before `now` the excess began. `unusual` is None without enough past.
    """

    window_days: int
    count: int
    expected: float
    probability: float
    history_days: int
    onset_days: int
    unusual: bool | None


def judge(bins: Sequence[int], weekdays: Sequence[int], rule: Rule) -> Finding:
    """Judge the last `rule.window_days` of daily counts against those before.

    `bins` are counts per 24 hours, oldest first, the last one ending now; `weekdays` their weekdays (0 is Monday).
    """
    counts = np.asarray(bins[-(HISTORY_DAYS + rule.window_days) :], dtype=float)
    days = np.asarray(weekdays[-len(counts) :], dtype=int)
    past, window = counts[: -rule.window_days], counts[-rule.window_days :]
    count = int(window.sum())
    if len(past) < MIN_HISTORY_DAYS:
        return Finding(rule.window_days, count, float("nan"), float("nan"), len(past), rule.window_days, None)
    factors = weekday_factors(past, days[: len(past)])
    rate = (past.sum() + RATE_PRIOR) / factors[days[: len(past)]].sum()
    expected = float(rate * factors[days[len(past) :]].sum())
    dispersion = overdispersion(past, rate * factors[days[: len(past)]])
    probability = tail(count, expected, dispersion, known=float(past.sum()) + RATE_PRIOR)
    unusual = count >= rule.min_mentions and count >= rule.min_ratio * expected and probability <= rule.significance
    onset = onset_days(counts, rate * factors[days], rule.window_days)
    return Finding(rule.window_days, count, expected, probability, len(past), onset, unusual)


def weekday_factors(past: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Per weekday how much busier than the average day it was, pulled towards 1 where counts are few; shape (7,)."""
    mean = past.mean()
    if mean == 0:
        return np.ones(7)
    seen = np.bincount(days, weights=past, minlength=7)
    expected = np.bincount(days, minlength=7) * mean
    return np.asarray((seen + WEEKDAY_PRIOR) / (expected + WEEKDAY_PRIOR))


def overdispersion(past: np.ndarray, expected: np.ndarray) -> float:
    """Pearson's chi-squared over its degrees of freedom, at least 1: how much wilder than Poisson the past was."""
    freedom = max(len(past) - 1, 1)
    return max(1.0, float(((past - expected) ** 2 / expected).sum() / freedom))


def tail(count: int, expected: float, dispersion: float, *, known: float) -> float:
    """P(X >= count) for a new window: dispersion times Poisson variance, plus that of the rate itself.

    `known` is the shape of the rate's posterior, so the rate's part of the variance is expected**2 / known.
    """
    if count == 0:
        return 1.0
    variance = dispersion * expected + expected**2 / known
    # Survival functions by incomplete gamma and beta functions (NIST DLMF 8.4, 8.17): scipy.stats loads for seconds.
    if variance <= expected:
        return float(gammainc(count, expected))
    size = expected**2 / (variance - expected)
    return float(betainc(count, size, expected / (size + expected)))


def onset_days(counts: np.ndarray, expected: np.ndarray, window_days: int) -> int:
    """How many days before now the excess began: the start that collects the most of it (Page's CUSUM).

    A day's excess is what it has above twice its expectation, so that quiet days before the event don't belong to it.
    """
    excess = (counts - 2 * expected)[-max(ONSET_DAYS, window_days) :][::-1]
    return int(np.argmax(np.cumsum(excess))) + 1
