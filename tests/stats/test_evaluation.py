"""What an evaluation run says: nothing where it could have seen nothing, and as much as the numbers bear elsewhere."""

import doctest

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from incidents.stats import evaluation
from incidents.stats.evaluation import BETWEEN_RUNS, SuiteRun, read_run, suite_log_odds

DROP = 0.03


@pytest.mark.parametrize(("n", "discordant"), [(300, 0.16), (400, 0.17), (200, 0.08), (320, 0.13)])
def test_no_regression_from_a_weak_run_counts_for_nothing(n: int, discordant: float) -> None:
    reading = read_run(SuiteRun(suite="s", n=n, score=0.725, baseline=0.730, discordant=discordant), drop=DROP)
    assert reading is not None
    assert reading.weak
    assert reading.detectable is not None
    assert reading.detectable > DROP
    assert reading.power < 0.8
    assert reading.log_bayes_factor == 0.0
    assert suite_log_odds([("s", reading)], sees=0.5) == 0.0


def test_the_factor_is_that_of_the_integral() -> None:
    run = SuiteRun(suite="s", n=4000, score=0.71, baseline=0.73, discordant=0.12)
    reading = read_run(run, drop=DROP)
    assert reading is not None
    s = np.sqrt((0.12 - 0.02**2) / 4000 + BETWEEN_RUNS**2)
    over, _ = quad(lambda d: 2 * norm.pdf(d, 0, DROP) * norm.pdf(0.02, d, s), 0, 0.5)
    assert reading.log_bayes_factor == pytest.approx(np.log(over / norm.pdf(0.02, 0, s)), abs=1e-6)


def test_a_large_run_without_a_fall_clears_only_as_far_as_the_suite_would_have_seen() -> None:
    reading = read_run(SuiteRun(suite="s", n=20_000, score=0.73, baseline=0.73, discordant=0.1), drop=DROP)
    assert reading is not None
    assert not reading.weak
    assert suite_log_odds([("s", reading)] * 30, sees=0.5) == pytest.approx(np.log(0.5), abs=1e-3)
    assert -0.65 < suite_log_odds([("s", reading)], sees=0.5) < -0.3
    with pytest.raises(ValueError, match="between 0 and 1"):
        suite_log_odds([("s", reading)], sees=1.0)


def test_runs_of_one_suite_share_whether_it_sees_and_suites_do_not() -> None:
    clear = read_run(SuiteRun(suite="s", n=20_000, score=0.73, baseline=0.73, discordant=0.1), drop=DROP)
    assert clear is not None
    same = suite_log_odds([("s", clear), ("s", clear)], sees=0.5)
    apart = suite_log_odds([("s", clear), ("t", clear)], sees=0.5)
    assert apart < same


def test_a_clear_fall_in_a_small_run_speaks() -> None:
    reading = read_run(SuiteRun(suite="s", n=600, score=0.4867, baseline=0.6283, discordant=0.24), drop=DROP)
    assert reading is not None
    assert not reading.weak
    assert reading.low > 0
    assert reading.log_bayes_factor > 5


@pytest.mark.parametrize(
    "run",
    [
        SuiteRun(suite="s", n=0, score=0.5, baseline=0.5),
        SuiteRun(suite="s", n=100, score=71.0, baseline=73.0),
        SuiteRun(suite="s", n=100, score=float("nan"), baseline=0.5),
    ],
)
def test_what_is_no_pass_rate_says_nothing(run: SuiteRun) -> None:
    assert read_run(run, drop=DROP) is None


@pytest.mark.parametrize(("score", "baseline", "discordant"), [(0.0, 1.0, None), (1.0, 1.0, None), (0.5, 0.6, 0.0)])
def test_extremes_give_numbers(score: float, baseline: float, discordant: float | None) -> None:
    run = SuiteRun(suite="s", n=10, score=score, baseline=baseline, discordant=discordant)
    reading = read_run(run, drop=DROP)
    assert reading is not None
    assert np.isfinite([reading.drop, reading.low, reading.high, reading.power, reading.log_bayes_factor]).all()


def test_examples() -> None:
    assert doctest.testmod(evaluation).failed == 0
