"""How much hangs on the assumptions: start the fits, watch them, read one line per assumption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from incidents.attribution import queries
from incidents.attribution.sensitivity import request_sensitivity
from incidents.charts import labels
from incidents.core.access import Action
from incidents.jobs.enums import JobState
from incidents.jobs.queries import latest_job
from incidents.web.attribution.ranking import VERDICTS
from incidents.web.attribution.strips import strip
from incidents.web.attribution.views import attribution_context
from incidents.web.jobs.progress import job_context
from incidents.web.people import signed_in

SHORTER = frozenset({"later_start", "earlier_end"})  # a share of other complaints is no moved share
LEAST_MOVE = 0.005  # of all complaints; a share that moves by less is told as one that does not


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityTable:
    """Changes that some assumption supports, and per assumption what is said of each (None: nothing)."""

    changes: list[tuple[int, str, int]]  # id, title, colour
    lines: list[tuple[str, list[dict[str, Any] | None]]]
    steady: bool
    shares: list["ShareRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """How a change's share of all complaints moves: as it is with its interval, and the other assumptions' range."""

    title: str
    colour: int
    figure: SafeString
    told: str
    extreme: str


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
        shares=_shares(variants, by_variant, [(change, known[change].title, known[change].colour) for change in order]),
    )


def _shares(
    variants: Sequence[Mapping[str, Any]],
    by_variant: Sequence[Mapping[int, Mapping[str, Any]]],
    changes: Sequence[tuple[int, str, int]],
) -> list[ShareRow]:
    """Return a strip per change; answers from before shares were kept have none."""
    told: dict[int, list[tuple[str, Mapping[str, float]]]] = {
        change: [
            (variant["name"], found[change]["share"])
            for variant, found in zip(variants, by_variant, strict=True)
            if change in found and "share" in found[change] and variant["key"] not in SHORTER
        ]
        for change, _, _ in changes
    }
    most = max((share["high"] or 0.0 for rows in told.values() for _, share in rows[:1]), default=0.0)
    most = max([most, *(share["estimate"] or 0.0 for rows in told.values() for _, share in rows)]) * 1.05
    out = []
    for change, title, colour in changes:
        if len(told[change]) < 2:
            continue
        (_, own), *others = told[change]
        value, low, high = (float(own[name] or 0.0) for name in ("estimate", "low", "high"))
        far = max(others, key=lambda one: abs(float(one[1]["estimate"] or 0.0) - value))
        moved = float(far[1]["estimate"] or 0.0)
        figure = strip(
            low=low, value=value, high=high, others=[float(one["estimate"] or 0.0) for _, one in others],
            most=most, position=colour,
        )  # fmt: skip
        extreme = f"{labels.percent(moved)} {_lowered(far[0])}" if abs(moved - value) > LEAST_MOVE else "hardly moves"
        out.append(
            ShareRow(title=title, colour=colour, figure=figure, told=labels.share(value, low, high), extreme=extreme)
        )
    return out


def _lowered(name: str) -> str:
    return f"({name[0].lower()}{name[1:]})"
