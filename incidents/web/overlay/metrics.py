"""Metric rows and evaluation runs of the overlay."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from incidents.charts.axis import Axis
from incidents.charts.metrics import EvalPoint, Line, eval_figure, gaps, metric_figure
from incidents.metrics.catalogue import smallest_drop_seen
from incidents.metrics.queries import (
    PointsLater,
    SeriesBins,
    SeriesRow,
    binned_points,
    binned_points_later,
    eval_runs_in,
    matching_series,
    metrics_of,
    pooled,
    series_of,
    series_with_points,
)
from incidents.web.overlay.contrasts import SCOPE_SIDES, contrasted_change, segment_words
from incidents.web.overlay.scope import split_by_scope
from incidents.web.overlay.state import OverlayState

PIXELS_A_POINT = 1.6
MOST_POINTS = 600
MOST_LINES = 6
# So many metrics are drawn before somebody asks for all of them.
FIRST_METRICS = 6
# Change points are looked for in daily means of so many days at least, most of which have a value.
LEAST_DAYS = 14
MOSTLY_KNOWN = 0.7
# A line runs to the window's edge where its next point lies no farther outside.
NEAREST = dt.timedelta(hours=36)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsAsked:
    """What the rows of metrics are made of, all read but the points, which the database is putting together."""

    state: OverlayState
    shown: Sequence[Any]
    wanted: Mapping[int, Sequence[SeriesRow]]
    sides: Sequence[tuple[str, Mapping[int, Sequence[SeriesRow]]]]
    scope: Collection[str]
    points: PointsLater
    daily: Mapping[int, SeriesBins]
    n_told: int
    n_metrics: int
    evals: dict[str, Any] | None

    def settle(self) -> None:
        """Wait until the database is free again."""
        self.points.settle()

    def payload(self) -> dict[str, Any]:
        """Return one row per metric that has points in the window, then the evaluation runs."""
        points = self.points.get()
        rows = []
        for metric in self.shown:
            wanted = self.wanted[metric.pk]
            named = [(name, [row for row in wanted if row in side.get(metric.pk, ())]) for name, side in self.sides]
            rows.append(_row(self.state, metric, named, points, self.daily, scope=self.scope))
        return {
            "rows": rows,
            "nMore": self.n_told - len(self.shown),
            "isAll": self.state.every_metric and self.n_told > FIRST_METRICS,
            "nMetrics": self.n_metrics,
            "evals": self.evals,
        }


def ask_metrics(state: OverlayState) -> MetricsAsked:
    """Read what tells which metrics are shown, then ask for their points without waiting."""
    product = state.incident.product
    metrics = list(metrics_of(product))
    by_metric: dict[int, list[SeriesRow]] = {}
    for row in series_of(product):
        by_metric.setdefault(row.metric_id, []).append(row)
    scope = {} if state.contrast is None or state.versus else contrasted_change(state).scope
    names, by_side = _sides(state, by_metric, scope)
    chosen = {
        metric: list({row.id: row for side in by_side for row in side.get(metric, [])}.values()) for metric in by_metric
    }
    axis = state.axis
    margin = (axis.end - axis.start) * 0.03
    start, end = axis.start - margin, axis.end + margin
    every = [row.id for rows in chosen.values() for row in rows]
    present = series_with_points(every, start - NEAREST, end + NEAREST)
    told = [metric for metric in metrics if any(row.id in present for row in chosen.get(metric.pk, []))]
    shown = told if state.every_metric else told[:FIRST_METRICS]
    wanted = {metric.pk: [row for row in chosen[metric.pk] if row.id in present] for metric in shown}
    n_bins = min(int(axis.pixels / PIXELS_A_POINT), MOST_POINTS)
    # A metric of several lines says nothing of level shifts.
    one_line = [rows for rows in wanted.values() if len(rows) == 1 or not state.by_segment]
    daily = _daily(state, [row.id for rows in one_line for row in rows]) if one_line else {}
    evals = _evals(state)
    ids = [row.id for rows in wanted.values() for row in rows]
    return MetricsAsked(
        state=state,
        shown=shown,
        wanted=wanted,
        sides=list(zip(names, by_side, strict=True)),
        scope=scope,
        points=binned_points_later(ids, start, end, n_bins=n_bins, reach=NEAREST),
        daily=daily,
        n_told=len(told),
        n_metrics=len(metrics),
        evals=evals,
    )


def _sides(
    state: OverlayState, by_metric: Mapping[int, Sequence[SeriesRow]], scope: Mapping[str, Sequence[str]]
) -> tuple[Sequence[str], list[dict[int, list[SeriesRow]]]]:
    """Return the sides' names, and of each side the series of each metric; a single side has no name.

    Under a change's contrast, a metric whose series do not tell the scope from the rest has its series on the first
    side alone, as if nothing were compared.
    """
    if state.versus:
        both = (state.chosen, state.versus)
        told = [{metric: matching_series(rows, side) for metric, rows in by_metric.items()} for side in both]
        return [segment_words(state, side) for side in both], told
    first = {metric: matching_series(rows, state.chosen) for metric, rows in by_metric.items()}
    if state.contrast is None:
        return [""], [first]
    second: dict[int, list[SeriesRow]] = {}
    for metric, rows in first.items():
        split = split_by_scope(rows, lambda row: row.segment, scope)
        if split is not None:
            first[metric], second[metric] = split
    return SCOPE_SIDES, [first, second]


def _row(
    state: OverlayState,
    metric: Any,
    named: Sequence[tuple[str, Sequence[SeriesRow]]],
    points: Mapping[int, SeriesBins],
    daily: Mapping[int, SeriesBins],
    *,
    scope: Collection[str],
) -> dict[str, Any]:
    """Return one metric's figure with what stands beside it; with two sides a line each.

    `scope` holds the dimensions by which a contrasted change's scope is told.
    """
    axis = state.axis
    sides = [side for _, side in named]
    series = sides[0] or sides[-1]
    if state.versus or (len(sides) > 1 and all(sides)):
        lines = [replace(_lines(axis, side, points, by_segment=False)[0], name=name) for name, side in named if side]
    else:
        lines = _lines(axis, series, points, by_segment=state.by_segment)
    silent = [gaps(line.at, axis.shown) for line in lines]
    return {
        "key": metric.key,
        "name": metric.name,
        "unit": metric.unit,
        "better": metric.better,
        "nSeries": len(series),
        "unsplit": sorted(_unsplit(series, {*state.chosen, *(scope if all(sides) else ())})),
        "unscoped": state.contrast is not None and not state.versus and not all(sides),
        "figure": metric_figure(lines, silent),
        "gaps": [[round(gap.start, 3), round(gap.end, 3)] for gap in silent[0]] if len(lines) == 1 else [],
        "lines": [line.name for line in lines],
        "shifts": [] if len(lines) > 1 else _shifts(state, series, daily),
    }


def _daily(state: OverlayState, series_ids: Sequence[int]) -> dict[int, SeriesBins]:
    """Return means per 24 hours over the whole case: where a level shifted must not depend on the zoom."""
    incident = state.incident
    return binned_points(series_ids, incident.starts_at, incident.ends_at, n_bins=_n_days(state))


def _n_days(state: OverlayState) -> int:
    incident = state.incident
    return max(round((incident.ends_at - incident.starts_at) / dt.timedelta(days=1)), 1)


def _shifts(state: OverlayState, series: Sequence[SeriesRow], daily: Mapping[int, SeriesBins]) -> list[dict[str, Any]]:
    """Return where the drawn line changed its level for good, each time with its interval, in hours on the axis."""
    chosen = [row for row in series if not row.segment][:1] or list(series)
    parts = [daily[row.id] for row in chosen if row.id in daily]
    n_days = _n_days(state)
    if not parts or n_days < LEAST_DAYS:
        return []
    whole = pooled(parts)
    values = np.full(n_days, np.nan)
    values[np.clip(whole.bin, 0, n_days - 1)] = whole.mean
    if np.isfinite(values).mean() < MOSTLY_KNOWN:
        return []
    from incidents.stats.change_points import change_points  # compiled: loaded by the first that needs it

    width = (state.incident.ends_at - state.incident.starts_at).total_seconds() / 3600.0 / n_days
    return [
        {
            "at": round(point.index * width, 2),
            "low": round(point.low * width, 2),
            "high": round((point.high + 1) * width, 2),
            "before": point.before,
            "after": point.after,
        }
        for point in change_points(values)
    ]


def _lines(
    axis: Axis, series: Sequence[SeriesRow], points: Mapping[int, SeriesBins], *, by_segment: bool
) -> list[Line]:
    """Return a line per segment, or one of all: the series of all users if there is one, else the segments pooled."""
    if by_segment and len(series) > 1:
        ranked = sorted(series, key=lambda row: (-len(points[row.id].bin), row.id))[:MOST_LINES]
        return [_line(axis, _segment_name(row.segment), points[row.id]) for row in ranked]
    everybody = [row for row in series if not row.segment]
    if everybody:
        return [_line(axis, "All users", points[everybody[0].id])]
    name = _segment_name(series[0].segment) if len(series) == 1 else f"{len(series)} segments pooled"
    return [_line(axis, name, pooled([points[row.id] for row in series]))]


def _line(axis: Axis, name: str, bins: SeriesBins) -> Line:
    origin = axis.origin.timestamp()
    return Line(
        name=name,
        at=(bins.at - origin) / 3600.0,
        mean=bins.mean,
        least=bins.least,
        greatest=bins.greatest,
        stderr=_stderr(bins),
    )


def _stderr(bins: SeriesBins) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the standard error where it is told, else that of a proportion where value and sample size allow it."""
    inside = (bins.mean >= 0) & (bins.mean <= 1) & (bins.n > 0)
    if np.isfinite(bins.stderr).any() or not inside.all():
        return bins.stderr
    return np.sqrt(bins.mean * (1 - bins.mean) / bins.n)


