"""Counts against their own past: what is unusual, what isn't, and what can't be judged yet."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from dashboard.alerts.detector import MIN_HISTORY_DAYS, Rule, judge, overdispersion, tail, weekday_factors

DAY = Rule(window_days=1)
WEEK = Rule(window_days=7)


def days(count):
    return [day % 7 for day in range(count)]


def finding(past, window, rule):
    bins = [*past, *window]
    return judge(bins, days(len(bins)), rule)


def test_burst_after_quiet_weeks_is_unusual():
    result = finding([0, 1, 0, 0, 0, 1, 0] * 8, [9], DAY)
    assert result.unusual
    assert result.expected == pytest.approx(2 / 7, abs=0.1)
    assert result.probability < 1e-6
    assert result.history_days == 56


@pytest.mark.parametrize(("count", "unusual"), [(4, False), (5, True)])
def test_minimum_of_mentions_is_needed(count, unusual):
    assert finding([0, 1, 0, 0, 0, 0, 0] * 8, [count], DAY).unusual is unusual


def test_busy_topic_needs_twice_its_usual_count():
    assert finding([40] * 56, [75], DAY).unusual is False
    assert finding([40] * 56, [90], DAY).unusual is True


def test_what_happens_every_monday_is_no_news_on_a_monday():
    weekly = [14, 0, 0, 1, 0, 0, 0] * 8
    on_monday = judge([*weekly, 14], days(57), DAY)
    on_tuesday = judge([*weekly, 0, 14], days(58), DAY)
    assert on_monday.unusual is False
    assert on_tuesday.unusual is True
    assert on_monday.expected > 4 * on_tuesday.expected


def test_week_collects_what_no_single_day_shows():
    past, window = [0, 1, 0, 0, 0, 0, 0] * 8, [2, 1, 2, 1, 2, 1, 2]
    assert finding(past, window, WEEK).unusual
    assert finding([*past, *window[:-1]], window[-1:], DAY).unusual is False


@pytest.mark.parametrize(("history", "judged"), [(MIN_HISTORY_DAYS - 1, False), (MIN_HISTORY_DAYS, True)])
def test_too_little_past_gives_no_judgement(history, judged):
    result = finding([0] * history, [50], DAY)
    assert (result.unusual is not None) is judged
    assert result.count == 50


def test_no_past_at_all_gives_no_judgement():
    assert judge([], [], DAY).unusual is None


def test_onset_is_the_day_on_which_the_excess_began():
    result = finding([0, 0, 1, 0, 0, 0, 0] * 8, [0, 0, 0, 5, 6, 4, 7], WEEK)
    assert result.onset_days == 4


def test_wild_past_widens_the_expectation():
    calm, wild = [2] * 56, ([0, 0, 0, 4, 6] * 12)[:56]
    assert finding(wild, [11], DAY).probability > 50 * finding(calm, [11], DAY).probability


def test_tail_is_poisson_where_the_rate_is_known_well():
    assert tail(7, 2.0, 1.0, known=1e9) == pytest.approx(poisson.sf(6, 2.0), rel=1e-3)


def test_tail_is_negative_binomial_where_it_is_not():
    variance = 3.0 * 4.0 + 4.0**2 / 50.0
    assert tail(12, 4.0, 3.0, known=50.0) == pytest.approx(nbinom.sf(11, 16 / (variance - 4), 4 / variance), rel=1e-9)


def test_tail_widens_with_an_uncertain_rate():
    assert tail(7, 2.0, 1.0, known=3.0) > 3 * tail(7, 2.0, 1.0, known=1e9)


def test_false_alarms_are_rare_on_steady_noise():
    """10,000 checks of Poisson noise with weekdays: no more alarms than the significance allows, with room for luck."""
    random = np.random.default_rng(7)
    rates = 6 * np.array([1.4, 1.2, 1.0, 1.0, 1.0, 0.8, 0.6])
    counts = random.poisson(np.tile(rates, 9)[:57], size=(10_000, 57))
    alarms = sum(bool(judge(list(row), days(57), DAY).unusual) for row in counts)
    assert alarms <= 20


def test_weekday_factors_are_one_without_counts():
    assert weekday_factors(np.zeros(28), np.array(days(28))).tolist() == [1.0] * 7


def test_overdispersion_is_at_least_one():
    assert overdispersion(np.full(28, 3.0), np.full(28, 3.0)) == 1.0
