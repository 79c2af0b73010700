"""Figures: valid for Plotly, true to the numbers they were given, compact."""

import base64
import datetime as dt
import gzip
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.charts.axis import DAY, Bins
from incidents.charts.complaints import (
    ChangeLayer,
    ModelLayers,
    Series,
    modelled,
    rebin,
    small_multiples,
    stacked,
    step,
)
from incidents.charts.contrast import Side, contrast, gap_over, rates_of
from incidents.charts.metrics import EvalPoint, Gap, Line, eval_figure, gaps, metric_figure
from incidents.charts.palette import DARK, LIGHT
from incidents.charts.ratios import rate_ratio, share_ratio
from incidents.charts.typed import Numbers, float32, from_float32

HOURS = np.arange(0.0, 24.0 * 11, 24.0)
N = len(HOURS) - 1
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
BINS = Bins(edges=tuple(START + dt.timedelta(hours=hour) for hour in HOURS), hours=HOURS, step=DAY)
GENERATOR = np.random.default_rng(5)


def series(n: int = 3) -> list[Series]:
    return [Series(key=f"s{i}", name=f"Symptom {i}", values=GENERATOR.poisson(5, N).astype(float)) for i in range(n)]


def side(counts: Numbers, role: str, use: Numbers | None = None) -> Side:
    return Side(name=role, counts=counts, use=use, colour="--change-3", role=role)


TWO_SIDES = side(np.ones(N), "exposed"), side(np.ones(N), "unexposed")


def layers(n_symptoms: int = 3) -> ModelLayers:
    return ModelLayers(
        background=np.full((N, n_symptoms), 3.0),
        changes=(
            ChangeLayer(key=7, name="Seventh", colour=0, values=np.full((N, n_symptoms), 1.0)),
            ChangeLayer(key=9, name="Ninth", colour=11, values=np.full((N, n_symptoms), 0.5)),
        ),
        unattributed=np.full((N, n_symptoms), 2.0),
        others=np.full((N, n_symptoms), 0.25),
        n_others=4,
    )


def with_colours(value: Any, tokens: dict[str, str]) -> Any:
    """Put a theme's colours in as the page does."""
    if isinstance(value, dict) and ("q" in value or "by" in value):
        return from_float32(value)
    if isinstance(value, dict):
        return {key: with_colours(one, tokens) for key, one in value.items()}
    if isinstance(value, list):
        return [with_colours(one, tokens) for one in value]
    if isinstance(value, str) and value.startswith("--"):
        name, _, alpha = value.partition("/")
        assert not alpha or 0 < float(alpha) <= 1
        return tokens[name]
    return value


LINE = Line(
    name="All users",
    at=np.array([0.0, 24, 48, 72, 240]),
    mean=np.array([1.0, 2, 3, 2, 1]),
    least=np.array([0.5, 2, 3, 2, 1]),
    greatest=np.array([1.5, 2, 3, 2, 1]),
    stderr=np.array([0.1, 0.1, np.nan, 0.1, 0.1]),
)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize(
    "figure",
    [
        stacked(series(), BINS),
        small_multiples(series(), BINS),
        small_multiples(series(), BINS, layers=layers()),
        small_multiples([], BINS),
        modelled(series(), layers(), BINS),
        contrast(*TWO_SIDES, rates_of(*TWO_SIDES, BINS, None), BINS),
        metric_figure([LINE], [gaps(LINE.at, (0, 240))]),
        metric_figure([], []),
        eval_figure([EvalPoint(at=5, name="nightly", difference=-0.02, detectable=0.08)]),
        eval_figure([EvalPoint(at=5, name="nightly", difference=float("nan"), detectable=float("nan"))]),
    ],
)
def test_plotly_takes_every_figure_in_both_themes(figure: dict[str, Any], palette: Any) -> None:
    drawn = go.Figure(with_colours(figure, palette.tokens()))
    assert all(trace.type == "scatter" for trace in drawn.data)


def test_a_stack_adds_up_to_what_was_counted() -> None:
    given = series(4)
    figure = stacked(given, BINS)
    drawn = sum(from_float32(trace["y"])[:-1] for trace in figure["data"])
    assert np.allclose(drawn, sum(one.values for one in given))
    assert figure["layout"]["yaxis"]["range"][1] >= drawn.max()


def test_a_step_ends_with_its_last_bin() -> None:
    assert list(step(np.array([1.0, 4.0]))) == [1, 4, 4]