def _segment_name(values: Mapping[str, str]) -> str:
    return ", ".join(value for _, value in sorted(values.items())) or "All users"


def _unsplit(series: Sequence[SeriesRow], chosen: Collection[str]) -> set[str]:
    """Return the filtered or contrasted dimensions that the shown series do not tell apart."""
    return {key for key in chosen if not any(key in row.segment for row in series)}


def _evals(state: OverlayState) -> dict[str, Any] | None:
    """Return the evaluation runs of the window with what each could have seen; None where there are none."""
    axis = state.axis
    runs = list(eval_runs_in(state.incident.product, axis.start, axis.end))
    if not runs:
        return None
    points, told = [], []
    for run in runs:
        known = run.score is not None and run.baseline_score is not None
        difference = (run.score or 0.0) - (run.baseline_score or 0.0) if known else float("nan")
        least = smallest_drop_seen(run)
        at = axis.hours(run.at) + (12.0 if "at" in run.day_fields else 0.0)
        points.append(
            EvalPoint(at=at, name=run.suite, difference=difference, detectable=float("nan") if least is None else least)
        )
        told.append(
            {
                "at": round(at, 3),
                "suite": run.suite,
                "n": run.n,
                "difference": round(difference * 100, 2) if known else None,
                "detectable": None if least is None else round(least * 100, 2),
                "verdict": run.verdict,
            }
        )
    return {"figure": eval_figure(points), "runs": told}
