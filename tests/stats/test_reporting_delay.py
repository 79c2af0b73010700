"""Reporting delays: right truncation is undone, intervals hold the truth, bad input is refused."""

import doctest

import numpy as np
import pytest

from incidents.stats import reporting_delay as module
from incidents.stats.reporting_delay import delay_distribution, mixed_delay, reporting_delay


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_a_table_by_hand() -> None:
    """Two of three delays of 1 could have been 3; by hand F(1) = 1 - 5 / 7 at the only longer delay."""
    delay = np.array([1.0] * 5 + [3.0] * 5)
    window = np.array([1.5] * 3 + [9.0] * 7)
    found = reporting_delay(delay, window, draws=5)
    assert found is not None
    assert found.share.tolist() == pytest.approx([1 - 5 / 7, 1.0])
    assert found.mean == pytest.approx(1 * (2 / 7) + 3 * (5 / 7))


def test_truncation_is_undone() -> None:
    rng = np.random.default_rng(2)
    held, medians, naive = 0, [], []
    truth = 30.0 * np.log(2)
    for _ in range(60):
        onset = rng.uniform(0, 240, 900)
        delay = rng.exponential(30.0, 900)
        seen = onset + delay < 240
        # growth: most troubles began lately, and only their quick reports are in yet
        late = rng.random(900) < onset / 240
        chosen = seen & late
        found = reporting_delay(delay[chosen], 240 - onset[chosen], draws=60)
        assert found is not None
        median = next(one for one in found.quantiles if one.share == 0.5)
        medians.append(median.hours)
        naive.append(found.naive_median)
        held += median.low <= truth <= median.high
    assert np.mean(medians) == pytest.approx(truth, rel=0.06)
    assert np.mean(naive) < 0.85 * truth
    assert held >= 47


def test_bad_input_is_refused_and_little_says_nothing() -> None:
    assert reporting_delay(np.ones(9), np.ones(9)) is None
    with pytest.raises(ValueError, match="longer than its window"):
        reporting_delay(np.full(20, 5.0), np.full(20, 4.0))
    with pytest.raises(ValueError, match="delays for"):
        reporting_delay(np.ones(20), np.ones(19))


def test_channels_are_mixed_as_the_tickets_that_state_nothing_are() -> None:
    slow, fast = np.full(20, 50.0), np.full(60, 2.0)
    window = np.full(60, 1000.0)
    mixed = mixed_delay([(slow, window[:20], 30.0), (fast, window, 10.0)])
    assert mixed is not None
    assert mixed[0].tolist() == [2.0, 50.0]
    assert mixed[1].tolist() == pytest.approx([0.25, 1.0])


def test_a_channel_with_few_tickets_takes_the_delay_of_all() -> None:
    window = np.full(60, 1000.0)
    delays = np.linspace(1.0, 60.0, 60)
    mixed = mixed_delay([(delays, window, 1.0), (np.array([900.0]), np.array([1000.0]), 50.0)])
    everything = delay_distribution(np.append(delays, 900.0), np.full(61, 1000.0))
    assert mixed is not None
    assert everything is not None
    assert mixed[0].tolist() == everything[0].tolist()
    assert mixed[1][-1] == pytest.approx(1.0)
    assert mixed[1][-2] == pytest.approx(everything[1][-2] * 50 / 51 + 1 / 51)
    assert mixed_delay([(delays[:9], window[:9], 1.0)]) is None
