"""Change points: known breaks are found, noise is left alone, and the doctests hold."""

import doctest

import numpy as np
import pytest

from incidents.stats import change_points as module
from incidents.stats import season as seasons
from incidents.stats import segmentation
from incidents.stats.change_points import change_points
from incidents.stats.season import season_length, without_season
from incidents.stats.segmentation import AUTOREGRESSIVE, LEVEL, LEVEL_AND_SPREAD, MARGINAL, TREND, segment


@pytest.mark.parametrize("which", [module, segmentation, seasons])
def test_examples(which: object) -> None:
    assert doctest.testmod(which, extraglobs={"np": np}).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_two_shifts_of_level(seed: int) -> None:
    random = np.random.default_rng(seed)
    series = np.repeat([0.0, 3.0, -1.0], 40) + random.normal(0, 1, 120)
    found = change_points(series)
    assert len(found) == 2
    for point, true in zip(found, (40, 80), strict=True):
        assert point.low - 2 <= true <= point.high + 2
        assert point.low <= point.index <= point.high
    assert found[0].after - found[0].before == pytest.approx(3.0, abs=0.8)


def test_noise_has_none_most_of_the_time() -> None:
    false = sum(bool(change_points(np.random.default_rng(seed).normal(0, 1, 150))) for seed in range(40))
    assert false <= 4


@pytest.mark.parametrize("kind", [LEVEL, LEVEL_AND_SPREAD, AUTOREGRESSIVE, TREND, MARGINAL])
def test_every_cost_finds_a_clear_shift_at_its_usual_penalty(kind: int) -> None:
    random = np.random.default_rng(kind)
    series = np.r_[random.normal(0, 1, 40), random.normal(6, 1, 40)]
    series = (series - series.mean()) / series.std()
    found = segment(series, kind, 8.0 * np.log(80) if kind != MARGINAL else 2 * np.log(200), least=6)
    assert [abs(int(at) - 40) <= 1 for at in found] == [True]
    assert len(segment(series, kind, 1e9, least=6)) == 0


def test_scale_shift_and_gaps_do_not_matter() -> None:
    random = np.random.default_rng(3)
    series = np.repeat([0.0, 4.0], 50) + random.normal(0, 1, 100)
    index = [p.index for p in change_points(series)]
    assert [p.index for p in change_points(1e6 * series - 5e7)] == index
    holed = series.copy()
    holed[[7, 60, 61]] = np.nan
    assert [abs(a.index - b) <= 2 for a, b in zip(change_points(holed), index, strict=True)] == [True]


@pytest.mark.parametrize("series", [[], [1.0], [1.0] * 50, [np.nan] * 30, [1.0, 2.0, 3.0]])
def test_too_little_to_say(series: list[float]) -> None:
    assert change_points(np.array(series, dtype=float)) == ()


def test_a_long_series_is_read_coarsely_and_fast() -> None:
    random = np.random.default_rng(1)
    series = np.r_[random.normal(0, 1, 6000), random.normal(2, 1, 6000)]
    found = change_points(series)
    assert len(found) == 1
    assert abs(found[0].index - 6000) < 60


def daily(seed: int, *, weekly: float, shift: float) -> np.ndarray:
    """Twenty weeks of days with a weekend of its own and a shift of level after ten weeks and three days."""
    day = np.arange(140)
    noise = np.random.default_rng(seed).normal(0, 1, 140)
    return noise - weekly * (day % 7 >= 5) + shift * (day >= 73)


@pytest.mark.parametrize("seed", range(4))
def test_a_week_is_found_and_taken_out(seed: int) -> None:
    series = daily(seed, weekly=8.0, shift=0.0)
    assert season_length(series) == 7
    left = without_season(series, 7)
    assert abs(left[5::7].mean() - left[0::7].mean()) < 1.0
    assert left.std() < 1.3
    assert change_points(series) == ()


@pytest.mark.parametrize("seed", range(4))
def test_a_shift_under_a_strong_week_is_found_where_it_is(seed: int) -> None:
    found = change_points(daily(seed, weekly=8.0, shift=3.0))
    assert len(found) == 1
    assert abs(found[0].index - 73) <= 2
    assert found[0].after - found[0].before == pytest.approx(3.0, abs=0.8)


@pytest.mark.parametrize("seed", range(10))
def test_noise_trends_and_shifts_have_no_season(seed: int) -> None:
    random = np.random.default_rng(seed)
    noise = random.normal(0, 1, 120)
    for series in (noise, noise.cumsum(), np.arange(120) * 0.3 + noise, np.repeat([0.0, 5.0], 60) + noise):
        assert season_length(series) is None


@pytest.mark.parametrize("series", [[], [1.0], [2.0] * 40, list(range(40))])
def test_too_short_or_too_plain_for_a_season(series: list[float]) -> None:
    assert season_length(np.array(series, dtype=float)) is None