def test_small_multiples_share_one_scale_and_do_not_overlap() -> None:
    layout = small_multiples(series(5), BINS)["layout"]
    axes = [layout[name] for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4", "yaxis5")]
    assert len({tuple(axis["range"]) for axis in axes}) == 1
    for upper, lower in pairwise(axes):
        assert upper["domain"][0] > lower["domain"][1]


def test_a_change_keeps_its_colour_and_past_eight_gets_a_pattern() -> None:
    data = modelled(series(), layers(), BINS)["data"]
    by_change = {trace["meta"].get("change"): trace for trace in data}
    assert by_change[7]["fillcolor"].startswith("--change-1/")
    assert "fillpattern" not in by_change[7]
    assert by_change[9]["fillcolor"].startswith("--change-4/")
    assert by_change[9]["fillpattern"]["shape"] == "/"


def test_rebinning_keeps_the_sum() -> None:
    edges = np.array([0.0, 1, 2, 4])
    values = np.array([[1.0, 0], [2, 4], [4, 8]])
    onto = np.array([0.0, 0.5, 3, 4])
    found = rebin(edges, values, onto)
    assert np.allclose(found, [[0.5, 0], [4.5, 8], [2, 4]])
    assert np.allclose(found.sum(axis=0), values.sum(axis=0))


def test_contrast_is_one_on_both_sides_before_the_change() -> None:
    exposed = np.array([2.0] * 4 + [8.0] * 6)
    both = side(exposed, "exposed"), side(np.full(N, 5.0), "unexposed")
    figure = contrast(*both, rates_of(*both, BINS, BINS.hours[1:] <= 96), BINS)
    inside, outside, low, high, difference = (from_float32(trace["y"]) for trace in figure["data"])
    assert np.all(low < difference)
    assert np.all(difference < high)
    assert np.allclose(inside[:4], 1)
    assert np.allclose(inside[4:], 4)
    assert np.allclose(outside, 1)
    assert np.allclose(difference[4:], 3)


def test_where_use_is_counted_the_difference_is_one_of_rates() -> None:
    first = side(np.full(N, 8.0), "exposed", use=np.full(N, 2000.0))
    second = side(np.full(N, 5.0), "unexposed", use=np.array([0.0] + [5000.0] * (N - 1)))
    rates = rates_of(first, second, BINS, None)
    assert rates[0].value == pytest.approx(np.full(N, 4.0))
    assert np.isnan(rates[1].value[0])
    whole = gap_over(rates, BINS, np.ones(N, dtype=bool))
    assert whole is not None
    assert whole.value == pytest.approx(3.0)
    # Nine bins: variances (n + 1/2) (1000 / use)^2 of both sides, averaged.
    spread = np.sqrt((8.5 * 0.25 + 5.5 * 0.04) / 9)
    assert (whole.low, whole.high) == pytest.approx((3 - 1.959964 * spread, 3 + 1.959964 * spread))
    assert gap_over(rates, BINS, np.zeros(N, dtype=bool)) is None


def test_silence_is_a_gap_and_no_line_runs_across_it() -> None:
    found = gaps(LINE.at, (-200.0, 260.0))
    assert found == [Gap(start=-200.0, end=-12.0), Gap(start=84.0, end=228.0)]
    line = next(one for one in metric_figure([LINE], [found])["data"] if one["meta"]["role"] == "line")
    assert np.isnan(from_float32(line["y"])).sum() == 1


def test_three_points_have_no_cadence_to_miss() -> None:
    assert gaps(np.array([0.0, 24, 48]), (0, 500)) == []


def test_a_spike_inside_a_bin_stays_in_the_picture() -> None:
    spiky = Line(
        name="x",
        at=np.arange(5.0),
        mean=np.ones(5),
        least=np.ones(5),
        greatest=np.array([1.0, 1, 9, 1, 1]),
        stderr=np.full(5, np.nan),
    )
    figure = metric_figure([spiky], [[]])
    high = next(one for one in figure["data"] if one["meta"]["role"] == "range-high")
    assert from_float32(high["y"]).max() == 9
    assert figure["layout"]["yaxis"]["range"][1] > 9


COLUMNS = st.lists(st.none() | st.floats(-1e12, 1e12), min_size=1, max_size=60)


@given(COLUMNS)
def test_a_column_arrives_within_a_thousandth_of_its_range(values: list[float | None]) -> None:
    column = np.array([np.nan if one is None else one for one in values], dtype=np.float64)
    sent = orjson.loads(orjson.dumps(float32(column), option=orjson.OPT_SERIALIZE_NUMPY))
    arrived = from_float32(sent)
    assert np.array_equal(np.isnan(arrived), np.isnan(column))
    finite = column[np.isfinite(column)]
    if len(finite):
        reach = (finite.max() - finite.min()) or abs(finite.max())
        assert np.nanmax(np.abs(arrived - column)) <= reach / 1000 + 1e-12 * np.abs(finite).max() + 1e-290


def test_counts_and_quarters_of_an_hour_arrive_exactly() -> None:
    counts = np.array([0.0, 3, 12_345, 7, 0, 1])
    uneven = np.array([0.0, 0.25, 0.5, 1.75, 2.0, 47.25])
    grid = np.arange(0.0, 2160.0, 3.0)
    for values in (counts, uneven, grid, np.array([0.1]), np.array([])):
        assert np.allclose(from_float32(float32(values)), values, rtol=1e-3)
    assert from_float32(float32(counts)).tolist() == counts.tolist()
    assert from_float32(float32(uneven)).tolist() == uneven.tolist()
    assert float32(grid) == {"from": 0.0, "by": 3.0, "n": 720}


def test_columns_take_less_than_two_thirds_of_base64_after_gzip() -> None:
    values = 1.0 + 0.01 * GENERATOR.standard_normal(700)
    sent = gzip.compress(orjson.dumps(float32(values), option=orjson.OPT_SERIALIZE_NUMPY))
    plain = gzip.compress(base64.b64encode(values.astype("<f4").tobytes()))
    assert len(sent) < len(plain) * 0.67


def test_share_ratio() -> None:
    ratio = share_ratio(30, 100, 100, 1000)
    assert ratio.value == pytest.approx(3.0, rel=0.03)
    assert ratio.low == pytest.approx(2.23, abs=0.08)
    assert ratio.high == pytest.approx(4.05, abs=0.15)
    assert share_ratio(5, 50, 0, 500).low > 1
    with pytest.raises(ValueError, match="need complaints"):
        share_ratio(1, 0, 1, 10)


def test_a_ratio_of_rates_has_an_interval_and_needs_two_stretches() -> None:
    found = rate_ratio(60, 72.0, 20, 72.0)
    assert found.value == pytest.approx(60.5 / 20.5)
    assert 1.5 < found.low < found.value < found.high < 4.5
    with pytest.raises(ValueError, match="length"):
        rate_ratio(1, 0.0, 1, 72.0)
