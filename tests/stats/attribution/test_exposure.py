"""Ramps, ends, fading, delays and adoption on the axis."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from incidents.stats.attribution.evidence import Carrier, ChangeExposure, Reporting, Settings
from incidents.stats.attribution.exposure import curves, delay_kernel, grid, ramp

HOURS = np.arange(0.0, 241.0)
NO_DELAY = Settings(lags=(0.0,), half_lives=(0.0,))


def reached(change: ChangeExposure, settings: Settings = NO_DELAY, edges: np.ndarray = HOURS) -> np.ndarray:
    return curves((change,), edges, settings)[0][0, 0]


def test_an_instant_change_reaches_everybody_from_its_start() -> None:
    curve = reached(ChangeExposure(key="a", started=100.0))
    assert curve[99] == 0.0
    assert curve[100] == pytest.approx(1.0)


def test_a_start_within_a_bin_counts_for_the_rest_of_it() -> None:
    assert reached(ChangeExposure(key="a", started=100.25))[100] == pytest.approx(0.75)


def test_steps_hold_and_lines_rise() -> None:
    steps = ((50.0, 0.2), (100.0, 1.0))
    stepped = reached(ChangeExposure(key="a", started=50.0, steps=steps))
    straight = reached(ChangeExposure(key="a", started=50.0, steps=steps, shape="linear"))
    assert stepped[75] == pytest.approx(0.2)
    assert straight[74] + straight[75] == pytest.approx(2 * 0.6, abs=0.02)
    assert stepped[150] == straight[150] == pytest.approx(1.0)


def test_a_revert_ends_it_and_an_internal_change_reaches_nobody() -> None:
    assert reached(ChangeExposure(key="a", started=50.0, ended=100.0))[101:].max() == 0.0
    assert reached(ChangeExposure(key="a", started=50.0, visibility="internal")).max() == 0.0


def test_a_bare_date_means_anywhere_in_that_day() -> None:
    curve = reached(ChangeExposure(key="a", started=48.0, ended=144.0, edge_uncertainty=24.0))
    assert curve[47] == 0.0
    assert curve[48:54].mean() == pytest.approx(0.5, abs=0.03)
    assert curve[80] == pytest.approx(1.0)
    assert curve[144 + 11 : 144 + 13].mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("mean", [4.0, 12.0, 30.0])
def test_the_delay_has_its_mean(mean: float) -> None:
    kernel = delay_kernel(mean, 1.5, 2000, 0.25)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert (kernel * (np.arange(2000) + 0.5) * 0.25).sum() == pytest.approx(mean, abs=0.15)


def test_a_fading_effect_has_its_half_life() -> None:
    curve = reached(ChangeExposure(key="a", started=0.0), Settings(lags=(0.0,), half_lives=(60.0,)))
    assert curve[120] / curve[60] == pytest.approx(0.5, abs=0.01)


def test_daily_bins_hold_the_mean_of_the_hours() -> None:
    change = ChangeExposure(key="a", started=30.0, steps=((30.0, 0.0), (90.0, 1.0)), shape="linear", ended=200.0)
    settings = Settings(lags=(12.0,), half_lives=(0.0,))
    hourly = reached(change, settings)
    daily = reached(change, settings, HOURS[::24])
    np.testing.assert_allclose(daily, hourly.reshape(-1, 24).mean(1), atol=1e-6)


def test_adoption_carries_a_change_and_its_fix() -> None:
    adoption = np.concatenate([np.zeros(50), np.linspace(0, 0.8, 100), np.linspace(0.8, 0.1, 90)])
    change = ChangeExposure(
        key="a", started=50.0, ended=150.0, carrier=Carrier(dimension=0, values=(1,), adoption=adoption, fixed=True)
    )
    general, carried = curves((change,), HOURS, NO_DELAY)
    np.testing.assert_allclose(general[0, 0], adoption, atol=1e-6)
    assert carried[0, 0, 200] == pytest.approx(1.0)  # who still runs that version is exposed


def test_tickets_that_name_a_carrying_version_show_no_more_than_all_tickets_do() -> None:
    """Use of a version times what its users show is what all show: else a release alone looks like harm."""
    adoption = np.concatenate([np.zeros(50), np.linspace(0, 0.8, 100), np.full(90, 0.8)])
    change = ChangeExposure(key="a", started=50.0, carrier=Carrier(dimension=0, values=(1,), adoption=adoption))
    general, carried = curves((change,), HOURS, Settings(lags=(24.0, 72.0), half_lives=(0.0, 100.0)))
    used = adoption > 0.01
    np.testing.assert_allclose(carried[0][:, used] * adoption[used], general[0][:, used], rtol=1e-6)
    assert carried.max() <= 1.0


def test_the_grid_resolves_the_bins() -> None:
    assert np.diff(grid(np.array([0.0, 0.5, 1.0]))).max() <= 0.5
    assert len(ramp(ChangeExposure(key="a", started=1.0), grid(np.array([0.0, 24.0])))) >= 24


def measured(late: float) -> Reporting:
    """Return a measured delay of exactly 30 hours for half of the complaints, 50 for the others."""
    return Reporting(hours=np.array([29.5, 49.5]), share=np.array([0.5, 1.0]), late=late, n=40)


def test_a_measured_reporting_delay_is_added_for_complaints_counted_at_their_report() -> None:
    change = ChangeExposure(key="a", started=100.0)
    late = curves((change,), HOURS, NO_DELAY, measured(1.0))[0][0, 0]
    assert late[128] == 0.0
    assert late[131:148] == pytest.approx(0.5, abs=1e-6)
    assert late[151:] == pytest.approx(1.0, abs=1e-6)
    half = curves((change,), HOURS, NO_DELAY, measured(0.5))[0][0, 0]
    assert half == pytest.approx(0.5 * late + 0.5 * reached(change), abs=1e-6)


def test_a_delay_longer_than_the_window_does_not_come_round_to_its_start() -> None:
    change = ChangeExposure(key="a", started=1.0)
    settings = Settings(lags=(72.0,), half_lives=(0.0,))
    long = Reporting(hours=np.array([239.0]), share=np.array([1.0]), late=1.0, n=40)
    assert curves((change,), HOURS, settings, long)[0].max() < 0.01


def test_lag_and_reporting_delay_make_the_sum_of_both() -> None:
    change, lag = ChangeExposure(key="a", started=20.0), 24.0
    settings = Settings(lags=(lag,), lag_shape=1.0, half_lives=(0.0,))
    within = (np.arange(4000) + 0.5) / 4000
    exponential = Reporting(hours=-24.0 * np.log1p(-within), share=within, late=1.0, n=4000)
    curve = curves((change,), HOURS, settings, exponential)[0][0, 0]
    after = np.arange(len(curve)) + 0.5 - 20.0
    assert curve == pytest.approx(scipy.stats.gamma.cdf(after, a=2.0, scale=24.0), abs=0.03)
    without = curves((change,), HOURS, replace(settings, use_reporting=False), exponential)[0][0, 0]
    assert without == pytest.approx(scipy.stats.expon.cdf(after, scale=24.0), abs=0.03)
