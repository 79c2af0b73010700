"""Which change moved a metric: quiet and drifting noise, shared exposures, direction, gaps."""

import doctest

import numpy as np
import pytest

from incidents.stats import metric_moves as module
from incidents.stats.metric_moves import moved_factors

DAYS, GROUPS = 42, 6


def step(day: int, groups: slice = slice(None)) -> np.ndarray:
    out = np.zeros((DAYS, GROUPS))
    out[day:, groups] = 1.0
    return out


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(DAYS, GROUPS))


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_a_step_of_everybody_counts_where_the_series_was_quiet() -> None:
    factors = moved_factors(noise(1) - 1.5 * step(20), np.array([step(20), step(8)]), adverse=-1)
    assert factors[0] > 50
    assert factors[1] < 2


def test_a_counter_that_grows_proves_nothing() -> None:
    grown = 0.3 * noise(2) + 0.5 * np.arange(DAYS)[:, None]
    factors = moved_factors(grown, np.array([step(day) for day in (5, 14, 21, 28, 35)]), adverse=1)
    assert factors.max() < 5


def test_a_wandering_series_proves_nothing() -> None:
    walk = np.cumsum(np.random.default_rng(3).normal(size=(DAYS, 1)), axis=0) + 0.3 * noise(3)
    assert moved_factors(walk, np.array([step(day) for day in (10, 20, 30)]), adverse=0).max() < 8


def test_changes_with_the_same_exposure_share_the_move() -> None:
    half = slice(0, 3)
    factors = moved_factors(noise(4) - 2.0 * step(20, half), np.array([step(20, half), step(20, half)]), adverse=-1)
    assert factors[0] == pytest.approx(factors[1], rel=0.01)
    assert factors[0] < 40  # alone it would be thousands


def test_only_the_adverse_direction_counts() -> None:
    better = noise(5) + 2.0 * step(20, slice(0, 3))
    exposures = np.array([step(20, slice(0, 3))])
    assert moved_factors(better, exposures, adverse=-1)[0] < 0.2
    assert moved_factors(better, exposures, adverse=1)[0] > 100


def test_a_quiet_metric_with_power_speaks_against_a_move() -> None:
    assert moved_factors(noise(6), np.array([step(20)]), adverse=-1)[0] < 0.3


def test_gaps_and_short_series() -> None:
    values = noise(7) - 2.0 * step(20)
    values[::5, 2] = np.nan
    values[3] = np.nan
    factors = moved_factors(values, np.array([step(20)]), adverse=-1)
    assert factors[0] > 50
    assert moved_factors(values[:5], np.array([step(20)[:5]]))[0] == 1.0
    assert moved_factors(values, np.zeros((0, DAYS, GROUPS))).shape == (0,)
