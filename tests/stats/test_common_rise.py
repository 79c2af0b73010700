"""Common rises: all groups at once are found, one group alone is not, calm weeks raise nothing."""

import doctest

import numpy as np

from incidents.stats import common_rise as module
from incidents.stats.common_rise import common_rises

MEANS = np.array([[20.0], [12.0], [8.0], [5.0]])


def weeks(seed: int, days: int = 50) -> np.ndarray:
    return np.random.default_rng(seed).poisson(np.repeat(MEANS, days, axis=1)).astype(float)


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_a_rise_of_all_is_found_where_it_begins() -> None:
    found = 0
    for seed in range(20):
        counts = weeks(seed)
        counts[:, 40:43] = np.random.default_rng(seed + 100).poisson(np.repeat(MEANS * 2.2, 3, axis=1))
        found += [one.day for one in common_rises(counts)] == [40]
    assert found >= 17


def test_a_rise_of_one_is_no_common_one() -> None:
    wrong = 0
    for seed in range(20):
        counts = weeks(seed)
        counts[0, 40:43] = np.random.default_rng(seed + 100).poisson(MEANS[0] * 4, 3)
        wrong += len(common_rises(counts)) > 0
    assert wrong <= 1


def test_calm_weeks_suggest_nothing() -> None:
    assert sum(len(common_rises(weeks(seed))) for seed in range(30)) <= 2
