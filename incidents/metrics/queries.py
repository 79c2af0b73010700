"""Metric timelines at the resolution of the screen, evaluation runs, and use by client version."""

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from numpy.typing import NDArray

from incidents.catalog.models import Product
from incidents.metrics.models import EvalRun, Metric, MetricSeries
from incidents.metrics.rollups import Side, neighbour_rows, source_rows

Floats = NDArray[np.float64]
# The bins of the points outside of what was asked for.
_OUTSIDE: tuple[tuple[Side, int], ...] = (("before", -1), ("after", 2**31 - 1))
# Threads that wait for the database while the asking one works on: as many as a server's worker may ever need.
_WAITING = ThreadPoolExecutor(max_workers=16, thread_name_prefix="points")


def unpacked(column: bytes) -> Floats:
    """Read what `string_agg(float8send(…), '')` wrote."""
    return np.frombuffer(column, ">f8").astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """A series and the segment pattern that it measures ({}: all users)."""

    id: int
    metric_id: int
    segment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBins:
    """A series in bins of equal width: bin number, mean time (Unix seconds), mean weighted by sample size, extremes.

    `n` is the sum of sample sizes (NaN: not known) and `stderr` the standard error of the mean (NaN: not known).
    """

    bin: NDArray[np.int64]
    at: Floats
    mean: Floats
    least: Floats
    greatest: Floats
    n: Floats
    stderr: Floats


def metrics_of(product: Product) -> QuerySet[Metric]:
    """Return the product's metrics, in order."""
    return Metric.objects.filter(product=product)


def series_of(product: Product) -> list[SeriesRow]:
    """Return all series of the product with their segments."""
    rows = MetricSeries.objects.filter(metric__product=product).order_by("id")
    return [
        SeriesRow(id=pk, metric_id=metric, segment=values)
        for pk, metric, values in rows.values_list("id", "metric_id", "segment__values")
    ]


def matching_series(rows: Sequence[SeriesRow], chosen: Mapping[str, Sequence[str]]) -> list[SeriesRow]:
    """Return one metric's series that tell of a segment filter.

    Those that state every filtered dimension with a wanted value, if there are any; else those that contradict no
    filter (a series of all users says something of each of them, though not much).
    """
    exact = [row for row in rows if all(row.segment.get(key, "") in wanted for key, wanted in chosen.items())]
    if exact:
        return exact
    return [row for row in rows if all(row.segment.get(key) in {None, *wanted} for key, wanted in chosen.items())]


class PointsLater:
    """Points that the database is still putting together; its connection is taken until they are there."""

    def __init__(self, rows: "Future[list[tuple[Any, ...]]]", columns: tuple[str, ...]) -> None:
        """Keep what will come."""
        self._rows = rows
        self._columns = columns

    def settle(self) -> None:
        """Wait until the connection is free, whatever came of the question."""
        wait([self._rows])

    def get(self) -> dict[int, SeriesBins]:
        """Wait for the points; raises what asking raised."""
        return {
            row[0]: SeriesBins(
                bin=np.frombuffer(row[1], ">i4").astype(np.int64),
                **{name: unpacked(column) for name, column in zip(self._columns, row[2:], strict=True)},
            )
            for row in self._rows.result()
        }


def binned_points(
    series_ids: Sequence[int], start: dt.datetime, end: dt.datetime, *, n_bins: int
) -> dict[int, SeriesBins]:
    """Return each series' points of [start, end) in about so many equal bins, as `binned_points_later` says."""
    return binned_points_later(series_ids, start, end, n_bins=n_bins).get()


