"""Expected rates: the fit agrees with a reference, quiet days raise no alarm, spikes do."""

import doctest

import numpy as np
import pytest

from incidents.stats import expected_rate as module
from incidents.stats.expected_rate import _design, _irls, expected_rate

sm = pytest.importorskip("statsmodels.api")


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_the_regression_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(np.exp(1.0 + 0.8 * np.arange(40) / 40)).astype(float)
    columns, penalty = _design(np.arange(40), 20, 0, trend=True)
    ours = _irls(columns, counts, np.zeros_like(penalty), np.ones(40))
    theirs = sm.GLM(counts, columns, family=sm.families.Poisson()).fit(scale="X2")
    assert ours.coefficient == pytest.approx(theirs.params, abs=1e-6)
    assert ours.dispersion == pytest.approx(max(1.0, theirs.scale), rel=1e-6)
    assert ours.covariance * theirs.scale == pytest.approx(theirs.cov_params(), rel=1e-5)


def test_false_alarms_are_as_rare_as_asked_for_and_spikes_are_found() -> None:
    rng = np.random.default_rng(11)
    week = np.exp(0.4 * np.array([0.5, 0.5, 0.2, 0.0, 0.0, -1.0, -1.2]))
    false = found = 0
    n = 400
    for _ in range(n):
        mean = 6.0 * np.tile(week, 9)[:60]
        counts = rng.negative_binomial(8, 8 / (8 + mean)).astype(float)
        quiet = expected_rate(counts, alpha=0.01)
        assert quiet is not None
        false += quiet.is_high
        counts[-1] += 30
        high = expected_rate(counts, alpha=0.01)
        assert high is not None
        found += high.is_high
    assert false <= 0.03 * n
    assert found >= 0.9 * n


def test_an_earlier_outbreak_hides_no_later_one() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(4.0, 70).astype(float)
    counts[20:23] = 60.0
    counts[-1] = 25.0
    found = expected_rate(counts)
    assert found is not None
    assert found.is_high
    assert found.expected < 8


def test_little_history_says_nothing_and_few_reports_are_no_alarm() -> None:
    assert expected_rate(np.ones(15)) is None
    rare = expected_rate(np.append(np.zeros(60), 2.0))
    assert rare is not None
    assert not rare.is_high


def test_a_steady_rise_is_expected() -> None:
    counts = np.round(np.linspace(2, 30, 90))
    found = expected_rate(counts)
    assert found is not None
    assert not found.is_high
