"""Whatever is written in whatever order, what is read through the rollups is what the points say."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from incidents.metrics.models import MetricPoint, MetricRollup, MetricSeries, MetricStale
from incidents.metrics.queries import binned_points, binned_points_later
from incidents.metrics.rollups import FINE, HOUR, refresh_metric_rollups, source_rows
from tests.factories import at, make_points, make_product

START = at(10, 0)
N_HOURS = 6

moments = st.integers(0, N_HOURS * 3600 - 1).map(lambda second: START + dt.timedelta(seconds=second))
values = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
sizes = st.none() | st.integers(1, 500).map(float)
errors = st.none() | st.floats(0, 5).map(lambda value: round(value, 3))


def expected(series: int, width: int) -> dict[int, dict[str, float]]:
    """Add the points up in plain Python, bucket by bucket."""
    buckets: dict[int, list[MetricPoint]] = {}
    for point in MetricPoint.objects.filter(series_id=series).order_by("at"):
        buckets.setdefault(int((point.at - START).total_seconds()) // width, []).append(point)
    found = {}
    for bucket, points in buckets.items():
        sized = [point for point in points if point.n is not None]
        weight = sum(point.n or 0.0 for point in sized)
        weighted = sum(point.value * (point.n or 0.0) for point in sized)
        ones = [point.n if point.n is not None else 1.0 for point in points]
        known = all(point.stderr is not None for point in points)
        spread = math.sqrt(sum((one * (point.stderr or 0.0)) ** 2 for one, point in zip(ones, points, strict=True)))
        found[bucket] = {
            "mean": weighted / weight if weight else sum(point.value for point in points) / len(points),
            "least": min(point.value for point in points),
            "greatest": max(point.value for point in points),
            "n": weight if sized else math.nan,
            "stderr": spread / sum(ones) if known else math.nan,
        }
    return found


def told(series: int, width: int) -> dict[int, dict[str, float]]:
    found = binned_points([series], START, START + dt.timedelta(hours=N_HOURS), n_bins=N_HOURS * 3600 // width)
    if series not in found:
        return {}
    bins = found[series]
    names = ("mean", "least", "greatest", "n", "stderr")
    return {int(number): {name: float(getattr(bins, name)[i]) for name in names} for i, number in enumerate(bins.bin)}


class Points(RuleBasedStateMachine):
    """A series that is written, changed, emptied and counted in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = transaction.atomic()
        self.scope.__enter__()
        product = make_product()
        make_points(product, "latency", {})
        self.series = MetricSeries.objects.get(metric__product=product)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)

    @rule(when=moments, value=values, n=sizes, stderr=errors)
    def write(self, when: dt.datetime, value: float, n: float | None, stderr: float | None) -> None:
        said = {"value": value, "n": n, "stderr": stderr}
        MetricPoint.objects.update_or_create(series=self.series, at=when, defaults=said)

    @rule(first=moments, every=st.integers(20, 900), many=st.integers(2, 120), value=values)
    def write_many(self, first: dt.datetime, every: int, many: int, value: float) -> None:
        end = START + dt.timedelta(hours=N_HOURS)
        rows = [
            MetricPoint(series=self.series, at=when, value=value + i % 7)
            for i in range(many)
            if (when := first + dt.timedelta(seconds=i * every)) < end
        ]
        MetricPoint.objects.bulk_create(rows, ignore_conflicts=True)

    @rule(low=moments, length=st.integers(1, 7200))
    def delete(self, low: dt.datetime, length: int) -> None:
        span = low, low + dt.timedelta(seconds=length)
        MetricPoint.objects.filter(series=self.series, at__range=span).delete()

    @rule(low=moments, length=st.integers(1, 7200), value=values)
    def correct(self, low: dt.datetime, length: int, value: float) -> None:
        span = low, low + dt.timedelta(seconds=length)
        MetricPoint.objects.filter(series=self.series, at__range=span).update(value=value)

    @rule()
    def refresh(self) -> None:
        refresh_metric_rollups()
        assert not MetricStale.objects.exists()
        hourly = MetricRollup.objects.filter(series_id=self.series.pk, width=HOUR)
        assert sum(hourly.values_list("n_points", flat=True)) == MetricPoint.objects.filter(series=self.series).count()

    @invariant()
    def what_is_read_is_what_the_points_say(self) -> None:
        for width in (HOUR, FINE):
            here, there = told(self.series.pk, width), expected(self.series.pk, width)
            assert here.keys() == there.keys()
            for number, bucket in there.items():
                for name, value in bucket.items():
                    assert here[number][name] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), (number, name)


