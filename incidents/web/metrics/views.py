"""Pages of metrics: what is measured, one metric by segment, and evaluation runs with what they could have seen."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.metrics.catalogue import (
    eval_runs_of,
    exposure_extent,
    metric_for,
    metric_overviews,
    series_overviews,
    smallest_drop_seen,
)
from incidents.response.queries import visible_incidents
from incidents.web.products import product_context


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalLine:
    """An evaluation run and the smallest drop it could have shown (None where its size is not told)."""

    run: Any
    smallest_drop: float | None
    change: float | None

    @property
    def smallest_drop_points(self) -> float | None:
        """In points of 100."""
        return None if self.smallest_drop is None else 100 * self.smallest_drop

    @property
    def change_points(self) -> float | None:
        """In points of 100."""
        return None if self.change is None else 100 * self.change


@require_safe
@login_required
def metrics(request: HttpRequest) -> HttpResponse:
    """List the metrics and evaluation runs of one product."""
    context = {"section": "metrics"} | product_context(request)
    product = context["product"]
    if product is not None:
        zone = ZoneInfo(product.timezone)
        context |= {
            "zone": zone,
            "display_zone": zone,
            "overviews": metric_overviews(product),
            "evals": [_eval_line(run) for run in eval_runs_of(product)[:200]],
            "exposure": exposure_extent(product),
            "cases": visible_incidents(request.user).filter(product=product),
        }
    return render(request, "metrics/list.html", context)


def _eval_line(run: Any) -> EvalLine:
    change = None if run.score is None or run.baseline_score is None else run.score - run.baseline_score
    return EvalLine(run=run, smallest_drop=smallest_drop_seen(run), change=change)


@require_safe
@login_required
def metric(request: HttpRequest, metric_id: int) -> HttpResponse:
    """Show one metric: what it means, and each segment's series."""
    row = metric_for(request.user, metric_id)
    zone = ZoneInfo(row.product.timezone)
    context = {
        "section": "metrics",
        "metric": row,
        "zone": zone,
        "display_zone": zone,
        "series": series_overviews(row),
        "note": row.extra.get("note", ""),
        "cases": visible_incidents(request.user).filter(product=row.product),
    }
    return render(request, "metrics/detail.html", context)
