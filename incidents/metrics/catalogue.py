"""Metrics as people look them up: what is measured, since when, how densely, and evaluation runs with their power."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from django.db import connection
from django.db.models import QuerySet

from incidents.catalog.models import Product
from incidents.catalog.queries import require, visible_products
from incidents.core.access import Action
from incidents.core.errors import NotThere
from incidents.metrics.models import EvalRun, ExposureCount, Metric
from incidents.stats.power import detectable_drop

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

N_BARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricOverview:
    """One metric with the course of its mean over all segments, in N_BARS equal parts (None where nothing came in)."""

    metric: Metric
    n_series: int
    n_points: int
    first_at: dt.datetime | None
    last_at: dt.datetime | None
    course: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOverview:
    """One segment's series of a metric."""

    segment: dict[str, str]
    n_points: int
    first_at: dt.datetime
    last_at: dt.datetime
    last_value: float
    low: float
    high: float
    n_with_sample: int


_EXTENT = """
SELECT m.id, count(DISTINCT s.id), count(p.at), min(p.at), max(p.at)
FROM incidents_metric m
LEFT JOIN incidents_metricseries s ON s.metric_id = m.id
LEFT JOIN incidents_metricpoint p ON p.series_id = s.id
WHERE m.product_id = %s
GROUP BY m.id
"""

_COURSE = """
WITH extent AS (
    SELECT s.metric_id, min(p.at) AS first_at, max(p.at) AS last_at
    FROM incidents_metricseries s JOIN incidents_metricpoint p ON p.series_id = s.id
    JOIN incidents_metric m ON m.id = s.metric_id
    WHERE m.product_id = %s GROUP BY s.metric_id
)
SELECT s.metric_id, width_bucket(
           extract(epoch FROM p.at), extract(epoch FROM e.first_at), extract(epoch FROM e.last_at) + 1, %s
       ) AS part, avg(p.value)
FROM extent e
JOIN incidents_metricseries s ON s.metric_id = e.metric_id
JOIN incidents_metricpoint p ON p.series_id = s.id
GROUP BY s.metric_id, part
"""

_SERIES = """
SELECT g.values, count(*), min(p.at), max(p.at), (array_agg(p.value ORDER BY p.at DESC))[1], min(p.value),
       max(p.value), count(p.n)
FROM incidents_metricseries s
JOIN incidents_segment g ON g.id = s.segment_id
JOIN incidents_metricpoint p ON p.series_id = s.id
WHERE s.metric_id = %s
GROUP BY s.id, g.values
ORDER BY count(*) DESC, g.values::text
LIMIT 500
"""


def metric_overviews(product: Product) -> list[MetricOverview]:
    """Return the product's metrics in order, each with its extent and course; two statements in all."""
    metrics = list(Metric.objects.filter(product=product))
    course: dict[int, list[float | None]] = {metric.pk: [None] * N_BARS for metric in metrics}
    with connection.cursor() as cursor:
        cursor.execute(_EXTENT, [product.pk])
        extent = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_COURSE, [product.pk, N_BARS])
        for metric_id, part, value in cursor.fetchall():
            course[metric_id][min(max(part, 1), N_BARS) - 1] = value
    overviews = []
    for metric in metrics:
        n_series, n_points, first_at, last_at = extent[metric.pk]
        overviews.append(
            MetricOverview(
                metric=metric,
                n_series=n_series,
                n_points=n_points,
                first_at=first_at,
                last_at=last_at,
                course=tuple(course[metric.pk]),
            )
        )
    return overviews


def metric_for(user: "User | AnonymousUser", pk: int) -> Metric:
    """Return one metric if the person may view its product."""
    metric = Metric.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product").first()
    if metric is None:
        raise NotThere("There is no such metric, or it is not yours to see.")
    require(user, Action.VIEW, metric.product)
    return metric


def series_overviews(metric: Metric) -> list[SeriesOverview]:
    """Return the metric's series, the densest first (at most 500)."""
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, [metric.pk])
        rows = cursor.fetchall()
    return [
        SeriesOverview(
            segment=orjson.loads(values),
            n_points=n,
            first_at=first,
            last_at=last,
            last_value=value,
            low=low,
            high=high,
            n_with_sample=n_sampled,
        )
        for values, n, first, last, value, low, high, n_sampled in rows
    ]


def eval_runs_of(product: Product) -> QuerySet[EvalRun]:
    """Return the product's evaluation runs, the newest first."""
    return EvalRun.objects.filter(product=product).order_by("-at", "-id")


def smallest_drop_seen(run: EvalRun) -> float | None:
    """Return the smallest drop that the run could have shown, as a share; None where the record does not tell."""
    if not run.n:
        return None
    if run.paired:
        return detectable_drop(n=run.n, discordant=run.discordant) if run.discordant is not None else None
    baseline = run.baseline_score if run.baseline_score is not None else run.score
    # A score in other units than a pass rate has no such drop.
    return detectable_drop(n=run.n, baseline=baseline) if baseline is not None and 0 < baseline <= 1 else None


def exposure_extent(product: Product) -> tuple[int, dt.datetime | None, dt.datetime | None]:
    """Return (rows, first time, last time) of the product's exposure counts."""
    rows = ExposureCount.objects.filter(product=product)
    times = rows.exclude(at=None).order_by("at").values_list("at", flat=True)
    return rows.count(), times.first(), times.last()