@pytest.mark.django_db
def test_any_order_of_writes_reads_as_the_points() -> None:
    run_state_machine_as_test(Points, settings=settings(max_examples=15, stateful_step_count=12, deadline=None))


@pytest.mark.django_db
def test_the_level_follows_the_width() -> None:
    assert [source_rows(width)[1] for width in (10, 299, 300, 3599, 3600, 86400)] == [0, 0, FINE, FINE, HOUR, HOUR]


@pytest.mark.django_db
def test_a_spike_of_one_point_survives_three_months() -> None:
    product = make_product()
    moments = {START + dt.timedelta(minutes=10 * i): 1.0 for i in range(90 * 144)}
    moments[START + dt.timedelta(days=40, minutes=50)] = 99.0
    make_points(product, "errors", moments)
    series = MetricSeries.objects.get(metric__product=product).pk
    refresh_metric_rollups(product=product)
    bins = binned_points([series], START, START + dt.timedelta(days=90), n_bins=600)[series]
    assert len(bins.bin) == 90 * 24 // 4
    assert np.allclose(np.diff(bins.at), 4 * 3600)
    assert bins.greatest.max() == 99.0
    assert bins.mean.max() < 10.0


@pytest.mark.django_db
def test_a_refresh_of_one_product_leaves_the_others_stale() -> None:
    mine, other = make_product(), make_product()
    make_points(mine, "m", {at(3): 1.0})
    make_points(other, "m", {at(3): 1.0})
    refresh_metric_rollups(product=mine)
    series = dict(MetricSeries.objects.values_list("metric__product", "id"))
    assert set(MetricStale.objects.values_list("series_id", flat=True)) == {series[other.pk]}
    assert set(MetricRollup.objects.values_list("series_id", flat=True)) == {series[mine.pk]}


@pytest.mark.django_db
def test_the_rows_that_are_read_do_not_grow_with_the_points() -> None:
    product = make_product()
    make_points(product, "dense", {START + dt.timedelta(seconds=20 * i): float(i % 11) for i in range(24 * 180)})
    refresh_metric_rollups(product=product)
    series = MetricSeries.objects.get(metric__product=product).pk
    kept = dict.fromkeys((FINE, HOUR), 0)
    for width in kept:
        kept[width] = MetricRollup.objects.filter(series_id=series, width=width).count()
    assert kept == {FINE: 24 * 12, HOUR: 24}
    assert _rows_read(series, HOUR) == 24
    assert _rows_read(series, FINE) == 24 * 12


def _rows_read(series: int, width: int) -> int:
    rows, _ = source_rows(width)
    parameters: dict[str, Any] = {"series": [series], "start": START, "end": START + dt.timedelta(days=1)}
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from ({rows}) found", parameters)  # noqa: S608
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_deleted_product_leaves_nothing_behind() -> None:
    product = make_product()
    metric = make_points(product, "m", {at(3): 1.0, at(4): 2.0})
    refresh_metric_rollups()
    assert MetricRollup.objects.count() == 2
    MetricPoint.objects.all().delete()
    metric.delete()
    refresh_metric_rollups()
    assert MetricRollup.objects.count() == 0
    assert np.array(MetricStale.objects.all()).size == 0


@pytest.mark.django_db
@pytest.mark.parametrize("n_bins", [6, 72, 10_000])  # by the hour, by five minutes, as they are
def test_the_nearest_points_outside_are_bins_of_their_own(n_bins: int) -> None:
    product = make_product()
    make_points(
        product, "dense", {START + dt.timedelta(minutes=2 * i): float(i) for i in range(30 * 24)}, surface="cli"
    )
    make_points(product, "sparse", {START + dt.timedelta(days=i): float(i) for i in range(3)}, surface="web")
    dense, sparse = MetricSeries.objects.order_by("pk").values_list("pk", flat=True)
    refresh_metric_rollups(product=product)
    start, end = START + dt.timedelta(hours=6), START + dt.timedelta(hours=12)
    found = binned_points_later([dense, sparse], start, end, n_bins=n_bins, reach=dt.timedelta(hours=36)).get()
    assert np.all(np.diff(found[dense].at) > 0)
    assert found[dense].mean[[0, -1]].tolist() == [6 * 30 - 1, 12 * 30]
    assert found[sparse].mean.tolist() == [0.0, 1.0]
    inside = binned_points([dense, sparse], start, end, n_bins=n_bins)
    assert list(inside) == [dense]
    assert inside[dense].mean.tolist() == found[dense].mean[1:-1].tolist()
    short = binned_points_later([sparse], start, end, n_bins=n_bins, reach=dt.timedelta(hours=6)).get()
    assert short[sparse].mean.tolist() == [0.0]
