"""What could not be told apart, against the likelihood itself."""

import doctest

import numpy as np
import pytest

from incidents.stats import identifiability as module
from incidents.stats.identifiability import ENOUGH, identifiability

EXPECTED = np.full((20, 3), 30.0)


def exposures(*blocks: tuple[int, int, list[int]]) -> np.ndarray:
    out = np.zeros((len(blocks), 20, 3))
    for j, (start, stop, segments) in enumerate(blocks):
        for s in segments:
            out[j, start:stop, s] = 1.0
    return out


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_same_exposure_cannot_be_told_apart_by_any_number_of_tickets() -> None:
    x = exposures((8, 20, [0]), (8, 20, [0]))
    found = identifiability(x, EXPECTED, excess=np.array([200.0, 200.0]))
    assert found.pairs() == [(0, 1)]
    assert found.discrimination[0, 1] < 1e-3 * ENOUGH


def test_another_segment_or_another_time_tells_them_apart() -> None:
    x = exposures((8, 20, [0]), (8, 20, [1]), (8, 12, [0]))
    found = identifiability(x, EXPECTED, excess=np.full(3, 200.0))
    assert found.pairs() == []


def test_discrimination_grows_with_the_tickets() -> None:
    x = exposures((8, 20, [0]), (10, 20, [0]))
    few = identifiability(x, EXPECTED, excess=np.full(2, 60.0)).discrimination[0, 1]
    more = identifiability(x, 4 * EXPECTED, excess=np.full(2, 240.0)).discrimination[0, 1]
    assert more == pytest.approx(4 * few, rel=0.02)


def test_noisy_days_hide_changes_of_everybody_but_not_of_a_segment() -> None:
    x = exposures((8, 20, [0, 1, 2]), (14, 20, [0, 1, 2]), (8, 20, [0]), (14, 20, [0]))
    calm = identifiability(x, EXPECTED, excess=np.full(4, 200.0), dispersion=0.0).discrimination
    noisy = identifiability(x, EXPECTED, excess=np.full(4, 200.0), dispersion=0.2).discrimination
    assert noisy[0, 1] < 0.25 * calm[0, 1]
    assert noisy[2, 3] > 0.5 * calm[2, 3]


def test_expected_log_likelihood_ratio_is_about_right() -> None:
    """D against the mean gain of the true change over the false one, both fitted by maximum likelihood."""
    x = exposures((8, 20, [0]), (10, 20, [0]))
    excess = np.array([90.0, 90.0])
    predicted = identifiability(x, EXPECTED, excess=excess).discrimination[0, 1]
    pattern = x * EXPECTED
    pattern *= (excess / pattern.sum((1, 2)))[:, None, None]
    random = np.random.default_rng(0)
    gains = []
    for _ in range(60):
        count = random.poisson(EXPECTED + pattern[0]).astype(float)
        gains.append(_fit(count, pattern[0]) - _fit(count, pattern[1]))
    assert np.mean(gains) == pytest.approx(predicted, rel=0.5, abs=0.5)


def _fit(count: np.ndarray, pattern: np.ndarray) -> float:
    """Maximised log likelihood with free segment levels and a free size of one pattern, by scoring."""
    level, size = count.mean(0), 1.0
    for _ in range(60):
        mean = np.maximum(level * np.ones_like(count) + size * pattern, 1e-6)
        columns = [np.zeros_like(count) for _ in range(4)]
        for s in range(3):
            columns[s][:, s] = 1.0
        columns[3] = pattern
        design = np.array([c.ravel() for c in columns]).T
        weight = 1.0 / mean.ravel()
        step = np.linalg.solve((design.T * weight) @ design, design.T @ (weight * (count - mean).ravel()))
        level, size = level + step[:3], size + step[3]
    mean = np.maximum(level + size * pattern, 1e-6)
    return float((count * np.log(mean) - mean).sum())
