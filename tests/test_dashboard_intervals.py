"""Known values of the statistics, and what holds for any counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from dashboard.intervals import adjusted, change, wilson

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_of_a_textbook_example():
    # Newcombe (1998), table I: 81 of 263.
    share = wilson(81, 263)
    assert (share.value, share.low, share.high) == (
        pytest.approx(0.3080, abs=1e-4),
        pytest.approx(0.2553, abs=1e-4),
        pytest.approx(0.3662, abs=1e-4),
    )


@given(COUNTS)
@settings(max_examples=60, deadline=None)
def test_wilson_agrees_with_statsmodels(pair):
    share = wilson(*pair)
    assert (share.low, share.high) == pytest.approx(proportion_confint(*pair, method="wilson"), abs=1e-9)
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_three_of_three_rank_below_two_hundred_of_three_hundred():
    assert wilson(3, 3).low < wilson(200, 300).low


def test_no_observations_have_no_share():
    share = wilson(0, 0)
    assert (share.n, share.value, share.low, share.high) == (0, None, None, None)


@pytest.mark.parametrize(("count", "n"), [(-1, 3), (4, 3), (1, 0)])
def test_impossible_counts_are_refused(count, n):
    with pytest.raises(ValueError, match="not a share"):
        wilson(count, n)


@given(COUNTS, COUNTS)
@settings(max_examples=60, deadline=None)
def test_difference_agrees_with_newcombes_interval_of_statsmodels(now, before):
    result = change(wilson(*now), wilson(*before))
    expected = confint_proportions_2indep(*now, *before, method="newcomb", compare="diff")
    assert (result.low, result.high) == pytest.approx(expected, abs=1e-9)
    assert 0 <= result.p_value <= 1


def test_fishers_test_of_the_tea_tasting_lady():
    # Fisher (1935): 3 of 4 against 1 of 4 gives 0.4857.
    result = change(wilson(3, 4), wilson(1, 4))
    assert result.p_value == pytest.approx(0.4857, abs=1e-4)
    assert result.difference == pytest.approx(0.5)
    assert not result.is_clear


def test_a_large_difference_is_clear():
    assert change(wilson(60, 100), wilson(30, 100)).is_clear


@pytest.mark.parametrize(("now", "before"), [((0, 0), (3, 9)), ((3, 9), (0, 0))])
def test_nothing_to_compare_gives_no_difference(now, before):
    result = change(wilson(*now), wilson(*before))
    assert (result.difference, result.low, result.high, result.p_value) == (None, None, None, None)
    assert not result.is_clear


def test_many_comparisons_are_corrected_and_keep_their_places():
    changes = [
        change(wilson(9, 10), wilson(1, 10)),
        change(wilson(0, 0), wilson(1, 2)),
        change(wilson(5, 9), wilson(4, 9)),
    ]
    corrected = adjusted(changes)
    expected = multipletests([changes[0].p_value, changes[2].p_value], method="fdr_bh")[1]
    assert corrected[1] is None
    assert [corrected[0], corrected[2]] == pytest.approx(list(expected))
    assert adjusted(changes[1:2]) == [None]
