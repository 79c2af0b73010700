"""How much hangs on the assumptions: start the fits, watch them, read one line per assumption."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from incidents.attribution import queries
from incidents.attribution.sensitivity import request_sensitivity
from incidents.core.access import Action
from incidents.jobs.enums import JobState
from incidents.jobs.queries import latest_job
from incidents.web.attribution.ranking import VERDICTS
from incidents.web.attribution.views import attribution_context
from incidents.web.jobs.progress import job_context
from incidents.web.people import signed_in


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityTable:
    """Changes that some assumption supports, and per assumption what is said of each (None: nothing)."""

    changes: list[tuple[int, str, int]]  # id, title, colour
    lines: list[tuple[str, list[dict[str, Any] | None]]]
    steady: bool


@require_http_methods(["GET", "POST"])
@login_required
def sensitivity(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show, or ask for, the answer under other assumptions."""
    asks = request.method == "POST"
    context = attribution_context(request, case_id, Action.ATTRIBUTE if asks else Action.VIEW)
    if asks:
        request_sensitivity(incident=context["incident"], actor=signed_in(request))
        return redirect("sensitivity", case_id=case_id)
    job = latest_job(kind=queries.SENSITIVITY_JOB, incident=case_id)
    if job is not None and job.state == JobState.SUCCEEDED and job.result:
        context["table"] = table_of(job.result)
        context["made_at"] = job.finished_at
    elif job is not None:
        then = reverse("sensitivity", args=[case_id])
        context["fits"] = job_context(request, job, label="Fits under other assumptions", then=then)
    return render(request, "attribution/sensitivity.html", context)


def table_of(result: Mapping[str, Any]) -> SensitivityTable:
    """Return the table of a finished job."""
    variants = result["variants"]
    by_variant = [{one["change"]: one for one in variant["changes"]} for variant in variants]
    supported: dict[int, float] = {}
    for one in (one for told in by_variant for one in told.values() if one["verdict"] != "not supported"):
        excess = one["excess"]["estimate"] or 0.0
        supported[one["change"]] = max(excess, supported.get(one["change"], 0.0))
    known = queries.changes_by_id(list(supported))
    order = sorted((change for change in supported if change in known), key=lambda change: -supported[change])
    lines = []
    for variant, told in zip(variants, by_variant, strict=True):
        cells = [told.get(change) for change in order]
        lines.append(
            (variant["name"], [None if one is None else one | {"words": VERDICTS[one["verdict"]]} for one in cells])
        )
    verdicts = [{change: one["verdict"] for change, one in told.items() if change in supported} for told in by_variant]
    return SensitivityTable(
        changes=[(change, known[change].title, known[change].colour) for change in order],
        lines=lines,
        steady=all(one == verdicts[0] for one in verdicts),
    )
