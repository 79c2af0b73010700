"""Difference in differences: golden numbers by hand, coverage by simulation."""

import doctest

import numpy as np
import pytest
import statsmodels.api as sm

from incidents.stats import metric_effect as module
from incidents.stats.metric_effect import joint_effects, metric_effect


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_two_by_two_is_the_difference_of_differences() -> None:
    values = np.repeat(np.array([[10.0, 20.0], [13.0, 21.5]]), 10, axis=0)
    exposure = np.zeros((20, 2))
    exposure[10:, 0] = 1.0
    effect = metric_effect(values, exposure)
    assert effect is not None
    assert effect.estimate == pytest.approx((13.0 - 10.0) - (21.5 - 20.0))
    assert effect.comparison


@pytest.mark.parametrize("seed", range(3))
def test_estimates_are_those_of_statsmodels_with_group_and_time_effects(seed: int) -> None:
    """Two changes at once: ordinary least squares on dummies of groups and times."""
    random = np.random.default_rng(seed)
    first, second = np.zeros((30, 5)), np.zeros((30, 5))
    first[12:, :2] = 1.0
    second[8:, 1:4] = np.linspace(0.1, 1.0, 22)[:, None]
    values = random.normal(0, 1, (30, 5)) + random.normal(0, 2, (30, 1)) + 4.0 * first - 3.0 * second
    values[random.random((30, 5)) < 0.1] = np.nan
    time, group = (a.ravel() for a in np.indices(values.shape))
    design = np.column_stack([first.ravel(), second.ravel(), np.eye(30)[time], np.eye(5)[group][:, 1:]])
    told = np.isfinite(values.ravel())
    theirs = sm.OLS(values.ravel()[told], design[told]).fit()
    effect = metric_effect(values, first, second[None])
    assert effect is not None
    assert effect.estimate == pytest.approx(theirs.params[0], abs=1e-6)
    assert effect.standard_error == pytest.approx(theirs.bse[0], rel=0.6)


def test_a_common_shock_is_no_effect() -> None:
    random = np.random.default_rng(0)
    values = random.normal(0, 1, (40, 1)) * 5 + random.normal(0, 0.3, (40, 6))
    exposure = np.zeros((40, 6))
    exposure[20:, :3] = 1.0
    effect = metric_effect(values, exposure)
    assert effect is not None
    assert abs(effect.z) < 3


def test_intervals_cover_the_truth_under_correlated_noise() -> None:
    inside = 0
    for seed in range(120):
        random = np.random.default_rng(seed)
        noise = random.normal(0, 1, (50, 8))
        for t in range(1, 50):
            noise[t] = 0.4 * noise[t - 1] + noise[t]
        exposure = np.zeros((50, 8))
        exposure[25:, :4] = 1.0
        effect = metric_effect(noise + 1.5 * exposure, exposure)
        assert effect is not None
        inside += effect.low <= 1.5 <= effect.high
    assert 0.80 <= inside / 120 <= 0.97


def test_gaps_are_left_out_not_filled() -> None:
    random = np.random.default_rng(5)
    exposure = np.zeros((40, 4))
    exposure[20:, 0] = 1.0
    values = random.normal(0, 0.2, (40, 4)) + 2.0 * exposure
    values[random.random((40, 4)) < 0.3] = np.nan
    effect = metric_effect(values, exposure)
    assert effect is not None
    assert effect.estimate == pytest.approx(2.0, abs=0.25)


def test_everybody_exposed_leaves_only_the_trend() -> None:
    random = np.random.default_rng(1)
    exposure = np.zeros((60, 3))
    exposure[30:] = 1.0
    effect = metric_effect(random.normal(0, 0.3, (60, 3)) + exposure, exposure)
    assert effect is not None
    assert not effect.comparison
    assert effect.low < 1.0 < effect.high


def test_another_change_is_adjusted_for() -> None:
    random = np.random.default_rng(2)
    first, second = np.zeros((60, 4)), np.zeros((60, 4))
    first[20:, :2] = 1.0
    second[25:, 1:3] = 1.0
    effects = joint_effects(random.normal(0, 0.3, (60, 4)) + 3.0 * first, np.array([first, second]))
    assert effects[0] is not None
    assert effects[1] is not None
    assert effects[0].z > 10
    assert abs(effects[1].z) < 3
