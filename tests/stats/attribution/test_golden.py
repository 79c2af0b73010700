"""The engine where it reduces to models that statsmodels and SciPy fit: their numbers are the authority."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.discrete.conditional_models import ConditionalPoisson

from incidents.stats.attribution import CaseEvidence, ChangeExposure, Dimension, Settings, Usage, attribute
from incidents.stats.attribution.base import Base
from incidents.stats.attribution.dispersion import mix_variance
from incidents.stats.attribution.exposure import delay_kernel
from incidents.stats.attribution.frame import build_frame
from incidents.stats.attribution.surges import level_variance

DAYS = 42
PLAIN = Settings(lags=(0.0,), half_lives=(0.0,), share_spread=3.0, trend_spread=1.0, weekday_spread=0.5)


def daily(counts: np.ndarray, *changes: ChangeExposure, use: tuple[float, ...] = (1.0,)) -> CaseEvidence:
    """Evidence of daily counts (DAYS, n_segments) of one symptom."""
    day, segment = (a.ravel() for a in np.indices(counts.shape))
    n = counts.shape[1]
    kept = counts.ravel() > 0
    return CaseEvidence(
        edges=24.0 * np.arange(DAYS + 1),
        day=np.arange(DAYS),
        weekday=np.arange(DAYS) % 7,
        hour=None,
        dimensions=(Dimension(name="d", values=tuple("abc"[:n])),),
        patterns=np.arange(n)[:, None],
        symptoms=("s",),
        cell_bin=day[kept],
        cell_pattern=segment[kept],
        cell_symptom=np.zeros(int(kept.sum()), int),
        cell_count=counts.ravel()[kept].astype(float),
        changes=changes,
        usage=Usage(segments=np.arange(n)[:, None], share=np.array(use)),
        settings=PLAIN,
    )


def season(seed: int) -> np.ndarray:
    """Expected complaints a day with a weekend and a trend."""
    day = np.arange(DAYS)
    return 80.0 * np.where(day % 7 >= 5, 0.7, 1.0) * np.exp(0.15 * (day - DAYS / 2) / DAYS)


def time_design() -> np.ndarray:
    day = np.arange(DAYS)
    return np.column_stack([np.ones(DAYS), (day - DAYS / 2) / DAYS, *[(day % 7 == w) - 1 / 7 for w in range(6)]])


@pytest.mark.parametrize("seed", range(3))
def test_season_and_trend_are_those_of_statsmodels_negative_binomial_regression(seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = random.poisson(season(seed) * random.gamma(50, 1 / 50, DAYS))
    base = Base(build_frame(daily(counts[:, None])))
    state = base.fit(base.start(), 12)
    ours = base.block_rate(state) * state.background.sum()
    model = sm.GLM(counts, time_design(), family=sm.families.NegativeBinomial(alpha=state.day_dispersion))
    theirs = model.fit().mu
    assert np.abs(np.log(ours / theirs)).max() < 0.08
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.01)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("flat", [False, True], ids=["season", "constant"])
def test_excess_of_one_change_is_that_of_statsmodels_regression(seed: int, flat: bool) -> None:
    """One segment, a change for a fortnight: fitted with it less fitted without it.

    Statsmodels tells the excess that was to be expected; ours is the number of complaints that the change did raise,
    which varies around it by chance: of each complaint of the fortnight one asks whose it is. With that chance, and
    without the factor for what no model knows, the two intervals are as wide as each other.
    """
    random = np.random.default_rng(seed)
    on = (np.arange(DAYS) >= 14) & (np.arange(DAYS) < 28)
    counts = random.poisson((80.0 if flat else season(seed)) * (1 + 0.8 * on))
    change = ChangeExposure(key="c", started=14 * 24.0, ended=28 * 24.0, end_kind="revert")
    bare = replace(PLAIN, error_factor=1.0, error_share=0.0)
    if flat:
        bare = replace(bare, trend_spread=1e-3, weekday_spread=1e-3)
    case = daily(counts[:, None], change)
    answer = attribute(replace(case, settings=bare))
    found = answer.changes[0]
    noise = sm.families.NegativeBinomial(alpha=answer.diagnostics.day_dispersion)
    design = np.ones((DAYS, 1)) if flat else time_design()
    fit = sm.GLM(counts, np.column_stack([design, on]), family=noise).fit()
    beta, error = fit.params[-1], fit.bse[-1]
    theirs = [(fit.mu * on * -np.expm1(-(beta + z * error))).sum() for z in (-1.645, 0.0, 1.645)]
    chance = (fit.mu * on * -np.expm1(-beta) * np.exp(-beta)).sum()
    width = 2 * np.hypot((theirs[2] - theirs[0]) / 2, 1.645 * np.sqrt(chance))
    assert found.verdict == "contributing"
    assert found.excess.value == pytest.approx(theirs[1], rel=0.02)
    assert found.excess.high - found.excess.low == pytest.approx(width, rel=0.1)
    said = attribute(replace(case, settings=replace(bare, error_factor=1.5, error_share=0.03))).changes[0].excess
    assert 1.2 < (said.high - said.low) / (found.excess.high - found.excess.low) < 1.7


@pytest.mark.parametrize("seed", range(3))
def test_with_wild_days_the_excess_is_that_of_a_comparison_within_days(seed: int) -> None:
    """Days of any height: what is left is the conditional (self-controlled, case-crossover) estimate."""
    random = np.random.default_rng(seed)
    day = np.arange(DAYS)
    on = (day >= 16) & (day < 30)
    level = random.gamma(3, 1 / 3, DAYS)
    counts = random.poisson(np.column_stack([60 * (1 + 1.0 * on), np.full(DAYS, 60.0)]) * level[:, None])
    change = ChangeExposure(key="c", started=16 * 24.0, ended=30 * 24.0, end_kind="revert", scope=((0, (0,)),))
    found = attribute(daily(counts, change, use=(0.5, 0.5))).changes[0]
    exposed = (np.column_stack([on, np.zeros(DAYS)]) > 0).astype(float)
    rows = counts.sum(1) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = ConditionalPoisson(
            counts[rows].ravel(),
            np.column_stack([np.tile([1.0, 0.0], rows.sum()), exposed[rows].ravel()]),
            groups=np.repeat(np.arange(rows.sum()), 2),
        ).fit(disp=0)
    ratio = float(np.exp(fit.params[1]))
    theirs = counts[on, 0].sum() * (1 - 1 / ratio)
    assert found.verdict == "contributing"
    assert found.excess.value == pytest.approx(theirs, rel=0.12)
    assert found.rate_ratio.value == pytest.approx(ratio, rel=0.15)


@pytest.mark.parametrize(("mean", "shape"), [(2.0, 1.5), (24.0, 1.5), (72.0, 3.0)])
def test_delays_are_scipys_gamma(mean: float, shape: float) -> None:
    edges = np.arange(201.0)
    np.testing.assert_allclose(
        delay_kernel(mean, shape, 200, 1.0), np.diff(stats.gamma.cdf(edges, shape, scale=mean / shape)), atol=1e-12
    )


@pytest.mark.parametrize("variance", [0.005, 0.03, 0.1])
def test_day_to_day_variance_is_that_of_scipys_negative_binomial(variance: float) -> None:
    expected = np.linspace(100.0, 300.0, 400)
    counts = stats.nbinom.rvs(1 / variance, 1 / (1 + variance * expected), random_state=7)
    assert level_variance(counts.astype(float), expected, 400) == pytest.approx(variance, rel=0.25)


@pytest.mark.parametrize("variance", [0.0, 0.02, 0.06])
def test_variance_of_the_mix_is_that_of_shares_of_gamma_factors(variance: float) -> None:
    """The delta method: a share s varies by variance x (1 - 2 s + sum of squared shares), weighted by its square."""
    random = np.random.default_rng(3)
    share = np.array([0.4, 0.3, 0.2, 0.1])
    factor = random.gamma(1 / variance, variance, (300, 4)) if variance else np.ones((300, 4))
    counts = random.poisson(400.0 * factor * share)
    expected = variance * (share**2 * (1 - 2 * share + (share**2).sum())).sum() / (share**2).sum()
    assert mix_variance(counts.astype(float)) == pytest.approx(expected, rel=0.25, abs=0.002)


def test_no_effect_gives_back_the_prior_weighed_by_the_evidence() -> None:
    """Where the data cannot speak at all, the answer is the prior: an exposure outside the scope of all complaints."""
    counts = np.random.default_rng(1).poisson(season(1))
    change = ChangeExposure(key="c", started=24.0 * (DAYS + 5))
    for prior in (0.1, 0.3):
        case = replace(daily(counts[:, None], change), settings=replace(PLAIN, inclusion=prior))
        found = attribute(case).changes[0]
        assert found.probability <= prior + 1e-6
        assert not found.reachable