def binned_points_later(
    series_ids: Sequence[int],
    start: dt.datetime,
    end: dt.datetime,
    *,
    n_bins: int,
    reach: dt.timedelta = dt.timedelta(0),
) -> PointsLater:
    """Ask for each series' points of [start, end) in about so many equal bins (at most one row a bin), one statement.

    Read from the coarsest rollup that is not wider than a bin; bins are then whole buckets, the first one holds
    `start`, and a bucket goes to the bin that holds the mean of its points' times. A bin of a single point is that
    point; one that stands for a whole day lies at its middle. The last point before and the first one after, not
    farther than `reach`, are bins of their own, so that lines run to the edges of a window however sparse a series is.
    """
    width = (end - start).total_seconds() / n_bins
    rows, level = source_rows(width)
    if level:
        width = level * max(round(width / level), 1)
        start -= dt.timedelta(seconds=start.timestamp() % level)
        end += dt.timedelta(seconds=-end.timestamp() % level)
    # Packed as bytes: six columns of floats, parsed by NumPy at once instead of number by number.
    columns = ("at", "mean", "least", "greatest", "n", "stderr")
    # Each as the mean of itself, in a bin before all others or after them.
    neighbours = " ".join(
        f"union all select series_id, {number}, at_total, total, least, greatest, n, sqrt(variance) / n_or_one"  # noqa: S608
        f" from ({neighbour_rows(side)}) {side}"
        for side, number in _OUTSIDE
    )
    packed = ", ".join(f"string_agg(float8send(coalesce({name}, 'NaN')), '' ORDER BY bin)" for name in columns)
    statement = f"""
        with source as ({rows}), binned as (
            select series_id, floor((at_total / n_points - %(first)s) / %(width)s)::int as bin,
                sum(at_total) / sum(n_points) as at,
                coalesce(sum(weighted) / nullif(sum(n), 0), sum(total) / sum(n_points)) as mean,
                min(least) as least, max(greatest) as greatest, sum(n) as n,
                case when sum(n_stderr) = sum(n_points) then sqrt(sum(variance)) / nullif(sum(n_or_one), 0) end
                    as stderr
            from source group by 1, 2 {neighbours if reach else ""}
        )
        select series_id, string_agg(int4send(bin), '' order by bin), {packed} from binned group by 1
    """  # noqa: S608 - fixed expressions of this module and of `rollups`
    parameters: dict[str, Any] = {
        "series": list(series_ids),
        "start": start,
        "end": end,
        "reach": reach,
        "first": start.timestamp(),
        "width": width,
    }
    cursor = connection.cursor()

    def asked() -> list[tuple[Any, ...]]:
        with cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    return PointsLater(_WAITING.submit(asked), columns)


def series_with_points(series_ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> set[int]:
    """Return which of the series have a point in [start, end), one look into the index for each."""
    statement = """
        select id from unnest(%s::bigint[]) as series(id) where exists
            (select 1 from incidents_metricpoint p where p.series_id = series.id and p.at >= %s and p.at < %s)
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(series_ids), start, end])
        return {row[0] for row in cursor.fetchall()}


def pooled(parts: Sequence[SeriesBins]) -> SeriesBins:
    """Put several segments' series together, bin by bin, weighted by sample size (evenly where a size is not known).

    The extremes of single segments are none of the pool, so its range is its mean.
    """
    if len(parts) == 1:
        return parts[0]
    bins = np.unique(np.concatenate([part.bin for part in parts]))
    total = np.zeros(len(bins))
    sums = {name: np.zeros(len(bins)) for name in ("at", "mean", "variance", "n")}
    sized = all(np.all(np.isfinite(part.n)) and np.all(part.n > 0) for part in parts)
    for part in parts:
        where = np.searchsorted(bins, part.bin)
        weight = part.n if sized else np.ones(len(part.bin))
        total[where] += weight
        sums["at"][where] += weight * part.at
        sums["mean"][where] += weight * part.mean
        sums["variance"][where] += (weight * part.stderr) ** 2
        sums["n"][where] += part.n
    mean = sums["mean"] / total
    return SeriesBins(
        bin=bins,
        at=sums["at"] / total,
        mean=mean,
        least=mean,
        greatest=mean,
        n=sums["n"],
        stderr=np.sqrt(sums["variance"]) / total,
    )


def eval_runs_in(product: Product, start: dt.datetime, end: dt.datetime) -> QuerySet[EvalRun]:
    """Return the evaluation runs of the window, in order of time."""
    return EvalRun.objects.filter(product=product, at__gte=start, at__lt=end).order_by("at", "id")


def version_use(product: Product, dimension: str, edges: Sequence[dt.datetime]) -> dict[str, Floats]:
    """Return use per bin by each value of a dimension (a client version), from the usage counts."""
    statement = """
        select s.values ->> %s, width_bucket(e.at, %s::timestamptz[]), sum(e.count)
        from incidents_exposurecount e join incidents_segment s on s.id = e.segment_id
        where e.product_id = %s and e.at >= %s and e.at < %s and s.values ? %s group by 1, 2
    """
    found: dict[str, Floats] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [dimension, list(edges), product.pk, edges[0], edges[-1], dimension])
        for version, number, amount in cursor.fetchall():
            found.setdefault(version, np.zeros(len(edges) - 1))[number - 1] += amount
    return found
